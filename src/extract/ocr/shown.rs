//! The picture of a recognised line with what stands around it, for a person to compare.

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use serde::{Deserialize, Serialize};

use super::Picture;

/// A place on a page.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spot {
    /// Left, top, right and bottom as fractions of the page's width and height.
    pub place: [f32; 4],
    /// Quarter turns, clockwise, of the text from how the page is shown.
    pub turn: u8,
}

/// What is shown around a line, in heights of the line.
const AROUND: f32 = 1.1;
/// The same in points of the picture, at least; a line of 8 points is some 30 high.
const LEAST_AROUND: f32 = 24.0;
/// Longest side of a picture that is shown, in points.
const LONGEST: usize = 1_400;
/// The frame around the line: colour, distance and thickness in points.
const FRAME: [u8; 3] = [0xd9, 0x48, 0x0f];
const DISTANCE: f32 = 4.0;
const THICKNESS: usize = 2;

/// Cuts a line out of the picture of its page, upright and with a frame around it, as a PNG.
#[must_use]
pub fn show(page: &Picture, spot: &Spot) -> Vec<u8> {
    let (width, height) = (page.width as f32, page.height as f32);
    let [left, top, right, bottom] = spot.place.map(|share| {
        if share.is_finite() {
            share.clamp(0.0, 1.0)
        } else {
            0.0
        }
    });
    let (left, right) = (left.min(right) * width, left.max(right) * width);
    let (top, bottom) = (top.min(bottom) * height, top.max(bottom) * height);
    let around = ((bottom - top).min(right - left) * AROUND).max(LEAST_AROUND);
    let bound = |at: f32, most: usize| (at.max(0.0) as usize).min(most);
    let (x0, x1) = (
        bound(left - around, page.width.saturating_sub(1)),
        bound(right + around, page.width).max(1),
    );
    let (y0, y1) = (
        bound(top - around, page.height.saturating_sub(1)),
        bound(bottom + around, page.height).max(1),
    );
    let mut out = Picture::white(x1.saturating_sub(x0).max(1), y1.saturating_sub(y0).max(1));
    for y in 0..out.height {
        for x in 0..out.width {
            out.set(x, y, page.at(x0 + x, y0 + y));
        }
    }
    let near = |at: f32, from: usize| (at - from as f32).max(0.0) as usize;
    frame(
        &mut out,
        (near(left - DISTANCE, x0), near(top - DISTANCE, y0)),
        (near(right + DISTANCE, x0), near(bottom + DISTANCE, y0)),
    );
    png(&out.turned((4 - spot.turn % 4) % 4).at_most(LONGEST))
}

fn frame(picture: &mut Picture, (left, top): (usize, usize), (right, bottom): (usize, usize)) {
    let (right, bottom) = (
        right.min(picture.width.saturating_sub(1)),
        bottom.min(picture.height.saturating_sub(1)),
    );
    for y in top..=bottom {
        for x in left..=right {
            let inside = x >= left + THICKNESS
                && x + THICKNESS <= right
                && y >= top + THICKNESS
                && y + THICKNESS <= bottom;
            if !inside {
                picture.set(x, y, FRAME);
            }
        }
    }
}

/// A PNG (ISO/IEC 15948) of red, green and blue; each row is stored as its difference from the one above.
fn png(picture: &Picture) -> Vec<u8> {
    const COLOURS: u8 = 2;
    const UP: u8 = 2;
    let bytes_in_row = picture.width * 3;
    let mut rows = Vec::with_capacity((bytes_in_row + 1) * picture.height);
    let mut above = vec![0_u8; bytes_in_row];
    for row in picture.rgb.chunks_exact(bytes_in_row) {
        rows.push(UP);
        let differences = row
            .iter()
            .zip(&above)
            .map(|(own, up)| own.wrapping_sub(*up));
        rows.extend(differences);
        above.copy_from_slice(row);
    }
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    // A vector takes all that is written to it.
    let _ = packed.write_all(&rows);
    let packed = packed.finish().unwrap_or_default();
    let size = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
    let mut head = Vec::with_capacity(13);
    head.extend(size(picture.width));
    head.extend(size(picture.height));
    head.extend([8, COLOURS, 0, 0, 0]);
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    for (kind, data) in [
        (b"IHDR", head.as_slice()),
        (b"IDAT", &packed),
        (b"IEND", &[]),
    ] {
        out.extend(size(data.len()));
        let mut sum = flate2::Crc::new();
        sum.update(kind);
        sum.update(data);
        out.extend(kind);
        out.extend(data);
        out.extend(sum.sum().to_be_bytes());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::{Limits, photo};

    fn decoded(png: &[u8]) -> Picture {
        let read = photo::picture(png, &Limits::default(), 1).unwrap();
        read.unwrap().0
    }

    fn spot(place: [f32; 4], turn: u8) -> Spot {
        Spot { place, turn }
    }

    /// White, with a black line from 40 % to 60 % of the width, in the middle.
    fn page() -> Picture {
        let mut page = Picture::white(1_000, 600);
        for y in 290..310 {
            for x in 400..600 {
                page.set(x, y, [0; 3]);
            }
        }
        page
    }

    #[test]
    fn a_line_is_cut_out_with_its_surroundings_and_a_frame() {
        let place = [0.4, 290.0 / 600.0, 0.6, 310.0 / 600.0];
        let shown = decoded(&show(&page(), &spot(place, 0)));
        assert!(shown.width.abs_diff(248) < 2 && shown.height.abs_diff(68) < 2);
        assert_eq!(shown.at(124, 34), [0; 3]);
        assert_eq!(shown.at(2, 2), [255; 3]);
        assert_eq!(shown.at(21, 34), FRAME);
        let turned = decoded(&show(&page(), &spot(place, 3)));
        assert_eq!((turned.width, turned.height), (shown.height, shown.width));
    }

    #[test]
    fn a_place_that_makes_no_sense_gives_a_picture_all_the_same() {
        for place in [
            [0.0, 0.0, 1.0, 1.0],
            [1.0, 1.0, 1.0, 1.0],
            [0.9, 0.9, 0.1, 0.1],
            [f32::NAN, -3.0, 7.0, f32::INFINITY],
            [0.0; 4],
        ] {
            for picture in [page(), Picture::white(1, 1), Picture::white(3_400, 10)] {
                let drawn = decoded(&show(&picture, &spot(place, 1)));
                assert!(drawn.width.max(drawn.height) <= LONGEST, "{place:?}");
            }
        }
    }
}
