//! Looks at the pages of a document that are pictures.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::ocr::{self, Eyes, SeenPage, Spot};
use super::{
    Blocks, ExtractError, Extracted, Format, Limits, check_size, extract_seen, pdf, photo, sniff,
};

/// What became of a page that was looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Looked {
    Seen(SeenPage),
    /// It was left unread; the reason completes "page 3 was not read: …".
    Unread {
        page: u32,
        reason: String,
    },
}

/// Recognises the text in the pictures of these pages, each in at most `for_each`, and tells after each.
///
/// # Errors
/// When the file cannot be read, or what `tell` returns.
pub fn look<E: From<ExtractError>>(
    bytes: &[u8],
    name: &str,
    limits: &Limits,
    eyes: &Eyes,
    (pages, for_each): (&[u32], Duration),
    mut tell: impl FnMut(Looked) -> Result<(), E>,
) -> Result<(), E> {
    check_size(bytes, limits)?;
    let format = sniff::sniff(bytes, name)?.format;
    let pdf = match format {
        Format::Pdf => Some(pdf::Scans::open(bytes, limits)?),
        _ => None,
    };
    for &page in pages {
        let until = Instant::now() + for_each;
        let drawn = match &pdf {
            Some(pdf) => pdf.draw(page),
            None => photo::picture(bytes, limits, page)?,
        };
        let looked = drawn
            .ok_or_else(|| "its picture cannot be drawn".to_owned())
            .and_then(|(picture, point)| {
                let lines = eyes
                    .look(&picture, point, until)
                    .map_err(|e| e.to_string())?;
                // All lines of a page are turned alike.
                let turn = lines.first().map_or(0, |line| line.turn);
                Ok(SeenPage {
                    page,
                    width: picture.width as f32 * point,
                    height: picture.height as f32 * point,
                    lines,
                    grids: ocr::grids(&picture, point, turn),
                })
            });
        tell(match looked {
            Ok(seen) => Looked::Seen(seen),
            Err(reason) => Looked::Unread { page, reason },
        })?;
    }
    Ok(())
}

/// As [`extract_seen`], for an owner who decides on the doubtful lines: a document of which all lines are doubtful, or left
/// out once somebody `judged` them, is empty and no error.
///
/// # Errors
/// As [`extract_seen`].
pub fn extract_to_check(
    bytes: &[u8],
    name: &str,
    limits: &Limits,
    seen: &[SeenPage],
    judged: bool,
) -> Result<Extracted, ExtractError> {
    let read = extract_seen(bytes, name, limits, seen);
    let kept_back = match read {
        Err(ExtractError::AllDoubtful { lines }) => lines,
        Err(ExtractError::NothingSeen) if judged => 0,
        other => return other,
    };
    let kind = sniff::sniff(bytes, name)?.format;
    let pages = match kind {
        Format::Pdf => pdf::Scans::open(bytes, limits)?.pages(),
        _ => photo::pages(bytes, limits)?,
    };
    let mut out = Blocks::new(limits).finish(kind);
    out.pages = Some(pages);
    out.kept_back = u32::try_from(kept_back).unwrap_or(u32::MAX);
    Ok(out)
}

/// Draws each of these spots of a page as a PNG; `None` if the page has no picture.
pub fn draw_spots(
    bytes: &[u8],
    name: &str,
    limits: &Limits,
    page: u32,
    spots: &[Spot],
) -> Result<Option<Vec<Vec<u8>>>, ExtractError> {
    let drawn = page_picture(bytes, name, limits, page)?;
    Ok(drawn.map(|(picture, _)| spots.iter().map(|spot| ocr::show(&picture, spot)).collect()))
}

/// The picture of a page as [`look`] sees it, and the size of one of its points in points of the page.
pub fn page_picture(
    bytes: &[u8],
    name: &str,
    limits: &Limits,
    page: u32,
) -> Result<Option<(ocr::Picture, f32)>, ExtractError> {
    check_size(bytes, limits)?;
    match sniff::sniff(bytes, name)?.format {
        Format::Pdf => Ok(pdf::Scans::open(bytes, limits)?.draw(page)),
        Format::Picture => photo::picture(bytes, limits, page),
        _ => Ok(None),
    }
}
