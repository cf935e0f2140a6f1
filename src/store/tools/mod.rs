//! Tools: what an assistant may do elsewhere. The log of what they did is in [`calls`].

pub mod calls;

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde_json::Value;

use super::rows::{columns, insert};
use super::values::{Json, text_enum};
use super::{Scoped, StoreError, ToolId, UnixMs, WorkspaceId};

text_enum! {
    pub enum ToolKind {
        /// An endpoint of another program.
        Http = "http",
        /// A calendar over CalDAV.
        Calendar = "calendar",
    }
}

text_enum! {
    /// Who has to agree before a tool runs.
    pub enum Approval {
        /// Nobody.
        Free = "free",
        /// The visitor, to exactly these arguments.
        Visitor = "visitor",
        /// Somebody of staff.
        Staff = "staff",
        /// It does not run at all.
        Never = "never",
    }
}

/// Without its secret, which only [`secret`] reads.
#[derive(Debug, Clone, PartialEq)]
pub struct Tool {
    pub id: ToolId,
    pub workspace: WorkspaceId,
    pub kind: ToolKind,
    /// As assistants and workflows call it.
    pub name: String,
    pub title: String,
    /// What it does, in the owner's words.
    pub about: String,
    /// JSON Schema of its arguments.
    pub arguments: Value,
    /// What only its kind understands.
    pub settings: Value,
    pub has_secret: bool,
    pub approval: Approval,
    /// How long a call may take in all.
    pub timeout_ms: u32,
    /// How much of an answer is read.
    pub most_bytes: u32,
    pub active: bool,
    pub created_at: UnixMs,
    pub changed_at: UnixMs,
}

columns! {
    COLUMNS of Tool {
        id, workspace, kind, name, title, about, arguments: json, settings: json, has_secret, approval, timeout_ms,
        most_bytes, active, created_at, changed_at
    }
}

/// A tool to set up, or what it is to be from now on.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    pub kind: ToolKind,
    pub name: String,
    pub title: String,
    pub about: String,
    pub arguments: Value,
    pub settings: Value,
    pub approval: Approval,
    pub timeout_ms: u32,
    pub most_bytes: u32,
    pub active: bool,
}

/// # Errors
/// `Conflict` if another tool of the workspace has this name.
pub fn create(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    wanted: &Wanted,
    secret: Option<&str>,
    now: UnixMs,
) -> Result<Scoped<Tool>, StoreError> {
    refuse_name_of_another(tx, workspace, &wanted.name, None)?;
    let id = ToolId::new();
    insert!(tx into tools {
        id, workspace, kind: wanted.kind, name: &wanted.name, title: &wanted.title, about: &wanted.about,
        arguments: Json(&wanted.arguments), settings: Json(&wanted.settings), secret, has_secret: secret.is_some(),
        approval: wanted.approval, timeout_ms: wanted.timeout_ms, most_bytes: wanted.most_bytes,
        active: wanted.active, created_at: now, changed_at: now
    })?;
    get(tx, workspace, id)
}

fn refuse_name_of_another(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    name: &str,
    own: Option<ToolId>,
) -> Result<(), StoreError> {
    match find_id(tx, workspace, name)? {
        Some(holder) if Some(holder) != own => Err(StoreError::Conflict(
            "another tool has this name; choose a different one".into(),
        )),
        _ => Ok(()),
    }
}

fn find_id(
    conn: &Connection,
    workspace: WorkspaceId,
    name: &str,
) -> Result<Option<ToolId>, StoreError> {
    Ok(conn
        .prepare_cached("SELECT id FROM tools WHERE workspace = ? AND name = ?")?
        .query_row((workspace, name), |row| row.get(0))
        .optional()?)
}

/// # Errors
/// `NotFound`.
pub fn get(
    conn: &Connection,
    workspace: WorkspaceId,
    id: ToolId,
) -> Result<Scoped<Tool>, StoreError> {
    conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM tools WHERE workspace = ? AND id = ?"
    ))?
    .query_row((workspace, id), Tool::from_row)
    .optional()?
    .map(|tool| Scoped::proven(workspace, tool))
    .ok_or(StoreError::NotFound("the tool"))
}

/// The tool of this name.
///
/// # Errors
/// `NotFound`.
pub fn get_by_name(
    conn: &Connection,
    workspace: WorkspaceId,
    name: &str,
) -> Result<Scoped<Tool>, StoreError> {
    match find_id(conn, workspace, name)? {
        Some(id) => get(conn, workspace, id),
        None => Err(StoreError::NotFound("the tool")),
    }
}

/// The tools of a workspace, by name.
pub fn list(conn: &Connection, workspace: WorkspaceId) -> Result<Vec<Tool>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM tools WHERE workspace = ? ORDER BY name"
    ))?;
    let rows = statement.query_map([workspace], Tool::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether any tool may run.
pub fn any_active(conn: &Connection) -> Result<bool, StoreError> {
    Ok(conn
        .prepare_cached("SELECT 1 FROM tools WHERE active AND approval <> 'never' LIMIT 1")?
        .exists([])?)
}

/// The secret of a tool; `None` for one that has none.
///
/// # Errors
/// `NotFound`.
pub fn secret(conn: &Connection, id: ToolId) -> Result<Option<String>, StoreError> {
    conn.prepare_cached("SELECT secret FROM tools WHERE id = ?")?
        .query_row([id], |row| row.get(0))
        .optional()?
        .ok_or(StoreError::NotFound("the tool"))
}

/// Its kind stays as it is.
///
/// # Errors
/// `Conflict` if another tool of the workspace has this name.
pub fn change(
    tx: &Transaction<'_>,
    tool: &Scoped<Tool>,
    wanted: &Wanted,
    now: UnixMs,
) -> Result<(), StoreError> {
    refuse_name_of_another(tx, tool.workspace(), &wanted.name, Some(tool.id))?;
    tx.prepare_cached(
        "UPDATE tools SET name = ?2, title = ?3, about = ?4, arguments = ?5, settings = ?6, approval = ?7,
             timeout_ms = ?8, most_bytes = ?9, active = ?10, changed_at = ?11
         WHERE id = ?1",
    )?
    .execute(rusqlite::params![
        tool.id,
        wanted.name,
        wanted.title,
        wanted.about,
        Json(&wanted.arguments),
        Json(&wanted.settings),
        wanted.approval,
        wanted.timeout_ms,
        wanted.most_bytes,
        wanted.active,
        now,
    ])?;
    Ok(())
}

/// Sets the secret, or forgets it.
pub fn set_secret(
    tx: &Transaction<'_>,
    tool: &Scoped<Tool>,
    secret: Option<&str>,
) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE tools SET secret = ?2, has_secret = ?3 WHERE id = ?1")?
        .execute((tool.id, secret, secret.is_some()))?;
    Ok(())
}

/// Deletes it with its secret. What it did stays in the log; what waits to be allowed is declined.
pub fn delete(tx: &Transaction<'_>, tool: &Scoped<Tool>, now: UnixMs) -> Result<(), StoreError> {
    calls::decline_waiting(tx, tool, now)?;
    tx.prepare_cached("DELETE FROM tools WHERE id = ?")?
        .execute([tool.id])?;
    Ok(())
}

#[cfg(test)]
#[path = "tools_tests.rs"]
mod tests;
