//! The vocabulary of the model traits.

use std::pin::Pin;

use futures::Stream;
use serde::{Deserialize, Serialize};

use crate::reason::Reason;
use crate::usage::Flow;

/// Who speaks in a [`ChatMessage`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Instructions to the model.
    System,
    /// The visitor or API caller.
    User,
    /// The model.
    Assistant,
    /// The result of a tool call.
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
    /// Identifies the call, so that its result can be matched.
    pub id: String,
    /// Name of the function.
    pub name: String,
    /// Arguments as JSON text.
    pub arguments: String,
}

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatMessage {
    /// Who speaks.
    pub role: Role,
    /// The text; empty for an assistant message that only calls tools.
    pub content: String,
    /// Tool calls of an assistant message.
    #[serde(default)]
    pub tool_calls: Vec<ToolCall>,
    /// For a [`Role::Tool`] message: the call that it answers.
    #[serde(default)]
    pub tool_call_id: Option<String>,
}

impl ChatMessage {
    /// A plain text message.
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
    /// Ingest, analysis: whenever nothing else waits.
    Background,
    /// Calls of the local API.
    Api,
    /// A visitor who waits for an answer in the chat.
    Chat,
    /// A live voice turn.
    Voice,
}

/// Whose work it is, and how urgent: what the engines' queues go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// How urgent.
    pub priority: Priority,
    /// On whose behalf.
    pub flow: Flow,
}

impl Claim {
    /// Work of this urgency for somebody.
    pub fn new(priority: Priority, flow: Flow) -> Self {
        Self { priority, flow }
    }
}

/// Of somebody who waits, on nobody's behalf.
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
    /// Most tokens to generate; `None` up to the end of the context window.
    pub max_tokens: Option<u32>,
    /// 0 is greedy and repeatable; 1 samples the model's own distribution.
    pub temperature: f32,
    /// Nucleus: smallest set of tokens whose probability reaches this; 1 keeps all.
    pub top_p: f32,
    /// Seed of the sampler; the same seed, prompt and model give the same text while nothing else is
    /// being answered. The prompt is then computed anew, since a cached one differs in the last bits.
    pub seed: Option<u32>,
    /// Generation ends before any of these strings appears.
    pub stop: Vec<String>,
    /// −2 to 2: lowers tokens that already occurred.
    pub presence_penalty: f32,
    /// −2 to 2: lowers tokens by how often they occurred.
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

/// The form that the output is constrained to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutputFormat {
    /// Free text.
    Text,
    /// Any JSON object.
    JsonObject,
    /// JSON that fits this JSON Schema (as JSON text).
    JsonSchema(String),
    /// One of these words, told apart by their first tokens. How likely each is comes as
    /// [`ChatEvent::Chances`], then the likeliest as the text. Nothing is generated.
    Choice(Vec<String>),
}

/// One request for an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChatRequest {
    /// The conversation so far, oldest first.
    pub messages: Vec<ChatMessage>,
    /// Tools in OpenAI's form (a JSON array as text), handed to the model's own template.
    pub tools: Option<String>,
    /// Whether a tool must be called: the name of one, or `*` for any.
    pub require_tool: Option<String>,
    /// Sampling and stopping.
    pub sampling: Sampling,
    /// Constraint on the output.
    pub format: OutputFormat,
    /// Place in the queue.
    pub claim: Claim,
}

impl ChatRequest {
    /// A free-text request with greedy sampling.
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

/// Tokens that a request used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens of the prompt.
    pub prompt_tokens: u32,
    /// Prompt tokens that were already in the key-value cache and cost nothing.
    pub cached_tokens: u32,
    /// Tokens generated.
    pub completion_tokens: u32,
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// The model ended its turn, or a stop string came.
    Stop,
    /// `max_tokens` or the context window was reached.
    Length,
    /// The model asks for tool calls.
    ToolCalls,
}

/// What a chat stream yields, in this order: one `Started`, deltas and tool calls, one `Done`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChatEvent {
    /// The prompt was admitted.
    Started {
        /// Tokens of the prompt.
        prompt_tokens: u32,
        /// Of these, already in the cache.
        cached_tokens: u32,
        /// Oldest turns that were left out because the prompt did not fit the window.
        dropped_messages: u32,
    },
    /// More text.
    Delta(String),
    /// For [`OutputFormat::Choice`]: the log-probability of each word in thousandths of a nat, in the
    /// order of the request.
    Chances(Vec<i32>),
    /// A complete tool call.
    ToolCall(ToolCall),
    /// The end.
    Done {
        /// Why it ended.
        finish: FinishReason,
        /// What it cost.
        usage: Usage,
    },
}

/// A running answer. Dropping it cancels the generation.
pub type ChatStream = Pin<Box<dyn Stream<Item = Result<ChatEvent, LlmError>> + Send>>;

/// The result of an embedding request.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Embeddings {
    /// One vector per text, of Euclidean length 1.
    pub vectors: Vec<Vec<f32>>,
    /// Tokens read, over all texts.
    pub tokens: u32,
}

/// What a text is made a vector for; some models embed a question otherwise than what answers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum EmbedAs {
    /// A question, or something to be compared with questions.
    Query,
    /// A text that is searched.
    Passage,
}

/// A passage that the reader is to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadPassage {
    /// Title and last heading.
    pub heading: String,
    /// Its text.
    pub text: String,
}

/// Words of a passage that may answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// Where they stand in the passage's text.
    pub bytes: std::ops::Range<usize>,
    /// Logits of its start and end less those of "no answer here": above 0 the passage more likely
    /// answers with these words than not. About −20 to 20; no probability.
    pub margin: f32,
}

/// What the reader did since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadFigures {
    /// Requests that were served.
    pub requests: u64,
    /// Passages that were read.
    pub passages: u64,
    /// Time that callers waited for it, in ms.
    pub waited_ms: u64,
}

/// Why a model could not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum LlmError {
    /// The queue is full.
    #[error(
        "the language model is busy: {waiting} requests are waiting already; try again in a moment"
    )]
    Busy {
        /// Requests that wait.
        waiting: u32,
    },
    /// No engine runs: the model is missing or damaged, or its process is being restarted.
    #[error("{0}")]
    Unavailable(#[source] Reason),
    /// The request itself cannot be served.
    #[error("{0}")]
    Invalid(#[source] Reason),
    /// The last message alone does not fit the window.
    #[error(
        "the prompt has {tokens} tokens and the model's window holds {window}; shorten the last message"
    )]
    TooLong {
        /// Tokens of what cannot be left out.
        tokens: u32,
        /// The window in tokens.
        window: u32,
    },
    /// The engine ended in mid-answer.
    #[error("the answer was interrupted: {0}")]
    Interrupted(#[source] Reason),
}
