//! Background jobs as rows. A worker leases a job, commits, does it, and then finishes it: no transaction stays open
//! while it runs, and a job whose worker died can be leased again.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde_json::Value;

use super::rows::{columns, insert};
use super::values::{Json, text_enum};
use super::{JobId, StoreError, UnixMs, WorkspaceId};

text_enum! {
    pub enum JobState {
        Queued = "queued",
        /// A worker has it.
        Leased = "leased",
        Done = "done",
        /// Given up after the last attempt.
        Failed = "failed",
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    pub id: JobId,
    /// `None` if it concerns the whole installation.
    pub workspace: Option<WorkspaceId>,
    pub kind: String,
    /// Arguments, in the format of its kind.
    pub payload: Value,
    pub state: JobState,
    /// How often it was leased.
    pub attempts: u32,
    /// The earliest time to run it.
    pub run_at: UnixMs,
    pub leased_until: Option<UnixMs>,
    /// Why the last attempt failed.
    pub error: Option<String>,
    pub created_at: UnixMs,
}

#[derive(Debug, Clone)]
pub struct NewJob<'a> {
    /// `None` if it concerns the whole installation.
    pub workspace: Option<WorkspaceId>,
    pub kind: &'a str,
    /// Arguments: ids, not contents.
    pub payload: &'a Value,
    /// The earliest time to run it.
    pub run_at: UnixMs,
}

/// How to retry: after `base_ms`, then with twice the delay each time up to `cap_ms`, with `max_attempts` in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Includes the first attempt.
    pub max_attempts: u32,
    pub base_ms: i64,
    pub cap_ms: i64,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            max_attempts: 5,
            base_ms: 2_000,
            cap_ms: 300_000,
        }
    }
}

impl Retry {
    /// The delay after this many attempts, in milliseconds.
    pub fn after(self, attempts: u32) -> i64 {
        let doublings = attempts.saturating_sub(1).min(32);
        self.base_ms
            .saturating_mul(1_i64 << doublings)
            .min(self.cap_ms)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterFailure {
    /// It will be retried at this time.
    RetryAt(UnixMs),
    /// It was the last attempt.
    GivenUp,
}

columns! {
    COLUMNS of Job {
        id, workspace, kind, payload: json, state, attempts, run_at, leased_until, error,
        created_at
    }
}

/// Adds a job within the caller's transaction, so that the job exists exactly if its subject does.
pub fn enqueue(tx: &Transaction<'_>, new: &NewJob<'_>, now: UnixMs) -> Result<JobId, StoreError> {
    let id = JobId::new();
    insert!(tx into jobs {
        id, workspace: new.workspace, kind: new.kind, payload: Json(new.payload),
        state: JobState::Queued, run_at: new.run_at, created_at: now
    })?;
    Ok(id)
}

/// The kind of job that fetches a source. It may take an hour, so it has a worker of its own and [`lease`] skips it.
pub const SYNC: &str = "sync_source";

/// Leases the job that is due longest (or whose lease ran out) for `lease_ms` milliseconds. Workspaces take turns: it
/// picks from the first one after `after` that has a due job, so that one with many jobs holds up no other.
/// Commit before running the job.
pub fn lease(
    tx: &Transaction<'_>,
    after: Option<WorkspaceId>,
    now: UnixMs,
    lease_ms: i64,
) -> Result<Option<Job>, StoreError> {
    let after = after.map(|workspace| workspace.to_string());
    lease_where(tx, "kind <> ?3", SYNC, after.as_deref(), now, lease_ms)
}

/// Like [`lease`], for jobs of one kind.
pub fn lease_kind(
    tx: &Transaction<'_>,
    kind: &str,
    now: UnixMs,
    lease_ms: i64,
) -> Result<Option<Job>, StoreError> {
    lease_where(tx, "kind = ?3", kind, None, now, lease_ms)
}

fn lease_where(
    tx: &Transaction<'_>,
    condition: &str,
    kind: &str,
    after: Option<&str>,
    now: UnixMs,
    lease_ms: i64,
) -> Result<Option<Job>, StoreError> {
    // Without a previous workspace, age alone decides.
    let turn = match after {
        Some(_) => "coalesce(workspace, '') <= ?4, workspace,",
        None => "?4,",
    };
    Ok(tx
        .prepare_cached(&format!(
            "UPDATE jobs SET state = 'leased', attempts = attempts + 1, leased_until = ?2
             WHERE id = (SELECT id FROM jobs
                         WHERE {condition} AND ((state = 'queued' AND run_at <= ?1)
                                                OR (state = 'leased' AND leased_until <= ?1))
                         ORDER BY {turn} run_at, id LIMIT 1)
             RETURNING {COLUMNS}"
        ))?
        .query_row(
            (now, now.saturating_add(lease_ms), kind, after),
            Job::from_row,
        )
        .optional()?)
}

/// Stores the progress of a leased job, and extends its lease to `lease_ms` milliseconds from now. `Conflict` if the
/// lease was lost.
pub fn checkpoint(
    tx: &Transaction<'_>,
    job: &Job,
    payload: &Value,
    now: UnixMs,
    lease_ms: i64,
) -> Result<(), StoreError> {
    still_leased(
        tx.prepare_cached(
            "UPDATE jobs SET payload = ?, leased_until = ?
             WHERE id = ? AND state = 'leased' AND attempts = ?",
        )?
        .execute((
            Json(payload),
            now.saturating_add(lease_ms),
            job.id,
            job.attempts,
        ))?,
    )
}

/// How many jobs of a kind are queued or running.
pub fn count_open(conn: &Connection, kind: &str) -> Result<u32, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT count(*) FROM jobs WHERE state IN ('queued', 'leased') AND kind = ?",
        )?
        .query_row([kind], |row| row.get(0))?)
}

