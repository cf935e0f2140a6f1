//! How likely a place answers the question.

use serde::Serialize;

/// What the score of a place is made of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(in crate::agent) struct Features {
    /// The cross-encoder's logit, about −11 to 11; `None` without that model.
    pub(in crate::agent) logit: Option<f32>,
    /// Share of the question's known words (weighted by how rare they are) in the quotation, 0 to 1.
    pub(in crate::agent) quoted: f32,
    /// The same for quotation, headings and title together.
    pub(in crate::agent) coverage: f32,
    /// Share of the question's words that stand nowhere in the documents, 0 to 1.
    pub(in crate::agent) unknown: f32,
    /// Whether the most telling known word stands in the quotation, its headings or its title.
    pub(in crate::agent) rarest: bool,
    /// Whether the quotation lacks the kind of thing that is asked for: a price, a time.
    pub(in crate::agent) lacks: bool,
    /// Cosine of question and passage, −1 to 1.
    pub(in crate::agent) cosine: f32,
    /// Place of the passage in the search, from 0.
    pub(in crate::agent) rank: usize,
    /// The language model's log-odds that it answers, in nats; `None` when it was not asked.
    pub(in crate::agent) judged: Option<f32>,
}

/// Weights of a logistic regression over [`Features`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::agent) struct Weights {
    logit: f32,
    quoted: f32,
    coverage: f32,
    rarest: f32,
    lacks: f32,
    first: f32,
    bias: f32,
    /// Bias without a cross-encoder: words and cosine alone are less sure.
    blind: f32,
}

impl Default for Weights {
    /// Fitted to about 300 English questions over a dental practice, a help centre and an encyclopedia,
    /// every candidate place being right when it holds the expected words.
    fn default() -> Self {
        Self {
            logit: 0.206,
            quoted: 0.44,
            coverage: 0.15,
            rarest: 0.3,
            lacks: -0.49,
            first: 0.94,
            bias: -2.16,
            blind: -3.8,
        }
    }
}

impl Weights {
    /// The probability, 0 to 1.
    pub(in crate::agent) fn probability(&self, features: &Features) -> f32 {
        let read = match features.logit {
            Some(logit) => self.logit * logit.clamp(-11.0, 11.0) + self.bias,
            None => self.blind + 2.0 * features.quoted + features.cosine,
        };
        let flag = |on: bool, weight: f32| if on { weight } else { 0.0 };
        let sum = read
            + self.quoted * features.quoted
            + self.coverage * features.coverage
            + flag(features.rarest, self.rarest)
            + flag(features.lacks, self.lacks)
            + self.first / (1.0 + features.rank as f32);
        1.0 / (1.0 + (-sum).exp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn better_features_score_higher() {
        let weak = Features {
            logit: Some(-5.0),
            lacks: true,
            rank: 4,
            ..Features::default()
        };
        let strong = Features {
            logit: Some(6.0),
            quoted: 1.0,
            coverage: 1.0,
            rarest: true,
            cosine: 0.7,
            ..Features::default()
        };
        let weights = Weights::default();
        assert!(weights.probability(&strong) > 0.6);
        assert!(weights.probability(&weak) < 0.1);
        let blind = Features {
            logit: None,
            ..strong
        };
        assert!(weights.probability(&blind) < weights.probability(&strong));
    }
}
