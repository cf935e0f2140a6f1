//! Decisions by meaning: which workflow a message begins, and which declined topic a question is about.
//!
//! The embedder's vectors alone cannot make them: two sentences of one language and form (two questions, two wishes) have a higher
//! cosine than two that mean the same in other forms. [`Likeness`] takes language and form away first. `frontdesk eval meaning`
//! measures both decisions with these functions.
//!
//! Reading order: `likeness` (with `forms.toml`), `known` (vectors that are kept). Whoever changes `forms.toml` runs `means.py` again and
//! measures again.

mod known;
mod likeness;

use crate::language::Language;
use crate::language::slots::{Text, is_question};
use crate::workflows::Definition;

use super::talk;

pub(super) use known::Meanings;
pub use likeness::Likeness;

/// The embedding model that [`NEAR`] and [`CLOSE`] were measured with. With another one no workflow begins by its meaning.
pub const MEASURED_WITH: &str = "multilingual-e5-small-q4";
/// Least closeness to the phrases of a workflow that a message begins. On the tuning half of `eval/meaning` the lowest, in steps of
/// 0.005, with a precision of 0.97, whether a workflow stands alone or beside others; `BENCHMARKS.md` has the held-out half. With
/// the plain cosine no threshold has more than 0.4.
pub const NEAR: f32 = 0.655;
/// Least closeness to the examples of a topic, unless its owner says another. On the tuning half of `eval/meaning` the lowest, in steps
/// of 0.005, with a precision of 0.9, where half of the questions about a topic are known. 0.97 would need 0.705, where less than a
/// third are; on the held-out half it is not more precise.
pub const CLOSE: f32 = 0.665;
/// Longest message that may begin a workflow by its meaning, in words.
const LONGEST: usize = 20;

/// Whether a message may begin a workflow by its meaning: it is short and asks nothing. Wishes in the form of a question ("can I
/// come on Monday?") cannot be told from questions about the same subject ("can I come without an appointment?").
pub fn may_begin(message: &str, language: Language) -> bool {
    message.split_whitespace().count() <= LONGEST && !is_question(&Text::new(message, language))
}

/// What a message is compared with, in all languages of the workflow.
pub fn phrases(definition: &Definition) -> impl Iterator<Item = &str> {
    definition.begin.values().flatten().map(String::as_str)
}

/// The closest of several candidates, by its place. Each has its closeness, if there is one, and the least that it needs.
pub fn nearest(candidates: impl IntoIterator<Item = (Option<f32>, f32)>) -> Option<usize> {
    let mut best: Option<(usize, f32)> = None;
    for (place, (closeness, least)) in candidates.into_iter().enumerate() {
        if let Some(close) = closeness.filter(|close| *close >= least)
            && best.is_none_or(|(_, most)| close > most)
        {
            best = Some((place, close));
        }
    }
    best.map(|(place, _)| place)
}

/// Whether a message is answered as small talk, before anybody asks for its subject. `vector` is the message's, of the embedding
/// model of that name.
pub fn is_small_talk(message: &str, language: Language, vector: &[f32], embedder: &str) -> bool {
    talk::of_message(message, language, "").is_some()
        || (talk::may_be_meant(message) && talk::of_vector(vector, embedder).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_or_a_long_message_begins_nothing_by_its_meaning() {
        assert!(may_begin("Please phone me this afternoon.", Language::En));
        assert!(!may_begin("Do I need an appointment?", Language::En));
        assert!(!may_begin("do i need an appointment", Language::En));
        assert!(!may_begin("¿Hace falta pedir cita?", Language::Es));
        assert!(!may_begin(&"please call me ".repeat(7), Language::En));
    }

    #[test]
    fn the_closest_that_is_close_enough_is_taken() {
        let least = 0.6;
        let of = |found: &[Option<f32>]| nearest(found.iter().map(|close| (*close, least)));
        assert_eq!(of(&[Some(0.61), Some(0.7), None]), Some(1));
        assert_eq!(of(&[Some(0.59), None]), None);
        assert_eq!(of(&[]), None);
        // One that asks for more is passed over, though it is closer.
        assert_eq!(nearest([(Some(0.8), 0.9), (Some(0.7), 0.6)]), Some(1));
    }
}
