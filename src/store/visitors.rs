//! Visitors of the public pages and of the widget. Only the hash of a visitor's token is stored.

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::conversations::{self, Conversation};
use super::rows::columns;
use super::token::TokenHash;
use super::{ConversationId, Scoped, StoreError, UnixMs, VisitorId, WorkspaceId};

/// Conversations that were joined one into the other, at most.
const MOST_MERGES: usize = 8;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visitor {
    pub id: VisitorId,
    pub workspace: WorkspaceId,
    /// Scheme and host of the page with the widget; `None` on this server's own pages.
    pub origin: Option<String>,
    pub created_at: UnixMs,
    /// Time of the last [`touch`].
    pub last_seen_at: UnixMs,
    pub expires_at: UnixMs,
}

columns! { COLUMNS of Visitor { id, workspace, origin, created_at, last_seen_at, expires_at } }

pub fn create(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    token: &TokenHash,
    origin: Option<&str>,
    now: UnixMs,
    expires_at: UnixMs,
) -> Result<VisitorId, StoreError> {
    let id = VisitorId::new();
    tx.prepare_cached(
        "INSERT INTO visitors (id, workspace, token_hash, origin, created_at, last_seen_at, \
         expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute((id, workspace, token, origin, now, now, expires_at))?;
    Ok(id)
}

/// The visitor with this token, if it has not expired.
pub fn find_valid(
    conn: &Connection,
    token: &TokenHash,
    now: UnixMs,
) -> Result<Option<Visitor>, StoreError> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM visitors
             WHERE token_hash = ?1 AND created_at <= ?2 AND expires_at > ?2"
        ))?
        .query_row((token, now), Visitor::from_row)
        .optional()?)
}

pub fn touch(tx: &Transaction<'_>, visitor: VisitorId, now: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE visitors SET last_seen_at = ? WHERE id = ?")?
        .execute((now, visitor))?;
    Ok(())
}

/// The visitor's conversation; `None` before anything was said.
pub fn find_conversation(
    conn: &Connection,
    visitor: &Visitor,
) -> Result<Option<Scoped<Conversation>>, StoreError> {
    // No conversation is older than its visitor, so the index on time narrows the search.
    let found: Option<ConversationId> = conn
        .prepare_cached(
            "SELECT id FROM conversations WHERE workspace = ? AND last_at >= ? AND visitor = ?
             AND due_at IS NULL ORDER BY last_at DESC LIMIT 1",
        )?
        .query_row(
            (
                visitor.workspace,
                visitor.created_at,
                visitor.id.to_string(),
            ),
            |row| row.get(0),
        )
        .optional()?;
    let Some(id) = found else { return Ok(None) };
    let mut own = conversations::get(conn, visitor.workspace, id)?;
    // Staff may have joined it with another one of the same person.
    for _ in 0..MOST_MERGES {
        let Some(into) = own.merged_into else { break };
        own = conversations::get(conn, visitor.workspace, into)?;
    }
    Ok(Some(own))
}

/// Every conversation of the visitor, also what waits for deletion and what staff joined with another one; and the one that
/// is shown to them.
pub fn all_conversations(
    conn: &Connection,
    visitor: &Visitor,
) -> Result<Vec<ConversationId>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT id FROM conversations WHERE workspace = ? AND visitor = ? ORDER BY last_at DESC, id",
    )?;
    let rows = statement.query_map((visitor.workspace, visitor.id.to_string()), |row| {
        row.get(0)
    })?;
    let own: Vec<ConversationId> = rows.collect::<Result<_, _>>()?;
    let shown = find_conversation(conn, visitor)?.map(|shown| shown.id);
    // The one that is shown comes first.
    let rest = own.into_iter().filter(|id| Some(*id) != shown);
    Ok(shown.into_iter().chain(rest).collect())
}

/// Ends all visits of a workspace; their conversations stay.
pub fn end_all(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    now: UnixMs,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE visitors SET expires_at = ?1 WHERE workspace = ?2 AND expires_at > ?1",
    )?
    .execute((now, workspace))?;
    Ok(())
}

/// Ends a visit; its conversation stays.
pub fn remove(tx: &Transaction<'_>, visitor: VisitorId) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM visitors WHERE id = ?")?
        .execute([visitor])?;
    Ok(())
}

/// Removes visitors whose token has expired, but not their conversations; returns how many.
pub fn purge_expired(tx: &Transaction<'_>, now: UnixMs) -> Result<usize, StoreError> {
    Ok(tx.execute("DELETE FROM visitors WHERE expires_at <= ?", [now])?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::conversations::{Channel, NewConversation};
    use crate::store::token::{Token, TokenKind};
    use crate::store::{Store, workspaces};

    #[tokio::test]
    async fn a_visitor_finds_only_what_is_theirs_and_only_in_time() {
        let store = Store::open_in_memory().unwrap();
        store
            .write(|tx| {
                let workspace = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
                let tokens = [
                    Token::generate(TokenKind::Visitor)?,
                    Token::generate(TokenKind::Visitor)?,
                ];
                let hashes = tokens.each_ref().map(Token::hash);
                for hash in &hashes {
                    create(tx, workspace, hash, Some("https://shop.example"), 10, 100)?;
                }
                assert!(find_valid(tx, &hashes[0], 100)?.is_none());
                assert!(find_valid(tx, &hashes[0], 9)?.is_none());
                let [ann, ben] =
                    [&hashes[0], &hashes[1]].map(|hash| find_valid(tx, hash, 50).unwrap().unwrap());
                assert_eq!(ann.origin.as_deref(), Some("https://shop.example"));
                let name = ann.id.to_string();
                let new = NewConversation {
                    assistant: None,
                    channel: Channel::Chat,
                    visitor: Some(&name),
                    title: "",
                    begun_by: None,
                    page: None,
                };
                let hers = conversations::create(tx, workspace, &new, 60)?.id;
                assert_eq!(find_conversation(tx, &ann)?.map(|c| c.id), Some(hers));
                assert!(find_conversation(tx, &ben)?.is_none());
                touch(tx, ann.id, 70)?;
                assert_eq!(find_valid(tx, &hashes[0], 80)?.unwrap().last_seen_at, 70);
                assert_eq!(purge_expired(tx, 99)?, 0);
                assert_eq!(purge_expired(tx, 100)?, 2);
                Ok(())
            })
            .await
            .unwrap();
    }
}
