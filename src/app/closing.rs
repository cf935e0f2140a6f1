//! Closes a workspace, or the whole account of the installation's customer. From then on, visitors and keys cannot reach it; its
//! staff still can, to take a copy or to keep it after all. A week later everything in it is erased: its rows in every table,
//! data in memory, and the copies that Frontdesk itself keeps. Backups expire by age; those of a closed account are deleted at once.

use super::backup::Backups;
use super::first_run::ensure_defaults;
use super::{privacy, retention};
use crate::knowledge::Knowledge;
use crate::store::closures::{self, Closure, Rows};
use crate::store::holdings;
use crate::store::storage::{self, Bytes, StorageSettings};
use crate::store::tombstones::{Done, Tombstone};
use crate::store::workspaces::{self, Workspace};
use crate::store::{
    DocumentId, Store, StoreError, Transaction, UnixMs, WorkspaceId, events, users,
};

#[derive(Debug, Clone)]
pub struct WorkspaceUse {
    pub workspace: Workspace,
    /// Bytes that it uses.
    pub bytes: Bytes,
    /// Bytes that it may use.
    pub limit_bytes: Option<u64>,
}

/// Lists every workspace by short name.
pub async fn list_use(store: &Store) -> Result<Vec<WorkspaceUse>, StoreError> {
    let read = store.read(|conn| {
        let all = workspaces::list(conn)?.into_iter();
        all.map(|workspace| {
            let id = workspace.id;
            let kept: StorageSettings = workspaces::section(conn, id, StorageSettings::SECTION)?;
            Ok(WorkspaceUse {
                bytes: storage::bytes(conn, id)?,
                limit_bytes: kept.limit_bytes,
                workspace,
            })
        })
        .collect()
    });
    read.await
}

/// Finds a workspace by its short name; `NotFound` if there is none.
pub async fn named(store: &Store, name: &str) -> Result<Workspace, StoreError> {
    let name = name.to_owned();
    let found = store.read(move |conn| workspaces::find_by_name(conn, &name));
    found.await?.ok_or(StoreError::NotFound("the workspace"))
}

/// Lists closed and erased workspaces.
pub async fn all(store: &Store) -> Result<Vec<Closure>, StoreError> {
    store.read(closures::list).await
}

/// Counts the rows of each table that erasing a workspace would delete.
pub async fn preview(store: &Store, workspace: WorkspaceId) -> Result<Rows, StoreError> {
    store
        .read(move |conn| holdings::rows(conn, workspace))
        .await
}

/// Sets how many bytes a workspace may use; `None` removes the limit.
pub async fn limit(
    store: &Store,
    workspace: WorkspaceId,
    limit_bytes: Option<u64>,
) -> Result<(), StoreError> {
    let set = store.write(move |tx| {
        let kept = StorageSettings {
            limit_bytes,
            ..StorageSettings::default()
        };
        workspaces::set_section(tx, workspace, StorageSettings::SECTION, &kept)
    });
    set.await
}

pub async fn close(store: &Store, workspace: WorkspaceId, now: UnixMs) -> Result<(), StoreError> {
    close_some(store, Some(workspace), now).await
}

/// Closes the account with all workspaces.
pub async fn close_account(store: &Store, now: UnixMs) -> Result<(), StoreError> {
    close_some(store, None, now).await
}

async fn close_some(
    store: &Store,
    only: Option<WorkspaceId>,
    now: UnixMs,
) -> Result<(), StoreError> {
    let account = only.is_none();
    let closed = store.write(move |tx| {
        let mut all = workspaces::list(tx)?;
        all.retain(|workspace| only.is_none_or(|id| id == workspace.id));
        for workspace in &all {
            closures::close(tx, workspace, account, now)?;
            event(tx, workspace.id, "workspace_closed", now)?;
        }
        Ok(all.into_iter().map(|w| w.id).collect::<Vec<_>>())
    });
    let done = Done::WorkspaceClosed { account };
    note(store, &closed.await?, done, now).await
}

/// Keeps a closed workspace: visitors and keys can reach it again.
///
/// # Errors
/// `NotFound` if it is not closed.
pub async fn keep(store: &Store, workspace: WorkspaceId, now: UnixMs) -> Result<(), StoreError> {
    keep_some(store, now, move |closure| closure.workspace == workspace).await
}

/// Keeps every workspace that was closed with the account.
///
/// # Errors
/// `NotFound` if the account is not closed.
pub async fn keep_account(store: &Store, now: UnixMs) -> Result<(), StoreError> {
    keep_some(store, now, |closure| closure.account).await
}

async fn keep_some(
    store: &Store,
    now: UnixMs,
    which: impl Fn(&Closure) -> bool + Send + 'static,
) -> Result<(), StoreError> {
    let kept = store.write(move |tx| {
        let mut all = closures::list(tx)?;
        all.retain(|closure| closure.erased.is_none() && which(closure));
        for closure in &all {
            closures::reopen(tx, closure.workspace)?;
            event(tx, closure.workspace, "workspace_reopened", now)?;
        }
        match all.is_empty() {
            true => Err(StoreError::NotFound("a closed workspace")),
            false => Ok(all.into_iter().map(|c| c.workspace).collect::<Vec<_>>()),
        }
    });
    note(store, &kept.await?, Done::WorkspaceReopened, now).await
}

