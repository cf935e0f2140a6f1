//! Why a call did not run or failed, and what owners got wrong.

use super::openapi::ImportError;
use super::schema::Wrong;
use crate::access::Denied;
use crate::reason::Reason;
use crate::store::{StoreError, ToolCallId};

/// Tools of one workspace.
pub(super) const MOST: usize = 100;

/// Why a call has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// It is off, or its rule is never.
    #[error("the tool {0} may not run; its owner can allow it on the page Tools")]
    Forbidden(String),
    /// Its assistant chooses tools, and this is none of them.
    #[error(
        "the assistant may not call the tool {0}; add it to the assistant's tools and publish that, or take the call out \
         of the workflow"
    )]
    NotChosen(String),
    /// Nothing went out.
    #[error("{}", tell(.0))]
    Arguments(Vec<Wrong>),
    /// The call is noted and waits; ask, then call again with the same key.
    #[error("the visitor has to agree first")]
    AsksVisitor(ToolCallId),
    /// The call is noted and waits; call again with the same key after somebody agreed.
    #[error("somebody of staff has to agree first")]
    AsksStaff(ToolCallId),
    #[error("this was declined")]
    Declined,
    #[error("nobody agreed in time")]
    Expired,
    #[error("the key of this call belongs to another one")]
    KeyTaken,
    /// It began, and whether it arrived is not known. It is not tried again.
    #[error("it is not known whether this arrived: {0}")]
    Unknown(#[source] Reason),
    /// It did not work.
    #[error("{0}")]
    Failed(#[source] Reason),
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn tell(wrong: &[Wrong]) -> String {
    let told: Vec<String> = wrong.iter().map(Wrong::to_string).collect();
    told.join("; ")
}

/// Why something that an owner wanted was not done.
#[derive(Debug, thiserror::Error)]
pub enum ToolsError {
    #[error("{detail}")]
    Wrong { field: &'static str, detail: String },
    #[error(
        "there are {} tools already, which is the limit; delete one first",
        MOST
    )]
    Most,
    #[error("a tool keeps its kind; delete it, and set up another")]
    Kind,
    #[error(transparent)]
    Import(#[from] ImportError),
    #[error(transparent)]
    Call(#[from] ToolError),
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ToolsError {
    pub(super) fn wrong(field: &'static str, detail: impl Into<String>) -> Self {
        Self::Wrong {
            field,
            detail: detail.into(),
        }
    }
}
