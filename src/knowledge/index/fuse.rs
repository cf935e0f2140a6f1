//! Merges rankings, and recognises passages that say the same.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

/// The constant of reciprocal rank fusion (Cormack, Clarke and Buettcher, SIGIR 2009).
pub const RRF_K: f32 = 60.0;

const SHINGLE: usize = 3;

/// A ranking and its weight; 1 is usual.
#[derive(Debug, Clone, Copy)]
pub struct Ranking<'a> {
    /// Best first.
    pub ids: &'a [i64],
    pub weight: f32,
}

/// Merges rankings by reciprocal rank: each adds `weight / (60 + rank)`, with ranks from 1. Equal scores
/// keep the order in which the ids first occur.
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

/// How two passages are alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Alike {
    /// All numbers of the second occur in the first.
    pub same_numbers: bool,
}

/// Fingerprint of a text: its word triples without numbers, and its numbers.
#[derive(Debug)]
pub struct Prints {
    /// Hashes, because a search compares many and only equality matters.
    shingles: HashSet<u64>,
    numbers: HashSet<String>,
}

impl Prints {
    pub fn of(text: &str) -> Self {
        let lower = text.to_lowercase();
        let words: Vec<&str> = lower
            .split(|c: char| !c.is_alphanumeric())
            .filter(|w| !w.is_empty())
            .collect();
        let is_number = |w: &&str| w.chars().any(char::is_numeric);
        let numbers = words
            .iter()
            .filter(|w| is_number(w))
            .map(|w| (*w).to_owned())
            .collect();
        let words: Vec<&str> = words.into_iter().filter(|w| !is_number(w)).collect();
        let print = |words: &[&str]| {
            let mut hasher = DefaultHasher::new();
            words.hash(&mut hasher);
            hasher.finish()
        };
        let shingles = if words.len() < SHINGLE {
            HashSet::from([print(&words)])
        } else {
            words.windows(SHINGLE).map(print).collect()
        };
        Self { shingles, numbers }
    }

    /// Whether the other text says nearly the same: at least `threshold` (0 to 1; 0.8 is usual) of the
    /// triples of the shorter text occur in the longer one.
    pub fn covers(&self, other: &Self, threshold: f32) -> Option<Alike> {
        // The other text is much longer and may say more.
        if other.shingles.len() > self.shingles.len() * 2 {
            return None;
        }
        let common = self.shingles.intersection(&other.shingles).count() as f32;
        let shorter = self.shingles.len().min(other.shingles.len()).max(1) as f32;
        (common / shorter >= threshold).then(|| Alike {
            same_numbers: other.numbers.is_subset(&self.numbers),
        })
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
    fn near_identical_passages_are_known_and_their_numbers_compared() {
        let open =
            "We are open from Monday to Friday, nine to five, and closed on all public holidays.";
        let again =
            "We are open from Monday to Friday, nine to five and closed on all public holidays";
        let dear = "An adult cleaning costs $128 for members of the plan in the year 2026.";
        let cheap = "An adult cleaning costs $119 for members of the plan in the year 2024.";
        let same = |a, b| {
            let alike = Prints::of(a).covers(&Prints::of(b), 0.8);
            alike.map(|alike| alike.same_numbers)
        };
        assert_eq!(same(open, again), Some(true));
        assert_eq!(same(dear, cheap), Some(false));
        assert_eq!(same(open, dear), None);
        assert_eq!(same(dear, "Parking is free."), None);
    }
}
