//! Closed workspaces: no visitor and no key reaches them, and they are erased some days later unless somebody keeps them.

use std::collections::BTreeMap;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use super::values::Json;
use super::workspaces::Workspace;
use super::{Store, StoreError, UnixMs, WorkspaceId};

/// From closing to erasing, ms: time to change one's mind.
pub const GRACE_MS: i64 = 7 * 24 * 60 * 60 * 1000;
/// How often it is looked whether a workspace was closed.
const LOOK: Duration = Duration::from_millis(800);

/// How many rows of each table there were.
pub type Rows = BTreeMap<String, u64>;

/// A closed workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closure {
    /// Which.
    pub workspace: WorkspaceId,
    /// Its short name.
    pub name: String,
    /// Whether the whole account is closed with it.
    pub account: bool,
    /// When it was closed.
    pub closed_at: UnixMs,
    /// From when on it is erased.
    pub erase_at: UnixMs,
    /// When it was erased, and how much that was.
    pub erased: Option<(UnixMs, Rows)>,
}

/// Ids of the workspaces that are closed and not erased yet.
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

/// Closes a workspace. One that is closed already keeps its day, and may become part of the closing of the account.
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

/// Keeps a closed workspace. `NotFound` if it is not closed, or erased.
pub fn reopen(tx: &Transaction<'_>, workspace: WorkspaceId) -> Result<(), StoreError> {
    let sql = "DELETE FROM closures WHERE workspace = ? AND erased_at IS NULL";
    match tx.execute(sql, [workspace])? {
        0 => Err(StoreError::NotFound("a closed workspace of this name")),
        _ => Ok(()),
    }
}

/// Whether a workspace is closed.
pub fn is_closed(conn: &Connection, workspace: WorkspaceId) -> Result<bool, StoreError> {
    Ok(conn
        .prepare_cached("SELECT 1 FROM closures WHERE workspace = ? AND erased_at IS NULL")?
        .exists([workspace])?)
}

/// Every closure, those that wait first, then the latest erasure.
pub fn list(conn: &Connection) -> Result<Vec<Closure>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT workspace, name, account, closed_at, erase_at, erased_at, erased FROM closures
         ORDER BY erased_at IS NOT NULL, erased_at DESC, name",
    )?;
    let rows = statement.query_map([], Closure::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The closure of a workspace.
pub fn find(conn: &Connection, workspace: WorkspaceId) -> Result<Option<Closure>, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT workspace, name, account, closed_at, erase_at, erased_at, erased FROM closures
             WHERE workspace = ?",
        )?
        .query_row([workspace], Closure::from_row)
        .optional()?)
}

/// Notes that a closed workspace was erased, and how much that was.
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

/// Forgets erasures of before; how many.
pub fn purge(tx: &Transaction<'_>, before: UnixMs) -> Result<usize, StoreError> {
    Ok(tx.execute("DELETE FROM closures WHERE erased_at <= ?", [before])?)
}

/// Returns within a second of a workspace's being closed.
pub async fn until_closed(store: Store, workspace: WorkspaceId) {
    loop {
        tokio::time::sleep(LOOK).await;
        // A store that fails says nothing about the workspace.
        if matches!(
            store.read(move |conn| is_closed(conn, workspace)).await,
            Ok(true)
        ) {
            return;
        }
    }
}
