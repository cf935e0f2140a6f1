//! People as the business knows them, across channels and visits: how they are reached, what they agreed to, and what is to
//! be done for them.
//!
//! Invariants:
//! - A telephone number is kept in international form (E.164) only, an e-mail address in lower case.
//! - What somebody claims and did not prove never makes one contact of two, and nobody but staff sees what a contact holds.
//! - Consents are only ever added.
//!
//! Reading order: `phone` and `email` (what is a way to reach somebody), `find` (whose it is), `recognise` (by a website's word), `text` (what a message says of
//! its sender), `fields` (the owner's own), `acts` and `todo` (what staff do).

// So that paths look the same in every room: `crate::room::…`.
extern crate self as contacts;
use frontdesk_access as access;
use frontdesk_language as language;
use frontdesk_store as store;

pub mod acts;
mod country;
mod email;
mod error;
pub mod fields;
mod find;
mod phone;
mod recognise;
mod text;
pub mod todo;

pub use country::country;
pub use email::parse_email;
pub use error::{ContactError, PointError};
pub use find::{Given, find_or_create, note_given};
pub use phone::{parse_phone, show_phone};
pub use recognise::{Vouched, recognise};
pub use text::{InText, from_text};
