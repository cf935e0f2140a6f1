//! Retention in two steps: a row past its time is hidden, and deleted some days later unless it was shown again. No
//! list, search or answer finds hidden rows; copying and erasing a person's data still sees them.

use rusqlite::{Connection, Transaction};
use serde::Serialize;

use super::{StoreError, UnixMs, WorkspaceId};

/// Age limits of a workspace: rows before these moments are past their time.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Compared with a conversation's last message, with the last change of a contact without conversation, and with the creation
    /// of receipts outside of conversations.
    pub conversations: UnixMs,
    /// Compared with the end of a call.
    pub calls: UnixMs,
    /// Compared with the date until which a recording was to be kept.
    pub recordings: UnixMs,
}

impl Limits {
    /// Nothing is past its time.
    pub const NONE: Self = Self {
        conversations: UnixMs::MIN,
        calls: UnixMs::MIN,
        recordings: UnixMs::MIN,
    };
}

/// Numbers of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Each counts with all its messages and receipts.
    pub conversations: u64,
    /// Receipts of questions outside of conversations.
    pub receipts: u64,
    pub calls: u64,
    pub recordings: u64,
    /// Each counts with consents and tasks.
    pub contacts: u64,
}

impl Count {
    pub fn total(&self) -> u64 {
        self.conversations + self.receipts + self.calls + self.recordings + self.contacts
    }
}

/// The hidden rows of a workspace, which wait for deletion.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Waiting {
    #[serde(flatten)]
    pub count: Count,
    /// When the first of them is deleted, Unix ms.
    pub first_at: Option<UnixMs>,
    /// When the last of them is deleted, Unix ms.
    pub last_at: Option<UnixMs>,
}

/// A table with a retention time.
struct Aged {
    table: &'static str,
    /// SQL condition: rows of the workspace ?1.
    mine: &'static str,
    /// SQL condition: rows older than ?2.
    over: &'static str,
    limit: fn(&Limits) -> UnixMs,
}

const AGED: [Aged; 5] = [
    Aged {
        table: "conversations",
        mine: "workspace = ?1",
        over: "last_at <= ?2",
        limit: |limits| limits.conversations,
    },
    Aged {
        table: "receipts",
        mine: "workspace = ?1 AND conversation IS NULL",
        over: "created_at <= ?2",
        limit: |limits| limits.conversations,
    },
    Aged {
        table: "calls",
        mine: "workspace = ?1",
        over: "coalesce(ended_at < ?2, 0)",
        limit: |limits| limits.calls,
    },
    Aged {
        table: "recordings",
        mine: "call IN (SELECT id FROM calls WHERE workspace = ?1)",
        over: "purge_at <= ?2",
        limit: |limits| limits.recordings,
    },
    // After conversations: what belongs to a hidden one is hidden with it.
    Aged {
        table: "contacts",
        mine: "workspace = ?1",
        over: "(pinned = 0 AND updated_at <= ?2
                AND NOT EXISTS (SELECT 1 FROM conversations o WHERE o.contact = contacts.id AND o.due_at IS NULL)
                AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.contact = contacts.id AND t.state = 'open'))",
        limit: |limits| limits.conversations,
    },
];

/// Hides the rows of a workspace that are past their time, until their deletion at `due_at`; returns how many.
pub fn hide(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    limits: &Limits,
    due_at: UnixMs,
) -> Result<usize, StoreError> {
    let mut hidden = 0;
    for Aged {
        table,
        mine,
        over,
        limit,
    } in &AGED
    {
        let sql =
            format!("UPDATE {table} SET due_at = ?3 WHERE {mine} AND due_at IS NULL AND {over}");
        hidden += tx
            .prepare_cached(&sql)?
            .execute((workspace, limit(limits), due_at))?;
    }
    tx.prepare_cached(
        "UPDATE receipts SET due_at = ?2 WHERE due_at IS NULL AND conversation IN
             (SELECT id FROM conversations WHERE workspace = ?1 AND due_at = ?2)",
    )?
    .execute((workspace, due_at))?;
    Ok(hidden)
}

/// Shows rows again that are within their time after all; returns how many.
pub fn show(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    limits: &Limits,
) -> Result<usize, StoreError> {
    let mut shown = 0;
    for Aged {
        table,
        mine,
        over,
        limit,
    } in &AGED
    {
        let sql = format!(
            "UPDATE {table} SET due_at = NULL WHERE {mine} AND due_at IS NOT NULL AND NOT {over}"
        );
        shown += tx
            .prepare_cached(&sql)?
            .execute((workspace, limit(limits)))?;
    }
    tx.prepare_cached(
        "UPDATE receipts SET due_at = NULL WHERE due_at IS NOT NULL AND conversation IN
             (SELECT id FROM conversations WHERE workspace = ?1 AND due_at IS NULL)",
    )?
    .execute([workspace])?;
    Ok(shown)
}

/// Deletes hidden rows whose day has come, for good.
pub fn delete(tx: &Transaction<'_>, now: UnixMs) -> Result<Count, StoreError> {
    let gone = |table: &str| -> Result<u64, StoreError> {
        let sql = format!("DELETE FROM {table} WHERE due_at <= ?1");
        Ok(tx.prepare_cached(&sql)?.execute([now])? as u64)
    };
    Ok(Count {
        recordings: gone("recordings")?,
        calls: gone("calls")?,
        // Receipts of conversations are deleted with their conversation.
        receipts: {
            let sql = "DELETE FROM receipts WHERE due_at <= ?1 AND conversation IS NULL";
            tx.prepare_cached(sql)?.execute([now])? as u64
        },
        conversations: gone("conversations")?,
        contacts: gone("contacts")?,
    })
}

pub fn waiting(conn: &Connection, workspace: WorkspaceId) -> Result<Waiting, StoreError> {
    let mut all = Waiting::default();
    for Aged { table, mine, .. } in &AGED {
        let sql = format!(
            "SELECT count(*), min(due_at), max(due_at) FROM {table} WHERE {mine} AND due_at IS NOT NULL"
        );
        let (n, first, last): (i64, Option<UnixMs>, Option<UnixMs>) =
            conn.prepare_cached(&sql)?.query_row([workspace], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?))
            })?;
        let n = n.unsigned_abs();
        match *table {
            "conversations" => all.count.conversations = n,
            "receipts" => all.count.receipts = n,
            "calls" => all.count.calls = n,
            "contacts" => all.count.contacts = n,
            _ => all.count.recordings = n,
        }
        all.first_at = [all.first_at, first].into_iter().flatten().min();
        all.last_at = all.last_at.max(last);
    }
    Ok(all)
}

/// When a hidden row is deleted; `None` if it is not hidden.
pub(super) fn find_due_at(
    conn: &Connection,
    table: &'static str,
    id: impl rusqlite::ToSql,
) -> Result<Option<UnixMs>, StoreError> {
    let sql = format!("SELECT due_at FROM {table} WHERE id = ?");
    Ok(conn
        .prepare_cached(&sql)?
        .query_row([id], |row| row.get(0))?)
}

#[cfg(test)]
#[path = "due_tests.rs"]
mod tests;
