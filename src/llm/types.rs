//! The types of the model traits.

use std::pin::Pin;

use futures::Stream;
use serde::{Deserialize, Serialize};

use crate::reason::Reason;
use crate::usage::Flow;

/// Who speaks in a [`ChatMessage`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    System,
    /// The visitor or API caller.
    User,
    Assistant,
    Tool,
}

impl Role {
    /// The name that chat templates use.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
            Role::Tool => "tool",
        }
    }
}

/// A function call that a model asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    /// Matches the call with its result.
    pub id: String,
    pub name: String,
    /// Arguments as JSON text.
    pub arguments: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatMessage {
    pub role: Role,
    /// The text; empty for an assistant message that only calls tools.
    pub content: String,
    #[serde(default)]
    pub tool_calls: Vec<ToolCall>,
    /// For a [`Role::Tool`] message: the call that it answers.
    #[serde(default)]
    pub tool_call_id: Option<String>,
}

impl ChatMessage {
    pub fn new(role: Role, content: impl Into<String>) -> Self {
        Self {
            role,
            content: content.into(),
            tool_calls: Vec::new(),
            tool_call_id: None,
        }
    }
}

/// Which work goes first when the machine is short of compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Ingest, analysis: only when nothing else waits.
    Background,
    /// Calls of the local API.
    Api,
    /// A visitor who waits in the chat.
    Chat,
    /// A live voice turn.
    Voice,
}

/// How urgent some work is and for whom it is done; the engines' queues sort by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    pub priority: Priority,
    pub flow: Flow,
}

impl Claim {
    pub fn new(priority: Priority, flow: Flow) -> Self {
        Self { priority, flow }
    }
}

/// As urgent as a chat, for nobody in particular.
impl Default for Claim {
    fn default() -> Self {
        Priority::Chat.into()
    }
}

/// The machine's own work.
impl From<Priority> for Claim {
    fn from(priority: Priority) -> Self {
        Self::new(priority, Flow::HOUSE)
    }
}

/// How the next token is chosen, and when to stop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Sampling {
    /// The most tokens to generate; `None` means up to the end of the context window.
    pub max_tokens: Option<u32>,
    /// 0 is greedy and repeatable; 1 samples the model's own distribution.
    pub temperature: f32,
    /// Nucleus sampling: keeps the smallest set of tokens whose probability reaches this; 1 keeps all.
    pub top_p: f32,
    /// With the same seed, prompt and model, the text is the same as long as no other request runs. A
    /// seed bypasses the prompt cache, since cached values differ in the last bits.
    pub seed: Option<u32>,
    /// Generation ends before any of these strings appears.
    pub stop: Vec<String>,
    /// −2 to 2; positive values make tokens less likely that already occurred.
    pub presence_penalty: f32,
    /// −2 to 2; positive values make tokens less likely the more often they occurred.
    pub frequency_penalty: f32,
}

impl Default for Sampling {
    fn default() -> Self {
        Self {
            max_tokens: None,
            temperature: 0.0,
            top_p: 1.0,
            seed: None,
            stop: Vec::new(),
            presence_penalty: 0.0,
            frequency_penalty: 0.0,
        }
    }
}

/// Constrains the output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputFormat {
    Text,
    /// Any JSON object.
    JsonObject,
    /// JSON that matches this JSON Schema (as JSON text).
    JsonSchema(String),
    /// One of these words, distinguished by their first tokens. Yields [`ChatEvent::Chances`], then the
    /// likeliest word as text. Nothing is generated.
    Choice(Vec<String>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChatRequest {
    /// Oldest first.
    pub messages: Vec<ChatMessage>,
    /// Tools in OpenAI's form (a JSON array as text), handed to the model's own template.
    pub tools: Option<String>,
    /// A tool that must be called: its name, or `*` for any.
    pub require_tool: Option<String>,
    pub sampling: Sampling,
    pub format: OutputFormat,
    pub claim: Claim,
}

impl ChatRequest {
    /// A free-text request with greedy sampling and no tools.
    pub fn new(messages: Vec<ChatMessage>, claim: impl Into<Claim>) -> Self {
        Self {
            messages,
            tools: None,
            require_tool: None,
            sampling: Sampling::default(),
            format: OutputFormat::Text,
            claim: claim.into(),
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    pub prompt_tokens: u32,
    /// Prompt tokens that were already in the key-value cache, so they cost nothing.
    pub cached_tokens: u32,
    pub completion_tokens: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// The model ended its turn, or reached a stop string.
    Stop,
    /// `max_tokens` or the context window was reached.
    Length,
    ToolCalls,
}

/// Who answered in place of the local model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Served {
    /// The provider's name.
    pub provider: String,
    pub model: String,
    /// Whether the owner wants people to be told.
    pub tell: bool,
}

/// What a chat stream yields: one `Started`, perhaps one `ServedBy`, then deltas and tool calls, then one `Done`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChatEvent {
    /// The prompt was admitted.
    Started {
        prompt_tokens: u32,
        /// Those of them that were already in the cache.
        cached_tokens: u32,
        /// The oldest messages, dropped because the prompt did not fit the window.
        dropped_messages: u32,
    },
    /// A provider's model answers and not the local one. At most once, before the first delta.
    ServedBy(Served),
    Delta(String),
    /// For [`OutputFormat::Choice`]: the log-probability of each word in thousandths of a nat, in the
    /// order of the request.
    Chances(Vec<i32>),
    ToolCall(ToolCall),
    Done {
        finish: FinishReason,
        usage: Usage,
    },
}

/// A running answer. Dropping it cancels the generation.
pub type ChatStream = Pin<Box<dyn Stream<Item = Result<ChatEvent, LlmError>> + Send>>;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Embeddings {
    /// One vector per text, of Euclidean length 1.
    pub vectors: Vec<Vec<f32>>,
    /// Tokens read, over all texts.
    pub tokens: u32,
}

/// What a vector is for; some models embed questions differently from passages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EmbedAs {
    /// A question, or something to compare with questions.
    Query,
    /// A text to be searched.
    Passage,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadPassage {
    /// Title and last heading.
    pub heading: String,
    pub text: String,
}

/// Words of a passage that may answer the question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// Their range in the passage's text.
    pub bytes: std::ops::Range<usize>,
    /// Logits of its start and end minus those of "no answer here": above 0, these words are more likely
    /// an answer than not. About −20 to 20; not a probability.
    pub margin: f32,
}

/// Counts since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadFigures {
    pub requests: u64,
    pub passages: u64,
    /// Time that callers waited, in ms, over all requests.
    pub waited_ms: u64,
}

/// Why a model could not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum LlmError {
    #[error(
        "the language model is busy: {waiting} requests are waiting already; try again in a moment"
    )]
    Busy { waiting: u32 },
    /// No engine runs: the model is missing or damaged, or its process is being restarted.
    #[error("{0}")]
    Unavailable(#[source] Reason),
    /// The request itself cannot be served.
    #[error("{0}")]
    Invalid(#[source] Reason),
    /// The last message alone does not fit the window. Both numbers are tokens.
    #[error(
        "the prompt has {tokens} tokens and the model's window holds {window}; shorten the last message"
    )]
    TooLong {
        /// Tokens of what cannot be dropped.
        tokens: u32,
        window: u32,
    },
    /// The workspace has used up its tokens of this month, or nobody pays for it any more.
    #[error("{0}")]
    Spent(String),
    /// The engine stopped in the middle of the answer.
    #[error("the answer was interrupted: {0}")]
    Interrupted(#[source] Reason),
}
