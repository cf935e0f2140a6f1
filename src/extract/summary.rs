//! Title and dates of an old Office file: its stream of summary information (MS-OLEPS).

use super::clean;
use super::compound::{Compound, decode_wide, u16_at, u32_at};
use super::rtf::charset;
use super::{ExtractError, Extracted};

const STREAM: &str = "/\u{5}SummaryInformation";
/// Where the place of the first set of properties stands.
const FIRST_SET: usize = 44;
/// Properties (MS-OLEPS 2.25.1).
const CODE_PAGE: u32 = 1;
const TITLE: u32 = 2;
const CREATED: u32 = 12;
const SAVED: u32 = 13;
/// Types of values.
const BYTES: u32 = 0x1E;
const WIDE: u32 = 0x1F;
const MOMENT: u32 = 0x40;
/// Most properties that are looked at.
const MAX_PROPERTIES: usize = 200;
/// 1601-01-01, where Windows begins to count, before 1970-01-01, in ms.
const WINDOWS_BEGAN: i64 = 11_644_473_600_000;

/// Sets title and date of a document, if the file tells them.
pub(super) fn describe(file: &mut Compound<'_>, out: &mut Extracted) -> Result<(), ExtractError> {
    let Some(stream) = file.stream(STREAM)? else {
        return Ok(());
    };
    let set = u32_at(&stream, FIRST_SET).and_then(|at| stream.get(at as usize..));
    let Some(set) = set else {
        return Ok(());
    };
    let title = read_text(set).map(|t| clean::flowing(&t));
    out.title = out.title.take().or(title.filter(|t| !t.is_empty()));
    out.written_at = read_moment(set, SAVED).or_else(|| read_moment(set, CREATED));
    Ok(())
}

/// A property with its type before it.
fn find(set: &[u8], wanted: u32) -> Option<&[u8]> {
    let count = (u32_at(set, 4)? as usize).min(MAX_PROPERTIES);
    let mut places = (0..count).map(|i| 8 + i * 8);
    let place = places.find(|at| u32_at(set, *at) == Some(wanted))?;
    set.get(u32_at(set, place + 4)? as usize..)
}

fn read_text(set: &[u8]) -> Option<String> {
    let page = find(set, CODE_PAGE).and_then(|value| u16_at(value, 4));
    let value = find(set, TITLE)?;
    let length = u32_at(value, 4)? as usize;
    let text = match u32_at(value, 0)? {
        BYTES => {
            let bytes = value.get(8..8usize.checked_add(length)?)?;
            let encoding = charset::of_code_page(page.map_or(1252, i32::from));
            encoding.decode(bytes).0.into_owned()
        }
        WIDE => decode_wide(value.get(8..8usize.checked_add(length.checked_mul(2)?)?)?),
        _ => return None,
    };
    Some(text.trim_end_matches('\0').to_owned())
}

/// In Unix ms.
fn read_moment(set: &[u8], wanted: u32) -> Option<i64> {
    let value = find(set, wanted)?;
    if u32_at(value, 0)? != MOMENT {
        return None;
    }
    let ticks = u64::from(u32_at(value, 8)?) << 32 | u64::from(u32_at(value, 4)?);
    windows_moment(ticks)
}

/// A moment in Unix ms, of a count of 100 ns since 1601.
pub(super) fn windows_moment(ticks: u64) -> Option<i64> {
    let ms = i64::try_from(ticks / 10_000).ok()?;
    ms.checked_sub(WINDOWS_BEGAN).filter(|at| *at > 0)
}
