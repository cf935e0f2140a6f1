//! Closed workspaces. No visitor and no key gets in; unless somebody reopens a workspace, it is erased some days later.

use std::collections::BTreeMap;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use super::values::Json;
use super::workspaces::Workspace;
use super::{Store, StoreError, UnixMs, WorkspaceId};

/// Time between closing and erasing, in ms: a week to change one's mind.
pub const GRACE_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// Interval at which [`until_closed`] looks.
const LOOK: Duration = Duration::from_millis(800);

/// Number of rows by table.
pub type Rows = BTreeMap<String, u64>;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closure {
    pub workspace: WorkspaceId,
    pub name: String,
    /// Whether the whole account was closed with it.
    pub account: bool,
    pub closed_at: UnixMs,
    /// The earliest time of its erasure.
    pub erase_at: UnixMs,
    /// When it was erased, and how many rows that were.
    pub erased: Option<(UnixMs, Rows)>,
}

/// Selects the workspaces that are closed and not erased yet.
pub(super) const CLOSED: &str = "SELECT workspace FROM closures WHERE erased_at IS NULL";

impl Closure {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let erased_at: Option<UnixMs> = row.get("erased_at")?;
        let erased: Option<Json<Rows>> = row.get("erased")?;
        Ok(Self {
            workspace: row.get("workspace")?,
            name: row.get("name")?,
            account: row.get("account")?,
            closed_at: row.get("closed_at")?,
            erase_at: row.get("erase_at")?,
            erased: erased_at.map(|at| (at, erased.map(|rows| rows.0).unwrap_or_default())),
        })
    }
}

/// Closes a workspace. One that is already closed keeps its date, and may become part of closing the account.
pub fn close(
    tx: &Transaction<'_>,
    workspace: &Workspace,
    account: bool,
    now: UnixMs,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO closures (workspace, name, account, closed_at, erase_at) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (workspace) DO UPDATE SET account = max(account, excluded.account)",
        (
            workspace.id,
            &workspace.name,
            account,
            now,
            now.saturating_add(GRACE_MS),
        ),
    )?;
    Ok(())
}

/// Cancels a closure. `NotFound` if the workspace is not closed, or is already erased.
pub fn reopen(tx: &Transaction<'_>, workspace: WorkspaceId) -> Result<(), StoreError> {
    let sql = "DELETE FROM closures WHERE workspace = ? AND erased_at IS NULL";
    match tx.execute(sql, [workspace])? {
        0 => Err(StoreError::NotFound("a closed workspace of this name")),
        _ => Ok(()),
    }
}

pub fn is_closed(conn: &Connection, workspace: WorkspaceId) -> Result<bool, StoreError> {
    Ok(conn
        .prepare_cached("SELECT 1 FROM closures WHERE workspace = ? AND erased_at IS NULL")?
        .exists([workspace])?)
}

/// Every closure: the pending ones first, then the erased ones, latest first.
pub fn list(conn: &Connection) -> Result<Vec<Closure>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT workspace, name, account, closed_at, erase_at, erased_at, erased FROM closures
         ORDER BY erased_at IS NOT NULL, erased_at DESC, name",
    )?;
    let rows = statement.query_map([], Closure::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn find(conn: &Connection, workspace: WorkspaceId) -> Result<Option<Closure>, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT workspace, name, account, closed_at, erase_at, erased_at, erased FROM closures
             WHERE workspace = ?",
        )?
        .query_row([workspace], Closure::from_row)
        .optional()?)
}

/// Records that a closed workspace was erased, with the number of rows.
pub fn set_erased(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    rows: &Rows,
    now: UnixMs,
) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE closures SET erased_at = ?, erased = ? WHERE workspace = ?",
        (now, Json(rows), workspace),
    )?;
    Ok(())
}

/// Removes records of erasures before `before`; returns how many.
pub fn purge(tx: &Transaction<'_>, before: UnixMs) -> Result<usize, StoreError> {
    Ok(tx.execute("DELETE FROM closures WHERE erased_at <= ?", [before])?)
}

/// Returns within a second after a workspace was closed.
pub async fn until_closed(store: Store, workspace: WorkspaceId) {
    loop {
        tokio::time::sleep(LOOK).await;
        // A failing store says nothing about the workspace, so keep waiting.
        if matches!(
            store.read(move |conn| is_closed(conn, workspace)).await,
            Ok(true)
        ) {
            return;
        }
    }
}
