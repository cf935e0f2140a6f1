//! Files that visitors and staff send each other.

use rusqlite::{Connection, OptionalExtension, Transaction};

use crate::store::conversations::Conversation;
use crate::store::messages::Message;
use crate::store::rows::{columns, insert};
use crate::store::{AttachmentId, ConversationId, MessageId, Scoped, StoreError, WorkspaceId};

/// A file without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    pub id: AttachmentId,
    pub conversation: ConversationId,
    pub message: MessageId,
    pub name: String,
    /// Found by looking at the bytes.
    pub media_type: String,
    pub bytes: i64,
}

columns! { COLUMNS of Attachment { id, conversation, message, name, media_type, bytes } }

/// Adds a file to a message.
pub fn add(
    tx: &Transaction<'_>,
    message: &Scoped<Message>,
    name: &str,
    media_type: &str,
    content: &[u8],
) -> Result<AttachmentId, StoreError> {
    let id = AttachmentId::new();
    let bytes = i64::try_from(content.len()).unwrap_or(i64::MAX);
    insert!(tx into attachments {
        id, conversation: message.conversation, workspace: message.workspace(), message: message.id,
        name, media_type, bytes, content
    })?;
    Ok(id)
}

pub fn get(
    conn: &Connection,
    workspace: WorkspaceId,
    id: AttachmentId,
) -> Result<Scoped<Attachment>, StoreError> {
    conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM attachments WHERE workspace = ? AND id = ?
         AND conversation IN (SELECT id FROM conversations WHERE due_at IS NULL)"
    ))?
    .query_row((workspace, id), Attachment::from_row)
    .optional()?
    .map(|found| Scoped::proven(workspace, found))
    .ok_or(StoreError::NotFound("the file"))
}

pub fn content(conn: &Connection, of: &Scoped<Attachment>) -> Result<Vec<u8>, StoreError> {
    Ok(conn
        .prepare_cached("SELECT content FROM attachments WHERE id = ?")?
        .query_row([of.id], |row| row.get(0))?)
}

/// The files of a conversation, in the order in which they were sent.
pub fn of(conn: &Connection, conversation: ConversationId) -> Result<Vec<Attachment>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM attachments WHERE conversation = ? ORDER BY id"
    ))?;
    let rows = statement.query_map([conversation], Attachment::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The files of a conversation's messages from a place on, in the order in which they were sent.
pub fn since(
    conn: &Connection,
    conversation: &Scoped<Conversation>,
    seq: i64,
) -> Result<Vec<Attachment>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM attachments WHERE conversation = ?1
         AND message IN (SELECT id FROM messages WHERE conversation = ?1 AND seq >= ?2) ORDER BY id"
    ))?;
    let rows = statement.query_map((conversation.id, seq), Attachment::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}
