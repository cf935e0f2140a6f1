//! People as the business knows them: name, how they are reached, fields of the owner's own, and what they agreed to.
//! What is to be done for them is in [`super::tasks`].

mod consents;
mod listing;
mod merge;
mod points;
mod timeline;

#[cfg(test)]
mod contacts_tests;

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde_json::{Map, Value};

use super::rows::{columns, insert};
use super::values::Json;
use super::{ContactId, ConversationId, Scoped, StoreError, UnixMs, WorkspaceId};

pub use consents::{Consent, NewConsent, add_consent, consents};
pub use listing::{ContactFilter, Listed};
pub use merge::{maybe_same, merge, merged_into};
pub use points::{Point, PointKind, add_point, find_by_point, points, remove_point};
pub use timeline::{Moment, TimelineFilter, timeline};

#[derive(Debug, Clone, PartialEq)]
pub struct Contact {
    pub id: ContactId,
    pub workspace: WorkspaceId,
    /// Empty if unknown.
    pub name: String,
    /// ISO 639-1.
    pub language: Option<String>,
    /// Values of the fields that the owner defined, by name.
    pub fields: Map<String, Value>,
    /// Whether it stays until the owner deletes it, whatever its age.
    pub pinned: bool,
    pub created_at: UnixMs,
    pub updated_at: UnixMs,
}

/// The part of a contact that people may write.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Card {
    /// Empty if unknown.
    pub name: String,
    /// ISO 639-1.
    pub language: Option<String>,
    /// Values of the fields that the owner defined, by name.
    pub fields: Map<String, Value>,
    pub pinned: bool,
}

columns! {
    COLUMNS of Contact as c {
        id, workspace, name, language, fields: json, pinned, created_at, updated_at
    }
}

pub fn create(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    card: &Card,
    now: UnixMs,
) -> Result<Scoped<Contact>, StoreError> {
    let id = ContactId::new();
    insert!(tx into contacts {
        id, workspace, name: card.name, language: card.language, fields: Json(&card.fields),
        pinned: card.pinned, created_at: now, updated_at: now
    })?;
    get(tx, workspace, id)
}

/// Finds a contact of this workspace; one that waits for deletion counts as gone.
pub fn get(
    conn: &Connection,
    workspace: WorkspaceId,
    id: ContactId,
) -> Result<Scoped<Contact>, StoreError> {
    find(conn, workspace, id, "AND c.due_at IS NULL")
}

/// Like [`get`], but also finds one that waits for deletion: for copying and erasing a person's data.
pub fn get_even_due(
    conn: &Connection,
    workspace: WorkspaceId,
    id: ContactId,
) -> Result<Scoped<Contact>, StoreError> {
    find(conn, workspace, id, "")
}

fn find(
    conn: &Connection,
    workspace: WorkspaceId,
    id: ContactId,
    and: &str,
) -> Result<Scoped<Contact>, StoreError> {
    conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM contacts c WHERE c.workspace = ? AND c.id = ? {and}"
    ))?
    .query_row((workspace, id), Contact::from_row)
    .optional()?
    .map(|contact| Scoped::proven(workspace, contact))
    .ok_or(StoreError::NotFound("the contact"))
}

/// Writes what people may write of a contact.
pub fn update(
    tx: &Transaction<'_>,
    contact: &Scoped<Contact>,
    card: &Card,
    now: UnixMs,
) -> Result<(), StoreError> {
    let changed = tx
        .prepare_cached(
            "UPDATE contacts SET name = ?, language = ?, fields = ?, pinned = ?, updated_at = max(updated_at, ?)
             WHERE workspace = ? AND id = ?",
        )?
        .execute((
            &card.name,
            &card.language,
            Json(&card.fields),
            card.pinned,
            now,
            contact.workspace(),
            contact.id,
        ))?;
    require_changed(changed)
}

/// Notes that something happened with a contact, which keeps it from growing old and shows it again if it was hidden.
pub fn touch(
    tx: &Transaction<'_>,
    contact: &Scoped<Contact>,
    now: UnixMs,
) -> Result<(), StoreError> {
    let changed = tx
        .prepare_cached(
            "UPDATE contacts SET updated_at = max(updated_at, ?), due_at = NULL WHERE workspace = ? AND id = ?",
        )?
        .execute((now, contact.workspace(), contact.id))?;
    require_changed(changed)
}

/// Makes a conversation one of this contact, unless it is another's already; returns whether it is this contact's.
pub fn join(
    tx: &Transaction<'_>,
    contact: &Scoped<Contact>,
    conversation: ConversationId,
) -> Result<bool, StoreError> {
    let changed = tx
        .prepare_cached(
            "UPDATE conversations SET contact = ?1 WHERE workspace = ?2 AND id = ?3
             AND (contact IS NULL OR contact = ?1)",
        )?
        .execute((contact.id, contact.workspace(), conversation))?;
    Ok(changed > 0)
}

/// The contact of a conversation.
pub fn of_conversation(
    conn: &Connection,
    workspace: WorkspaceId,
    conversation: ConversationId,
) -> Result<Option<Scoped<Contact>>, StoreError> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM contacts c JOIN conversations o ON o.contact = c.id
             WHERE o.workspace = ? AND o.id = ?"
        ))?
        .query_row((workspace, conversation), Contact::from_row)
        .optional()?
        .map(|contact| Scoped::proven(workspace, contact)))
}

/// The conversations of a contact, those with the latest message first, also those that wait for deletion.
pub fn conversations(
    conn: &Connection,
    contact: &Scoped<Contact>,
) -> Result<Vec<ConversationId>, StoreError> {
    super::erasure::ids(
        conn,
        "SELECT id FROM conversations WHERE workspace = ? AND contact = ? ORDER BY last_at DESC",
        (contact.workspace(), contact.id),
    )
}

fn require_changed(changed: usize) -> Result<(), StoreError> {
    match changed {
        0 => Err(StoreError::NotFound("the contact")),
        _ => Ok(()),
    }
}
