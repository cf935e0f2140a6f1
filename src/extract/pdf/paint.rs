//! Colours and rotation of drawn elements.

use hayro_interpret::Paint;

pub(super) use crate::extract::ocr::turn_point;

/// Whether a paint looks white.
pub(super) fn is_white(paint: &Paint<'_>) -> bool {
    match paint {
        Paint::Color(color) => color.to_rgba().to_rgba8().iter().take(3).all(|c| *c >= 250),
        Paint::Pattern(_) => false,
    }
}

pub(super) fn is_opaque(paint: &Paint<'_>) -> bool {
    match paint {
        Paint::Color(color) => color.to_rgba().to_rgba8()[3] == 255,
        Paint::Pattern(_) => false,
    }
}

pub(super) fn quarter_turns(a: f64, b: f64) -> u8 {
    if a.abs() >= b.abs() {
        if a >= 0.0 { 0 } else { 2 }
    } else if b > 0.0 {
        1
    } else {
        3
    }
}

/// Where a point that [`turn_point`] turned stands on the page.
pub(super) fn turn_back(x: f32, y: f32, turn: u8) -> (f32, f32) {
    turn_point(x, y, (4 - turn) % 4)
}
