//! The columns of a table: vertical strips with its cells, and cells that span several strips.

use std::collections::{BTreeMap, BTreeSet};

use super::lines::{Line, Segment};
use super::rows::is_centred;

/// How far a cell must extend into a column to be in it too, relative to the font size.
const REACHES: f32 = 0.25;
/// How close edges or middles of cells must be to count as aligned, relative to the font size.
const NEAR: f32 = 0.2;
/// Most full rows to compare a cell with.
const MAX_COMPARED: usize = 20;
const MAX_COLUMNS: usize = 100;

/// A column of a table, or a strip between two columns.
#[derive(Default)]
struct Strip {
    x0: f32,
    x1: f32,
    /// The lines with a cell in it.
    lines: BTreeSet<usize>,
    /// It is not a column: its cells span the columns on both sides.
    between: bool,
}

impl Strip {
    fn overlap(&self, cell: &Segment) -> f32 {
        self.x1.min(cell.x1) - self.x0.max(cell.x0)
    }

    fn take(&mut self, other: Self) {
        (self.x0, self.x1) = (self.x0.min(other.x0), self.x1.max(other.x1));
        self.lines.extend(other.lines);
    }
}

/// The positions of cells that are centred over several cells of the fullest rows and aligned with none of them.
fn find_centred(body: &[Line]) -> Vec<(f32, f32)> {
    let most = body.iter().map(|l| l.cells.len()).max().unwrap_or(0);
    let full = || {
        body.iter()
            .filter(|l| l.cells.len() == most)
            .take(MAX_COMPARED)
    };
    let mut found = Vec::new();
    for line in body.iter().filter(|l| l.cells.len() < most) {
        for cell in &line.cells {
            let near = cell.size * NEAR;
            let is_under = |o: &Segment| {
                (o.x0 - cell.x0).abs() < near
                    || (o.x1 - cell.x1).abs() < near
                    || ((o.x0 + o.x1) - (cell.x0 + cell.x1)).abs() < 2.0 * near
            };
            let over_several =
                full().any(|l| is_centred(cell, l.cells.get(1..).unwrap_or_default(), near));
            if over_several && !full().any(|l| l.cells.iter().any(is_under)) {
                found.push((cell.x0, cell.y));
            }
        }
    }
    found
}

pub(super) struct Columns {
    /// From left to right.
    strips: Vec<Strip>,
    /// Positions of the cells that are centred over several cells of full rows.
    centred: Vec<(f32, f32)>,
}

impl Columns {
    /// Cells that overlap vertically are in one column, except for those that span several.
    pub(super) fn of(body: &[Line]) -> Self {
        let mut cells: Vec<(usize, &Segment)> = body
            .iter()
            .enumerate()
            .flat_map(|(i, line)| line.cells.iter().map(move |c| (i, c)))
            .collect();
        // Narrow cells first: they define the columns, so that wide cells can be recognised as spanning.
        cells.sort_by(|(_, a), (_, b)| (a.x1 - a.x0).total_cmp(&(b.x1 - b.x0)));
        let mut columns = Self {
            strips: Vec::new(),
            centred: find_centred(body),
        };
        let mut wide = Vec::new();
        for (line, cell) in cells {
            if columns.is_centred(cell) {
                continue;
            }
            let over: Vec<usize> = (columns.strips.iter().enumerate())
                .filter(|(_, s)| s.overlap(cell) > 0.0)
                .map(|(i, _)| i)
                .take(2)
                .collect();
            let own = Strip {
                x0: cell.x0,
                x1: cell.x1,
                lines: BTreeSet::from([line]),
                between: false,
            };
            match over.as_slice() {
                [] if columns.strips.len() < MAX_COLUMNS => columns.strips.push(own),
                [only] => {
                    if let Some(strip) = columns.strips.get_mut(*only) {
                        strip.take(own);
                    }
                }
                _ => wide.push(cell),
            }
        }
        columns.strips.sort_by(|a, b| a.x0.total_cmp(&b.x0));
        columns.join_spanned(&wide);
        columns.find_between();
        columns
    }

