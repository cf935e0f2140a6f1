//! The messages between the main process and the language-model worker.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::llm::{ChatEvent, ChatRequest, Claim, EmbedAs, Embeddings, LlmError, ReadPassage, Span};
use crate::reason::Reason;
use crate::worker::sandbox::{Held, Limits};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Setup {
    pub chat: Option<ChatSetup>,
    pub embed: Option<EmbedSetup>,
    pub reader: Option<ReaderSetup>,
    /// Reads if `reader` cannot be loaded.
    pub spare_reader: Option<ReaderSetup>,
    /// Length of the vectors that the index expects.
    pub dimensions: usize,
    /// Threads of each engine.
    pub threads: u16,
    /// Limits that the process sets on itself.
    pub limits: Limits,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ChatSetup {
    /// A GGUF file.
    pub path: PathBuf,
    /// The most tokens of one conversation.
    pub context: u32,
    /// Tokens in the key-value cache, over all conversations.
    pub cells: u32,
    /// The most answers generated at the same time.
    pub parallel: u16,
    /// The most requests that may wait.
    pub queue: u16,
    /// The most tokens of an answer if the request does not say.
    pub max_tokens: u32,
    pub gpu_layers: u32,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum EmbedSetup {
    /// A GGUF file, computed by llama.cpp.
    Gguf(PathBuf),
    /// The packed file of multilingual-e5-small, computed by our own encoder.
    Packed(PathBuf),
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum ReaderSetup {
    /// Our own reader: layers over the packed embedding model.
    Own {
        model: PathBuf,
        /// SHA-256 of the embedding model whose table it shares; empty if unknown.
        base: String,
    },
    /// An extractive ONNX model from a hub.
    Onnx {
        model: PathBuf,
        /// A `tokenizer.json`.
        tokenizer: PathBuf,
        /// The most tokens of question and passage at once, as in its training.
        window: usize,
    },
}

/// Which reader was loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReaderState {
    /// The chosen one.
    Chosen,
    /// The spare one, and why not the chosen one.
    Spare(Reason),
    /// None, and why not the chosen one.
    Failed(Reason),
}

/// What the worker reports once it is ready. `None` where the setup names no model.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Detail {
    /// Context window in tokens, or why there is no chat model.
    pub chat: Option<Result<u32, Reason>>,
    /// Length of the vectors, or why there is no embedding model.
    pub embed: Option<Result<usize, Reason>>,
    pub reader: Option<ReaderState>,
    pub held: Held,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Request {
    Chat(Box<ChatRequest>),
    Embed {
        texts: Vec<String>,
        meant: EmbedAs,
        claim: Claim,
    },
    /// Find the words of passages that may answer a question.
    Read {
        question: String,
        passages: Vec<ReadPassage>,
        claim: Claim,
    },
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Event {
    Chat(ChatEvent),
    Embedded(Embeddings),
    Read {
        spans: Vec<Vec<Span>>,
        /// Tokens that were read; those of the question count for each passage.
        tokens: u32,
    },
    /// Ends the request.
    Error(LlmError),
}
