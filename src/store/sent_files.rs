//! Files that visitors send with a message. They are listed with the messages ([`super::messages::list_attached`]).

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::conversations::Conversation;
use super::messages::Message;
use super::rows::insert;
use super::{AttachmentId, Scoped, StoreError};

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

/// Media type and content of a file of this conversation; `None` if it has none of this id.
pub fn find(
    conn: &Connection,
    conversation: &Scoped<Conversation>,
    id: AttachmentId,
) -> Result<Option<(String, Vec<u8>)>, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT media_type, content FROM attachments WHERE conversation = ? AND id = ?",
        )?
        .query_row((conversation.id, id), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}
