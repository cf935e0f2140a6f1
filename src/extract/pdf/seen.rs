//! Recognised lines among the letters of a page.

use std::collections::{BTreeMap, BTreeSet};

use hayro_interpret::kurbo::{Point, Rect};

use super::glyphs::Glyph;
use super::paint::{turn_back, turn_point};
use crate::extract::DOUBT;
use crate::extract::ocr::{Grid, SeenLine, SeenPage};

/// A gap between recognised words up to this, in font sizes, is a space and no border between cells.
const SPACE: f32 = 1.2;
/// Distance of the rows of a ruled table, indent of its cells and width of a letter, in font sizes.
const PITCH: f32 = 1.6;
const INDENT: f32 = 0.3;
const LETTER: f32 = 0.5;
/// A recognised line is left out if this much of it has letters of its own.
const COVERED: f32 = 0.4;

/// A picture may hold text from this share of the page on: a band of an eighth of its height, across a third.
const LARGE: f64 = 0.04;
/// A picture of at least this share of the page is a scan, …
const WHOLE: f64 = 0.5;
/// … which may have so many letters over it that are no layer of its text: a page number, a stamp.
const STAMP: usize = 60;
/// The same for a smaller picture.
const CAPTION: usize = 8;

/// Whether a page has pictures, larger than a logo, that no letters stand on.
pub(super) fn may_hold_text(images: &[Rect], own: &[Glyph], (width, height): (f32, f32)) -> bool {
    let page = Rect::new(0.0, 0.0, width.into(), height.into());
    let bare = images.iter().filter_map(|image| {
        let image = image.intersect(page);
        let share = image.area() / page.area();
        let on_it = own.iter().filter(|g| {
            let (x, y) = turn_back((g.x0 + g.x1) / 2.0, g.y - g.size * 0.3, g.turn);
            image.contains(Point::new(x.into(), y.into()))
        });
        let most = if share >= WHOLE { STAMP } else { CAPTION };
        (on_it.count() < most).then_some(share)
    });
    // Scanners and print programs cut a page into strips.
    bare.sum::<f64>() >= LARGE
}

/// The words of the lines that no letters of the page's own cover.
pub(super) fn glyphs(page: &SeenPage, own: &[Glyph]) -> Vec<Glyph> {
    let fresh = page.lines.iter().filter(|line| !is_covered(line, own));
    let mut fresh: Vec<&SeenLine> = fresh.collect();
    let mut out = Vec::new();
    for grid in &page.grids {
        let within = |line: &SeenLine| {
            let (x, y) = middle(line);
            line.turn == grid.turn && grid.cell(x, y).is_some()
        };
        let (inside, outside): (Vec<&SeenLine>, Vec<&SeenLine>) =
            fresh.iter().partition(|line| within(line));
        if let Some(rows) = rows(grid, &inside) {
            out.extend(rows);
            fresh = outside;
        }
    }
    out.extend(fresh.into_iter().flat_map(words));
    out
}

/// The words in the cells of a ruled table: those of a cell are one, and those of a row stand on one line, however many
/// lines they have on the page. `None` if they fill fewer than two rows or columns.
fn rows(grid: &Grid, lines: &[&SeenLine]) -> Option<Vec<Glyph>> {
    let mut cells: BTreeMap<(usize, usize), String> = BTreeMap::new();
    let mut sizes: Vec<f32> = lines.iter().map(|line| line.size).collect();
    let mut lines = lines.to_vec();
    let down = |line: &SeenLine| {
        let (x, y) = middle(line);
        grid.frame.straight(x, y).1
    };
    lines.sort_by(|a, b| down(a).total_cmp(&down(b)));
    for line in lines {
        for word in &line.words {
            let (x, y) = spot(line, (word.x0 + word.x1) / 2.0);
            let cell = grid.cell(x, y);
            let cell = cells.entry(cell?).or_default();
            if line.is_doubtful() {
                cell.push(DOUBT);
            }
            cell.push_str(&word.text);
            cell.push(' ');
        }
    }
    sizes.sort_by(f32::total_cmp);
    let size = *sizes.get(sizes.len() / 2)?;
    let cells = cells.into_iter().map(|(place, text)| (place, (text, 0.0)));
    set_out(grid, cells.collect(), size)
}

