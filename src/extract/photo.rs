//! Pictures that are documents: a photographed menu, a scanned price list (JPEG, PNG, HEIC, TIFF).

use std::panic::catch_unwind;

use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;
use zune_core::result::DecodingResult;
use zune_jpeg::JpegDecoder;
use zune_png::PngDecoder;

use super::ocr::{Picture, SeenPage};
use super::{Blocks, ExtractError, Extracted, Format, Limits, pdf, tiff};

/// Most points of a picture that is decoded; a telephone's camera has 12 to 50 million.
const MOST_POINTS: usize = 64_000_000;
/// Longest side in points of what is read.
const READ: usize = 2_800;
/// Height of the page that a picture stands for, in points of a page: that of A4.
const PAGE: f32 = 842.0;

pub(super) const PNG: &[u8] = b"\x89PNG";
pub(super) const JPEG: &[u8] = b"\xff\xd8\xff";

/// The brands of HEIC files (ISO/IEC 23008-12, 10.2), after the length and name of their first box.
const HEIC: [&[u8]; 4] = [b"heic", b"heix", b"mif1", b"heim"];

pub(super) fn is_heic(bytes: &[u8]) -> bool {
    bytes.get(4..8) == Some(b"ftyp") && HEIC.iter().any(|brand| bytes.get(8..12) == Some(*brand))
}

pub(super) fn read(
    bytes: &[u8],
    limits: &Limits,
    seen: &[SeenPage],
) -> Result<Extracted, ExtractError> {
    let count = pages(bytes, limits)?;
    let unseen = |page: &u32| !seen.iter().any(|look| look.page == *page);
    let scans: Vec<u32> = (1..=count).filter(unseen).collect();
    if seen.is_empty() {
        return Err(ExtractError::Pictures { pages: scans });
    }
    let mut blocks = Blocks::new(limits);
    pdf::append_seen(seen, &mut blocks)?;
    let mut out = blocks.finish(Format::Picture);
    out.pages = Some(count);
    out.scans = scans;
    Ok(out)
}

/// How many pages it has: one, unless it is a file with several scans.
pub(super) fn pages(bytes: &[u8], limits: &Limits) -> Result<u32, ExtractError> {
    if !tiff::is_tiff(bytes) {
        return Ok(1);
    }
    let pages = catch_unwind(|| tiff::pages(bytes, limits)).map_err(|_| damaged())??;
    match u32::try_from(pages.len()) {
        Ok(count) if count > 0 => Ok(count),
        _ => Err(damaged()),
    }
}

/// The picture of a page (from 1), upright as its camera noted, and the size of one of its points in points of a page.
/// `None` if there is no such page.
pub(super) fn picture(
    bytes: &[u8],
    limits: &Limits,
    page: u32,
) -> Result<Option<(Picture, f32)>, ExtractError> {
    let at = usize::try_from(page)
        .ok()
        .and_then(|page| page.checked_sub(1));
    let decode = || {
        if tiff::is_tiff(bytes) {
            let pages = tiff::pages(bytes, limits)?;
            let at = at.and_then(|at| pages.get(at).copied());
            return at.map(|at| tiff::picture(bytes, at)).transpose();
        }
        if at != Some(0) {
            return Ok(None);
        }
        Ok(Some(if bytes.starts_with(PNG) {
            png(bytes)?
        } else if is_heic(bytes) {
            heic(bytes)?
        } else {
            jpeg(bytes)?
        }))
    };
    // A decoder that panics fails this picture only.
    let picture = catch_unwind(decode).map_err(|_| damaged())??;
    let Some(picture) = picture else {
        return Ok(None);
    };
    let picture = picture.at_most(READ);
    let point = PAGE / picture.width.max(picture.height) as f32;
    Ok(Some((picture, point)))
}

pub(super) fn damaged() -> ExtractError {
    ExtractError::malformed("the picture cannot be decoded")
}

/// Refuses a picture that is too large before it is decoded.
pub(super) fn check((width, height): (usize, usize)) -> Result<(usize, usize), ExtractError> {
    let points = width.saturating_mul(height);
    if width == 0 || height == 0 {
        return Err(damaged());
    }
    if points > MOST_POINTS {
        return Err(ExtractError::SaveAs {
            what: format!("a picture of {width} by {height} points"),
            remedy: format!(
                "save it smaller, with at most {} million points in all, or cut it into several pictures",
                MOST_POINTS / 1_000_000
            ),
        });
    }
    Ok((width, height))
}

/// Without limits of the decoder's own, which would call a large picture a damaged one: [`check`] refuses it before it is
/// decoded.
fn options() -> DecoderOptions {
    DecoderOptions::new_safe()
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX)
}

fn jpeg(bytes: &[u8]) -> Result<Picture, ExtractError> {
    let options = options().jpeg_set_out_colorspace(ColorSpace::RGB);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|_| damaged())?;
    let info = decoder.info().ok_or_else(damaged)?;
    let (width, height) = check((info.width.into(), info.height.into()))?;
    let held = decoder
        .exif()
        .map_or(1, |exif| orientation(exif).unwrap_or(1));
    let rgb = decoder.decode().map_err(|_| damaged())?;
    let picture = Picture::of(width, height, rgb).ok_or_else(damaged)?;
    Ok(upright(picture, held))
}

