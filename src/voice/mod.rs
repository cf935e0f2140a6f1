//! Spoken conversations: who speaks, whose turn it is, what is said and what was heard of it.
//!
//! What this module does *not* know: HTTP, browsers, sound cards. A transport gives a [`VoiceLine`]: sound
//! and signs come in, sound and signs go out. Answers come from the same [`crate::agent`] as in the chat.

mod call_record;
mod collect;
mod desk;
mod echo;
mod line;
mod listener;
mod outbox;
mod phrases;
mod places;
mod playout;
pub mod recorder;
mod sentences;
mod session;
mod settings;
mod tone;
mod turn_settings;
mod turn_taker;
mod words;

pub use desk::{Busy, CallPlace, Caller, Parts, VoiceDesk};
pub use line::{Incoming, LINE_RATE, Outgoing, Phase, VoiceLine, line};
pub use listener::{Frame, Listener};
pub use recorder::Recorder;
pub use settings::{RecordingMode, VoiceSettings};
pub use turn_settings::TurnSettings;
pub use turn_taker::{Decision, FRAME_MS, Fact, Floor, TurnTaker};
