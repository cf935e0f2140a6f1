//! Assistants: how one workspace's front desk introduces itself and answers.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde_json::Value;

use super::rows::{columns, insert};
use super::values::Json;
use super::{AssistantId, Scoped, StoreError, UnixMs, WorkspaceId};

#[derive(Debug, Clone, PartialEq)]
pub struct Assistant {
    pub id: AssistantId,
    pub workspace: WorkspaceId,
    /// Short name, unique in the workspace; API clients name it as the model.
    pub name: String,
    pub title: String,
    pub instructions: String,
    /// The first thing a visitor reads.
    pub greeting: String,
    /// Chat model by catalogue name; `None` means the default.
    pub model: Option<String>,
    /// Further settings, a JSON object.
    pub settings: Value,
    pub created_at: UnixMs,
    pub updated_at: UnixMs,
}

/// The fields of an assistant that its owner sets, for creating and for updating one.
#[derive(Debug, Clone)]
pub struct NewAssistant<'a> {
    /// Short name, unique in the workspace.
    pub name: &'a str,
    pub title: &'a str,
    pub instructions: &'a str,
    /// The first thing a visitor reads.
    pub greeting: &'a str,
    /// Chat model by catalogue name; `None` means the default.
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

/// `Conflict` if the name is in use in this workspace.
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

/// `NotFound` if another workspace has it.
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
