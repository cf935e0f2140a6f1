//! What goes over the wire, held against the files in `wire/snapshots`, so that no format changes unseen.
//!
//! After a change that is meant, `INSTA_UPDATE=always cargo nextest run --test it wire` writes them anew: read
//! what is different before you commit it.

mod admin;
mod answers;
mod errors;
mod knowledge;
mod openai;
mod people;
mod progress;
mod realtime;
pub mod seed;
pub mod settle;
mod visit;
mod voice;
