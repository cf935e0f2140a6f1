//! Interprets short utterances: listening noises, orders to stop, yes and no. Pure. The word lists,
//! in the languages that callers speak most, are in `words.toml`.

use std::sync::LazyLock;

use serde::Deserialize;

use crate::language::data::{self, WordSet};
pub(super) use crate::language::words::plain_words as words;

/// The word lists; the file describes each.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    back_channels: WordSet,
    weak: WordSet,
    interrupts: WordSet,
    yes: WordSet,
    no: WordSet,
    plain_no: WordSet,
    around: WordSet,
    farewells: WordSet,
    unfinished: WordSet,
}

static FILE: &str = include_str!("words.toml");
static LISTS: LazyLock<Lists> = LazyLock::new(|| data::read(FILE));

/// Normalises a text for comparison: its words, with single spaces.
pub(super) fn normalise(text: &str) -> String {
    words(text).join(" ")
}

/// What the caller's words mean while the front desk speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlap {
    /// No words were recognised.
    Nothing,
    /// The caller shows that they listen.
    BackChannel,
    /// A single word that may mean anything.
    Unsure,
    /// The caller wants the floor.
    Floor,
}

/// Interprets words that the caller says while the front desk speaks.
pub fn overlap(text: &str) -> Overlap {
    let said = words(text);
    if said.is_empty() {
        return Overlap::Nothing;
    }
    if said.iter().any(|w| LISTS.interrupts.contains(w)) && !only_back_channels(&said) {
        return Overlap::Floor;
    }
    if only_back_channels(&said) {
        return Overlap::BackChannel;
    }
    let others = said
        .iter()
        .filter(|w| !LISTS.back_channels.contains(w))
        .count();
    match (others, said.len()) {
        (0, _) | (1, 1) => Overlap::Unsure,
        _ => Overlap::Floor,
    }
}

fn only_back_channels(said: &[String]) -> bool {
    // "No" is a particle in Polish, and an order everywhere else.
    said.len() <= 6
        && said
            .iter()
            .all(|w| LISTS.back_channels.contains(w) && !LISTS.interrupts.contains(w))
        && (said.len() == 1 && !LISTS.weak.contains(&said[0]) || said.len() > 1)
}

/// `None` for neither.
pub fn yes_or_no(text: &str) -> Option<bool> {
    let said = words(text);
    if said.is_empty() || said.len() > 8 {
        return None;
    }
    let fits =
        |w: &String| LISTS.yes.contains(w) || LISTS.no.contains(w) || LISTS.around.contains(w);
    let known = said.iter().filter(|w| fits(w)).count();
    let begins = said.first().is_some_and(|w| LISTS.plain_no.contains(w));
    if begins && !text.trim_end().ends_with('?') {
        return Some(false);
    }
    if known < said.len() {
        return None;
    }
    let no = said.iter().any(|w| LISTS.no.contains(w));
    let yes = said.iter().any(|w| LISTS.yes.contains(w));
    match (yes, no) {
        (_, true) => Some(false),
        (true, false) => Some(true),
        (false, false) => None,
    }
}

/// Whether the caller says goodbye, and nothing else.
pub fn is_farewell(text: &str) -> bool {
    let said = normalise(text);
    let padded = format!(" {said} ");
    said.split(' ').count() <= 10
        && !text.contains('?')
        && LISTS
            .farewells
            .iter()
            .any(|known| padded.contains(&format!(" {known} ")))
}

/// Whether the words end a sentence, going by the recogniser's punctuation.
pub fn ends_sentence(text: &str) -> bool {
    let trimmed = text.trim_end();
    trimmed.ends_with(['.', '?', '!', '。', '？', '！']) && !trimmed.ends_with("...")
}

/// Whether the words break off in the middle of a sentence.
pub fn is_unfinished(text: &str) -> bool {
    let trimmed = text.trim_end();
    if trimmed.ends_with(['?', '!']) {
        return false;
    }
    trimmed.ends_with([',', '-', '–', '…'])
        || trimmed.ends_with("...")
        || words(text)
            .last()
            .is_some_and(|w| LISTS.unfinished.contains(w))
}

/// Share of the word pairs of `heard` that also occur in `spoken`, 0 to 1.
pub fn compare(heard: &str, spoken: &str) -> f32 {
    let (heard, spoken) = (words(heard), words(spoken));
    if heard.is_empty() {
        return 0.0;
    }
    if let [only] = heard.as_slice() {
        return if spoken.contains(only) { 1.0 } else { 0.0 };
    }
    let found = heard
        .windows(2)
        .filter(|pair| spoken.windows(2).any(|other| other == *pair))
        .count();
    found as f32 / (heard.len() - 1) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_complete() {
        let lists: Lists = data::check(FILE);
        assert!(lists.farewells.contains("auf wiederhören"));
        // A word that means no before other words must also mean no by itself.
        assert!(lists.plain_no.iter().all(|word| lists.no.contains(word)));
        assert!(lists.weak.iter().all(|w| lists.back_channels.contains(w)));
    }

    #[test]
    fn back_channels_and_orders() {
        for (text, expected) in [
            ("", Overlap::Nothing),
            ("Mhm.", Overlap::BackChannel),
            ("yeah, okay", Overlap::BackChannel),
            ("Uh-huh.", Overlap::BackChannel),
            ("I see.", Overlap::BackChannel),
            ("Ja, genau.", Overlap::BackChannel),
            ("d'accord", Overlap::BackChannel),
            ("evet tamam", Overlap::BackChannel),
            ("Stop.", Overlap::Floor),
            ("No, wait", Overlap::Floor),
            ("Actually yes", Overlap::Floor),
            ("Warte mal", Overlap::Floor),
            ("you", Overlap::Unsure),
            ("what about Sunday", Overlap::Floor),
            ("okay but when", Overlap::Floor),
        ] {
            assert_eq!(overlap(text), expected, "{text}");
        }
    }

    #[test]
    fn yes_no_and_neither() {
        for (text, expected) in [
            ("Yes, please.", Some(true)),
            ("Yeah, that's right.", Some(true)),
            ("No.", Some(false)),
            ("No, it's five five six", Some(false)),
            ("I don't want that", Some(false)),
            ("Ja, gerne", Some(true)),
            ("When do you open?", None),
            ("", None),
        ] {
            assert_eq!(yes_or_no(text), expected, "{text}");
        }
    }

    #[test]
    fn leave_is_taken_only_with_leave_words() {
        assert!(is_farewell("Okay, thank you, goodbye!"));
        assert!(is_farewell("No, that's all, thanks."));
        assert!(!is_farewell("Do you say goodbye to the dentist on Sunday?"));
        assert!(!is_farewell("When are you open?"));
    }

    #[test]
    fn a_dangling_word_is_no_end() {
        assert!(is_unfinished("I would like to know if"));
        assert!(is_unfinished("well um,"));
        assert!(!is_unfinished("Are you open on Sunday?"));
    }

    #[test]
    fn our_own_words_are_recognised() {
        assert!(compare("open from nine to", "We are open from nine to five.") > 0.9);
        assert!(compare("what about Sunday", "We are open from nine to five.") < 0.1);
    }
}
