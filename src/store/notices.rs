//! What telling people and programs needs of the log: how far it was told, who was told lately, who came back.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde_json::Value;

use super::events::Event;
use super::rows::columns;
use super::values::Json;
use super::{
    ContactId, ConversationId, EventId, NoteId, StoreError, TaskId, TeamId, UnixMs, UserId,
    WorkspaceId, settings,
};

/// The setting that holds how far the log was told.
const CURSOR: &str = "notify.cursor";

/// The last event that was told. `None` if none ever was.
pub fn cursor(conn: &Connection) -> Result<Option<EventId>, StoreError> {
    settings::find(conn, CURSOR)
}

pub fn set_cursor(tx: &Transaction<'_>, at: EventId) -> Result<(), StoreError> {
    settings::set(tx, CURSOR, &at)
}

/// The last event of the log; `EventId(0)` if it is empty.
pub fn newest(conn: &Connection) -> Result<EventId, StoreError> {
    Ok(conn
        .prepare_cached("SELECT coalesce(max(id), 0) FROM events")?
        .query_row([], |row| row.get(0))?)
}

/// The events of all workspaces after a position in the log, oldest first.
pub fn list_after(conn: &Connection, after: EventId, limit: u32) -> Result<Vec<Event>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT id, workspace, kind, subject, data, at FROM events WHERE id > ? ORDER BY id LIMIT ?",
    )?;
    let rows = statement.query_map((after, limit), |row| {
        Ok(Event {
            id: row.get("id")?,
            workspace: row.get("workspace")?,
            kind: row.get("kind")?,
            subject: row.get("subject")?,
            data: row.get::<_, Json<_>>("data")?.0,
            at: row.get("at")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// When somebody was last sent an e-mail about this.
pub fn last_mail(
    conn: &Connection,
    workspace: WorkspaceId,
    about: &str,
    recipient: &str,
) -> Result<Option<UnixMs>, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT max(created_at) FROM mail_outbox
             WHERE about = ? AND workspace = ? AND kind = 'notice' AND recipient = ? COLLATE NOCASE",
        )?
        .query_row((about, workspace, recipient), |row| row.get(0))?)
}

/// Whether the log of a conversation has an event of one of these kinds after `since`, up to the event `until`.
pub fn happened_since(
    conn: &Connection,
    subject: &str,
    kinds: &[&str],
    since: UnixMs,
    until: EventId,
) -> Result<bool, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT 1 FROM events WHERE subject = ? AND id <= ? AND at >= ?
             AND kind IN (SELECT value FROM json_each(?)) LIMIT 1",
        )?
        .exists((subject, until, since, Json(kinds)))?)
}

/// What the visitor wrote last.
pub fn last_words(
    conn: &Connection,
    conversation: ConversationId,
) -> Result<Option<String>, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT text FROM messages WHERE conversation = ? AND role = 'user' ORDER BY seq DESC LIMIT 1",
        )?
        .query_row([conversation], |row| row.get(0))
        .optional()?)
}

/// What staff wrote in a note; `None` if it is gone.
pub fn note_text(
    conn: &Connection,
    workspace: WorkspaceId,
    note: NoteId,
) -> Result<Option<String>, StoreError> {
    Ok(conn
        .prepare_cached("SELECT text FROM notes WHERE workspace = ? AND id = ?")?
        .query_row((workspace, note), |row| row.get(0))
        .optional()?)
}

/// A lead or a call to make, as it is told.
#[derive(Debug, Clone, PartialEq)]
pub struct ToldTask {
    pub id: TaskId,
    /// `lead`, `callback` or `todo`.
    pub kind: String,
    /// `open`, `done` or `dropped`.
    pub state: String,
    pub contact: Option<ContactId>,
    pub conversation: Option<ConversationId>,
    /// What the person wishes, in their words.
    pub wish: String,
    pub page: Option<String>,
    pub due_at: UnixMs,
    /// The time that they chose for a call.
    pub call_from: Option<UnixMs>,
    pub call_until: Option<UnixMs>,
    pub created_at: UnixMs,
}

columns! {
    TASK of ToldTask {
        id, kind, state, contact, conversation, wish, page, due_at, call_from, call_until, created_at
    }
}

/// `None` if it is gone.
pub fn find_task(
    conn: &Connection,
    workspace: WorkspaceId,
    id: TaskId,
) -> Result<Option<ToldTask>, StoreError> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {TASK} FROM tasks WHERE workspace = ? AND id = ?"
        ))?
        .query_row((workspace, id), ToldTask::from_row)
        .optional()?)
}

/// A person, as they are told.
#[derive(Debug, Clone, PartialEq)]
pub struct ToldContact {
    pub id: ContactId,
    /// Empty if unknown.
    pub name: String,
    /// ISO 639-1.
    pub language: Option<String>,
    /// Values of the fields that the owner defined, by name.
    pub fields: Value,
    pub emails: Vec<String>,
    /// As E.164.
    pub phones: Vec<String>,
    /// Ids that the business's own site gave.
    pub external: Vec<String>,
}

columns! {
    CONTACT of ToldContact { id, name, language, fields: json; emails, phones, external }
}

/// `None` if it is gone.
pub fn find_contact(
    conn: &Connection,
    workspace: WorkspaceId,
    id: ContactId,
) -> Result<Option<ToldContact>, StoreError> {
    let found = conn
        .prepare_cached(&format!(
            "SELECT {CONTACT} FROM contacts WHERE workspace = ? AND id = ?"
        ))?
        .query_row((workspace, id), ToldContact::from_row)
        .optional()?;
    let Some(mut contact) = found else {
        return Ok(None);
    };
    let mut points = conn.prepare_cached(
        "SELECT kind, value FROM contact_points WHERE contact = ? ORDER BY created_at, rowid",
    )?;
    let mut rows = points.query([id])?;
    while let Some(row) = rows.next()? {
        let (kind, value): (String, String) = (row.get(0)?, row.get(1)?);
        match kind.as_str() {
            "email" => contact.emails.push(value),
            "phone" => contact.phones.push(value),
            _ => contact.external.push(value),
        }
    }
    Ok(Some(contact))
}

/// The people of a team.
pub fn team_people(conn: &Connection, team: TeamId) -> Result<Vec<UserId>, StoreError> {
    let mut statement =
        conn.prepare_cached("SELECT user FROM team_members WHERE team = ? ORDER BY user")?;
    let rows = statement.query_map([team], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The name of a team.
pub fn team_name(conn: &Connection, team: TeamId) -> Result<Option<String>, StoreError> {
    Ok(conn
        .prepare_cached("SELECT name FROM teams WHERE id = ?")?
        .query_row([team], |row| row.get(0))
        .optional()?)
}
