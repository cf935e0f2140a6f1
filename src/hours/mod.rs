//! Answers that are computed from business facts: which times a question means, when the business is open,
//! and how to reach it.
//!
//! This module does *not* know documents (it is given text), how answers are phrased, or the current time
//! (an argument).
//!
//! Reading order: `data` (what a fact says), `propose` (facts from text), `edit` (what the owner does with them), `book` and
//! `opening` (which hours hold), `holidays`, `when` and `ask` (times in a question, and what it wants).
//!
//! To add a fact: a variant of `What` (`data`), `edit/text`, `propose`, and its answer in `agent/rungs/fact`.

// So that paths look the same in every room: `crate::room::…`.
extern crate self as hours;
use frontdesk_access as access;
use frontdesk_language as language;
use frontdesk_store as store;

pub mod acts;
pub mod ask;
mod book;
mod calendar_words;
mod data;
pub mod edit;
mod holidays;
mod names;
pub mod opening;
pub mod propose;
mod when;
mod words;

pub use book::{Book, Entry, country, time_zone};
pub use data::{Data, StatedPlace, What};
pub use edit::FactsError;
pub use holidays::{COUNTRIES, Holiday, easter, special};
pub use names::{month_name, names_of, ordinal, weekday_name};
pub use when::{Bound, Mention, Relation, mentions};
