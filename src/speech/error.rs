//! Errors, each with what the reader can do about it.

use std::path::PathBuf;

use thiserror::Error;

use crate::reason::Reason;
use crate::worker::{EngineError, WorkerError};

/// Why a recording could not be read.
#[derive(Debug, Error)]
pub enum AudioError {
    #[error("the file is empty: record or upload it again")]
    Empty,
    #[error(
        "this is not an audio file that Frontdesk can read (WAV, MP3, OGG, Opus, FLAC, M4A, WebM){}",
        seems.as_ref().map(|kind| format!("; it seems to be {kind}")).unwrap_or_default()
    )]
    NotAudio {
        /// What the first bytes look like, for example `a PDF file`.
        seems: Option<String>,
    },
    #[error("the file has no sound track: export it with sound")]
    NoSound,
    #[error(
        "the file has {bytes} bytes and the limit is {max}: upload a shorter or compressed recording"
    )]
    TooLarge { bytes: u64, max: u64 },
    #[error("the recording lasts at least {seconds} s and the limit is {max} s: cut it into parts")]
    TooLong {
        /// At least this long: decoding stops at the limit.
        seconds: u64,
        max: u64,
    },
    #[error("the recording is damaged ({reason}): export or upload it again")]
    Damaged {
        #[source]
        reason: Reason,
    },
    /// A readable container with a codec that is not built in.
    #[error(
        "the recording uses {codec}, which Frontdesk does not read: convert it to WAV, MP3 or OGG"
    )]
    Unsupported { codec: String },
    #[error("reading the recording was cancelled")]
    Cancelled,
}

/// Why a recording could not be transcribed.
#[derive(Debug, Error)]
pub enum SpeechError {
    #[error(
        "the speech model {path} cannot be read ({source}): check the path and its permissions"
    )]
    ModelUnreadable {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{path} is not a complete Whisper model in ggml format ({reason}): fetch it again")]
    ModelInvalid {
        path: PathBuf,
        #[source]
        reason: Reason,
    },
    #[error("the language {code:?} is not known: use an ISO 639-1 code such as en, de or es")]
    UnknownLanguage { code: String },
    /// An English model was asked for another language.
    #[error(
        "the speech model understands English only and was asked for {wanted}: choose a model \
         without .en in its name, such as whisper-base"
    )]
    EnglishOnly {
        /// The language or task that was asked for.
        wanted: String,
    },
    #[error("{option} {reason}")]
    InvalidOption {
        option: &'static str,
        reason: String,
    },
    #[error(
        "the speech engine failed ({reason}): try again, or restart Frontdesk if it keeps failing"
    )]
    Engine {
        #[source]
        reason: Reason,
    },
    /// The recording itself cannot be transcribed; the sentence says why.
    #[error("{0}")]
    Rejected(#[source] Reason),
    /// No engine runs: the model is missing or damaged.
    #[error("{0}")]
    Unavailable(#[source] Reason),
    #[error("the transcription was cancelled")]
    Cancelled,
}

impl From<EngineError> for SpeechError {
    fn from(error: EngineError) -> Self {
        Self::Unavailable(Reason::of(error))
    }
}

impl From<WorkerError> for SpeechError {
    fn from(error: WorkerError) -> Self {
        let is_missing = matches!(error, WorkerError::Degraded(_));
        let reason = Reason::of(error);
        match is_missing {
            true => Self::Unavailable(reason),
            false => Self::Engine { reason },
        }
    }
}
