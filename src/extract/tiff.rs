//! Scans and faxes in one file (TIFF): each of its images is a page.

use std::io::Cursor;

use ::tiff::ColorType;
use ::tiff::decoder::{Decoder, DecodingResult, Limits};
use ::tiff::tags::Tag;

use super::ocr::Picture;
use super::photo::{check, damaged, over_white, upright};
use super::{ExtractError, Limits as OfDocument};

/// The first bytes, little-endian and big-endian (TIFF 6.0, section 2).
const MAGIC: [&[u8]; 2] = [b"II*\0", b"MM\0*"];
/// Bytes that an image takes when it is decoded, at most: a page of A3 in colour at 300 points an inch takes 50 MB.
const MOST_BYTES: usize = 256 << 20;
/// The bit of `NewSubfileType` for a smaller copy of another image, which is no page.
const REDUCED: u32 = 1;

pub(super) fn is_tiff(bytes: &[u8]) -> bool {
    MAGIC.iter().any(|magic| bytes.starts_with(magic))
}

/// The positions of the images that are pages.
pub(super) fn pages(bytes: &[u8], limits: &OfDocument) -> Result<Vec<usize>, ExtractError> {
    let mut decoder = open(bytes)?;
    let mut pages = Vec::new();
    for at in 0_usize.. {
        let kind = decoder.find_tag_unsigned::<u32>(Tag::NewSubfileType);
        if kind.ok().flatten().unwrap_or(0) & REDUCED == 0 {
            pages.push(at);
        }
        let count = u32::try_from(at).unwrap_or(u32::MAX);
        if count >= limits.max_pages {
            return Err(ExtractError::TooManyPages {
                pages: count,
                limit: limits.max_pages,
            });
        }
        // Images after a damaged one cannot be found.
        if !decoder.more_images() || decoder.next_image().is_err() {
            break;
        }
    }
    Ok(pages)
}

/// The image at a position, upright as the file says.
pub(super) fn picture(bytes: &[u8], at: usize) -> Result<Picture, ExtractError> {
    let mut decoder = open(bytes)?;
    decoder.seek_to_image(at).map_err(|_| damaged())?;
    let (width, height) = decoder.dimensions().map_err(|_| damaged())?;
    let (width, height) = check((width as usize, height as usize))?;
    let colour = decoder.colortype().map_err(|_| damaged())?;
    let palette = match colour {
        ColorType::Palette(_) => decoder
            .get_tag_u16_vec(Tag::ColorMap)
            .map_err(|_| damaged())?,
        _ => Vec::new(),
    };
    let held = decoder.find_tag_unsigned::<u16>(Tag::Orientation);
    let held = held.ok().flatten().unwrap_or(1);
    let data = match decoder.read_image().map_err(|_| unreadable())? {
        DecodingResult::U8(data) => data,
        // The upper byte of each sample is as fine as a screen shows it.
        DecodingResult::U16(data) => data.iter().map(|v| (v >> 8) as u8).collect(),
        _ => return Err(unreadable()),
    };
    let rgb = colours(&data, colour, (width, height), &palette).ok_or_else(unreadable)?;
    let picture = Picture::of(width, height, rgb).ok_or_else(damaged)?;
    Ok(upright(picture, held))
}

fn open(bytes: &[u8]) -> Result<Decoder<Cursor<&[u8]>>, ExtractError> {
    let mut limits = Limits::default();
    limits.decoding_buffer_size = MOST_BYTES;
    limits.intermediate_buffer_size = MOST_BYTES;
    let decoder = Decoder::new(Cursor::new(bytes)).map_err(|_| damaged())?;
    Ok(decoder.with_limits(limits))
}

fn unreadable() -> ExtractError {
    ExtractError::malformed("the picture is damaged, or packed in a rare way")
}

/// Red, green and blue of each point.
fn colours(
    data: &[u8],
    colour: ColorType,
    (width, height): (usize, usize),
    palette: &[u16],
) -> Option<Vec<u8>> {
    let each = |samples: usize, turn: &dyn Fn(&[u8]) -> [u8; 3]| {
        data.chunks_exact(samples).flat_map(turn).collect()
    };
    Some(match colour {
        ColorType::Gray(8 | 16) => data.iter().flat_map(|v| [*v; 3]).collect(),
        ColorType::Gray(bits @ (1 | 2 | 4)) => {
            let most = (1_u8 << bits) - 1;
            let values = unpacked(data, bits, width, height);
            values.flat_map(|v| [v * (255 / most); 3]).collect()
        }
        ColorType::Palette(bits @ (1 | 2 | 4 | 8)) => {
            // All reds, then all greens, then all blues.
            let count = 1_usize << bits;
            let of = |channel: usize, value: u8| {
                let at = channel * count + usize::from(value);
                palette.get(at).map_or(255, |v| (v >> 8) as u8)
            };
            let values = unpacked(data, bits, width, height);
            values
                .flat_map(|v| [of(0, v), of(1, v), of(2, v)])
                .collect()
        }
        ColorType::RGB(8 | 16) => data.to_vec(),
        ColorType::GrayA(8 | 16) => each(2, &|point| match *point {
            [v, alpha] => [over_white(v, alpha); 3],
            _ => [255; 3],
        }),
        ColorType::RGBA(8 | 16) => each(4, &|point| match *point {
            [r, g, b, alpha] => [r, g, b].map(|v| over_white(v, alpha)),
            _ => [255; 3],
        }),
        ColorType::CMYK(8 | 16) => each(4, &|point| match *point {
            [c, m, y, k] => [c, m, y].map(|ink| mixed(ink, k)),
            _ => [255; 3],
        }),
        ColorType::YCbCr(8) => each(3, &|point| match *point {
            [y, cb, cr] => from_ycbcr(y, cb, cr),
            _ => [255; 3],
        }),
        _ => return None,
    })
}

