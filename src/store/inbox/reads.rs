//! How far each member of staff has read a conversation.

use rusqlite::{Connection, OptionalExtension, Transaction};

use crate::store::conversations::Conversation;
use crate::store::{ConversationId, Scoped, StoreError, UserId};

/// The person has seen everything up to now. Returns the place up to which they had before.
pub fn mark_read(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    user: UserId,
) -> Result<i64, StoreError> {
    let last: i64 = tx
        .prepare_cached("SELECT coalesce(max(seq), 0) FROM messages WHERE conversation = ?")?
        .query_row([conversation.id], |row| row.get(0))?;
    set(tx, conversation, user, last)
}

/// The visitor's last message counts as new again. Returns the place up to which the person had read.
pub fn mark_unread(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    user: UserId,
) -> Result<i64, StoreError> {
    let last: Option<i64> = tx
        .prepare_cached(
            "SELECT seq FROM messages WHERE conversation = ? AND role = 'user' ORDER BY seq DESC LIMIT 1",
        )?
        .query_row([conversation.id], |row| row.get(0))
        .optional()?;
    set(tx, conversation, user, last.map_or(0, |seq| seq - 1))
}

/// Sets the place up to which the person has read, and returns the one before.
pub fn set(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    user: UserId,
    seq: i64,
) -> Result<i64, StoreError> {
    let before = of(tx, conversation.id, user)?;
    tx.prepare_cached(
        "INSERT INTO conversation_reads (user, conversation, seq) VALUES (?, ?, ?)
         ON CONFLICT (user, conversation) DO UPDATE SET seq = excluded.seq",
    )?
    .execute((user, conversation.id, seq))?;
    Ok(before)
}

/// The place of the last message that the person has seen; 0 before the first.
pub fn of(
    conn: &Connection,
    conversation: ConversationId,
    user: UserId,
) -> Result<i64, StoreError> {
    let seq = conn
        .prepare_cached("SELECT seq FROM conversation_reads WHERE user = ? AND conversation = ?")?
        .query_row((user, conversation), |row| row.get(0))
        .optional()?;
    Ok(seq.unwrap_or(0))
}

/// The place of the last message that any member of staff has seen; 0 before the first.
pub fn of_staff(conn: &Connection, conversation: ConversationId) -> Result<i64, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT coalesce(max(seq), 0) FROM conversation_reads WHERE conversation = ?",
        )?
        .query_row([conversation], |row| row.get(0))?)
}
