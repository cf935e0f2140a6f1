//! Messages that wait to be sent, and what became of them.

use rusqlite::{Connection, OptionalExtension, Transaction};

use crate::store::listing::{Conditions, ListFilter};
use crate::store::rows::{columns, insert};
use crate::store::values::text_enum;
use crate::store::{MailId, StoreError, UnixMs, WorkspaceId};

text_enum! {
    /// What a message is for.
    pub enum MailKind {
        /// Tells staff that something happened.
        Notice = "notice",
        /// A conversation for the visitor who asked for it.
        Transcript = "transcript",
        /// Tries whether mail goes out.
        Test = "test",
    }
}

text_enum! {
    pub enum MailState {
        Queued = "queued",
        Sent = "sent",
        /// Refused for good, or given up.
        Failed = "failed",
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewOutgoing<'a> {
    pub kind: MailKind,
    /// Id of what it is about; it is deleted with that.
    pub about: Option<&'a str>,
    pub recipient: &'a str,
    pub title: &'a str,
    pub text: &'a str,
    /// Address for an answer.
    pub reply_to: Option<&'a str>,
}

/// A row of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    pub id: MailId,
    pub kind: MailKind,
    pub about: Option<String>,
    pub recipient: String,
    pub title: String,
    pub state: MailState,
    pub attempts: u32,
    /// When it is tried next; only of a queued one.
    pub next_at: UnixMs,
    /// What came of the last attempt.
    pub answer: Option<String>,
    pub created_at: UnixMs,
    pub ended_at: Option<UnixMs>,
}

columns! { COLUMNS of Outgoing {
    id, kind, about, recipient, title, state, attempts, next_at, answer, created_at, ended_at
} }

/// A message to send now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sending {
    pub id: MailId,
    pub kind: MailKind,
    pub recipient: String,
    pub title: String,
    pub text: String,
    pub reply_to: Option<String>,
    /// Attempts so far.
    pub attempts: u32,
    pub created_at: UnixMs,
}

columns! { TO_SEND of Sending {
    id, kind, recipient, title, text, reply_to, attempts, created_at
} }

pub fn enqueue(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    new: &NewOutgoing<'_>,
    now: UnixMs,
) -> Result<MailId, StoreError> {
    let id = MailId::new();
    insert!(tx into mail_outbox {
        id,
        workspace,
        kind: new.kind,
        about: new.about,
        recipient: new.recipient,
        title: new.title,
        text: new.text,
        reply_to: new.reply_to,
        state: MailState::Queued,
        next_at: now,
        created_at: now,
    })?;
    Ok(id)
}

/// The workspaces with messages to send at `now`.
pub fn workspaces_due(conn: &Connection, now: UnixMs) -> Result<Vec<WorkspaceId>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT DISTINCT workspace FROM mail_outbox WHERE state = 'queued' AND next_at <= ?",
    )?;
    let rows = statement.query_map([now], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The messages of a workspace to send at `now`, the longest waiting first.
pub fn waiting_of(
    conn: &Connection,
    workspace: WorkspaceId,
    now: UnixMs,
    limit: u32,
) -> Result<Vec<Sending>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {TO_SEND} FROM mail_outbox WHERE state = 'queued' AND next_at <= ?2 AND workspace = ?1
         ORDER BY next_at, id LIMIT ?3"
    ))?;
    let rows = statement.query_map((workspace, now, limit), Sending::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A queued message.
pub fn find(conn: &Connection, id: MailId) -> Result<Option<Sending>, StoreError> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {TO_SEND} FROM mail_outbox WHERE id = ? AND state = 'queued'"
        ))?
        .query_row([id], Sending::from_row)
        .optional()?)
}

/// Notes that the server took a message. Does nothing if it was erased meanwhile.
pub fn sent(tx: &Transaction<'_>, id: MailId, answer: &str, now: UnixMs) -> Result<(), StoreError> {
    end(tx, id, MailState::Sent, answer, now)
}

/// Notes that a message will not be sent.
pub fn fail(tx: &Transaction<'_>, id: MailId, answer: &str, now: UnixMs) -> Result<(), StoreError> {
    end(tx, id, MailState::Failed, answer, now)
}

