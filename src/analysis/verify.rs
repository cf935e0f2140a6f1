//! Whether what a model wrote stands in the conversation. Quotes must stand in the turn that they name; names, numbers and days
//! of a sentence must stand somewhere, and most of its other words too.

use std::collections::HashSet;

use crate::analysis::conversation::Conversation;
use crate::analysis::count::names_amount;
use crate::analysis::types::Quote;
use crate::analysis::words::words_of;
use crate::language::lists::is_stop_word;
use crate::language::words::{Word, stem, unaccented};
use crate::language::{Language, calendar, numbers};

/// The share of a sentence's other words that must stand in the conversation.
const LEAST_KNOWN: f64 = 0.5;
/// A quote has at least so many letters, else it proves nothing.
const LEAST_LETTERS: usize = 4;

/// Everything that was said, prepared for comparison.
pub(crate) struct Spoken {
    language: Language,
    words: HashSet<String>,
    stems: HashSet<String>,
    /// Numbers that the business said, as they were written and as digits.
    offered: HashSet<String>,
    /// Days of the week (0 to 6) and months (10 to 21), in any language.
    days: HashSet<usize>,
}

impl Spoken {
    pub(crate) fn new(conversation: &Conversation, language: Language) -> Self {
        let mut spoken = Self {
            language,
            words: HashSet::new(),
            stems: HashSet::new(),
            offered: HashSet::new(),
            days: HashSet::new(),
        };
        for turn in &conversation.turns {
            spoken.add(&turn.text);
            if turn.who.is_business() {
                spoken.offered.extend(numbers_in(language, &turn.text));
            }
            if let Some(name) = &turn.name {
                spoken.add(name);
            }
        }
        spoken
    }

    fn add(&mut self, text: &str) {
        for word in words_of(text) {
            if let Some(number) = number_of(self.language, &word.folded) {
                self.words.insert(number);
            }
            self.days.extend(day_of(&word.folded));
            self.stems.insert(stem(self.language, &word.folded));
            self.words.insert(word.folded);
        }
    }

    /// Whether everything in a sentence that can be checked was said.
    pub(crate) fn bears(&self, sentence: &str) -> bool {
        let words = words_of(sentence);
        let (mut known, mut counted) = (0_u32, 0_u32);
        for (at, word) in words.iter().enumerate() {
            let raw = sentence.get(word.from..word.to).unwrap_or_default();
            if word.folded.contains(|c: char| c.is_ascii_digit()) {
                if !self.has_number(&word.folded) {
                    return false;
                }
                continue;
            }
            if let Some(day) = day_of(&word.folded) {
                if !self.days.contains(&day) {
                    return false;
                }
                continue;
            }
            let has = self.has_word(word);
            if at > 0 && !has && self.is_name(sentence, word, raw) {
                return false;
            }
            if is_stop_word(self.language, &word.folded) || word.folded.chars().count() < 3 {
                continue;
            }
            counted += 1;
            known += u32::from(has);
        }
        let enough = counted == 0 || f64::from(known) >= LEAST_KNOWN * f64::from(counted);
        enough && !self.puts_in_wrong_mouth(sentence, &words)
    }

    /// Whether a sentence has the business offer a sum that only the customer named. Agreeing to one is no offer.
    fn puts_in_wrong_mouth(&self, sentence: &str, words: &[Word]) -> bool {
        let agrees = |word: &Word| AGREES.iter().any(|begin| word.folded.starts_with(begin));
        if !names_amount(sentence, words) || words.iter().any(agrees) {
            return false;
        }
        let mut is_business = false;
        words.iter().any(|word| {
            let name = word.folded.as_str();
            if BUSINESS.contains(&name) {
                is_business = true;
            } else if CUSTOMER.contains(&name) {
                is_business = false;
            }
            let is_number = name.contains(|c: char| c.is_ascii_digit());
            is_number && is_business && !self.offered.contains(name)
        })
    }

    fn has_word(&self, word: &Word) -> bool {
        let name = word.folded.as_str();
        [BUSINESS, CUSTOMER, OTHERS]
            .iter()
            .any(|all| all.contains(&name))
            || self.words.contains(&word.folded)
            || self.stems.contains(&stem(self.language, &word.folded))
    }

