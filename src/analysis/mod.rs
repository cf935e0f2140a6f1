//! What a conversation says: summary, score, promises, the next step.
//!
//! A [`Conversation`] comes from the inbox, a CRM or a file that another program exported ([`import`]). This room knows
//! neither HTTP nor where a conversation is stored.

// So that paths look the same in every room: `crate::room::…`.
extern crate self as analysis;
use frontdesk_mail as mail;

pub mod conversation;
pub mod import;

pub use conversation::{Conversation, Turn, Who};
