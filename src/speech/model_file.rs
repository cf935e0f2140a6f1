//! Checks that a file is a complete Whisper model before native code sees it: whisper.cpp trusts its
//! input and aborts the process on some broken files. [`crate::models::inspect`] walks over the file;
//! this module takes what the recogniser needs from its header.

use std::path::Path;

use whisper_rs::{DtwMode, DtwModelPreset};

use super::error::SpeechError;
use crate::models::{ModelError, inspect};
use crate::reason::Reason;

/// The size of a model, from its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelShape {
    /// Tokens in the vocabulary.
    pub n_vocab: u32,
    /// Layers of the encoder: 4 tiny, 6 base, 12 small, 24 medium, 32 large.
    pub audio_layers: u32,
    pub text_layers: u32,
    /// Whether it knows languages other than English.
    pub multilingual: bool,
}

impl ModelShape {
    /// Which attention heads follow the sound: those that OpenAI published if the shape is that of one
    /// of its models, otherwise those of the upper half of the decoder.
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
                    n_top: i32::try_from(self.text_layers / 2).unwrap_or(1).max(1),
                };
            }
        };
        DtwMode::ModelPreset { model_preset }
    }
}

/// Walks over the whole file without loading it. Fails with [`SpeechError::ModelUnreadable`] or
/// [`SpeechError::ModelInvalid`].
pub fn check_model_file(path: &Path) -> Result<ModelShape, SpeechError> {
    let info = inspect::whisper(path).map_err(|error| match error {
        ModelError::Io { source, .. } => SpeechError::ModelUnreadable {
            path: path.to_path_buf(),
            source,
        },
        ModelError::NotAModel { reason, .. } => SpeechError::ModelInvalid {
            path: path.to_path_buf(),
            reason,
        },
        other => SpeechError::ModelInvalid {
            path: path.to_path_buf(),
            reason: Reason::of(other),
        },
    })?;
    Ok(ModelShape {
        n_vocab: info.vocabulary,
        audio_layers: info.encoder_layers,
        text_layers: info.decoder_layers,
        multilingual: info.multilingual(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_model_is_refused_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.bin");
        std::fs::write(&path, b"<html>404</html>").unwrap();
        let error = check_model_file(&path).unwrap_err();
        assert!(matches!(error, SpeechError::ModelInvalid { .. }));
        let message = error.to_string();
        assert!(message.contains("it starts with"), "{message}");
        assert_eq!(
            message.to_lowercase().matches("again").count(),
            1,
            "{message}"
        );
    }

    #[test]
    fn a_missing_file_is_something_else() {
        let missing = check_model_file(Path::new("/no/such/model.bin")).unwrap_err();
        assert!(matches!(missing, SpeechError::ModelUnreadable { .. }));
    }

    #[test]
    fn the_shape_chooses_the_heads_that_follow_the_sound() {
        let shape = |layers, multilingual| ModelShape {
            n_vocab: 51_864,
            audio_layers: layers,
            text_layers: layers,
            multilingual,
        };
        let is_tiny = matches!(
            shape(4, false).alignment(),
            DtwMode::ModelPreset {
                model_preset: DtwModelPreset::TinyEn
            }
        );
        assert!(is_tiny);
        assert!(matches!(
            shape(5, true).alignment(),
            DtwMode::TopMost { n_top: 2 }
        ));
    }
}
