//! Background jobs as rows. A worker leases a job, commits, does it, and then finishes it: no
//! transaction is held while it runs, and a job whose worker died is leased again.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde_json::Value;

use super::rows::{columns, insert};
use super::values::{Json, text_enum};
use super::{JobId, StoreError, UnixMs, WorkspaceId};

text_enum! {
    /// Where a job is.
    pub enum JobState {
        /// Waiting for its time.
        Queued = "queued",
        /// A worker has it.
        Leased = "leased",
        /// Done.
        Done = "done",
        /// Given up.
        Failed = "failed",
    }
}

/// A job.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// Its workspace, unless it concerns the whole installation.
    pub workspace: Option<WorkspaceId>,
    /// What to do.
    pub kind: String,
    /// With what.
    pub payload: Value,
    /// Where it is.
    pub state: JobState,
    /// How often it was leased.
    pub attempts: u32,
    /// When it may run.
    pub run_at: UnixMs,
    /// Until when the worker has it.
    pub leased_until: Option<UnixMs>,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// When it was enqueued.
    pub created_at: UnixMs,
}

/// What a new job needs.
#[derive(Debug, Clone)]
pub struct NewJob<'a> {
    /// Its workspace, unless it concerns the whole installation.
    pub workspace: Option<WorkspaceId>,
    /// What to do.
    pub kind: &'a str,
    /// With what; ids, not contents.
    pub payload: &'a Value,
    /// When it may run.
    pub run_at: UnixMs,
}

/// How failed attempts are repeated: after `base_ms`, then twice as long each time up to `cap_ms`,
/// `max_attempts` attempts in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Attempts in all, the first included.
    pub max_attempts: u32,
    /// First pause, milliseconds.
    pub base_ms: i64,
    /// Longest pause, milliseconds.
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
    /// The pause after this many attempts, milliseconds.
    pub fn after(self, attempts: u32) -> i64 {
        let doublings = attempts.saturating_sub(1).min(32);
        self.base_ms
            .saturating_mul(1_i64 << doublings)
            .min(self.cap_ms)
    }
}

/// What follows a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterFailure {
    /// It will be tried again at this time.
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

/// Adds a job within the caller's transaction: it exists exactly if what it is about does.
pub fn enqueue(tx: &Transaction<'_>, new: &NewJob<'_>, now: UnixMs) -> Result<JobId, StoreError> {
    let id = JobId::new();
    insert!(tx into jobs {
        id, workspace: new.workspace, kind: new.kind, payload: Json(new.payload),
        state: JobState::Queued, run_at: new.run_at, created_at: now
    })?;
    Ok(id)
}

/// The kind of job that fetches a source. It may take an hour, so it has a worker of its own and
/// [`lease`] leaves it alone.
pub const SYNC: &str = "sync_source";

/// Takes the job that is due longest (or whose lease ran out) for `lease_ms` milliseconds, of the workspace whose turn
/// it is: the next one that has any after the workspace `after`, so that many jobs of one hold up no other.
/// Commit before running it.
pub fn lease(
    tx: &Transaction<'_>,
    after: Option<WorkspaceId>,
    now: UnixMs,
    lease_ms: i64,
) -> Result<Option<Job>, StoreError> {
    let after = after.map(|workspace| workspace.to_string());
    lease_where(tx, "kind <> ?3", SYNC, after.as_deref(), now, lease_ms)
}

/// As [`lease`], for jobs of one kind.
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
    // Without a workspace to go on from, age alone decides.
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

/// Keeps how far a leased job is, and its lease for another `lease_ms` milliseconds. `Conflict` if
/// the lease was lost.
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

/// How many jobs of a kind wait or run.
pub fn count_open(conn: &Connection, kind: &str) -> Result<u32, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT count(*) FROM jobs WHERE state IN ('queued', 'leased') AND kind = ?",
        )?
        .query_row([kind], |row| row.get(0))?)
}

