//! How content a visitor was with a conversation as a whole.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde_json::json;

use super::conversations::Conversation;
use super::rows::columns;
use super::{Scoped, StoreError, UnixMs, events};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Satisfaction {
    /// From 1 (bad) to 5.
    pub score: u8,
    /// May be empty.
    pub comment: String,
    pub created_at: UnixMs,
}

columns! { COLUMNS of Satisfaction { score, comment, created_at } }

/// Replaces an earlier score of the same conversation.
pub fn set(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    score: u8,
    comment: &str,
    now: UnixMs,
) -> Result<(), StoreError> {
    let (workspace, id) = (conversation.workspace(), conversation.id);
    tx.prepare_cached(
        "INSERT INTO satisfaction (conversation, workspace, score, comment, created_at)
         VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (conversation) DO UPDATE
         SET score = excluded.score, comment = excluded.comment, created_at = excluded.created_at",
    )?
    .execute((id, workspace, score, comment, now))?;
    let data = json!({ "score": score });
    let subject = id.to_string();
    events::append(tx, workspace, "conversation_rated", &subject, &data, now)?;
    Ok(())
}

pub fn find(
    conn: &Connection,
    conversation: &Scoped<Conversation>,
) -> Result<Option<Satisfaction>, StoreError> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM satisfaction WHERE conversation = ?"
        ))?
        .query_row([conversation.id], Satisfaction::from_row)
        .optional()?)
}
