//! Speech: recognition of recordings of any common kind, live hearing, and synthesis.
//!
//! [`decode()`] turns a file into samples, [`Whisper::transcribe`] turns samples into a
//! [`Transcript`], [`format`](mod@format) writes it out. A [`VoiceDetector`] follows live audio.
//!
//! Recognition runs native code, so it belongs in a child process ([`local`], [`live`]). It blocks:
//! one thread transcribes one recording at a time.
//!
//! Recordings: `decode`, `vad`, `windows`, `whisper`, `judge` (doubtful passages), `format`. Live: `live`. From text to sounds: `spoken`;
//! from sound to files and streams: `encode`.

// Lets paths read `crate::room::…` in every crate.
extern crate self as speech;
use frontdesk_language as language;
use frontdesk_models as models;
use frontdesk_reason as reason;
use frontdesk_worker as worker;

mod decode;
pub mod encode;
mod engine_log;
mod error;
pub mod format;
mod hearing;
mod judge;
mod lines;
mod listening;
pub mod live;
pub mod local;
mod model_file;
mod resample;
mod sniff;
pub mod spoken;
mod types;
mod vad;
mod whisper;
mod whisper_language;
mod windows;

pub use decode::{AudioLimits, Pcm, SAMPLE_RATE, decode};
pub use error::{AudioError, SpeechError};
pub use live::{
    Clip, ClipStream, Ears, Hearing, Pronunciation, Silent, SpeakRequest, Synthesizer, Utterance,
    Voice,
};
pub use model_file::{ModelShape, check_model_file};
pub use resample::Mono;
pub use types::{Segment, TranscribeOptions, Transcript, Word};
pub use vad::{CLEAR, FRAME, SpeechSpan, VadSettings, VoiceDetector, find_speech};
pub use whisper::Whisper;
pub use whisper_language::{language_code, language_name};

use async_trait::async_trait;
use bytes::Bytes;

/// Transcribes recordings.
#[async_trait]
pub trait Transcriber: Send + Sync {
    /// Whether a recording would be transcribed now; the error tells the owner why not.
    fn ready(&self) -> Result<(), SpeechError>;

    /// Catalogue names of the models to choose from.
    fn models(&self) -> Vec<String>;

    /// Transcribes a recording in any format that [`decode()`] reads. Without a model, the language
    /// decides. Dropping the future cancels.
    ///
    /// # Errors
    /// [`SpeechError::Rejected`] blames the recording, [`SpeechError::Unavailable`] and
    /// [`SpeechError::Engine`] the machine.
    async fn transcribe(
        &self,
        audio: Bytes,
        file_name: Option<String>,
        model: Option<String>,
        options: TranscribeOptions,
    ) -> Result<Transcript, SpeechError>;
}
