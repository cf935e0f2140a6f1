//! Packs the reader that the program carries (`src/models/bundled.rs`): a quarter less, and it is unpacked only when
//! it is put beside the other models.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::ZlibEncoder;

/// From the folder of the room `models`, in which Cargo runs this.
const READER: &str = "../../models/reader/frontdesk-reader.safetensors";

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=../../native/reader/build.rs");
    println!("cargo:rerun-if-changed={READER}");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default());
    let packed = File::create(out.join("frontdesk-reader.zlib"))?;
    let mut encoder = ZlibEncoder::new(packed, Compression::new(6));
    encoder.write_all(&fs::read(READER)?)?;
    encoder.finish()?.flush()
}