fn event(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    kind: &str,
    now: UnixMs,
) -> Result<(), StoreError> {
    let subject = workspace.to_string();
    events::append(tx, workspace, kind, &subject, &serde_json::json!({}), now).map(drop)
}

/// Records the erasure beside the database, so that restoring an earlier backup repeats it.
async fn note(
    store: &Store,
    workspaces: &[WorkspaceId],
    done: Done,
    at: UnixMs,
) -> Result<(), StoreError> {
    let lines = workspaces.iter().map(|workspace| Tombstone {
        at,
        workspace: *workspace,
        done: done.clone(),
    });
    let (store, lines) = (store.clone(), lines.collect::<Vec<_>>());
    let noted = tokio::task::spawn_blocking(move || store.note_erased_blocking(&lines)).await;
    noted.map_err(|_| StoreError::Busy)?
}

#[derive(Debug, Default)]
struct Gone {
    workspaces: Vec<WorkspaceId>,
    documents: Vec<DocumentId>,
    /// Whether the account was erased too.
    account: bool,
}

/// Erases closed workspaces whose week is over; with the last one of a closed account, resets the installation. Returns how
/// many workspaces were erased. Call it only while the clock is trusted.
///
/// # Errors
/// When the store fails; retried an hour later.
pub async fn erase_due(
    store: &Store,
    knowledge: &Knowledge,
    backups: &Backups,
    now: UnixMs,
) -> Result<usize, StoreError> {
    let gone = erase_from_store(store, now).await?;
    if gone.workspaces.is_empty() {
        return Ok(0);
    }
    if let Err(error) = knowledge.forget(&gone.workspaces, &gone.documents) {
        tracing::error!(%error, "the index still holds an erased workspace; restart Frontdesk");
    }
    // People always need a workspace to sign in to.
    ensure_defaults(store).await?;
    privacy::forget_copies(store).await;
    if gone.account {
        let backups = backups.clone();
        let removed = tokio::task::spawn_blocking(move || backups.remove_all()).await;
        if let Ok(Err(error)) = removed {
            tracing::error!(%error, "backups of a closed account could not be removed; delete them by hand");
        }
    }
    tracing::info!(
        workspaces = gone.workspaces.len(),
        account = gone.account,
        "closed workspaces are erased"
    );
    Ok(gone.workspaces.len())
}

async fn erase_from_store(store: &Store, now: UnixMs) -> Result<Gone, StoreError> {
    let found = store.read(move |conn| {
        let mut waiting = closures::list(conn)?;
        waiting.retain(|closure| closure.erased.is_none());
        let due = |closure: &&Closure| closure.erase_at <= now;
        let mut ids: Vec<WorkspaceId> = waiting.iter().filter(due).map(|c| c.workspace).collect();
        let mut of_account = waiting.iter().filter(|closure| closure.account);
        // An account is erased with the last of its workspaces.
        let account = of_account.clone().next().is_some() && of_account.all(|c| c.erase_at <= now);
        if account {
            let all = workspaces::list(conn)?;
            ids.extend(
                all.iter()
                    .map(|w| w.id)
                    .filter(|id| !ids.contains(id))
                    .collect::<Vec<_>>(),
            );
        }
        Ok((ids, account))
    });
    let (ids, account) = found.await?;
    if ids.is_empty() {
        return Ok(Gone::default());
    }
    // Recorded before erasing: earlier backups still hold it, and restoring one must erase it again.
    note(store, &ids, Done::WorkspaceErased, now).await?;
    if account {
        note(
            store,
            ids.get(..1).unwrap_or_default(),
            Done::AccountErased,
            now,
        )
        .await?;
    }
    let erased = store.write(move |tx| {
        let mut documents = Vec::new();
        for id in &ids {
            documents.extend(holdings::documents(tx, *id)?);
            match erase(tx, *id, account, now) {
                Ok(()) | Err(StoreError::NotFound(_)) => {}
                Err(error) => return Err(error),
            }
        }
        if account {
            users::purge_all(tx, now)?;
            holdings::purge_installation(tx, &[retention::CLOCK])?;
        }
        Ok(Gone {
            workspaces: ids,
            documents,
            account,
        })
    });
    erased.await
}

fn erase(
    tx: &Transaction<'_>,
    id: WorkspaceId,
    account: bool,
    now: UnixMs,
) -> Result<(), StoreError> {
    let workspace = workspaces::get(tx, id)?;
    let rows = holdings::rows(tx, id)?;
    // A workspace created after the account was closed has no closure yet.
    closures::close(tx, &workspace, account, now)?;
    workspaces::purge(tx, id)?;
    closures::set_erased(tx, id, &rows, now)
}

#[cfg(test)]
#[path = "closing_tests.rs"]
mod tests;
