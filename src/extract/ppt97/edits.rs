//! Which parts of the file count: each saving adds an edit with the places of what it wrote anew (MS-PPT 2.3).

use std::collections::HashMap;

use super::records::{EDIT, PARTS, Record, record_at};
use crate::extract::ExtractError;
use crate::extract::compound::u32_at;

/// Marks of the stream "Current User".
const ENCRYPTED: u32 = 0xF3D1_C4DF;
/// Most edits to follow back.
const MAX_EDITS: usize = 10_000;
/// Most parts of a file.
const MAX_PARTS: usize = 200_000;
/// The length of an edit that names a key.
const WITH_KEY: usize = 32;

pub(super) struct Edits {
    /// Where each part lies, by its number.
    places: HashMap<u32, u32>,
    document: u32,
}

impl Edits {
    /// Follows the edits from the last one back to the first.
    pub(super) fn read(stream: &[u8], user: &[u8]) -> Result<Self, ExtractError> {
        if u32_at(user, 12) == Some(ENCRYPTED) {
            return Err(ExtractError::Encrypted);
        }
        let mut out = Self {
            places: HashMap::new(),
            document: 0,
        };
        let mut at = u32_at(user, 16).unwrap_or(0);
        for count in 0..MAX_EDITS {
            let edit = record_at(stream, at as usize).filter(|r| r.kind == EDIT);
            let Some(edit) = edit else {
                if count == 0 {
                    return Err(ExtractError::malformed("its last edit cannot be found"));
                }
                break;
            };
            let field = |i: usize| u32_at(edit.content, i * 4).unwrap_or(0);
            if count == 0 {
                if edit.content.len() >= WITH_KEY {
                    return Err(ExtractError::Encrypted);
                }
                out.document = field(4);
            }
            out.add_parts(stream, field(3));
            let before = field(2);
            // An edit lies behind those before it.
            if before == 0 || before >= at {
                break;
            }
            at = before;
        }
        Ok(out)
    }

    /// Adds the places that one edit tells: a number and a count, then so many places.
    fn add_parts(&mut self, stream: &[u8], at: u32) {
        let list = record_at(stream, at as usize).filter(|r| r.kind == PARTS);
        let mut numbers = (list.map(|r| r.content).unwrap_or_default())
            .chunks_exact(4)
            .filter_map(|four| u32_at(four, 0));
        while let Some(head) = numbers.next() {
            let (first, count) = (head & 0xF_FFFF, head >> 20);
            for (number, place) in (first..).zip(numbers.by_ref().take(count as usize)) {
                if self.places.len() < MAX_PARTS {
                    // What a later edit wrote counts.
                    self.places.entry(number).or_insert(place);
                }
            }
        }
    }

    pub(super) fn document<'s>(&self, stream: &'s [u8]) -> Option<Record<'s>> {
        self.part(stream, self.document)
    }

    pub(super) fn part<'s>(&self, stream: &'s [u8], number: u32) -> Option<Record<'s>> {
        record_at(stream, *self.places.get(&number)? as usize)
    }
}
