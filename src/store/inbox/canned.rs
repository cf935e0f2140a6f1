//! Texts that staff write often.

use rusqlite::{Connection, OptionalExtension, Transaction};

use crate::store::rows::{columns, insert};
use crate::store::{CannedReplyId, Scoped, StoreError, UnixMs, WorkspaceId};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CannedReply {
    pub id: CannedReplyId,
    /// Typed after a slash; unique in its workspace.
    pub shortcut: String,
    pub text: String,
    pub created_at: UnixMs,
    pub updated_at: UnixMs,
}

columns! { COLUMNS of CannedReply { id, shortcut, text, created_at, updated_at } }

/// `Conflict` if the shortcut is in use.
pub fn create(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    shortcut: &str,
    text: &str,
    now: UnixMs,
) -> Result<Scoped<CannedReply>, StoreError> {
    refuse_taken(tx, workspace, shortcut, None)?;
    let id = CannedReplyId::new();
    insert!(tx into canned_replies {
        id, workspace, shortcut, text, created_at: now, updated_at: now
    })?;
    get(tx, workspace, id)
}

/// `Conflict` if the shortcut is in use.
pub fn update(
    tx: &Transaction<'_>,
    reply: &Scoped<CannedReply>,
    shortcut: &str,
    text: &str,
    now: UnixMs,
) -> Result<Scoped<CannedReply>, StoreError> {
    refuse_taken(tx, reply.workspace(), shortcut, Some(reply.id))?;
    tx.prepare_cached(
        "UPDATE canned_replies SET shortcut = ?, text = ?, updated_at = ? WHERE id = ?",
    )?
    .execute((shortcut, text, now, reply.id))?;
    get(tx, reply.workspace(), reply.id)
}

pub fn delete(tx: &Transaction<'_>, reply: &Scoped<CannedReply>) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM canned_replies WHERE id = ?")?
        .execute([reply.id])?;
    Ok(())
}

pub fn get(
    conn: &Connection,
    workspace: WorkspaceId,
    id: CannedReplyId,
) -> Result<Scoped<CannedReply>, StoreError> {
    conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM canned_replies WHERE workspace = ? AND id = ?"
    ))?
    .query_row((workspace, id), CannedReply::from_row)
    .optional()?
    .map(|reply| Scoped::proven(workspace, reply))
    .ok_or(StoreError::NotFound("the canned reply"))
}

/// All of them, in the order of their shortcuts.
pub fn list(conn: &Connection, workspace: WorkspaceId) -> Result<Vec<CannedReply>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM canned_replies WHERE workspace = ? ORDER BY shortcut"
    ))?;
    let rows = statement.query_map([workspace], CannedReply::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn refuse_taken(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    shortcut: &str,
    of: Option<CannedReplyId>,
) -> Result<(), StoreError> {
    let taken = tx
        .prepare_cached(
            "SELECT 1 FROM canned_replies WHERE workspace = ? AND shortcut = ? AND id IS NOT ?",
        )?
        .exists((workspace, shortcut, of))?;
    match taken {
        true => Err(StoreError::Conflict(
            "a canned reply has this shortcut already".into(),
        )),
        false => Ok(()),
    }
}
