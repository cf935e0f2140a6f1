//! Whether a file is a complete Whisper model, before native code sees it: whisper.cpp trusts its
//! input and ends the process on some broken files.
//!
//! The layout is whisper.cpp's ggml format: magic, eleven 32-bit numbers, mel filters, vocabulary,
//! then tensors until the end, each with its shape in front. All numbers are little-endian.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use whisper_rs::{DtwMode, DtwModelPreset};

use super::error::SpeechError;

/// `ggml` as whisper.cpp writes it.
const MAGIC: u32 = 0x6767_6d6c;
/// Vocabulary of the models that know several languages begins here; English ones have one less.
const MULTILINGUAL_VOCAB: i32 = 51_865;

/// What the header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelShape {
    /// Tokens in the vocabulary.
    pub n_vocab: i32,
    /// Layers of the encoder: 4 tiny, 6 base, 12 small, 24 medium, 32 large.
    pub audio_layers: i32,
    /// Layers of the decoder.
    pub text_layers: i32,
    /// Whether it knows other languages than English.
    pub multilingual: bool,
}

impl ModelShape {
    /// Which attention heads follow the sound: those that OpenAI published for its models where
    /// the shape tells the model, else those of the upper half of the decoder.
    pub(super) fn alignment(&self) -> DtwMode<'static> {
        let model_preset = match (self.audio_layers, self.text_layers, self.multilingual) {
            (4, 4, false) => DtwModelPreset::TinyEn,
            (4, 4, true) => DtwModelPreset::Tiny,
            (6, 6, false) => DtwModelPreset::BaseEn,
            (6, 6, true) => DtwModelPreset::Base,
            (12, 12, false) => DtwModelPreset::SmallEn,
            (12, 12, true) => DtwModelPreset::Small,
            (24, 24, false) => DtwModelPreset::MediumEn,
            (24, 24, true) => DtwModelPreset::Medium,
            (32, 4, true) => DtwModelPreset::LargeV3Turbo,
            _ => {
                return DtwMode::TopMost {
                    n_top: (self.text_layers / 2).max(1),
                };
            }
        };
        DtwMode::ModelPreset { model_preset }
    }
}

