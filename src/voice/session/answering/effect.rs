//! What answering wants done: jobs to start, and what the caller, the record and the other two are told.

use serde_json::{Map, Value};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::spoken::SpeechKind;
use crate::agent::{PreparedAnswer, Tokens};
use crate::store::MessageId;
use crate::store::call_log;
use crate::store::calls::EndedReason;
use crate::voice::line::Outgoing;
use crate::voice::playout::Piece;

/// One thing that follows; they are carried out in order.
pub enum Effect {
    /// The caller's side is told.
    Send(Outgoing),
    /// Sound goes out.
    Sound(Piece),
    /// Sound of this answer that is on its way is forgotten.
    Clear(u32),
    /// An event enters the record.
    Event(&'static str, Value),
    /// A line enters the record.
    Line(call_log::Line),
    /// The times of a turn enter the record.
    Turn {
        number: u32,
        at: u64,
        rung: Option<&'static str>,
        times: Map<String, Value>,
    },
    /// An answer is to be found, and spoken as it comes.
    Find(FindOrder),
    /// Sentences are to be spoken.
    Say(SayOrder),
    /// A prepared answer is to be kept.
    Keep(u64, Box<PreparedAnswer>),
    /// The front desk has the floor.
    TakeFloor,
    /// The first sound goes out.
    BeginToSound,
    /// Something was heard to its end.
    Finished(Finished),
    /// The answer offered a person: name and number may follow.
    OfferCallback,
    /// An answer was kept; the language model wrote so much for it.
    Kept(Tokens),
    /// There is no answer for a caller who waits for one.
    Failed,
}

/// Find the answer to a question.
pub struct FindOrder {
    pub job: u64,
    pub question: String,
    /// Opens once it is sure that this was asked; until then only the first clause is spoken.
    pub gate: watch::Receiver<bool>,
    pub cancel: CancellationToken,
}

/// Say these sentences.
pub struct SayOrder {
    pub job: u64,
    pub sentences: Vec<String>,
    pub cancel: CancellationToken,
}

/// Something that was heard to its end.
#[derive(Debug)]
pub struct Finished {
    pub answer: u32,
    pub kind: SpeechKind,
    /// The call ends now.
    pub ends: Option<EndedReason>,
    /// Something else is said next.
    pub is_followed: bool,
    /// An answer is still being found.
    pub is_pending: bool,
}

/// What enters the conversation of an answer that was broken off: as much as was heard of it.
#[derive(Debug, PartialEq)]
pub enum Remember {
    /// The answer is kept already, and is shortened to this.
    Shorten(MessageId, String),
    /// It is not, and is kept with its question.
    Keep { question: String, heard: String },
}