    /// "3" is also "three", "15:00" is also "15".
    fn has_number(&self, folded: &str) -> bool {
        let bare = folded.trim_start_matches('0');
        self.words.contains(folded)
            || self.words.contains(bare)
            || folded
                .strip_suffix("pm")
                .or_else(|| folded.strip_suffix("am"))
                .is_some_and(|hour| self.words.contains(hour))
            || ["am", "pm"]
                .iter()
                .any(|half| self.words.contains(&format!("{folded}{half}")))
            || matches!(folded, "00" | "0")
    }

    /// Whether a word is written like a name. German writes every noun so, which the share of known words looks after.
    fn is_name(&self, sentence: &str, word: &Word, raw: &str) -> bool {
        if self.language == Language::De || !raw.starts_with(char::is_uppercase) {
            return false;
        }
        let before = sentence.get(..word.from).unwrap_or_default().trim_end();
        let begins = before.is_empty() || before.ends_with(['.', '!', '?', ':', '"', '“']);
        !begins && !matches!(word.folded.as_str(), "i" | "ok" | "english")
    }
}

/// How a summary may call the two sides without anybody having said it.
const BUSINESS: &[&str] = &["business", "staff", "assistant", "agent"];
const CUSTOMER: &[&str] = &[
    "customer",
    "visitor",
    "client",
    "lead",
    "user",
    "kunde",
    "kundin",
    "cliente",
    "klant",
    "klient",
    "musteri",
    "клиент",
];
/// What else it may say.
const OTHERS: &[&str] = &["person", "person1", "person2", "asks", "wants", "says"];

/// Beginnings of words for agreeing to what the other side named: English, German, French, Spanish and their like.
const AGREES: &[&str] = &[
    "agree", "accept", "accord", "confirm", "akzept", "bestatig", "einverst", "zustimm", "acept",
    "acuerd", "akkoord",
];

fn numbers_in(language: Language, text: &str) -> Vec<String> {
    let words = words_of(text).into_iter();
    let forms = words.flat_map(|word| [number_of(language, &word.folded), Some(word.folded)]);
    let has_digit = |form: &String| form.contains(|c: char| c.is_ascii_digit());
    forms.flatten().filter(has_digit).collect()
}

/// A number in words as digits: "three" is "3".
fn number_of(language: Language, folded: &str) -> Option<String> {
    let number =
        numbers::small(language, folded).or_else(|| numbers::small(Language::En, folded))?;
    Some(number.to_string())
}

/// Which weekday or month a word names, in any language.
fn day_of(folded: &str) -> Option<usize> {
    // Short forms such as "sat", "may" and "mar" are words of their own.
    calendar::folded().iter().find_map(|(_, names)| {
        let holds = |all: &Vec<String>| all.iter().any(|name| name == folded && name.len() > 3);
        let day = names.days.iter().position(holds);
        day.or_else(|| Some(10 + names.months.iter().position(holds)?))
    })
}

/// The quote as it stands in its turn, if it does. What differs by spaces, case and marks is put right; a quote of a
/// neighbouring turn is moved there.
pub(crate) fn find_quote(conversation: &Conversation, turn: usize, text: &str) -> Option<Quote> {
    let near = [Some(turn), turn.checked_add(1), turn.checked_sub(1)];
    near.into_iter().flatten().find_map(|at| {
        let said = conversation.turns.get(at)?;
        let text = stands_in(&said.text, text)?;
        Some(Quote { text, turn: at })
    })
}

/// Whether the customer wrote these words: as a reply to them they would make no sense.
pub(crate) fn is_of_customer(conversation: &Conversation, text: &str) -> bool {
    let mut turns = conversation.turns.iter();
    turns.any(|turn| !turn.who.is_business() && stands_in(&turn.text, text).is_some())
}

