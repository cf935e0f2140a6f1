//! What goes over the pipe between the server and the voice process.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::voice_file::VoiceFile;
use super::{Clip, Hearing, SpeakRequest, Utterance, Voice};
use crate::reason::Reason;
use crate::worker::sandbox::{Held, Limits};

/// How the process is set up. What is missing is not served; the rest is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Setup {
    /// Whisper models by catalogue name; the first, for English, is loaded at the start, others when they
    /// are first asked for.
    pub models: Vec<(String, PathBuf)>,
    /// The model of the ends of turns.
    pub turn: Option<PathBuf>,
    /// Voices, the usual one first; it is loaded at the start, others when they are first asked for.
    pub voices: Vec<VoiceFiles>,
    /// Threads for hearing and speaking, each.
    pub threads: u16,
    /// What the process keeps.
    pub limits: Limits,
}

/// A voice and its files.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VoiceFiles {
    /// What people see.
    pub voice: Voice,
    /// The graph, in ONNX format.
    pub model: PathBuf,
    /// Its description beside it.
    pub config: PathBuf,
}

impl VoiceFiles {
    /// A voice with what its description says of it.
    ///
    /// # Errors
    /// A sentence that names the description if it is none.
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
    /// Words of an utterance, by the model of this name.
    Hear { utterance: Utterance, model: String },
    /// Is the turn over?
    Turn(Bytes),
    /// Say this; the voice is named.
    Say(SpeakRequest),
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Event {
    Heard(Hearing),
    Turn(f32),
    Clip(Clip),
    /// The request's fault, as a sentence.
    Rejected(Reason),
    /// The engine's fault, as a sentence.
    Broken(Reason),
}

/// What the process says of itself. A reason tells why something is not served.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// Protections that hold in it.
    pub held: Held,
    /// Why nothing is heard.
    pub hear: Option<Reason>,
    /// Why ends of turns are not told.
    pub turn: Option<Reason>,
    /// Why nothing is spoken.
    pub say: Option<Reason>,
}
