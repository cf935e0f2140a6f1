//! What a live conversation needs of the engines: ears that hear an utterance and tell whether its
//! speaker has finished, and a voice.
//!
//! [`LiveEngine`] is both, by a process of its own ([`run`]) in which three threads work side by side:
//! one hears, one tells the ends of turns, one speaks. A damaged recording or one of
//! an hour keeps another process busy and never a call.

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

/// A stretch of live speech.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Utterance {
    /// Signed 16-bit samples, little-endian, one channel, 16 kHz; at most 30 s are heard.
    pub pcm: Bytes,
    /// The spoken language as an ISO 639-1 code; `None` takes the model's own.
    pub language: Option<String>,
    /// Words that are likely to occur, and what was said before: it biases spelling.
    pub prompt: Option<String>,
    /// The speaker has not finished: the result is thrown away soon, so it may be cheaper.
    pub partial: bool,
}

/// What was heard.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Hearing {
    /// The words; empty if nobody spoke.
    pub text: String,
    /// Language as an ISO 639-1 code.
    pub language: String,
    /// Mean natural logarithm of the probability of the words; nearer 0 is surer.
    pub avg_logprob: f32,
    /// How long the engine worked, in ms.
    pub took_ms: u64,
}

/// Ears for live speech. Dropping a future cancels its work.
#[async_trait]
pub trait Ears: Send + Sync {
    /// Whether live speech would be understood now.
    ///
    /// # Errors
    /// The sentence that tells the owner why not.
    fn ready(&self) -> Result<(), SpeechError>;

    /// Words of an utterance. Goes before recordings that are transcribed.
    ///
    /// # Errors
    /// [`SpeechError::Unavailable`] and [`SpeechError::Engine`] are the machine's fault.
    async fn hear(&self, utterance: Utterance) -> Result<Hearing, SpeechError>;

    /// Probability (0 to 1) that whoever spoke has finished; of the last 8 s of their turn as samples
    /// like those of [`Utterance::pcm`].
    ///
    /// # Errors
    /// As [`Ears::hear`]. Without the model, callers go by the length of the pause.
    async fn turn_end(&self, pcm: Bytes) -> Result<f32, SpeechError>;
}

/// A voice that can be chosen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Voice {
    /// Catalogue name, for example `piper-en-us-joe-medium`.
    pub name: String,
    /// Title for people.
    pub title: String,
    /// Language as an ISO 639-1 code.
    pub language: String,
    /// Licence and what it permits.
    pub licence: String,
    /// Samples per second of what it says.
    pub rate: u32,
}

/// How a word is spoken, instead of as the voice would.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pronunciation {
    /// The word or words as written; case does not matter.
    pub word: String,
    /// Other words ("Boo-fin"), or phonemes of the IPA between slashes ("/bluːfɪn/").
    pub say: String,
}

/// Something to say.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SpeakRequest {
    /// Plain text; numbers, times and abbreviations are read out, marks of citations left out.
    pub text: String,
    /// Catalogue name of the voice; `None` for the first.
    pub voice: Option<String>,
    /// 1 is the voice's own pace, 2 twice as fast; 0.25 to 4.
    pub speed: f32,
    /// The workspace's own words.
    pub lexicon: Vec<Pronunciation>,
}

/// A spoken clause.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Clip {
    /// The part of [`SpeakRequest::text`] that is spoken; the parts in order make the whole text.
    pub text: String,
    /// Signed 16-bit samples, little-endian, one channel.
    pub pcm: Bytes,
    /// Samples per second.
    pub rate: u32,
}

impl Clip {
    /// How long it lasts, in ms.
    pub fn duration_ms(&self) -> u64 {
        (self.pcm.len() as u64 / 2) * 1000 / u64::from(self.rate.max(1))
    }
}

/// Clauses as they are ready. Dropping it cancels the rest.
pub type ClipStream = Pin<Box<dyn Stream<Item = Result<Clip, SpeechError>> + Send>>;

/// Something that speaks.
#[async_trait]
pub trait Synthesizer: Send + Sync {
    /// Whether it could speak now.
    ///
    /// # Errors
    /// The sentence that tells the owner why not.
    fn ready(&self) -> Result<(), SpeechError>;

    /// The voices that are there, the usual one first.
    fn voices(&self) -> Vec<Voice>;

    /// Speaks clause by clause; the first comes as soon as it is ready. Text without anything that can
    /// be said gives no clip.
    ///
    /// # Errors
    /// [`SpeechError::InvalidOption`] for an unknown voice or speed.
    async fn speak(&self, request: SpeakRequest) -> Result<ClipStream, SpeechError>;
}

/// Ears and voice of a machine that has none, with the reason.
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
