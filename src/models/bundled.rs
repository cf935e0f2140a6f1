//! Models that are embedded in the program: our own reader, which no hub offers.

/// `models/reader/` describes how it was trained.
const READER: &[u8] = include_bytes!("../../models/reader/frontdesk-reader.safetensors");

/// The bytes of a bundled file, by the entry's `file` in the catalogue.
pub(super) fn bytes(file: &str) -> Option<&'static [u8]> {
    (file == "frontdesk-reader.safetensors").then_some(READER)
}
