//! The agent carries out one turn of a conversation: it takes a question and returns a grounded answer with its
//! citations and receipt, whichever way the visitor reached the front desk.
//!
//! It knows neither HTTP nor audio. It climbs the answer ladder (`rungs`): each rung answers or
//! passes, and the last one says honestly that the documents do not answer.
//!
//! Reading order: `reply` (a turn), `climb` (search and the rungs), `case` and `rungs` (what a rung gets and gives), `evidence`
//! and `decide` (places that may answer, and how surely), `flow` (workflows), `errands` (tools), `decline`, `meaning` (what these know by
//! vectors), `begin`, `record` and `trace` (what is kept), `handover` (when a person
//! answers instead), `afterword` (what the model adds). `talk`, `parts`, `computed` and
//! `support` are each about one kind of message or check; `prepare` is the turn of those who speak; `proof` asks again.
//!
//! Quotations come first because a small model answers anything from anything. A reader that was not calibrated claims nothing: what it
//! finds is related, until the owner's questions have chosen a threshold, which is kept with the reader's hash (`settings`).
//!
//! To add a rung: a file in `rungs`, its place in `climb` (without the model a `SafeRung`), its name in `Rung` (`types`) and, for people, in
//! `http/console/quality_pages.rs`; what it needs of the store goes into `Business` (`case`). Fields of `Trace` keep the receipt's order.
//!
//! To add a language: `phrases/<code>.toml` and `OTHERS` there; for opening hours also `rungs/fact/wording/<code>.toml` and
//! `hours/ask/<code>.toml`, for calls `voice/phrases/<code>.toml`, for detecting it `language`.

// So that paths look the same in every room: `crate::room::…`.
extern crate self as agent;
use frontdesk_contacts as contacts;
use frontdesk_hours as hours;
use frontdesk_inbox as inbox;
use frontdesk_knowledge as knowledge;
use frontdesk_language as language;
use frontdesk_llm as llm;
use frontdesk_reason as reason;
use frontdesk_store as store;
use frontdesk_tools as tools;
use frontdesk_workflows as workflows;

mod afterword;
mod begin;
mod burst;
mod case;
mod cite;
mod climb;
mod computed;
mod decide;
mod decline;
mod errands;
mod evidence;
mod flow;
pub mod follow_up;
mod handover;
mod lead;
pub mod meaning;
mod parts;
mod phrases;
mod prepare;
mod prompt;
pub mod proof;
mod record;
mod rephrase;
mod reply;
mod rungs;
mod settings;
mod support;
mod talk;
mod trace;
mod types;

pub use decline::names_topic;
pub use prepare::{Committed, PreparedAnswer};
pub use reply::{Agent, Display, Measured, Turn, TurnStream};
pub use settings::{AnswerSettings, Switch, Topic};
pub use talk::Talk;
pub use types::{Answer, Citation, CitationKind, Rung, Stored, Timings, Tokens, TurnEvent};

/// The answer that the facts of a workspace give to a question at that time; `None` if they would
/// pass. Records nothing.
pub fn fact_preview(
    book: &crate::hours::Book,
    question: &str,
    business: &str,
    now: jiff::Timestamp,
) -> Option<String> {
    rungs::fact_preview(book, question, business, now)
}

/// Why a turn failed. Visitors see these messages, so paths and faults of the machine stay out of them: the owner
/// finds those in the log and on the status page.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    #[error("the question is empty; type one and send it again")]
    Empty,
    #[error("the conversation could not be saved; please send your message again")]
    Store(#[from] crate::store::StoreError),
    #[error("the documents could not be searched; please try again")]
    Knowledge(#[from] crate::knowledge::KnowledgeError),
    /// A turn that ran elsewhere failed; the sentence says why.
    #[error("{0}")]
    Failed(#[source] crate::reason::Reason),
    #[error(transparent)]
    Model(#[from] crate::llm::LlmError),
}
