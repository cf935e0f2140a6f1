//! Signed-in browsers. Only the hash of a session's token is stored.

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::token::TokenHash;
use super::users::User;
use super::{StoreError, UnixMs, UserId};

/// A signed-in browser and its user.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    pub user: User,
    pub created_at: UnixMs,
    /// Time of the last [`touch`].
    pub last_seen_at: UnixMs,
    /// When it ends even if it is in use.
    pub expires_at: UnixMs,
}

pub fn create(
    tx: &Transaction<'_>,
    user: UserId,
    token: &TokenHash,
    now: UnixMs,
    expires_at: UnixMs,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO sessions (token_hash, user, created_at, last_seen_at, expires_at)
         VALUES (?, ?, ?, ?, ?)",
    )?
    .execute((token, user, now, now, expires_at))?;
    Ok(())
}

/// The session with this token, if it has not expired, was used within the last `idle_ms` milliseconds, and its user is
/// not suspended. It is also invalid when the clock went back to before its start.
pub fn find_valid(
    conn: &Connection,
    token: &TokenHash,
    now: UnixMs,
    idle_ms: i64,
) -> Result<Option<Session>, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT u.id, u.email, u.name, u.password_hash, u.role, u.created_at, u.suspended_at,
                    s.created_at AS began, s.last_seen_at, s.expires_at
             FROM sessions s JOIN users u ON u.id = s.user
             WHERE s.token_hash = ?1 AND s.created_at <= ?2 AND s.expires_at > ?2
               AND s.last_seen_at > ?3 AND u.suspended_at IS NULL",
        )?
        .query_row((token, now, now.saturating_sub(idle_ms)), |row| {
            Ok(Session {
                user: User::from_row(row)?,
                created_at: row.get("began")?,
                last_seen_at: row.get("last_seen_at")?,
                expires_at: row.get("expires_at")?,
            })
        })
        .optional()?)
}

pub fn touch(tx: &Transaction<'_>, token: &TokenHash, now: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE sessions SET last_seen_at = ? WHERE token_hash = ?")?
        .execute((now, token))?;
    Ok(())
}

/// Whether anybody used a session that is valid at `now` within a span of time before it.
pub fn is_anyone_active(conn: &Connection, since: UnixMs, now: UnixMs) -> Result<bool, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT 1 FROM sessions s JOIN users u ON u.id = s.user WHERE s.last_seen_at BETWEEN ?1 AND ?2
             AND s.expires_at > ?2 AND u.suspended_at IS NULL LIMIT 1",
        )?
        .exists((since, now))?)
}

/// Ends one session; does nothing if it is gone already.
pub fn revoke(tx: &Transaction<'_>, token: &TokenHash) -> Result<(), StoreError> {
    tx.execute("DELETE FROM sessions WHERE token_hash = ?", [token])?;
    Ok(())
}

pub fn revoke_all(tx: &Transaction<'_>, user: UserId) -> Result<(), StoreError> {
    tx.execute("DELETE FROM sessions WHERE user = ?", [user])?;
    Ok(())
}

/// Ends every session of everybody.
pub fn end_all(tx: &Transaction<'_>) -> Result<(), StoreError> {
    tx.execute("DELETE FROM sessions", [])?;
    Ok(())
}

/// Ends every session of a person except this one.
pub fn revoke_others(
    tx: &Transaction<'_>,
    user: UserId,
    but: &TokenHash,
) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM sessions WHERE user = ? AND token_hash <> ?",
        (user, but),
    )?;
    Ok(())
}

/// How many unexpired sessions a person has, and when one was last used.
pub fn of_user(
    conn: &Connection,
    user: UserId,
    now: UnixMs,
) -> Result<(u32, Option<UnixMs>), StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT count(*), max(last_seen_at) FROM sessions WHERE user = ? AND expires_at > ?",
        )?
        .query_row((user, now), |row| Ok((row.get(0)?, row.get(1)?)))?)
}

/// Returns how many it removed.
pub fn purge_expired(tx: &Transaction<'_>, now: UnixMs) -> Result<usize, StoreError> {
    Ok(tx.execute("DELETE FROM sessions WHERE expires_at <= ?", [now])?)
}
