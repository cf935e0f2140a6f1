//! Recognised lines among the letters of a page.

use hayro_interpret::kurbo::{Point, Rect};

use super::glyphs::Glyph;
use super::paint::turn_back;
use crate::extract::DOUBT;
use crate::extract::ocr::{SeenLine, SeenPage};

/// A gap between recognised words up to this, in font sizes, is a space and no border between cells.
const SPACE: f32 = 1.2;
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
    fresh.flat_map(words).collect()
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
