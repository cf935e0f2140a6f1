//! The messages between the server and the voice process.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::voice_file::VoiceFile;
use super::{Clip, Hearing, SpeakRequest, Utterance, Voice};
use crate::reason::Reason;
use crate::worker::sandbox::{Held, Limits};

/// Setup of the process. Parts may be missing; the others are served all the same.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Setup {
    /// Whisper models by catalogue name. The first, for English, is loaded at the start, the others on
    /// first use.
    pub models: Vec<(String, PathBuf)>,
    /// The end-of-turn model.
    pub turn: Option<PathBuf>,
    /// The first voice is the default and is loaded at the start, the others on first use.
    pub voices: Vec<VoiceFiles>,
    /// Threads for hearing, and as many again for speaking.
    pub threads: u16,
    /// Limits that the process sets on itself.
    pub limits: Limits,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VoiceFiles {
    pub voice: Voice,
    /// The graph, in ONNX format.
    pub model: PathBuf,
    /// Piper's JSON description of the model.
    pub config: PathBuf,
}

impl VoiceFiles {
    /// Takes language and rate from the description; the error names it if it is unreadable.
    pub fn read(
        name: &str,
        title: &str,
        licence: &str,
        model: &Path,
        config: &Path,
    ) -> Result<Self, Reason> {
        let file = VoiceFile::read(config)?;
        Ok(Self {
            voice: Voice {
                name: name.to_owned(),
                title: title.to_owned(),
                language: file.language(),
                licence: licence.to_owned(),
                rate: file.audio.sample_rate,
            },
            model: model.to_path_buf(),
            config: config.to_path_buf(),
        })
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Request {
    /// Hear an utterance with the model of this name.
    Hear {
        utterance: Utterance,
        model: String,
    },
    Turn(Bytes),
    /// Its voice must be named.
    Say(SpeakRequest),
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Event {
    Heard(Hearing),
    /// Probability that the turn is over.
    Turn(f32),
    Clip(Clip),
    /// The request is at fault; a sentence for the user.
    Rejected(Reason),
    /// The engine is at fault; a sentence for the user.
    Broken(Reason),
}

/// What the process reports once it is ready. A reason tells why a part is not served.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    pub held: Held,
    pub hear: Option<Reason>,
    pub turn: Option<Reason>,
    pub say: Option<Reason>,
}
