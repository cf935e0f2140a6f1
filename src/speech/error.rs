//! What can go wrong, each with what the person in front of it can do.

use std::path::PathBuf;

use thiserror::Error;

use crate::reason::Reason;
use crate::worker::{EngineError, WorkerError};

/// Why a recording could not be read.
#[derive(Debug, Error)]
pub enum AudioError {
    /// No bytes at all.
    #[error("the file is empty: record or upload it again")]
    Empty,
    /// The bytes are something else.
    #[error(
        "this is no audio file that Frontdesk reads (WAV, MP3, OGG, Opus, FLAC, M4A, WebM){}",
        seems.as_ref().map(|kind| format!("; it seems to be {kind}")).unwrap_or_default()
    )]
    NotAudio {
        /// What the first bytes look like, for example `a PDF file`.
        seems: Option<String>,
    },
    /// A container without a sound track.
    #[error("the file holds no sound track: export it with sound")]
    NoSound,
    /// More bytes than allowed.
    #[error(
        "the file has {bytes} bytes and the limit is {max}: upload a shorter or compressed recording"
    )]
    TooLarge {
        /// Size of the file in bytes.
        bytes: u64,
        /// The limit in bytes.
        max: u64,
    },
    /// More sound than allowed.
    #[error("the recording lasts at least {seconds} s and the limit is {max} s: cut it into parts")]
    TooLong {
        /// Length in seconds, as far as it is known.
        seconds: u64,
        /// The limit in seconds.
        max: u64,
    },
    /// The right kind of file, but broken.
    #[error("the recording is damaged ({reason}): export or upload it again")]
    Damaged {
        /// What the decoder complained about.
        #[source]
        reason: Reason,
    },
    /// A readable container with a codec that is not built in.
    #[error(
        "the recording uses {codec}, which Frontdesk does not read: convert it to WAV, MP3 or OGG"
    )]
    Unsupported {
        /// The codec or feature.
        codec: String,
    },
    /// The caller asked to stop.
    #[error("reading the recording was cancelled")]
    Cancelled,
}

/// Why a recording could not be transcribed.
#[derive(Debug, Error)]
pub enum SpeechError {
    /// The weights cannot be read.
    #[error(
        "the speech model {path} cannot be read ({source}): check the path and its permissions"
    )]
    ModelUnreadable {
        /// Where it was looked for.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The weights are not a complete Whisper model.
    #[error("{path} is not a complete Whisper model in ggml format ({reason}): fetch it again")]
    ModelInvalid {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        #[source]
        reason: Reason,
    },
    /// The language is none of Whisper's.
    #[error("the language {code:?} is not known: use an ISO 639-1 code such as en, de or es")]
    UnknownLanguage {
        /// What was asked for.
        code: String,
    },
    /// An English model was asked for another language.
    #[error(
        "the speech model understands English only and was asked for {wanted}: choose a model \
         without .en in its name, such as whisper-base"
    )]
    EnglishOnly {
        /// The language or task that was asked for.
        wanted: String,
    },
    /// An option that makes no sense.
    #[error("{option} {reason}")]
    InvalidOption {
        /// Name of the option.
        option: &'static str,
        /// What it must be.
        reason: String,
    },
    /// The engine failed.
    #[error("the speech engine failed ({reason}): try again, or restart Frontdesk if it stays so")]
    Engine {
        /// What the engine said.
        #[source]
        reason: Reason,
    },
    /// The recording itself cannot be transcribed; the sentence says why.
    #[error("{0}")]
    Rejected(#[source] Reason),
    /// No engine runs: the model is missing or damaged.
    #[error("{0}")]
    Unavailable(#[source] Reason),
    /// The caller asked to stop.
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
