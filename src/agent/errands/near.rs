//! Which tools a question may be one for: by common words, and by meaning where there is an encoder.

use std::collections::HashSet;

use crate::agent::climb::Climb;
use crate::agent::decline::cosine;
use crate::knowledge::content_words;
use crate::store::tools::Tool;
use crate::tools::{Consent, InTalk};

/// Share of the words of question and example together that both have, from which on they ask the same.
const SAME_WORDS: f32 = 0.6;
/// The same as a cosine. With multilingual-e5-small, unrelated sentences have 0.75, and the same question in other words
/// more than 0.86.
const SAME_MEANING: f32 = 0.88;
/// The same for a tool that acts, as for a phrase that begins a workflow: "where is my order?" is no wish to cancel it.
const SAME_WISH: f32 = 0.92;
/// From this cosine on a model is asked whether the question is one for the tool; a common word is enough, too.
const LIKE: f32 = 0.82;

/// A tool that a question may be one for.
pub(super) struct Near {
    pub(super) tool: Tool,
    /// Whether the question is like one of its examples.
    pub(super) is_close: bool,
    score: f32,
}

/// The tools that the question may be one for, best first.
pub(super) async fn rank(tools: Vec<Tool>, climb: &Climb<'_>, question: &str) -> Vec<Near> {
    let words = words_of(question);
    let search = climb.knowledge.search();
    let vector = search.question_vector(question, climb.claim).await;
    let mut near = Vec::new();
    for tool in tools {
        let Some(talk) = InTalk::of(&tool) else {
            continue;
        };
        let (mut same, mut like, mut common) = (0.0_f32, 0.0_f32, false);
        for (text, tells) in texts_of(&tool, &talk) {
            let own = words_of(text);
            common |= own.iter().any(|word| words.contains(word));
            if !tells {
                continue;
            }
            same = same.max(overlap(&words, &own));
            if let Some(asked) = &vector
                && let Some(known) = climb.examples.get(text, climb.knowledge, climb.claim).await
            {
                like = like.max(cosine(asked, &known));
            }
        }
        let is_close = asks_the_same(same, like, Consent::of(&tool));
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

/// Whether a question is like an example, by the words that both have and by their meaning.
fn asks_the_same(words: f32, meaning: f32, consent: Option<Consent>) -> bool {
    let enough = match consent {
        Some(Consent::AtOnce) => SAME_MEANING,
        _ => SAME_WISH,
    };
    words >= SAME_WORDS || meaning >= enough
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
    fn what_acts_needs_more_likeness_than_what_reads() {
        let at_once = Some(Consent::AtOnce);
        assert!(asks_the_same(0.0, 0.9, at_once));
        for acts in [Consent::Visitor, Consent::Staff].map(Some) {
            assert!(!asks_the_same(0.0, 0.9, acts));
            assert!(asks_the_same(0.0, 0.93, acts) && asks_the_same(0.7, 0.0, acts));
        }
    }
}
