//! Recognises questions that differ only in a word that reverses them: "switch on" and "switch off", "check in" and
//! "check out", "before ten" and "after ten". Their vectors are close, and a small model reads them alike, so the words
//! themselves decide.

use std::collections::{BTreeSet, HashMap};
use std::sync::LazyLock;

use serde::Deserialize;

use crate::language::Language;
use crate::language::data::{self, WordSet};

/// The file says what each list is for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    turned: WordSet,
    small: Vec<(String, String)>,
    beginnings: Vec<(String, String)>,
    prefixes: Vec<String>,
    pairs: HashMap<Language, Vec<(WordSet, WordSet)>>,
}

static FILE: &str = include_str!("contrary.toml");
static LISTS: LazyLock<Lists> = LazyLock::new(|| data::read(FILE));

/// Minimum letters of a word after such a prefix.
const LEAST_LETTERS: usize = 4;

/// Whether a question is the opposite of another: it contains the opposite of one of the other's words, and
/// not that word itself. `told` are the words of the other's answer: an answer that mentions both sides
/// answers both questions.
pub(super) fn contrary(question: &[String], other: &[String], told: &BTreeSet<String>) -> bool {
    let (ours, theirs) = (only(question, other), only(other, question));
    let both = |one: &dyn Fn(&str) -> bool, opposite: &dyn Fn(&str) -> bool| {
        let asks = ours.iter().any(|w| one(w)) && !ours.iter().any(|w| opposite(w));
        let has = theirs.iter().any(|w| opposite(w)) && !theirs.iter().any(|w| one(w));
        asks && has && !told.iter().any(|w| one(w))
    };
    let in_pairs = LISTS.pairs.values().flatten().any(|(a, b)| {
        let (a, b) = (|w: &str| a.contains(w), |w: &str| b.contains(w));
        both(&a, &b) || both(&b, &a)
    });
    in_pairs || is_turned(question, other) || begins_otherwise(&ours, &theirs, told)
}

/// Words that the other question does not have.
fn only<'a>(words: &'a [String], others: &[String]) -> Vec<&'a str> {
    let words = words.iter().filter(|word| !others.contains(word));
    words.map(String::as_str).collect()
}

/// "Turn … on" and "turn … off".
fn is_turned(question: &[String], other: &[String]) -> bool {
    LISTS.small.iter().any(|(one, opposite)| {
        let says = |words: &[String], small: &str, not: &str| {
            let verb = words.iter().position(|w| LISTS.turned.contains(w));
            let behind = verb.and_then(|at| words.get(at + 1..)).unwrap_or_default();
            let joined = words.iter().any(|w| w == &format!("check{small}"));
            let has = joined || behind.iter().any(|w| w == small);
            // "Out" decides over "in", which occurs in many questions anyway.
            has && !words.iter().any(|w| w == not && not == opposite)
        };
        (says(question, opposite, one) && says(other, one, opposite))
            || (says(question, one, opposite) && says(other, opposite, one))
    })
}

fn begins_otherwise(ours: &[&str], theirs: &[&str], told: &BTreeSet<String>) -> bool {
    let begins = |one: &str, other: &str, a: &str, b: &str| {
        let stem = one
            .strip_prefix(a)
            .filter(|s| s.chars().count() >= LEAST_LETTERS);
        stem.is_some_and(|stem| other.strip_prefix(b) == Some(stem))
    };
    let plain = LISTS.prefixes.iter().map(|prefix| ("", prefix.as_str()));
    let other = LISTS
        .beginnings
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()));
    let all: Vec<(&str, &str)> = plain.chain(other).collect();
    let turns = |one: &str, other: &str| {
        let mut all = all.iter();
        all.any(|(a, b)| begins(one, other, a, b) || begins(one, other, b, a))
    };
    let unsaid = ours.iter().filter(|word| !told.contains(**word));
    let mut pairs = unsaid.flat_map(|one| theirs.iter().map(move |other| (*one, *other)));
    pairs.any(|(one, other)| turns(one, other))
}

#[cfg(test)]
mod tests {
    use unicode_segmentation::UnicodeSegmentation;

    use super::*;
    use crate::language::words::unaccented;

    #[test]
    fn the_lists_are_complete() {
        let lists: Lists = data::check(FILE);
        assert_eq!(lists.pairs.len(), 6);
        let mut pairs = lists.pairs.values().flatten();
        assert!(pairs.all(|(a, b)| a.iter().all(|word| !b.contains(word))));
    }

    fn is_contrary(question: &str, other: &str, answer: &str) -> bool {
        let words = |text: &str| text.unicode_words().map(unaccented).collect::<Vec<_>>();
        contrary(
            &words(question),
            &words(other),
            &words(answer).into_iter().collect(),
        )
    }

    #[test]
    fn a_word_turns_a_question_round() {
        for (question, other) in [
            (
                "How do I turn off the heating?",
                "How do I turn the heating on?",
            ),
            ("Can I check out early?", "Can I check in early?"),
            ("When is checkout?", "When is checkin?"),
            ("When do you close?", "When do you open?"),
            ("Do you deliver after ten?", "Do you deliver before ten?"),
            ("How do I unlock it?", "How do I lock it?"),
            ("Can I pay in cash?", "Can I pay by card?"),
            ("Are cats allowed?", "Are dogs allowed?"),
            ("Wann ist die Abreise?", "Wann ist die Anreise?"),
            (
                "Wie schalte ich das Licht aus?",
                "Wie schalte ich das Licht ein?",
            ),
            ("Wie kann ich mich abmelden?", "Wie kann ich mich anmelden?"),
            ("¿A qué hora cierran?", "¿A qué hora abren?"),
            ("Puis-je payer en espèces ?", "Puis-je payer par carte ?"),
        ] {
            assert!(is_contrary(question, other, "Nine."), "{question}");
            assert!(is_contrary(other, question, "Nine."), "{other}");
        }
    }

    #[test]
    fn the_same_in_other_words_is_not_contrary() {
        for (question, other) in [
            (
                "How can I turn the towel rail on?",
                "How do I switch on the towel rail?",
            ),
            ("Is it possible to check in early?", "Can I check in early?"),
            (
                "Are you open on Sunday in winter?",
                "Do you open in winter?",
            ),
            ("Can I bring my dog in?", "Are dogs allowed?"),
            ("Is there parking on site?", "Do you have parking?"),
            ("Do you take cash and cards?", "Do you take cards?"),
        ] {
            assert!(!is_contrary(question, other, "Yes."), "{question}");
        }
        // The answer speaks of both.
        assert!(!is_contrary(
            "When do you close?",
            "When do you open?",
            "We open at 9 and close at 5."
        ));
    }
}