/// Walks over the whole file without loading it.
///
/// # Errors
/// [`SpeechError::ModelUnreadable`] or [`SpeechError::ModelInvalid`].
pub fn check_model_file(path: &Path) -> Result<ModelShape, SpeechError> {
    let unreadable = |source| SpeechError::ModelUnreadable {
        path: path.to_path_buf(),
        source,
    };
    let file = File::open(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    let mut walk = Walk {
        reader: BufReader::with_capacity(1 << 16, file),
        at: 0,
        length,
    };
    walk.model().map_err(|reason| SpeechError::ModelInvalid {
        path: path.to_path_buf(),
        reason,
    })
}

struct Walk<R> {
    reader: R,
    at: u64,
    length: u64,
}

impl<R: Read + Seek> Walk<R> {
    fn model(&mut self) -> Result<ModelShape, String> {
        if self.length < 1 << 20 {
            return Err(format!("it has only {} bytes", self.length));
        }
        if self.number()? as u32 != MAGIC {
            return Err("it does not begin like one".to_owned());
        }
        let mut header = [0i32; 11];
        for value in &mut header {
            *value = self.number()?;
        }
        let [
            n_vocab,
            audio_ctx,
            audio_state,
            _,
            audio_layers,
            text_ctx,
            text_state,
            _,
            text_layers,
            mels,
            _,
        ] = header;
        let plausible = (50_000..=60_000).contains(&n_vocab)
            && audio_ctx == 1500
            && text_ctx == 448
            && (64..=4096).contains(&audio_state)
            && audio_state == text_state
            && (1..=64).contains(&audio_layers)
            && (1..=64).contains(&text_layers)
            && (mels == 80 || mels == 128);
        if !plausible {
            return Err("its header makes no sense".to_owned());
        }
        let filters = u64::from(self.size(256)?) * u64::from(self.size(4096)?);
        self.skip(filters * 4)?;
        for _ in 0..self.size(60_000)? {
            let bytes = self.size(1024)?;
            self.skip(u64::from(bytes))?;
        }
        let mut tensors = 0;
        while self.at < self.length {
            self.tensor()?;
            tensors += 1;
        }
        // Per encoder layer 15, per decoder layer 24, and 12 outside of the layers.
        let expected = 10 + 15 * audio_layers + 24 * text_layers;
        if tensors < expected {
            return Err(format!("it holds {tensors} of {expected} tensors"));
        }
        let multilingual = n_vocab >= MULTILINGUAL_VOCAB;
        Ok(ModelShape {
            n_vocab,
            audio_layers,
            text_layers,
            multilingual,
        })
    }

    fn tensor(&mut self) -> Result<(), String> {
        let dims = self.size(4)?;
        let name = self.size(256)?;
        let kind = self.size(64)?;
        let mut elements = 1u64;
        for _ in 0..dims {
            elements = elements.saturating_mul(u64::from(self.size(1 << 24)?));
        }
        let (block, bytes) =
            block_size(kind).ok_or_else(|| format!("it uses an unknown number format ({kind})"))?;
        self.skip(u64::from(name))?;
        self.skip((elements / block).saturating_mul(bytes))
    }

    fn number(&mut self) -> Result<i32, String> {
        let mut bytes = [0u8; 4];
        self.reader
            .read_exact(&mut bytes)
            .map_err(|_| self.cut_off())?;
        self.at += 4;
        Ok(i32::from_le_bytes(bytes))
    }

    /// A number from 0 to `max`.
    fn size(&mut self, max: u32) -> Result<u32, String> {
        let value = self.number()?;
        u32::try_from(value)
            .ok()
            .filter(|&size| size <= max)
            .ok_or_else(|| format!("it has the size {value} where at most {max} is possible"))
    }

    fn skip(&mut self, bytes: u64) -> Result<(), String> {
        let to = self.at.saturating_add(bytes);
        if to > self.length {
            return Err(self.cut_off());
        }
        if bytes < 1 << 15 {
            // Within the reader's buffer a relative seek costs nothing.
            let step = i64::try_from(bytes).unwrap_or(i64::MAX);
            let seek = self.reader.seek(SeekFrom::Current(step));
            seek.map_err(|_| self.cut_off())?;
        } else {
            self.reader
                .seek(SeekFrom::Start(to))
                .map_err(|_| self.cut_off())?;
        }
        self.at = to;
        Ok(())
    }

    fn cut_off(&self) -> String {
        format!("it is cut off after {} bytes", self.length)
    }
}

/// Elements per block and bytes per block of ggml's number formats, as in its `type_traits`.
fn block_size(kind: u32) -> Option<(u64, u64)> {
    Some(match kind {
        0 => (1, 4),
        1 | 30 => (1, 2),
        2 => (32, 18),
        3 => (32, 20),
        6 => (32, 22),
        7 => (32, 24),
        8 => (32, 34),
        10 => (256, 84),
        11 => (256, 110),
        12 => (256, 144),
        13 => (256, 176),
        14 => (256, 210),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// A file in the right layout: one encoder and one decoder layer, tensors of 64 f32.
    fn model(tensors: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        let number = |bytes: &mut Vec<u8>, value: i32| bytes.extend(value.to_le_bytes());
        for value in [MAGIC as i32, 51_864, 1500, 384, 6, 1, 448, 384, 6, 1, 80, 1] {
            number(&mut bytes, value);
        }
        number(&mut bytes, 80);
        number(&mut bytes, 201);
        bytes.resize(bytes.len() + 80 * 201 * 4, 0);
        number(&mut bytes, 50_257);
        for _ in 0..50_257 {
            number(&mut bytes, 20);
            bytes.extend([b'x'; 20]);
        }
        for _ in 0..tensors {
            for value in [1, 4, 0, 64] {
                number(&mut bytes, value);
            }
            bytes.extend(*b"name");
            bytes.resize(bytes.len() + 256, 0);
        }
        bytes
    }

    fn check(bytes: &[u8]) -> Result<ModelShape, SpeechError> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        check_model_file(file.path())
    }

    #[test]
    fn a_complete_file_passes() {
        let shape = check(&model(60)).unwrap();
        assert_eq!((shape.audio_layers, shape.multilingual), (1, false));
    }

    #[test]
    fn a_cut_off_file_is_named_so() {
        let whole = model(60);
        for cut in [1 << 20, whole.len() - 300, whole.len() - 10] {
            let message = check(&whole[..cut]).unwrap_err().to_string();
            assert!(message.contains("fetch it again"), "{message}");
        }
        let message = check(&model(12)).unwrap_err().to_string();
        assert!(message.contains("12 of 49 tensors"), "{message}");
    }

    #[test]
    fn other_files_are_refused() {
        let mut other = model(60);
        other[..4].copy_from_slice(b"GGUF");
        assert!(
            check(&other)
                .unwrap_err()
                .to_string()
                .contains("does not begin")
        );
        assert!(
            check(b"<html>404</html>")
                .unwrap_err()
                .to_string()
                .contains("16 bytes")
        );
        let mut absurd = model(60);
        absurd[4..8].copy_from_slice(&i32::MAX.to_le_bytes());
        assert!(
            check(&absurd)
                .unwrap_err()
                .to_string()
                .contains("makes no sense")
        );
        let missing = check_model_file(Path::new("/no/such/model.bin")).unwrap_err();
        assert!(matches!(missing, SpeechError::ModelUnreadable { .. }));
    }
}
