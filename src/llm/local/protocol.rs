//! What the main process and the language-model worker say to each other.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::llm::{ChatEvent, ChatRequest, Embeddings, LlmError, Priority};
use crate::worker::sandbox::{Held, Limits};

/// How the worker is set up.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Setup {
    /// The chat model, if there is one.
    pub chat: Option<ChatSetup>,
    /// The embedding model, if there is one.
    pub embed: Option<PathBuf>,
    /// The re-ranking model, if there is one.
    pub rerank: Option<RerankSetup>,
    /// Length of the vectors that the index is made for.
    pub dimensions: usize,
    /// Threads of each engine.
    pub threads: u16,
    /// What the process keeps once it is set up.
    pub limits: Limits,
}

/// The chat model's share of [`Setup`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChatSetup {
    /// GGUF file.
    pub path: PathBuf,
    /// Most tokens of one conversation.
    pub context: u32,
    /// Tokens in the key-value cache, over all conversations.
    pub cells: u32,
    /// Answers generated at the same time.
    pub parallel: u16,
    /// Requests that may wait.
    pub queue: u16,
    /// Most tokens of an answer when the request does not say.
    pub max_tokens: u32,
    /// Layers on a GPU.
    pub gpu_layers: u32,
}

/// The re-ranker's share of [`Setup`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RerankSetup {
    /// ONNX file.
    pub model: PathBuf,
    /// Its vocabulary: a `tokenizer.json`.
    pub tokenizer: PathBuf,
}

/// What the worker says of itself when it is ready.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Detail {
    /// Context window in tokens, or why there is no chat model.
    pub chat: Option<Result<u32, String>>,
    /// Dimensions, or why there is no embedding model.
    pub embed: Option<Result<usize, String>>,
    /// Window in tokens, or why there is no re-ranking model.
    pub rerank: Option<Result<u32, String>>,
    /// Protections that hold in the process.
    pub held: Held,
}

/// What the worker is asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Request {
    /// An answer.
    Chat(Box<ChatRequest>),
    /// Vectors.
    Embed {
        /// The texts.
        texts: Vec<String>,
        /// Place in the queue.
        priority: Priority,
    },
    /// Scores of texts for a question.
    Rerank {
        /// The question.
        query: String,
        /// The texts.
        texts: Vec<String>,
        /// Place in the queue.
        priority: Priority,
    },
}

/// What the worker answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Event {
    /// A piece of a chat answer.
    Chat(ChatEvent),
    /// All vectors of a request.
    Embedded(Embeddings),
    /// All scores of a request.
    Scores(Vec<f32>),
    /// The request ends here.
    Error(LlmError),
}
