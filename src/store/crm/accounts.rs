//! Connected accounts, and their tokens.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde_json::Value;

use crate::store::rows::{columns, insert};
use crate::store::token::TokenHash;
use crate::store::values::{Json, text_enum};
use crate::store::{CrmAccountId, Scoped, StoreError, UnixMs, WorkspaceId};

text_enum! {
    pub enum CrmKind {
        Kommo = "kommo",
        /// Any program that speaks our webhook, or a CSV file.
        Generic = "generic",
    }
}

text_enum! {
    pub enum AccountState {
        Active = "active",
        /// The CRM no longer lets us in.
        Revoked = "revoked",
        /// The account over there is not paid for.
        Unpaid = "unpaid",
        /// The owner disconnected it and keeps the copies.
        Off = "off",
    }
}

/// Without its tokens, which only [`tokens`] reads.
#[derive(Debug, Clone, PartialEq)]
pub struct Account {
    pub id: CrmAccountId,
    pub workspace: WorkspaceId,
    pub kind: CrmKind,
    /// The CRM's own number of the account.
    pub remote_id: String,
    /// The app that it is connected through; empty for a token that the owner pasted.
    pub client_id: String,
    /// Who let us in over there.
    pub user_id: Option<String>,
    pub name: String,
    pub host: String,
    pub state: AccountState,
    /// Why it is not active, as a sentence.
    pub reason: Option<String>,
    pub settings: Value,
    pub expires_at: Option<UnixMs>,
    pub created_at: UnixMs,
    pub changed_at: UnixMs,
}

columns! {
    COLUMNS of Account {
        id, workspace, kind, remote_id, client_id, user_id, name, host, state, reason, settings: json,
        expires_at, created_at, changed_at
    }
}

/// What opens an account. Not `Debug`, so that no log has it.
#[derive(Clone, PartialEq, Eq)]
pub struct Tokens {
    pub access: String,
    /// `None` for a token that cannot be renewed.
    pub refresh: Option<String>,
    /// `None` if it is not known.
    pub expires_at: Option<UnixMs>,
}

/// Not `Debug`, as it holds the hook's secret.
#[derive(Clone)]
pub struct NewAccount<'a> {
    pub kind: CrmKind,
    pub remote_id: &'a str,
    pub client_id: &'a str,
    pub user_id: Option<&'a str>,
    pub name: &'a str,
    pub host: &'a str,
    /// Not taken if the account was there before, as the CRM knows the old one.
    pub hook_secret: &'a str,
}

/// Adds an account, or connects one again that was there.
///
/// # Errors
/// `Conflict` if another workspace has it.
pub fn keep(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    new: &NewAccount<'_>,
    tokens: Option<&Tokens>,
    now: UnixMs,
) -> Result<Scoped<Account>, StoreError> {
    let known: Option<(CrmAccountId, WorkspaceId)> = tx
        .prepare_cached(
            "SELECT id, workspace FROM crm_accounts WHERE kind = ? AND remote_id = ? AND client_id = ?",
        )?
        .query_row((new.kind, new.remote_id, new.client_id), |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let id = match known {
        Some((_, of)) if of != workspace => {
            let told = "another workspace is connected to this account";
            return Err(StoreError::Conflict(told.into()));
        }
        Some((id, _)) => {
            tx.prepare_cached(
                "UPDATE crm_accounts SET user_id = ?2, name = ?3, host = ?4, state = 'active', reason = NULL,
                     changed_at = ?5 WHERE id = ?1",
            )?
            .execute((id, new.user_id, new.name, new.host, now))?;
            id
        }
        None => {
            let id = CrmAccountId::new();
            insert!(tx into crm_accounts {
                id, workspace, kind: new.kind, remote_id: new.remote_id, client_id: new.client_id,
                user_id: new.user_id, name: new.name, host: new.host, state: AccountState::Active,
                settings: "{}", hook_secret: new.hook_secret, hook_hash: TokenHash::of(new.hook_secret),
                created_at: now, changed_at: now
            })?;
            id
        }
    };
    if let Some(tokens) = tokens {
        set_tokens(tx, id, tokens, now)?;
    }
    get(tx, workspace, id)
}

pub fn get(
    conn: &Connection,
    workspace: WorkspaceId,
    id: CrmAccountId,
) -> Result<Scoped<Account>, StoreError> {
    conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM crm_accounts WHERE workspace = ? AND id = ?"
    ))?
    .query_row((workspace, id), Account::from_row)
    .optional()?
    .map(|account| Scoped::proven(workspace, account))
    .ok_or(StoreError::NotFound("the account of the CRM"))
}

