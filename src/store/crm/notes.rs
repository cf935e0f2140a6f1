//! Notes that we wrote into a CRM, so that they are known again.

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::accounts::Account;
use crate::store::{Scoped, StoreError, UnixMs};

/// Remembers a note; `message` is what it transcribes.
pub fn keep(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    id: &str,
    lead: &str,
    message: Option<&str>,
    now: UnixMs,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO crm_notes (account, id, workspace, lead, message, created_at) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (account, id) DO NOTHING",
    )?
    .execute((account.id, id, account.workspace(), lead, message, now))?;
    Ok(())
}

/// Whether we wrote this note.
pub fn is_own(conn: &Connection, account: &Scoped<Account>, id: &str) -> Result<bool, StoreError> {
    Ok(conn
        .prepare_cached("SELECT 1 FROM crm_notes WHERE account = ? AND id = ?")?
        .exists((account.id, id))?)
}

/// The note that transcribes a message.
pub fn find_of_message(
    conn: &Connection,
    account: &Scoped<Account>,
    message: &str,
) -> Result<Option<String>, StoreError> {
    Ok(conn
        .prepare_cached("SELECT id FROM crm_notes WHERE account = ? AND message = ?")?
        .query_row((account.id, message), |row| row.get(0))
        .optional()?)
}
