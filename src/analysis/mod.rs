//! What a conversation says: summary, score, promises, the next step.
//!
//! A [`Conversation`] comes from the inbox, a CRM or a file that another program exported ([`import`]). Everything is counted
//! first; a language model then adds what only it can, and nothing that it writes is taken over unless it stands in the
//! conversation. This room does *not* know HTTP, nor any CRM.
//!
//! Invariants:
//! - The same conversation, settings, prompts and model give the same result; what it follows from has a digest.
//! - A quote stands in the turn that it names. A sentence whose names, numbers or days nobody said is dropped.
//! - Without a model, or if it fails, everything that needs none is there, and `missing` says why the rest is not.
//! - Text of conversations from elsewhere is kept only if the owner wants it.
//!
//! Reading order: [`types`] (what is found), `analyse` (how), `count`, `mood`, `extract` (without a model), `compress`, `ask`, `verify`
//! (with one), [`score`], [`settings`], [`work`] (keeping them).
//!
//! To change a prompt: a new file beside `prompts/v2.toml`, named in `prompts`; a version that made results never changes. To add a sign
//! that the score counts: `words/signals.toml`, a field of `Counted` (`count`), its name in [`score`] and its words in `score/reasons`;
//! then fit again (`frontdesk eval analysis FOLDER --fit`).

// So that paths look the same in every room: `crate::room::…`.
extern crate self as analysis;
use frontdesk_access as access;
use frontdesk_contacts as contacts;
use frontdesk_hours as hours;
use frontdesk_language as language;
use frontdesk_llm as llm;
use frontdesk_mail as mail;
use frontdesk_store as store;
use frontdesk_usage as usage;

mod analyse;
mod ask;
mod compress;
pub mod conversation;
mod count;
mod extract;
mod fields;
pub mod import;
mod mood;
mod promises;
mod prompts;
mod rules;
pub mod score;
pub mod settings;
pub mod types;
mod verify;
mod words;
pub mod work;

pub use analyse::{Progress, analyse, analyse_telling};
pub use conversation::{Conversation, Turn, Who};
pub use settings::Settings;
pub use types::{Analysis, AnalysisError, Cost, Outcome};
pub use work::{Analyst, WorkError};
