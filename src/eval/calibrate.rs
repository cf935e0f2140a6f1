//! Choosing the thresholds of the answer ladder from data.
//!
//! A rung that can tell how sure it is writes its score and what it would have said into the
//! receipt's checks (`considered`), also when it passes on. With the golden questions, each such text
//! is right or false, so any set of thresholds can be tried without asking again: the first
//! candidate at or above its rung's threshold answers, and if there is none, the question is refused.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::golden::Case;
use super::grade::{self, Graded, Outcome};
use super::run::Asked;
use crate::agent::{Answer, Rung, Timings, Tokens};

/// Folds of the cross-validation.
const FOLDS: usize = 5;
/// Values that are tried for each rung in the first pass.
const GRID: usize = 24;
/// Points of a curve.
const POINTS: usize = 20;
/// Above every score, also above those of models that do not end at 1: the rung never answers.
const NEVER: f64 = 1e9;

/// What a rung would have said.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// The rung.
    pub rung: String,
    /// How sure it was; larger is surer.
    pub score: f64,
    /// How its text would have come out.
    pub outcome: Outcome,
}

/// A question with the candidates of the ladder, in its order.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// How it comes out when every candidate is passed over.
    pub otherwise: Outcome,
    /// The candidates.
    pub candidates: Vec<Candidate>,
}

/// Right and false answers of a set of questions, as shares of all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    /// Right ones: answered rightly, or rightly refused.
    pub right: f64,
    /// False ones.
    #[serde(rename = "false")]
    pub wrong: f64,
}

/// A point of a curve.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    /// The threshold.
    pub threshold: f64,
    /// What comes of it, with the other thresholds as chosen.
    #[serde(flatten)]
    pub rates: Rates,
}

/// Chosen thresholds, and what they are worth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Questions that were used.
    pub questions: usize,
    /// The share of false answers that was allowed.
    pub target: f64,
    /// The threshold of each rung that has scores; 1e9: it never answers.
    pub thresholds: BTreeMap<String, f64>,
    /// On the questions that the thresholds were chosen with.
    pub fitted: Rates,
    /// On questions that they were not chosen with (5-fold cross-validation): what to expect.
    pub held_out: Rates,
    /// For each rung, what other thresholds would bring.
    pub curves: BTreeMap<String, Vec<Point>>,
}

/// What the receipt of a question says about the candidates. A text that a rung considered is judged
/// as if it had been the answer.
pub fn sample(case: &Case, graded: &Graded) -> Sample {
    let considered = graded.checks.get("considered").and_then(Value::as_array);
    let mut candidates: Vec<Candidate> = considered
        .into_iter()
        .flatten()
        .filter_map(|one| {
            let rung = one.get("rung")?.as_str()?;
            let text = one.get("text").and_then(Value::as_str).unwrap_or_default();
            // Without a reader its rung only proposes, and the model judges.
            let unread = rung == Rung::Read.as_str()
                && one.get("features").is_some_and(|f| f["margin"].is_null());
            if unread {
                return None;
            }
            Some(Candidate {
                rung: rung.to_owned(),
                score: one.get("score")?.as_f64()?,
                outcome: judged(case, rung, text),
            })
        })
        .collect();
    let mut otherwise = judged(case, Rung::Refusal.as_str(), "");
    match graded.rung.map(Rung::as_str) {
        Some("refusal") => otherwise = graded.outcome,
        // An approved answer that the reader found: given whole, and as sure as what was considered.
        Some("faq") if graded.checks.get("phrasing").is_none() && !candidates.is_empty() => {
            if let Some(read) = candidates
                .iter_mut()
                .find(|c| c.rung == Rung::Read.as_str())
            {
                read.outcome = graded.outcome;
            }
        }
        // A rung that answered without writing down what it considered.
        Some(rung) if !candidates.iter().any(|c| c.rung == rung) => {
            let score = graded.checks.get(rung).and_then(|c| c.get("score"));
            match score.and_then(Value::as_f64) {
                Some(score) => candidates.push(Candidate {
                    rung: rung.to_owned(),
                    score,
                    outcome: graded.outcome,
                }),
                // One without a score always answers.
                None => otherwise = graded.outcome,
            }
        }
        _ => {}
    }
    Sample {
        otherwise,
        candidates,
    }
}

fn judged(case: &Case, rung: &str, text: &str) -> Outcome {
    let rung = match rung {
        "faq" => Rung::Faq,
        "fact" => Rung::Fact,
        "read" | "extract" => Rung::Read,
        "related" => Rung::Related,
        "talk" => Rung::Talk,
        "refusal" => Rung::Refusal,
        _ => Rung::Model,
    };
    let answer = Answer {
        answer: text.to_owned(),
        rung,
        citations: Vec::new(),
        receipt: None,
        timings_ms: Timings::default(),
        tokens: Tokens::default(),
        handoff: rung == Rung::Refusal,
        interrupted: false,
    };
    let asked = Asked {
        answer,
        found: Vec::new(),
        checks: Value::Null,
    };
    grade::grade(case, &asked).outcome
}

pub(super) type Thresholds = BTreeMap<String, f64>;

