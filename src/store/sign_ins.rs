//! Sign-ins that wait for the second factor: the password was right. Only the hash of the browser's token is kept, and
//! it opens nothing but the question for the code.

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::token::TokenHash;
use super::users::User;
use super::{StoreError, UnixMs, UserId};

/// Keeps a sign-in that waits.
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

/// Who waits with this token, unless the time is over or they are suspended. A clock that went back before the sign-in
/// began also ends it.
pub fn find_valid(
    conn: &Connection,
    token: &TokenHash,
    now: UnixMs,
) -> Result<Option<User>, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT u.id, u.email, u.name, u.password_hash, u.role, u.created_at, u.suspended_at
             FROM pending_sign_ins p JOIN users u ON u.id = p.user
             WHERE p.token_hash = ?1 AND p.created_at <= ?2 AND p.expires_at > ?2
               AND u.suspended_at IS NULL",
        )?
        .query_row((token, now), User::from_row)
        .optional()?)
}

/// Ends one; nothing happens if it is gone already.
pub fn end(tx: &Transaction<'_>, token: &TokenHash) -> Result<(), StoreError> {
    tx.execute("DELETE FROM pending_sign_ins WHERE token_hash = ?", [token])?;
    Ok(())
}

/// Ends every one of a person.
pub fn end_all(tx: &Transaction<'_>, user: UserId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM pending_sign_ins WHERE user = ?", [user])?;
    Ok(())
}

/// Removes those whose time is over; returns how many.
pub fn purge_expired(tx: &Transaction<'_>, now: UnixMs) -> Result<usize, StoreError> {
    Ok(tx
        .prepare_cached("DELETE FROM pending_sign_ins WHERE expires_at <= ?")?
        .execute([now])?)
}
