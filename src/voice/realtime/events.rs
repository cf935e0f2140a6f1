//! What a session tells its client.

use super::active::Ending;
use super::config::{Modality, OutputConfig, SessionConfig};
use super::fault::Fault;
use super::item::{Item, Part};
use crate::agent::Answer;
use crate::llm::Usage;

/// A session as its client sees it.
#[derive(Debug, Clone)]
pub struct SessionState {
    pub id: String,
    /// Unix seconds.
    pub expires_at: i64,
    pub config: Box<SessionConfig>,
}

/// A response as its client sees it.
#[derive(Debug, Clone)]
pub struct ResponseState {
    pub id: String,
    /// `None` while in progress.
    pub ending: Option<Ending>,
    pub items: Vec<Item>,
    /// `None` if it is not part of the conversation.
    pub conversation_id: Option<String>,
    pub modality: Modality,
    pub max_tokens: Option<u32>,
    pub output: OutputConfig,
    pub metadata: Option<Vec<(String, String)>>,
    pub usage: Usage,
    /// The assistant's answer, with its sources.
    pub grounds: Option<Box<Answer>>,
}

/// A position in a response.
#[derive(Debug, Clone, PartialEq)]
pub struct ResponsePlace {
    pub response_id: String,
    pub item_id: String,
    pub output_index: usize,
    pub content_index: usize,
}

/// What happened. Times are in ms of received sound.
#[derive(Debug, Clone)]
#[rustfmt::skip]
pub enum Event {
    Fault(Fault),
    Created(SessionState),
    Updated(SessionState),
    ItemAdded { previous_item_id: Option<String>, item: Item },
    ItemDone { previous_item_id: Option<String>, item: Item },
    /// With the sound of its parts, by their index, in the session's input format; `None` if it was dropped.
    ItemRetrieved { item: Item, sounds: Vec<(usize, Option<Vec<u8>>)> },
    ItemTruncated { item_id: String, content_index: usize, audio_end_ms: i64 },
    ItemDeleted { item_id: String },
    /// The transcript of a part arrived: its words first, then the completion.
    TranscriptionDelta { item_id: String, content_index: usize, delta: String },
    TranscriptionCompleted { item_id: String, content_index: usize, transcript: String, ms: u64 },
    TranscriptionFailed { item_id: String, content_index: usize, why: String },
    Committed { previous_item_id: Option<String>, item_id: String },
    Cleared,
    SpeechStarted { audio_start_ms: u64, item_id: String },
    SpeechStopped { audio_end_ms: u64, item_id: String },
    /// The caller was silent for too long.
    TimeoutTriggered { audio_start_ms: u64, audio_end_ms: u64, item_id: String },
    ResponseCreated(Box<ResponseState>),
    ResponseDone(Box<ResponseState>),
    OutputItemAdded { response_id: String, output_index: usize, item: Item },
    OutputItemDone { response_id: String, output_index: usize, item: Item },
    PartAdded { place: ResponsePlace, part: Part },
    PartDone { place: ResponsePlace, part: Part },
    TextDelta { place: ResponsePlace, delta: String },
    TextDone { place: ResponsePlace, text: String },
    /// Sound in the response's output format.
    AudioDelta { place: ResponsePlace, sound: Vec<u8> },
    AudioDone { place: ResponsePlace },
    TranscriptDelta { place: ResponsePlace, delta: String },
    TranscriptDone { place: ResponsePlace, transcript: String },
    ArgumentsDelta { response_id: String, item_id: String, output_index: usize, call_id: String, delta: String },
    ArgumentsDone { response_id: String, item_id: String, output_index: usize, call_id: String, name: String, arguments: String },
    /// How many more responses may be in progress.
    Responses { most: usize, remaining: usize },
}
