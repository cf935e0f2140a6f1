//! What work on leads of a CRM leaves here: voice messages as text, and looks at its jobs.

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::crm::Erased;
use super::crm::accounts::Account;
use super::crm::jobs::CrmJobKind;
use super::crm::messages::Writer;
use super::rows::columns;
use super::values::text_enum;
use super::{CrmJobId, Scoped, StoreError, UnixMs};

text_enum! {
    pub enum TranscriptState {
        Done = "done",
        /// Nobody speaks in it.
        Silent = "silent",
        /// It cannot be written out, and is not tried again.
        Failed = "failed",
    }
}

/// A voice message as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrmTranscript {
    /// The CRM's own id of the message.
    pub message: String,
    pub lead: String,
    pub who: Writer,
    /// When the message was sent.
    pub at: UnixMs,
    pub state: TranscriptState,
    pub text: String,
    /// ISO 639-1; empty if nobody speaks.
    pub language: String,
    pub duration_ms: i64,
    /// Why it failed, as a code.
    pub code: Option<String>,
}

columns! {
    COLUMNS of CrmTranscript { message, lead, who, at, state, text, language, duration_ms, code }
}

/// Keeps a transcript; a message has one.
pub fn keep_transcript(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    new: &CrmTranscript,
    now: UnixMs,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO crm_transcripts
             (account, message, workspace, lead, who, at, state, text, language, duration_ms, code, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
         ON CONFLICT (account, message) DO UPDATE SET state = excluded.state, text = excluded.text,
             language = excluded.language, duration_ms = excluded.duration_ms, code = excluded.code",
    )?
    .execute((
        account.id,
        &new.message,
        account.workspace(),
        &new.lead,
        new.who,
        new.at,
        new.state,
        &new.text,
        &new.language,
        new.duration_ms,
        &new.code,
        now,
    ))?;
    Ok(())
}

pub fn find_transcript(
    conn: &Connection,
    account: &Scoped<Account>,
    message: &str,
) -> Result<Option<CrmTranscript>, StoreError> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM crm_transcripts WHERE account = ? AND message = ?"
        ))?
        .query_row((account.id, message), CrmTranscript::from_row)
        .optional()?)
}

/// The latest transcripts of a lead, oldest first.
pub fn transcripts_of_lead(
    conn: &Connection,
    account: &Scoped<Account>,
    lead: &str,
    limit: u32,
) -> Result<Vec<CrmTranscript>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM crm_transcripts WHERE account = ? AND lead = ? ORDER BY at DESC, message DESC LIMIT ?"
    ))?;
    let rows = statement.query_map((account.id, lead, limit), CrmTranscript::from_row)?;
    let mut found: Vec<CrmTranscript> = rows.collect::<Result<_, _>>()?;
    found.reverse();
    Ok(found)
}

/// Erases the transcripts of a lead, or of the whole account; returns how many.
pub fn erase_transcripts(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    lead: Option<&str>,
) -> Result<u64, StoreError> {
    let erased = tx
        .prepare_cached(
            "DELETE FROM crm_transcripts WHERE account = ?1 AND (?2 IS NULL OR lead = ?2)",
        )?
        .execute((account.id, lead))?;
    Ok(erased as u64)
}

/// Erases all that is held of a lead: what was said, heard and found, and what is to be done for it.
pub fn erase_lead(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    lead: &str,
    now: UnixMs,
) -> Result<Erased, StoreError> {
    erase_transcripts(tx, account, Some(lead))?;
    erase_analyses(tx, account, Some(lead))?;
    erase_tasks(tx, account, Some(lead))?;
    super::crm::erase_lead(tx, account, lead, now)
}

/// Drops what is to be done for a lead; returns how many jobs.
pub fn drop_jobs(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    lead: &str,
) -> Result<usize, StoreError> {
    Ok(tx
        .prepare_cached(
            "DELETE FROM crm_jobs WHERE account = ? AND lead = ? AND state IN ('queued', 'running', 'paused')",
        )?
        .execute((account.id, lead))?)
}

/// The newest job of this kind about a lead (empty for all leads).
pub fn latest_job(
    conn: &Connection,
    account: &Scoped<Account>,
    kind: CrmJobKind,
    lead: &str,
) -> Result<Option<CrmJobId>, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT id FROM crm_jobs WHERE account = ? AND kind = ? AND lead = ? ORDER BY id DESC LIMIT 1",
        )?
        .query_row((account.id, kind, lead), |row| row.get(0))
        .optional()?)
}

/// When the next job is due, and when the next hook is, so that a worker can sleep until then.
pub fn next_due(conn: &Connection) -> Result<Option<UnixMs>, StoreError> {
    Ok(conn.query_row(
        "SELECT min(due) FROM (SELECT min(next_at) AS due FROM crm_jobs WHERE state = 'queued'
                               UNION ALL
                               SELECT min(next_at) FROM crm_hooks WHERE state = 'waiting')",
        [],
        |row| row.get(0),
    )?)
}

