//! Tables whose lines a page draws: what stands in one box is one cell, however many lines of text it has.

use std::collections::BTreeMap;

use hayro_interpret::kurbo::{Affine, BezPath, PathEl, Point, Rect};

use super::glyphs::Glyph;
use super::lines;
use super::seen;
use crate::extract::ocr::{Grid, Trace, level_grids};

/// A filled rectangle that is at most so thick is a line. All sizes are in points.
const THICKEST: f64 = 3.0;
/// How far a line may be from level, and how far apart pieces of one may lie.
const LEVEL: f64 = 0.5;
const APART: f32 = 2.5;
/// The shortest line of a table.
const SHORTEST: f32 = 8.0;
/// A page with more pieces of lines is a drawing.
const MOST: usize = 8_000;
/// A box with more lines of text is a part of the page and no cell.
const MOST_LINES: usize = 12;
/// From a letter's baseline up to its middle, in font sizes.
const MIDDLE: f32 = 0.3;

/// The level and upright lines that a page draws.
#[derive(Debug, Default)]
pub(super) struct Ruling {
    across: Vec<Trace>,
    down: Vec<Trace>,
}

impl Ruling {
    /// Adds a filled outline if it is as thin as a line; a path may have many.
    pub(super) fn add_filled(&mut self, path: &BezPath, transform: Affine) {
        let mut begun: Option<Rect> = None;
        for element in path.elements() {
            let end = element.end_point();
            if let (PathEl::MoveTo(_), Some(area)) = (element, begun) {
                self.add_area(transform.transform_rect_bbox(area));
                begun = None;
            }
            if let Some(end) = end {
                let own = Rect::from_points(end, end);
                begun = Some(begun.map_or(own, |area| area.union_pt(end)));
            }
        }
        if let Some(area) = begun {
            self.add_area(transform.transform_rect_bbox(area));
        }
    }

    /// Adds the straight pieces of a path that is drawn with a pen.
    pub(super) fn add_stroked(&mut self, path: &BezPath, transform: Affine) {
        let (mut start, mut at) = (Point::ZERO, Point::ZERO);
        for element in path.elements() {
            match *element {
                PathEl::MoveTo(to) => (start, at) = (to, to),
                PathEl::LineTo(to) => {
                    self.add_piece(transform * at, transform * to);
                    at = to;
                }
                PathEl::ClosePath => {
                    self.add_piece(transform * at, transform * start);
                    at = start;
                }
                PathEl::QuadTo(_, to) | PathEl::CurveTo(_, _, to) => at = to,
            }
        }
    }

    pub(super) fn add_area(&mut self, area: Rect) {
        let (width, height) = (area.width(), area.height());
        let middle = area.center();
        if height <= THICKEST && width > height * 2.0 {
            self.add_piece(Point::new(area.x0, middle.y), Point::new(area.x1, middle.y));
        } else if width <= THICKEST && height > width * 2.0 {
            self.add_piece(Point::new(middle.x, area.y0), Point::new(middle.x, area.y1));
        }
    }

    fn add_piece(&mut self, a: Point, b: Point) {
        if !(a.is_finite() && b.is_finite()) || self.across.len() + self.down.len() >= MOST {
            return;
        }
        let place = |x: f64, y: f64| (x as f32, y as f32);
        if (a.y - b.y).abs() <= LEVEL {
            let y = (a.y + b.y) / 2.0;
            let (from, to) = (place(a.x.min(b.x), y), place(a.x.max(b.x), y));
            self.across.push(Trace { from, to });
        } else if (a.x - b.x).abs() <= LEVEL {
            let x = (a.x + b.x) / 2.0;
            let (from, to) = (place(x, a.y.min(b.y)), place(x, a.y.max(b.y)));
            self.down.push(Trace { from, to });
        }
    }

