//! The settings of a session, and changes to them by the client.

use std::collections::BTreeMap;

use super::fault::Fault;
use super::format::Format;
use super::tools::{Opaque, Tools, ToolsChange};
use super::turn_detection::TurnDetection;

/// What a response consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Modality {
    /// Speech with its transcript.
    Audio,
    Text,
}

/// Whether and how the client gets transcripts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Transcription {
    /// The name that the client gave; this machine's recogniser is used in any case.
    pub model: Option<String>,
    pub language: Option<String>,
    pub prompt: Option<String>,
}

/// A voice as the client named it.
#[derive(Debug, Clone, PartialEq)]
pub enum VoiceName {
    /// A name of OpenAI's; stands for this machine's default voice.
    Usual(String),
    /// A voice of this machine.
    Own(String),
}

impl VoiceName {
    pub fn as_str(&self) -> &str {
        match self {
            Self::Usual(name) | Self::Own(name) => name,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct OutputConfig {
    pub format: Format,
    pub voice: VoiceName,
    pub speed: f32,
}

#[derive(Debug, Clone, PartialEq)]
pub struct SessionConfig {
    /// Transcribe only; do not answer.
    pub transcribes_only: bool,
    pub model: String,
    pub instructions: String,
    pub modality: Modality,
    /// `None`: no limit.
    pub max_tokens: Option<u32>,
    pub tools: Tools,
    /// Whether the oldest turns may be dropped from a prompt that is too long.
    pub may_truncate: bool,
    /// Format of incoming sound.
    pub input: Format,
    pub transcription: Option<Transcription>,
    /// `None`: the client commits each turn.
    pub turn_detection: Option<TurnDetection>,
    pub output: OutputConfig,
    /// Settings without effect here, returned to the client as it wrote them.
    pub written: BTreeMap<&'static str, Opaque>,
}

/// A change to a session; `None` keeps a setting.
#[derive(Debug, Clone, Default)]
pub struct ConfigChange {
    pub transcribes_only: Option<bool>,
    pub model: Option<String>,
    pub instructions: Option<String>,
    pub modality: Option<Modality>,
    pub max_tokens: Option<Option<u32>>,
    pub tools: ToolsChange,
    pub may_truncate: Option<bool>,
    pub input: InputChange,
    pub output: OutputChange,
    pub written: BTreeMap<&'static str, Opaque>,
}

#[derive(Debug, Clone, Default)]
pub struct InputChange {
    pub format: Option<Format>,
    pub transcription: Option<Option<Transcription>>,
    pub turn_detection: Option<Option<TurnDetection>>,
}

/// A change to the output of a session or of a single response.
#[derive(Debug, Clone, Default)]
pub struct OutputChange {
    pub format: Option<Format>,
    pub voice: Option<VoiceName>,
    pub speed: Option<f32>,
}

impl SessionConfig {
    /// OpenAI's defaults: audio, with turn detection.
    pub fn new(model: &str) -> Self {
        Self {
            transcribes_only: false,
            model: model.to_owned(),
            instructions: String::new(),
            modality: Modality::Audio,
            max_tokens: None,
            tools: Tools::default(),
            may_truncate: true,
            input: Format::Pcm,
            transcription: None,
            turn_detection: Some(TurnDetection::default()),
            output: OutputConfig {
                format: Format::Pcm,
                voice: VoiceName::Usual("alloy".into()),
                speed: 1.0,
            },
            written: BTreeMap::new(),
        }
    }

    /// Applies a change. Fails without effect if any part of it is invalid.
    pub fn changed(&self, change: ConfigChange, voices: &[String]) -> Result<Self, Fault> {
        let mut new = self.clone();
        new.transcribes_only = change.transcribes_only.unwrap_or(new.transcribes_only);
        new.instructions = change.instructions.unwrap_or(new.instructions);
        new.modality = change.modality.unwrap_or(new.modality);
        new.max_tokens = change.max_tokens.unwrap_or(new.max_tokens);
        new.tools = new.tools.changed(change.tools, "session")?;
        new.may_truncate = change.may_truncate.unwrap_or(new.may_truncate);
        let InputChange {
            format,
            transcription,
            turn_detection,
        } = change.input;
        new.input = format.unwrap_or(new.input);
        new.transcription = transcription.unwrap_or(new.transcription);
        new.turn_detection = turn_detection.unwrap_or(new.turn_detection);
        new.output = new.output.changed(change.output, voices, "session")?;
        new.written.extend(change.written);
        Ok(new)
    }
}

impl OutputConfig {
    /// Applies a change to the session (`at` is "session") or to one response ("response").
    pub fn changed(
        &self,
        change: OutputChange,
        voices: &[String],
        at: &str,
    ) -> Result<Self, Fault> {
        let mut new = self.clone();
        new.format = change.format.unwrap_or(new.format);
        if let Some(voice) = change.voice {
            if let VoiceName::Own(name) = &voice
                && !voices.contains(name)
            {
                let message = format!("unknown voice; choose one of: {}", voices.join(", "));
                return Err(Fault::value(format!("{at}.audio.output.voice"), message));
            }
            new.voice = voice;
        }
        new.speed = change.speed.unwrap_or(new.speed);
        Ok(new)
    }

    /// The voice of this machine that the client chose, if any.
    pub fn local_voice(&self) -> Option<String> {
        match &self.voice {
            VoiceName::Usual(_) => None,
            VoiceName::Own(name) => Some(name.clone()),
        }
    }
}
