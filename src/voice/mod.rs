//! Spoken conversations: who speaks, whose turn it is, what was said and how much of it was heard.
//!
//! This room does not know HTTP, browsers or sound cards. A transport gives it a [`VoiceLine`], which carries sound
//! and messages both ways. Answers come from the same [`crate::agent`] as in the chat.
//!
//! Reading order: `desk` (how a session begins), `session` (its loop), `turn_taker` (whose turn it is, with `turn_settings` and
//! `words`), `playout` and `echo` (what is heard, and our own voice in it), `call_record` and `recorder` (what is kept). `realtime`
//! is the same for sessions that a program drives; `collect` takes names and numbers.
//!
//! What was not heard was not said: history ends where the caller broke in. An overlap holds the answer before it cancels it, so that a
//! cough costs a moment and not the answer.

// So that paths look the same in every room: `crate::room::…`.
extern crate self as voice;
// Unit tests share fakes with `tests/it`, which import from `frontdesk`.
#[cfg(test)]
extern crate self as frontdesk;
use frontdesk_agent as agent;
#[cfg(test)]
use frontdesk_extract as extract;
use frontdesk_inbox as inbox;
use frontdesk_knowledge as knowledge;
use frontdesk_language as language;
use frontdesk_llm as llm;
use frontdesk_providers as providers;
use frontdesk_reason as reason;
use frontdesk_speech as speech;
use frontdesk_store as store;
use frontdesk_usage as usage;
use frontdesk_worker as worker;
#[cfg(test)]
use frontdesk_workflows as workflows;

mod call_record;
mod collect;
mod desk;
mod echo;
mod line;
mod listener;
mod meter;
mod outbox;
mod phrases;
mod places;
mod playout;
pub mod realtime;
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
