//! How a crooked or photographed page is made level, from the ruled lines on it.

use serde::{Deserialize, Serialize};

use super::traces::Trace;

/// A line whose slant differs more from the usual one belongs to something else: a picture, a slanted letter.
const ODD: f32 = 0.05;
/// Fewer lines, or lines that lie closer together than this part of their length, do not tell how the slant changes.
const FEW: usize = 3;
const SPREAD: f32 = 0.15;

/// How lines are slanted that run across or down, from one side of the page to the other: on a page that was photographed
/// at an angle they run together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Slope {
    /// At place 0.
    start: f32,
    /// For each point further on.
    change: f32,
    /// Where straightening moves nothing.
    middle: f32,
}

/// Straightens places on a page. The default changes nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    across: Slope,
    down: Slope,
}

impl Frame {
    /// From lines across (from left to right) and down (from top to bottom); `middle` is that of the page.
    pub(super) fn of(across: &[Trace], down: &[Trace], middle: (f32, f32)) -> Self {
        let slants = |lines: &[Trace], own: fn((f32, f32)) -> (f32, f32)| -> Vec<Slanting> {
            let slanting = lines.iter().filter_map(|line| {
                let (from, to) = (own(line.from), own(line.to));
                let length = to.0 - from.0;
                (length > 0.0).then(|| Slanting {
                    at: (from.1 + to.1) / 2.0,
                    slope: (to.1 - from.1) / length,
                    length,
                })
            });
            slanting.collect()
        };
        Self {
            across: Slope::fit(slants(across, |place| place), middle.0),
            down: Slope::fit(slants(down, |(x, y)| (y, x)), middle.1),
        }
    }

    /// Where a place would be on a level page.
    #[must_use]
    pub fn straight(&self, x: f32, y: f32) -> (f32, f32) {
        (
            x - self.down.at(x) * (y - self.down.middle),
            y - self.across.at(y) * (x - self.across.middle),
        )
    }

    /// The same frame where a point is `point` large.
    pub(super) fn scaled(self, point: f32) -> Self {
        let scaled = |slope: Slope| Slope {
            change: slope.change / point,
            middle: slope.middle * point,
            ..slope
        };
        Self {
            across: scaled(self.across),
            down: scaled(self.down),
        }
    }
}

/// A line: its place, how much it leaves it for each point, and its length.
#[derive(Debug, Clone, Copy)]
struct Slanting {
    at: f32,
    slope: f32,
    length: f32,
}

impl Slope {
    /// The straight line through the slants by least squares, weighted by the squares of the lines' lengths.
    fn fit(mut lines: Vec<Slanting>, middle: f32) -> Self {
        lines.sort_by(|a, b| a.slope.total_cmp(&b.slope));
        let weight = |line: &Slanting| line.length * line.length;
        let whole: f32 = lines.iter().map(weight).sum();
        let mut passed = 0.0;
        let usual = lines.iter().find(|line| {
            passed += weight(line);
            passed * 2.0 >= whole
        });
        let Some(usual) = usual.copied() else {
            return Self {
                middle,
                ..Self::default()
            };
        };
        lines.retain(|line| (line.slope - usual.slope).abs() < ODD);
        let whole: f32 = lines.iter().map(weight).sum();
        let mean = |value: fn(&Slanting) -> f32| {
            lines.iter().map(|l| weight(l) * value(l)).sum::<f32>() / whole
        };
        let (at, slope) = (mean(|line| line.at), mean(|line| line.slope));
        let longest = lines.iter().map(|line| line.length).fold(0.0, f32::max);
        let long = lines.iter().filter(|line| line.length * 2.0 > longest);
        let ends = long.clone().fold((f32::MAX, f32::MIN), |ends, line| {
            (ends.0.min(line.at), ends.1.max(line.at))
        });
        let tells = long.count() >= FEW && ends.1 - ends.0 > longest * SPREAD;
        let (mut above, mut below) = (0.0, 0.0);
        for line in &lines {
            above += weight(line) * (line.at - at) * (line.slope - slope);
            below += weight(line) * (line.at - at).powi(2);
        }
        let change = if tells && below > 0.0 {
            above / below
        } else {
            0.0
        };
        Self {
            start: slope - change * at,
            change,
            middle,
        }
    }

    fn at(&self, place: f32) -> f32 {
        self.start + self.change * place
    }
}
