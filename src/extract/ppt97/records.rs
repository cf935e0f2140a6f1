//! Records (MS-PPT 2.3.1): four bits of version, twelve of instance, two bytes of type, four of length, the content.

use crate::extract::compound::{u16_at, u32_at};

const HEAD: usize = 8;
/// The version of records that hold others.
const HOLDS_OTHERS: u16 = 0xF;
/// Deepest nesting that is followed; real files have about ten.
const MAX_DEPTH: usize = 30;

/// Types of records (MS-PPT 2.13.24, MS-ODRAW 2.2).
pub(super) const SLIDE_IN_LIST: u16 = 0x03F3;
pub(super) const SLIDE: u16 = 0x03EF;
pub(super) const SHOW: u16 = 0x03F9;
pub(super) const TEXT_KIND: u16 = 0x0F9F;
pub(super) const TEXT_WIDE: u16 = 0x0FA0;
pub(super) const TEXT_NARROW: u16 = 0x0FA8;
pub(super) const TEXT_ELSEWHERE: u16 = 0x0F9E;
pub(super) const LIST_OF_SLIDES: u16 = 0x0FF0;
pub(super) const EDIT: u16 = 0x0FF5;
pub(super) const PARTS: u16 = 0x1772;
pub(super) const GROUP: u16 = 0xF003;
pub(super) const SHAPE: u16 = 0xF004;
pub(super) const PLACE_IN_GROUP: u16 = 0xF00F;
/// Lists of a shape's properties.
pub(super) const PROPERTIES: [u16; 3] = [0xF00B, 0xF121, 0xF122];
pub(super) const SHAPE_HEAD: u16 = 0xF00A;

#[derive(Debug, Clone, Copy)]
pub(super) struct Record<'s> {
    pub kind: u16,
    pub instance: u16,
    pub content: &'s [u8],
    holds_others: bool,
}

/// The record at a place of the stream, cut where the stream ends.
pub(super) fn record_at(stream: &[u8], at: usize) -> Option<Record<'_>> {
    let head = u16_at(stream, at)?;
    let length = u32_at(stream, at.checked_add(4)?)? as usize;
    let rest = stream.get(at.checked_add(HEAD)?..)?;
    Some(Record {
        kind: u16_at(stream, at + 2)?,
        instance: head >> 4,
        content: rest.get(..length).unwrap_or(rest),
        holds_others: head & HOLDS_OTHERS == HOLDS_OTHERS,
    })
}

/// The records that lie one after the other.
pub(super) fn children(mut rest: &[u8]) -> impl Iterator<Item = Record<'_>> {
    std::iter::from_fn(move || {
        let record = record_at(rest, 0)?;
        rest = rest.get(HEAD + record.content.len()..).unwrap_or_default();
        Some(record)
    })
}

/// Calls `take` with every record, and with those within one for which it returns true.
pub(super) fn each<'s>(content: &'s [u8], take: &mut impl FnMut(Record<'s>) -> bool) {
    walk(content, take, 0);
}

fn walk<'s>(content: &'s [u8], take: &mut impl FnMut(Record<'s>) -> bool, depth: usize) {
    for record in children(content) {
        if take(record) && record.holds_others && depth < MAX_DEPTH {
            walk(record.content, take, depth + 1);
        }
    }
}