/// Sets the cells of a ruled table out as one line for each row, with the ink of its letters. `None` if they fill fewer than
/// two rows or columns.
pub(super) fn set_out(
    grid: &Grid,
    cells: BTreeMap<(usize, usize), (String, f32)>,
    size: f32,
) -> Option<Vec<Glyph>> {
    let many = |part: fn(&(usize, usize)) -> usize| {
        let parts: BTreeSet<usize> = cells.keys().map(part).collect();
        parts.len() > 1
    };
    if !many(|cell| cell.0) || !many(|cell| cell.1) {
        return None;
    }
    let (top, bottom) = (*grid.ys.first()?, *grid.ys.last()?);
    let pitch = ((bottom - top) / (grid.ys.len() - 1) as f32).min(size * PITCH);
    let glyphs = cells
        .into_iter()
        .filter_map(|((row, column), (text, ink))| {
            let (left, right) = (*grid.xs.get(column)?, *grid.xs.get(column + 1)?);
            let x0 = left + size * INDENT;
            let long = text.chars().count() as f32 * size * LETTER;
            Some(Glyph {
                text,
                x0,
                x1: (x0 + long)
                    .min(right - size * (SPACE - INDENT / 2.0))
                    .max(x0),
                y: top + pitch * (row + 1) as f32,
                size,
                ink,
                turn: grid.turn,
            })
        });
    Some(glyphs.collect())
}

/// The corners of a line on the page turned so that its text is upright, from the left.
fn upright(line: &SeenLine) -> [(f32, f32); 4] {
    let mut corners = line.corners.map(|(x, y)| turn_point(x, y, line.turn));
    corners.sort_by(|a, b| a.0.total_cmp(&b.0));
    corners
}

fn middle(line: &SeenLine) -> (f32, f32) {
    let corners = upright(line);
    (
        corners.iter().map(|corner| corner.0).sum::<f32>() / 4.0,
        corners.iter().map(|corner| corner.1).sum::<f32>() / 4.0,
    )
}

/// Where a place along the straightened line is on the turned page: a long crooked line passes through several rows.
fn spot(line: &SeenLine, x: f32) -> (f32, f32) {
    let [a, b, c, d] = upright(line);
    let (across, down) = ((c.0 + d.0 - a.0 - b.0) / 2.0, (c.1 + d.1 - a.1 - b.1) / 2.0);
    let length = across.hypot(down).max(f32::MIN_POSITIVE);
    let ends = line.words.first().zip(line.words.last());
    let along = ends.map_or(0.0, |(first, last)| x - (first.x0 + last.x1) / 2.0);
    let (x, y) = middle(line);
    (x + along * across / length, y + along * down / length)
}

fn words(line: &SeenLine) -> Vec<Glyph> {
    let mut out: Vec<Glyph> = Vec::new();
    for (at, word) in line.words.iter().enumerate() {
        let next = line.words.get(at + 1).map(|next| next.x0);
        let near = next.filter(|x0| x0 - word.x1 < line.size * SPACE);
        let mark = if line.is_doubtful() {
            DOUBT.to_string()
        } else {
            String::new()
        };
        out.push(Glyph {
            text: format!("{mark}{} ", word.text),
            x0: word.x0,
            x1: near.unwrap_or(word.x1).max(word.x0),
            y: line.y,
            size: line.size,
            ink: 0.0,
            turn: line.turn,
        });
    }
    out
}

fn is_covered(line: &SeenLine, own: &[Glyph]) -> bool {
    let (Some(first), Some(last)) = (line.words.first(), line.words.last()) else {
        return true;
    };
    let length = last.x1 - first.x0;
    let on_it = own.iter().filter(|g| {
        g.turn == line.turn
            && (g.y - line.y).abs() < line.size * 0.6
            && g.x1 > first.x0
            && g.x0 < last.x1
            && !g.text.trim().is_empty()
    });
    on_it.map(|g| g.x1 - g.x0).sum::<f32>() > length * COVERED
}
