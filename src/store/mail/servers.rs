//! A workspace's mail servers: the settings of `mail`, their passwords, and how it went with them.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde_json::Value;

use crate::store::rows::columns;
use crate::store::values::Json;
use crate::store::{StoreError, UnixMs, WorkspaceId};

/// What the owner set up. Not `Debug`, so that no log has the passwords.
#[derive(Clone, PartialEq)]
pub struct Servers {
    /// In the format of `mail`, without passwords.
    pub settings: Value,
    pub password: String,
    pub mailbox_password: String,
    pub changed_at: UnixMs,
}

columns! { SERVERS of Servers { settings: json, password, mailbox_password, changed_at } }

/// How it went with the servers; no times if nothing was tried since the last change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    pub out_ok_at: Option<UnixMs>,
    pub out_failed_at: Option<UnixMs>,
    /// Why it failed last; `None` if it worked since.
    pub out_error: Option<String>,
    pub in_ok_at: Option<UnixMs>,
    pub in_failed_at: Option<UnixMs>,
    pub in_error: Option<String>,
    pub uid_validity: Option<u32>,
    pub uid_seen: Option<u32>,
}

columns! { STATE of State {
    out_ok_at, out_failed_at, out_error, in_ok_at, in_failed_at, in_error, uid_validity, uid_seen
} }

/// A direction of mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Out,
    In,
}

/// Up to which message a mailbox was looked through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// Changes when the server renumbers its messages.
    pub validity: u32,
    /// The last UID that was looked at.
    pub seen: u32,
}

impl State {
    pub fn cursor(&self) -> Option<Cursor> {
        Some(Cursor {
            validity: self.uid_validity?,
            seen: self.uid_seen?,
        })
    }
}

pub fn find(conn: &Connection, workspace: WorkspaceId) -> Result<Option<Servers>, StoreError> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {SERVERS} FROM mail_settings WHERE workspace = ?"
        ))?
        .query_row([workspace], Servers::from_row)
        .optional()?)
}

/// Workspaces with mail, and since when their settings stand as they are.
pub fn workspaces_with_servers(
    conn: &Connection,
) -> Result<Vec<(WorkspaceId, UnixMs)>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT m.workspace, m.changed_at FROM mail_settings m LEFT JOIN closures c
             ON c.workspace = m.workspace AND c.erased_at IS NULL
         WHERE c.workspace IS NULL ORDER BY m.workspace",
    )?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Replaces the settings. What is known about how it went is forgotten; the place in the mailbox only if
/// `other_mailbox`.
pub fn keep(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    servers: &Servers,
    other_mailbox: bool,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO mail_settings (workspace, settings, password, mailbox_password, changed_at)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (workspace) DO UPDATE SET settings = excluded.settings, password = excluded.password,
             mailbox_password = excluded.mailbox_password, changed_at = excluded.changed_at,
             out_ok_at = NULL, out_failed_at = NULL, out_error = NULL,
             in_ok_at = NULL, in_failed_at = NULL, in_error = NULL,
             uid_validity = CASE ?6 WHEN 1 THEN NULL ELSE uid_validity END,
             uid_seen = CASE ?6 WHEN 1 THEN NULL ELSE uid_seen END",
    )?
    .execute((
        workspace,
        Json(&servers.settings),
        &servers.password,
        &servers.mailbox_password,
        servers.changed_at,
        other_mailbox,
    ))?;
    Ok(())
}

/// Forgets the settings; returns whether there were any.
pub fn delete(tx: &Transaction<'_>, workspace: WorkspaceId) -> Result<bool, StoreError> {
    let sql = "DELETE FROM mail_settings WHERE workspace = ?";
    Ok(tx.execute(sql, [workspace])? > 0)
}

pub fn find_state(conn: &Connection, workspace: WorkspaceId) -> Result<Option<State>, StoreError> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {STATE} FROM mail_settings WHERE workspace = ?"
        ))?
        .query_row([workspace], State::from_row)
        .optional()?)
}

/// Notes that a server did what it should.
pub fn note_ok(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    way: Way,
    now: UnixMs,
) -> Result<(), StoreError> {
    let sql = match way {
        Way::Out => {
            "UPDATE mail_settings SET out_ok_at = ?2, out_error = NULL WHERE workspace = ?1"
        }
        Way::In => "UPDATE mail_settings SET in_ok_at = ?2, in_error = NULL WHERE workspace = ?1",
    };
    tx.prepare_cached(sql)?.execute((workspace, now))?;
    Ok(())
}

/// Notes why a server could not be used.
pub fn note_failed(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    way: Way,
    error: &str,
    now: UnixMs,
) -> Result<(), StoreError> {
    let sql = match way {
        Way::Out => {
            "UPDATE mail_settings SET out_failed_at = ?2, out_error = ?3 WHERE workspace = ?1"
        }
        Way::In => "UPDATE mail_settings SET in_failed_at = ?2, in_error = ?3 WHERE workspace = ?1",
    };
    tx.prepare_cached(sql)?.execute((workspace, now, error))?;
    Ok(())
}

/// Moves the place in the mailbox forward.
pub fn set_cursor(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    cursor: Cursor,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE mail_settings SET uid_validity = ?, uid_seen = ? WHERE workspace = ?",
    )?
    .execute((cursor.validity, cursor.seen, workspace))?;
    Ok(())
}
