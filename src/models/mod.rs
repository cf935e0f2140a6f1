//! Model files: the list of known ones, and how they are downloaded, stored and checked.
//!
//! [`Catalogue`] is the list of known models. [`Cache`] is one folder on disk and knows for each
//! model whether it is present and complete. [`fetch`](fetch::fetch) downloads a model into the cache: it
//! tries the sources of its entry in order, resumes an interrupted download, checks the
//! hash, converts the file if the engines need another format ([`convert`]), and only then gives it
//! its final name. A file under its final name is therefore always complete.
//!
//! [`chat`] says which chat model suits a machine, by its memory and its speed ([`Pace`]).
//!
//! [`inspect`] is for files that a person copied there: it detects a truncated or foreign file
//! before native code, which might crash on it, opens it.
//!
//! To add a model: an entry in `models/catalogue.toml` (its keys: `entry`). [`chat`] lists what `auto` tries. Search models need the
//! `DIMENSIONS` of `app/engines.rs`; readers of a hub bring `tokenizer.json`, and `calibrated_with` names the pair that was fitted.

// So that paths look the same in every room: `crate::room::…`.
extern crate self as models;
use frontdesk_reason as reason;

mod bundled;
pub mod cache;
pub mod catalogue;
pub mod chat;
pub mod convert;
pub mod entry;
mod error;
pub mod fetch;
pub mod inspect;
mod pace;

pub use cache::{Cache, Manifest, State};
pub use catalogue::Catalogue;
pub use entry::{Convert, Entry, Role, StarterSet};
pub use error::{ModelError, megabytes};
pub use fetch::{Options, Phase, Progress, Sources, fetch, hub_answers};
pub use pace::Pace;
pub use tokio_util::sync::CancellationToken;
