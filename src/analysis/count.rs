//! What is counted in a conversation without a model: questions, prices, times, promises, objections, ways to be reached.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::analysis::conversation::{Conversation, Turn, Who};
use crate::analysis::types::{Objection, Quote};
use crate::analysis::words::{Hit, Lexicon, Word, signals, words_of};
use crate::contacts;
use crate::hours;
use crate::language::calendar::is_day;
use crate::language::sentences::sentences;

/// Words that a greeting or a word of thanks has at most.
const SHORT: usize = 8;
/// In characters.
pub(crate) const LONGEST_QUOTE: usize = 240;

/// A turn with what stands in it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counted {
    /// Its place in the conversation, from 0.
    pub(crate) turn: usize,
    pub(crate) by_customer: bool,
    pub(crate) words: usize,
    pub(crate) asks: bool,
    pub(crate) small_talk: bool,
    pub(crate) thanks: bool,
    pub(crate) price: bool,
    /// A sum of money with its number.
    pub(crate) amount: bool,
    pub(crate) commitment: bool,
    pub(crate) wants: bool,
    pub(crate) refusal: bool,
    pub(crate) promise: bool,
    pub(crate) done: bool,
    pub(crate) sorry: bool,
    pub(crate) numbers: bool,
    /// A day or a time of day.
    pub(crate) time: bool,
    /// An e-mail address or a telephone number.
    pub(crate) reachable: bool,
    /// Which of the objections, by their place in the list.
    pub(crate) objections: Vec<usize>,
}

/// Looks at every turn that somebody said.
pub(crate) fn count(conversation: &Conversation) -> Vec<Counted> {
    let turns = conversation.turns.iter().enumerate();
    turns.map(|(at, turn)| count_turn(at, turn)).collect()
}

fn count_turn(at: usize, turn: &Turn) -> Counted {
    let words = words_of(&turn.text);
    let signals = signals();
    let by_customer = turn.who == Who::Customer;
    let reach = contacts::from_text(&turn.text, None);
    let objections = signals.objections.iter().enumerate();
    let time = signals.times.is_in(&words) || names_time(turn, &words);
    Counted {
        turn: at,
        by_customer,
        words: words.len(),
        asks: turn.text.contains(['?', '？', '؟']),
        small_talk: is_small_talk(&words),
        thanks: signals.thanks.is_in(&words),
        price: signals.price.is_in(&words) || names_money(&turn.text),
        amount: names_amount(&turn.text, &words),
        commitment: signals.commitment.is_in(&words),
        wants: signals.wants.is_in(&words),
        refusal: signals.refusal.is_in(&words),
        promise: signals.promise.is_in(&words),
        done: signals.done.is_in(&words),
        sorry: signals.sorry.is_in(&words),
        numbers: turn.text.contains(|c: char| c.is_ascii_digit()),
        time,
        reachable: by_customer && (reach.email.is_some() || reach.phone.is_some()),
        objections: objections
            .filter(|(_, (_, lexicon))| by_customer && lexicon.is_in(&words))
            .map(|(at, _)| at)
            .collect(),
    }
}

/// Whether a day or a time of day is named. Most turns name none, and to look closely takes long.
fn names_time(turn: &Turn, words: &[Word]) -> bool {
    let may = words
        .iter()
        .any(|word| is_day(&word.folded) || word.folded.contains(|c: char| c.is_ascii_digit()));
    may && hours::mentions(&turn.text, language_of(&turn.text), &said_at(turn))
        .iter()
        .any(|mention| mention.date.is_some() || mention.time.is_some())
}

/// When something was said; without a time a fixed Monday, so that what is found does not depend on the day of the analysis.
pub(crate) fn said_at(turn: &Turn) -> Zoned {
    // 2024-01-01 12:00 UTC.
    let fixed = 1_704_110_400_000;
    Timestamp::from_millisecond(turn.at.unwrap_or(fixed))
        .unwrap_or_default()
        .to_zoned(TimeZone::UTC)
}

/// The language of a short text, as its code.
pub(crate) fn language_of(text: &str) -> &'static str {
    crate::language::of_question(text).code()
}

/// Whether a sum of money with its number stands in it.
pub(crate) fn names_amount(text: &str, words: &[Word]) -> bool {
    let has_digit = text.contains(|c: char| c.is_ascii_digit());
    names_money(text) || (has_digit && signals().money.is_in(words))
}

