//! Two contacts that are one person become one.

use rusqlite::{Connection, Transaction};
use serde_json::{Value, json};

use super::{Card, Contact, update};
use crate::store::values::Json;
use crate::store::{ContactId, Scoped, StoreError, UnixMs, erasure, events};

/// Moves everything of `from` to `into`: points, consents, conversations, tasks, and what `into` does not know itself. `from`
/// is gone afterwards, which cannot be undone. `by` is the id of who did it.
///
/// `Conflict` for a contact with itself.
pub fn merge(
    tx: &Transaction<'_>,
    from: &Scoped<Contact>,
    into: &Scoped<Contact>,
    by: &str,
    now: UnixMs,
) -> Result<(), StoreError> {
    let workspace = into.workspace();
    if from.id == into.id || from.workspace() != workspace {
        return Err(StoreError::Conflict(
            "a contact cannot be merged with itself".into(),
        ));
    }
    // Where both have a point, one proof is enough.
    tx.execute(
        "UPDATE contact_points SET verified = 1 WHERE contact = ?2 AND EXISTS (
             SELECT 1 FROM contact_points p WHERE p.contact = ?1 AND p.kind = contact_points.kind
             AND p.value = contact_points.value AND p.verified)",
        (from.id, into.id),
    )?;
    tx.execute(
        "UPDATE OR IGNORE contact_points SET contact = ?2 WHERE contact = ?1",
        (from.id, into.id),
    )?;
    for table in ["consents", "tasks", "conversations", "visitors"] {
        let sql = format!("UPDATE {table} SET contact = ?2 WHERE contact = ?1 AND workspace = ?3");
        tx.execute(&sql, (from.id, into.id, workspace))?;
    }
    let card = complete(into, from);
    update(tx, into, &card, now)?;
    tx.execute(
        "UPDATE contacts SET created_at = min(created_at, ?), due_at = NULL WHERE id = ?",
        (from.created_at, into.id),
    )?;
    let (old, new) = (from.id.to_string(), into.id.to_string());
    let told = json!({ "into": new, "by": by });
    events::append(tx, workspace, "contact_merged", &old, &told, now)?;
    let told = json!({ "merged": old, "by": by });
    events::append(tx, workspace, "contact_changed", &new, &told, now)?;
    tx.execute(
        "DELETE FROM contacts WHERE workspace = ? AND id = ?",
        (workspace, from.id),
    )?;
    Ok(())
}

/// The card of `into` with what only `from` knows.
fn complete(into: &Contact, from: &Contact) -> Card {
    let name = match into.name.is_empty() {
        true => from.name.clone(),
        false => into.name.clone(),
    };
    let mut fields = into.fields.clone();
    for (field, value) in &from.fields {
        if fields.get(field).is_none_or(Value::is_null) {
            fields.insert(field.clone(), value.clone());
        }
    }
    Card {
        name,
        language: into.language.clone().or_else(|| from.language.clone()),
        fields,
        pinned: into.pinned || from.pinned,
    }
}

/// The contacts that became part of this one, however long ago: a backup from before still has them.
pub fn merged_into(
    conn: &Connection,
    contact: &Scoped<Contact>,
) -> Result<Vec<ContactId>, StoreError> {
    let mut all = Vec::new();
    let mut open = vec![contact.id];
    while let Some(id) = open.pop() {
        let found: Vec<Json<Value>> = erasure::ids(
            conn,
            "SELECT data FROM events WHERE subject = ? AND workspace = ? AND kind = 'contact_changed'
             AND json_extract(data, '$.merged') IS NOT NULL",
            (id.to_string(), contact.workspace()),
        )?;
        for Json(data) in found {
            let merged = data.get("merged").and_then(Value::as_str);
            let Some(merged) = merged.and_then(|id| id.parse::<ContactId>().ok()) else {
                continue;
            };
            if merged != contact.id && !all.contains(&merged) {
                all.push(merged);
                open.push(merged);
            }
        }
    }
    Ok(all)
}

/// Contacts that may be the same person, by what somebody claimed of themselves; each once, the latest first. Some may be gone.
pub fn maybe_same(
    conn: &Connection,
    contact: &Scoped<Contact>,
) -> Result<Vec<ContactId>, StoreError> {
    let found: Vec<String> = erasure::ids(
        conn,
        "SELECT json_extract(data, '$.maybe') FROM events WHERE subject = ? AND workspace = ?
         AND kind = 'contact_changed' AND json_extract(data, '$.maybe') IS NOT NULL ORDER BY id DESC LIMIT 20",
        (contact.id.to_string(), contact.workspace()),
    )?;
    let mut all: Vec<ContactId> = Vec::new();
    for id in found.iter().filter_map(|id| id.parse().ok()) {
        if !all.contains(&id) {
            all.push(id);
        }
    }
    Ok(all)
}
