//! Ranks candidates by the scores of both searches and the signals of each passage, and merges passages
//! that say the same.

mod same;
mod signals;

pub(super) use same::keep_newest;
pub(super) use signals::Reader;
pub use signals::Signals;

/// Weights of the signals, found by coordinate ascent over the public collections and question sets named
/// in BENCHMARKS.md; nearby values rank nearly alike.
#[derive(Debug, Clone, Copy)]
struct Weights {
    words: f32,
    meaning: f32,
    coverage: f32,
    line: f32,
    heading: f32,
    nearness: f32,
    order: f32,
    numbers: f32,
}

const WEIGHTS: Weights = Weights {
    words: 1.0,
    meaning: 1.3,
    coverage: 0.3,
    line: 0.45,
    heading: 0.1,
    nearness: 0.45,
    order: 0.3,
    numbers: 0.5,
};

/// The combined score of both searches, each scaled to its best candidate.
pub(super) fn blend(words: f32, meaning: Option<f32>) -> f32 {
    WEIGHTS.words * words + WEIGHTS.meaning * meaning.unwrap_or(0.0)
}

/// The final score: the blend and the signals.
pub(super) fn weigh(base: f32, s: &Signals) -> f32 {
    base + WEIGHTS.coverage * s.coverage
        + WEIGHTS.line * s.line
        + WEIGHTS.heading * s.heading
        + WEIGHTS.nearness * s.nearness
        + WEIGHTS.order * s.order
        + WEIGHTS.numbers * s.numbers
}

/// Scales scores from their lowest to their highest to 0 to 1; all are 1 if they are equal.
pub(super) fn scaled(scores: &[Option<f32>]) -> Vec<f32> {
    let given = || scores.iter().flatten().copied();
    let (low, high) = (
        given().fold(f32::MAX, f32::min),
        given().fold(f32::MIN, f32::max),
    );
    scores
        .iter()
        .map(|score| match score {
            Some(s) if high > low => (s - low) / (high - low),
            Some(_) => 1.0,
            None => 0.0,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_scaled_and_blended() {
        assert_eq!(scaled(&[Some(2.0), None, Some(4.0)]), [0.0, 0.0, 1.0]);
        assert_eq!(scaled(&[Some(2.0)]), [1.0]);
        assert!(scaled(&[]).is_empty());
        assert!(blend(1.0, Some(1.0)) > blend(1.0, None));
        let better = Signals {
            coverage: 1.0,
            ..Signals::default()
        };
        assert!(weigh(1.0, &better) > weigh(1.0, &Signals::default()));
    }
}
