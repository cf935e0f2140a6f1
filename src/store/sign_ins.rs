//! Sign-ins with a correct password that wait for the second factor. Only the hash of the browser's token is stored;
//! the token opens nothing but the page that asks for the code.

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::token::TokenHash;
use super::users::User;
use super::{StoreError, UnixMs, UserId};

/// Stores a pending sign-in, and removes expired ones.
pub fn create(
    tx: &Transaction<'_>,
    user: UserId,
    token: &TokenHash,
    now: UnixMs,
    expires_at: UnixMs,
) -> Result<(), StoreError> {
    purge_expired(tx, now)?;
    tx.prepare_cached(
        "INSERT INTO pending_sign_ins (token_hash, user, created_at, expires_at) VALUES (?, ?, ?, ?)",
    )?
    .execute((token, user, now, expires_at))?;
    Ok(())
}

/// The user of a pending sign-in, unless it has expired or they are suspended. It is also invalid when the clock went
/// back to before its start.
pub fn find_valid(
    conn: &Connection,
    token: &TokenHash,
    now: UnixMs,
) -> Result<Option<User>, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT u.id, u.email, u.name, u.password_hash, u.owns, u.created_at, u.suspended_at
             FROM pending_sign_ins p JOIN users u ON u.id = p.user
             WHERE p.token_hash = ?1 AND p.created_at <= ?2 AND p.expires_at > ?2
               AND u.suspended_at IS NULL",
        )?
        .query_row((token, now), User::from_row)
        .optional()?)
}

/// Ends a pending sign-in; does nothing if it is gone already.
pub fn end(tx: &Transaction<'_>, token: &TokenHash) -> Result<(), StoreError> {
    tx.execute("DELETE FROM pending_sign_ins WHERE token_hash = ?", [token])?;
    Ok(())
}

/// Ends every pending sign-in of a person.
pub fn end_all(tx: &Transaction<'_>, user: UserId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM pending_sign_ins WHERE user = ?", [user])?;
    Ok(())
}

/// Returns how many it removed.
pub fn purge_expired(tx: &Transaction<'_>, now: UnixMs) -> Result<usize, StoreError> {
    Ok(tx
        .prepare_cached("DELETE FROM pending_sign_ins WHERE expires_at <= ?")?
        .execute([now])?)
}
