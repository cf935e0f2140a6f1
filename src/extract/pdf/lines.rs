//! Reading order: joins glyphs into segments and segments into lines, column by column.

use super::{glyphs::Glyph, raised, rtl};
use crate::extract::raised::write_out;

/// The smallest gap between two glyphs that is a space, relative to the font size. Between letters of
/// a word the gap is about 0, a space is 0.2 to 0.3; justified text squeezes spaces to about 0.15.
const SPACE: f32 = 0.14;
/// The smallest gap that separates cells or columns, relative to the font size.
const WIDE_GAP: f32 = 1.2;
/// Deepest nesting of columns.
const MAX_COLUMNS_DEPTH: u32 = 6;

/// Adjacent glyphs on one baseline.
#[derive(Debug, Clone)]
pub(super) struct Segment {
    pub text: String,
    pub x0: f32,
    pub x1: f32,
    pub y: f32,
    pub size: f32,
    /// Inked area by letter, to compare with the usual weight of the document.
    pub inks: Vec<(char, f32)>,
}

/// One line of a page or of a column.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// In reading order.
    pub cells: Vec<Segment>,
    /// Which column or band of the page it belongs to; lines of different regions never join.
    pub region: usize,
}

impl Line {
    pub(super) fn x0(&self) -> f32 {
        self.cells.first().map_or(0.0, |c| c.x0)
    }

    pub(super) fn x1(&self) -> f32 {
        self.cells.iter().map(|c| c.x1).fold(f32::MIN, f32::max)
    }

    pub(super) fn y(&self) -> f32 {
        self.main().map_or(0.0, |c| c.y)
    }

    /// The font size of its longest cell, in points.
    pub(super) fn size(&self) -> f32 {
        self.main().map_or(0.0, |c| c.size)
    }

    fn main(&self) -> Option<&Segment> {
        self.cells.iter().max_by_key(|c| c.text.len())
    }

    pub(super) fn text(&self) -> String {
        let cells: Vec<&str> = self.cells.iter().map(|c| c.text.as_str()).collect();
        cells.join(" ")
    }
}

/// The lines of a page in reading order. Rotated text follows the upright text.
pub(super) fn read(glyphs: Vec<Glyph>) -> Vec<Line> {
    let mut by_turn: [Vec<Glyph>; 4] = Default::default();
    for glyph in glyphs {
        if let Some(group) = by_turn.get_mut(usize::from(glyph.turn)) {
            group.push(glyph);
        }
    }
    let mut out = Vec::new();
    let mut region = 0;
    for group in by_turn {
        order(
            raised::attach(join_glyphs(&group)),
            &mut out,
            &mut region,
            0,
        );
        region += 1;
    }
    out
}

/// Joins consecutive glyphs on one baseline.
fn join_glyphs(glyphs: &[Glyph]) -> Vec<Segment> {
    let mut out = Vec::new();
    let mut current: Vec<&Glyph> = Vec::new();
    for glyph in glyphs {
        if let Some(last) = current.last() {
            let size = last.size.max(glyph.size);
            let gap = glyph.x0 - last.x1;
            let same = (glyph.y - last.y).abs() <= size * 0.2
                && gap > -size * 0.5
                && gap < size * WIDE_GAP
                && !raised::begins_or_ends(last, glyph)
                && (glyph.size / last.size - 1.0).abs() < 0.6;
            if !same {
                out.extend(build_segment(&current));
                current.clear();
            }
        }
        current.push(glyph);
    }
    out.extend(build_segment(&current));
    out
}

fn build_segment(glyphs: &[&Glyph]) -> Option<Segment> {
    let visible = |g: &&&Glyph| g.text.chars().any(|c| !c.is_whitespace());
    let first = glyphs.iter().find(visible)?;
    let last = glyphs.iter().rev().find(visible)?;
    // In letter-spaced headings all gaps are wide: only a wider one is a space.
    let mut gaps: Vec<f32> = glyphs
        .windows(2)
        .filter_map(|pair| match pair {
            [a, b] => Some((b.x0 - a.x1) / a.size.max(b.size)),
            _ => None,
        })
        .collect();
    gaps.sort_by(f32::total_cmp);
    let usual = gaps.get(gaps.len() / 2).copied().unwrap_or(0.0);
    let space = if usual > 0.05 && gaps.len() >= 5 {
        usual + SPACE
    } else {
        SPACE
    };
    let mut out = Segment {
        text: String::new(),
        x0: first.x0,
        x1: last.x1.max(first.x0),
        y: 0.0,
        size: 0.0,
        inks: Vec::new(),
    };
    let mut previous: Option<&&Glyph> = None;
    let (mut weight, mut y, mut size) = (0.0, 0.0, 0.0);
    for glyph in glyphs {
        if let Some(p) = previous
            && (glyph.x0 - p.x1) / p.size.max(glyph.size) > space
        {
            out.text.push(' ');
        }
        out.text.push_str(&glyph.text);
        if let Some(c) = glyph.text.chars().next().filter(|c| !c.is_whitespace()) {
            out.inks.push((c, glyph.ink));
            weight += 1.0;
            y += glyph.y;
            size += glyph.size;
        }
        previous = Some(glyph);
    }
    (out.y, out.size) = (y / weight, size / weight);
    out.text = out.text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!out.text.is_empty()).then_some(out)
}

