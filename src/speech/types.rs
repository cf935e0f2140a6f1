//! What is asked of a transcription and what comes back. Every time is in milliseconds from the
//! start of the recording as it was handed in: silence that was cut away is counted again.

use serde::{Deserialize, Serialize};

/// How one recording is to be transcribed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TranscribeOptions {
    /// The spoken language as an ISO 639-1 code such as `en`; `None` detects it when the model
    /// knows several languages.
    pub language: Option<String>,
    /// Write English whatever language is spoken. Needs a model that knows several languages.
    pub translate: bool,
    /// Words that are likely to occur (names, products): it biases spelling, it is not repeated.
    pub prompt: Option<String>,
    /// Sampling temperature from 0 (the likeliest word each time) to 1.
    pub temperature: f32,
    /// Whether each word gets its own time.
    pub words: bool,
    /// Threads for the model; at least 1.
    pub threads: u16,
    /// Take the model's own slow path (no cutting of silence, 30 s of context for every window,
    /// its own fallbacks): what the fast path is measured against.
    pub full_context: bool,
    /// A longer recording than this, in seconds, is refused; `None` leaves it to the settings.
    pub max_seconds: Option<u64>,
}

impl Default for TranscribeOptions {
    fn default() -> Self {
        Self {
            language: None,
            translate: false,
            prompt: None,
            temperature: 0.0,
            words: false,
            threads: 2,
            full_context: false,
            max_seconds: None,
        }
    }
}

/// One transcribed recording.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Transcript {
    /// Language spoken, as an ISO 639-1 code; empty when nobody spoke and none was asked for.
    pub language: String,
    /// Whether the text is a translation into English.
    pub translated: bool,
    /// Length of the recording in milliseconds.
    pub duration_ms: u64,
    /// The whole text, without leading or trailing space.
    pub text: String,
    /// The text in order of time.
    pub segments: Vec<Segment>,
    /// Nobody spoke: the text is empty because there was nothing to hear.
    pub no_speech: bool,
}

/// A stretch of speech, usually a sentence.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// Position in the transcript, from 0.
    pub id: u32,
    /// When it begins, in ms.
    pub start_ms: u64,
    /// When it ends, in ms.
    pub end_ms: u64,
    /// Its text, without leading or trailing space.
    pub text: String,
    /// Mean natural logarithm of the probability of its tokens; nearer 0 is surer.
    pub avg_logprob: f32,
    /// Probability (0 to 1) that nobody spoke in the window that it comes from.
    pub no_speech_prob: f32,
    /// Temperature that it was sampled with.
    pub temperature: f32,
    /// Length of the text divided by its length after zlib; above 2.4 it repeats itself.
    pub compression_ratio: f32,
    /// The model's tokens.
    pub tokens: Vec<i32>,
    /// Its words with their times; empty unless they were asked for.
    pub words: Vec<Word>,
}

/// A word and when it was said.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Word {
    /// When it begins, in ms.
    pub start_ms: u64,
    /// When it ends, in ms.
    pub end_ms: u64,
    /// The word with its punctuation, without spaces.
    pub text: String,
    /// The lowest probability (0 to 1) among its tokens.
    pub probability: f32,
}
