//! One-time tokens for the owner to claim a new installation, or for somebody to set a first password.

use rusqlite::{Connection, Transaction};

use super::token::TokenHash;
use super::{StoreError, UnixMs};

/// Stores a token that can be redeemed once before `expires_at`.
pub fn create(
    tx: &Transaction<'_>,
    token: &TokenHash,
    now: UnixMs,
    expires_at: UnixMs,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO setup_tokens (token_hash, created_at, expires_at) VALUES (?, ?, ?)",
        (token, now, expires_at),
    )?;
    Ok(())
}

/// Uses up the token. True exactly once per token, and only before it expires; do what it allows in the same
/// transaction.
pub fn redeem(tx: &Transaction<'_>, token: &TokenHash, now: UnixMs) -> Result<bool, StoreError> {
    let changed = tx.execute(
        "UPDATE setup_tokens SET used_at = ?1
         WHERE token_hash = ?2 AND used_at IS NULL AND expires_at > ?1",
        (now, token),
    )?;
    Ok(changed == 1)
}

/// Whether the token can still be redeemed.
pub fn is_outstanding(
    conn: &Connection,
    token: &TokenHash,
    now: UnixMs,
) -> Result<bool, StoreError> {
    Ok(conn.query_row(
        "SELECT EXISTS (SELECT 1 FROM setup_tokens WHERE token_hash = ? AND used_at IS NULL AND expires_at > ?)",
        (token, now),
        |row| row.get(0),
    )?)
}

/// How many tokens can still be redeemed.
pub fn outstanding(conn: &Connection, now: UnixMs) -> Result<i64, StoreError> {
    Ok(conn.query_row(
        "SELECT count(*) FROM setup_tokens WHERE used_at IS NULL AND expires_at > ?",
        [now],
        |row| row.get(0),
    )?)
}

/// Removes tokens that are used or expired; with `outstanding_too`, all of them.
pub fn purge(
    tx: &Transaction<'_>,
    now: UnixMs,
    outstanding_too: bool,
) -> Result<usize, StoreError> {
    Ok(tx.execute(
        "DELETE FROM setup_tokens WHERE ?1 OR used_at IS NOT NULL OR expires_at <= ?2",
        (outstanding_too, now),
    )?)
}
