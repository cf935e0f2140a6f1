//! Retention in two steps: what is over its time is hidden, and deleted some days later unless it was shown again.
//! Hidden rows are found by no list, search or answer; copying and erasing what is kept of a person sees them too.

use rusqlite::{Connection, Transaction};
use serde::Serialize;

use super::{StoreError, UnixMs, WorkspaceId};

/// Up to which moment the rows of a workspace are over their time.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Conversations without a word since then, and receipts outside of conversations made before.
    pub conversations: UnixMs,
    /// Calls that ended before.
    pub calls: UnixMs,
    /// Recordings that were to be kept until then.
    pub recordings: UnixMs,
}

impl Limits {
    /// Nothing is over its time.
    pub const NONE: Self = Self {
        conversations: UnixMs::MIN,
        calls: UnixMs::MIN,
        recordings: UnixMs::MIN,
    };
}

/// Rows of what people said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// Conversations with all that belongs to them.
    pub conversations: u64,
    /// Receipts of questions outside of conversations.
    pub receipts: u64,
    /// Call records.
    pub calls: u64,
    /// Recordings.
    pub recordings: u64,
}

impl Count {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.conversations + self.receipts + self.calls + self.recordings
    }
}

/// What of a workspace is hidden and waits to be deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// How much.
    #[serde(flatten)]
    pub count: Count,
    /// When the first of it is deleted, Unix ms.
    pub first_at: Option<UnixMs>,
    /// When the last of it is deleted, Unix ms.
    pub last_at: Option<UnixMs>,
}

/// A table whose rows go by age.
struct Aged {
    table: &'static str,
    /// Its rows of the workspace ?1.
    mine: &'static str,
    /// Those of them that are over their time, as ?2 says.
    over: &'static str,
    limit: fn(&Limits) -> UnixMs,
}

const AGED: [Aged; 4] = [
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
];

/// Hides what of a workspace is over its time, to be deleted at `due_at`; how many rows that were.
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

/// Shows again what of a workspace is within its time; how many rows that were.
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

/// Deletes what was hidden and whose day has come, for good.
pub fn delete(tx: &Transaction<'_>, now: UnixMs) -> Result<Count, StoreError> {
    let gone = |table: &str| -> Result<u64, StoreError> {
        let sql = format!("DELETE FROM {table} WHERE due_at <= ?1");
        Ok(tx.prepare_cached(&sql)?.execute([now])? as u64)
    };
    Ok(Count {
        recordings: gone("recordings")?,
        calls: gone("calls")?,
        // Those of conversations go with them.
        receipts: {
            let sql = "DELETE FROM receipts WHERE due_at <= ?1 AND conversation IS NULL";
            tx.prepare_cached(sql)?.execute([now])? as u64
        },
        conversations: gone("conversations")?,
    })
}

/// What of a workspace is hidden and waits to be deleted.
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
            _ => all.count.recordings = n,
        }
        all.first_at = [all.first_at, first].into_iter().flatten().min();
        all.last_at = all.last_at.max(last);
    }
    Ok(all)
}

/// When something of a person is deleted that waits for it.
pub(super) fn of(
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
