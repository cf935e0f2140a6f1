//! The messages between a transport and a session.

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::agent::{Citation, Rung};
use crate::store::calls::EndedReason;
use crate::store::{CallId, ConversationId, ReceiptId};

/// Sample rate of incoming sound, in Hz.
pub const LINE_RATE: u32 = 16_000;
/// Most messages buffered in each direction. A transport that finds the queue full drops sound, or ends.
const QUEUE: usize = 256;

/// From the caller.
#[derive(Debug, Clone, PartialEq)]
pub enum Incoming {
    /// Signed 16-bit samples, little-endian, mono, [`LINE_RATE`]; usually 20 ms, in order and
    /// without gaps (the transport fills in lost sound).
    Audio(Bytes),
    /// Typed instead of spoken.
    Text(String),
    /// Push-to-talk: the key went down (`true`) or up. After the first of these, pauses no longer end a turn.
    Talk(bool),
    /// How much of an answer's sound the caller's device has played. Transports that cannot tell do not
    /// send it; then the time since the sound was sent counts.
    Played {
        answer: u32,
        /// From the beginning of the answer.
        ms: u64,
    },
    /// Whether the caller agrees to the recording.
    Consent(bool),
    /// The caller pressed stop; ends the answer.
    Interrupt,
    /// A telephone key: 0-9, `*`, `#`.
    Digit(char),
    /// The caller left. A closed channel means that the connection broke.
    Hangup,
}

/// What the session is doing, for the caller's screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    Listening,
    Hearing,
    /// It looks for an answer.
    Thinking,
    Speaking,
}

/// To the caller.
#[derive(Debug, Clone, PartialEq)]
pub enum Outgoing {
    /// The session runs; always the first message.
    Ready {
        call: CallId,
        /// Where questions and answers are stored.
        conversation: ConversationId,
        /// Whether to ask for consent to the recording (answer with [`Incoming::Consent`]).
        asks_consent: bool,
    },
    Phase(Phase),
    /// The caller's words recognised so far; replaces the previous one.
    Partial(String),
    /// The caller's complete words.
    Heard {
        /// From 1.
        turn: u32,
        text: String,
    },
    /// The text of an answer; its sound follows.
    Answer {
        /// The turn that it answers; 0 for the greeting and other words of the front desk's own.
        turn: u32,
        /// With `[n]` where it cites.
        text: String,
        /// `None` for words of the front desk's own.
        rung: Option<Rung>,
        citations: Vec<Citation>,
        receipt: Option<ReceiptId>,
        /// Whether the answer offers a person.
        handoff: bool,
    },
    /// Sound of an answer, sent at most about a second before it is due.
    Audio {
        /// Number of the answer, counting up.
        answer: u32,
        /// Signed 16-bit samples, little-endian, mono.
        pcm: Bytes,
        /// In Hz.
        rate: u32,
    },
    /// The sound of the answer is complete.
    AudioEnd {
        answer: u32,
    },
    /// Stop playing, but keep the rest.
    Pause,
    /// Continue where [`Outgoing::Pause`] stopped.
    Resume,
    /// Stop playing, and drop the rest.
    Clear {
        answer: u32,
    },
    /// A hint for the caller to read, such as a fault that has passed.
    Notice(String),
    /// The session is over; always the last message.
    Ended {
        reason: EndedReason,
        /// A sentence for the caller.
        message: String,
    },
}

/// The session's end of a line. The transport holds the other end.
#[derive(Debug)]
pub struct VoiceLine {
    pub incoming: mpsc::Receiver<Incoming>,
    pub outgoing: mpsc::Sender<Outgoing>,
}

/// Opens a line: the transport's sender and receiver, and the session's end.
pub fn line() -> (mpsc::Sender<Incoming>, mpsc::Receiver<Outgoing>, VoiceLine) {
    let (to_session, incoming) = mpsc::channel(QUEUE);
    let (outgoing, from_session) = mpsc::channel(QUEUE);
    (to_session, from_session, VoiceLine { incoming, outgoing })
}