/// Whether a sign of a currency stands beside a number.
fn names_money(text: &str) -> bool {
    let symbol = |c: char| matches!(c, '$' | '€' | '£' | '¥' | '₽' | '₺');
    text.match_indices(symbol).any(|(at, sign)| {
        let digit = |c: char| c.is_ascii_digit();
        let before = text.get(..at).unwrap_or_default().trim_end();
        let after = text.get(at + sign.len()..).unwrap_or_default().trim_start();
        before.ends_with(digit) || after.starts_with(digit)
    })
}

/// Whether nothing but greetings and thanks stands in it.
fn is_small_talk(words: &[Word]) -> bool {
    if words.is_empty() || words.len() > SHORT {
        return false;
    }
    let signals = signals();
    let length = |hits: Vec<Hit>| hits.iter().map(|hit| hit.length).sum::<usize>();
    let told = length(signals.small_talk.all(words)) + length(signals.thanks.all(words));
    told * 2 > words.len()
}

/// The sentence of a turn in which a phrase stands.
pub(crate) fn quote_of(turn: usize, text: &str, lexicon: &Lexicon) -> Option<Quote> {
    let hit = lexicon.first(&words_of(text))?;
    Some(Quote {
        text: sentence_at(text, hit.bytes.start),
        turn,
    })
}

/// The sentence that a byte lies in, shortened at a word if it is long.
pub(crate) fn sentence_at(text: &str, byte: usize) -> String {
    let all = sentences(text);
    let found = all.iter().find(|range| byte < range.end);
    let sentence = found.and_then(|range| text.get(range.clone()));
    shorten(sentence.unwrap_or(text).trim())
}

/// At most [`LONGEST_QUOTE`] characters, cut between words; stays a part of the text.
pub(crate) fn shorten(text: &str) -> String {
    let Some((end, _)) = text.char_indices().nth(LONGEST_QUOTE) else {
        return text.to_owned();
    };
    let cut = text.get(..end).unwrap_or_default();
    let word = cut.rfind(char::is_whitespace).filter(|at| *at > 0);
    cut.get(..word.unwrap_or(end))
        .unwrap_or(cut)
        .trim_end()
        .to_owned()
}

/// What stands against it: each objection once, with the customer's words.
pub(crate) fn objections(conversation: &Conversation, counted: &[Counted]) -> Vec<Objection> {
    let signals = signals();
    let mut found: Vec<Objection> = Vec::new();
    for one in counted {
        let Some(turn) = conversation.turns.get(one.turn) else {
            continue;
        };
        for at in &one.objections {
            let Some((text, lexicon)) = signals.objections.get(*at) else {
                continue;
            };
            if found.iter().any(|known| known.text == *text) {
                continue;
            }
            if let Some(quote) = quote_of(one.turn, &turn.text, lexicon) {
                found.push(Objection {
                    text: text.clone(),
                    quote,
                });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::conversation::turn;

    fn one(text: &str) -> Counted {
        count_turn(0, &turn(Who::Customer, text))
    }

    #[test]
    fn a_turn_tells_what_stands_in_it() {
        assert!(one("How much is the room?").price);
        assert!(one("It is 40 € then").price && !one("Pay in € please").price);
        assert!(one("Our budget is 100 euros").amount);
        assert!(!one("How many euros?").amount);
        assert!(one("Ok, please book it for tomorrow").commitment);
        assert!(one("Ok, please book it for tomorrow").time);
        assert!(one("write to ann@example.org").reachable);
        assert!(!count_turn(0, &turn(Who::Staff, "write to ann@example.org")).reachable);
        assert!(one("No thanks, that is too expensive").refusal);
        assert!(one("Hello, good morning!").small_talk);
        assert!(!one("Hello, I need a room for two").small_talk);
    }

    #[test]
    fn an_objection_has_the_sentence_that_it_stands_in() {
        let conversation = Conversation {
            turns: vec![
                turn(
                    Who::Customer,
                    "I saw the room. It is too expensive for us! Sorry.",
                ),
                turn(Who::Staff, "That is not too expensive."),
            ],
        };
        let found = objections(&conversation, &count(&conversation));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].quote.text, "It is too expensive for us!");
        assert_eq!(found[0].quote.turn, 0);
    }

    #[test]
    fn a_long_sentence_is_cut_between_words() {
        let text = "word ".repeat(100);
        let cut = shorten(text.trim());
        assert!(cut.chars().count() <= LONGEST_QUOTE && cut.ends_with("word"));
    }
}
