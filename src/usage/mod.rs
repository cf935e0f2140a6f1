//! How the machine's work is shared out: who it works for ([`Flow`]), who goes first ([`Fair`], [`FairQueue`]),
//! how much a caller may ask for ([`Budgets`]), and whether a front desk is flooded with visits ([`Pressure`]).
//!
//! What a workspace may use in a month is in [`quota`]. Nothing here knows HTTP or models: work is counted in tokens, milliseconds of
//! sound, or bytes.

// So that paths look the same in every room: `crate::room::…`.
use frontdesk_store as store;

mod budget;
mod fair;
mod flow;
mod pressure;
mod queue;
pub mod quota;

pub use budget::{Budgets, Exhausted, MESSAGE_TOKENS, Work};
pub use fair::{Fair, Standing};
pub use flow::Flow;
pub use pressure::Pressure;
pub use queue::{FairQueue, QueueFull, QueueLimits, QueuePlace, Size, Ticket};
