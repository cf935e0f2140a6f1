//! A conversation as staff read it: with those that were merged into it, in one order.

use rusqlite::{Connection, Transaction};

use super::attachments::{self, Attachment};
use super::notes::{self, Note};
use crate::store::conversations::Conversation;
use crate::store::events::{self, Event};
use crate::store::messages::Message;
use crate::store::{ConversationId, Scoped, StoreError, TaskId, UnixMs};

/// A message with who wrote it and what hangs on it.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    pub message: Message,
    /// Name of the member of staff who wrote it.
    pub author: Option<String>,
    pub attachments: Vec<Attachment>,
}

/// A part of a transcript.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Transcript {
    /// Oldest first.
    pub said: Vec<Said>,
    /// Whether there are messages before these.
    pub older: bool,
}

/// The conversation itself, then those that were merged into it and rest.
pub fn parts(
    conn: &Connection,
    conversation: ConversationId,
) -> Result<Vec<ConversationId>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT id FROM conversations WHERE merged_into = ? AND state = 'closed' AND due_at IS NULL ORDER BY started_at",
    )?;
    let rows = statement.query_map([conversation], |row| row.get(0))?;
    let mut parts = vec![conversation];
    for part in rows {
        parts.push(part?);
    }
    Ok(parts)
}

/// The last `limit` messages before a place in the order of all messages.
pub fn read(
    conn: &Connection,
    conversation: &Scoped<Conversation>,
    before: Option<i64>,
    limit: u32,
) -> Result<Transcript, StoreError> {
    let before = before.unwrap_or(i64::MAX);
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut said = Vec::new();
    let mut files = Vec::new();
    for part in parts(conn, conversation.id)? {
        let mut statement = conn.prepare_cached(
            "SELECT m.*, u.name AS author_name FROM messages m LEFT JOIN users u ON u.id = m.author
             WHERE m.conversation = ? AND m.seq < ? ORDER BY m.seq DESC LIMIT ?",
        )?;
        let rows = statement.query_map((part, before, limit.saturating_add(1)), |row| {
            Ok(Said {
                message: Message::from_row(row)?,
                author: row.get("author_name")?,
                attachments: Vec::new(),
            })
        })?;
        for row in rows {
            said.push(row?);
        }
        files.extend(attachments::of(conn, part)?);
    }
    said.sort_by_key(|said| std::cmp::Reverse(said.message.seq));
    let older = said.len() > most;
    said.truncate(most);
    said.reverse();
    for file in files {
        if let Some(of) = said.iter_mut().find(|said| said.message.id == file.message) {
            of.attachments.push(file);
        }
    }
    Ok(Transcript { said, older })
}

/// The latest `limit` notes, oldest first.
pub fn notes(
    conn: &Connection,
    conversation: &Scoped<Conversation>,
    limit: u32,
) -> Result<Vec<Note>, StoreError> {
    let mut all = Vec::new();
    for part in parts(conn, conversation.id)? {
        all.extend(notes::of(conn, part, limit)?);
    }
    all.sort_by_key(|note| (note.created_at, note.id));
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    all.drain(..all.len().saturating_sub(most));
    Ok(all)
}

/// The latest `limit` events of its way, oldest first.
pub fn log(
    conn: &Connection,
    conversation: &Scoped<Conversation>,
    limit: u32,
) -> Result<Vec<Event>, StoreError> {
    let mut all = Vec::new();
    for part in parts(conn, conversation.id)? {
        all.extend(events::of_subject(
            conn,
            conversation.workspace(),
            &part.to_string(),
            limit,
        )?);
    }
    all.sort_by_key(|event| event.id);
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    all.drain(..all.len().saturating_sub(most));
    Ok(all)
}

/// Takes a conversation out of the one that it was merged into.
pub fn part(tx: &Transaction<'_>, conversation: &Scoped<Conversation>) -> Result<(), StoreError> {
    // Touches the other one, so that whoever follows it reads again: one of them may be this conversation's visitor.
    tx.prepare_cached(
        "UPDATE conversations SET merged_into = merged_into
         WHERE id = (SELECT merged_into FROM conversations WHERE id = ?)",
    )?
    .execute([conversation.id])?;
    tx.prepare_cached("UPDATE conversations SET merged_into = NULL WHERE id = ?")?
        .execute([conversation.id])?;
    Ok(())
}

/// Shows a conversation as part of another from now on, with what was merged into it before. The caller closes it.
pub fn merge(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    into: &Scoped<Conversation>,
) -> Result<(), StoreError> {
    let (id, into) = (conversation.id, into.id);
    tx.prepare_cached(
        // The other one is no part of anything, and not of itself.
        "UPDATE conversations SET merged_into = CASE id WHEN ?1 THEN NULL ELSE ?1 END
         WHERE id IN (?1, ?2) OR merged_into = ?2",
    )?
    .execute((into, id))?;
    Ok(())
}

/// Something to be done for the visitor of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linked {
    pub id: TaskId,
    /// `lead`, `callback` or `todo`.
    pub kind: String,
    /// `open`, `done` or `dropped`.
    pub state: String,
    pub wish: String,
    pub due_at: UnixMs,
    pub call_from: Option<UnixMs>,
    pub call_until: Option<UnixMs>,
}

/// What is to be done, the first due first.
pub fn tasks(
    conn: &Connection,
    conversation: &Scoped<Conversation>,
) -> Result<Vec<Linked>, StoreError> {
    let mut all = Vec::new();
    for part in parts(conn, conversation.id)? {
        let mut statement = conn.prepare_cached(
            "SELECT id, kind, state, wish, due_at, call_from, call_until FROM tasks WHERE conversation = ?",
        )?;
        let rows = statement.query_map([part], |row| {
            Ok(Linked {
                id: row.get("id")?,
                kind: row.get("kind")?,
                state: row.get("state")?,
                wish: row.get("wish")?,
                due_at: row.get("due_at")?,
                call_from: row.get("call_from")?,
                call_until: row.get("call_until")?,
            })
        })?;
        for row in rows {
            all.push(row?);
        }
    }
    all.sort_by_key(|task| (task.due_at, task.id));
    Ok(all)
}
