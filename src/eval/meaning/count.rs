//! Counts decisions at each threshold, with intervals.

use serde::Serialize;

use crate::agent::meaning::nearest;
use crate::eval::analyses::statistics::{Interval, interval, to_f64};

/// What the tuning half must reach for the precise threshold.
const PRECISE: f64 = 0.97;
/// Thresholds that are told, and those among which the precise one is looked for, in steps of a thousandth.
const TOLD: std::ops::RangeInclusive<u16> = 560..=780;
const TOLD_STEP: usize = 20;
const FINE_STEP: usize = 5;

/// A sentence, and what was found for each candidate.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// The place of the candidate that is right; `None` if none is.
    pub(super) owner: Option<usize>,
    pub(super) held_out: bool,
    pub(super) by_words: Vec<bool>,
    pub(super) closeness: Vec<Option<f32>>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Tally {
    right: usize,
    wrong: usize,
    missed: usize,
}

impl Tally {
    fn plus(self, other: Self) -> Self {
        Self {
            right: self.right + other.right,
            wrong: self.wrong + other.wrong,
            missed: self.missed + other.missed,
        }
    }

    fn precision(self) -> Option<f64> {
        share(self.right, self.right + self.wrong)
    }

    fn recall(self) -> Option<f64> {
        share(self.right, self.right + self.missed)
    }

    fn f1(self) -> Option<f64> {
        share(2 * self.right, 2 * self.right + self.wrong + self.missed)
    }
}

fn share(part: usize, of: usize) -> Option<f64> {
    (of > 0).then(|| to_f64(part) / to_f64(of))
}

/// Figures of one half; each is `None` where there is nothing to divide by.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Measured {
    pub precision: Option<Interval>,
    pub recall: Option<Interval>,
    pub f1: Option<Interval>,
    /// Given to the right candidate.
    pub right: usize,
    /// Given to a wrong one, or given though none is right.
    pub wrong: usize,
    /// Not given to the right one.
    pub missed: usize,
}

#[derive(Debug, Clone, Copy, Serialize)]
pub struct Halves {
    pub tuning: Measured,
    pub held_out: Measured,
}

#[derive(Debug, Clone, Copy, Serialize)]
pub struct AtThreshold {
    pub threshold: f32,
    #[serde(flatten)]
    pub halves: Halves,
}

/// One way to use the candidates.
#[derive(Debug, Clone, Serialize)]
pub struct Way {
    pub name: &'static str,
    /// What words alone decide.
    pub words: Halves,
    pub in_use: AtThreshold,
    /// The threshold that finds most on the tuning half with a precision of 0.97 there.
    pub precise: Option<AtThreshold>,
    pub thresholds: Vec<AtThreshold>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Decision {
    pub name: &'static str,
    pub sentences: usize,
    /// Those that belong to a candidate.
    pub belonging: usize,
    /// Those that no threshold was chosen on.
    pub held_out: usize,
    pub ways: [Way; 2],
}

/// How candidates stand: each for itself, as in a workspace with one of them, or all beside each other.
#[derive(Debug, Clone, Copy)]
enum Standing {
    Alone,
    Together,
}

impl Item {
    fn tally(&self, standing: Standing, hits: &[Option<f32>], least: f32) -> Tally {
        match standing {
            Standing::Alone => {
                let each = hits.iter().enumerate().map(|(place, closeness)| {
                    let given = nearest([(*closeness, least)]).is_some();
                    Self::judge(given, self.owner == Some(place))
                });
                each.fold(Tally::default(), Tally::plus)
            }
            Standing::Together => {
                let given = nearest(hits.iter().map(|closeness| (*closeness, least)));
                match given {
                    Some(place) if self.owner == Some(place) => Self::judge(true, true),
                    Some(_) => Tally {
                        missed: usize::from(self.owner.is_some()),
                        ..Self::judge(true, false)
                    },
                    None => Self::judge(false, self.owner.is_some()),
                }
            }
        }
    }

    fn judge(given: bool, belongs: bool) -> Tally {
        Tally {
            right: usize::from(given && belongs),
            wrong: usize::from(given && !belongs),
            missed: usize::from(!given && belongs),
        }
    }

