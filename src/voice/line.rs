//! What a transport gives a session, and what it gets.

use bytes::Bytes;
use tokio::sync::mpsc;

use crate::agent::{Citation, Rung};
use crate::store::calls::EndedReason;
use crate::store::{CallId, ConversationId, ReceiptId};

/// Samples per second of incoming sound.
pub const LINE_RATE: u32 = 16_000;
/// Messages that may wait in each direction. A transport that meets a full queue drops sound, or ends.
const QUEUE: usize = 256;

/// What comes from the caller's side.
#[derive(Debug, Clone, PartialEq)]
pub enum Incoming {
    /// Sound: signed 16-bit samples, little-endian, one channel, [`LINE_RATE`]; usually 20 ms, in order and
    /// without gaps (a transport fills in what got lost).
    Audio(Bytes),
    /// Typed instead of spoken.
    Text(String),
    /// Push-to-talk: the key went down (`true`) or up. From the first of these on, pauses end no turn.
    Talk(bool),
    /// So much of an answer's sound was played at the caller's ear, in ms from its beginning. Transports
    /// that cannot tell send none; then the time since it was handed over counts.
    Played {
        /// The number of the answer.
        answer: u32,
        /// How much of it, in ms.
        ms: u64,
    },
    /// Whether the caller agrees to be recorded.
    Consent(bool),
    /// The caller pressed stop: the answer ends.
    Interrupt,
    /// A key of a telephone: 0-9, `*`, `#`.
    Digit(char),
    /// The caller left. A closed channel means the same, by a broken connection.
    Hangup,
}

/// What the session is doing, for the caller's screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// It waits for the caller to speak.
    Listening,
    /// The caller speaks.
    Hearing,
    /// An answer is being found.
    Thinking,
    /// It speaks.
    Speaking,
}

/// What goes to the caller's side.
#[derive(Debug, Clone, PartialEq)]
pub enum Outgoing {
    /// The session runs; the first message.
    Ready {
        /// Its record.
        call: CallId,
        /// Where questions and answers are kept.
        conversation: ConversationId,
        /// Whether the caller is asked to be recorded (answer with [`Incoming::Consent`]).
        asks_consent: bool,
    },
    /// What the session is doing now.
    Phase(Phase),
    /// What was understood so far of what the caller is saying; replaces the one before.
    Partial(String),
    /// What the caller said.
    Heard {
        /// Number of the turn, from 1.
        turn: u32,
        /// The words.
        text: String,
    },
    /// The answer's text as it is shown; its sound follows.
    Answer {
        /// Number of the turn, 0 for the greeting and what the front desk says by itself.
        turn: u32,
        /// The text, with `[n]` where it cites.
        text: String,
        /// The rung that answered.
        rung: Option<Rung>,
        /// What it rests on.
        citations: Vec<Citation>,
        /// The receipt.
        receipt: Option<ReceiptId>,
        /// A person is offered.
        handoff: bool,
    },
    /// Sound of an answer; comes at most about a second before it is to be played.
    Audio {
        /// The number of the answer that it belongs to, counting up.
        answer: u32,
        /// Signed 16-bit samples, little-endian, one channel.
        pcm: Bytes,
        /// Samples per second.
        rate: u32,
    },
    /// The answer's sound is complete.
    AudioEnd {
        /// The number of the answer.
        answer: u32,
    },
    /// Stop playing at once, keep what is not played.
    Pause,
    /// Go on where [`Outgoing::Pause`] stopped.
    Resume,
    /// Stop playing at once, forget what is not played.
    Clear {
        /// The number of the answer that ended.
        answer: u32,
    },
    /// Something the caller should read: a fault that passed, a hint.
    Notice(String),
    /// The session is over; the last message.
    Ended {
        /// Why.
        reason: EndedReason,
        /// A sentence for the caller.
        message: String,
    },
}

/// The session's end of a line. Transports hold the other one.
#[derive(Debug)]
pub struct VoiceLine {
    /// From the caller.
    pub incoming: mpsc::Receiver<Incoming>,
    /// To the caller.
    pub outgoing: mpsc::Sender<Outgoing>,
}

/// A line: what the transport sends into and receives from, and the session's end.
pub fn line() -> (mpsc::Sender<Incoming>, mpsc::Receiver<Outgoing>, VoiceLine) {
    let (to_session, incoming) = mpsc::channel(QUEUE);
    let (outgoing, from_session) = mpsc::channel(QUEUE);
    (to_session, from_session, VoiceLine { incoming, outgoing })
}
