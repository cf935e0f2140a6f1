//! Raised figures on a page: small letters above the base line of what they stand at.

use super::glyphs::Glyph;
use super::lines::Segment;
use crate::extract::raised::marked;

/// Raised letters are at most so high as those of their text.
const SMALLER: f32 = 0.85;
/// Figures that stand clearly raised may be nearly as high.
const HARDLY_SMALLER: f32 = 1.02;
/// How far above the base line they stand, in parts of the size of the text.
const RAISED: std::ops::Range<f32> = 0.12..0.8;
const CLEARLY_RAISED: std::ops::Range<f32> = 0.25..0.8;
/// How far below it figures of a formula stand.
const LOWERED: std::ops::Range<f32> = 0.1..0.6;
/// Longest text that is taken as raised, in characters.
const MAX_CHARS: usize = 6;
/// Most segments that are looked at for one raised text.
const MAX_NEAR: usize = 2_000;

/// Whether a text goes on in another size and height: a raised figure begins or ends.
pub(super) fn begins_or_ends(last: &Glyph, next: &Glyph) -> bool {
    let (small, large) = match last.size < next.size {
        true => (last, next),
        false => (next, last),
    };
    small.size < large.size * SMALLER && large.y - small.y > large.size * RAISED.start
}

/// Where small text stands at another one.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// Raised behind it: a mark, a power.
    Behind,
    /// Raised in front of it: the mark of a footnote.
    Before,
    /// Lowered behind it, in a formula.
    Below,
}

/// Puts raised text at the end of what it stands behind, that of a footnote in front of it, and the lowered figures of
/// formulas where they belong.
pub(super) fn attach(mut segments: Vec<Segment>) -> Vec<Segment> {
    let mut by_height: Vec<usize> = (0..segments.len()).collect();
    let y = |i: &usize| segments.get(*i).map_or(0.0, |s| s.y);
    by_height.sort_by(|a, b| y(a).total_cmp(&y(b)));
    let mut homes: Vec<(usize, usize, Place)> = Vec::new();
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
                let (far, place) = place(small, segments.get(*j)?)?;
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
        // What is raised at something raised stays where it is.
        if gone.get(home).copied().unwrap_or(true) {
            continue;
        }
        if let (Some(text), Some(gone)) = (segments.get_mut(home), gone.get_mut(i)) {
            *gone = true;
            text.text = match place {
                Place::Behind => format!("{}{}", text.text, marked(&small.text)),
                Place::Before => format!("{} {}", marked(&small.text), text.text),
                Place::Below => format!("{}{}", text.text, small.text),
            };
            (text.x0, text.x1) = (text.x0.min(small.x0), text.x1.max(small.x1));
        }
    }
    let mut gone = gone.into_iter();
    segments.retain(|_| !gone.next().unwrap_or(false));
    segments
}

/// Where a small text stands at another, and how far from where it should be.
fn place(small: &Segment, text: &Segment) -> Option<(f32, Place)> {
    let raised = (text.y - small.y) / text.size;
    let size = small.size / text.size;
    let behind = (small.x0 - text.x1) / text.size;
    let before = (text.x0 - small.x1) / text.size;
    let is_raised = (size < SMALLER && RAISED.contains(&raised))
        || (size < HARDLY_SMALLER && CLEARLY_RAISED.contains(&raised) && is_note(&small.text));
    if is_raised && (-0.3..0.35).contains(&behind) {
        return Some((behind.abs(), Place::Behind));
    }
    // Only where nothing else is near.
    if is_raised && (-0.2..0.6).contains(&before) && is_note(&small.text) {
        return Some((1.0 + before.abs(), Place::Before));
    }
    let is_figure = small.text.len() <= 3 && small.text.bytes().all(|b| b.is_ascii_digit());
    let is_below = size < SMALLER && LOWERED.contains(&-raised) && (-0.3..0.2).contains(&behind);
    (is_figure && is_below && text.text.ends_with(char::is_alphabetic))
        .then_some((behind.abs(), Place::Below))
}

/// Whether raised text may be the mark of the footnote that it stands in front of.
fn is_note(text: &str) -> bool {
    let bare = text.trim_matches(['(', ')', '[', ']', ' ']);
    (1..=3).contains(&bare.len())
        && (bare.bytes().all(|b| b.is_ascii_digit())
            || (bare.len() == 1 && bare.bytes().all(|b| b.is_ascii_lowercase() || b == b'*')))
}
