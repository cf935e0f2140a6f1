//! Raised text (superscript) on a page: small letters above the baseline of the text beside them.

use super::glyphs::Glyph;
use super::lines::Segment;
use crate::extract::raised::mark;

/// Raised letters are at most this large, relative to their text.
const SMALLER: f32 = 0.85;
/// Clearly raised footnote marks may be as large as their text.
const HARDLY_SMALLER: f32 = 1.02;
/// How far above the baseline they are, relative to the text's font size.
const RAISED: std::ops::Range<f32> = 0.12..0.8;
const CLEARLY_RAISED: std::ops::Range<f32> = 0.25..0.8;
/// How far below the baseline the digits of a formula are.
const LOWERED: std::ops::Range<f32> = 0.1..0.6;
/// Longest raised text, in characters.
const MAX_CHARS: usize = 6;
/// Most segments above, and below, to examine for one raised text.
const MAX_NEAR: usize = 2_000;

/// Whether size and baseline change between two glyphs so that raised text begins or ends.
pub(super) fn begins_or_ends(last: &Glyph, next: &Glyph) -> bool {
    let (small, large) = match last.size < next.size {
        true => (last, next),
        false => (next, last),
    };
    small.size < large.size * SMALLER && large.y - small.y > large.size * RAISED.start
}

/// Where small text is, relative to its host text.
#[derive(Clone, Copy, PartialEq)]
enum RaisedPlace {
    /// Raised after it: a footnote mark, an exponent.
    Behind,
    /// Raised before it: the mark of the footnote itself.
    Before,
    /// Lowered after it, in a formula.
    Below,
}

/// Attaches raised and lowered text to its host: exponents, marks and the digits of formulas after it, the mark of a
/// footnote before it.
pub(super) fn attach(mut segments: Vec<Segment>) -> Vec<Segment> {
    let mut by_height: Vec<usize> = (0..segments.len()).collect();
    let y = |i: &usize| segments.get(*i).map_or(0.0, |s| s.y);
    by_height.sort_by(|a, b| y(a).total_cmp(&y(b)));
    let mut homes: Vec<(usize, usize, RaisedPlace)> = Vec::new();
    for (i, small) in segments.iter().enumerate() {
        if small.text.chars().count() > MAX_CHARS {
            continue;
        }
        let from = by_height.partition_point(|j| y(j) <= small.y);
        let reach = small.size * 4.0;
        let near = |j: &&usize| (y(j) - small.y).abs() <= reach;
        let above = by_height.get(..from).unwrap_or_default().iter().rev();
        let below = by_height.get(from..).unwrap_or_default().iter();
        let all =
            (above.take(MAX_NEAR).take_while(near)).chain(below.take(MAX_NEAR).take_while(near));
        let best = all
            .filter(|j| **j != i)
            .filter_map(|j| {
                let (far, place) = locate(small, segments.get(*j)?)?;
                Some((far, *j, place))
            })
            .min_by(|a, b| a.0.total_cmp(&b.0));
        homes.extend(best.map(|(_, home, place)| (i, home, place)));
    }
    let mut gone = vec![false; segments.len()];
    for (i, home, place) in homes {
        let Some(small) = segments.get(i).cloned() else {
            continue;
        };
        // The host was attached to another one itself: leave this text alone.
        if gone.get(home).copied().unwrap_or(true) {
            continue;
        }
        if let (Some(text), Some(gone)) = (segments.get_mut(home), gone.get_mut(i)) {
            *gone = true;
            text.text = match place {
                RaisedPlace::Behind => format!("{}{}", text.text, mark(&small.text)),
                RaisedPlace::Before => format!("{} {}", mark(&small.text), text.text),
                RaisedPlace::Below => format!("{}{}", text.text, small.text),
            };
            (text.x0, text.x1) = (text.x0.min(small.x0), text.x1.max(small.x1));
        }
    }
    let mut gone = gone.into_iter();
    segments.retain(|_| !gone.next().unwrap_or(false));
    segments
}

/// Where a small text is relative to another, and how far it is from the ideal position.
fn locate(small: &Segment, text: &Segment) -> Option<(f32, RaisedPlace)> {
    let raised = (text.y - small.y) / text.size;
    let size = small.size / text.size;
    let behind = (small.x0 - text.x1) / text.size;
    let before = (text.x0 - small.x1) / text.size;
    let is_raised = (size < SMALLER && RAISED.contains(&raised))
        || (size < HARDLY_SMALLER && CLEARLY_RAISED.contains(&raised) && is_note(&small.text));
    if is_raised && (-0.3..0.35).contains(&behind) {
        return Some((behind.abs(), RaisedPlace::Behind));
    }
    // The added 1.0 makes this a last resort.
    if is_raised && (-0.2..0.6).contains(&before) && is_note(&small.text) {
        return Some((1.0 + before.abs(), RaisedPlace::Before));
    }
    let is_figure = small.text.len() <= 3 && small.text.bytes().all(|b| b.is_ascii_digit());
    let is_below = size < SMALLER && LOWERED.contains(&-raised) && (-0.3..0.2).contains(&behind);
    (is_figure && is_below && text.text.ends_with(char::is_alphabetic))
        .then_some((behind.abs(), RaisedPlace::Below))
}

/// Whether raised text may be a footnote mark.
fn is_note(text: &str) -> bool {
    let bare = text.trim_matches(['(', ')', '[', ']', ' ']);
    (1..=3).contains(&bare.len())
        && (bare.bytes().all(|b| b.is_ascii_digit())
            || (bare.len() == 1 && bare.bytes().all(|b| b.is_ascii_lowercase() || b == b'*')))
}
