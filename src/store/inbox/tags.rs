//! Tags of conversations.

use rusqlite::{Connection, Transaction};
use serde_json::json;

use crate::store::conversations::Conversation;
use crate::store::{ConversationId, Scoped, StoreError, UnixMs, UserId, WorkspaceId, events};

/// In the order of the alphabet.
pub fn of(conn: &Connection, conversation: ConversationId) -> Result<Vec<String>, StoreError> {
    let mut statement = conn
        .prepare_cached("SELECT tag FROM conversation_tags WHERE conversation = ? ORDER BY tag")?;
    let rows = statement.query_map([conversation], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Replaces the tags of a conversation; each that comes or goes is an event. Returns those that it had before.
pub fn set(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    tags: &[String],
    by: Option<UserId>,
    now: UnixMs,
) -> Result<Vec<String>, StoreError> {
    let (workspace, id) = (conversation.workspace(), conversation.id);
    let before = of(tx, id)?;
    let log = |tag: &str, added: bool| {
        let data = json!({ "by": by, "tag": tag, "added": added });
        events::append(
            tx,
            workspace,
            "conversation_tagged",
            &id.to_string(),
            &data,
            now,
        )
    };
    for tag in before.iter().filter(|tag| !tags.contains(tag)) {
        tx.prepare_cached("DELETE FROM conversation_tags WHERE conversation = ? AND tag = ?")?
            .execute((id, tag))?;
        log(tag, false)?;
    }
    for tag in tags.iter().filter(|tag| !before.contains(tag)) {
        tx.prepare_cached(
            "INSERT INTO conversation_tags (conversation, workspace, tag) VALUES (?, ?, ?)",
        )?
        .execute((id, workspace, tag))?;
        log(tag, true)?;
    }
    Ok(before)
}

/// Every tag that is in use, in the order of the alphabet. It steps from tag to tag, not over all conversations.
pub fn list(conn: &Connection, workspace: WorkspaceId) -> Result<Vec<String>, StoreError> {
    let mut statement = conn.prepare_cached(
        "WITH RECURSIVE each (tag) AS (
            SELECT min(tag) FROM conversation_tags WHERE workspace = ?1
            UNION ALL
            SELECT (SELECT min(t.tag) FROM conversation_tags t WHERE t.workspace = ?1 AND t.tag > each.tag)
            FROM each WHERE each.tag IS NOT NULL
         )
         SELECT tag FROM each WHERE tag IS NOT NULL LIMIT 1000",
    )?;
    let rows = statement.query_map([workspace], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}
