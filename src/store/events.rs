//! Events: what happened, in the past tense, for code that reacts and for people.

use rusqlite::{Connection, Transaction};
use serde_json::Value;

use super::rows::columns;
use super::values::Json;
use super::{EventId, StoreError, UnixMs, WorkspaceId};

#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Position in the log.
    pub id: EventId,
    pub workspace: WorkspaceId,
    /// In the past tense, such as "document_ready".
    pub kind: String,
    /// Id of what it happened to, as text.
    pub subject: String,
    pub data: Value,
    pub at: UnixMs,
}

columns! { COLUMNS of Event { id, workspace, kind, subject, data: json, at } }

/// Adds an event in the same transaction as the change it reports.
pub fn append(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    kind: &str,
    subject: &str,
    data: &Value,
    at: UnixMs,
) -> Result<EventId, StoreError> {
    let id = tx
        .prepare_cached(
            "INSERT INTO events (workspace, kind, subject, data, at) VALUES (?, ?, ?, ?, ?)",
        )?
        .insert((workspace, kind, subject, Json(data), at))?;
    Ok(EventId(id))
}

/// The events of a workspace after a position in the log, oldest first. `EventId(0)` is the beginning.
pub fn list(
    conn: &Connection,
    workspace: WorkspaceId,
    after: EventId,
    limit: u32,
) -> Result<Vec<Event>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM events WHERE workspace = ? AND id > ? ORDER BY id LIMIT ?"
    ))?;
    let rows = statement.query_map((workspace, after, limit), Event::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The newest event of all workspaces; `EventId(0)` if there is none.
pub fn last(conn: &Connection) -> Result<EventId, StoreError> {
    let id = conn
        .prepare_cached("SELECT coalesce(max(id), 0) FROM events")?
        .query_row([], |row| row.get(0))?;
    Ok(id)
}

/// The latest `limit` events of one thing, oldest first.
pub fn of_subject(
    conn: &Connection,
    workspace: WorkspaceId,
    subject: &str,
    limit: u32,
) -> Result<Vec<Event>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM events INDEXED BY events_subject
         WHERE subject = ? AND workspace = ? ORDER BY id DESC LIMIT ?"
    ))?;
    let rows = statement.query_map((subject, workspace, limit), Event::from_row)?;
    let mut events: Vec<_> = rows.collect::<Result<_, _>>()?;
    events.reverse();
    Ok(events)
}

/// Removes events from at or before `before`; returns how many.
pub fn purge(tx: &Transaction<'_>, before: UnixMs) -> Result<usize, StoreError> {
    Ok(tx.execute("DELETE FROM events WHERE at <= ?", [before])?)
}
