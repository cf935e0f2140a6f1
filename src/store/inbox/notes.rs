//! What staff note beside a conversation, and whom they mention there.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde_json::json;

use crate::store::conversations::Conversation;
use crate::store::rows::insert;
use crate::store::{
    ConversationId, NoteId, Scoped, StoreError, UnixMs, UserId, WorkspaceId, events,
};

#[derive(Debug, Clone, PartialEq)]
pub struct Note {
    pub id: NoteId,
    pub conversation: ConversationId,
    /// `None` for a program, and once the account is gone.
    pub author: Option<UserId>,
    pub author_name: Option<String>,
    pub text: String,
    pub created_at: UnixMs,
    pub mentions: Vec<UserId>,
}

pub fn add(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    author: Option<UserId>,
    text: &str,
    mentions: &[UserId],
    now: UnixMs,
) -> Result<Note, StoreError> {
    let (workspace, id) = (conversation.workspace(), NoteId::new());
    insert!(tx into notes {
        id, conversation: conversation.id, workspace, author, text, created_at: now
    })?;
    for user in mentions {
        tx.prepare_cached("INSERT INTO mentions (note, user) VALUES (?, ?)")?
            .execute((id, user))?;
    }
    let data = json!({ "note": id, "by": author, "mentions": mentions });
    let subject = conversation.id.to_string();
    events::append(tx, workspace, "note_written", &subject, &data, now)?;
    get(tx, workspace, id)
}

pub fn get(conn: &Connection, workspace: WorkspaceId, id: NoteId) -> Result<Note, StoreError> {
    let note = conn
        .prepare_cached(&format!("{FOUND} WHERE n.workspace = ? AND n.id = ?"))?
        .query_row((workspace, id), read)
        .optional()?
        .ok_or(StoreError::NotFound("the note"))?;
    with_mentions(conn, note)
}

/// The notes of a conversation, oldest first, the latest `limit` of them.
pub fn of(
    conn: &Connection,
    conversation: ConversationId,
    limit: u32,
) -> Result<Vec<Note>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "{FOUND} WHERE n.conversation = ? ORDER BY n.created_at DESC, n.id DESC LIMIT ?"
    ))?;
    let rows = statement.query_map((conversation, limit), read)?;
    let mut notes = Vec::new();
    for note in rows {
        notes.push(with_mentions(conn, note?)?);
    }
    notes.reverse();
    Ok(notes)
}

/// The person has seen every note of this conversation that names them. Returns how many there were.
pub fn mark_mentions_seen(
    tx: &Transaction<'_>,
    conversation: ConversationId,
    user: UserId,
    now: UnixMs,
) -> Result<usize, StoreError> {
    Ok(tx
        .prepare_cached(
            "UPDATE mentions SET seen_at = ?1 WHERE user = ?2 AND seen_at IS NULL
             AND note IN (SELECT id FROM notes WHERE conversation = ?3)",
        )?
        .execute((now, user, conversation))?)
}

const FOUND: &str =
    "SELECT n.id, n.conversation, n.author, u.name AS author_name, n.text, n.created_at
     FROM notes n LEFT JOIN users u ON u.id = n.author";

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<Note> {
    Ok(Note {
        id: row.get("id")?,
        conversation: row.get("conversation")?,
        author: row.get("author")?,
        author_name: row.get("author_name")?,
        text: row.get("text")?,
        created_at: row.get("created_at")?,
        mentions: Vec::new(),
    })
}

fn with_mentions(conn: &Connection, mut note: Note) -> Result<Note, StoreError> {
    let mut statement = conn.prepare_cached("SELECT user FROM mentions WHERE note = ?")?;
    let rows = statement.query_map([note.id], |row| row.get(0))?;
    note.mentions = rows.collect::<Result<_, _>>()?;
    Ok(note)
}
