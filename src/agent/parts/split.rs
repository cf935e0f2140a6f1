//! Splits a message that asks two or three things: after each question, and at an "and" that another
//! question follows.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;
use unicode_segmentation::UnicodeSegmentation;

use crate::agent::talk;
use crate::language::Language;
use crate::language::data::{self, WordSet};
use crate::language::lists::is_function_word;
use crate::language::sentences::sentences;
use crate::language::words::unaccented;

/// Most parts; the last one takes the rest of the message.
const MOST: usize = 3;
/// Longer messages tell a story, which these rules would split at the wrong words.
const LONGEST_WORDS: usize = 60;

/// Words of a language that reveal a second question; the file describes each list.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Joints {
    and: WordSet,
    asking: WordSet,
    verbs: WordSet,
    subjects: WordSet,
}

static FILE: &str = include_str!("split.toml");
static JOINTS: LazyLock<HashMap<Language, Joints>> = LazyLock::new(|| data::read(FILE));
static NONE: LazyLock<Joints> = LazyLock::new(Joints::default);

/// Empty for Turkish, Arabic and Chinese: their question words come inside the sentence, so only punctuation separates
/// questions.
fn joints(language: Language) -> &'static Joints {
    let language = match language {
        Language::Other => Language::En,
        known => known,
    };
    JOINTS.get(&language).unwrap_or(&NONE)
}

/// The questions of a message, in its own words; a single one if it asks one thing. Text before the first
/// question belongs to that question, a remark after a question to the one before.
pub(crate) fn questions(message: &str, language: Language) -> Vec<String> {
    let whole = vec![message.trim().to_owned()];
    if message.unicode_words().count() > LONGEST_WORDS {
        return whole;
    }
    let mut parts: Vec<String> = Vec::new();
    let mut told: Vec<&str> = Vec::new();
    for range in sentences(message) {
        let sentence = message.get(range).unwrap_or_default().trim();
        let clauses = clauses(sentence, language);
        let marked = sentence.ends_with(['?', '？', '؟']);
        // "Roughly?" and "…, right?" are not questions of their own.
        let asks = clauses.len() > 1 || (marked && is_whole(sentence, language));
        if !asks {
            match parts.last_mut() {
                Some(last) => *last = format!("{last} {sentence}"),
                None => told.push(sentence),
            }
            continue;
        }
        for clause in clauses {
            told.push(clause);
            parts.push(told.join(" "));
            told.clear();
        }
    }
    if parts.len() < 2 || parts.iter().any(|part| !says_something(part, language)) {
        return whole;
    }
    if parts.len() > MOST {
        let last = parts.split_off(MOST - 1);
        parts.push(last.join(" "));
    }
    parts
}

/// Splits a sentence where another question follows an "and".
fn clauses(sentence: &str, language: Language) -> Vec<&str> {
    let joints = joints(language);
    let words: Vec<(usize, String)> = sentence
        .split_word_bound_indices()
        .filter(|(_, word)| !word.trim().is_empty())
        .map(|(at, word)| (at, unaccented(word)))
        .collect();
    let begins_asking = words
        .iter()
        .filter(|(_, word)| word.chars().any(char::is_alphanumeric))
        .take(2)
        .any(|(_, word)| joints.asking.contains(word));
    let mut cuts: Vec<(usize, usize)> = Vec::new();
    // Whether the clause so far asks something, and whether it says about what.
    let (mut asks, mut content) = (false, false);
    // Question words within a clause: "who speaks German and who does crowns" asks once.
    let mut inside: Vec<&str> = Vec::new();
    let mut joint = None;
    let mut begins = true;
    for (n, (at, word)) in words.iter().enumerate() {
        let next = words.get(n + 1).map_or("", |(_, next)| next.as_str());
        let verb = begins && joints.verbs.contains(word) && joints.subjects.contains(next);
        let asking = joints.asking.contains(word) || verb;
        let again = inside.contains(&word.as_str());
        if let Some(from) = joint.take_if(|_| asking && asks && content && !again) {
            cuts.push((from, *at));
            inside.clear();
        } else if asking && !begins {
            inside.push(word);
        }
        if asking {
            // "When and where": the first word has no subject yet, so this is still one question.
            (asks, content) = (true, false);
        } else {
            content |= word.chars().any(char::is_alphanumeric) && !is_function_word(language, word);
        }
        joint = joints.and.contains(word).then_some(*at);
        begins = joint.is_some() || matches!(word.as_str(), "," | "¿");
    }
    // "I know how much it is and where you are." asks nothing.
    if !(begins_asking || begins_with_verb(&words, joints) || sentence.ends_with('?')) {
        cuts.clear();
    }
    let mut parts = Vec::new();
    let mut from = 0;
    for (joint, next) in cuts {
        parts.extend(sentence.get(from..joint));
        from = next;
    }
    parts.extend(sentence.get(from..));
    parts
        .into_iter()
        .map(|part| part.trim_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';')))
        .collect()
}

