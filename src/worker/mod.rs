//! Child processes for native code: one generic supervisor, and the frames between the two sides.
//!
//! Native engines and parsers run in children of the same binary (`frontdesk worker …`), so that an
//! abort, an out-of-memory kill or a parser bomb ends one answer and not the switchboard. This module
//! does not know what a worker computes: a worker is a pair of types, request and event.
//!
//! - [`Worker`] (parent): starts the child, restarts it with back-off, watches heartbeat and memory,
//!   routes events to the [`Exchange`] that waits for them.
//! - [`Engine`] (parent): a worker whose files are checked behind the server's start; its callers are told what it
//!   waits for.
//! - [`child`]: what the child runs: reads requests, answers pings, writes events.
//! - [`Governor`]: holds work back that nobody waits for while a live turn needs the cores.
//! - [`sandbox`]: what the child gives up before it touches foreign bytes.

// Paths read alike in every room: `crate::room::…`.
use frontdesk_reason as reason;

pub mod child;
mod engine;
mod exchange;
mod frames;
mod governor;
mod life;
pub mod priority;
pub mod sandbox;
mod supervisor;

pub use engine::{Engine, EngineError, EngineKind, EngineWorker};
pub use exchange::Exchange;
pub use governor::{Governor, Live};
pub use supervisor::{Condition, Spec, Status, Worker};

/// Why a worker could not answer. Each message is fit for the owner.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorkerError {
    /// The child refuses to serve: its model is missing or damaged.
    #[error("{0}")]
    Degraded(String),
    /// The child ended in mid-work.
    #[error("the {worker} process ended in mid-work ({reason}); it is being started again")]
    Ended {
        /// Name of the worker.
        worker: String,
        /// How it ended.
        reason: String,
    },
    /// The child did not answer in time.
    #[error("the {worker} process took longer than {seconds} s; try again, or with less input")]
    Deadline {
        /// Name of the worker.
        worker: String,
        /// The limit in seconds.
        seconds: u64,
    },
    /// The child could not do it, and says why.
    #[error("{0}")]
    Failed(String),
    /// The supervisor is shutting down.
    #[error("Frontdesk is shutting down")]
    Stopping,
}
