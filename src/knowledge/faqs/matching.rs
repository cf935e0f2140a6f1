//! Decides whether a visitor's question is the one that was answered. A wrong match is a false answer, so
//! everything that could make a difference must agree; close vectors alone are not enough.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use unicode_segmentation::UnicodeSegmentation;

use super::asked::{FaqQuestion, Kind};
use super::contrary::contrary;
use crate::language::words::unaccented;
use crate::language::{self, Language};

/// How similar a question and a phrasing must be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FaqThresholds {
    /// Minimum cosine when the content words are the same. (With multilingual-e5-small, in which unrelated
    /// sentences still have 0.75.)
    pub same_words: f32,
    /// The same when the question adds words that the answer mentions: "… to see Dr. Raman", and the answer
    /// names her. Such words pull the vectors apart.
    pub words_of_answer: f32,
    /// Minimum cosine when one content word is missing or added and two others agree.
    pub one_differs: f32,
    /// Minimum cosine when the content words do not matter.
    pub nearly_equal: f32,
    /// Minimum lead in cosine over the next answer's phrasing, unless the words are the same.
    pub margin: f32,
}

impl Default for FaqThresholds {
    fn default() -> Self {
        Self {
            same_words: 0.86,
            words_of_answer: 0.84,
            one_differs: 0.93,
            nearly_equal: 0.965,
            margin: 0.015,
        }
    }
}

/// A phrasing, ready to be compared.
#[derive(Debug, Clone)]
pub(super) struct Prepared {
    pub(super) question: String,
    pub(super) language: Language,
    asked: FaqQuestion,
    /// What phrasing and answer mention.
    known: BTreeSet<String>,
    /// All words of the answer, folded.
    told: BTreeSet<String>,
    pub(super) vector: Option<Vec<f32>>,
    /// The vector of phrasing and answer together.
    answered: Option<Vec<f32>>,
}

impl Prepared {
    /// `vectors` are that of the phrasing, and that of phrasing and answer together.
    pub(super) fn new(question: &str, answer: &str, vectors: Option<(Vec<f32>, Vec<f32>)>) -> Self {
        let (vector, answered) = vectors.unzip();
        let language = language::of_question(question);
        let asked = FaqQuestion::of(question, language);
        let mut known = FaqQuestion::mentions(answer, language);
        known.extend(asked.about.iter().cloned());
        known.extend(asked.exact.iter().cloned());
        Self {
            question: question.to_owned(),
            language,
            asked,
            known,
            told: answer.unicode_words().map(unaccented).collect(),
            vector,
            answered,
        }
    }

    pub(super) fn analyse(&self, question: &str) -> FaqQuestion {
        FaqQuestion::of(question, self.language)
    }
}

/// Weight of common words beside cosines, which range from 0.75 (unrelated) to 0.95 (the same).
const NEAR_WORDS: f32 = 0.1;

/// How similar a question and a phrasing are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Likeness {
    /// `None` when either has no vector.
    pub(super) cosine: Option<f32>,
    /// Share of the content words that both have, 0 to 1.
    pub(super) overlap: f32,
    /// Cosine of the question with phrasing and answer together.
    pub(super) answered: Option<f32>,
    /// How close question and answer are, for ranking only.
    pub(super) near: f32,
    /// It counts as the same question.
    pub(super) same: bool,
    /// The words are the same, so a close rival does not matter.
    pub(super) certain: bool,
    /// It asks the opposite.
    pub(super) contrary: bool,
}

impl Likeness {
    /// For ranking, 0 to 1.
    pub(super) fn score(&self) -> f32 {
        match self.cosine {
            Some(cosine) => (cosine.clamp(0.0, 1.0) + self.overlap) / 2.0,
            None => self.overlap,
        }
    }
}

/// Both must be in the same language.
pub(super) fn compare(
    question: &FaqQuestion,
    vector: Option<&[f32]>,
    phrasing: &Prepared,
    limits: &FaqThresholds,
) -> Likeness {
    let cosine = vector
        .zip(phrasing.vector.as_deref())
        .map(|(a, b)| cosine(a, b));
    let theirs = &phrasing.asked;
    let extra = question
        .about
        .iter()
        .filter(|w| !has(&phrasing.known, w))
        .count();
    let missing = theirs
        .about
        .iter()
        .filter(|w| !has(&question.about, w))
        .count();
    let all = question.about.union(&theirs.about).count();
    let common = theirs.about.len() - missing;
    let overlap = if all == 0 {
        f32::from(u8::from(question.plain == theirs.plain))
    } else {
        common as f32 / (common + missing + extra.max(usize::from(all > common + missing))) as f32
    };
    let equal = question.plain == theirs.plain;
    let contrary = is_contrary(question, phrasing);
    let agree = !contrary
        && question.negated == theirs.negated
        && question.exact.is_subset(&phrasing.known)
        && theirs.exact.is_subset(&question.exact)
        && (theirs.past || !question.past)
        && fits(&question.kinds, &theirs.kinds);
    let needed = match (missing, extra) {
        (0, 0) if common > 0 && common == question.about.len() => limits.same_words,
        (0, 0) if common > 0 => limits.words_of_answer,
        (0, 1) | (1, 0) if common > 1 => limits.one_differs,
        _ => limits.nearly_equal,
    };
    // Without vectors, the same words in the same kind of question must be enough.
    let alike = cosine.map_or(missing + extra == 0 && common > 0, |c| c >= needed);
    let answered = vector
        .zip(phrasing.answered.as_deref())
        .map(|(a, b)| self::cosine(a, b));
    let near = match (cosine, answered) {
        (Some(c), Some(a)) => c + a + NEAR_WORDS * overlap,
        (Some(c), None) => c + overlap,
        _ => overlap,
    };
    Likeness {
        cosine,
        answered,
        near,
        overlap: if equal { 1.0 } else { overlap },
        same: equal || (agree && alike),
        certain: equal || (missing + extra == 0 && common > 0),
        contrary,
    }
}

/// Whether a question asks the opposite of a phrasing: by a word, or by a "not", unless it is a yes-or-no
/// question. ("Do I need an appointment?" answers "Can I come without an appointment?".)
fn is_contrary(question: &FaqQuestion, phrasing: &Prepared) -> bool {
    let theirs = &phrasing.asked;
    let whether = |asked: &FaqQuestion| asked.kinds.contains(&Kind::Whether);
    let is_denied = question.negated != theirs.negated && !whether(question) && !whether(theirs);
    is_denied || contrary(&question.plain, &theirs.plain, &phrasing.told)
}

/// Whether an answer to one kind of question answers the other kind.
fn fits(asked: &BTreeSet<Kind>, answered: &BTreeSet<Kind>) -> bool {
    asked.iter().all(|kind| {
        answered.contains(kind)
            || match kind {
                Kind::Whether => [Kind::What, Kind::How].iter().any(|k| answered.contains(k)),
                Kind::What => answered.contains(&Kind::Whether),
                _ => false,
            }
    })
}

/// Whether `words` contains a word, give or take a typo.
fn has(words: &BTreeSet<String>, word: &str) -> bool {
    words.contains(word)
        || (word.chars().count() >= 5
            && words
                .iter()
                .any(|w| w.chars().count() >= 5 && strsim::osa_distance(w, word) == 1))
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    // Vectors of embedders have length 1.
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

#[cfg(test)]
#[path = "matching_tests.rs"]
mod tests;
