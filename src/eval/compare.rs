//! Compares a run with an earlier one of the same questions.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::figures::Figures;
use super::grade::{Graded, Outcome};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    pub id: String,
    pub question: String,
    /// What a right answer says, for people.
    pub expected: String,
    pub before: Outcome,
    pub now: Outcome,
    pub answer_before: String,
    pub answer_now: String,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Change in the share of right answers, −1 to 1.
    pub right: f64,
    /// Change in the share of false answers, −1 to 1.
    #[serde(rename = "false")]
    pub wrong: f64,
    /// Change in the share of unanswerable questions that were refused, −1 to 1.
    pub refused: f64,
    pub better: Vec<Change>,
    pub worse: Vec<Change>,
    /// How many questions have the same outcome in different words.
    pub reworded: usize,
    /// How many questions only this run has.
    pub added: usize,
    /// How many questions only the earlier run has.
    pub dropped: usize,
}

impl Comparison {
    /// Matches questions by id and text. Rates are compared over the questions that both runs have.
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

    /// Whether somebody must look before this goes live: a right answer was lost, or an answer
    /// became false.
    pub fn is_worse(&self) -> bool {
        self.worse
            .iter()
            .any(|c| c.before == Outcome::Right || c.now == Outcome::False)
    }
}