/// What is left of the light under an ink and black.
fn mixed(ink: u8, black: u8) -> u8 {
    let light = |ink: u8| u32::from(255 - ink);
    (light(ink) * light(black) / 255) as u8
}

/// The values of less than a byte or of one, row by row; each row begins with a byte of its own.
fn unpacked(data: &[u8], bits: u8, width: usize, height: usize) -> impl Iterator<Item = u8> {
    let bits = usize::from(bits);
    let row = (width * bits).div_ceil(8);
    let mask = (0xff_u16 >> (8 - bits)) as u8;
    let data = data.to_vec();
    (0..width * height).map(move |at| {
        let bit = at % width * bits;
        let byte = data.get(at / width * row + bit / 8).copied().unwrap_or(0);
        (byte >> (8 - bits - bit % 8)) & mask
    })
}

/// ITU-R BT.601 in full range, as JPEG has it (JFIF 1.02).
fn from_ycbcr(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    let (y, cb, cr) = (f32::from(y), f32::from(cb) - 128.0, f32::from(cr) - 128.0);
    [
        y + 1.402 * cr,
        y - 0.344_136 * cb - 0.714_136 * cr,
        y + 1.772 * cb,
    ]
    .map(|v| v.round().clamp(0.0, 255.0) as u8)
}

#[cfg(test)]
mod tests {
    use ::tiff::encoder::colortype::{ColorType as Coded, Gray8, RGB8};
    use ::tiff::encoder::{TiffEncoder, TiffValue};

    use super::*;

    /// Pages of two by one points.
    fn file<C: Coded<Inner = u8>>(pages: &[&[u8]], kind: u32) -> Vec<u8>
    where
        [u8]: TiffValue,
    {
        let mut out = Cursor::new(Vec::new());
        let mut encoder = TiffEncoder::new(&mut out).unwrap();
        for page in pages {
            let mut image = encoder.new_image::<C>(2, 1).unwrap();
            image
                .encoder()
                .write_tag(Tag::NewSubfileType, kind)
                .unwrap();
            image.write_data(page).unwrap();
        }
        out.into_inner()
    }

    #[test]
    fn each_image_is_a_page_and_a_smaller_copy_is_none() {
        let bytes = file::<Gray8>(&[&[0, 255], &[255, 7]], 2);
        assert!(is_tiff(&bytes) && !is_tiff(b"II*"));
        let limits = OfDocument::default();
        assert_eq!(pages(&bytes, &limits).unwrap(), [0, 1]);
        let second = picture(&bytes, 1).unwrap();
        assert_eq!((second.at(0, 0), second.at(1, 0)), ([255; 3], [7; 3]));
        assert!(
            pages(&file::<Gray8>(&[&[0, 255]], 1), &limits)
                .unwrap()
                .is_empty()
        );
        let few = OfDocument {
            max_pages: 1,
            ..limits
        };
        let refused = pages(&bytes, &few).unwrap_err();
        assert!(matches!(refused, ExtractError::TooManyPages { .. }));
        let colour = picture(&file::<RGB8>(&[&[1, 2, 3, 4, 5, 6]], 0), 0).unwrap();
        assert_eq!((colour.at(0, 0), colour.at(1, 0)), ([1, 2, 3], [4, 5, 6]));
        assert!(picture(&bytes, 2).is_err());
    }

    #[test]
    fn samples_become_colours() {
        let two = (2, 1);
        let told = |data: &[u8], colour| colours(data, colour, two, &[]);
        assert_eq!(
            told(&[0b0100_0000], ColorType::Gray(1)).unwrap(),
            [0, 0, 0, 255, 255, 255]
        );
        assert_eq!(
            told(&[0x0f], ColorType::Gray(4)).unwrap(),
            [0, 0, 0, 255, 255, 255]
        );
        let map = [0, 0xff00, 0, 0, 0, 0x8000];
        let palette = colours(&[0b0100_0000], ColorType::Palette(1), two, &map);
        assert_eq!(palette.unwrap(), [0, 0, 0, 255, 0, 128]);
        let inks = told(&[0, 0, 0, 255, 0, 0, 0, 0], ColorType::CMYK(8));
        assert_eq!(inks.unwrap(), [0, 0, 0, 255, 255, 255]);
        assert_eq!(
            told(&[9, 0, 9, 255], ColorType::GrayA(8)).unwrap()[..4],
            [255, 255, 255, 9]
        );
        assert_eq!(from_ycbcr(76, 85, 255), [254, 0, 0]);
        assert!(told(&[0; 6], ColorType::Lab(8)).is_none());
    }

    #[test]
    fn a_damaged_file_is_refused() {
        let whole = file::<Gray8>(&[&[0, 255], &[255, 7]], 0);
        for end in 0..whole.len() {
            let part = &whole[..end];
            // Whatever comes, it comes without a panic.
            let _ = (pages(part, &OfDocument::default()), picture(part, 0));
        }
        assert!(picture(b"II*\0\xff\xff\xff\xff", 0).is_err());
    }
}
