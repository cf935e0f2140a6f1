//! Decides about the best place: answer, show as related, or refuse.
//!
//! The decision needs one probability: that the place answers the question. A logistic regression
//! computes it from the reader's margin and a few things that the reader does not see.

use serde::Serialize;

/// Inputs of the probability.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(crate) struct Features {
    /// How much likelier the reader finds these words than "no answer here", in logits; `None` without
    /// a reader.
    pub(crate) margin: Option<f32>,
    /// The margin when the reader sees only the line or sentences with these words; `None` if it was not asked.
    pub(crate) alone: Option<f32>,
    /// Length of the words that the reader marked, in characters.
    pub(crate) marked: usize,
    /// How far `margin` is above the next place's.
    pub(crate) gap: f32,
    /// Share of the question's known words, weighted by rarity, in the quotation, 0 to 1.
    pub(crate) quoted: f32,
    /// The same share over quotation, headings and title together.
    pub(crate) coverage: f32,
    /// Share of the question's words found in no document, 0 to 1.
    pub(crate) unknown: f32,
    /// Whether the rarest known word is in the quotation, its headings or its title.
    pub(crate) rarest: bool,
    /// Whether the question contains figures, and neither the quotation nor its headings contain any of them.
    pub(crate) lacks_figures: bool,
    /// Cosine similarity of question and passage, −1 to 1.
    pub(crate) cosine: f32,
    /// Rank of the passage in the search results, from 0.
    pub(crate) rank: usize,
    /// Whether it is a table row that holds every word of the question, and the only such row.
    pub(crate) named_alone: bool,
    /// Whether it is a table row, and another candidate row holds the same words of the question and more.
    pub(crate) outdone: bool,
    /// Whether the owner approved the text.
    pub(crate) approved: bool,
    /// Number of words in the question.
    pub(crate) words: usize,
    /// Whether the documents are not in English, the main language of the reader's training.
    pub(crate) foreign: bool,
    /// Whether the reader's margins have no calibration: then they alone make the probability.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) uncalibrated: bool,
    /// The language model's log-odds that the place answers, in nats; `None` if it was not asked.
    pub(crate) judged: Option<f32>,
}

/// Weights of the logistic regression over [`Features`].
#[derive(Debug, Clone, Copy, PartialEq)]
struct Weights {
    margin: f32,
    alone: f32,
    marked: f32,
    gap: f32,
    quoted: f32,
    coverage: f32,
    unknown: f32,
    rarest: f32,
    lacks_figures: f32,
    cosine: f32,
    first: f32,
    words: f32,
    foreign: f32,
    bias: f32,
}

/// For places in documents, fitted for the reader that comes with Frontdesk; `models/reader/README.md` describes
/// how.
const DOCUMENTS: Weights = Weights {
    margin: 0.123,
    alone: 0.146,
    marked: 0.085,
    gap: 0.183,
    quoted: -0.529,
    coverage: 0.355,
    unknown: 0.141,
    rarest: 0.425,
    lacks_figures: 0.073,
    cosine: 0.184,
    first: 1.598,
    words: 0.109,
    foreign: -0.086,
    bias: -2.694,
};

/// For approved answers.
const APPROVED: Weights = Weights {
    margin: 0.114,
    alone: 0.121,
    marked: 0.39,
    gap: 0.203,
    quoted: 0.625,
    coverage: -0.655,
    unknown: 1.633,
    rarest: -0.697,
    lacks_figures: -0.356,
    cosine: 0.719,
    first: 1.788,
    words: -0.063,
    foreign: -0.42,
    bias: -4.949,
};

/// Replaces `alone` for places that the reader did not read a second time.
const NOT_READ_AGAIN: f32 = -6.0;

/// Lowest probability of a row that alone holds every word of the question, if the reader finds an answer in it both
/// in context and by itself.
const NAMED_ALONE: f32 = 0.9;

/// Highest probability of a row when the question asks for another.
const OUTDONE: f32 = 0.02;

/// Most cosines of the embedder lie between 0.8 and 0.9: centre them, and spread them out.
const USUAL_COSINE: f32 = 0.85;
const COSINE_SCALE: f32 = 20.0;

/// For a reader without a calibration, by the lesser of its two margins: nothing below 0, where it itself finds no answer,
/// is related, and nothing reaches the threshold for answers that applies before the owner chooses one. No more than an
/// order: nothing was fitted.
const UNCALIBRATED: f32 = 0.1;
const UNCALIBRATED_BIAS: f32 = -1.5;

/// Bias without a reader, when only words and cosine count.
const BLIND: f32 = -3.8;

