//! The engines of a live conversation: ears that hear an utterance and detect whether its speaker has
//! finished, and a voice.
//!
//! [`LiveEngine`] offers both through a process of its own ([`run`]) with three threads: one hears, one
//! detects ends of turns, one speaks. Recordings are transcribed in another process, so a damaged one or
//! one of an hour never delays a call.

mod cache;
mod client;
mod hear;
mod process;
mod protocol;
mod queue;
mod say;
mod sound;
mod turn;
mod voice_file;

use std::pin::Pin;

use async_trait::async_trait;
use bytes::Bytes;
use futures::Stream;
use serde::{Deserialize, Serialize};

use super::SpeechError;
use crate::reason::Reason;
pub use client::{LiveEngine, PreparedVoice};
pub use process::run;
pub use protocol::{Detail, Setup, VoiceFiles};

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Utterance {
    /// Signed 16-bit samples, little-endian, one channel, 16 kHz; only the last 30 s are heard.
    pub pcm: Bytes,
    /// The spoken language as an ISO 639-1 code; `None` takes the model's own.
    pub language: Option<String>,
    /// Words that are likely to occur, and what was said before. They influence the spelling only.
    pub prompt: Option<String>,
    /// The speaker has not finished. The result is soon replaced, so speed matters more than quality.
    pub partial: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Hearing {
    /// The words; empty if nobody spoke.
    pub text: String,
    pub language: String,
    /// Mean natural logarithm of the probability of the words; nearer 0 is surer.
    pub avg_logprob: f32,
    pub took_ms: u64,
}

/// Ears for live speech. Dropping a future cancels its work.
#[async_trait]
pub trait Ears: Send + Sync {
    /// Whether live speech would be understood now; the error tells the owner why not.
    fn ready(&self) -> Result<(), SpeechError>;

    /// Hears an utterance. [`SpeechError::Unavailable`] and [`SpeechError::Engine`] blame the machine.
    async fn hear(&self, utterance: Utterance) -> Result<Hearing, SpeechError>;

    /// Probability (0 to 1) that the speaker has finished, from the last 8 s of their turn as samples like
    /// those of [`Utterance::pcm`]. Fails like [`Ears::hear`]; without the model, callers fall back to the
    /// length of the pause.
    async fn turn_end(&self, pcm: Bytes) -> Result<f32, SpeechError>;
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Voice {
    /// Catalogue name, for example `piper-en-us-joe-medium`.
    pub name: String,
    pub title: String,
    pub language: String,
    /// Licence, with what it permits.
    pub licence: String,
    /// Samples per second of its sound.
    pub rate: u32,
}

/// How to speak a word, in place of the voice's own way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pronunciation {
    /// The word or words as written; case does not matter.
    pub word: String,
    /// Other words ("Boo-fin"), or IPA phonemes between slashes ("/bluːfɪn/").
    pub say: String,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SpeakRequest {
    /// Plain text; numbers, times and abbreviations are read out, citation marks are skipped.
    pub text: String,
    /// Catalogue name of the voice; `None` for the first.
    pub voice: Option<String>,
    /// 1 is the voice's own pace, 2 twice as fast; 0.25 to 4.
    pub speed: f32,
    /// The workspace's own pronunciations.
    pub lexicon: Vec<Pronunciation>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Clip {
    /// The spoken part of [`SpeakRequest::text`]; the parts in order make up the whole text.
    pub text: String,
    /// Signed 16-bit samples, little-endian, one channel.
    pub pcm: Bytes,
    /// Samples per second.
    pub rate: u32,
}

impl Clip {
    pub fn duration_ms(&self) -> u64 {
        (self.pcm.len() as u64 / 2) * 1000 / u64::from(self.rate.max(1))
    }
}

/// Clauses as they become ready. Dropping it cancels the rest.
pub type ClipStream = Pin<Box<dyn Stream<Item = Result<Clip, SpeechError>> + Send>>;

/// Speaks text.
#[async_trait]
pub trait Synthesizer: Send + Sync {
    /// Whether it could speak now; the error tells the owner why not.
    fn ready(&self) -> Result<(), SpeechError>;

    /// The installed voices, the default one first.
    fn voices(&self) -> Vec<Voice>;

    /// Speaks clause by clause; each clip comes as soon as it is ready. Text with nothing to say gives no
    /// clip.
    ///
    /// # Errors
    /// [`SpeechError::InvalidOption`] for an unknown voice or speed.
    async fn speak(&self, request: SpeakRequest) -> Result<ClipStream, SpeechError>;
}

/// Stands in for ears and voice that a machine lacks; holds the reason.
#[derive(Debug, Clone)]
pub struct Silent(pub Reason);

#[async_trait]
impl Ears for Silent {
    fn ready(&self) -> Result<(), SpeechError> {
        Err(SpeechError::Unavailable(self.0.clone()))
    }

    async fn hear(&self, _: Utterance) -> Result<Hearing, SpeechError> {
        Err(SpeechError::Unavailable(self.0.clone()))
    }

    async fn turn_end(&self, _: Bytes) -> Result<f32, SpeechError> {
        Err(SpeechError::Unavailable(self.0.clone()))
    }
}

#[async_trait]
impl Synthesizer for Silent {
    fn ready(&self) -> Result<(), SpeechError> {
        Err(SpeechError::Unavailable(self.0.clone()))
    }

    fn voices(&self) -> Vec<Voice> {
        Vec::new()
    }

    async fn speak(&self, _: SpeakRequest) -> Result<ClipStream, SpeechError> {
        Err(SpeechError::Unavailable(self.0.clone()))
    }
}
