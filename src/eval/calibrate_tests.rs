//! Thresholds chosen from made-up scores.

use serde_json::json;

use super::calibrate::{Candidate, Sample, calibrate, into_section, sample};
use super::{Case, Outcome, grade};
use crate::agent::Rung;

fn candidate(rung: &str, score: f64, outcome: Outcome) -> Candidate {
    let rung = rung.to_owned();
    Candidate {
        rung,
        score,
        outcome,
    }
}

/// Scores above 0.5 are right, below mostly false.
fn samples() -> Vec<Sample> {
    (0..100)
        .map(|i| {
            let score = f64::from(i) / 100.0;
            let outcome = if i >= 50 || i % 10 == 0 {
                Outcome::Right
            } else {
                Outcome::False
            };
            Sample {
                otherwise: Outcome::Missed,
                candidates: vec![candidate("read", score, outcome)],
            }
        })
        .collect()
}

#[test]
fn the_threshold_lies_where_false_answers_begin() {
    let made = calibrate(&samples(), 0.0).unwrap();
    let threshold = made.thresholds["read"];
    assert!(threshold > 0.49 && threshold <= 0.5, "{threshold}");
    assert!(made.fitted.wrong.abs() < 1e-9 && (made.fitted.right - 0.5).abs() < 1e-9);
    assert!(made.held_out.right > 0.4);
    assert!(made.curves["read"].len() > 10);
}

#[test]
fn what_is_allowed_is_used_and_not_exceeded() {
    let strict = calibrate(&samples(), 0.0).unwrap();
    let loose = calibrate(&samples(), 0.1).unwrap();
    assert!(loose.fitted.wrong <= 0.1 && loose.fitted.right > strict.fitted.right);
    assert!(loose.thresholds["read"] < strict.thresholds["read"]);
}

#[test]
fn a_rung_that_is_mostly_false_gives_way_to_the_next() {
    let samples: Vec<Sample> = (0..40)
        .map(|i| Sample {
            otherwise: Outcome::Missed,
            candidates: vec![
                candidate("faq", f64::from(i % 7), Outcome::False),
                candidate("read", 0.9, Outcome::Right),
            ],
        })
        .collect();
    let made = calibrate(&samples, 0.02).unwrap();
    assert!((made.fitted.right - 1.0).abs() < 1e-9, "{made:?}");
    assert!(made.thresholds["faq"] > 6.0 - 1e-9);
}

#[test]
fn candidates_come_from_the_receipt() {
    let case = Case::answered("When?", &["at nine"]);
    let mut graded = grade::failed(&case, "");
    graded.rung = Some(Rung::Refusal);
    graded.checks = json!({"considered": [
        {"rung": "faq", "score": 0.4, "text": "We open at ten."},
        {"rung": "read", "score": 0.6, "text": "Open at nine."}, {"rung": "model"}]});
    let found = sample(&case, &graded);
    let outcomes: Vec<Outcome> = found.candidates.iter().map(|c| c.outcome).collect();
    assert_eq!(outcomes, [Outcome::False, Outcome::Right]);
    graded.rung = Some(Rung::Read);
    graded.outcome = Outcome::Right;
    graded.checks = json!({"read": {"score": 0.7}});
    let found = sample(&case, &graded);
    assert_eq!(found.candidates, [candidate("read", 0.7, Outcome::Right)]);
    assert_eq!(found.otherwise, Outcome::Missed);
    assert!(
        calibrate(
            &[Sample {
                otherwise: Outcome::Right,
                candidates: vec![]
            }],
            0.1
        )
        .is_none()
    );
}

#[test]
fn the_section_keeps_what_else_it_holds() {
    let mut section = serde_json::Map::new();
    section.insert("topics".into(), json!(["prices"]));
    let made = calibrate(&samples(), 0.0).unwrap();
    into_section(&mut section, &made, "2026-11-22T10:00:00Z");
    assert_eq!(section["topics"], json!(["prices"]));
    assert_eq!(section["questions"], 100);
    assert!(section["read_threshold"].as_f64().unwrap() > 0.49);
}
