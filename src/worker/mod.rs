//! Child processes for native code: one generic supervisor, and the frames that parent and child exchange.
//!
//! Native engines and parsers run in children of the same binary (`frontdesk worker …`), so that an
//! abort, an out-of-memory kill or a parser bomb costs one answer and not the whole server. This module
//! does not know what a worker computes: a worker is a pair of types, request and event.
//!
//! - [`Worker`] (parent): starts the child, restarts it with back-off, watches heartbeat and memory,
//!   routes events to the [`Exchange`] that waits for them.
//! - [`Engine`] (parent): a worker whose files are checked in the background while the server starts; until it is
//!   ready, callers learn what it is waiting for.
//! - [`child`]: the child's main loop: reads requests, answers pings, writes events.
//! - [`Governor`]: holds background work back while a live turn needs the cores.
//! - [`sandbox`]: the rights that the child gives up before it reads foreign bytes.

// So that paths look the same in every room: `crate::room::…`.
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

/// Why a worker could not answer. The messages are written for the owner.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WorkerError {
    /// The child refuses to serve: its model is missing or damaged.
    #[error("{0}")]
    Degraded(String),
    #[error("the {worker} process ended in mid-work ({reason}); it is being started again")]
    Ended { worker: String, reason: String },
    #[error("the {worker} process took longer than {seconds} s; try again, or with less input")]
    Deadline { worker: String, seconds: u64 },
    /// The request failed in the child; other requests continue.
    #[error("{0}")]
    Failed(String),
    #[error("Frontdesk is shutting down")]
    Stopping,
}
