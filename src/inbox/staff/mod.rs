//! What staff do with conversations beside answering them (which is in `acts`): looking, sorting, noting, assigning, merging,
//! and many at once. Each act takes the `Member` who does it.

pub mod assign;
pub mod bulk;
pub mod canned;
pub mod marks;
pub mod merge;
pub mod notes;
pub mod reading;
pub mod tags;
pub mod teams;
mod told;
mod undo;

use crate::access::{Caller, Denied, Member, Scope};
use crate::reason::Reason;
use crate::store::conversations::{self, Conversation};
use crate::store::{ConversationId, Scoped, Store, StoreError, Transaction, UserId, WorkspaceId};

use super::InboxError;
pub use undo::Undos;

/// For everything that is done day by day.
pub const DAILY: &[Scope] = &[Scope::Conversations];
/// For what is decided once for everybody.
pub const SETTINGS: &[Scope] = &[Scope::Admin];
/// For looking at what was decided.
pub const LOOK: &[Scope] = &[Scope::Conversations, Scope::Admin];

/// In characters.
pub const LONGEST_NOTE: usize = 4000;

#[derive(Debug, thiserror::Error)]
pub enum StaffError {
    /// A mistake that the caller can put right.
    #[error("{detail}")]
    Wrong {
        field: &'static str,
        #[source]
        detail: Reason,
    },
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Inbox(#[from] InboxError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl StaffError {
    pub(super) fn wrong(field: &'static str, detail: impl Into<Reason>) -> Self {
        Self::Wrong {
            field,
            detail: detail.into(),
        }
    }
}

/// The person who acts; a program is nobody.
pub fn me(by: &Member) -> Option<UserId> {
    match by.principal().caller() {
        Caller::User(user) => Some(user.id),
        Caller::Key(_) | Caller::Secret | Caller::Installation => None,
    }
}

/// Changes one conversation of the member's workspace in one transaction.
async fn change<T: Send + 'static>(
    store: &Store,
    by: &Member,
    id: ConversationId,
    act: impl FnOnce(&Transaction<'_>, &Scoped<Conversation>) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StaffError> {
    let workspace = by.need(DAILY)?;
    Ok(store
        .write(move |tx| act(tx, &conversations::get(tx, workspace, id)?))
        .await?)
}

/// Trims a text that a person wrote.
fn check_text(field: &'static str, text: &str, most: usize) -> Result<String, StaffError> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err(StaffError::wrong(field, "write something first")),
        count if count > most => {
            let detail = format!("{field} may have at most {most} characters; this has {count}");
            Err(StaffError::wrong(field, detail))
        }
        _ => Ok(text.to_owned()),
    }
}

/// A workspace that the member may look at.
fn place(by: &Member) -> Result<WorkspaceId, StaffError> {
    Ok(by.need(DAILY)?)
}
