//! Compound files (MS-CFB), which hold Office documents until 2007 and Outlook messages: streams and storages, read
//! within limits.

use std::io::{Cursor, Read as _};

use super::{ExtractError, Limits};

/// Most entries of one storage that are looked at.
const MAX_ENTRIES: usize = 10_000;

pub(super) struct Compound<'b> {
    file: cfb::CompoundFile<Cursor<&'b [u8]>>,
    /// How long one stream may be: it cannot be longer than the file.
    longest: u64,
    /// What all streams together may still give, since several may share the same bytes.
    left: u64,
    limit: u64,
}

impl<'b> Compound<'b> {
    pub(super) fn open(bytes: &'b [u8], limits: &Limits) -> Result<Self, ExtractError> {
        let file = cfb::CompoundFile::open(Cursor::new(bytes)).map_err(|_| {
            ExtractError::malformed("it is built of parts, and the list of them cannot be read")
        })?;
        let limit = limits.max_unpacked_bytes as u64;
        Ok(Self {
            file,
            longest: bytes.len() as u64,
            left: limit,
            limit,
        })
    }

    pub(super) fn has(&self, stream: &str) -> bool {
        self.file.is_stream(stream)
    }

    /// The bytes of a stream; `None` if there is no such stream, or none that can be read.
    pub(super) fn stream(&mut self, path: &str) -> Result<Option<Vec<u8>>, ExtractError> {
        if !self.file.is_stream(path) {
            return Ok(None);
        }
        let Ok(stream) = self.file.open_stream(path) else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        // What was read before a damaged place is kept.
        let _ = stream.take(self.longest).read_to_end(&mut bytes);
        self.left = (self.left.checked_sub(bytes.len() as u64)).ok_or(ExtractError::TooLarge {
            what: "its parts are longer than the limit".into(),
            limit: self.limit,
        })?;
        Ok(Some(bytes))
    }

    /// The names of the storages within a storage, in order.
    pub(super) fn storages(&self, path: &str) -> Vec<String> {
        let entries = self.file.read_storage(path).into_iter().flatten();
        (entries.take(MAX_ENTRIES).filter(cfb::Entry::is_storage))
            .map(|e| e.name().to_owned())
            .collect()
    }
}

/// The two bytes at a position, as a little-endian number.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let two = bytes.get(at..)?.first_chunk::<2>()?;
    Some(u16::from_le_bytes(*two))
}

/// The four bytes at a position, as a little-endian number.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let four = bytes.get(at..)?.first_chunk::<4>()?;
    Some(u32::from_le_bytes(*four))
}

/// UTF-16 in little-endian bytes.
pub(super) fn decode_wide(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).filter_map(|two| u16_at(two, 0));
    char::decode_utf16(units)
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}
