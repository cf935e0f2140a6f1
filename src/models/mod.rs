//! Weight files: which ones there are, how they come to this machine, and how they are checked.
//!
//! [`Catalogue`] is the list of known models. [`Cache`] is one folder on disk and tells for each
//! model whether it is there and whole. [`fetch`](fetch::fetch) brings a model into the cache: it
//! tries the sources of its entry in order, resumes what an interrupted run left behind, checks the
//! hash, converts where the engines need another format ([`convert`]) and only then gives the file
//! its final name. A file under its final name is therefore always a complete one.
//!
//! [`inspect`] is for files that a person put there: it tells a cut or foreign file from a model
//! before native code, which may crash on it, is allowed to open it.

// Paths read alike in every room: `crate::room::…`.
extern crate self as models;
use frontdesk_reason as reason;

mod bundled;
pub mod cache;
pub mod catalogue;
pub mod convert;
pub mod entry;
mod error;
pub mod fetch;
pub mod inspect;

pub use cache::{Cache, Manifest, State};
pub use catalogue::Catalogue;
pub use entry::{Convert, Entry, Role, StarterSet};
pub use error::ModelError;
pub use fetch::{Options, Phase, Progress, Sources, fetch};
pub use tokio_util::sync::CancellationToken;
