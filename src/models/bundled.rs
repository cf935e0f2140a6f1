//! Models that are embedded in the program: our own reader, which no hub offers.

use std::io::Read;

use flate2::read::ZlibDecoder;

/// `models/reader/` describes how it was trained, `native/reader/build.rs` packs it.
const READER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/frontdesk-reader.zlib"));

/// Opens a bundled file, by the entry's `file` in the catalogue.
pub(super) fn open(file: &str) -> Option<impl Read> {
    (file == "frontdesk-reader.safetensors").then(|| ZlibDecoder::new(READER))
}
