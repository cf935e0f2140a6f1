//! Converts models from published formats to those that the engines read. This is part of the program because a
//! machine that can reach only package registries has to convert what it downloads.
//!
//! Inputs are read into memory: they are at most a few hundred megabytes. All lengths in them are
//! checked before use. The output is read back and inspected before it counts as a model.

mod bert_gguf;
mod ct2_file;
mod ct2_whisper;
pub mod gguf_writer;
pub mod mel;

use std::fs::{self, File};
use std::io::BufWriter;
use std::path::Path;

use super::{Convert, ModelError, inspect};
use crate::reason::Reason;

/// Larger inputs are refused; no model that needs converting is nearly this large.
const MOST_BYTES: u64 = 1 << 30;

/// Converts `input` to `output`; `folder` has the small files that belong to it.
///
/// # Errors
/// [`ModelError::NotAModel`] if an input has the wrong format, or [`ModelError::Io`].
pub fn convert(
    step: Convert,
    input: &Path,
    folder: &Path,
    output: &Path,
) -> Result<(), ModelError> {
    match step {
        Convert::None => fs::rename(input, output).map_err(|e| ModelError::io(output, e)),
        Convert::Ct2Whisper => {
            // Older conversions come with a text vocabulary, newer ones with JSON.
            let text = folder.join("vocabulary.txt");
            let words = if text.exists() {
                ct2_whisper::words_from_text(&read(&text)?)
            } else {
                ct2_whisper::words_from_json(&read(&folder.join("vocabulary.json"))?)
            };
            let words =
                words.map_err(|reason| ModelError::not_a_model("the vocabulary", reason))?;
            write(input, output, |bytes, out| {
                ct2_whisper::convert(bytes, &words, out)
            })?;
            let written = File::open(output).map_err(|e| ModelError::io(output, e))?;
            let length = written
                .metadata()
                .map_err(|e| ModelError::io(output, e))?
                .len();
            inspect::whisper_bytes(written, length)
                .map(drop)
                .map_err(|reason| failed(input, reason))
        }
        Convert::BertGguf => {
            let tokenizer = read(&folder.join("tokenizer.json"))?;
            let config = folder.join("config.json");
            let config = if config.exists() {
                Some(read(&config)?)
            } else {
                None
            };
            write(input, output, |bytes, out| {
                bert_gguf::convert(bytes, &tokenizer, config.as_deref(), out)
            })?;
            let written = File::open(output).map_err(|e| ModelError::io(output, e))?;
            let length = written
                .metadata()
                .map_err(|e| ModelError::io(output, e))?
                .len();
            inspect::gguf_bytes(written, length)
                .map(drop)
                .map_err(|reason| failed(input, reason))
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, ModelError> {
    let size = fs::metadata(path)
        .map_err(|e| ModelError::io(path, e))?
        .len();
    if size > MOST_BYTES {
        return Err(failed(
            path,
            format!("{size} bytes are too many to convert").into(),
        ));
    }
    fs::read(path).map_err(|e| ModelError::io(path, e))
}

fn write(
    input: &Path,
    output: &Path,
    run: impl FnOnce(&[u8], &mut BufWriter<File>) -> Result<(), Failure>,
) -> Result<(), ModelError> {
    let bytes = read(input)?;
    let file = File::create(output).map_err(|e| ModelError::io(output, e))?;
    run(&bytes, &mut BufWriter::with_capacity(1 << 20, file)).map_err(|failure| match failure {
        Failure::Input(reason) => failed(input, reason),
        Failure::Output(e) => ModelError::io(output, e),
    })
}

fn failed(input: &Path, reason: Reason) -> ModelError {
    let name = input
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    ModelError::not_a_model(format!("{name} cannot be converted"), reason)
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("{0}")]
    Input(#[source] Reason),
    #[error(transparent)]
    Output(#[from] std::io::Error),
}

impl From<Reason> for Failure {
    fn from(reason: Reason) -> Self {
        Self::Input(reason)
    }
}

impl From<String> for Failure {
    fn from(reason: String) -> Self {
        Self::Input(reason.into())
    }
}

#[cfg(test)]
#[path = "convert_tests.rs"]
mod tests;