/// Ends what waits for an account that is no longer connected; returns how many jobs.
pub fn end_jobs(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    told: &str,
    now: UnixMs,
) -> Result<usize, StoreError> {
    Ok(tx
        .prepare_cached(
            "UPDATE crm_jobs SET state = 'failed', error = ?2, ended_at = ?3
             WHERE account = ?1 AND state IN ('queued', 'running', 'paused')",
        )?
        .execute((account.id, told, now))?)
}

/// Notes which note of the CRM has the last analysis.
pub fn set_note(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    lead: &str,
    note: &str,
) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE crm_leads SET note = ?3 WHERE account = ?1 AND id = ?2")?
        .execute((account.id, lead, note))?;
    Ok(())
}

/// How much is held for an account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Held {
    pub leads: u64,
    pub analyses: u64,
    pub messages: u64,
    pub transcripts: u64,
    pub notes: u64,
    /// Bodies that wait to be worked on.
    pub hooks: u64,
}

pub fn held(conn: &Connection, account: &Scoped<Account>) -> Result<Held, StoreError> {
    let count = |sql: &str| -> Result<u64, StoreError> {
        let n: i64 = conn
            .prepare_cached(sql)?
            .query_row([account.id], |row| row.get(0))?;
        Ok(n.unsigned_abs())
    };
    Ok(Held {
        leads: count("SELECT count(*) FROM crm_leads WHERE account = ?")?,
        analyses: count(
            "SELECT count(*) FROM crm_leads WHERE account = ? AND analysis IS NOT NULL",
        )?,
        messages: count("SELECT count(*) FROM crm_messages WHERE account = ?")?,
        transcripts: count("SELECT count(*) FROM crm_transcripts WHERE account = ?")?,
        notes: count("SELECT count(*) FROM crm_notes WHERE account = ?")?,
        hooks: count("SELECT count(*) FROM crm_hooks WHERE account = ? AND state = 'waiting'")?,
    })
}

/// Deletes the analyses of leads of an account, or of one lead: those whose `about` is `account/lead`.
pub fn erase_analyses(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    lead: Option<&str>,
) -> Result<u64, StoreError> {
    let erased = tx
        .prepare_cached(
            "DELETE FROM analyses WHERE workspace = ?1 AND source = 'crm'
             AND (about = ?2 || '/' || ?3 OR (?3 IS NULL AND substr(about, 1, length(?2) + 1) = ?2 || '/'))",
        )?
        .execute((account.workspace(), account.id, lead))?;
    Ok(erased as u64)
}

/// The lead that a talk is about, by the messages that were kept of it.
pub fn lead_of_talk(
    conn: &Connection,
    account: &Scoped<Account>,
    talk: &str,
) -> Result<Option<String>, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT lead FROM crm_messages WHERE account = ? AND talk = ? AND lead IS NOT NULL
             ORDER BY at DESC LIMIT 1",
        )?
        .query_row((account.id, talk), |row| row.get(0))
        .optional()?)
}

/// Notes that the CRM is asked to make an analysis's next step a task; false if it was before.
pub fn begin_task(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    lead: &str,
    analysis: &str,
    now: UnixMs,
) -> Result<bool, StoreError> {
    let added = tx
        .prepare_cached(
            "INSERT INTO crm_tasks (account, lead, analysis, workspace, created_at) VALUES (?, ?, ?, ?, ?)
             ON CONFLICT DO NOTHING",
        )?
        .execute((account.id, lead, analysis, account.workspace(), now))?;
    Ok(added > 0)
}

/// Notes what came of it: the task's id, or that none was made.
pub fn end_task(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    lead: &str,
    analysis: &str,
    task: Option<&str>,
) -> Result<(), StoreError> {
    let sql = match task {
        Some(_) => {
            "UPDATE crm_tasks SET task = ?4 WHERE account = ?1 AND lead = ?2 AND analysis = ?3"
        }
        None => {
            "DELETE FROM crm_tasks WHERE account = ?1 AND lead = ?2 AND analysis = ?3 AND ?4 IS NULL"
        }
    };
    tx.prepare_cached(sql)?
        .execute((account.id, lead, analysis, task))?;
    Ok(())
}

/// Whether an analysis's next step is a task, or may be.
pub fn has_task(
    conn: &Connection,
    account: &Scoped<Account>,
    lead: &str,
    analysis: &str,
) -> Result<bool, StoreError> {
    Ok(conn
        .prepare_cached("SELECT 1 FROM crm_tasks WHERE account = ? AND lead = ? AND analysis = ?")?
        .exists((account.id, lead, analysis))?)
}

/// Forgets the tasks of a lead, or of the whole account. They stay in the CRM.
pub fn erase_tasks(
    tx: &Transaction<'_>,
    account: &Scoped<Account>,
    lead: Option<&str>,
) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM crm_tasks WHERE account = ?1 AND (?2 IS NULL OR lead = ?2)")?
        .execute((account.id, lead))?;
    Ok(())
}
