//! Which tools a question may be one for: by common words, and by meaning where there is an encoder.

use std::collections::HashSet;

use crate::agent::climb::Climb;
use crate::agent::meaning;
use crate::knowledge::content_words;
use crate::language::Language;
use crate::store::tools::Tool;
use crate::tools::{Consent, InTalk};

/// Share of the words of question and example together that both have, from which on they ask the same.
const SAME_WORDS: f32 = 0.6;
/// From this closeness on a model is asked whether the question is one for the tool; a common word is enough, too. 0.5 is another
/// subject. Low on purpose, because the model may answer that none of the tools fits.
const LIKE: f32 = 0.6;

/// A tool that a question may be one for.
pub(super) struct Near {
    pub(super) tool: Tool,
    /// Whether the question is like one of its examples.
    pub(super) is_close: bool,
    score: f32,
}

/// The tools that the question may be one for, best first.
pub(super) async fn rank(
    tools: Vec<Tool>,
    climb: &Climb<'_>,
    question: &str,
    language: Language,
) -> Vec<Near> {
    let words = words_of(question);
    let is_wish = meaning::may_begin(question, language);
    let search = climb.knowledge.search();
    let likeness = climb.meanings.likeness(search, climb.claim).await;
    let vector = search.question_vector(question, climb.claim).await;
    let mut near = Vec::new();
    for tool in tools {
        let Some(talk) = InTalk::of(&tool) else {
            continue;
        };
        let (mut same, mut common, mut telling) = (0.0_f32, false, Vec::new());
        for (text, tells) in texts_of(&tool, &talk) {
            let own = words_of(text);
            common |= own.iter().any(|word| words.contains(word));
            if tells {
                same = same.max(overlap(&words, &own));
                telling.push(text);
            }
        }
        let like = match (&likeness, &vector) {
            (Some(likeness), Some(asked)) => {
                let telling = telling.into_iter();
                let known = climb.meanings.vectors(telling, search, climb.claim).await;
                likeness.closeness(asked, &known).unwrap_or_default()
            }
            _ => 0.0,
        };
        let is_close = asks_the_same(same, like, Consent::of(&tool), is_wish);
        if is_close || common || like >= LIKE {
            near.push(Near {
                tool,
                is_close,
                score: same.max(like),
            });
        }
    }
    near.sort_by(|a, b| {
        let close = b.is_close.cmp(&a.is_close);
        close.then(b.score.total_cmp(&a.score))
    });
    near
}

/// Whether a question is like an example, by the words that both have and by their meaning. For a tool that acts it has to be a wish, as
/// for a workflow: "where is my order?" is no wish to cancel it.
fn asks_the_same(words: f32, close: f32, consent: Option<Consent>, is_wish: bool) -> bool {
    let by_meaning = match consent {
        Some(Consent::AtOnce) => close >= meaning::CLOSE,
        _ => is_wish && close >= meaning::NEAR,
    };
    words >= SAME_WORDS || by_meaning
}

/// The texts about a tool, each with whether it tells when to call it: examples and what its owner says do, and without those its
/// title and description.
fn texts_of<'t>(tool: &'t Tool, talk: &'t InTalk) -> Vec<(&'t str, bool)> {
    let examples = talk.examples.iter().map(String::as_str);
    let own: Vec<&str> = examples
        .chain([talk.when.as_str()])
        .filter(|text| !text.trim().is_empty())
        .collect();
    let is_told = !own.is_empty();
    let own = own.into_iter().map(|text| (text, true));
    let others = [tool.title.as_str(), tool.about.as_str()].map(|text| (text, !is_told));
    own.chain(others).collect()
}

/// What a text is about; figures are values and not the subject.
fn words_of(text: &str) -> HashSet<String> {
    let mut words = content_words(text);
    words.retain(|word| !word.chars().any(char::is_numeric));
    words
}

/// The share of all words that both have, 0 to 1.
fn overlap(one: &HashSet<String>, other: &HashSet<String>) -> f32 {
    let both = one.intersection(other).count();
    match one.union(other).count() {
        0 => 0.0,
        all => both as f32 / all as f32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_question_has_the_same_words_but_for_its_figures() {
        let share = |one, other| overlap(&words_of(one), &words_of(other));
        let example = "What is the status of my order?";
        assert!(share("What is the status of order 1234?", example) >= SAME_WORDS);
        assert!(share("How do I place an order for a gift?", example) < SAME_WORDS);
        assert!(share("1234", example).abs() < f32::EPSILON);
    }

    #[test]
    fn what_acts_needs_a_wish_and_what_reads_does_not() {
        for is_wish in [true, false] {
            assert!(asks_the_same(0.0, 0.7, Some(Consent::AtOnce), is_wish));
            assert!(!asks_the_same(0.0, 0.6, Some(Consent::AtOnce), is_wish));
            for acts in [Consent::Visitor, Consent::Staff].map(Some) {
                assert_eq!(asks_the_same(0.0, 0.7, acts, is_wish), is_wish);
                assert!(asks_the_same(0.7, 0.0, acts, is_wish));
            }
        }
    }
}