    /// Joins strips that are one column: more cells span them than there are lines with cells in several of them.
    fn join_spanned(&mut self, wide: &[&Segment]) {
        loop {
            let mut ranges: BTreeMap<(usize, usize), usize> = BTreeMap::new();
            for cell in wide {
                let mut over = (self.strips.iter().enumerate())
                    .filter(|(_, s)| s.overlap(cell) > 0.0)
                    .map(|(i, _)| i);
                if let (Some(first), Some(last)) = (over.next(), over.next_back()) {
                    *ranges.entry((first, last)).or_default() += 1;
                }
            }
            let joined = ranges.into_iter().find(|((first, last), cells)| {
                let mut seen: BTreeMap<usize, usize> = BTreeMap::new();
                for strip in self.strips.get(*first..=*last).unwrap_or_default() {
                    for line in &strip.lines {
                        *seen.entry(*line).or_default() += 1;
                    }
                }
                seen.values().filter(|n| **n > 1).count() < *cells
            });
            let Some(((first, last), _)) = joined else {
                break;
            };
            let mut strips = self.strips.drain(first..=last);
            let Some(mut strip) = strips.next() else {
                break;
            };
            strips.for_each(|other| strip.take(other));
            self.strips.insert(first, strip);
        }
    }

    /// Marks strips whose cells are in lines without cells in the columns on both sides.
    fn find_between(&mut self) {
        for i in 2..self.strips.len().saturating_sub(1) {
            let Some([left, strip, right]) = self.strips.get_mut(i - 1..=i + 1) else {
                break;
            };
            let alone =
                strip.lines.is_disjoint(&left.lines) && strip.lines.is_disjoint(&right.lines);
            let both = left.lines.intersection(&right.lines).count();
            strip.between = alone && !left.between && both >= strip.lines.len();
        }
    }

    pub(super) fn count(&self) -> usize {
        self.before(self.strips.len())
    }

    /// How many columns are before a strip.
    fn before(&self, strip: usize) -> usize {
        let before = self.strips.get(..strip).unwrap_or_default();
        before.iter().filter(|s| !s.between).count()
    }

    fn is_centred(&self, cell: &Segment) -> bool {
        self.centred
            .iter()
            .any(|(x, y)| *x == cell.x0 && *y == cell.y)
    }

    /// The neighbouring columns over which a cell is best centred: the first column, and how many columns it spans.
    fn middle_of(&self, cell: &Segment) -> Option<(usize, usize)> {
        let off = |i: &usize| match self.strips.get(*i..*i + 2) {
            Some([a, b]) => ((a.x0 + b.x1) - (cell.x0 + cell.x1)).abs(),
            _ => f32::MAX,
        };
        let last = self.strips.len().checked_sub(1)?;
        let best = (0..last).min_by(|a, b| off(a).total_cmp(&off(b)))?;
        Some((self.before(best), self.before(best + 2) - self.before(best)))
    }

    /// The first column of a cell, and how many columns it spans.
    pub(super) fn place(&self, cell: &Segment) -> (usize, usize) {
        let inside = |least: f32| {
            (self.strips.iter().enumerate())
                .filter(move |(_, s)| s.overlap(cell) > least)
                .map(|(i, s)| (i, s.between))
        };
        if self.is_centred(cell)
            && inside(cell.size * REACHES).count() < 2
            && let Some(place) = self.middle_of(cell)
        {
            return place;
        }
        // A slight overlap is not a span.
        let mut over = inside(cell.size * REACHES).chain(inside(0.0).take(1));
        match (over.next(), inside(cell.size * REACHES).next_back()) {
            (Some((strip, true)), _) => (self.before(strip).saturating_sub(1), 2),
            (Some((first, false)), Some((last, _))) if last > first => {
                let count = self.before(last + 1) - self.before(first);
                (self.before(first), count.max(1))
            }
            (Some((first, false)), _) => (self.before(first), 1),
            (None, _) => (0, 1),
        }
    }
}