/// Arranges segments in lines, column by column if the page has columns.
fn order(segments: Vec<Segment>, out: &mut Vec<Line>, region: &mut usize, depth: u32) {
    if segments.is_empty() {
        return;
    }
    let Some(gutter) = (depth < MAX_COLUMNS_DEPTH)
        .then(|| find_gutter(&segments))
        .flatten()
    else {
        out.extend(join_lines(segments, *region));
        *region += 1;
        return;
    };
    // Lines that cross the gutter divide the page into bands, each with its own pair of columns. Bands
    // without columns are joined with the lines around them.
    let mut plain: Vec<Segment> = Vec::new();
    for band in split_into_bands(segments, gutter) {
        let (left, right): (Vec<_>, Vec<_>) =
            band.iter().cloned().partition(|s| s.x0 < gutter - 1.0);
        if crosses(&band, gutter) || !is_pair_of_columns(&left, &right) {
            plain.extend(band);
            continue;
        }
        flush(&mut plain, out, region);
        order(left, out, region, depth + 1);
        order(right, out, region, depth + 1);
    }
    flush(&mut plain, out, region);
}

fn flush(plain: &mut Vec<Segment>, out: &mut Vec<Line>, region: &mut usize) {
    if !plain.is_empty() {
        out.extend(join_lines(std::mem::take(plain), *region));
        *region += 1;
    }
}

fn crosses(band: &[Segment], gutter: f32) -> bool {
    band.iter()
        .any(|s| s.x0 < gutter - 1.0 && s.x1 > gutter + 1.0)
}

/// Splits segments, from top to bottom, wherever lines begin or stop crossing the gutter. Segments on
/// the baseline of a crossing segment stay with it.
fn split_into_bands(mut segments: Vec<Segment>, gutter: f32) -> Vec<Vec<Segment>> {
    segments.sort_by(|a, b| a.y.total_cmp(&b.y));
    let crossing: Vec<(f32, f32)> = segments
        .iter()
        .filter(|s| s.x0 < gutter - 1.0 && s.x1 > gutter + 1.0)
        .map(|s| (s.y, s.size))
        .collect();
    let mut next = 0;
    let mut out: Vec<(bool, Vec<Segment>)> = Vec::new();
    for segment in segments {
        while crossing
            .get(next)
            .is_some_and(|(y, size)| y + size < segment.y)
        {
            next += 1;
        }
        let in_crossing_line = crossing
            .get(next..)
            .unwrap_or_default()
            .iter()
            .take_while(|(y, size)| y - size < segment.y)
            .any(|(y, _)| (y - segment.y).abs() < segment.size * 0.3);
        match out.last_mut() {
            Some((kind, band)) if *kind == in_crossing_line => band.push(segment),
            _ => out.push((in_crossing_line, vec![segment])),
        }
    }
    out.into_iter().map(|(_, band)| band).collect()
}

/// The middle of the widest vertical strip, away from the edges, that no segment but very wide ones crosses.
fn find_gutter(segments: &[Segment]) -> Option<f32> {
    if segments.len() < 6 {
        return None;
    }
    let left = segments.iter().map(|s| s.x0).fold(f32::MAX, f32::min);
    let right = segments.iter().map(|s| s.x1).fold(f32::MIN, f32::max);
    let width = right - left;
    let mut sizes: Vec<f32> = segments.iter().map(|s| s.size).collect();
    sizes.sort_by(f32::total_cmp);
    let size = sizes.get(sizes.len() / 2).copied().unwrap_or(10.0);
    let mut spans: Vec<(f32, f32)> = segments
        .iter()
        .filter(|s| s.x1 - s.x0 < width * 0.6)
        .map(|s| (s.x0, s.x1))
        .collect();
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (mut reach, mut best): (f32, Option<(f32, f32)>) = (f32::MIN, None);
    for (x0, x1) in spans {
        let gap = x0 - reach;
        let middle = reach + gap / 2.0;
        let inside = middle > left + width * 0.15 && middle < right - width * 0.15;
        if reach > f32::MIN && inside && gap > size * 0.8 && best.is_none_or(|(w, _)| gap > w) {
            best = Some((gap, middle));
        }
        reach = reach.max(x1);
    }
    best.map(|(_, middle)| middle)
}

