//! Errors of what owners do with webhooks.

use crate::access::Denied;
use crate::reason::Reason;
use crate::store::StoreError;

/// Webhooks of one workspace.
pub(super) const MOST: usize = 20;
/// Longest address, in bytes.
pub(super) const LONGEST_URL: usize = 2_000;

#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    #[error("this address cannot be used: {0}")]
    Url(#[source] Reason),
    #[error("there is no event `{0}`; the list of webhooks names all events")]
    Event(String),
    #[error("choose at least one event, or * for all")]
    NoEvents,
    #[error(
        "there are {} webhooks already, which is the limit; delete one first",
        MOST
    )]
    Most,
    /// It is paused or off.
    #[error("nothing is sent to this webhook, because it is {0}; turn it on first")]
    Stopped(&'static str),
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] StoreError),
}
