//! Text recognition (OCR): a picture in, lines of text out, each with its place and how sure the reader is.
//!
//! The networks are PP-OCR's (Apache-2.0), run by rten: one marks where text stands (`detect`), one says whether a
//! line stands on its head, one reads a line (`decode`). What lies between them is here: `picture` turns and cuts,
//! `boxes` makes rectangles of marked points, `upright` makes crooked lines straight, `eyes` leads through it. `traces`
//! follows drawn lines, `level` straightens the page by them, `rules` makes tables of them.

mod boxes;
mod decode;
mod detect;
mod eyes;
mod judged;
mod level;
#[cfg(test)]
mod ocr_tests;
mod picture;
mod rules;
#[cfg(test)]
mod rules_tests;
mod shown;
#[cfg(test)]
mod tables_tests;
mod traces;
mod upright;

use serde::{Deserialize, Serialize};

pub use eyes::{Eyes, EyesError, LookError, Weights};
pub use judged::Verdict;
pub use level::Frame;
pub use picture::Picture;
pub use rules::Grid;
pub(crate) use rules::{grids, level_grids};
pub use shown::{Spot, show};
pub(crate) use traces::Trace;
pub(crate) use upright::turn_point;

/// A line whose confidence is lower is doubtful, and no visitor gets it. Of the lines with a wrong letter on the pages of
/// `benches/ocr.py` nearly half lie below, of the right ones 4 % (BENCHMARKS.md).
pub const DOUBTFUL: f32 = 0.85;

/// What was recognised on a page.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SeenPage {
    /// From 1.
    pub page: u32,
    /// Size of the page as it is shown, in points.
    #[serde(default)]
    pub width: f32,
    #[serde(default)]
    pub height: f32,
    /// From top to bottom.
    pub lines: Vec<SeenLine>,
    /// Tables whose ruling shows.
    #[serde(default)]
    pub grids: Vec<Grid>,
}

/// One line. Coordinates are in points from the top left of the page, turned and straightened so that lines run level
/// from left to right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeenLine {
    pub words: Vec<SeenWord>,
    /// The baseline.
    pub y: f32,
    /// Font size in points, about.
    pub size: f32,
    /// Quarter turns, clockwise, from how the page is shown.
    pub turn: u8,
    /// From 0 to 1.
    pub confidence: f32,
    /// The corners in the picture, in points, as the page is shown.
    pub corners: [(f32, f32); 4],
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SeenWord {
    pub text: String,
    pub x0: f32,
    pub x1: f32,
}

impl SeenLine {
    #[must_use]
    pub fn text(&self) -> String {
        let words: Vec<&str> = self.words.iter().map(|w| w.text.as_str()).collect();
        words.join(" ")
    }

    #[must_use]
    pub fn is_doubtful(&self) -> bool {
        self.confidence < DOUBTFUL
    }
}
