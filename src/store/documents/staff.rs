//! Documents that only staff get answers from.

use std::collections::HashSet;

use rusqlite::{Connection, Transaction};

use super::Document;
use crate::store::values::Json;
use crate::store::{Scoped, StoreError, UnixMs, WorkspaceId};

/// Hides a document from visitors, or shows it to them again.
pub fn set_staff_only(
    tx: &Transaction<'_>,
    document: &Scoped<Document>,
    staff_only: bool,
    now: UnixMs,
) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE documents SET staff_only = ?, updated_at = ? WHERE id = ?")?
        .execute((staff_only, now, document.id))?;
    Ok(())
}

/// Which of these chunks are of documents for staff only.
pub fn staff_only_chunks(
    conn: &Connection,
    workspace: WorkspaceId,
    chunks: &[i64],
) -> Result<HashSet<i64>, StoreError> {
    let any = conn
        .prepare_cached("SELECT 1 FROM documents WHERE workspace = ? AND staff_only = 1 LIMIT 1")?
        .exists([workspace])?;
    if !any {
        return Ok(HashSet::new());
    }
    Ok(conn
        .prepare_cached(
            "SELECT c.id FROM chunks c JOIN documents d ON d.id = c.document
             WHERE d.workspace = ? AND d.staff_only = 1 AND c.id IN (SELECT value FROM json_each(?))",
        )?
        .query_map((workspace, Json(chunks)), |row| row.get(0))?
        .collect::<Result<_, _>>()?)
}
