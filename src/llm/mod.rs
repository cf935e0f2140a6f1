//! Language models: chat and embeddings behind two traits.
//!
//! This module does not know conversations, documents or HTTP. A caller hands over messages and gets
//! a stream of text; which engine answers (the local one in a worker process, later a provider that
//! the owner turned on) is decided where the application is put together.

pub mod local;
mod types;

pub use types::{
    ChatEvent, ChatMessage, ChatRequest, ChatStream, Embeddings, FinishReason, LlmError,
    OutputFormat, Priority, Role, Sampling, ToolCall, Usage,
};

use async_trait::async_trait;

/// A model that continues a conversation.
#[async_trait]
pub trait ChatModel: Send + Sync {
    /// Catalogue name of the model that answers, for receipts and `/v1/models`.
    fn name(&self) -> String;

    /// Context window in tokens: prompt and answer together.
    fn context_tokens(&self) -> u32;

    /// SHA-256 of the weights as lowercase hex, when known; stands in every receipt.
    fn weights_hash(&self) -> Option<String>;

    /// Whether a request would be served now: `Err` holds the sentence that tells the owner why not.
    fn ready(&self) -> Result<(), LlmError>;

    /// Starts an answer. Dropping the stream cancels the generation and frees its place.
    ///
    /// # Errors
    /// [`LlmError::Busy`] when the queue is full, [`LlmError::Unavailable`] when no engine runs,
    /// [`LlmError::Invalid`] for a request that the model cannot serve. An error after the first
    /// delta arrives inside the stream.
    async fn chat(&self, request: ChatRequest) -> Result<ChatStream, LlmError>;
}

/// A model that maps texts to vectors of unit length.
#[async_trait]
pub trait Embedder: Send + Sync {
    /// Catalogue name of the model.
    fn name(&self) -> String;

    /// Length of each vector.
    fn dimensions(&self) -> usize;

    /// Whether a request would be served now.
    fn ready(&self) -> Result<(), LlmError>;

    /// One vector per text, in order, each of Euclidean length 1. Texts longer than the model's
    /// window are cut at the window.
    ///
    /// # Errors
    /// As [`ChatModel::chat`].
    async fn embed(&self, texts: Vec<String>, priority: Priority) -> Result<Embeddings, LlmError>;
}