    /// Words as a closeness of 1 or none.
    fn words(&self) -> Vec<Option<f32>> {
        let words = self.by_words.iter();
        words.map(|said| said.then_some(1.0)).collect()
    }
}

/// Counts both ways to use the candidates.
pub(super) fn decide(name: &'static str, items: &[Item], in_use: f32) -> Decision {
    Decision {
        name,
        sentences: items.len(),
        belonging: items.iter().filter(|item| item.owner.is_some()).count(),
        held_out: items.iter().filter(|item| item.held_out).count(),
        ways: [
            way("each alone", Standing::Alone, items, in_use),
            way("all beside each other", Standing::Together, items, in_use),
        ],
    }
}

fn way(name: &'static str, standing: Standing, items: &[Item], in_use: f32) -> Way {
    let told = TOLD.step_by(TOLD_STEP).map(threshold);
    Way {
        name,
        words: halves(items, |item| item.tally(standing, &item.words(), 1.0)),
        in_use: at(standing, items, in_use),
        precise: precise(standing, items).map(|least| at(standing, items, least)),
        thresholds: told.map(|least| at(standing, items, least)).collect(),
    }
}

fn threshold(thousandths: u16) -> f32 {
    f32::from(thousandths) / 1000.0
}

fn at(standing: Standing, items: &[Item], least: f32) -> AtThreshold {
    AtThreshold {
        threshold: least,
        halves: halves(items, |item| item.tally(standing, &item.closeness, least)),
    }
}

/// The threshold with the most right decisions on the tuning half that is precise there.
fn precise(standing: Standing, items: &[Item]) -> Option<f32> {
    let tuning: Vec<&Item> = items.iter().filter(|item| !item.held_out).collect();
    let mut best: Option<(usize, f32)> = None;
    for least in TOLD.step_by(FINE_STEP).map(threshold) {
        let tallies = tuning.iter();
        let tallies = tallies.map(|item| item.tally(standing, &item.closeness, least));
        let sum = tallies.fold(Tally::default(), Tally::plus);
        let is_precise = sum.precision().is_some_and(|share| share >= PRECISE);
        if is_precise && sum.right > 0 && best.is_none_or(|(most, _)| sum.right > most) {
            best = Some((sum.right, least));
        }
    }
    best.map(|(_, least)| least)
}

fn halves(items: &[Item], tally: impl Fn(&Item) -> Tally) -> Halves {
    let of = |held_out: bool| {
        let own = items.iter().filter(|item| item.held_out == held_out);
        measured(&own.map(&tally).collect::<Vec<_>>())
    };
    Halves {
        tuning: of(false),
        held_out: of(true),
    }
}

fn measured(tallies: &[Tally]) -> Measured {
    let sum = |places: &[usize]| {
        let chosen = places.iter().filter_map(|place| tallies.get(*place));
        chosen.fold(Tally::default(), |sum, one| sum.plus(*one))
    };
    let all = tallies
        .iter()
        .fold(Tally::default(), |sum, one| sum.plus(*one));
    let figure = |of: fn(Tally) -> Option<f64>| interval(tallies.len(), |places| of(sum(places)));
    Measured {
        precision: figure(Tally::precision),
        recall: figure(Tally::recall),
        f1: figure(Tally::f1),
        right: all.right,
        wrong: all.wrong,
        missed: all.missed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(owner: Option<usize>, held_out: bool, closeness: [f32; 2]) -> Item {
        Item {
            owner,
            held_out,
            by_words: vec![owner == Some(1), false],
            closeness: closeness.map(Some).to_vec(),
        }
    }

    #[test]
    fn alone_each_candidate_decides_and_together_the_closest_does() {
        let one = item(Some(0), false, [0.7, 0.8]);
        let alone = one.tally(Standing::Alone, &one.closeness, 0.65);
        assert_eq!((alone.right, alone.wrong, alone.missed), (1, 1, 0));
        let together = one.tally(Standing::Together, &one.closeness, 0.65);
        assert_eq!((together.right, together.wrong, together.missed), (0, 1, 1));
        let strict = one.tally(Standing::Alone, &one.closeness, 0.75);
        assert_eq!((strict.right, strict.wrong, strict.missed), (0, 1, 1));
        let none = item(None, false, [0.1, 0.1]);
        assert_eq!(
            none.tally(Standing::Together, &none.closeness, 0.65),
            Tally::default()
        );
        // Its words name the first candidate, and the second is right.
        let named = item(Some(1), false, [0.1, 0.1]);
        let words = named.tally(Standing::Together, &named.words(), 1.0);
        assert_eq!((words.right, words.wrong, words.missed), (0, 1, 1));
    }

    #[test]
    fn the_precise_threshold_is_chosen_on_the_tuning_half_and_told_for_the_other() {
        let mut items = vec![
            item(None, false, [0.64, 0.1]),
            item(None, true, [0.72, 0.1]),
        ];
        for _ in 0..4 {
            items.push(item(Some(0), false, [0.7, 0.2]));
            items.push(item(Some(0), true, [0.71, 0.2]));
        }
        let decision = decide("test", &items, 0.6);
        assert_eq!((decision.sentences, decision.belonging), (10, 8));
        let [alone, _] = &decision.ways;
        let precise = alone.precise.unwrap();
        assert!((0.64..=0.7).contains(&precise.threshold));
        let (tuning, held_out) = (precise.halves.tuning, precise.halves.held_out);
        assert_eq!((tuning.right, tuning.wrong), (4, 0));
        assert_eq!((held_out.right, held_out.wrong), (4, 1));
        let share = held_out.precision.unwrap();
        assert!((share.value - 0.8).abs() < 1e-9 && share.low < 0.8);
        assert_eq!(alone.in_use.halves.tuning.wrong, 1);
    }
}
