//! What CRMs sent, as it came: a queue that takes each body once.

use rusqlite::{Connection, Transaction};
use sha2::{Digest, Sha256};

use super::accounts::Account;
use crate::store::rows::columns;
use crate::store::{CrmAccountId, Scoped, StoreError, UnixMs, WorkspaceId};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    pub id: i64,
    pub workspace: WorkspaceId,
    pub account: CrmAccountId,
    /// As it came.
    pub body: Vec<u8>,
    pub attempts: u32,
    pub received_at: UnixMs,
}

columns! { COLUMNS of Hook { id, workspace, account, body, attempts, received_at } }

/// Keeps a body; returns false if it came before.
pub fn receive(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    body: &[u8],
    now: UnixMs,
) -> Result<bool, StoreError> {
    let digest: [u8; 32] = Sha256::digest(body).into();
    let added = tx
        .prepare_cached(
            "INSERT INTO crm_hooks (workspace, account, digest, body, state, next_at, received_at)
             VALUES (?1, ?2, ?3, ?4, 'waiting', ?5, ?5) ON CONFLICT (account, digest) DO NOTHING",
        )?
        .execute((
            account.workspace(),
            account.id,
            digest.as_slice(),
            body,
            now,
        ))?;
    Ok(added > 0)
}

/// Those whose time has come, in the order in which they came.
pub fn list_due(conn: &Connection, now: UnixMs, limit: u32) -> Result<Vec<Hook>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM crm_hooks WHERE state = 'waiting' AND next_at <= ? ORDER BY id LIMIT ?"
    ))?;
    let rows = statement.query_map((now, limit), Hook::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// It was worked on: its body is emptied.
pub fn note_done(tx: &Transaction<'_>, id: i64) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE crm_hooks SET state = 'done', body = x'', error = NULL WHERE id = ?",
    )?
    .execute([id])?;
    Ok(())
}

/// It could not be worked on. Without a next time it is given up and its body emptied.
pub fn note_failed(
    tx: &Transaction<'_>,
    id: i64,
    error: &str,
    next_at: Option<UnixMs>,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE crm_hooks SET attempts = attempts + 1, error = ?2, next_at = coalesce(?3, next_at),
             state = CASE WHEN ?3 IS NULL THEN 'failed' ELSE 'waiting' END,
             body = CASE WHEN ?3 IS NULL THEN x'' ELSE body END
         WHERE id = ?1",
    )?
    .execute((id, error, next_at))?;
    Ok(())
}

/// How many wait.
pub fn count_waiting(conn: &Connection) -> Result<u64, StoreError> {
    let n: i64 = conn
        .prepare_cached("SELECT count(*) FROM crm_hooks WHERE state = 'waiting'")?
        .query_row([], |row| row.get(0))?;
    Ok(n.unsigned_abs())
}

/// Removes those that were received at or before `before`; returns how many.
pub fn purge(tx: &Transaction<'_>, before: UnixMs) -> Result<usize, StoreError> {
    Ok(tx.execute("DELETE FROM crm_hooks WHERE received_at <= ?", [before])?)
}
