//! Ratings: whether an answer was good, as a person said.

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::receipts::Receipt;
use super::rows::columns;
use super::{ReceiptId, Scoped, StoreError, UnixMs, WorkspaceId};

/// What a person said about an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rating {
    /// The answer's receipt.
    pub receipt: ReceiptId,
    /// 1 for good, -1 for bad.
    pub value: i8,
    /// What was said with it.
    pub comment: String,
    /// When.
    pub created_at: UnixMs,
}

columns! { COLUMNS of Rating { receipt, value, comment, created_at } }

/// Keeps a rating; a later one of the same answer takes its place.
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

/// Takes the rating of an answer back, if it has one.
pub fn remove(tx: &Transaction<'_>, receipt: &Scoped<Receipt>) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM ratings WHERE workspace = ? AND receipt = ?")?
        .execute((receipt.workspace(), receipt.id))?;
    Ok(())
}

/// The rating of an answer, if it has one.
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
