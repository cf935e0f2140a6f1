//! The pieces of text (MS-DOC 2.8.35): where the characters of a range of positions lie.

use std::ops::Range;

use crate::extract::compound::{u16_at, u32_at};

/// Marks of the entries before the list of pieces and of the list itself.
const PROPERTIES: u8 = 1;
const PIECES: u8 = 2;
/// The place of a piece of one byte a character is doubled and has this bit.
const NARROW: u32 = 0x4000_0000;

#[derive(Debug)]
pub(super) struct Piece {
    /// Positions in the text.
    pub positions: Range<u32>,
    /// The first byte.
    pub at: usize,
    /// Whether a character takes two bytes.
    pub wide: bool,
}

pub(super) fn read(mut part: &[u8]) -> Option<Vec<Piece>> {
    while *part.first()? == PROPERTIES {
        let length = usize::from(u16_at(part, 1)?);
        part = part.get(3 + length..)?;
    }
    if *part.first()? != PIECES {
        return None;
    }
    let length = u32_at(part, 1)? as usize;
    let list = part.get(5..)?;
    let list = list.get(..length).unwrap_or(list);
    // Positions take 4 bytes, one more than pieces; pieces take 8.
    let count = list.len().checked_sub(4)? / 12;
    let mut pieces = Vec::with_capacity(count);
    let mut reached = 0;
    for i in 0..count {
        let (start, end) = (u32_at(list, i * 4)?, u32_at(list, i * 4 + 4)?);
        // Each begins where the one before it ends.
        if start < reached || end < start {
            return None;
        }
        reached = end;
        let place = u32_at(list, (count + 1) * 4 + i * 8 + 2)?;
        let wide = place & NARROW == 0;
        let at = (place & !NARROW) as usize;
        pieces.push(Piece {
            positions: start..end,
            at: if wide { at } else { at / 2 },
            wide,
        });
    }
    Some(pieces)
}

impl Piece {
    /// The part of the piece within a range of positions: its first byte and its bytes.
    pub(super) fn within<'m>(&self, main: &'m [u8], range: &Range<u32>) -> (usize, &'m [u8]) {
        let start = self.positions.start.max(range.start);
        let end = self.positions.end.min(range.end).max(start);
        let width = if self.wide { 2 } else { 1 };
        let at = self.at + (start - self.positions.start) as usize * width;
        let rest = main.get(at..).unwrap_or_default();
        // A piece may claim more than there is.
        let length = ((end - start) as usize * width).min(rest.len());
        (at, rest.get(..length).unwrap_or_default())
    }
}
