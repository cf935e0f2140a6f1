//! Weights that are part of the program: our own reader, which no hub has.

/// Our reader; `models/reader/` says how it was trained.
const READER: &[u8] = include_bytes!("../../models/reader/frontdesk-reader.safetensors");

/// The bytes of a bundled file, by its name in the catalogue.
pub(super) fn bytes(file: &str) -> Option<&'static [u8]> {
    (file == "frontdesk-reader.safetensors").then_some(READER)
}
