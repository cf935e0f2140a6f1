//! The score: a logistic of what is counted and of a model's chances. Its weights stand in `weights.toml`, and
//! `frontdesk eval analysis` fits them.

mod reasons;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::analysis::conversation::Conversation;
use crate::analysis::count::{self, Counted};
use crate::analysis::mood;
use crate::analysis::types::Mood;
use crate::language::data;

pub(crate) use reasons::reasons;

/// What a score is made of, in the order of [`Features::values`].
pub const NAMES: [&str; 17] = [
    "commitment",
    "commitment_late",
    "price",
    "amount",
    "wants",
    "reachable",
    "time",
    "done",
    "promise",
    "objections",
    "refusals",
    "asks",
    "length",
    "mood",
    "agrees",
    "interested",
    "refuses",
];

/// A model's chances, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    pub agrees: f64,
    pub interested: f64,
    pub refuses: f64,
}

/// A conversation in numbers, most of them from 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Features {
    pub values: [f64; NAMES.len()],
    /// Whether the last three come from a model.
    pub judged: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Weights {
    pub version: String,
    pub counted: BTreeMap<String, f64>,
    pub with_model: BTreeMap<String, f64>,
}

static WEIGHTS: LazyLock<Weights> = LazyLock::new(|| data::read(include_str!("weights.toml")));

impl Weights {
    /// Those that the program has.
    pub fn own() -> &'static Self {
        &WEIGHTS
    }

    fn table(&self, judged: bool) -> &BTreeMap<String, f64> {
        match judged {
            true => &self.with_model,
            false => &self.counted,
        }
    }

    /// What each feature adds to the logarithm of the odds, in the order of [`NAMES`].
    pub(crate) fn parts(&self, features: &Features) -> [f64; NAMES.len()] {
        let table = self.table(features.judged);
        let mut parts = features.values;
        for (part, name) in parts.iter_mut().zip(NAMES) {
            *part *= table.get(name).copied().unwrap_or_default();
        }
        parts
    }

    fn bias(&self, judged: bool) -> f64 {
        self.table(judged).get("bias").copied().unwrap_or_default()
    }

    /// The chance that something comes of it, 0 to 1.
    pub fn chance(&self, features: &Features) -> f64 {
        logistic(self.logit(features))
    }

    pub(crate) fn logit(&self, features: &Features) -> f64 {
        self.bias(features.judged) + self.parts(features).iter().sum::<f64>()
    }
}

pub(crate) fn logistic(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}

/// A chance as a score from 0 to 100.
pub fn to_score(chance: f64) -> u8 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 to 100"
    )]
    let score = (chance.clamp(0.0, 1.0) * 100.0).round() as u8;
    score
}

/// A conversation in numbers.
pub fn features(conversation: &Conversation, judged: Option<Judged>) -> Features {
    let counted = count::count(conversation);
    let moods = mood::moods_of(conversation, &counted);
    features_of(&counted, &moods, judged)
}

pub(crate) fn features_of(counted: &[Counted], moods: &[Mood], judged: Option<Judged>) -> Features {
    let customer: Vec<&Counted> = counted.iter().filter(|one| one.by_customer).collect();
    let late = customer.len() - customer.len() / 3;
    let share = |holds: &dyn Fn(&Counted) -> bool, most: u32| {
        let times = customer.iter().filter(|one| holds(one)).count();
        f64::from(u32::try_from(times).unwrap_or(u32::MAX).min(most)) / f64::from(most)
    };
    let is_late = customer
        .iter()
        .skip(late.min(customer.len().saturating_sub(2)))
        .any(|one| one.commitment && !one.refusal);
    let words: usize = customer.iter().map(|one| one.words).sum();
    #[expect(clippy::cast_precision_loss, reason = "words of one conversation")]
    let length = ((1.0 + words as f64).ln() / 6.0).min(1.0);
    let yes = |holds: bool| f64::from(u8::from(holds));
    let (agrees, interested, refuses) = judged.map_or((0.0, 0.0, 0.0), |one| {
        (one.agrees, one.interested, one.refuses)
    });
    Features {
        values: [
            share(&|one| one.commitment && !one.refusal, 3),
            yes(is_late),
            share(&|one| one.price, 3),
            share(&|one| one.amount && !one.asks, 1),
            share(&|one| one.wants, 3),
            share(&|one| one.reachable, 1),
            share(&|one| one.time, 2),
            yes(counted.iter().any(|one| one.done && !one.by_customer)),
            share(&|one| one.promise && !one.asks, 2),
            share(&|one| !one.objections.is_empty(), 3),
            share(&|one| one.refusal, 2),
            share(&|one| one.asks, 5),
            length,
            mood::overall(moods) / 2.0,
            agrees,
            interested,
            refuses,
        ],
        judged: judged.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::conversation::Who;

    fn score(turns: &[(Who, &str)], judged: Option<Judged>) -> f64 {
        let conversation = Conversation::of(turns);
        Weights::own().chance(&features(&conversation, judged))
    }

    #[test]
    fn every_weight_has_a_feature_and_the_other_way_round() {
        let weights: Weights = toml::from_str(include_str!("weights.toml")).unwrap();
        for table in [&weights.counted, &weights.with_model] {
            let mut names: Vec<&str> = table.keys().map(String::as_str).collect();
            let mut wanted = NAMES.to_vec();
            wanted.push("bias");
            names.sort_unstable();
            wanted.sort_unstable();
            assert_eq!(names, wanted);
        }
    }

    #[test]
    fn who_books_scores_higher_than_who_asks_and_than_who_declines() {
        let books = score(
            &[
                (Who::Customer, "How much is a room on Friday?"),
                (Who::Staff, "120 euros."),
                (
                    Who::Customer,
                    "Perfect, please book it, my number is +49 30 1234567",
                ),
            ],
            None,
        );
        let asks = score(&[(Who::Customer, "How much is a room on Friday?")], None);
        let declines = score(
            &[
                (Who::Customer, "How much is a room?"),
                (Who::Staff, "120 euros."),
                (Who::Customer, "Too expensive. No thanks, not interested."),
            ],
            None,
        );
        assert!(books > asks && asks > declines, "{books} {asks} {declines}");
        assert!((0.0..=1.0).contains(&books));
    }

    #[test]
    fn a_model_moves_the_score() {
        let said = [(Who::Customer, "I see, let me know.")];
        let judged = |agrees, refuses| Judged {
            agrees,
            interested: 0.5,
            refuses,
        };
        assert!(score(&said, Some(judged(0.9, 0.1))) > score(&said, Some(judged(0.1, 0.9))));
        assert_eq!(
            (to_score(0.0), to_score(1.0), to_score(0.456)),
            (0, 100, 46)
        );
    }
}
