//! The versions of an assistant: those that are or were live, and the draft.

use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use super::{Assistant, Body};
use crate::store::values::Json;
use crate::store::{AssistantId, Scoped, StoreError, UnixMs};

/// The number of the draft.
pub const DRAFT: u32 = 0;

#[derive(Debug, Clone, PartialEq)]
pub struct AssistantVersion {
    pub assistant: AssistantId,
    /// From 1 in the order in which they went live; [`DRAFT`] is the draft.
    pub number: u32,
    pub state: VersionState,
    pub body: Body,
    /// What its author says about it.
    pub note: String,
    /// Who saved it, by name; empty for what is older than versions.
    pub author: String,
    pub created_at: UnixMs,
    pub changed_at: UnixMs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionState {
    Draft,
    /// Visitors get it.
    Published,
    Former,
}

impl VersionState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Former => "former",
        }
    }
}

/// Who saves a version, and what they say about it.
#[derive(Debug, Clone, Copy)]
pub struct Signed<'a> {
    pub author: &'a str,
    pub note: &'a str,
}

const FOUND: &str = "SELECT v.assistant, v.number, v.body, v.note, v.author, v.created_at, v.changed_at, a.version AS live
     FROM assistant_versions v JOIN assistants a ON a.id = v.assistant";

impl AssistantVersion {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        let (number, live): (u32, u32) = (row.get("number")?, row.get("live")?);
        Ok(Self {
            assistant: row.get("assistant")?,
            number,
            state: match number {
                DRAFT => VersionState::Draft,
                _ if number == live => VersionState::Published,
                _ => VersionState::Former,
            },
            body: row.get::<_, Json<Body>>("body")?.0,
            note: row.get("note")?,
            author: row.get("author")?,
            created_at: row.get("created_at")?,
            changed_at: row.get("changed_at")?,
        })
    }
}

/// The draft first, then the newest.
pub fn list(
    conn: &Connection,
    assistant: &Scoped<Assistant>,
) -> Result<Vec<AssistantVersion>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "{FOUND} WHERE v.workspace = ? AND v.assistant = ? ORDER BY v.number = 0 DESC, v.number DESC"
    ))?;
    let of = (assistant.workspace(), assistant.id);
    let rows = statement.query_map(of, AssistantVersion::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn find(
    conn: &Connection,
    assistant: &Scoped<Assistant>,
    number: u32,
) -> Result<Option<AssistantVersion>, StoreError> {
    Ok(conn
        .prepare_cached(&format!(
            "{FOUND} WHERE v.workspace = ? AND v.assistant = ? AND v.number = ?"
        ))?
        .query_row(
            (assistant.workspace(), assistant.id, number),
            AssistantVersion::from_row,
        )
        .optional()?)
}

pub fn draft(
    conn: &Connection,
    assistant: &Scoped<Assistant>,
) -> Result<Option<AssistantVersion>, StoreError> {
    find(conn, assistant, DRAFT)
}

/// Creates the draft, or replaces it. While nothing is live, the assistant itself says what its draft says.
pub fn save_draft(
    tx: &Transaction<'_>,
    assistant: &Scoped<Assistant>,
    body: &Body,
    by: Signed<'_>,
    now: UnixMs,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO assistant_versions (assistant, workspace, number, body, note, author, created_at, changed_at)
         VALUES (?1, ?2, 0, ?3, ?4, ?5, ?6, ?6)
         ON CONFLICT (assistant, number) DO UPDATE SET body = ?3, note = ?4, author = ?5, changed_at = ?6",
    )?
    .execute((
        assistant.id,
        assistant.workspace(),
        Json(body),
        by.note,
        by.author,
        now,
    ))?;
    match assistant.is_published() {
        true => Ok(()),
        false => write(tx, assistant, body, DRAFT, now),
    }
}

/// Makes the assistant say this, as the version of this number.
fn write(
    tx: &Transaction<'_>,
    assistant: &Scoped<Assistant>,
    body: &Body,
    number: u32,
    now: UnixMs,
) -> Result<(), StoreError> {
    let changed = tx
        .prepare_cached(
            "UPDATE assistants SET title = ?, instructions = ?, greeting = ?, model = ?, settings = ?,
                    version = ?, updated_at = ?
             WHERE workspace = ? AND id = ?",
        )?
        .execute(rusqlite::params![
            body.title,
            body.instructions,
            body.greeting,
            body.model,
            Json(&body.settings),
            number,
            now,
            assistant.workspace(),
            assistant.id
        ])?;
    match changed {
        0 => Err(StoreError::NotFound("the assistant")),
        _ => Ok(()),
    }
}

/// Notes who saved a version, and what they say about it.
pub fn sign(
    tx: &Transaction<'_>,
    assistant: &Scoped<Assistant>,
    number: u32,
    by: Signed<'_>,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE assistant_versions SET author = ?, note = ? WHERE workspace = ? AND assistant = ? AND number = ?",
    )?
    .execute((by.author, by.note, assistant.workspace(), assistant.id, number))?;
    Ok(())
}

/// Whether there was one.
pub fn discard_draft(
    tx: &Transaction<'_>,
    assistant: &Scoped<Assistant>,
) -> Result<bool, StoreError> {
    let gone = tx
        .prepare_cached(
            "DELETE FROM assistant_versions WHERE workspace = ? AND assistant = ? AND number = 0",
        )?
        .execute((assistant.workspace(), assistant.id))?;
    Ok(gone > 0)
}

/// Makes this what visitors get from now on, as the next version; returns its number. The draft stays.
pub fn publish(
    tx: &Transaction<'_>,
    assistant: &Scoped<Assistant>,
    body: &Body,
    by: Signed<'_>,
    now: UnixMs,
) -> Result<u32, StoreError> {
    let (id, workspace) = (assistant.id, assistant.workspace());
    let last: u32 = tx
        .prepare_cached(
            "SELECT coalesce(max(number), 0) FROM assistant_versions WHERE assistant = ?",
        )?
        .query_row([id], |row| row.get(0))?;
    let number = last + 1;
    tx.prepare_cached(
        "INSERT INTO assistant_versions (assistant, workspace, number, body, note, author, created_at, changed_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
    )?
    .execute((id, workspace, number, Json(body), by.note, by.author, now))?;
    write(tx, assistant, body, number, now)?;
    Ok(number)
}

#[cfg(test)]
#[path = "versions_tests.rs"]
mod tests;
