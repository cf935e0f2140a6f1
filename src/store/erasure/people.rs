//! Erasing contacts and tasks.

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::Traces;
use crate::store::contacts::Contact;
use crate::store::conversations::Conversation;
use crate::store::tasks::Task;
use crate::store::{ContactId, Scoped, StoreError, UnixMs, events};

/// Counts what [`erase_contact`] would erase.
pub(super) fn traces_of_contact(
    conn: &Connection,
    contact: &Scoped<Contact>,
) -> Result<Traces, StoreError> {
    let count = |table: &str| -> Result<u64, StoreError> {
        let n: i64 = conn
            .prepare_cached(&format!("SELECT count(*) FROM {table} WHERE contact = ?"))?
            .query_row([contact.id], |row| row.get(0))?;
        Ok(n.unsigned_abs())
    };
    Ok(Traces {
        contacts: 1,
        tasks: count("tasks")?,
        visitors: count("visitors")?,
        ..Traces::default()
    })
}

/// Erases a contact with points, consents, tasks and the visits that its website vouched for. Conversations stay, and no
/// longer know whose they are.
pub(super) fn erase_contact(
    tx: &Transaction<'_>,
    contact: &Scoped<Contact>,
    now: UnixMs,
) -> Result<Traces, StoreError> {
    let erased = traces_of_contact(tx, contact)?;
    let id = contact.id.to_string();
    forget_told(
        tx,
        "SELECT ?1 UNION ALL SELECT id FROM tasks WHERE contact = ?1",
        &id,
    )?;
    tx.execute("DELETE FROM visitors WHERE contact = ?", [contact.id])?;
    tx.execute(
        "UPDATE conversations SET identity = NULL WHERE contact = ? AND identity IS NOT NULL",
        [contact.id],
    )?;
    tx.execute("DELETE FROM contacts WHERE id = ?", [contact.id])?;
    let data = serde_json::to_value(erased).unwrap_or_default();
    events::append(tx, contact.workspace(), "contact_erased", &id, &data, now)?;
    Ok(erased)
}

pub(super) fn erase_task(tx: &Transaction<'_>, task: &Scoped<Task>) -> Result<Traces, StoreError> {
    forget_told(tx, "SELECT ?1", &task.id.to_string())?;
    tx.execute("DELETE FROM tasks WHERE id = ?", [task.id])?;
    Ok(Traces {
        tasks: 1,
        ..Traces::default()
    })
}

/// Removes what was written to others about these things: e-mail and requests. `ids` is a query for their ids, in which ?1
/// stands for `of`.
pub(super) fn forget_told(tx: &Transaction<'_>, ids: &str, of: &str) -> Result<(), StoreError> {
    for table in ["mail_outbox", "webhook_deliveries"] {
        let sql = format!("DELETE FROM {table} WHERE about IN ({ids})");
        tx.prepare_cached(&sql)?.execute([of])?;
    }
    Ok(())
}

/// The contact of a conversation, if nothing else is known of it: no other conversation, no task beside, and the owner did
/// not pin it.
pub(super) fn last_of_contact(
    conn: &Connection,
    of: &Scoped<Conversation>,
) -> Result<Option<ContactId>, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT c.id FROM contacts c JOIN conversations o ON o.contact = c.id
             WHERE o.id = ?1 AND c.pinned = 0
             AND NOT EXISTS (SELECT 1 FROM conversations other WHERE other.contact = c.id AND other.id <> ?1)
             AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.contact = c.id AND t.conversation IS NOT ?1)",
        )?
        .query_row([of.id], |row| row.get(0))
        .optional()?)
}

#[cfg(test)]
#[path = "people_tests.rs"]
mod tests;
