//! Choosing the thresholds of the answer ladder from data.
//!
//! A rung that can tell how sure it is writes its score and the text it would give into the
//! receipt's checks (`considered`), even when it passes. The golden questions say which of these texts
//! are right, so we can try any set of thresholds without asking again: the first candidate at or
//! above its rung's threshold answers, and if there is none, the question is refused.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::golden::Case;
use super::grade::{self, Graded, Outcome};
use super::run::AskedCase;
use crate::agent::{Answer, Rung, Timings, Tokens};

const FOLDS: usize = 5;
/// Values tried for each rung in the first pass.
const GRID: usize = 24;
/// Points on each curve.
const POINTS: usize = 20;
/// Higher than any score, even of models whose scores exceed 1: the rung never answers.
const NEVER: f64 = 1e9;

/// What a rung would have answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    pub rung: String,
    /// How sure the rung was; larger is surer.
    pub score: f64,
    pub outcome: Outcome,
}

/// A question with the candidates of the ladder, in its order.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The outcome when no candidate reaches its threshold.
    pub otherwise: Outcome,
    pub candidates: Vec<Candidate>,
}

/// Right and false answers to a set of questions, as shares of all questions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Rates {
    /// Answered correctly, or rightly refused.
    pub right: f64,
    #[serde(rename = "false")]
    pub wrong: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Point {
    pub threshold: f64,
    /// With the other thresholds as chosen.
    #[serde(flatten)]
    pub rates: Rates,
}

/// The chosen thresholds and the rates they lead to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    pub questions: usize,
    /// The share of false answers allowed, 0 to 1.
    pub target: f64,
    /// By rung, for rungs that have scores; 1e9 means that the rung never answers.
    pub thresholds: BTreeMap<String, f64>,
    /// On the questions used to choose the thresholds.
    pub fitted: Rates,
    /// On questions left out of the choice (5-fold cross-validation): what to expect in practice.
    pub held_out: Rates,
    /// What other thresholds would bring, by rung.
    pub curves: BTreeMap<String, Vec<Point>>,
}

/// Reads the candidates from a question's receipt and grades each text that a rung considered
/// as if it had been the answer.
pub fn sample(case: &Case, graded: &Graded) -> Sample {
    let considered = graded.checks.get("considered").and_then(Value::as_array);
    let mut candidates: Vec<Candidate> = considered
        .into_iter()
        .flatten()
        .filter_map(|one| {
            let rung = one.get("rung")?.as_str()?;
            let text = one.get("text").and_then(Value::as_str).unwrap_or_default();
            // Without a reader (no margin) this rung only proposes and the model decides, so its score says nothing.
            let unread = rung == Rung::Read.as_str()
                && one.get("features").is_some_and(|f| f["margin"].is_null());
            if unread {
                return None;
            }
            Some(Candidate {
                rung: rung.to_owned(),
                score: one.get("score")?.as_f64()?,
                outcome: judge(case, rung, text),
            })
        })
        .collect();
    let mut otherwise = judge(case, Rung::Refusal.as_str(), "");
    match graded.rung.map(Rung::as_str) {
        Some("refusal") => otherwise = graded.outcome,
        // The reader found an approved answer: it was given whole, and the candidate's score stands for it.
        Some("faq") if graded.checks.get("phrasing").is_none() && !candidates.is_empty() => {
            if let Some(read) = candidates
                .iter_mut()
                .find(|c| c.rung == Rung::Read.as_str())
            {
                read.outcome = graded.outcome;
            }
        }
        // The rung answered without recording what it considered.
        Some(rung) if !candidates.iter().any(|c| c.rung == rung) => {
            let score = graded.checks.get(rung).and_then(|c| c.get("score"));
            match score.and_then(Value::as_f64) {
                Some(score) => candidates.push(Candidate {
                    rung: rung.to_owned(),
                    score,
                    outcome: graded.outcome,
                }),
                // A rung without a score always answers.
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

fn judge(case: &Case, rung: &str, text: &str) -> Outcome {
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
        provider: None,
        options: Vec::new(),
        stored: None,
    };
    let asked = AskedCase {
        answer,
        found: Vec::new(),
        checks: Value::Null,
    };
    grade::grade(case, &asked).outcome
}

pub(super) type Thresholds = BTreeMap<String, f64>;

/// Chooses the thresholds that give the most right answers while at most the share `target` of
/// all questions is answered falsely. `None` when no rung left a score.
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
        .map(|rung| (rung.clone(), trace_curve(&all, &thresholds, rung)))
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

/// The outcome of a question under these thresholds. A rung without a threshold never answers.
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

/// Thresholds worth trying for a rung, highest first. They lie between neighbouring scores, so that a
/// score that shifts slightly in the next run stays on the same side.
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

/// Picks at most `most` of the values, evenly spaced and including both ends.
pub(super) fn thin(values: &[f64], most: usize) -> Vec<f64> {
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
    // Tune rung by rung on a coarse grid, then over all values. Raising one threshold lets later rungs
    // answer, so a single pass is not enough.
    let all: BTreeMap<&str, Vec<f64>> = rungs
        .iter()
        .map(|r| (r.as_str(), values(samples, r)))
        .collect();
    for most in [GRID, GRID, usize::MAX, usize::MAX] {
        for rung in &rungs {
            for value in thin(all.get(rung.as_str()).map_or(&[], Vec::as_slice), most) {
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

/// Prefers more right answers within the allowance, then fewer false ones. Above the allowance,
/// fewer false answers come first.
fn is_better(new: (usize, usize), old: (usize, usize), allowed: usize) -> bool {
    let over = |wrong: usize| wrong.saturating_sub(allowed);
    let key = |(right, wrong): (usize, usize)| (over(wrong), usize::MAX - right, wrong);
    key(new) < key(old)
}

fn trace_curve(samples: &[&Sample], chosen: &Thresholds, rung: &str) -> Vec<Point> {
    thin(&values(samples, rung), POINTS)
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

/// Writes a calibration into the section `answers` of a workspace's settings: each rung's threshold
/// as `<rung>_threshold`, when it was made, from how many questions, and the expected share of false
/// answers. Keeps the section's other fields.
pub fn into_section(section: &mut serde_json::Map<String, Value>, made: &Calibration, at: &str) {
    for (rung, threshold) in &made.thresholds {
        section.insert(format!("{rung}_threshold"), (*threshold).into());
    }
    section.insert("calibrated_at".into(), at.into());
    section.insert("questions".into(), made.questions.into());
    section.insert("false_rate".into(), made.held_out.wrong.into());
    section.insert("right_rate".into(), made.held_out.right.into());
}
