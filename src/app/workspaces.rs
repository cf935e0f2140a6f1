//! Operations on whole workspaces, behind pages, API and command line: export, limit, close and keep
//! them.

use super::closing;
use crate::access::{Caller, Denied, Principal, Scope};
use crate::store::users::Role;
use crate::store::workspaces::Workspace;
use crate::store::{Store, StoreError, UnixMs};

/// What people must type to close the account.
pub const CLOSE_ACCOUNT: &str = "close the account";
/// Who may manage workspaces.
const MAY: &[Scope] = &[Scope::Admin];

#[derive(Debug, thiserror::Error)]
pub enum WorkspaceError {
    /// Not an owner.
    #[error("only an owner may export or close a workspace")]
    OwnerOnly,
    /// Bound to one workspace.
    #[error(
        "this concerns the whole installation; a key or an account of one workspace may not do it"
    )]
    Bound,
    /// The confirmation is missing.
    #[error("to confirm that everything in it will be erased, repeat \"{expected}\"")]
    Unconfirmed { expected: String },
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Requires somebody who manages the whole installation.
///
/// # Errors
/// When they are bound to one workspace.
pub fn need_unbound(by: &Principal) -> Result<(), WorkspaceError> {
    by.need(MAY)?;
    match by.bound_to() {
        None => Ok(()),
        Some(_) => Err(WorkspaceError::Bound),
    }
}

/// Requires the owner of the installation, the command line, or a key to the whole installation.
///
/// # Errors
/// When they are none of these.
pub fn need_owner(by: &Principal) -> Result<(), WorkspaceError> {
    need_unbound(by)?;
    match by.caller() {
        Caller::User(user) if !user.owns => Err(WorkspaceError::OwnerOnly),
        _ => Ok(()),
    }
}

/// The workspace of this short name, for somebody who may close and export it: its owner, the owner of the installation, the
/// command line, or a key to the whole installation.
///
/// # Errors
/// `NotFound`, also for a workspace of others; when they are none of these.
async fn owned(store: &Store, by: &Principal, name: &str) -> Result<Workspace, WorkspaceError> {
    by.need(MAY)?;
    let bound = by.bound_to();
    match by.caller() {
        Caller::User(_) if by.role() != Some(Role::Owner) => return Err(WorkspaceError::OwnerOnly),
        Caller::User(_) => {}
        _ if bound.is_some() => return Err(WorkspaceError::Bound),
        _ => {}
    }
    let workspace = closing::named(store, name).await?;
    if bound.is_some_and(|id| id != workspace.id) {
        return Err(StoreError::NotFound("the workspace").into());
    }
    Ok(workspace)
}

/// Finds a workspace by its short name, for its export.
///
/// # Errors
/// `NotFound`, or when they are not an owner.
pub async fn to_export(
    store: &Store,
    by: &Principal,
    name: &str,
) -> Result<Workspace, WorkspaceError> {
    owned(store, by, name).await
}

/// Closes a workspace: visitors and keys can no longer reach it, and it is erased a week later.
///
/// # Errors
/// `NotFound`, or when its short name was not repeated.
pub async fn close(
    store: &Store,
    by: &Principal,
    name: &str,
    confirm: &str,
    now: UnixMs,
) -> Result<(), WorkspaceError> {
    let workspace = owned(store, by, name).await?;
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
    let workspace = owned(store, by, name).await?;
    Ok(closing::keep(store, workspace.id, now).await?)
}

/// Sets how many bytes a workspace may use; `None` removes the limit.
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

/// Closes every workspace and, with the last of them, the account.
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
