//! One ranking from several, and no passage twice.

use std::collections::{HashMap, HashSet};

/// The constant of reciprocal rank fusion (Cormack, Clarke and Buettcher, SIGIR 2009).
pub const RRF_K: f32 = 60.0;

/// Words in a shingle.
const SHINGLE: usize = 3;

/// A ranking, best first, and how much it counts; 1 is usual.
#[derive(Debug, Clone, Copy)]
pub struct Ranking<'a> {
    /// Ids of passages, best first.
    pub ids: &'a [i64],
    /// Its weight.
    pub weight: f32,
}

/// Fuse rankings by reciprocal rank: each gives `weight / (60 + rank)` with ranks from 1. Equal
/// scores keep the order in which the ids first occur.
pub fn fuse(rankings: &[Ranking<'_>], limit: usize) -> Vec<(i64, f32)> {
    let mut scores: HashMap<i64, f32> = HashMap::new();
    let mut order: Vec<i64> = Vec::new();
    for ranking in rankings {
        let mut seen = HashSet::new();
        for id in ranking
            .ids
            .iter()
            .filter(|id| seen.insert(**id))
            .enumerate()
        {
            let (rank, id) = id;
            let score = scores.entry(*id).or_insert_with(|| {
                order.push(*id);
                0.0
            });
            *score += ranking.weight / (RRF_K + rank as f32 + 1.0);
        }
    }
    let mut fused: Vec<(i64, f32)> = order
        .into_iter()
        .map(|id| (id, scores.get(&id).copied().unwrap_or(0.0)))
        .collect();
    fused.sort_by(|a, b| b.1.total_cmp(&a.1));
    fused.truncate(limit);
    fused
}

/// Drop passages that say nearly the same as a better one before them: the share of the shorter
/// one's word triples that stand in the other is at least `threshold` (0 to 1; 0.8 is usual).
/// A passage with other numbers is never dropped: an old and a new price list differ in nothing else.
pub fn drop_near_identical(passages: &[(i64, &str)], threshold: f32) -> Vec<i64> {
    let mut kept: Vec<(i64, Prints)> = Vec::new();
    for (id, text) in passages {
        let prints = Prints::of(text);
        if !kept
            .iter()
            .any(|(_, better)| better.covers(&prints, threshold))
        {
            kept.push((*id, prints));
        }
    }
    kept.into_iter().map(|(id, _)| id).collect()
}

struct Prints {
    shingles: HashSet<String>,
    numbers: HashSet<String>,
}

impl Prints {
    fn of(text: &str) -> Self {
        let lower = text.to_lowercase();
        let words: Vec<&str> = lower
            .split(|c: char| !c.is_alphanumeric())
            .filter(|w| !w.is_empty())
            .collect();
        let numbers = words
            .iter()
            .filter(|w| w.chars().any(char::is_numeric))
            .map(|w| (*w).to_owned())
            .collect();
        let shingles = if words.len() < SHINGLE {
            HashSet::from([words.join(" ")])
        } else {
            words.windows(SHINGLE).map(|w| w.join(" ")).collect()
        };
        Self { shingles, numbers }
    }

    fn covers(&self, other: &Self, threshold: f32) -> bool {
        let common = self.shingles.intersection(&other.shingles).count() as f32;
        let shorter = self.shingles.len().min(other.shingles.len()).max(1) as f32;
        // Only what the dropped passage holds counts: a longer one may say more.
        other.shingles.len() <= self.shingles.len() * 2
            && common / shorter >= threshold
            && other.numbers.is_subset(&self.numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fused(lists: &[(&[i64], f32)], limit: usize) -> Vec<i64> {
        let rankings: Vec<Ranking<'_>> = lists
            .iter()
            .map(|(ids, weight)| Ranking {
                ids,
                weight: *weight,
            })
            .collect();
        fuse(&rankings, limit)
            .into_iter()
            .map(|(id, _)| id)
            .collect()
    }

    #[test]
    fn fusion_table() {
        type Case<'a> = (&'a [(&'a [i64], f32)], usize, &'a [i64]);
        let cases: &[Case<'_>] = &[
            (&[], 5, &[]),
            (&[(&[1, 2, 3], 1.0)], 2, &[1, 2]),
            // In both lists beats first in one.
            (&[(&[1, 2], 1.0), (&[3, 2], 1.0)], 5, &[2, 1, 3]),
            // Weight decides between firsts.
            (&[(&[1], 1.0), (&[2], 2.0)], 5, &[2, 1]),
            // An id twice in one list counts once.
            (&[(&[1, 1, 1], 1.0), (&[2], 1.5)], 5, &[2, 1]),
        ];
        for (lists, limit, want) in cases {
            assert_eq!(&fused(lists, *limit), want, "{lists:?}");
        }
    }

    #[test]
    fn scores_follow_the_formula() {
        let got = fuse(
            &[
                Ranking {
                    ids: &[7],
                    weight: 1.0,
                },
                Ranking {
                    ids: &[8, 7],
                    weight: 1.0,
                },
            ],
            1,
        );
        assert!(matches!(got.as_slice(), [(7, s)] if (s - (1.0 / 61.0 + 1.0 / 62.0)).abs() < 1e-6));
    }

    #[test]
    fn near_identical_passages_go_and_other_numbers_stay() {
        let passages = [
            (
                1,
                "We are open from Monday to Friday, nine to five, and closed on all public holidays.",
            ),
            (
                2,
                "We are open from Monday to Friday, nine to five and closed on all public holidays",
            ),
            (
                3,
                "An adult cleaning costs $128 for members of the plan in the year 2026.",
            ),
            (
                4,
                "An adult cleaning costs $119 for members of the plan in the year 2024.",
            ),
            (5, "Parking is free."),
        ];
        assert_eq!(drop_near_identical(&passages, 0.8), [1, 3, 4, 5]);
        assert!(drop_near_identical(&[], 0.8).is_empty());
    }
}