/// Whether a job of this kind waits or runs for what `subject` names in its payload's `$.source`.
pub fn is_open(conn: &Connection, kind: &str, subject: &str) -> Result<bool, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM jobs WHERE state IN ('queued', 'leased') AND kind = ?
                            AND json_extract(payload, '$.source') = ?)",
        )?
        .query_row((kind, subject), |row| row.get(0))?)
}

/// Removes the jobs of this kind whose payload names `subject` as `$.source`, a running one too: its
/// worker finds its lease lost.
pub fn withdraw(tx: &Transaction<'_>, kind: &str, subject: &str) -> Result<usize, StoreError> {
    Ok(tx.execute(
        "DELETE FROM jobs WHERE state IN ('queued', 'leased') AND kind = ?
         AND json_extract(payload, '$.source') = ?",
        (kind, subject),
    )?)
}

/// Keeps a lease for another `lease_ms` milliseconds. `Conflict` if it was lost.
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

/// Marks a leased job done. `Conflict` if the lease was lost: someone else does it now.
pub fn finish(tx: &Transaction<'_>, job: &Job) -> Result<(), StoreError> {
    still_leased(
        tx.prepare_cached(
            "UPDATE jobs SET state = 'done', leased_until = NULL, error = NULL
             WHERE id = ? AND state = 'leased' AND attempts = ?",
        )?
        .execute((job.id, job.attempts))?,
    )
}

/// Notes a failed attempt and says what follows. `Conflict` if the lease was lost.
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

/// Gives up at once, for an error that no repetition cures. `Conflict` if the lease was lost.
pub fn give_up(tx: &Transaction<'_>, job: &Job, error: &str) -> Result<(), StoreError> {
    still_leased(tx.execute(
        "UPDATE jobs SET state = 'failed', leased_until = NULL, error = ?
         WHERE id = ? AND state = 'leased' AND attempts = ?",
        (error, job.id, job.attempts),
    )?)
}

/// No job is put off longer than this, in ms: web pages are visited at least every 31 days.
const FARTHEST_MS: i64 = 32 * 24 * 60 * 60 * 1000;

/// At start: every lease is of a process that is gone, so all leased jobs that [`lease`] gives out are
/// queued again. Returns how many.
pub fn recover(tx: &Transaction<'_>, now: UnixMs) -> Result<usize, StoreError> {
    recover_where(tx, "kind <> ?2", SYNC, now)
}

/// As [`recover`], for jobs of one kind.
pub fn recover_kind(tx: &Transaction<'_>, kind: &str, now: UnixMs) -> Result<usize, StoreError> {
    recover_where(tx, "kind = ?2", kind, now)
}

fn recover_where(
    tx: &Transaction<'_>,
    condition: &str,
    kind: &str,
    now: UnixMs,
) -> Result<usize, StoreError> {
    // A clock that was ahead put tries off to a time that may not come for years.
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

/// When the next job wants to run (or a lease runs out), so that a worker can sleep until then.
pub fn next_due(conn: &Connection) -> Result<Option<UnixMs>, StoreError> {
    Ok(conn.query_row(
        "SELECT min(due) FROM (SELECT min(run_at) AS due FROM jobs WHERE state = 'queued'
                               UNION ALL
                               SELECT min(leased_until) FROM jobs WHERE state = 'leased')",
        [],
        |row| row.get(0),
    )?)
}

/// The job with this id.
pub fn get(conn: &Connection, id: JobId) -> Result<Job, StoreError> {
    conn.prepare_cached(&format!("SELECT {COLUMNS} FROM jobs WHERE id = ?"))?
        .query_row([id], Job::from_row)
        .optional()?
        .ok_or(StoreError::NotFound("the job"))
}

/// How many jobs are in a state.
pub fn count(conn: &Connection, state: JobState) -> Result<i64, StoreError> {
    Ok(conn.query_row(
        "SELECT count(*) FROM jobs WHERE state = ?",
        [state],
        |row| row.get(0),
    )?)
}

/// Jobs in a state, oldest first.
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