/// Whether two groups are columns of running text and not the cells of a table.
fn is_pair_of_columns(left: &[Segment], right: &[Segment]) -> bool {
    let rows = (base_lines(left), base_lines(right));
    if rows.0.len() < 2 || rows.1.len() < 2 {
        return false;
    }
    let (few, many) = if rows.0.len() < rows.1.len() {
        (&rows.0, &rows.1)
    } else {
        (&rows.1, &rows.0)
    };
    let size = left.first().map_or(10.0, |s| s.size);
    let aligned = few
        .iter()
        .filter(|y| many.iter().any(|other| (other - **y).abs() < size * 0.2))
        .count();
    if aligned * 2 < few.len() {
        return true;
    }
    rows.0.len() >= 3 && rows.1.len() >= 3 && is_running_text(left) && is_running_text(right)
}

fn base_lines(segments: &[Segment]) -> Vec<f32> {
    let mut ys: Vec<f32> = segments.iter().map(|s| s.y).collect();
    ys.sort_by(f32::total_cmp);
    ys.dedup_by(|a, b| (*a - *b).abs() < 2.0);
    ys
}

/// Running text fills its lines; cells are short.
fn is_running_text(segments: &[Segment]) -> bool {
    let mut widths: Vec<f32> = join_lines(segments.to_vec(), 0)
        .iter()
        .map(|l| l.cells.iter().map(|c| c.x1 - c.x0).sum::<f32>() / l.size().max(1.0))
        .collect();
    widths.sort_by(f32::total_cmp);
    // A letter is about half as wide as the font size: 10 is some 20 letters.
    widths.get(widths.len() / 2).is_some_and(|w| *w > 10.0)
}

/// Joins the segments of one region into lines and cells.
fn join_lines(mut segments: Vec<Segment>, region: usize) -> Vec<Line> {
    segments.sort_by(|a, b| a.y.total_cmp(&b.y));
    let mut groups: Vec<(f32, f32, Vec<Segment>)> = Vec::new();
    for segment in segments {
        // Raised and lowered digits are small and near the baseline of their text.
        let home = groups.iter_mut().rev().take(3).find(|(y, size, members)| {
            let near = (segment.y - *y).abs() <= size.max(segment.size) * 0.4
                && (segment.y - *y).abs() <= size.min(segment.size) * 0.75;
            near && !members
                .iter()
                .any(|m| overlap(m, &segment) > segment.size.min(m.size) * 0.8)
        });
        match home {
            Some((y, size, members)) => {
                if segment.text.len() > members.iter().map(|m| m.text.len()).max().unwrap_or(0) {
                    (*y, *size) = (segment.y, segment.size);
                }
                members.push(segment);
            }
            None => groups.push((segment.y, segment.size, vec![segment])),
        }
    }
    groups.sort_by(|a, b| a.0.total_cmp(&b.0));
    groups
        .into_iter()
        .map(|(_, _, members)| Line {
            cells: join_cells(members),
            region,
        })
        .collect()
}

fn overlap(a: &Segment, b: &Segment) -> f32 {
    a.x1.min(b.x1) - a.x0.max(b.x0)
}

/// Joins the segments of a line into cells: those whose gap is too narrow to separate cells.
fn join_cells(mut members: Vec<Segment>) -> Vec<Segment> {
    members.sort_by(|a, b| a.x0.total_cmp(&b.x0));
    let mut out: Vec<Segment> = Vec::new();
    for segment in members {
        match out.last_mut() {
            Some(last)
                if segment.x0 - last.x1 < last.size.max(segment.size) * WIDE_GAP
                    || is_marker(&last.text) =>
            {
                if segment.x0 - last.x1 > last.size.max(segment.size) * SPACE {
                    last.text.push(' ');
                }
                last.text.push_str(&segment.text);
                last.x1 = last.x1.max(segment.x1);
                last.inks.extend(segment.inks);
                if segment.text.len() * 2 > last.text.len() {
                    (last.y, last.size) = (segment.y, segment.size);
                }
            }
            _ => out.push(segment),
        }
    }
    for cell in &mut out {
        cell.text = rtl::to_reading_order(&write_out(&cell.text));
    }
    if out.iter().all(|c| rtl::is_right_to_left(&c.text)) {
        out.reverse();
    }
    out
}

/// A bullet or number in front of a list item.
fn is_marker(text: &str) -> bool {
    let count = text.chars().count();
    (count == 1
        && text
            .chars()
            .all(|c| !c.is_alphanumeric() && !matches!(c, '$' | '€' | '£')))
        || (count <= 3
            && text.ends_with(['.', ')'])
            && text.chars().next().is_some_and(char::is_alphanumeric))
}