    /// The tables in which each line runs from side to side: where cells are merged, the lines do not tell what belongs to
    /// which.
    fn grids(&self) -> Vec<Grid> {
        if self.across.len() + self.down.len() >= MOST {
            return Vec::new();
        }
        let swap = |line: &Trace| Trace {
            from: (line.from.1, line.from.0),
            to: (line.to.1, line.to.0),
        };
        let across = joined(self.across.clone());
        let down = joined(self.down.iter().map(swap).collect());
        let down: Vec<Trace> = down.iter().map(swap).collect();
        let mut grids = level_grids(&across, &down, APART);
        grids.retain(|grid| {
            let ends = |places: &[f32]| places.first().copied().zip(places.last().copied());
            let (Some((left, right)), Some((top, bottom))) = (ends(&grid.xs), ends(&grid.ys))
            else {
                return false;
            };
            let inside = |at: f32, from: f32, to: f32| at > from + APART && at < to - APART;
            let is_whole = |from: f32, to: f32, first: f32, last: f32| {
                from <= first + APART && to >= last - APART
            };
            let touches = |from: f32, to: f32, first: f32, last: f32| {
                to > first + APART && from < last - APART
            };
            across.iter().all(|line| {
                let (y, from, to) = (line.from.1, line.from.0, line.to.0);
                !inside(y, top, bottom)
                    || !touches(from, to, left, right)
                    || is_whole(from, to, left, right)
            }) && down.iter().all(|line| {
                let (x, from, to) = (line.from.0, line.from.1, line.to.1);
                !inside(x, left, right)
                    || !touches(from, to, top, bottom)
                    || is_whole(from, to, top, bottom)
            })
        });
        grids
    }

    /// Makes the letters of each cell one, in tables that have a cell with several lines of text. The others are read by how
    /// their text is aligned, which tells more about their letters.
    pub(super) fn gather(&self, glyphs: Vec<Glyph>) -> Vec<Glyph> {
        let mut left = glyphs;
        let mut out = Vec::new();
        for grid in self.grids() {
            let cell = |glyph: &Glyph| {
                let (x, y) = ((glyph.x0 + glyph.x1) / 2.0, glyph.y - glyph.size * MIDDLE);
                (glyph.turn == 0).then(|| grid.cell(x, y)).flatten()
            };
            let mut cells: BTreeMap<(usize, usize), Vec<Glyph>> = BTreeMap::new();
            let mut others = Vec::new();
            for glyph in &left {
                match cell(glyph) {
                    Some(place) => cells.entry(place).or_default().push(glyph.clone()),
                    None => others.push(glyph.clone()),
                }
            }
            let mut most_lines = 0;
            let mut sizes: Vec<f32> = cells.values().flatten().map(|glyph| glyph.size).collect();
            sizes.sort_by(f32::total_cmp);
            let texts = cells.into_iter().map(|(place, glyphs)| {
                let ink = glyphs.iter().map(|glyph| glyph.ink).fold(0.0, f32::max);
                let lines = lines::read(glyphs);
                most_lines = most_lines.max(lines.len());
                let texts: Vec<String> = lines.iter().map(lines::Line::text).collect();
                (place, (texts.join(" "), ink))
            });
            let texts = texts.collect();
            let size = sizes.get(sizes.len() / 2).copied().unwrap_or(0.0);
            if (2..=MOST_LINES).contains(&most_lines)
                && let Some(rows) = seen::set_out(&grid, texts, size)
            {
                out.extend(rows);
                left = others;
            }
        }
        // In the order of the page, since letters are joined as they were drawn.
        left.extend(out);
        left
    }
}

/// Joins pieces that lie on one line and touch; along is the first of a place's coordinates.
fn joined(mut pieces: Vec<Trace>) -> Vec<Trace> {
    pieces.sort_by(|a, b| {
        let rows = (a.from.1 / APART)
            .round()
            .total_cmp(&(b.from.1 / APART).round());
        rows.then(a.from.0.total_cmp(&b.from.0))
    });
    let mut out: Vec<Trace> = Vec::new();
    for piece in pieces {
        match out.last_mut() {
            Some(last)
                if (last.from.1 - piece.from.1).abs() <= APART
                    && piece.from.0 <= last.to.0 + APART =>
            {
                last.to.0 = last.to.0.max(piece.to.0);
            }
            _ => out.push(piece),
        }
    }
    out.retain(|line| line.to.0 - line.from.0 >= SHORTEST);
    out
}
