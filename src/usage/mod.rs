//! What the machine's work is shared by: on whose behalf it works ([`Flow`]), who goes first ([`Fair`],
//! [`FairQueue`]), and how much somebody may ask for ([`Budgets`]).
//!
//! It knows no HTTP, no models and no store: work comes as numbers of tokens, of ms of sound, of bytes.

// Paths read alike in every room: `crate::room::…`.
use frontdesk_store as store;

mod budget;
mod fair;
mod flow;
mod queue;

pub use budget::{Budgets, Exhausted, MESSAGE_TOKENS, Work};
pub use fair::{Fair, Standing};
pub use flow::Flow;
pub use queue::{FairQueue, Place, QueueFull, QueueLimits, Size, Ticket};
