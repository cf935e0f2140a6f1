//! Counts a run: shares, times, and breakdowns by rung, kind and cause.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::grade::{Graded, Outcome};
use crate::agent::Rung;

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    pub n: usize,
    pub of: usize,
}

impl Share {
    fn count(found: impl Iterator<Item = bool>) -> Self {
        let mut share = Self::default();
        for yes in found {
            share.n += usize::from(yes);
            share.of += 1;
        }
        share
    }

    /// 0 to 1; `None` when there was nothing to count.
    #[expect(clippy::cast_precision_loss, reason = "counts of questions")]
    pub fn rate(self) -> Option<f64> {
        (self.of > 0).then(|| self.n as f64 / self.of as f64)
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    pub questions: usize,
    pub right: usize,
    /// Neither right nor false: refused, or handed to a person.
    pub missed: usize,
    #[serde(rename = "false")]
    pub wrong: usize,
}

impl Tally {
    fn of<'a>(results: impl Iterator<Item = &'a Graded>) -> Self {
        let mut tally = Self::default();
        for one in results {
            tally.questions += 1;
            match one.outcome {
                Outcome::Right => tally.right += 1,
                Outcome::Missed => tally.missed += 1,
                Outcome::False => tally.wrong += 1,
            }
        }
        tally
    }
}

/// Answer times of a rung, in ms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// From the question to the first word.
    pub first_token_p50: u64,
    pub first_token_p95: u64,
    /// From the question to the end of the answer.
    pub total_p50: u64,
    pub total_p95: u64,
}

impl Times {
    fn of<'a>(results: impl Iterator<Item = &'a Graded>) -> Self {
        let (mut first, mut total): (Vec<u64>, Vec<u64>) =
            results.map(|g| (g.first_token_ms, g.total_ms)).unzip();
        Self {
            first_token_p50: percentile(&mut first, 50),
            first_token_p95: percentile(&mut first, 95),
            total_p50: percentile(&mut total, 50),
            total_p95: percentile(&mut total, 95),
        }
    }
}

/// The smallest value that at least `percent` of the values do not exceed (nearest rank).
fn percentile(values: &mut [u64], percent: usize) -> u64 {
    values.sort_unstable();
    let rank = (values.len() * percent).div_ceil(100);
    values
        .get(rank.saturating_sub(1))
        .copied()
        .unwrap_or_default()
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfRung {
    #[serde(flatten)]
    pub tally: Tally,
    pub ms: Times,
}

/// The figures of a run. Each share counts only the questions that it applies to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Figures {
    pub all: Tally,
    /// Among the answerable.
    pub right: Share,
    /// Among all.
    #[serde(rename = "false")]
    pub wrong: Share,
    /// Right, or shown as related with the expected words, among the answerable.
    pub right_or_related: Share,
    /// Shown as related among the unanswerable.
    pub related_unanswerable: Share,
    /// Recall of refusing: unanswerable questions that were rightly refused.
    pub refusal_recall: Share,
    /// Precision of refusing: refused questions that were unanswerable.
    pub refusal_precision: Share,
    pub exact: Share,
    /// Answers that contain the expected words, among the answerable.
    pub contains: Share,
    /// Mean token F1 against the expected answers, 0 to 1.
    pub f1: Option<f64>,
    /// Citations that support the answer.
    pub citation_precision: Share,
    /// Right answers whose citations contain the answer.
    pub citation_recall: Share,
    /// Questions for which a passage with the answer was found.
    pub retrieved: Share,
    pub rungs: BTreeMap<String, OfRung>,
    pub kinds: BTreeMap<String, Tally>,
    /// Why answers were not right, by cause.
    pub causes: BTreeMap<String, usize>,
}

impl Figures {
    pub fn of(results: &[Graded]) -> Self {
        let answerable = || results.iter().filter(|g| g.answerable);
        let f1: Vec<f64> = answerable().filter_map(|g| g.f1).collect();
        let mut figures = Self {
            all: Tally::of(results.iter()),
            right: Share::count(answerable().map(|g| g.outcome == Outcome::Right)),
            right_or_related: Share::count(answerable().map(|g| {
                let related = g.rung == Some(Rung::Related) && g.contains;
                g.outcome == Outcome::Right || related
            })),
            related_unanswerable: Share::count(
                results
                    .iter()
                    .filter(|g| !g.answerable)
                    .map(|g| g.rung == Some(Rung::Related)),
            ),
            wrong: Share::count(results.iter().map(|g| g.outcome == Outcome::False)),
            refusal_recall: Share::count(
                results
                    .iter()
                    .filter(|g| !g.answerable)
                    .map(|g| g.outcome == Outcome::Right),
            ),
            // A visitor who asks for a person and gets one was not refused.
            refusal_precision: Share::count(
                results
                    .iter()
                    .filter(|g| g.refused && !(g.answerable && g.outcome == Outcome::Right))
                    .map(|g| !g.answerable),
            ),
            exact: Share::count(answerable().filter_map(|g| g.exact)),
            contains: Share::count(answerable().map(|g| g.contains)),
            #[expect(clippy::cast_precision_loss, reason = "counts of questions")]
            f1: (!f1.is_empty()).then(|| f1.iter().sum::<f64>() / f1.len() as f64),
            citation_precision: Share::count(
                answerable().flat_map(|g| &g.citations).map(|c| c.supports),
            ),
            citation_recall: Share::count(
                answerable()
                    .filter(|g| g.outcome == Outcome::Right)
                    .filter_map(|g| g.cites_answer),
            ),
            retrieved: Share::count(results.iter().filter_map(|g| g.retrieved)),
            ..Self::default()
        };
        figures.break_down(results);
        figures
    }

    fn break_down(&mut self, results: &[Graded]) {
        let mut rungs: BTreeMap<String, Vec<&Graded>> = BTreeMap::new();
        let mut kinds: BTreeMap<String, Vec<&Graded>> = BTreeMap::new();
        for one in results {
            let rung = one.rung.map_or("failed", Rung::as_str);
            rungs.entry(rung.to_owned()).or_default().push(one);
            let kind = one.kind.clone().unwrap_or_else(|| "question".into());
            let kind = if one.answerable {
                kind
            } else {
                format!("{kind}, unanswerable")
            };
            kinds.entry(kind).or_default().push(one);
            if let Some(cause) = one.cause {
                *self.causes.entry(cause.describe().to_owned()).or_default() += 1;
            }
        }
        self.rungs = rungs
            .into_iter()
            .map(|(rung, of)| {
                let tally = Tally::of(of.iter().copied());
                let ms = Times::of(of.into_iter());
                (rung, OfRung { tally, ms })
            })
            .collect();
        self.kinds = kinds
            .into_iter()
            .map(|(kind, of)| (kind, Tally::of(of.into_iter())))
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_occurred() {
        assert_eq!(percentile(&mut [], 50), 0);
        assert_eq!(percentile(&mut [7], 95), 7);
        assert_eq!(percentile(&mut [4, 1, 3, 2], 50), 2);
        assert_eq!(percentile(&mut (1..=100).collect::<Vec<_>>(), 95), 95);
    }

    #[test]
    fn a_share_of_nothing_is_no_number() {
        assert_eq!(Share::default().rate(), None);
        assert_eq!(Share { n: 1, of: 4 }.rate(), Some(0.25));
    }
}
