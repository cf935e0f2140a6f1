//! Properties of letters and paragraphs, by the place of their bytes (MS-DOC 2.9.33, 2.9.175): a list of pages of 512
//! bytes, each with the places where runs begin and what differs from their style.

use crate::extract::compound::{u16_at, u32_at};

const PAGE: usize = 512;

/// What a run of letters shows.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Letters {
    pub bold: bool,
    /// `None`: as its style says.
    pub hidden: Option<bool>,
    pub raised: bool,
    /// Deleted, but the change was not accepted yet.
    pub deleted: bool,
    /// The style of these letters.
    pub style: Option<u16>,
}

/// Half points from which raised text is superscript; by less, only its position was corrected.
const MIN_RAISED: i16 = 4;

/// What a paragraph is.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Paragraph {
    pub style: u16,
    pub in_table: bool,
    /// Its mark ends a row.
    pub ends_row: bool,
    /// How many tables it is in; 0 if unknown.
    pub depth: u8,
    /// A table in a cell: its mark ends a row.
    pub ends_inner_row: bool,
    /// The row names the columns.
    pub names_columns: bool,
    /// From 0.
    pub outline: Option<u8>,
    /// The list that it belongs to; 0 for none.
    pub list: Option<u16>,
    /// From 0.
    pub level: Option<u8>,
}

impl Letters {
    pub(super) fn apply(&mut self, properties: &[u8]) {
        each(properties, |code, value| {
            let on = value.first().is_some_and(|v| matches!(v, 1 | 0x81));
            match code {
                0x0835 => self.bold = on,
                0x083C => self.hidden = Some(on),
                0x0800 => self.deleted = on,
                0x2A48 => self.raised = value.first() == Some(&1),
                0x4845 => {
                    let by = u16_at(value, 0).map_or(0, |v| v as i16);
                    self.raised |= by >= MIN_RAISED;
                }
                0x4A30 => self.style = u16_at(value, 0),
                _ => {}
            }
        });
    }
}

impl Paragraph {
    pub(super) fn apply(&mut self, properties: &[u8]) {
        each(properties, |code, value| {
            let number = value.first().copied().unwrap_or(0);
            match code {
                0x2416 => self.in_table = number != 0,
                0x2417 => self.ends_row = number != 0,
                0x244C => self.ends_inner_row = number != 0,
                0x6649 => self.depth = number,
                0x3404 => self.names_columns = number != 0,
                0x2640 => self.outline = Some(number),
                0x460B => self.list = u16_at(value, 0),
                0x260A => self.level = Some(number),
                _ => {}
            }
        });
    }
}

/// Runs in order: their first byte, the byte after their last, and their properties.
pub(super) struct Runs<T>(Vec<(u32, u32, T)>);

impl<T: Copy + Default> Runs<T> {
    /// The properties at a byte.
    pub(super) fn at(&self, byte: usize) -> T {
        let byte = u32::try_from(byte).unwrap_or(u32::MAX);
        let after = self.0.partition_point(|(start, ..)| *start <= byte);
        let run = after.checked_sub(1).and_then(|i| self.0.get(i));
        match run {
            Some((_, end, properties)) if byte < *end => *properties,
            _ => T::default(),
        }
    }
}

pub(super) fn read_letters(main: &[u8], list: &[u8]) -> Runs<Letters> {
    read(main, list, 1, |page, at| {
        let length = usize::from(*page.get(at)?);
        let mut letters = Letters::default();
        letters.apply(page.get(at + 1..at + 1 + length)?);
        (letters != Letters::default()).then_some(letters)
    })
}

pub(super) fn read_paragraphs(main: &[u8], list: &[u8]) -> Runs<Paragraph> {
    read(main, list, 13, |page, at| {
        // In words, one byte less; 0 if the length, in words, is in the next byte.
        let (start, length) = match usize::from(*page.get(at)?) {
            0 => (at + 2, usize::from(*page.get(at + 1)?) * 2),
            words => (at + 1, words * 2 - 1),
        };
        let content = page.get(start..(start + length).min(PAGE))?;
        let mut paragraph = Paragraph {
            style: u16_at(content, 0)?,
            ..Paragraph::default()
        };
        paragraph.apply(content.get(2..)?);
        Some(paragraph)
    })
}

/// Reads the pages of a list. After the places of a page come entries of `width` bytes, whose first is where the
/// properties stand in the page, in words; 0 for none.
fn read<T>(
    main: &[u8],
    list: &[u8],
    width: usize,
    properties: impl Fn(&[u8], usize) -> Option<T>,
) -> Runs<T> {
    let count = list.len().saturating_sub(4) / 8;
    let mut runs = Vec::new();
    // There are no more pages than the file has room for.
    for i in 0..count.min(main.len() / PAGE + 1) {
        let number = u32_at(list, (count + 1) * 4 + i * 4).unwrap_or(0) & 0x3F_FFFF;
        let Some(page) = main
            .get(number as usize * PAGE..)
            .and_then(|p| p.get(..PAGE))
        else {
            continue;
        };
        let entries = usize::from(page.last().copied().unwrap_or(0));
        for entry in 0..entries {
            let (Some(start), Some(end)) = (u32_at(page, entry * 4), u32_at(page, entry * 4 + 4))
            else {
                break;
            };
            let place = (entries + 1) * 4 + entry * width;
            let at = usize::from(page.get(place).copied().unwrap_or(0)) * 2;
            if at > 0
                && let Some(found) = properties(page, at)
            {
                runs.push((start, end, found));
            }
        }
    }
    runs.sort_by_key(|(start, ..)| *start);
    Runs(runs)
}

/// Calls `take` with the code and value of each property (MS-DOC 2.2.5). Three bits of the code tell how long the
/// value is.
fn each(properties: &[u8], mut take: impl FnMut(u16, &[u8])) {
    let mut rest = properties;
    while let Some(code) = u16_at(rest, 0) {
        rest = rest.get(2..).unwrap_or_default();
        let length = match (code >> 13, code) {
            (0 | 1, _) => 1,
            (2 | 4 | 5, _) => 2,
            (3, _) => 4,
            (7, _) => 3,
            // The columns of a table have two bytes of length, one too many.
            (_, 0xD608) => usize::from(u16_at(rest, 0).unwrap_or(0)) + 1,
            _ => 1 + usize::from(rest.first().copied().unwrap_or(0)),
        };
        let Some(value) = rest.get(..length) else {
            return;
        };
        take(code, value);
        rest = rest.get(length..).unwrap_or_default();
    }
}