impl Features {
    /// The probability that the place answers, 0 to 1.
    pub(crate) fn probability(&self) -> f32 {
        let w = if self.approved { APPROVED } else { DOCUMENTS };
        let flag = |on: bool, weight: f32| if on { weight } else { 0.0 };
        let first = 1.0 / (1.0 + self.rank as f32);
        let sum = match self.margin {
            Some(margin) if self.uncalibrated => {
                let surest = self.alone.map_or(margin, |alone| margin.min(alone));
                UNCALIBRATED * surest.clamp(-30.0, 30.0) + UNCALIBRATED_BIAS
            }
            Some(margin) => {
                // Clamped, so that no extreme input decides alone.
                w.margin * margin.clamp(-15.0, 15.0)
                    + w.alone * self.alone.unwrap_or(NOT_READ_AGAIN).clamp(-15.0, 15.0)
                    + w.marked * (self.marked.clamp(1, 300) as f32).ln()
                    + w.gap * self.gap.clamp(-10.0, 10.0)
                    + w.quoted * self.quoted
                    + w.coverage * self.coverage
                    + w.unknown * self.unknown
                    + flag(self.rarest, w.rarest)
                    + flag(self.lacks_figures, w.lacks_figures)
                    + w.cosine * ((self.cosine - USUAL_COSINE) * COSINE_SCALE).clamp(-2.0, 2.0)
                    + w.first * first
                    + w.words * (self.words.clamp(1, 60) as f32).ln()
                    + flag(self.foreign, w.foreign)
                    + w.bias
            }
            None => {
                BLIND
                    + 2.4 * self.quoted
                    + self.cosine
                    + 0.15 * self.coverage
                    + flag(self.rarest, 0.3)
                    + 0.94 * first
            }
        };
        let probability = 1.0 / (1.0 + (-sum).exp());
        if self.outdone {
            return probability.min(OUTDONE);
        }
        let found = |margin: Option<f32>| margin.is_some_and(|margin| margin > 0.0);
        if self.named_alone && !self.uncalibrated && found(self.margin) && found(self.alone) {
            return probability.max(NAMED_ALONE);
        }
        probability
    }
}

/// What the reading rung does with the best place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// It answers.
    Answer,
    /// It is shown as what comes closest.
    Related,
    /// It is not shown.
    Refuse,
}

/// The lowest probabilities for two of the decisions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Thresholds {
    /// `None`: nothing is an answer.
    pub(crate) answer: Option<f32>,
    pub(crate) related: f32,
}

pub(crate) fn decide(probability: f32, thresholds: Thresholds) -> Decision {
    if thresholds.answer.is_some_and(|least| probability >= least) {
        Decision::Answer
    } else if probability >= thresholds.related {
        Decision::Related
    } else {
        Decision::Refuse
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::settings::AnswerSettings;

    #[test]
    fn better_features_are_likelier() {
        let weak = Features {
            margin: Some(-5.0),
            alone: Some(-6.0),
            rank: 4,
            lacks_figures: true,
            ..Features::default()
        };
        let strong = Features {
            margin: Some(8.0),
            alone: Some(8.0),
            gap: 4.0,
            quoted: 1.0,
            coverage: 1.0,
            rarest: true,
            ..Features::default()
        };
        assert!(strong.probability() > 0.8);
        assert!(weak.probability() < 0.1);
        let row = Features {
            margin: Some(0.5),
            alone: Some(0.5),
            named_alone: true,
            ..weak
        };
        assert!(row.probability() >= NAMED_ALONE);
        let outdone = Features {
            outdone: true,
            ..strong
        };
        assert!(outdone.probability() <= OUTDONE);
        for unsure in [Some(-0.5), None] {
            let unsure = Features {
                alone: unsure,
                ..row
            };
            assert!(unsure.probability() < 0.5);
        }
        let blind = Features {
            margin: None,
            ..strong
        };
        assert!(blind.probability() < strong.probability());
    }

    #[test]
    fn without_a_calibration_the_lesser_margin_counts_and_nothing_is_an_answer_by_default() {
        let settings = AnswerSettings::default();
        let of = |margin, alone| {
            let features = Features {
                margin: Some(margin),
                alone,
                uncalibrated: true,
                quoted: 1.0,
                coverage: 1.0,
                rarest: true,
                named_alone: true,
                ..Features::default()
            };
            features.probability()
        };
        assert!(of(30.0, Some(30.0)) < settings.read_threshold);
        assert!(of(0.0, Some(0.0)) >= settings.related_threshold);
        for (margin, alone) in [(-0.3, Some(9.0)), (9.0, Some(-0.3)), (-0.3, None)] {
            assert!(of(margin, alone) < settings.related_threshold);
        }
        assert!(of(9.0, Some(5.0)) > of(9.0, Some(4.0)));
    }

    #[test]
    fn the_owners_thresholds_decide() {
        for (probability, answer, expected) in [
            (0.9, Some(0.7), Decision::Answer),
            (0.7, Some(0.7), Decision::Answer),
            (0.5, Some(0.7), Decision::Related),
            (0.1, Some(0.7), Decision::Refuse),
            (1.0, None, Decision::Related),
        ] {
            let thresholds = Thresholds {
                answer,
                related: 0.2,
            };
            assert_eq!(decide(probability, thresholds), expected);
        }
    }
}
