//! Workflows: short procedures in a conversation, such as asking for an appointment. A definition says which values are
//! needed, in which order they are asked for, where the way parts, and what is done in the end. A run goes through it.
//!
//! This module is pure: [`step`] takes a run and what somebody said, and
//! gives the run after it, what to say, and the acts to carry out as values. It knows no channel, no mail and no inbox.
//!
//! Invariants:
//! - Nothing is done before the visitor confirmed it; a definition that forgets to ask is asked for.
//! - Every run ends: its turns and its steps are bounded.
//!
//! Reading order: `definition` (and `read`, `write`), `run`, `fill` (values out of a message), `machine`, `show` and `texts` (words),
//! `begin` (what starts a workflow), `templates`.
//!
//! To add a language: `language/slots/words/<code>.toml` with `OTHERS` there, and `texts/<code>.toml`. To add a kind of slot: a reader in
//! `language::slots`, a variant of `Kind` (`definition`) and of `Value`, then `fill`, `machine` (its second question) and `show`.

// So that paths look the same in every room: `crate::room::…`.
extern crate self as workflows;
use frontdesk_contacts as contacts;
use frontdesk_hours as hours;
use frontdesk_language as language;

mod begin;
mod definition;
mod fill;
mod machine;
mod read;
mod run;
mod show;
pub mod templates;
mod texts;
mod world;
mod write;

pub use begin::begins;
pub use definition::{Choice, Deed, Definition, Kind, Lists, Slot, Step, Texts};
pub use machine::{begin, step};
pub use read::Problem;
pub use run::{Act, Phase, Run, Said, State, Stepped, Value};
pub use show::{date as show_date, plain as show_plain, time as show_time};
pub use world::World;
pub use write::Written;

#[cfg(test)]
mod dialogues;
