//! Apps that an owner registered at a CRM: with them accounts are connected, and the CRM's widget signs.

use rusqlite::{Connection, OptionalExtension, Transaction};

use crate::store::rows::{columns, insert};
use crate::store::{StoreError, UnixMs, WorkspaceId};

/// Not `Debug`, so that no log has the secret.
#[derive(Clone, PartialEq)]
pub struct Integration {
    pub workspace: WorkspaceId,
    /// The CRM's id of it.
    pub client_id: String,
    pub client_secret: String,
    pub redirect_uri: String,
    pub changed_at: UnixMs,
}

columns! { COLUMNS of Integration { workspace, client_id, client_secret, redirect_uri, changed_at } }

/// Adds an app, or replaces its secret and address.
///
/// # Errors
/// `Conflict` if it belongs to another workspace.
pub fn keep(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    client_id: &str,
    client_secret: &str,
    redirect_uri: &str,
    now: UnixMs,
) -> Result<(), StoreError> {
    if let Some(known) = find(tx, client_id)? {
        if known.workspace != workspace {
            let told = "another workspace uses this integration";
            return Err(StoreError::Conflict(told.into()));
        }
        tx.prepare_cached(
            "UPDATE crm_integrations SET client_secret = ?, redirect_uri = ?, changed_at = ?
             WHERE client_id = ?",
        )?
        .execute((client_secret, redirect_uri, now, client_id))?;
        return Ok(());
    }
    insert!(tx into crm_integrations {
        workspace, client_id, client_secret, redirect_uri, created_at: now, changed_at: now
    })?;
    Ok(())
}

/// Any workspace's, as who calls is known by it alone.
pub fn find(conn: &Connection, client_id: &str) -> Result<Option<Integration>, StoreError> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM crm_integrations WHERE client_id = ?"
        ))?
        .query_row([client_id], Integration::from_row)
        .optional()?)
}

/// Their ids, oldest first.
pub fn list(conn: &Connection, workspace: WorkspaceId) -> Result<Vec<String>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT client_id FROM crm_integrations WHERE workspace = ? ORDER BY created_at, client_id",
    )?;
    let rows = statement.query_map([workspace], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Forgets an app; returns whether it was there. Accounts that were connected through it can no longer renew their tokens.
pub fn delete(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    client_id: &str,
) -> Result<bool, StoreError> {
    let sql = "DELETE FROM crm_integrations WHERE workspace = ? AND client_id = ?";
    Ok(tx.execute(sql, (workspace, client_id))? > 0)
}
