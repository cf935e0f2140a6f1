//! The key with which a business's website vouches for its visitors, one for each workspace. Unlike a token it has to be kept
//! itself, since signatures are checked with it; exports and copies leave it out.

use rusqlite::{Connection, OptionalExtension, Transaction};
use zeroize::Zeroizing;

use super::{StoreError, UnixMs, WorkspaceId};

/// The workspace's key; `None` before one was made.
pub fn secret(
    conn: &Connection,
    workspace: WorkspaceId,
) -> Result<Option<Zeroizing<String>>, StoreError> {
    Ok(conn
        .prepare_cached("SELECT secret FROM identity_keys WHERE workspace = ?")?
        .query_row([workspace], |row| row.get(0).map(Zeroizing::new))
        .optional()?)
}

/// When the key was made.
pub fn made_at(conn: &Connection, workspace: WorkspaceId) -> Result<Option<UnixMs>, StoreError> {
    Ok(conn
        .prepare_cached("SELECT created_at FROM identity_keys WHERE workspace = ?")?
        .query_row([workspace], |row| row.get(0))
        .optional()?)
}

/// Uses a new key. What was signed with the one before is refused from now on, and visits that it vouched for end.
pub fn renew(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    secret: &str,
    now: UnixMs,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO identity_keys (workspace, secret, created_at) VALUES (?1, ?2, ?3)
         ON CONFLICT (workspace) DO UPDATE SET secret = excluded.secret, created_at = excluded.created_at",
        (workspace, secret, now),
    )?;
    tx.execute(
        "UPDATE visitors SET expires_at = ?1 WHERE workspace = ?2 AND identity IS NOT NULL AND expires_at > ?1",
        (now, workspace),
    )?;
    Ok(())
}
