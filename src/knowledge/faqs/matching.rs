//! Whether a visitor's question is the one that was answered. A wrong match is a false answer, so
//! everything that could make a difference must agree; near vectors alone are not enough.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use unicode_segmentation::UnicodeSegmentation;

use super::asked::{Asked, Kind};
use super::contrary::contrary;
use crate::language::words::unaccented;
use crate::language::{self, Language};

/// How alike a question and a phrasing must be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FaqThresholds {
    /// Cosine from which a phrasing with the same content words is taken. (Of multilingual-e5-small, in
    /// which sentences that have nothing in common still have 0.75.)
    pub same_words: f32,
    /// The same when the question adds words, all of which the answer speaks of: "… to see Dr.
    /// Raman", and the answer names her. Such words draw the vectors apart.
    pub words_of_answer: f32,
    /// Cosine from which one content word may be missing or added, if two others agree.
    pub one_differs: f32,
    /// Cosine from which content words do not matter.
    pub nearly_equal: f32,
    /// How much better than the next answer's phrasing it must be, in cosine, if words differ.
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
    asked: Asked,
    /// What phrasing and answer speak of.
    known: BTreeSet<String>,
    /// All words of the answer, folded.
    told: BTreeSet<String>,
    pub(super) vector: Option<Vec<f32>>,
    /// The vector of phrasing and answer together.
    answered: Option<Vec<f32>>,
}

impl Prepared {
    /// `vectors` are the phrasing's, and that of phrasing and answer together.
    pub(super) fn new(question: &str, answer: &str, vectors: Option<(Vec<f32>, Vec<f32>)>) -> Self {
        let (vector, answered) = vectors.unzip();
        let language = language::of_question(question);
        let asked = Asked::of(question, language);
        let mut known = Asked::mentions(answer, language);
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

    pub(super) fn asked(&self, question: &str) -> Asked {
        Asked::of(question, self.language)
    }
}

/// What common words count beside the cosines, of which those of strangers are 0.75 and of the same 0.95.
const NEAR_WORDS: f32 = 0.1;

/// How alike a question and a phrasing are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Likeness {
    /// Cosine of their vectors, if both have one.
    pub(super) cosine: Option<f32>,
    /// Share of the content words of both that they have in common, 0 to 1.
    pub(super) overlap: f32,
    /// Cosine of the question, and phrasing and answer together.
    pub(super) answered: Option<f32>,
    /// How near question and answer are to it; to rank by.
    pub(super) near: f32,
    /// Whether it is taken for the same question.
    pub(super) same: bool,
    /// Whether the words are the same, so that a near rival does not matter.
    pub(super) certain: bool,
    /// Whether it asks for the contrary.
    pub(super) contrary: bool,
}

impl Likeness {
    /// For ranking: 0 to 1.
    pub(super) fn score(&self) -> f32 {
        match self.cosine {
            Some(cosine) => (cosine.clamp(0.0, 1.0) + self.overlap) / 2.0,
            None => self.overlap,
        }
    }
}

/// Compares a question with a phrasing of the same language.
pub(super) fn compare(
    question: &Asked,
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
    // Without vectors the same words in the same kind of question have to do.
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

/// Whether a question asks for the contrary of a phrasing: by a word, or by a "not" where more is asked than yes or no.
/// ("Can I come without an appointment?" is answered by "Do I need an appointment?".)
fn is_contrary(question: &Asked, phrasing: &Prepared) -> bool {
    let theirs = &phrasing.asked;
    let whether = |asked: &Asked| asked.kinds.contains(&Kind::Whether);
    let is_denied = question.negated != theirs.negated && !whether(question) && !whether(theirs);
    is_denied || contrary(&question.plain, &theirs.plain, &phrasing.told)
}

/// Whether an answer to one kind of question answers the other.
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

/// Whether a word is among others, give or take a slip of the fingers.
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
