//! The agent: one turn of a conversation. A question comes in; a grounded answer with its citations
//! and its receipt comes out, whichever way the visitor reached the front desk.
//!
//! It knows neither HTTP nor audio. It climbs the answer ladder (`ladder`): each rung answers or
//! passes on, the last one says honestly that the documents do not tell.

mod cite;
mod ladder;
mod prompt;
mod record;
mod reply;
mod types;
mod written;

pub use reply::{Agent, Turn, TurnStream};
pub use types::{Answer, Citation, Rung, Timings, Tokens, TurnEvent};

/// Why a turn could not be carried out. Each message is fit for the visitor.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// Nothing was asked.
    #[error("the question is empty; type one and send it again")]
    Empty,
    /// The store.
    #[error("the conversation could not be saved ({0}); please send your message again")]
    Store(#[from] crate::store::StoreError),
    /// The documents.
    #[error("the documents could not be searched ({0}); please try again")]
    Knowledge(#[from] crate::knowledge::KnowledgeError),
    /// The model.
    #[error("{0}")]
    Model(#[from] crate::llm::LlmError),
}
