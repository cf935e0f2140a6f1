//! The head of a document (MS-DOC 2.5): which parts it has, and where.

use crate::extract::ExtractError;
use crate::extract::compound::{u16_at, u32_at};

const MAGIC: u16 = 0xA5EC;
/// The version of Word 97; older files are built in another way.
const WORD_97: u16 = 0x00C1;
const ENCRYPTED: u16 = 0x0100;
const SECOND_TABLE: u16 = 0x0200;

/// A part of the table stream, by its place in the list of parts (MS-DOC 2.5.6).
#[derive(Debug, Clone, Copy)]
pub(super) enum Part {
    Styles = 1,
    Letters = 12,
    Paragraphs = 13,
    Pieces = 33,
    Lists = 73,
    ListsInUse = 74,
}

#[derive(Debug)]
pub(super) struct Fib {
    flags: u16,
    /// How many characters each story has, in the order in which they lie: text, footnotes, headers, comments, endnotes,
    /// text boxes.
    pub stories: [u32; 6],
    /// Where the list of parts begins.
    parts: usize,
}

impl Fib {
    pub(super) fn read(main: &[u8]) -> Result<Self, ExtractError> {
        let damaged = || ExtractError::malformed("its head cannot be read");
        if u16_at(main, 0) != Some(MAGIC) {
            return Err(damaged());
        }
        if u16_at(main, 2).is_none_or(|version| version < WORD_97) {
            return Err(ExtractError::SaveAs {
                what: "a document of Word 95 or before (DOC)".to_owned(),
                remedy:
                    "open it in Word or LibreOffice, save it as DOCX or PDF, and upload that file"
                        .to_owned(),
            });
        }
        let flags = u16_at(main, 10).ok_or_else(damaged)?;
        if flags & ENCRYPTED != 0 {
            return Err(ExtractError::Encrypted);
        }
        // Three lists, each after its own length: of 2, of 4 and of 8 bytes.
        let shorts = u16_at(main, 32).ok_or_else(damaged)?;
        let longs = 34 + usize::from(shorts) * 2;
        let count = u16_at(main, longs).ok_or_else(damaged)?;
        let long = |i: usize| u32_at(main, longs + 2 + i * 4).unwrap_or(0);
        Ok(Self {
            flags,
            stories: [3, 4, 5, 7, 8, 9].map(long),
            parts: longs + 2 + usize::from(count) * 4 + 2,
        })
    }

    /// The name of the stream with the parts.
    pub(super) fn table(&self) -> &'static str {
        match self.flags & SECOND_TABLE {
            0 => "/0Table",
            _ => "/1Table",
        }
    }

    /// The bytes of a part; none if it is not there.
    pub(super) fn part<'t>(&self, main: &[u8], table: &'t [u8], part: Part) -> &'t [u8] {
        let length = u32_at(main, self.parts + part as usize * 8 + 4).unwrap_or(0);
        let rest = self.part_and_rest(main, table, part);
        rest.get(..length as usize).unwrap_or_default()
    }

    /// The bytes of a part and all that follow; none if it is not there.
    pub(super) fn part_and_rest<'t>(&self, main: &[u8], table: &'t [u8], part: Part) -> &'t [u8] {
        let at = self.parts + part as usize * 8;
        match (u32_at(main, at), u32_at(main, at + 4)) {
            (Some(start), Some(1..)) => table.get(start as usize..).unwrap_or_default(),
            _ => &[],
        }
    }
}
