//! Reads little-endian numbers from a file whose length fields cannot be trusted.

use std::io::{BufReader, Read, Seek};

use super::Fault;

/// Reads forward and knows how many bytes are left, so that a length field is compared with the
/// file's real length before anything is allocated.
pub(super) struct Reader<R> {
    input: BufReader<R>,
    at: u64,
    length: u64,
}

impl<R: Read + Seek> Reader<R> {
    pub(super) fn new(input: R, length: u64) -> Self {
        Self {
            input: BufReader::new(input),
            at: 0,
            length,
        }
    }

    /// Bytes read or skipped so far.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// Bytes of the whole file.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    pub(super) fn left(&self) -> u64 {
        self.length.saturating_sub(self.at)
    }

    pub(super) fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        self.claim(N as u64)?;
        let mut bytes = [0; N];
        self.input.read_exact(&mut bytes).map_err(Fault::Io)?;
        Ok(bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Fault> {
        self.bytes().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, Fault> {
        self.bytes().map(u64::from_le_bytes)
    }

    /// A text of `length` bytes, at most `most`; lossy, since it is only shown or compared.
    pub(super) fn text(&mut self, length: u64, most: u64) -> Result<String, Fault> {
        if length > most {
            return Fault::wrong(format!("the header has a name of {length} bytes"));
        }
        self.claim(length)?;
        let mut text = Vec::new();
        (&mut self.input)
            .take(length)
            .read_to_end(&mut text)
            .map_err(Fault::Io)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }

    pub(super) fn skip(&mut self, bytes: u64) -> Result<(), Fault> {
        self.claim(bytes)?;
        let bytes = i64::try_from(bytes).or_else(|_| Fault::wrong("a length is out of range"))?;
        self.input.seek_relative(bytes).map_err(Fault::Io)
    }

    fn claim(&mut self, bytes: u64) -> Result<(), Fault> {
        if bytes > self.left() {
            return Err(Fault::cut(self.length, self.at.saturating_add(bytes), true));
        }
        self.at += bytes;
        Ok(())
    }
}
