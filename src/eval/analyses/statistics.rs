//! Figures with their intervals: F1, rank correlation, and the bootstrap. Pure, and the same at every run.

use std::collections::BTreeSet;

use serde::Serialize;

/// Samples of the bootstrap.
pub const SAMPLES: usize = 2000;

/// A figure with the interval in which it lies in 95 of 100 samples of the same size.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

/// A figure beside the trivial way to get one.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Beside {
    pub ours: Interval,
    pub baseline: Interval,
    /// Ours less the baseline, over the same samples.
    pub difference: Interval,
}

impl Beside {
    /// Whether ours is better, by more than chance.
    pub fn beats(&self) -> bool {
        self.difference.low > 0.0
    }
}

/// The mean of the F1 of each class that occurs among the truths.
pub fn macro_f1(pairs: &[(i8, i8)]) -> Option<f64> {
    let classes: BTreeSet<i8> = pairs.iter().map(|(truth, _)| *truth).collect();
    let f1 = |class: i8| {
        let count = |holds: &dyn Fn(bool, bool) -> bool| {
            let found = pairs
                .iter()
                .filter(|(truth, guess)| holds(*truth == class, *guess == class));
            to_f64(found.count())
        };
        let right = count(&|truth, guess| truth && guess);
        let wrong = count(&|truth, guess| truth != guess);
        if right + wrong > 0.0 {
            2.0 * right / (2.0 * right + wrong)
        } else {
            0.0
        }
    };
    if classes.is_empty() {
        return None;
    }
    let sum: f64 = classes.iter().map(|class| f1(*class)).sum();
    Some(sum / to_f64(classes.len()))
}

/// The class that is most often true.
pub fn majority(truths: impl Iterator<Item = i8>) -> i8 {
    let all: Vec<i8> = truths.collect();
    let classes: BTreeSet<i8> = all.iter().copied().collect();
    let count = |class: &i8| all.iter().filter(|one| *one == class).count();
    classes
        .iter()
        .max_by_key(|class| count(class))
        .copied()
        .unwrap_or_default()
}

/// Spearman's rank correlation; equal values share their rank. `None` if one side has a single value only.
pub fn spearman(pairs: &[(f64, f64)]) -> Option<f64> {
    let (a, b): (Vec<f64>, Vec<f64>) = pairs.iter().copied().unzip();
    pearson(&ranks(&a), &ranks(&b))
}

fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut from = 0;
    while from < order.len() {
        let mut to = from + 1;
        while to < order.len() && values[order[to]] == values[order[from]] {
            to += 1;
        }
        let shared = to_f64(from + to - 1) / 2.0;
        for at in &order[from..to] {
            ranks[*at] = shared;
        }
        from = to;
    }
    ranks
}

fn pearson(a: &[f64], b: &[f64]) -> Option<f64> {
    let n = to_f64(a.len());
    if a.len() < 2 {
        return None;
    }
    let (mean_a, mean_b) = (a.iter().sum::<f64>() / n, b.iter().sum::<f64>() / n);
    let (mut both, mut left, mut right) = (0.0, 0.0, 0.0);
    for (x, y) in a.iter().zip(b) {
        let (x, y) = (x - mean_a, y - mean_b);
        both += x * y;
        left += x * x;
        right += y * y;
    }
    let scale = (left * right).sqrt();
    (scale > 1e-12).then(|| both / scale)
}

/// A figure of `items` with its interval: `of` computes it from the places of the items in a sample. A sample that has no figure is
/// left out.
pub fn interval(items: usize, of: impl Fn(&[usize]) -> Option<f64>) -> Option<Interval> {
    let whole: Vec<usize> = (0..items).collect();
    let value = of(&whole)?;
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut found: Vec<f64> = (0..SAMPLES)
        .filter_map(|_| of(&random.sample(items)))
        .collect();
    found.sort_by(f64::total_cmp);
    let at = |permille: usize| {
        found.get((found.len() * permille / 1000).min(found.len().saturating_sub(1)))
    };
    Some(Interval {
        value,
        low: at(25).copied().unwrap_or(value),
        high: at(975).copied().unwrap_or(value),
    })
}

/// Two figures over the same samples.
pub fn beside(
    items: usize,
    ours: impl Fn(&[usize]) -> Option<f64>,
    baseline: impl Fn(&[usize]) -> Option<f64>,
) -> Option<Beside> {
    Some(Beside {
        ours: interval(items, &ours)?,
        baseline: interval(items, |places| Some(baseline(places).unwrap_or_default()))?,
        difference: interval(items, |places| {
            Some(ours(places)? - baseline(places).unwrap_or_default())
        })?,
    })
}

/// SplitMix64 (Steele, Lea, Flood 2014): the same numbers on every machine.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// As many places as there are items, some of them several times.
    fn sample(&mut self, items: usize) -> Vec<usize> {
        let most = items.max(1) as u64;
        (0..items)
            .map(|_| usize::try_from(self.next() % most).unwrap_or_default())
            .collect()
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of conversations and turns"
)]
pub fn to_f64(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: Option<f64>, b: f64) {
        assert!((a.unwrap() - b).abs() < 1e-9, "{a:?} {b}");
    }

    #[test]
    fn f1_counts_each_class_the_same() {
        // Class 0: 2 right, 1 missed, 0 too many → 0.8; class 1: 1 right, 0 missed, 1 too many → 2/3.
        near(
            macro_f1(&[(0, 0), (0, 0), (0, 1), (1, 1)]),
            (0.8 + 2.0 / 3.0) / 2.0,
        );
        near(macro_f1(&[(0, 0), (1, 0)]), (2.0 / 3.0) / 2.0);
        assert_eq!(macro_f1(&[]), None);
        assert_eq!(majority([0, 1, 1].into_iter()), 1);
    }

    #[test]
    fn ranks_that_go_together_correlate() {
        near(spearman(&[(1.0, 10.0), (2.0, 20.0), (3.0, 1000.0)]), 1.0);
        near(spearman(&[(1.0, 3.0), (2.0, 2.0), (3.0, 1.0)]), -1.0);
        // Ranks 0.5, 0.5, 2 and 0, 1, 2.
        near(
            spearman(&[(1.0, 1.0), (1.0, 2.0), (2.0, 3.0)]),
            0.75_f64.sqrt(),
        );
        assert_eq!(spearman(&[(1.0, 1.0), (1.0, 2.0)]), None);
    }

    #[test]
    fn an_interval_holds_the_figure_and_is_the_same_again() {
        let values: Vec<f64> = (0..100).map(f64::from).collect();
        let mean = |places: &[usize]| {
            let sum: f64 = places.iter().map(|at| values[*at]).sum();
            Some(sum / 100.0)
        };
        let first = interval(100, mean).unwrap();
        assert!((first.value - 49.5).abs() < 1e-9);
        assert!(first.low < 49.5 && first.high > 49.5 && first.high - first.low < 15.0);
        assert_eq!(interval(100, mean), Some(first));
        let better = beside(100, |places| Some(mean(places)? + 1.0), mean).unwrap();
        assert!(better.beats());
        assert!((better.difference.low - 1.0).abs() < 1e-9);
        assert!(!beside(100, mean, mean).unwrap().beats());
    }
}
