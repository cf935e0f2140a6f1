//! Which way a page is held, and how crooked its lines are.

use super::boxes::Slanted;

/// A line is upright letters on end if it is this many times as high as wide.
const TALL: f32 = 1.6;
/// A line tells the page's slant if it is this many times as wide as high.
const LONG: f32 = 2.2;
/// Fewer lines do not tell how the slant changes.
const FEW: usize = 8;

/// Where a place on the page as it is shown lies once the page is turned about its corner, so that text with these quarter
/// turns is upright.
pub(crate) fn turn_point(x: f32, y: f32, turn: u8) -> (f32, f32) {
    match turn {
        0 => (x, y),
        1 => (y, -x),
        2 => (-x, -y),
        _ => (-y, x),
    }
}

pub(super) fn is_tall(line: &Slanted) -> bool {
    line.height > line.width * TALL
}

/// Whether most of the text runs up or down.
pub(super) fn is_on_its_side(lines: &[Slanted]) -> bool {
    let area = |tall: bool| -> f32 {
        let some = lines.iter().filter(|l| is_tall(l) == tall);
        some.map(|l| l.width * l.height).sum()
    };
    area(true) > area(false)
}

/// The slant of lines as it changes from top to bottom: a page on a table is photographed at an angle, so that its lines
/// run together at one side.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Slant {
    /// Radians at the top.
    at_top: f32,
    /// Radians per point downwards.
    change: f32,
    middle: f32,
}

impl Slant {
    /// The straight line through the slants of long lines, by least squares, weighted by the squares of their lengths: a
    /// price's slant is hardly more than chance. Lines that lie far from the median do not count.
    pub(super) fn of(lines: &[Slanted], width: usize) -> Self {
        let middle = width as f32 / 2.0;
        let mut angles: Vec<f32> = Vec::new();
        let long: Vec<&Slanted> = lines.iter().filter(|l| l.width > l.height * LONG).collect();
        angles.extend(long.iter().map(|l| l.angle));
        angles.sort_by(f32::total_cmp);
        let median = angles.get(angles.len() / 2).copied().unwrap_or(0.0);
        let near = |l: &&&Slanted| (l.angle - median).abs() < 0.05;
        let (mut weight, mut y, mut angle) = (0.0, 0.0, 0.0);
        for line in long.iter().filter(near) {
            let length = line.width * line.width;
            weight += length;
            y += length * line.y;
            angle += length * line.angle;
        }
        if weight == 0.0 {
            return Self {
                at_top: 0.0,
                change: 0.0,
                middle,
            };
        }
        let (y, angle) = (y / weight, angle / weight);
        let (mut above, mut below) = (0.0, 0.0);
        for line in long.iter().filter(near) {
            let length = line.width * line.width;
            above += length * (line.y - y) * (line.angle - angle);
            below += length * (line.y - y).powi(2);
        }
        let few = long.len() < FEW;
        let change = if few || below < 1.0 {
            0.0
        } else {
            above / below
        };
        Self {
            at_top: angle - change * y,
            change,
            middle,
        }
    }

    /// The height at which a point would stand on a straight page.
    pub(super) fn straight(&self, x: f32, y: f32) -> f32 {
        y - (self.at_top + self.change * y).tan() * (x - self.middle)
    }
}

/// Makes the heights of lines that differ little the same: the height of a marked line depends on whether it has letters
/// with strokes up and down, but one font size makes a paragraph.
pub(super) fn level(heights: &mut [f32]) {
    let mut order: Vec<usize> = (0..heights.len()).collect();
    order.sort_by(|a, b| {
        heights
            .get(*a)
            .copied()
            .unwrap_or(0.0)
            .total_cmp(&heights.get(*b).copied().unwrap_or(0.0))
    });
    let median = order
        .get(order.len() / 2)
        .and_then(|at| heights.get(*at))
        .copied()
        .unwrap_or(0.0);
    // Lines near the usual height have it; the others are put together from the smallest up.
    const NEAR: f32 = 1.28;
    let mut group: Option<f32> = None;
    for at in order {
        let Some(height) = heights.get_mut(at) else {
            continue;
        };
        if *height < median * NEAR && *height * NEAR > median {
            *height = median;
            continue;
        }
        let base = *group.get_or_insert(*height);
        if *height > base * NEAR {
            group = Some(*height);
        } else {
            *height = base;
        }
    }
}
