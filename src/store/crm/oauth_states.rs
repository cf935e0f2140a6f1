//! The `state` of an OAuth round trip: a random token that is used once, stored as a hash.

use rusqlite::{Connection, OptionalExtension, Transaction};

use crate::store::rows::{columns, insert};
use crate::store::token::TokenHash;
use crate::store::{StoreError, UnixMs, WorkspaceId};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OauthState {
    pub workspace: WorkspaceId,
    /// The app; `None` while the CRM has not told it.
    pub client_id: Option<String>,
    pub redirect_uri: String,
}

columns! { COLUMNS of OauthState { workspace, client_id, redirect_uri } }

pub fn create(
    tx: &Transaction<'_>,
    hash: TokenHash,
    state: &OauthState,
    expires_at: UnixMs,
) -> Result<(), StoreError> {
    insert!(tx into crm_oauth_states {
        hash, workspace: state.workspace, client_id: state.client_id, redirect_uri: state.redirect_uri,
        expires_at
    })?;
    Ok(())
}

/// Reads a state that was not used and did not expire, and leaves it there.
pub fn peek(
    conn: &Connection,
    hash: TokenHash,
    now: UnixMs,
) -> Result<Option<OauthState>, StoreError> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM crm_oauth_states WHERE hash = ? AND expires_at > ?"
        ))?
        .query_row((hash, now), OauthState::from_row)
        .optional()?)
}

/// Uses a state up; `None` if it is unknown, used or expired.
pub fn take(
    tx: &Transaction<'_>,
    hash: TokenHash,
    now: UnixMs,
) -> Result<Option<OauthState>, StoreError> {
    let found = peek(tx, hash, now)?;
    tx.prepare_cached("DELETE FROM crm_oauth_states WHERE hash = ?")?
        .execute([hash])?;
    Ok(found)
}

/// Notes the app that the CRM made for this round trip, once; returns false if one was noted before.
pub fn set_client(
    tx: &Transaction<'_>,
    hash: TokenHash,
    client_id: &str,
) -> Result<bool, StoreError> {
    let changed = tx
        .prepare_cached(
            "UPDATE crm_oauth_states SET client_id = ? WHERE hash = ? AND client_id IS NULL",
        )?
        .execute((client_id, hash))?;
    Ok(changed > 0)
}

/// Removes expired ones; returns how many.
pub fn purge_expired(tx: &Transaction<'_>, now: UnixMs) -> Result<usize, StoreError> {
    Ok(tx.execute("DELETE FROM crm_oauth_states WHERE expires_at <= ?", [now])?)
}