/// Chooses thresholds with as many right answers as possible while at most the share `target` of
/// all answers is false. `None` when no rung left a score.
pub fn calibrate(samples: &[Sample], target: f64) -> Option<Calibration> {
    let all: Vec<&Sample> = samples.iter().collect();
    let thresholds = choose(&all, target);
    if thresholds.is_empty() {
        return None;
    }
    let mut held_out = (0usize, 0usize);
    for fold in 0..FOLDS {
        let part = |inside: bool| -> Vec<&Sample> {
            let of = all.iter().enumerate();
            of.filter(|(i, _)| (i % FOLDS == fold) == inside)
                .map(|(_, s)| *s)
                .collect()
        };
        let (right, wrong) = count(&part(true), &choose(&part(false), target));
        held_out = (held_out.0 + right, held_out.1 + wrong);
    }
    let curves = thresholds
        .keys()
        .map(|rung| (rung.clone(), curve(&all, &thresholds, rung)))
        .collect();
    let fitted = rates(count(&all, &thresholds), all.len());
    Some(Calibration {
        questions: samples.len(),
        target,
        thresholds,
        fitted,
        held_out: rates(held_out, samples.len()),
        curves,
    })
}

#[expect(clippy::cast_precision_loss, reason = "counts of questions")]
fn rates((right, wrong): (usize, usize), of: usize) -> Rates {
    let of = of.max(1) as f64;
    Rates {
        right: right as f64 / of,
        wrong: wrong as f64 / of,
    }
}

/// How a question comes out with these thresholds. A rung without one never answers.
pub(super) fn outcome(sample: &Sample, thresholds: &Thresholds) -> Outcome {
    let sure = |c: &&Candidate| thresholds.get(&c.rung).is_some_and(|t| c.score >= *t);
    sample
        .candidates
        .iter()
        .find(sure)
        .map_or(sample.otherwise, |c| c.outcome)
}

fn count(samples: &[&Sample], thresholds: &Thresholds) -> (usize, usize) {
    samples.iter().fold((0, 0), |(right, wrong), sample| {
        match outcome(sample, thresholds) {
            Outcome::Right => (right + 1, wrong),
            Outcome::False => (right, wrong + 1),
            Outcome::Missed => (right, wrong),
        }
    })
}

/// Thresholds worth trying for a rung, highest first: between neighbouring scores, so that a score
/// that is a little different in another run falls on the same side.
pub(super) fn values(samples: &[&Sample], rung: &str) -> Vec<f64> {
    let mut scores: Vec<f64> = samples
        .iter()
        .flat_map(|s| &s.candidates)
        .filter(|c| c.rung == rung)
        .map(|c| c.score)
        .collect();
    scores.sort_by(|a, b| b.total_cmp(a));
    scores.dedup();
    let mut values = vec![NEVER];
    for (i, score) in scores.iter().enumerate() {
        let next = scores.get(i + 1);
        values.push(next.map_or(*score, |next| f64::midpoint(*score, *next)));
    }
    values
}

/// An even choice of at most `most` of the values, with both ends.
pub(super) fn thinned(values: &[f64], most: usize) -> Vec<f64> {
    if values.len() <= most {
        return values.to_vec();
    }
    let step = |i: usize| values.get(i * (values.len() - 1) / (most - 1)).copied();
    (0..most).filter_map(step).collect()
}

fn choose(samples: &[&Sample], target: f64) -> Thresholds {
    let mut rungs: Vec<String> = Vec::new();
    for candidate in samples.iter().flat_map(|s| &s.candidates) {
        if !rungs.contains(&candidate.rung) {
            rungs.push(candidate.rung.clone());
        }
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a count of questions"
    )]
    let allowed = (target * samples.len() as f64).floor() as usize;
    let mut best: Thresholds = rungs.iter().map(|r| (r.clone(), NEVER)).collect();
    // Rung by rung from a coarse grid, then each again over all values until nothing improves.
    // Raising a threshold lets later rungs speak, so one pass is not enough.
    let all: BTreeMap<&str, Vec<f64>> = rungs
        .iter()
        .map(|r| (r.as_str(), values(samples, r)))
        .collect();
    for most in [GRID, GRID, usize::MAX, usize::MAX] {
        for rung in &rungs {
            for value in thinned(all.get(rung.as_str()).map_or(&[], Vec::as_slice), most) {
                let mut tried = best.clone();
                tried.insert(rung.clone(), value);
                if is_better(count(samples, &tried), count(samples, &best), allowed) {
                    best = tried;
                }
            }
        }
    }
    best
}

/// More right ones within what is allowed; of equals the one with fewer false ones. While more is
/// false than allowed, fewer false ones come first.
fn is_better(new: (usize, usize), old: (usize, usize), allowed: usize) -> bool {
    let over = |wrong: usize| wrong.saturating_sub(allowed);
    let key = |(right, wrong): (usize, usize)| (over(wrong), usize::MAX - right, wrong);
    key(new) < key(old)
}

fn curve(samples: &[&Sample], chosen: &Thresholds, rung: &str) -> Vec<Point> {
    thinned(&values(samples, rung), POINTS)
        .into_iter()
        .map(|threshold| {
            let mut tried = chosen.clone();
            tried.insert(rung.to_owned(), threshold);
            Point {
                threshold,
                rates: rates(count(samples, &tried), samples.len()),
            }
        })
        .collect()
}

/// Puts a calibration into the section `answers` of a workspace's settings: the threshold of each
/// rung as `<rung>_threshold`, when it was made, from how many questions, and the false answers to
/// expect. What else the section holds stays.
pub fn into_section(section: &mut serde_json::Map<String, Value>, made: &Calibration, at: &str) {
    for (rung, threshold) in &made.thresholds {
        section.insert(format!("{rung}_threshold"), (*threshold).into());
    }
    section.insert("calibrated_at".into(), at.into());
    section.insert("questions".into(), made.questions.into());
    section.insert("false_rate".into(), made.held_out.wrong.into());
    section.insert("right_rate".into(), made.held_out.right.into());
}
