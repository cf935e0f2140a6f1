//! Grading summaries: which facts of a summary by people are there, and which sentences tell something that nobody said. Pure, and
//! apart from what checks summaries when they are made.

use std::collections::BTreeSet;

use crate::language::Language;
use crate::language::lists::is_stop_word;
use crate::language::numbers;
use crate::language::sentences::sentences;
use crate::language::words::{stem, words};

/// A sentence whose content words are to a larger share in neither the conversation nor the reference is made up.
const MOST_UNKNOWN: f64 = 0.6;
/// Words that name the speakers.
const SPEAKERS: &[&str] = &[
    "person1",
    "person2",
    "customer",
    "staff",
    "assistant",
    "person",
];

/// What a text tells: its content words as stems, numbers as digits.
pub fn facts(text: &str) -> BTreeSet<String> {
    words(text)
        .map(|word| word.folded)
        .filter(|word| !SPEAKERS.contains(&word.as_str()))
        .filter_map(|word| {
            if let Some(number) = numbers::small(Language::En, &word) {
                return Some(number.to_string());
            }
            let tells = word.contains(|c: char| c.is_ascii_digit())
                || (word.chars().count() > 2 && !is_stop_word(Language::En, &word));
            tells.then(|| stem(Language::En, &word))
        })
        .collect()
}

/// The share of the facts of a reference that a summary has; `None` for a reference without any.
pub fn recall(reference: &str, summary: &str) -> Option<f64> {
    let (wanted, has) = (facts(reference), facts(summary));
    if wanted.is_empty() {
        return None;
    }
    let found = wanted.intersection(&has).count();
    Some(super::statistics::to_f64(found) / super::statistics::to_f64(wanted.len()))
}

/// How many sentences a summary has, and how many of them are made up: with a number or a name that stands in neither the
/// conversation nor the reference, or with mostly other words.
pub fn invented(summary: &str, conversation: &str, reference: &str) -> (usize, usize) {
    let mut known = facts(conversation);
    known.extend(facts(reference));
    let all = sentences(summary);
    let told = all.iter().filter_map(|range| summary.get(range.clone()));
    let (mut count, mut wrong) = (0, 0);
    for sentence in told.filter(|sentence| !facts(sentence).is_empty()) {
        count += 1;
        wrong += usize::from(is_invented(sentence, &known));
    }
    (count, wrong)
}

fn is_invented(sentence: &str, known: &BTreeSet<String>) -> bool {
    let own = facts(sentence);
    let unknown = own.difference(known).count();
    let share = super::statistics::to_f64(unknown) / super::statistics::to_f64(own.len().max(1));
    if share > MOST_UNKNOWN {
        return true;
    }
    let mut checked = own.difference(known);
    checked.any(|fact| fact.contains(|c: char| c.is_ascii_digit()))
        || names(sentence).any(|name| !known.contains(&name))
}

/// Words within a sentence that are written with a capital letter.
fn names(sentence: &str) -> impl Iterator<Item = String> + '_ {
    words(sentence).skip(1).filter_map(|word| {
        let raw = sentence.get(word.from..word.to)?;
        let before = sentence.get(..word.from)?.trim_end();
        let begins = before.ends_with(['.', '!', '?', ':', '"', '\'']);
        let is_name = raw.starts_with(char::is_uppercase)
            && !begins
            && !is_stop_word(Language::En, &word.folded)
            && word.folded.chars().count() > 2
            && !SPEAKERS.contains(&word.folded.as_str());
        is_name.then(|| stem(Language::En, &word.folded))
    })
}

/// The first sentences of a conversation, the usual trivial summary.
pub fn lead(turns: &[String], count: usize) -> String {
    let mut found = Vec::new();
    for turn in turns {
        for range in sentences(turn) {
            if found.len() == count {
                break;
            }
            found.extend(turn.get(range));
        }
    }
    found.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_found_in_other_forms() {
        let reference = "#Person1# books three rooms in Porto.";
        assert_eq!(recall(reference, "They booked 3 rooms in Porto"), Some(1.0));
        assert_eq!(recall(reference, "Nothing of it"), Some(0.0));
        assert_eq!(recall("#Person1#", "x"), None);
        let half = recall(reference, "Rooms in Porto").unwrap();
        assert!(half > 0.4 && half < 0.6, "{half}");
    }

    #[test]
    fn what_nobody_said_is_counted() {
        let said = "I need a room in Porto for two nights.";
        let summary =
            "The customer needs a room in Porto. Anna offers it for 90 euros. It is in Lisbon.";
        let (count, wrong) = invented(summary, said, "");
        assert_eq!((count, wrong), (3, 2));
        assert_eq!(invented("", said, ""), (0, 0));
    }

    #[test]
    fn the_first_sentences_lead() {
        let turns = ["One. Two.".to_owned(), "Three. Four.".to_owned()];
        assert_eq!(lead(&turns, 3), "One. Two. Three.");
    }
}
