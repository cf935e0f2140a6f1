//! Second factors of people who sign in: the secret from which an app computes codes, and recovery codes.
//!
//! The server computes codes from the secret too, so it cannot be stored as a hash. It is in the database as it is, and
//! nowhere else; the encryption of the whole file (SQLCipher) protects it. Recovery codes are stored as hashes only.

use rusqlite::{Connection, OptionalExtension, Transaction};
use zeroize::Zeroizing;

use super::token::TokenHash;
use super::{StoreError, UnixMs, UserId};

/// As long as a SHA-1 digest, which RFC 4226 recommends (section 4, R6).
pub const SECRET_BYTES: usize = 20;

#[derive(Clone, PartialEq)]
pub struct SecondFactor {
    /// The key from which codes are computed.
    pub secret: Zeroizing<[u8; SECRET_BYTES]>,
    pub created_at: UnixMs,
    /// When a correct code proved that an app has the secret; until then the factor does not count.
    pub confirmed_at: Option<UnixMs>,
}

impl std::fmt::Debug for SecondFactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SecondFactor")
            .field("confirmed_at", &self.confirmed_at)
            .finish_non_exhaustive()
    }
}

/// Stores an unconfirmed secret, replacing an earlier unconfirmed one. `Conflict` if the person already has a second
/// factor.
pub fn propose(
    tx: &Transaction<'_>,
    user: UserId,
    secret: &[u8; SECRET_BYTES],
    now: UnixMs,
) -> Result<(), StoreError> {
    let changed = tx
        .prepare_cached(
            "INSERT INTO second_factors (user, secret, created_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (user) DO UPDATE SET secret = ?2, created_at = ?3, last_step = 0
             WHERE confirmed_at IS NULL",
        )?
        .execute((user, secret, now))?;
    if changed == 0 {
        return Err(StoreError::Conflict(
            "the second factor is on already".into(),
        ));
    }
    Ok(())
}

/// The second factor of a person, confirmed or not.
pub fn find(conn: &Connection, user: UserId) -> Result<Option<SecondFactor>, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT secret, created_at, confirmed_at FROM second_factors WHERE user = ?",
        )?
        .query_row([user], |row| {
            Ok(SecondFactor {
                secret: Zeroizing::new(row.get("secret")?),
                created_at: row.get("created_at")?,
                confirmed_at: row.get("confirmed_at")?,
            })
        })
        .optional()?)
}

/// Whether a person has a confirmed second factor.
pub fn is_on(conn: &Connection, user: UserId) -> Result<bool, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM second_factors WHERE user = ? AND confirmed_at IS NOT NULL)",
        )?
        .query_row([user], |row| row.get(0))?)
}

/// Makes the second factor count from now on.
pub fn confirm(tx: &Transaction<'_>, user: UserId, now: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE second_factors SET confirmed_at = ? WHERE user = ?")?
        .execute((now, user))?;
    Ok(())
}

/// Uses up a time step. True once per step, and never for a step before one that was used.
pub fn use_step(tx: &Transaction<'_>, user: UserId, step: i64) -> Result<bool, StoreError> {
    let changed = tx
        .prepare_cached(
            "UPDATE second_factors SET last_step = ?1 WHERE user = ?2 AND last_step < ?1",
        )?
        .execute((step, user))?;
    Ok(changed == 1)
}

/// Removes the second factor of a person with its recovery codes; false if there was none.
pub fn remove(tx: &Transaction<'_>, user: UserId) -> Result<bool, StoreError> {
    let removed = tx
        .prepare_cached("DELETE FROM second_factors WHERE user = ?")?
        .execute([user])?;
    Ok(removed == 1)
}

/// Replaces the recovery codes of a person who has a second factor.
pub fn set_recovery_codes(
    tx: &Transaction<'_>,
    user: UserId,
    codes: &[TokenHash],
) -> Result<(), StoreError> {
    tx.execute("DELETE FROM recovery_codes WHERE user = ?", [user])?;
    let mut insert =
        tx.prepare_cached("INSERT INTO recovery_codes (user, code_hash) VALUES (?, ?)")?;
    for code in codes {
        insert.execute((user, code))?;
    }
    Ok(())
}

/// Uses up a recovery code: true once per code.
pub fn use_recovery_code(
    tx: &Transaction<'_>,
    user: UserId,
    code: &TokenHash,
) -> Result<bool, StoreError> {
    let removed = tx
        .prepare_cached("DELETE FROM recovery_codes WHERE user = ? AND code_hash = ?")?
        .execute((user, code))?;
    Ok(removed == 1)
}

/// How many recovery codes a person has left.
pub fn recovery_codes_left(conn: &Connection, user: UserId) -> Result<u32, StoreError> {
    Ok(conn
        .prepare_cached("SELECT count(*) FROM recovery_codes WHERE user = ?")?
        .query_row([user], |row| row.get(0))?)
}

/// Removes secrets created at or before `before` that were never confirmed; returns how many.
pub fn purge_unconfirmed(tx: &Transaction<'_>, before: UnixMs) -> Result<usize, StoreError> {
    Ok(tx.execute(
        "DELETE FROM second_factors WHERE confirmed_at IS NULL AND created_at <= ?",
        [before],
    )?)
}
