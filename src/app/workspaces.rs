//! What somebody does with whole workspaces, whichever face of the product it comes through: export, limit, close and keep
//! them.

use super::closing;
use crate::access::{Caller, Denied, Principal, Scope};
use crate::store::users::Role;
use crate::store::workspaces::Workspace;
use crate::store::{Store, StoreError, UnixMs};

/// What has to be repeated to close the account.
pub const CLOSE_ACCOUNT: &str = "close the account";
/// Who looks after workspaces.
const MAY: &[Scope] = &[Scope::Admin];

/// Why nothing was done to a workspace.
#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// Whoever asks is no owner.
    #[error("only an owner may export or close a workspace")]
    OwnerOnly,
    /// Whoever asks belongs to one workspace.
    #[error(
        "this key belongs to one workspace; what is of the whole installation needs one that does not"
    )]
    Bound,
    /// It was not said that it is meant.
    #[error("to confirm that everything of it will be erased, repeat \"{expected}\"")]
    Unconfirmed {
        /// What has to be repeated.
        expected: String,
    },
    /// Whoever asks may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Asks for somebody who looks after the whole installation.
///
/// # Errors
/// When they belong to one workspace.
pub fn need_unbound(by: &Principal) -> Result<(), WorkspaceError> {
    by.need(MAY)?;
    match by.bound_to() {
        None => Ok(()),
        Some(_) => Err(WorkspaceError::Bound),
    }
}

/// Asks for somebody who may close and export workspaces: the owner, a command, or a key of the whole installation.
///
/// # Errors
/// When they are none of these.
pub fn need_owner(by: &Principal) -> Result<(), WorkspaceError> {
    need_unbound(by)?;
    match by.caller() {
        Caller::User(user) if user.role != Role::Owner => Err(WorkspaceError::OwnerOnly),
        _ => Ok(()),
    }
}

/// The workspace of a short name, for its export.
///
/// # Errors
/// `NotFound`, and when they are no owner.
pub async fn to_export(
    store: &Store,
    by: &Principal,
    name: &str,
) -> Result<Workspace, WorkspaceError> {
    need_owner(by)?;
    Ok(closing::named(store, name).await?)
}

/// Closes a workspace: no visitor and no key reaches it any more, and it is erased a week later.
///
/// # Errors
/// `NotFound`, and when its short name was not repeated.
pub async fn close(
    store: &Store,
    by: &Principal,
    name: &str,
    confirm: &str,
    now: UnixMs,
) -> Result<(), WorkspaceError> {
    need_owner(by)?;
    let workspace = closing::named(store, name).await?;
    confirmed(confirm, &workspace.name)?;
    Ok(closing::close(store, workspace.id, now).await?)
}

/// Keeps a closed workspace after all.
///
/// # Errors
/// `NotFound`, also if it is not closed.
pub async fn keep(
    store: &Store,
    by: &Principal,
    name: &str,
    now: UnixMs,
) -> Result<(), WorkspaceError> {
    need_unbound(by)?;
    let workspace = closing::named(store, name).await?;
    Ok(closing::keep(store, workspace.id, now).await?)
}

/// Sets how many bytes a workspace may take; `None`: as many as the disk holds.
///
/// # Errors
/// `NotFound`.
pub async fn limit(
    store: &Store,
    by: &Principal,
    name: &str,
    limit_bytes: Option<u64>,
) -> Result<(), WorkspaceError> {
    need_unbound(by)?;
    let workspace = closing::named(store, name).await?;
    Ok(closing::limit(store, workspace.id, limit_bytes).await?)
}

/// Closes every workspace, and with the last of them the account.
///
/// # Errors
/// When [`CLOSE_ACCOUNT`] was not repeated.
pub async fn close_account(
    store: &Store,
    by: &Principal,
    confirm: &str,
    now: UnixMs,
) -> Result<(), WorkspaceError> {
    need_owner(by)?;
    confirmed(confirm, CLOSE_ACCOUNT)?;
    Ok(closing::close_account(store, now).await?)
}

/// Keeps the account after all, with every workspace that was closed with it.
///
/// # Errors
/// `NotFound` if the account is not closed.
pub async fn keep_account(
    store: &Store,
    by: &Principal,
    now: UnixMs,
) -> Result<(), WorkspaceError> {
    need_unbound(by)?;
    Ok(closing::keep_account(store, now).await?)
}

fn confirmed(given: &str, expected: &str) -> Result<(), WorkspaceError> {
    match given.trim() == expected {
        true => Ok(()),
        false => Err(WorkspaceError::Unconfirmed {
            expected: expected.to_owned(),
        }),
    }
}
