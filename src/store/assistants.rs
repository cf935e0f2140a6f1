//! Assistants: how one workspace's front desk introduces itself and answers.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde_json::Value;

use super::rows::{columns, insert};
use super::values::Json;
use super::{AssistantId, Scoped, StoreError, UnixMs, WorkspaceId};

/// An assistant of a workspace.
#[derive(Debug, Clone, PartialEq)]
pub struct Assistant {
    /// Its id.
    pub id: AssistantId,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// Short name, unique in the workspace; API clients name it as the model.
    pub name: String,
    /// Name for people.
    pub title: String,
    /// Instructions of the owner.
    pub instructions: String,
    /// The first thing a visitor reads.
    pub greeting: String,
    /// Chat model by catalogue name; none means the default.
    pub model: Option<String>,
    /// Further settings, a JSON object.
    pub settings: Value,
    /// When it was made.
    pub created_at: UnixMs,
    /// When it was last changed.
    pub updated_at: UnixMs,
}

/// What an assistant is made of; used to make one and to change one.
#[derive(Debug, Clone)]
pub struct NewAssistant<'a> {
    /// Short name, unique in the workspace.
    pub name: &'a str,
    /// Name for people.
    pub title: &'a str,
    /// Instructions of the owner.
    pub instructions: &'a str,
    /// The first thing a visitor reads.
    pub greeting: &'a str,
    /// Chat model by catalogue name; none means the default.
    pub model: Option<&'a str>,
    /// Further settings, a JSON object.
    pub settings: &'a Value,
}

columns! {
    COLUMNS of Assistant {
        id, workspace, name, title, instructions, greeting, model, settings: json, created_at,
        updated_at
    }
}

/// Makes an assistant. `Conflict` if the name is in use in this workspace.
pub fn create(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    new: &NewAssistant<'_>,
    now: UnixMs,
) -> Result<AssistantId, StoreError> {
    let id = AssistantId::new();
    insert!(tx into assistants {
        id, workspace, name: new.name, title: new.title, instructions: new.instructions,
        greeting: new.greeting, model: new.model, settings: Json(new.settings),
        created_at: now, updated_at: now
    })?;
    Ok(id)
}

/// The assistant with this id, in this workspace.
pub fn get(
    conn: &Connection,
    workspace: WorkspaceId,
    id: AssistantId,
) -> Result<Scoped<Assistant>, StoreError> {
    conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM assistants WHERE workspace = ? AND id = ?"
    ))?
    .query_row((workspace, id), Assistant::from_row)
    .optional()?
    .map(|assistant| Scoped::proven(workspace, assistant))
    .ok_or(StoreError::NotFound("the assistant"))
}

/// The assistant of this short name, in this workspace.
pub fn find_by_name(
    conn: &Connection,
    workspace: WorkspaceId,
    name: &str,
) -> Result<Option<Scoped<Assistant>>, StoreError> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM assistants WHERE workspace = ? AND name = ?"
        ))?
        .query_row((workspace, name), Assistant::from_row)
        .optional()?
        .map(|assistant| Scoped::proven(workspace, assistant)))
}

/// The assistants of a workspace, in the order they were made.
pub fn list(conn: &Connection, workspace: WorkspaceId) -> Result<Vec<Assistant>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM assistants WHERE workspace = ? ORDER BY id"
    ))?;
    let rows = statement.query_map([workspace], Assistant::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Replaces everything but the id.
pub fn update(
    tx: &Transaction<'_>,
    assistant: &Scoped<Assistant>,
    new: &NewAssistant<'_>,
    now: UnixMs,
) -> Result<(), StoreError> {
    let changed = tx.execute(
        "UPDATE assistants SET name = ?, title = ?, instructions = ?, greeting = ?, model = ?,
                settings = ?, updated_at = ?
         WHERE workspace = ? AND id = ?",
        rusqlite::params![
            new.name,
            new.title,
            new.instructions,
            new.greeting,
            new.model,
            Json(new.settings),
            now,
            assistant.workspace(),
            assistant.id
        ],
    )?;
    if changed == 0 {
        Err(StoreError::NotFound("the assistant"))
    } else {
        Ok(())
    }
}

/// Removes an assistant; its conversations stay, without an assistant.
pub fn delete(tx: &Transaction<'_>, assistant: &Scoped<Assistant>) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM assistants WHERE workspace = ? AND id = ?",
        (assistant.workspace(), assistant.id),
    )?;
    Ok(())
}
