//! Errors of e-mail, worded for the person who set it up.

use crate::access::Denied;
use crate::store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// A setting or an address that cannot be used.
    #[error("{detail}")]
    Wrong { field: &'static str, detail: String },
    #[error(
        "no mail server is set up, so nothing can be sent; enter the server of your mail provider first"
    )]
    NotSetUp,
    /// Only what failed is sent again.
    #[error("this message did not fail: it was sent, or it waits to be; reload the log")]
    NotFailed,
    /// The background sender has the turn.
    #[error("other messages are being sent right now; try again in a minute")]
    Busy,
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] StoreError),
}

pub(crate) fn wrong(field: &'static str, detail: impl Into<String>) -> MailError {
    let detail = detail.into();
    MailError::Wrong { field, detail }
}
