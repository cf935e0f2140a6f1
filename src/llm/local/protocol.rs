//! What the main process and the language-model worker say to each other.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::llm::{ChatEvent, ChatRequest, Claim, EmbedAs, Embeddings, LlmError, ReadPassage, Span};
use crate::reason::Reason;
use crate::worker::sandbox::{Held, Limits};

/// How the worker is set up.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Setup {
    /// The chat model, if there is one.
    pub chat: Option<ChatSetup>,
    /// The embedding model, if there is one.
    pub embed: Option<EmbedSetup>,
    /// The reader, if there is one.
    pub reader: Option<ReaderSetup>,
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

/// The embedding model's share of [`Setup`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum EmbedSetup {
    /// A GGUF file, computed by llama.cpp.
    Gguf(PathBuf),
    /// The packed file of multilingual-e5-small, computed by our own encoder.
    Packed(PathBuf),
}

/// The reader's share of [`Setup`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum ReaderSetup {
    /// Our own reader: layers over the packed embedding model.
    Own {
        /// Safetensors file.
        model: PathBuf,
        /// SHA-256 of the embedding model that it shares the table of, if known.
        base: String,
    },
    /// An extractive model of a hub.
    Onnx {
        /// ONNX file.
        model: PathBuf,
        /// Its vocabulary: a `tokenizer.json`.
        tokenizer: PathBuf,
    },
}

/// What the worker says of itself when it is ready.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Detail {
    /// Context window in tokens, or why there is no chat model.
    pub chat: Option<Result<u32, Reason>>,
    /// Dimensions, or why there is no embedding model.
    pub embed: Option<Result<usize, Reason>>,
    /// Whether the reader reads, or why not.
    pub reader: Option<Result<(), Reason>>,
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
        /// What for.
        meant: EmbedAs,
        /// Place in the queue.
        claim: Claim,
    },
    /// The words of passages that may answer a question.
    Read {
        /// The question.
        question: String,
        /// The passages.
        passages: Vec<ReadPassage>,
        /// Place in the queue.
        claim: Claim,
    },
}

/// What the worker answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Event {
    /// A piece of a chat answer.
    Chat(ChatEvent),
    /// All vectors of a request.
    Embedded(Embeddings),
    /// What was read for a request.
    Read {
        /// The spans of each passage.
        spans: Vec<Vec<Span>>,
        /// Tokens that were read, the question's with each passage.
        tokens: u32,
    },
    /// The request ends here.
    Error(LlmError),
}
