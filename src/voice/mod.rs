//! Spoken conversations: who speaks, whose turn it is, what is said and what was heard of it.
//!
//! What this module does *not* know: HTTP, browsers, sound cards. A transport gives a [`Line`]: sound
//! and signs come in, sound and signs go out. Answers come from the same [`crate::agent`] as in the chat.

mod desk;
mod line;
pub mod recorder;
mod settings;

pub use desk::{Busy, Caller, Desk, Parts, Place};
pub use line::{Incoming, LINE_RATE, Line, Outgoing, Phase, line};
pub use recorder::Recorder;
pub use settings::{RecordingMode, VoiceSettings};
