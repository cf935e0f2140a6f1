//! How sure an answer must be: what each threshold would have made of a run's questions, for the owner
//! to choose from.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::calibrate::{Thresholds, outcome, sample, thin, values};
use super::figures::Share;
use super::{Case, EvalError, Graded, Outcome};
use crate::agent::{AnswerSettings, Rung};
use crate::store::{Store, WorkspaceId};

/// Field of a run's summary that holds the choices.
pub const SURENESS: &str = "sureness";
/// Most thresholds offered.
const OFFERED: usize = 24;

/// A threshold and what it would have made of the questions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// Passages at or above this probability are given as the answer, 0 to 1.
    pub threshold: f64,
    /// Out of the answerable questions.
    pub right: Share,
    /// Out of all questions.
    #[serde(rename = "false")]
    pub wrong: Share,
}

/// What the `current` threshold and others would have made of these answers, strictest first. Empty when
/// the reader scored no passage. The results must still have their checks.
pub fn choices(cases: &[Case], results: &[Graded], current: f64) -> Vec<Choice> {
    let by_id: HashMap<&str, &Case> = cases.iter().map(|c| (c.id.as_str(), c)).collect();
    let judged: Vec<_> = results
        .iter()
        .filter_map(|one| Some((one.answerable, sample(by_id.get(one.id.as_str())?, one))))
        .collect();
    let samples: Vec<_> = judged.iter().map(|(_, sample)| sample).collect();
    let rung = Rung::Read.as_str();
    let scores = values(&samples, rung);
    // One value means no scores: it is the threshold that never answers.
    if scores.len() < 2 {
        return Vec::new();
    }
    let rounded = |threshold: f64| (threshold.min(1.0) * 1000.0).round() / 1000.0;
    let mut offered: Vec<f64> = thin(&scores, OFFERED).into_iter().map(rounded).collect();
    let current = rounded(current);
    offered.push(current);
    offered.sort_by(|a, b| b.total_cmp(a));
    offered.dedup();
    let mut choices: Vec<Choice> = Vec::new();
    for threshold in offered {
        let thresholds = Thresholds::from([(rung.to_owned(), threshold)]);
        let mut choice = Choice {
            threshold,
            right: Share::default(),
            wrong: Share::default(),
        };
        for (answerable, sample) in &judged {
            let outcome = outcome(sample, &thresholds);
            choice.wrong.of += 1;
            choice.wrong.n += usize::from(outcome == Outcome::False);
            if *answerable {
                choice.right.of += 1;
                choice.right.n += usize::from(outcome == Outcome::Right);
            }
        }
        // Skip a looser threshold that adds no right answers, unless it is the current one.
        let is_current = (choice.threshold - current).abs() < f64::EPSILON;
        let most = choices.last().map(|c| c.right.n);
        if is_current || most.is_none_or(|most| choice.right.n > most) {
            choices.pop_if(|c| (c.right, c.wrong) == (choice.right, choice.wrong));
            choices.push(choice);
        }
    }
    choices
}

/// Sets a workspace's threshold for the reader with these weights; the next answer uses it.
///
/// # Errors
/// When the threshold is outside 0 to 1.
pub async fn choose(
    store: &Store,
    workspace: WorkspaceId,
    threshold: f64,
    reader: Option<String>,
) -> Result<(), EvalError> {
    if !(0.0..=1.0).contains(&threshold) {
        return Err(EvalError::Threshold);
    }
    let new = [("read_threshold".to_owned(), threshold.into())];
    let new = new.into_iter().collect();
    let write = store.write(move |tx| AnswerSettings::extend(tx, workspace, new, reader));
    Ok(write.await?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::eval::grade::failed;

    fn graded(case: &Case, score: f64, text: &str) -> Graded {
        let mut graded = failed(case, "");
        graded.rung = Some(Rung::Refusal);
        graded.checks = json!({"considered": [{"rung": "read", "score": score, "text": text}]});
        graded
    }

    #[test]
    fn only_what_answers_more_rightly_is_offered_and_what_applies() {
        let mut cases = vec![
            Case::answered("When?", &["at nine"]),
            Case::answered("How much?", &["$5"]),
            Case::refused("Why?"),
        ];
        for (at, case) in cases.iter_mut().enumerate() {
            case.id = at.to_string();
        }
        let results = [
            graded(&cases[0], 0.9, "Open at nine."),
            graded(&cases[1], 0.5, "It costs $5."),
            graded(&cases[2], 0.4, "Because."),
        ];
        let found = choices(&cases, &results, 0.45);
        let counts: Vec<_> = found.iter().map(|c| (c.right.n, c.wrong.n)).collect();
        assert_eq!(counts, [(0, 0), (1, 0), (2, 0)]);
        assert!(found[1].threshold > 0.5 && found[1].threshold <= 0.9);
        assert!(
            (found[2].threshold - 0.45).abs() < 1e-9,
            "the one that applies is there"
        );
        let loose = choices(&cases, &results, 0.3);
        let counts: Vec<_> = loose.iter().map(|c| (c.right.n, c.wrong.n)).collect();
        assert_eq!(counts, [(0, 0), (1, 0), (2, 0), (2, 1)]);
        assert_eq!((found[0].right.of, found[0].wrong.of), (2, 3));
    }

    #[test]
    fn nothing_is_offered_without_probabilities() {
        let case = Case::refused("Why?");
        let graded = failed(&case, "");
        assert!(choices(&[case], &[graded], 0.5).is_empty());
    }
}