/// The part of a text that has the same words in the same order.
fn stands_in(said: &str, quote: &str) -> Option<String> {
    let quote = quote
        .trim()
        .trim_matches(['"', '“', '”', '„', '«', '»', '…', '.']);
    let wanted: Vec<String> = words_of(quote)
        .into_iter()
        .map(|word| word.folded)
        .collect();
    if wanted
        .iter()
        .map(|word| word.chars().count())
        .sum::<usize>()
        < LEAST_LETTERS
    {
        return None;
    }
    let words = words_of(said);
    let found = words.windows(wanted.len()).find(|window| {
        let mut pairs = window.iter().zip(&wanted);
        pairs.all(|(word, wanted)| word.folded == *wanted)
    })?;
    let (from, to) = (found.first()?.from, found.last()?.to);
    let end = said
        .get(to..)
        .and_then(|rest| rest.chars().next())
        .filter(|c| matches!(c, '.' | '!' | '?'))
        .map_or(to, |c| to + c.len_utf8());
    Some(said.get(from..end)?.to_owned())
}

/// A text of a model on one line, without what models add around it.
pub(crate) fn tidy(text: &str) -> String {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let bare = flat.trim_matches(['"', '“', '”', '*', '-', '–', ' ']);
    bare.to_owned()
}

/// Whether two texts say the same, but for case and marks.
pub(crate) fn is_same(a: &str, b: &str) -> bool {
    let plain = |text: &str| {
        let words: Vec<String> = text
            .split_whitespace()
            .map(|word| unaccented(word.trim_matches(|c: char| !c.is_alphanumeric())))
            .collect();
        words.join(" ")
    };
    plain(a) == plain(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::conversation::{Who, turn};

    fn conversation() -> Conversation {
        Conversation::of(&[
            (
                Who::Customer,
                "I need a room for three people on Friday, is it quiet?",
            ),
            (
                Who::Staff,
                "Yes. It costs 140 euros, says Anna. I'll hold it until 5pm.",
            ),
        ])
    }

    #[test]
    fn a_quote_must_stand_in_its_turn_or_beside_it() {
        let said = conversation();
        let found = find_quote(&said, 1, "it costs 140 Euros").unwrap();
        assert_eq!((found.text.as_str(), found.turn), ("It costs 140 euros", 1));
        assert_eq!(find_quote(&said, 0, "It costs 140 euros").unwrap().turn, 1);
        assert!(find_quote(&said, 1, "It costs 150 euros").is_none());
        assert!(find_quote(&said, 9, "It costs 140 euros").is_none());
        assert!(find_quote(&said, 1, "Yes").is_none());
        assert!(find_quote(&said, 1, "").is_none());
    }

    #[test]
    fn what_the_customer_wrote_is_no_reply_to_them() {
        let said = conversation();
        assert!(is_of_customer(&said, "is it quiet"));
        assert!(!is_of_customer(&said, "It costs 140 euros"));
        assert!(!is_of_customer(&said, "Yes, it is quiet."));
    }

    #[test]
    fn a_sum_that_the_customer_named_is_no_offer_of_the_business() {
        let mut said = conversation();
        said.turns
            .push(turn(Who::Customer, "Could you do 120 euros?"));
        let spoken = Spoken::new(&said, Language::En);
        for (sentence, holds) in [
            ("Staff offers 120 euros.", false),
            ("The customer asks for 120 euros.", true),
            (
                "Staff costs 140 euros, the customer could do 120 euros.",
                true,
            ),
            ("The business agrees to 120 euros.", true),
            ("The customer says it costs 140 euros.", true),
        ] {
            assert_eq!(spoken.bears(sentence), holds, "{sentence}");
        }
    }

    #[test]
    fn what_nobody_said_is_noticed() {
        let spoken = Spoken::new(&conversation(), Language::En);
        for (sentence, holds) in [
            (
                "The customer needs a quiet room for 3 people on Friday.",
                true,
            ),
            ("The customer needs a room on Saturday.", false),
            ("Anna says it costs 140 euros.", true),
            ("It costs 120 euros.", false),
            ("The room is held until 5pm.", true),
            ("The room was recommended by Peter.", false),
            ("The dog barked loudly yesterday evening.", false),
            ("", true),
        ] {
            assert_eq!(spoken.bears(sentence), holds, "{sentence}");
        }
    }
}
