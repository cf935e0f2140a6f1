//! A quick check of a model file before native code opens it.
//!
//! llama.cpp and whisper.cpp abort or crash on some damaged files. This module reads the header,
//! computes how long the file must be, and describes in one sentence what is wrong with a foreign or
//! truncated file. It does not look at the weights; only a hash proves those.

mod ggml;
mod gguf;
mod reader;

use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

use super::ModelError;
use super::error::megabytes;

pub(crate) use ggml::MAGIC as WHISPER_MAGIC;
pub use ggml::WhisperInfo;
pub use gguf::{GgufInfo, TensorInfo};
use reader::Reader;

use crate::reason::Reason;

/// Checks a language or embedding model.
pub fn gguf(path: &Path) -> Result<GgufInfo, ModelError> {
    let (file, length) = open(path)?;
    gguf::read(file, length).map_err(|fault| fault.at(path))
}

/// Checks a speech model in whisper.cpp's format.
pub fn whisper(path: &Path) -> Result<WhisperInfo, ModelError> {
    let (file, length) = open(path)?;
    ggml::read(file, length).map_err(|fault| fault.at(path))
}

/// [`gguf`] for any seekable input of `length` bytes.
pub(crate) fn gguf_bytes<R: Read + Seek>(input: R, length: u64) -> Result<GgufInfo, Reason> {
    gguf::read(input, length).map_err(Fault::reason)
}

/// [`whisper`] for any seekable input of `length` bytes.
pub(crate) fn whisper_bytes<R: Read + Seek>(input: R, length: u64) -> Result<WhisperInfo, Reason> {
    ggml::read(input, length).map_err(Fault::reason)
}

fn open(path: &Path) -> Result<(File, u64), ModelError> {
    let failed = |e| ModelError::io(path, e);
    let file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    Ok((file, length))
}

enum Fault {
    Wrong(String),
    Io(std::io::Error),
}

impl Fault {
    fn at(self, path: &Path) -> ModelError {
        match self {
            Self::Wrong(reason) => ModelError::not_a_model(path.display().to_string(), reason),
            Self::Io(e) => ModelError::io(path, e),
        }
    }

    fn reason(self) -> Reason {
        match self {
            Self::Wrong(reason) => reason.into(),
            Self::Io(e) => Reason::of(e),
        }
    }

    fn wrong<T>(reason: impl Into<String>) -> Result<T, Self> {
        Err(Self::Wrong(reason.into()))
    }

    fn cut(length: u64, needed: u64, at_least: bool) -> Self {
        let (have, mut need) = (megabytes(length), megabytes(needed));
        if have == need {
            need = format!(
                "{needed} bytes, {} are missing",
                needed.saturating_sub(length)
            );
        }
        let least = if at_least { "at least " } else { "" };
        Self::Wrong(format!("the file is cut short: {have} of {least}{need}"))
    }
}

/// Shows the first bytes of a file: `“<!DO”` or `50 4b 03 04`.
fn starts_with(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.is_empty() && !text.chars().any(char::is_control) => format!("“{text}”"),
        _ if bytes.is_empty() => "nothing: it is empty".to_owned(),
        _ => bytes
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect::<Vec<_>>()
            .join(" "),
    }
}