/// Whether a job of this kind with `subject` as `$.source` in its payload is queued or running.
pub fn is_open(conn: &Connection, kind: &str, subject: &str) -> Result<bool, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM jobs WHERE state IN ('queued', 'leased') AND kind = ?
                            AND json_extract(payload, '$.source') = ?)",
        )?
        .query_row((kind, subject), |row| row.get(0))?)
}

/// Removes the jobs of this kind with `subject` as `$.source` in their payload, even running ones: their workers will
/// find that they lost the lease.
pub fn withdraw(tx: &Transaction<'_>, kind: &str, subject: &str) -> Result<usize, StoreError> {
    Ok(tx.execute(
        "DELETE FROM jobs WHERE state IN ('queued', 'leased') AND kind = ?
         AND json_extract(payload, '$.source') = ?",
        (kind, subject),
    )?)
}

/// Extends a lease to `lease_ms` milliseconds from now. `Conflict` if it was lost.
pub fn extend(
    tx: &Transaction<'_>,
    job: &Job,
    now: UnixMs,
    lease_ms: i64,
) -> Result<(), StoreError> {
    still_leased(
        tx.prepare_cached(
            "UPDATE jobs SET leased_until = ? WHERE id = ? AND state = 'leased' AND attempts = ?",
        )?
        .execute((now.saturating_add(lease_ms), job.id, job.attempts))?,
    )
}

/// Marks a leased job as done. `Conflict` if the lease was lost: another worker has it now.
pub fn finish(tx: &Transaction<'_>, job: &Job) -> Result<(), StoreError> {
    still_leased(
        tx.prepare_cached(
            "UPDATE jobs SET state = 'done', leased_until = NULL, error = NULL
             WHERE id = ? AND state = 'leased' AND attempts = ?",
        )?
        .execute((job.id, job.attempts))?,
    )
}

/// Records a failed attempt and returns what follows. `Conflict` if the lease was lost.
pub fn fail(
    tx: &Transaction<'_>,
    job: &Job,
    error: &str,
    now: UnixMs,
    retry: Retry,
) -> Result<AfterFailure, StoreError> {
    let after = if job.attempts >= retry.max_attempts {
        AfterFailure::GivenUp
    } else {
        AfterFailure::RetryAt(now.saturating_add(retry.after(job.attempts)))
    };
    let (state, run_at) = match after {
        AfterFailure::GivenUp => (JobState::Failed, job.run_at),
        AfterFailure::RetryAt(at) => (JobState::Queued, at),
    };
    still_leased(
        tx.prepare_cached(
            "UPDATE jobs SET state = ?, run_at = ?, leased_until = NULL, error = ?
             WHERE id = ? AND state = 'leased' AND attempts = ?",
        )?
        .execute((state, run_at, error, job.id, job.attempts))?,
    )?;
    Ok(after)
}

