//! Looks at the pages of a document that are pictures.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::ocr::{self, Eyes, SeenPage};
use super::{ExtractError, Format, Limits, check_size, pdf, photo, sniff};

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
            None => Some(photo::picture(bytes)?),
        };
        let looked = drawn
            .ok_or_else(|| "its picture cannot be drawn".to_owned())
            .and_then(|(picture, point)| {
                eyes.look(&picture, point, until).map_err(|e| e.to_string())
            });
        tell(match looked {
            Ok(lines) => Looked::Seen(SeenPage { page, lines }),
            Err(reason) => Looked::Unread { page, reason },
        })?;
    }
    Ok(())
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
        Format::Picture => photo::picture(bytes).map(Some),
        _ => Ok(None),
    }
}
