//! Work for a CRM: one lead to analyse, or all open leads of an account.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde_json::Value;

use super::accounts::Account;
use crate::store::rows::columns;
use crate::store::values::{Json, text_enum};
use crate::store::{CrmAccountId, CrmJobId, Scoped, StoreError, UnixMs, WorkspaceId};

text_enum! {
    pub enum CrmJobKind {
        /// One lead.
        Analyse = "analyse",
        /// Every open lead.
        Backfill = "backfill",
    }
}

text_enum! {
    pub enum CrmJobState {
        Queued = "queued",
        Running = "running",
        Paused = "paused",
        Done = "done",
        Failed = "failed",
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct CrmJob {
    pub id: CrmJobId,
    pub workspace: WorkspaceId,
    pub account: CrmAccountId,
    pub kind: CrmJobKind,
    /// Empty for all leads.
    pub lead: String,
    pub state: CrmJobState,
    pub attempts: u32,
    pub next_at: UnixMs,
    /// How far it is.
    pub progress: Value,
    pub error: Option<String>,
    pub created_at: UnixMs,
    pub ended_at: Option<UnixMs>,
}

columns! {
    COLUMNS of CrmJob {
        id, workspace, account, kind, lead, state, attempts, next_at, progress: json, error, created_at,
        ended_at
    }
}

/// Queues work, unless the same is queued or paused already; returns its id then.
pub fn enqueue(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    kind: CrmJobKind,
    lead: &str,
    now: UnixMs,
) -> Result<CrmJobId, StoreError> {
    let queued = tx
        .prepare_cached(
            "SELECT id FROM crm_jobs WHERE account = ? AND kind = ? AND lead = ? AND state IN ('queued', 'paused')",
        )?
        .query_row((account.id, kind, lead), |row| row.get(0))
        .optional()?;
    if let Some(id) = queued {
        return Ok(id);
    }
    let id = CrmJobId::new();
    tx.prepare_cached(
        "INSERT INTO crm_jobs (id, workspace, account, kind, lead, state, next_at, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, 'queued', ?6, ?6)",
    )?
    .execute((id, account.workspace(), account.id, kind, lead, now))?;
    Ok(id)
}

/// Takes the job that waits longest and marks it as running.
pub fn take(tx: &Transaction<'_>, now: UnixMs) -> Result<Option<CrmJob>, StoreError> {
    let found = tx
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM crm_jobs WHERE state = 'queued' AND next_at <= ? ORDER BY next_at, id LIMIT 1"
        ))?
        .query_row([now], CrmJob::from_row)
        .optional()?;
    let Some(mut job) = found else {
        return Ok(None);
    };
    tx.prepare_cached(
        "UPDATE crm_jobs SET state = 'running', attempts = attempts + 1 WHERE id = ?",
    )?
    .execute([job.id])?;
    (job.state, job.attempts) = (CrmJobState::Running, job.attempts.saturating_add(1));
    Ok(Some(job))
}

/// Queues again what was running when the server ended, unless the same is queued; that is dropped.
pub fn resume_all(tx: &Transaction<'_>, now: UnixMs) -> Result<usize, StoreError> {
    tx.execute(
        "DELETE FROM crm_jobs AS j WHERE state = 'running' AND EXISTS (SELECT 1 FROM crm_jobs q
             WHERE q.account = j.account AND q.kind = j.kind AND q.lead = j.lead AND q.id <> j.id
               AND (q.state IN ('queued', 'paused') OR (q.state = 'running' AND q.id > j.id)))",
        (),
    )?;
    let sql = "UPDATE crm_jobs SET state = 'queued', next_at = ? WHERE state = 'running'";
    Ok(tx.execute(sql, [now])?)
}

/// What came of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended<'a> {
    Done,
    Failed(&'a str),
    RetryAt(UnixMs, &'a str),
}

pub fn end(
    tx: &Transaction<'_>,
    id: CrmJobId,
    ended: Ended<'_>,
    now: UnixMs,
) -> Result<(), StoreError> {
    let (state, error, next_at, ended_at) = match ended {
        Ended::Done => (CrmJobState::Done, None, None, Some(now)),
        Ended::Failed(error) => (CrmJobState::Failed, Some(error), None, Some(now)),
        Ended::RetryAt(at, error) => (CrmJobState::Queued, Some(error), Some(at), None),
    };
    let again = state == CrmJobState::Queued;
    if again {
        // The same may have been queued while this one ran; then that one goes on.
        let twin = "DELETE FROM crm_jobs AS j WHERE id = ?1 AND EXISTS (SELECT 1 FROM crm_jobs q
                    WHERE q.account = j.account AND q.kind = j.kind AND q.lead = j.lead AND q.id <> j.id
                      AND q.state IN ('queued', 'paused'))";
        tx.execute(twin, [id])?;
    }
    tx.prepare_cached(
        "UPDATE crm_jobs SET state = ?2, error = ?3, next_at = coalesce(?4, next_at), ended_at = ?5
         WHERE id = ?1 AND state = 'running'",
    )?
    .execute((id, state, error, next_at, ended_at))?;
    Ok(())
}

pub fn set_progress(
    tx: &Transaction<'_>,
    id: CrmJobId,
    progress: &Value,
) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE crm_jobs SET progress = ? WHERE id = ?")?
        .execute((Json(progress), id))?;
    Ok(())
}

pub fn get(
    conn: &Connection,
    workspace: WorkspaceId,
    id: CrmJobId,
) -> Result<Scoped<CrmJob>, StoreError> {
    conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM crm_jobs WHERE workspace = ? AND id = ?"
    ))?
    .query_row((workspace, id), CrmJob::from_row)
    .optional()?
    .map(|job| Scoped::proven(workspace, job))
    .ok_or(StoreError::NotFound("the job"))
}

/// The latest jobs of a workspace, newest first.
pub fn list(
    conn: &Connection,
    workspace: WorkspaceId,
    limit: u32,
) -> Result<Vec<CrmJob>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM crm_jobs WHERE workspace = ? ORDER BY id DESC LIMIT ?"
    ))?;
    let rows = statement.query_map((workspace, limit), CrmJob::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Pauses a job, or lets it go on; returns false if it has ended.
pub fn set_paused(
    tx: &Transaction<'_>,
    job: &Scoped<CrmJob>,
    paused: bool,
    now: UnixMs,
) -> Result<bool, StoreError> {
    let sql = match paused {
        true => {
            "UPDATE crm_jobs SET state = 'paused' WHERE id = ?1 AND state IN ('queued', 'running') AND ?2 >= 0"
        }
        false => {
            "UPDATE crm_jobs SET state = 'queued', next_at = ?2 WHERE id = ?1 AND state = 'paused'"
        }
    };
    Ok(tx.prepare_cached(sql)?.execute((job.id, now))? > 0)
}

/// Removes jobs that ended at or before `before`; returns how many.
pub fn purge(tx: &Transaction<'_>, before: UnixMs) -> Result<usize, StoreError> {
    Ok(tx.execute("DELETE FROM crm_jobs WHERE ended_at <= ?", [before])?)
}
