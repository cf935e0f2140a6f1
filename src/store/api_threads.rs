//! OpenAI's conversations: lists of items that responses go on from and add to. As with [`super::api_answers`], only the key
//! that made one finds it, or whoever may read all conversations of the workspace.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde_json::Value;

use super::api_answers::Reach;
use super::rows::{columns, insert};
use super::values::Json;
use super::{ApiKeyId, Scoped, StoreError, UnixMs, WorkspaceId};

#[derive(Debug, Clone, PartialEq)]
pub struct ApiThread {
    /// As the client knows it.
    pub id: String,
    /// `None` if a person or a command made it.
    pub key: Option<ApiKeyId>,
    /// A JSON object of texts.
    pub metadata: Value,
    pub created_at: UnixMs,
    pub expires_at: UnixMs,
}

columns! { COLUMNS of ApiThread { id, key, metadata: json, created_at, expires_at } }

#[derive(Debug, Clone, PartialEq)]
pub struct ThreadItem {
    pub id: String,
    /// As the client knows it.
    pub item: Value,
}

columns! { ITEM of ThreadItem { id, item: json } }

/// `Conflict` if there is one with this id.
pub fn create(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    thread: &ApiThread,
) -> Result<(), StoreError> {
    insert!(tx into api_threads {
        id: thread.id, workspace, key: thread.key, metadata: Json(&thread.metadata),
        created_at: thread.created_at, expires_at: thread.expires_at
    })?;
    Ok(())
}

pub fn find(
    conn: &Connection,
    reach: Reach,
    id: &str,
) -> Result<Option<Scoped<ApiThread>>, StoreError> {
    let found = conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM api_threads
             WHERE workspace = ?1 AND (?2 IS NULL OR key = ?2) AND expires_at > ?3 AND id = ?4"
        ))?
        .query_row(
            (reach.workspace, reach.key, reach.now, id),
            ApiThread::from_row,
        )
        .optional()?;
    Ok(found.map(|thread| Scoped::proven(reach.workspace, thread)))
}

pub fn set_metadata(
    tx: &Transaction<'_>,
    thread: &Scoped<ApiThread>,
    metadata: &Value,
) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE api_threads SET metadata = ? WHERE workspace = ? AND id = ?")?
        .execute((Json(metadata), thread.workspace(), &thread.id))?;
    Ok(())
}

/// Deletes it with its items.
pub fn delete(tx: &Transaction<'_>, thread: &Scoped<ApiThread>) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM api_threads WHERE workspace = ? AND id = ?")?
        .execute((thread.workspace(), &thread.id))?;
    Ok(())
}

/// Adds items at the end, and keeps all of it longer. Items that are there already, and a conversation that was deleted
/// meanwhile, change nothing.
pub fn add(
    tx: &Transaction<'_>,
    thread: &Scoped<ApiThread>,
    items: &[ThreadItem],
    now: UnixMs,
    expires_at: UnixMs,
) -> Result<(), StoreError> {
    let there = tx
        .prepare_cached("UPDATE api_threads SET expires_at = ? WHERE workspace = ? AND id = ?")?
        .execute((expires_at, thread.workspace(), &thread.id))?;
    if there == 0 {
        return Ok(());
    }
    for one in items {
        tx.prepare_cached(
            "INSERT OR IGNORE INTO api_thread_items (thread, id, item, created_at) VALUES (?, ?, ?, ?)",
        )?
        .execute((&thread.id, &one.id, Json(&one.item), now))?;
    }
    Ok(())
}

/// At most `limit` items after the one with the id `after`.
pub fn items(
    conn: &Connection,
    thread: &Scoped<ApiThread>,
    after: Option<&str>,
    newest_first: bool,
    limit: u32,
) -> Result<Vec<ThreadItem>, StoreError> {
    let (beyond, order) = match newest_first {
        true => ("<", "DESC"),
        false => (">", "ASC"),
    };
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {ITEM} FROM api_thread_items
         WHERE thread = ?1
           AND (?2 IS NULL OR seq {beyond} (SELECT i.seq FROM api_thread_items i WHERE i.thread = ?1 AND i.id = ?2))
         ORDER BY seq {order} LIMIT ?3"
    ))?;
    let rows = statement.query_map((&thread.id, after, limit), ThreadItem::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn item(
    conn: &Connection,
    thread: &Scoped<ApiThread>,
    id: &str,
) -> Result<Option<ThreadItem>, StoreError> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {ITEM} FROM api_thread_items WHERE thread = ? AND id = ?"
        ))?
        .query_row((&thread.id, id), ThreadItem::from_row)
        .optional()?)
}

/// Whether it was there.
pub fn delete_item(
    tx: &Transaction<'_>,
    thread: &Scoped<ApiThread>,
    id: &str,
) -> Result<bool, StoreError> {
    let deleted = tx
        .prepare_cached("DELETE FROM api_thread_items WHERE thread = ? AND id = ?")?
        .execute((&thread.id, id))?;
    Ok(deleted > 0)
}

/// Deletes those that nobody used for their time; returns how many.
pub fn purge_expired(tx: &Transaction<'_>, now: UnixMs) -> Result<usize, StoreError> {
    Ok(tx
        .prepare_cached("DELETE FROM api_threads WHERE expires_at <= ?")?
        .execute([now])?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Store, workspaces};
    use serde_json::json;

    #[tokio::test]
    async fn items_stay_in_order_and_go_with_their_conversation() {
        let store = Store::open_in_memory().unwrap();
        let seen = store.write(|tx| {
            let workspace = workspaces::get_or_create(tx, "w", "W", 1)?.id;
            let thread = ApiThread {
                id: "conv_1".into(),
                key: None,
                metadata: json!({}),
                created_at: 1,
                expires_at: 10,
            };
            create(tx, workspace, &thread)?;
            let at = |now| Reach {
                workspace,
                key: None,
                now,
            };
            let found = find(tx, at(5), "conv_1")?.unwrap();
            let two = ["a", "b"].map(|id| ThreadItem {
                id: id.into(),
                item: json!({"id": id}),
            });
            add(tx, &found, &two, 5, 20)?;
            add(tx, &found, &two, 5, 20)?;
            let ids = |after, newest_first| {
                let listed = items(tx, &found, after, newest_first, 9)?.into_iter();
                Ok::<_, StoreError>(listed.map(|one| one.id).collect::<Vec<_>>().concat())
            };
            let orders = [ids(None, false)?, ids(None, true)?, ids(Some("a"), false)?];
            let kept_longer = find(tx, at(15), "conv_1")?.is_some();
            let gone = delete_item(tx, &found, "a")? && item(tx, &found, "a")?.is_none();
            let purged = purge_expired(tx, 20)?;
            let left: i64 = tx.query_row("SELECT count(*) FROM api_thread_items", [], |row| {
                row.get(0)
            })?;
            Ok((orders, kept_longer, gone, purged, left))
        });
        let orders = ["ab", "ba", "b"].map(str::to_owned);
        assert_eq!(seen.await.unwrap(), (orders, true, true, 1, 0));
    }
}
