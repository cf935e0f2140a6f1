//! Language models behind three traits: chat, embeddings and reading.
//!
//! This module knows nothing of conversations, documents or HTTP. A caller passes messages and gets a
//! stream of text; the application decides which engine answers (now the local one in a worker process,
//! later perhaps a provider that the owner turned on).

// Lets paths read `crate::room::…` in every crate.
extern crate self as llm;
use frontdesk_reason as reason;
#[cfg(test)]
use frontdesk_store as store;
use frontdesk_usage as usage;
use frontdesk_worker as worker;

mod governed;
pub mod local;
mod metered;
mod patience;
mod types;

pub use governed::Governed;
pub use metered::Metered;
pub use patience::patiently;
pub use types::{
    ChatEvent, ChatMessage, ChatRequest, ChatStream, Claim, EmbedAs, Embeddings, FinishReason,
    LlmError, OutputFormat, Priority, ReadFigures, ReadPassage, Role, Sampling, Served, Span,
    ToolCall, Usage,
};

use crate::reason::Reason;
use async_trait::async_trait;

/// A model that continues a conversation.
#[async_trait]
pub trait ChatModel: Send + Sync {
    /// Catalogue name of the model that answers, for receipts and `/v1/models`.
    fn name(&self) -> String;

    /// Context window in tokens: prompt and answer together.
    fn context_tokens(&self) -> u32;

    /// SHA-256 of the weights as lowercase hex, if known; part of every receipt.
    fn weights_hash(&self) -> Option<String>;

    /// Whether a request would be served now; the error tells the owner why not.
    fn ready(&self) -> Result<(), LlmError>;

    /// Starts an answer. Dropping the stream cancels it.
    ///
    /// # Errors
    /// [`LlmError::Busy`] if the queue is full, [`LlmError::Unavailable`] if no engine runs,
    /// [`LlmError::Invalid`] for a request that the model cannot serve. Later errors arrive in the
    /// stream.
    async fn chat(&self, request: ChatRequest) -> Result<ChatStream, LlmError>;
}

/// How much more likely "yes" is than "no" after these messages, as log-odds in nats. Fails like
/// [`ChatModel::chat`].
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
    odds.ok_or_else(|| LlmError::Interrupted("the engine returned no judgement".into()))
}

/// A model that maps texts to vectors of unit length.
#[async_trait]
pub trait Embedder: Send + Sync {
    fn name(&self) -> String;

    fn dimensions(&self) -> usize;

    fn ready(&self) -> Result<(), LlmError>;

    /// Returns one vector per text, in order, each of Euclidean length 1. Longer texts are cut at the
    /// model's window. Fails like [`ChatModel::chat`].
    async fn embed(
        &self,
        texts: Vec<String>,
        meant: EmbedAs,
        claim: Claim,
    ) -> Result<Embeddings, LlmError>;
}

/// A model that marks the words of a passage that answer a question, or finds that none do.
#[async_trait]
pub trait Reader: Send + Sync {
    fn name(&self) -> String;

    /// SHA-256 of the weights as lowercase hex, if known; part of every receipt.
    fn weights_hash(&self) -> Option<String>;

    fn ready(&self) -> Result<(), LlmError>;

    /// Why the chosen reader does not work, although another one may. `None` also if there is none.
    fn trouble(&self) -> Option<Reason> {
        None
    }

    /// Whether the probabilities of answers (`agent/decide.rs`) were fitted to this reader and the embedding model
    /// beside it.
    fn is_calibrated(&self) -> bool {
        true
    }

    /// Returns the spans of each passage that may answer, best first, in the order of the passages. The
    /// spans of a passage do not depend on the other passages. Fails like [`ChatModel::chat`].
    async fn read(
        &self,
        question: String,
        passages: Vec<ReadPassage>,
        claim: Claim,
    ) -> Result<Vec<Vec<Span>>, LlmError>;

    fn figures(&self) -> ReadFigures {
        ReadFigures::default()
    }
}
