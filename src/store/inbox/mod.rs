//! Conversations as staff see them: lists in views, search, tags, notes, teams, canned replies, who has read what, files,
//! and the way of each conversation.
//!
//! Reading order: `view` (which conversations, in which order), `list` (their rows), `search` and `words`, `transcript`.

pub mod attachments;
pub mod canned;
pub mod list;
pub mod notes;
pub mod reads;
pub mod routing;
mod search;
pub mod seed;
pub mod tags;
pub mod teams;
pub mod transcript;
mod view;
pub(super) mod words;

pub use list::InboxRow;
pub use view::{Counts, Cursor, InboxFilter, View, count};
pub use words::Sought;

#[cfg(test)]
mod list_tests;
#[cfg(test)]
mod parts_tests;
#[cfg(test)]
mod search_tests;
