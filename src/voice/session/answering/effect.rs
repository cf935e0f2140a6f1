//! Effects of answering: jobs to start, and messages to the caller, the record, the ear and the manners.

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

/// One effect. Effects are carried out in order.
pub enum Effect {
    /// Send to the caller's side.
    Send(Outgoing),
    /// Send sound.
    Sound(Piece),
    /// Drop unsent sound of this answer.
    Clear(u32),
    /// Record an event.
    Event(&'static str, Value),
    /// Record a line of the transcript.
    Line(call_log::Line),
    /// Record the timings of a turn.
    Turn {
        number: u32,
        at: u64,
        rung: Option<&'static str>,
        times: Map<String, Value>,
    },
    /// Find an answer, and speak it as it arrives.
    Find(FindOrder),
    Say(SayOrder),
    /// Store a prepared answer.
    Keep(u64, Box<PreparedAnswer>),
    /// The front desk takes the floor.
    TakeFloor,
    /// The first sound of an utterance is about to be sent.
    BeginToSound,
    /// An utterance was heard to its end.
    Finished(Finished),
    /// The answer offered a person: collect name and number.
    OfferCallback,
    /// The caller wishes a person, and somebody is there.
    CallPerson,
    /// An answer was stored; these are the language model's tokens.
    Kept(Tokens),
    /// A caller waits, but there is no answer.
    Failed,
}

/// Finds the answer to a question.
pub struct FindOrder {
    pub job: u64,
    pub question: String,
    /// Opens once the question is certain; until then only the first clause is spoken.
    pub gate: watch::Receiver<bool>,
    /// Whether a person can be called.
    pub is_desk_open: bool,
    pub cancel: CancellationToken,
}

/// Speaks sentences.
pub struct SayOrder {
    pub job: u64,
    pub sentences: Vec<String>,
    pub cancel: CancellationToken,
}

/// An utterance that was heard to its end.
#[derive(Debug)]
pub struct Finished {
    pub answer: u32,
    pub kind: SpeechKind,
    /// Why the call ends now, if it does.
    pub ends: Option<EndedReason>,
    /// Whether another utterance follows.
    pub is_followed: bool,
    /// Whether an answer is still being prepared.
    pub is_pending: bool,
}

/// What to store of an interrupted answer: as much as was heard of it.
#[derive(Debug, PartialEq)]
pub enum Remember {
    /// The answer is stored already: shorten it to this.
    Shorten(MessageId, String),
    /// The answer is not stored yet: store it with its question.
    Keep { question: String, heard: String },
}