/// The accounts of a workspace, oldest first.
pub fn list(conn: &Connection, workspace: WorkspaceId) -> Result<Vec<Account>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM crm_accounts WHERE workspace = ? ORDER BY created_at, id"
    ))?;
    let rows = statement.query_map([workspace], Account::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The account whose hooks come to an address with this secret.
pub fn find_by_hook(
    conn: &Connection,
    secret: &str,
) -> Result<Option<Scoped<Account>>, StoreError> {
    let found = conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM crm_accounts WHERE hook_hash = ?"
        ))?
        .query_row([TokenHash::of(secret)], Account::from_row)
        .optional()?;
    Ok(found.map(|account| Scoped::proven(account.workspace, account)))
}

/// An account by what the CRM calls it, in whichever workspace. The caller proves that it is the CRM who asks.
pub fn find_remote(
    conn: &Connection,
    kind: CrmKind,
    remote_id: &str,
    client_id: &str,
) -> Result<Option<Scoped<Account>>, StoreError> {
    let found = conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM crm_accounts WHERE kind = ? AND remote_id = ? AND client_id = ?"
        ))?
        .query_row((kind, remote_id, client_id), Account::from_row)
        .optional()?;
    Ok(found.map(|account| Scoped::proven(account.workspace, account)))
}

/// `None` once they were deleted.
pub fn tokens(conn: &Connection, id: CrmAccountId) -> Result<Option<Tokens>, StoreError> {
    let sql = "SELECT access_token, refresh_token, expires_at FROM crm_accounts
               WHERE id = ? AND access_token IS NOT NULL";
    Ok(conn
        .prepare_cached(sql)?
        .query_row([id], |row| {
            Ok(Tokens {
                access: row.get(0)?,
                refresh: row.get(1)?,
                expires_at: row.get(2)?,
            })
        })
        .optional()?)
}

/// The secret part of the address that its hooks come to.
pub fn hook_secret(conn: &Connection, account: &Scoped<Account>) -> Result<String, StoreError> {
    let sql = "SELECT hook_secret FROM crm_accounts WHERE id = ?";
    Ok(conn
        .prepare_cached(sql)?
        .query_row([account.id], |row| row.get(0))?)
}

/// Replaces all tokens at once.
pub fn set_tokens(
    tx: &Transaction<'_>,
    id: CrmAccountId,
    tokens: &Tokens,
    now: UnixMs,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE crm_accounts SET access_token = ?2, refresh_token = ?3, expires_at = ?4, changed_at = ?5
         WHERE id = ?1",
    )?
    .execute((id, &tokens.access, &tokens.refresh, tokens.expires_at, now))?;
    Ok(())
}

/// Deletes the tokens, and says why the account is no longer used.
pub fn forget_tokens(
    tx: &Transaction<'_>,
    id: CrmAccountId,
    state: AccountState,
    reason: Option<&str>,
    now: UnixMs,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE crm_accounts SET access_token = NULL, refresh_token = NULL, expires_at = NULL, state = ?2,
             reason = ?3, changed_at = ?4 WHERE id = ?1",
    )?
    .execute((id, state, reason, now))?;
    Ok(())
}

pub fn set_state(
    tx: &Transaction<'_>,
    id: CrmAccountId,
    state: AccountState,
    reason: Option<&str>,
    now: UnixMs,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE crm_accounts SET state = ?2, reason = ?3, changed_at = ?4 WHERE id = ?1",
    )?
    .execute((id, state, reason, now))?;
    Ok(())
}

/// The account has another address now.
pub fn set_host(
    tx: &Transaction<'_>,
    id: CrmAccountId,
    host: &str,
    now: UnixMs,
) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE crm_accounts SET host = ?2, changed_at = ?3 WHERE id = ?1")?
        .execute((id, host, now))?;
    Ok(())
}

pub fn set_settings(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    settings: &Value,
    now: UnixMs,
) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE crm_accounts SET settings = ?2, changed_at = ?3 WHERE id = ?1")?
        .execute((account.id, Json(settings), now))?;
    Ok(())
}

/// Whether any account at this host is connected.
pub fn is_host_connected(conn: &Connection, host: &str) -> Result<bool, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT 1 FROM crm_accounts WHERE host = ? AND state IN ('active', 'unpaid') LIMIT 1",
        )?
        .exists([host])?)
}
