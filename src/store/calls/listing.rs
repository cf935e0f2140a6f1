//! Searching calls, one page at a time.

use rusqlite::{Connection, ToSql};

use super::{COLUMNS, Call, CallChannel, CallStatus, EndedReason};
use crate::store::listing::{Conditions, ListFilter};
use crate::store::{CallId, StoreError, UnixMs, WorkspaceId};

/// Which calls to list; the default is all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallFilter {
    /// Inclusive.
    pub from: Option<UnixMs>,
    /// Exclusive.
    pub until: Option<UnixMs>,
    pub channel: Option<CallChannel>,
    pub status: Option<CallStatus>,
    pub reason: Option<EndedReason>,
    /// Calls with a turn that this rung answered.
    pub rung: Option<String>,
    /// Text in the transcript; ignores the case of A to Z only.
    pub text: Option<String>,
    /// `None` lists calls with and without a recording.
    pub recorded: Option<bool>,
    /// The last call of the page before.
    pub before: Option<(UnixMs, CallId)>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    pub call: Call,
    pub turns: u32,
    /// The caller's first line.
    pub first_words: Option<String>,
    /// Length of the recording in ms; `None` without one.
    pub recording_ms: Option<i64>,
}

impl ListFilter for CallFilter {
    type Row = Listed;

    fn list(
        &self,
        conn: &Connection,
        workspace: WorkspaceId,
        limit: u32,
    ) -> Result<Vec<Listed>, StoreError> {
        list(conn, workspace, self, limit)
    }

    fn after(&self, page: &[Listed]) -> Self {
        let last = page.last();
        Self {
            before: last.map_or(self.before, |last| {
                Some((last.call.started_at, last.call.id))
            }),
            ..self.clone()
        }
    }
}

/// The calls of a workspace that pass the filter, newest first, `limit` at most.
pub fn list(
    conn: &Connection,
    workspace: WorkspaceId,
    filter: &CallFilter,
    limit: u32,
) -> Result<Vec<Listed>, StoreError> {
    // SQLite's `lower` knows A to Z only, so text in other letters is also searched as it was typed.
    let lower = filter.text.as_ref().map(|text| text.to_lowercase());
    let mut wanted = Conditions::default();
    wanted.add("c.workspace = ? AND c.due_at IS NULL", &workspace);
    wanted.add_if_some("c.started_at >= ?", filter.from.as_ref());
    wanted.add_if_some("c.started_at < ?", filter.until.as_ref());
    wanted.add_if_some("c.channel = ?", filter.channel.as_ref());
    wanted.add_if_some("c.status = ?", filter.status.as_ref());
    wanted.add_if_some("c.ended_reason = ?", filter.reason.as_ref());
    wanted.add_if_some(
        "EXISTS (SELECT 1 FROM call_turns t WHERE t.call = c.id AND t.rung = ?)",
        filter.rung.as_ref(),
    );
    if let Some((lower, typed)) = lower.as_ref().zip(filter.text.as_ref()) {
        wanted.add_with(
            "EXISTS (SELECT 1 FROM call_lines l WHERE l.call = c.id \
             AND (instr(lower(l.text), ?) OR instr(l.text, ?)))",
            [lower as &dyn ToSql, typed],
        );
    }
    if let Some((at, id)) = &filter.before {
        wanted.add_with(
            "(c.started_at, c.id) < (?, ?)",
            [at as &dyn ToSql, id as &dyn ToSql],
        );
    }
    match filter.recorded {
        None => {}
        Some(true) => wanted.add_with("r.call IS NOT NULL", []),
        Some(false) => wanted.add_with("r.call IS NULL", []),
    }
    let (conditions, values) = wanted.limited(&limit);
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS}, r.duration_ms AS recording_ms,
                (SELECT count(*) FROM call_turns t WHERE t.call = c.id) AS turns,
                (SELECT l.text FROM call_lines l WHERE l.call = c.id AND l.speaker = 'caller'
                 ORDER BY l.start_ms, l.seq LIMIT 1) AS first_words
         FROM calls c LEFT JOIN recordings r ON r.call = c.id AND r.due_at IS NULL
         WHERE {conditions}
         ORDER BY c.started_at DESC, c.id DESC LIMIT ?"
    ))?;
    let rows = statement.query_map(values.as_slice(), |row| {
        Ok(Listed {
            call: Call::from_row(row)?,
            turns: row.get("turns")?,
            first_words: row.get("first_words")?,
            recording_ms: row.get("recording_ms")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
