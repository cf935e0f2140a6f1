//! Speech recognition: recordings of any common kind → text with times.
//!
//! [`decode()`] makes samples of a file, [`Whisper::transcribe`] makes a [`Transcript`] of samples,
//! [`format`](mod@format) writes it down. Live audio can be watched with a [`VoiceDetector`].
//!
//! The module knows neither files nor networks nor conversations; it runs native code and is meant
//! for a child process. It blocks: one thread transcribes one recording at a time.
//!
//! Recordings: `decode`, `vad`, `windows`, `whisper`, `judge` (doubtful passages), `format`. Live: `live`. From text to sounds: `spoken`;
//! from sound to files and streams: `encode`.

// Paths read alike in every room: `crate::room::…`.
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

/// Something that makes text of recordings.
#[async_trait]
pub trait Transcriber: Send + Sync {
    /// Whether a recording would be transcribed now.
    ///
    /// # Errors
    /// The sentence that tells the owner why not.
    fn ready(&self) -> Result<(), SpeechError>;

    /// Catalogue names of the models that can be asked for.
    fn models(&self) -> Vec<String>;

    /// Transcribes a recording of any format that [`decode()`] reads. Without a model, the language
    /// decides. Dropping the future cancels.
    ///
    /// # Errors
    /// [`SpeechError::Rejected`] is the recording's fault, [`SpeechError::Unavailable`] and
    /// [`SpeechError::Engine`] the machine's.
    async fn transcribe(
        &self,
        audio: Bytes,
        file_name: Option<String>,
        model: Option<String>,
        options: TranscribeOptions,
    ) -> Result<Transcript, SpeechError>;
}