/// Turns a picture as the camera was held or the paper lay (TIFF 6.0, Orientation).
pub(super) fn upright(picture: Picture, held: u16) -> Picture {
    match held {
        2 => picture.mirrored(),
        3 => picture.turned(2),
        4 => picture.mirrored().turned(2),
        5 => picture.mirrored().turned(3),
        6 => picture.turned(1),
        7 => picture.mirrored().turned(1),
        8 => picture.turned(3),
        _ => picture,
    }
}

fn png(bytes: &[u8]) -> Result<Picture, ExtractError> {
    let options = options().png_set_strip_to_8bit(true);
    let mut decoder = PngDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(|_| damaged())?;
    let (width, height) = check(decoder.dimensions().ok_or_else(damaged)?)?;
    let DecodingResult::U8(data) = decoder.decode().map_err(|_| damaged())? else {
        return Err(damaged());
    };
    let channels = data.len() / (width * height);
    let rgb: Vec<u8> = match channels {
        // What is transparent shows white paper.
        1 => data.iter().flat_map(|v| [*v; 3]).collect(),
        2 => data
            .chunks_exact(2)
            .flat_map(|p| match p {
                [v, alpha] => [over_white(*v, *alpha); 3],
                _ => [255; 3],
            })
            .collect(),
        3 => data,
        4 => data
            .chunks_exact(4)
            .flat_map(|p| match p {
                [r, g, b, alpha] => [*r, *g, *b].map(|v| over_white(v, *alpha)),
                _ => [255; 3],
            })
            .collect(),
        _ => return Err(damaged()),
    };
    Picture::of(width, height, rgb).ok_or_else(damaged)
}

/// Turned already as its container says.
fn heic(bytes: &[u8]) -> Result<Picture, ExtractError> {
    let info = heic_decoder::probe(bytes).map_err(|_| damaged())?;
    check((info.coded_width, info.coded_height))?;
    let image = heic_decoder::decode(bytes).and_then(|image| image.to_rgb8());
    let image = image.map_err(|_| damaged())?;
    Picture::of(image.width, image.height, image.data).ok_or_else(damaged)
}

pub(super) fn over_white(value: u8, alpha: u8) -> u8 {
    let (value, alpha) = (u32::from(value), u32::from(alpha));
    ((value * alpha + 255 * (255 - alpha)) / 255) as u8
}

/// How the camera was held: the tag 0x0112 of the first directory (Exif 2.3, 4.6.4; TIFF 6.0).
fn orientation(exif: &[u8]) -> Option<u16> {
    let tiff = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
    let little = tiff.starts_with(b"II");
    let number = |at: usize, length: usize| -> Option<usize> {
        let bytes = tiff.get(at..at.checked_add(length)?)?;
        let join = |sum: usize, byte: &u8| (sum << 8) | usize::from(*byte);
        Some(if little {
            bytes.iter().rev().fold(0, join)
        } else {
            bytes.iter().fold(0, join)
        })
    };
    let directory = number(4, 4)?;
    let entries = number(directory, 2)?.min(200);
    for entry in 0..entries {
        let at = directory.checked_add(2 + entry * 12)?;
        if number(at, 2)? == 0x0112 {
            return u16::try_from(number(at + 8, 2)?).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_camera_notes_how_it_was_held() {
        let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0".to_vec();
        exif.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0]);
        assert_eq!(orientation(&exif), Some(6));
        let mut exif = b"MM\0*\0\0\0\x08\0\x01".to_vec();
        exif.extend([0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 8, 0, 0]);
        assert_eq!(orientation(&exif), Some(8));
        assert_eq!(orientation(b"II*\0\xff\xff\xff\xff"), None);
        assert_eq!(orientation(b""), None);
    }

    #[test]
    fn a_damaged_or_boundless_picture_is_refused() {
        let heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic";
        assert!(is_heic(heic) && !is_heic(b"\0\0\0\x18ftypisom"));
        for bytes in [
            &b"\x89PNG\r\n\x1a\n"[..],
            b"\xff\xd8\xff\xe0",
            b"\x89PNG",
            heic,
        ] {
            let error = picture(bytes, &Limits::default(), 1).unwrap_err();
            assert!(matches!(error, ExtractError::Malformed { .. }), "{error}");
        }
        // A PNG of 50,000 by 50,000 points in black and white, of which only the header is there.
        let mut huge =
            b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\xc3\x50\0\0\xc3\x50\x01\0\0\0\0".to_vec();
        let mut sum = flate2::Crc::new();
        sum.update(huge.get(12..).unwrap());
        huge.extend(sum.sum().to_be_bytes());
        huge.extend(b"\0\0\0\0IDAT\x35\xaf\x06\x1e\0\0\0\0IEND\xae\x42\x60\x82");
        let told = picture(&huge, &Limits::default(), 1)
            .unwrap_err()
            .to_string();
        assert!(told.contains("50000 by 50000 points"), "{told}");
        assert!(told.contains("save it smaller"), "{told}");
        assert!(check((9_000, 9_000)).is_err());
        assert!(check((4_000, 3_000)).is_ok());
    }
}
