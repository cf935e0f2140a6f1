//! Errors of billing.

use crate::access::Denied;
use crate::reason::Reason;
use crate::store::StoreError;

/// Why something that people asked for was not done.
#[derive(Debug, thiserror::Error)]
pub enum BillingError {
    /// A field makes no sense; the sentence says why.
    #[error("{detail}")]
    Wrong { field: &'static str, detail: String },
    /// Bound to one workspace.
    #[error(
        "this concerns the whole installation; a key or an account of one workspace may not do it"
    )]
    Bound,
    #[error("billing is off on this machine; its owner turns it on")]
    Off,
    #[error("this key is for something else: it was not sold for this front desk")]
    Foreign,
    #[error("this key was bought in the shop's test mode, which counts nothing here")]
    TestMode,
    /// The shop's own sentence.
    #[error("the shop refused the key: {0}")]
    Refused(String),
    #[error("the shop could not be asked: {0}. Nothing was changed; try again later")]
    Unreachable(#[source] Reason),
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl BillingError {
    pub(super) fn wrong(field: &'static str, detail: impl Into<String>) -> Self {
        Self::Wrong {
            field,
            detail: detail.into(),
        }
    }
}

/// Why what the shop sent was not taken.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    #[error("billing is off on this machine")]
    Off,
    #[error("the signature is not that of the shop")]
    Signature,
    #[error("the body is not what the shop sends: {0}")]
    Body(#[source] Reason),
    #[error(transparent)]
    Store(#[from] StoreError),
}