fn end(
    tx: &Transaction<'_>,
    id: MailId,
    state: MailState,
    answer: &str,
    now: UnixMs,
) -> Result<(), StoreError> {
    // Whoever sends a failed one again needs its address for an answer.
    tx.prepare_cached(
        "UPDATE mail_outbox SET state = ?2, answer = ?3, ended_at = ?4, attempts = attempts + 1,
             reply_to = CASE ?2 WHEN 'failed' THEN reply_to END WHERE id = ?1 AND state = 'queued'",
    )?
    .execute((id, state, answer, now))?;
    Ok(())
}

/// Queues a failed message again, to be sent at once, and returns it; `None` if it waits already, or was sent.
pub fn requeue(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    id: MailId,
    now: UnixMs,
) -> Result<Option<Outgoing>, StoreError> {
    let queued = tx
        .prepare_cached(&format!(
            "UPDATE mail_outbox SET state = 'queued', next_at = ?3, ended_at = NULL
             WHERE workspace = ?1 AND id = ?2 AND state = 'failed' RETURNING {COLUMNS}"
        ))?
        .query_row((workspace, id, now), Outgoing::from_row)
        .optional()?;
    if queued.is_some() {
        return Ok(queued);
    }
    let there: bool = tx
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM mail_outbox WHERE workspace = ? AND id = ?)")?
        .query_row((workspace, id), |row| row.get(0))?;
    match there {
        true => Ok(None),
        false => Err(StoreError::NotFound("the message")),
    }
}

/// Notes a failed attempt, and when the next one is.
pub fn postpone(
    tx: &Transaction<'_>,
    id: MailId,
    answer: &str,
    next_at: UnixMs,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE mail_outbox SET answer = ?2, next_at = ?3, attempts = attempts + 1
         WHERE id = ?1 AND state = 'queued'",
    )?
    .execute((id, answer, next_at))?;
    Ok(())
}

/// Makes everything that waits due at once.
pub fn hurry(tx: &Transaction<'_>, workspace: WorkspaceId, now: UnixMs) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE mail_outbox SET next_at = ?2 WHERE workspace = ?1 AND state = 'queued' AND next_at > ?2",
    )?
    .execute((workspace, now))?;
    Ok(())
}

/// How many messages of a workspace wait.
pub fn waiting(conn: &Connection, workspace: WorkspaceId) -> Result<u64, StoreError> {
    let n: i64 = conn
        .prepare_cached(
            "SELECT count(*) FROM mail_outbox WHERE workspace = ? AND state = 'queued'",
        )?
        .query_row([workspace], |row| row.get(0))?;
    Ok(n.unsigned_abs())
}

/// Which messages to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogFilter {
    pub state: Option<MailState>,
    /// Id of what they are about.
    pub about: Option<String>,
    /// Only older ones.
    pub before: Option<MailId>,
}

impl ListFilter for LogFilter {
    type Row = Outgoing;

    fn list(
        &self,
        conn: &Connection,
        workspace: WorkspaceId,
        limit: u32,
    ) -> Result<Vec<Outgoing>, StoreError> {
        list(conn, workspace, self, limit)
    }

    fn after(&self, page: &[Outgoing]) -> Self {
        Self {
            before: page.last().map(|row| row.id),
            ..self.clone()
        }
    }
}

/// Messages of a workspace, newest first.
pub fn list(
    conn: &Connection,
    workspace: WorkspaceId,
    filter: &LogFilter,
    limit: u32,
) -> Result<Vec<Outgoing>, StoreError> {
    let mut wanted = Conditions::default();
    wanted.add("workspace = ?", &workspace);
    wanted.add_if_some("state = ?", filter.state.as_ref());
    wanted.add_if_some("about = ?", filter.about.as_ref());
    // Ids sort by the time of their creation.
    wanted.add_if_some("id < ?", filter.before.as_ref());
    let (conditions, values) = wanted.limited(&limit);
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM mail_outbox WHERE {conditions} ORDER BY id DESC LIMIT ?"
    ))?;
    let rows = statement.query_map(values.as_slice(), Outgoing::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Deletes messages that ended at or before `before`; returns how many.
pub fn purge(tx: &Transaction<'_>, before: UnixMs) -> Result<usize, StoreError> {
    Ok(tx.execute(
        "DELETE FROM mail_outbox WHERE state <> 'queued' AND coalesce(ended_at, created_at) <= ?",
        [before],
    )?)
}
