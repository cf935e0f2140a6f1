//! How a contact is reached or recognised: e-mail addresses, telephone numbers, ids of the business's own site.

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::{COLUMNS, Contact};
use crate::store::rows::columns;
use crate::store::values::text_enum;
use crate::store::{ContactId, Scoped, StoreError, UnixMs, WorkspaceId};

text_enum! {
    pub enum PointKind {
        /// In lower case.
        Email = "email",
        /// A telephone number as E.164: a plus sign and digits.
        Phone = "phone",
        /// The id that the business's own site gave a signed-in visitor.
        External = "external",
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    pub contact: ContactId,
    pub kind: PointKind,
    pub value: String,
    /// Whether the person proved that it is theirs.
    pub verified: bool,
    pub created_at: UnixMs,
}

columns! { POINT of Point { contact, kind, value, verified, created_at } }

/// E-mail addresses first, then telephone numbers, then ids; each in the order in which they were added.
pub fn points(conn: &Connection, contact: &Scoped<Contact>) -> Result<Vec<Point>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {POINT} FROM contact_points WHERE contact = ?
         ORDER BY CASE kind WHEN 'email' THEN 0 WHEN 'phone' THEN 1 ELSE 2 END, created_at, rowid"
    ))?;
    let rows = statement.query_map([contact.id], Point::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Adds a point, or marks the one that is there as proved if `verified`; returns whether it is new.
pub fn add_point(
    tx: &Transaction<'_>,
    contact: &Scoped<Contact>,
    kind: PointKind,
    value: &str,
    verified: bool,
    now: UnixMs,
) -> Result<bool, StoreError> {
    let added = tx
        .prepare_cached(
            "INSERT INTO contact_points (contact, workspace, kind, value, verified, created_at)
             VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (contact, kind, value) DO NOTHING",
        )?
        .execute((contact.id, contact.workspace(), kind, value, verified, now))?;
    if added == 0 && verified {
        tx.prepare_cached(
            "UPDATE contact_points SET verified = 1 WHERE contact = ? AND kind = ? AND value = ?",
        )?
        .execute((contact.id, kind, value))?;
    }
    Ok(added > 0)
}

/// Does nothing if the contact has no such point.
pub fn remove_point(
    tx: &Transaction<'_>,
    contact: &Scoped<Contact>,
    kind: PointKind,
    value: &str,
) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM contact_points WHERE contact = ? AND kind = ? AND value = ?")?
        .execute((contact.id, kind, value))?;
    Ok(())
}

/// The contact with this point, also one that waits for deletion. Of several, one that proved it comes first, then the oldest.
pub fn find_by_point(
    conn: &Connection,
    workspace: WorkspaceId,
    kind: PointKind,
    value: &str,
) -> Result<Option<Scoped<Contact>>, StoreError> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM contact_points p JOIN contacts c ON c.id = p.contact
             WHERE p.workspace = ? AND p.kind = ? AND p.value = ?
             ORDER BY p.verified DESC, c.created_at, c.id LIMIT 1"
        ))?
        .query_row((workspace, kind, value), Contact::from_row)
        .optional()?
        .map(|contact| Scoped::proven(workspace, contact)))
}
