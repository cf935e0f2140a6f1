//! Language models: chat, embeddings and reading behind three traits.
//!
//! This module does not know conversations, documents or HTTP. A caller hands over messages and gets
//! a stream of text; which engine answers (the local one in a worker process, later a provider that
//! the owner turned on) is decided where the application is put together.

// Paths read alike in every room: `crate::room::…`.
extern crate self as llm;
use frontdesk_reason as reason;
#[cfg(test)]
use frontdesk_store as store;
use frontdesk_usage as usage;
use frontdesk_worker as worker;

mod governed;
pub mod local;
mod patience;
mod types;

pub use governed::Governed;
pub use patience::patiently;
pub use types::{
    ChatEvent, ChatMessage, ChatRequest, ChatStream, Claim, EmbedAs, Embeddings, FinishReason,
    LlmError, OutputFormat, Priority, ReadFigures, ReadPassage, Role, Sampling, Span, ToolCall,
    Usage,
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

/// How much likelier the model finds "yes" than "no", as log-odds in nats, after these messages.
///
/// # Errors
/// As [`ChatModel::chat`].
pub async fn yes_or_no(
    model: &dyn ChatModel,
    messages: Vec<ChatMessage>,
    claim: Claim,
) -> Result<f32, LlmError> {
    use futures::StreamExt;
    let mut request = ChatRequest::new(messages, claim);
    request.format = OutputFormat::Choice(vec!["yes".into(), "no".into()]);
    request.sampling.max_tokens = Some(1);
    let mut stream = model.chat(request).await?;
    let mut odds = None;
    while let Some(event) = stream.next().await {
        if let ChatEvent::Chances(chances) = event?
            && let [yes, no] = chances.as_slice()
        {
            #[expect(clippy::cast_precision_loss, reason = "at most 20000")]
            odds.replace((yes - no) as f32 / 1000.0);
        }
    }
    odds.ok_or_else(|| LlmError::Interrupted("the engine gave no judgement".into()))
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
    async fn embed(
        &self,
        texts: Vec<String>,
        meant: EmbedAs,
        claim: Claim,
    ) -> Result<Embeddings, LlmError>;
}

/// A model that marks the words of a passage which answer a question, or says that none do.
#[async_trait]
pub trait Reader: Send + Sync {
    /// Catalogue name of the model.
    fn name(&self) -> String;

    /// SHA-256 of the weights as lowercase hex, when known; stands in every receipt.
    fn weights_hash(&self) -> Option<String>;

    /// Whether a request would be served now.
    fn ready(&self) -> Result<(), LlmError>;

    /// The spans of each passage that may answer, best first, in the order of the passages. The spans
    /// of a passage do not depend on the other passages.
    ///
    /// # Errors
    /// As [`ChatModel::chat`].
    async fn read(
        &self,
        question: String,
        passages: Vec<ReadPassage>,
        claim: Claim,
    ) -> Result<Vec<Vec<Span>>, LlmError>;

    /// What was done since the start.
    fn figures(&self) -> ReadFigures {
        ReadFigures::default()
    }
}
