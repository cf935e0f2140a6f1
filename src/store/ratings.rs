//! Ratings: whether a person found an answer good.

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::receipts::Receipt;
use super::rows::columns;
use super::{ReceiptId, Scoped, StoreError, UnixMs, WorkspaceId};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rating {
    pub receipt: ReceiptId,
    /// 1 for good, -1 for bad.
    pub value: i8,
    /// May be empty.
    pub comment: String,
    pub created_at: UnixMs,
}

columns! { COLUMNS of Rating { receipt, value, comment, created_at } }

/// Replaces an earlier rating of the same answer.
pub fn set(
    tx: &Transaction<'_>,
    receipt: &Scoped<Receipt>,
    value: i8,
    comment: &str,
    now: UnixMs,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO ratings (receipt, workspace, value, comment, created_at)
         VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (receipt) DO UPDATE
         SET value = excluded.value, comment = excluded.comment, created_at = excluded.created_at",
    )?
    .execute((receipt.id, receipt.workspace(), value, comment, now))?;
    Ok(())
}

pub fn remove(tx: &Transaction<'_>, receipt: &Scoped<Receipt>) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM ratings WHERE workspace = ? AND receipt = ?")?
        .execute((receipt.workspace(), receipt.id))?;
    Ok(())
}

pub fn find(
    conn: &Connection,
    workspace: WorkspaceId,
    receipt: ReceiptId,
) -> Result<Option<Rating>, StoreError> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM ratings WHERE workspace = ? AND receipt = ?"
        ))?
        .query_row((workspace, receipt), Rating::from_row)
        .optional()?)
}