fn begins_with_verb(words: &[(usize, String)], joints: &Joints) -> bool {
    words
        .first()
        .is_some_and(|(_, word)| joints.verbs.contains(word))
}

/// Whether a sentence with a question mark can stand on its own.
fn is_whole(sentence: &str, language: Language) -> bool {
    let joints = joints(language);
    let folded: Vec<String> = sentence.unicode_words().map(unaccented).collect();
    let asks = folded
        .iter()
        .any(|w| joints.asking.contains(w) || joints.verbs.contains(w));
    let content = folded
        .iter()
        .filter(|word| !is_function_word(language, word));
    (asks && folded.len() > 1) || content.count() >= 2
}

/// Whether a part has more than small talk and function words: something to look up.
fn says_something(part: &str, language: Language) -> bool {
    talk::of_message(part, language, "").is_none()
        && part.unicode_words().any(|word| {
            word.chars().any(char::is_alphabetic) && !is_function_word(language, &unaccented(word))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_joints_are_complete() {
        let joints: HashMap<Language, Joints> = data::check(FILE);
        assert_eq!(joints.len(), 9);
        for joints in joints.values() {
            assert!(joints.and.contains("&"));
            assert_eq!(
                joints.verbs == WordSet::default(),
                joints.subjects == WordSet::default()
            );
        }
    }

    #[test]
    fn what_asks_twice_is_cut() {
        for (message, language, expected) in [
            (
                "How many cases go in the midi and what's it a day on a Tuesday?",
                Language::En,
                vec![
                    "How many cases go in the midi",
                    "what's it a day on a Tuesday?",
                ],
            ),
            (
                "My son is 5. When is training and how much?",
                Language::En,
                vec!["My son is 5. When is training", "how much?"],
            ),
            (
                "Where are you? Is Dr. Smith in?",
                Language::En,
                vec!["Where are you?", "Is Dr. Smith in?"],
            ),
            (
                "hi! what time do you open on sunday, and can i bring my dog",
                Language::En,
                vec!["hi! what time do you open on sunday", "can i bring my dog"],
            ),
            (
                "Was kostet ein Haarschnitt und wie lange dauert das?",
                Language::De,
                vec!["Was kostet ein Haarschnitt", "wie lange dauert das?"],
            ),
            (
                "¿Cuánto cuesta la limpieza y cuándo abren?",
                Language::Es,
                vec!["¿Cuánto cuesta la limpieza", "cuándo abren?"],
            ),
            (
                "Combien coûte la carte et quand ouvrez-vous ?",
                Language::Fr,
                vec!["Combien coûte la carte", "quand ouvrez-vous ?"],
            ),
        ] {
            assert_eq!(questions(message, language), expected, "{message}");
        }
    }

    #[test]
    fn what_asks_once_stays_whole() {
        for (message, language) in [
            ("Do you take Visa and Mastercard?", Language::En),
            ("when and where is the class", Language::En),
            ("Please tell me when and where the class is?", Language::En),
            ("I lost my ticket. What do I pay?", Language::En),
            (
                "How much is a wash and cut? It's for a wedding.",
                Language::En,
            ),
            ("Hi, how are you? Do you fix bikes?", Language::En),
            ("Are you open on Sunday? Thanks!", Language::En),
            ("Does your dentist also do implants?", Language::En),
            ("How much is a crown? Roughly?", Language::En),
            (
                "Is there someone who speaks German and who can do crowns?",
                Language::En,
            ),
            ("Is it safe and can be used by kids?", Language::En),
            (
                "I know how much it is and where you are. Can I book online?",
                Language::En,
            ),
            ("Is https://shop.example/item?id=5 in stock?", Language::En),
            (
                "Ich habe einen Hund und kann ihn nicht allein lassen",
                Language::De,
            ),
            (
                "Est-il vrai que vous fermez et que c'est définitif ?",
                Language::Fr,
            ),
            ("", Language::En),
            ("???", Language::En),
        ] {
            assert_eq!(questions(message, language).len(), 1, "{message}");
        }
    }
}
