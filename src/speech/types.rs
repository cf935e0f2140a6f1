//! Options and result of a transcription. Every time is in milliseconds from the start of the
//! recording as it was uploaded, including silence that was cut away before recognition.

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TranscribeOptions {
    /// The spoken language as an ISO 639-1 code such as `en`; `None` detects it if the model knows
    /// several.
    pub language: Option<String>,
    /// Translate into English. Needs a multilingual model.
    pub translate: bool,
    /// Words that are likely to occur (names, products). They influence the spelling only.
    pub prompt: Option<String>,
    /// Sampling temperature from 0 (the likeliest word each time) to 1.
    pub temperature: f32,
    pub words: bool,
    /// Threads for the model; at least 1.
    pub threads: u16,
    /// Use the model's own slow path, the baseline for the fast one: silence stays in, every window
    /// gets 30 s of context, and the model does its own fallbacks.
    pub full_context: bool,
    /// Refuses a longer recording, in seconds; `None` leaves the limit to the settings.
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

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Transcript {
    /// Language spoken, as an ISO 639-1 code; empty when nobody spoke and none was asked for.
    pub language: String,
    /// Whether the text is a translation into English.
    pub translated: bool,
    pub duration_ms: u64,
    /// The whole text, without leading or trailing space.
    pub text: String,
    pub segments: Vec<Segment>,
    /// The text is empty because nobody spoke.
    pub no_speech: bool,
}

/// A stretch of speech, usually a sentence.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// Position in the transcript, from 0.
    pub id: u32,
    pub start_ms: u64,
    pub end_ms: u64,
    /// Its text, without leading or trailing space.
    pub text: String,
    /// Mean natural logarithm of the probability of its tokens; nearer 0 is surer.
    pub avg_logprob: f32,
    /// Probability (0 to 1) that nobody spoke in the window it comes from.
    pub no_speech_prob: f32,
    /// Sampling temperature that produced it.
    pub temperature: f32,
    /// Length of the text divided by its length after zlib; above 2.4 it repeats itself.
    pub compression_ratio: f32,
    pub tokens: Vec<i32>,
    /// Empty unless [`TranscribeOptions::words`] is set.
    pub words: Vec<Word>,
}

/// A word and when it was said.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Word {
    pub start_ms: u64,
    pub end_ms: u64,
    /// The word with its punctuation, without spaces.
    pub text: String,
    /// The lowest probability (0 to 1) among its tokens.
    pub probability: f32,
}
