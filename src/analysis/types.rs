//! What was found in a conversation. The same conversation, settings and model give the same [`Analysis`]; what the work cost
//! stands apart, in [`Cost`].

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Part of what somebody said, word for word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    pub text: String,
    /// Its turn, from 0.
    pub turn: usize,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Written {
    /// A language model wrote it, and each sentence was checked.
    Model,
    /// Sentences of the conversation.
    #[default]
    Extract,
}

/// The conversation in three lengths.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// One sentence.
    pub short: String,
    /// About three.
    pub medium: String,
    /// About six.
    pub long: String,
    pub written: Written,
}

/// Why the score is what it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Because {
    /// In English, such as "asked for the price".
    pub text: String,
    /// What it adds, in points of the score.
    pub points: i16,
    pub quote: Option<Quote>,
}

/// How likely it is that something comes of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// 0 to 100, with the owner's rules.
    pub value: u8,
    /// 0 to 100, without them.
    pub own: u8,
    /// What the rules add; the sum may be cut at 0 and 100.
    pub rules: i16,
    /// The owner's name for it, such as "hot".
    pub band: String,
    /// The heaviest first.
    pub reasons: Vec<Because>,
    /// Rules of the owner that hold.
    pub by_rules: Vec<Because>,
}

/// How a customer feels in a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mood {
    pub turn: usize,
    /// −2 (angry) to 2 (delighted).
    pub value: i8,
}

/// Something that stands against it, such as the price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objection {
    pub text: String,
    pub quote: Quote,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Customer,
    Business,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promise {
    pub by: Side,
    /// The speaker's name, if the source has it.
    pub name: Option<String>,
    pub what: String,
    /// The day, as `2026-05-03`, if one was named and it is known when that was said.
    pub until: Option<String>,
    pub quote: Quote,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextStep {
    pub what: String,
    /// A reply that somebody could send; nobody sends it by itself.
    pub draft: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Analysis {
    pub summary: Summary,
    pub score: Score,
    /// One for each turn of the customer.
    pub sentiment: Vec<Mood>,
    /// What the customer wants.
    pub intent: Option<String>,
    pub objections: Vec<Objection>,
    pub promises: Vec<Promise>,
    pub next_step: Option<NextStep>,
    /// ISO 639-1.
    pub language: Option<String>,
    /// The owner's own, by name; null where the conversation does not say.
    pub fields: Map<String, Value>,
    /// What is missing, and why.
    pub missing: Vec<String>,
}

/// What the work took.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cost {
    pub took_ms: u64,
    /// Tokens that were really computed, without those that the cache had.
    pub tokens_read: u64,
    pub tokens_written: u64,
    pub requests: u32,
    /// Answers that should have been JSON, and those that were.
    pub json_asked: u32,
    pub json_valid: u32,
    pub windows: u32,
    pub model: Option<String>,
    pub weights_hash: Option<String>,
    pub prompt_version: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    pub analysis: Analysis,
    pub cost: Cost,
    /// What a model said of the score, for measuring.
    pub judged: Option<super::score::Judged>,
}

#[derive(Debug, thiserror::Error)]
pub enum AnalysisError {
    #[error("nobody says anything in this conversation")]
    Empty,
    #[error("the customer says nothing in this conversation, so there is nothing to score")]
    NoCustomer,
    #[error(transparent)]
    Settings(#[from] super::settings::SettingsError),
}
