//! Keys of programs that use the HTTP API. Only the hash of a key is kept.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde::Serialize;
use utoipa::ToSchema;

use super::closures::CLOSED;
use super::rows::{columns, insert};
use super::token::TokenHash;
use super::values::Json;
use super::{ApiKeyId, StoreError, UnixMs, UserId, WorkspaceId};

/// An API key, without its secret.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = KeyView)]
pub struct ApiKey {
    /// Its id.
    #[schema(value_type = String)]
    pub id: ApiKeyId,
    /// What the owner calls it.
    pub name: String,
    /// The first characters of the secret, to recognise it by.
    pub prefix: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// The workspace it is limited to; none means all.
    #[schema(value_type = Option<String>)]
    pub workspace: Option<WorkspaceId>,
    /// When it was made, in Unix milliseconds.
    #[schema(value_type = i64)]
    pub created_at: UnixMs,
    /// When it was last used, in Unix milliseconds, to the minute.
    #[schema(value_type = Option<i64>)]
    pub last_used_at: Option<UnixMs>,
    /// When it was revoked, if it was, in Unix milliseconds.
    #[schema(value_type = Option<i64>)]
    pub revoked_at: Option<UnixMs>,
    /// Id of the person who made it, if a person did.
    #[schema(value_type = Option<String>)]
    pub made_by: Option<UserId>,
    /// Their name, unless their account was erased.
    pub maker: Option<String>,
    /// Whether it still works although its maker no longer manages what it opens: they were suspended, taken out or erased, or
    /// have another role. It works until it is revoked.
    pub left_behind: bool,
}

/// The keys with what is known of their makers.
const KEYS: &str = "(SELECT k.*, u.name AS maker,
    k.made_by IS NOT NULL AND k.revoked_at IS NULL AND NOT coalesce(
        u.suspended_at IS NULL AND (u.owns OR EXISTS (
            SELECT 1 FROM members m WHERE m.user = u.id AND m.workspace = k.workspace AND m.role IN ('owner', 'admin'))),
        0) AS left_behind
    FROM api_keys k LEFT JOIN users u ON u.id = k.made_by)";

#[derive(Debug, Clone)]
pub struct NewApiKey<'a> {
    pub name: &'a str,
    pub token: TokenHash,
    pub prefix: &'a str,
    pub scopes: &'a [String],
    /// `None` lets the key into every workspace.
    pub workspace: Option<WorkspaceId>,
    pub made_by: Option<UserId>,
}

columns! {
    COLUMNS of ApiKey {
        id, name, prefix, scopes: json, workspace, created_at, last_used_at, revoked_at, made_by, maker, left_behind
    }
}

pub fn create(
    tx: &Transaction<'_>,
    new: &NewApiKey<'_>,
    now: UnixMs,
) -> Result<ApiKeyId, StoreError> {
    let id = ApiKeyId::new();
    insert!(tx into api_keys {
        id, name: new.name, token_hash: new.token, prefix: new.prefix, scopes: Json(new.scopes),
        workspace: new.workspace, created_at: now, made_by: new.made_by
    })?;
    Ok(id)
}

/// The key with this secret, unless it was revoked.
pub fn find_active_by_hash(
    conn: &Connection,
    token: &TokenHash,
) -> Result<Option<ApiKey>, StoreError> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM {KEYS} WHERE token_hash = ? AND revoked_at IS NULL"
        ))?
        .query_row([token], ApiKey::from_row)
        .optional()?)
}

/// Whether the key exists, was not revoked, and its workspace is not closed.
pub fn is_active(conn: &Connection, id: ApiKeyId) -> Result<bool, StoreError> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT 1 FROM api_keys WHERE id = ? AND revoked_at IS NULL
             AND (workspace IS NULL OR workspace NOT IN ({CLOSED}))"
        ))?
        .exists([id])?)
}

/// Every key, newest first, including revoked ones.
pub fn list(conn: &Connection) -> Result<Vec<ApiKey>, StoreError> {
    let mut statement =
        conn.prepare_cached(&format!("SELECT {COLUMNS} FROM {KEYS} ORDER BY id DESC"))?;
    let rows = statement.query_map([], ApiKey::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The keys that a person made and that still work, newest first; of one workspace, or of all.
pub fn standing_of(
    conn: &Connection,
    maker: UserId,
    workspace: Option<WorkspaceId>,
) -> Result<Vec<ApiKey>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM {KEYS} WHERE made_by = ?1 AND revoked_at IS NULL AND (?2 IS NULL OR workspace = ?2)
         ORDER BY id DESC"
    ))?;
    let rows = statement.query_map((maker, workspace), ApiKey::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Who made a key.
pub fn maker_of(conn: &Connection, id: ApiKeyId) -> Result<Option<UserId>, StoreError> {
    let found = conn
        .prepare_cached("SELECT made_by FROM api_keys WHERE id = ?")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    Ok(found.flatten())
}

/// Ends a key. Revoking twice keeps the first time.
pub fn revoke(tx: &Transaction<'_>, id: ApiKeyId, now: UnixMs) -> Result<(), StoreError> {
    let changed = tx.execute(
        "UPDATE api_keys SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?",
        (now, id),
    )?;
    if changed == 0 {
        Err(StoreError::NotFound("the API key"))
    } else {
        Ok(())
    }
}

pub fn touch(tx: &Transaction<'_>, id: ApiKeyId, now: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE api_keys SET last_used_at = ? WHERE id = ?")?
        .execute((now, id))?;
    Ok(())
}