/// Gives up at once, for an error that no retry fixes. `Conflict` if the lease was lost.
pub fn give_up(tx: &Transaction<'_>, job: &Job, error: &str) -> Result<(), StoreError> {
    still_leased(tx.execute(
        "UPDATE jobs SET state = 'failed', leased_until = NULL, error = ?
         WHERE id = ? AND state = 'leased' AND attempts = ?",
        (error, job.id, job.attempts),
    )?)
}

/// No job is scheduled further ahead than this, in ms: web pages are fetched at least every 31 days.
const FARTHEST_MS: i64 = 32 * 24 * 60 * 60 * 1000;

/// Requeues all leased jobs that [`lease`] hands out; returns how many. For the start, when every lease belongs to a
/// process that is gone.
pub fn recover(tx: &Transaction<'_>, now: UnixMs) -> Result<usize, StoreError> {
    recover_where(tx, "kind <> ?2", SYNC, now)
}

/// Like [`recover`], for jobs of one kind.
pub fn recover_kind(tx: &Transaction<'_>, kind: &str, now: UnixMs) -> Result<usize, StoreError> {
    recover_where(tx, "kind = ?2", kind, now)
}

fn recover_where(
    tx: &Transaction<'_>,
    condition: &str,
    kind: &str,
    now: UnixMs,
) -> Result<usize, StoreError> {
    // While the clock was ahead, retries may have been scheduled for years from now.
    tx.execute(
        &format!(
            "UPDATE jobs SET run_at = ?1
             WHERE state = 'queued' AND run_at > ?1 + {FARTHEST_MS} AND {condition}"
        ),
        (now, kind),
    )?;
    Ok(tx.execute(
        &format!(
            "UPDATE jobs SET state = 'queued', leased_until = NULL, run_at = min(run_at, ?1)
             WHERE state = 'leased' AND {condition}"
        ),
        (now, kind),
    )?)
}

/// When the next job is due or a lease runs out, so that a worker can sleep until then.
pub fn next_due(conn: &Connection) -> Result<Option<UnixMs>, StoreError> {
    Ok(conn.query_row(
        "SELECT min(due) FROM (SELECT min(run_at) AS due FROM jobs WHERE state = 'queued'
                               UNION ALL
                               SELECT min(leased_until) FROM jobs WHERE state = 'leased')",
        [],
        |row| row.get(0),
    )?)
}

pub fn get(conn: &Connection, id: JobId) -> Result<Job, StoreError> {
    conn.prepare_cached(&format!("SELECT {COLUMNS} FROM jobs WHERE id = ?"))?
        .query_row([id], Job::from_row)
        .optional()?
        .ok_or(StoreError::NotFound("the job"))
}

/// How many jobs are in this state.
pub fn count(conn: &Connection, state: JobState) -> Result<i64, StoreError> {
    Ok(conn.query_row(
        "SELECT count(*) FROM jobs WHERE state = ?",
        [state],
        |row| row.get(0),
    )?)
}

/// Jobs in this state, oldest first.
pub fn list(conn: &Connection, state: JobState, limit: u32) -> Result<Vec<Job>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM jobs WHERE state = ? ORDER BY run_at, id LIMIT ?"
    ))?;
    let rows = statement.query_map((state, limit), Job::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Removes jobs that ended and were enqueued at or before `before`; returns how many.
pub fn purge_ended(tx: &Transaction<'_>, before: UnixMs) -> Result<usize, StoreError> {
    Ok(tx.execute(
        "DELETE FROM jobs WHERE state IN ('done', 'failed') AND created_at <= ?",
        [before],
    )?)
}

fn still_leased(changed: usize) -> Result<(), StoreError> {
    if changed == 0 {
        return Err(StoreError::Conflict(
            "the lease of this job was lost".into(),
        ));
    }
    Ok(())
}
