//! What a run did better or worse than another one of the same questions.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::figures::Figures;
use super::grade::{Graded, Outcome};

/// One question that came out differently.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The question's id.
    pub id: String,
    /// What was asked.
    pub question: String,
    /// What a right answer says.
    pub expected: String,
    /// How it came out before.
    pub before: Outcome,
    /// How it came out now.
    pub now: Outcome,
    /// The answer before.
    pub answer_before: String,
    /// The answer now.
    pub answer_now: String,
}

/// A run beside an earlier one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Change of the share of right answers, −1 to 1.
    pub right: f64,
    /// Change of the share of false answers, −1 to 1.
    #[serde(rename = "false")]
    pub wrong: f64,
    /// Change of the share of unanswerable questions that were refused.
    pub refused: f64,
    /// Questions that came out better.
    pub better: Vec<Change>,
    /// Questions that came out worse.
    pub worse: Vec<Change>,
    /// Questions with the same outcome but another answer.
    pub reworded: usize,
    /// Questions that only this run has.
    pub added: usize,
    /// Questions that only the earlier run has.
    pub dropped: usize,
}

impl Comparison {
    /// Compares, question by question.
    pub fn of(before: &[Graded], now: &[Graded]) -> Self {
        let earlier: HashMap<(&str, &str), &Graded> = before
            .iter()
            .map(|g| ((g.id.as_str(), g.question.as_str()), g))
            .collect();
        let mut found = Self::default();
        let (mut both_before, mut both_now) = (Vec::new(), Vec::new());
        for one in now {
            let Some(old) = earlier.get(&(one.id.as_str(), one.question.as_str())) else {
                found.added += 1;
                continue;
            };
            both_before.push((*old).clone());
            both_now.push(one.clone());
            if old.outcome == one.outcome {
                found.reworded += usize::from(old.answer != one.answer);
                continue;
            }
            let change = Change {
                id: one.id.clone(),
                question: one.question.clone(),
                expected: one.expected.clone(),
                before: old.outcome,
                now: one.outcome,
                answer_before: old.answer.clone(),
                answer_now: one.answer.clone(),
            };
            // `Outcome` is ordered from right to false.
            if one.outcome < old.outcome {
                found.better.push(change);
            } else {
                found.worse.push(change);
            }
        }
        found.dropped = before.len() - both_before.len();
        let (old, new) = (Figures::of(&both_before), Figures::of(&both_now));
        let change = |a: Option<f64>, b: Option<f64>| b.unwrap_or(0.0) - a.unwrap_or(0.0);
        found.right = change(old.right.rate(), new.right.rate());
        found.wrong = change(old.wrong.rate(), new.wrong.rate());
        found.refused = change(old.refusal_recall.rate(), new.refusal_recall.rate());
        found
    }

    /// Whether something must be looked at before this goes live: a right answer was lost, or there
    /// is a false one that was none before.
    pub fn is_worse(&self) -> bool {
        self.worse
            .iter()
            .any(|c| c.before == Outcome::Right || c.now == Outcome::False)
    }
}
