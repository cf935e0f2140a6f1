//! Finding calls, a page at a time.

use rusqlite::{Connection, ToSql};

use super::{COLUMNS, Call, CallChannel, CallStatus, EndedReason};
use crate::store::{CallId, StoreError, UnixMs, WorkspaceId};

/// Which calls are wanted. The default is all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// From this moment on.
    pub from: Option<UnixMs>,
    /// Before this moment.
    pub until: Option<UnixMs>,
    /// That came this way.
    pub channel: Option<CallChannel>,
    /// That stand so.
    pub status: Option<CallStatus>,
    /// That ended so.
    pub reason: Option<EndedReason>,
    /// With a turn that this rung answered.
    pub rung: Option<String>,
    /// With these letters in the transcript; A to Z in either case.
    pub text: Option<String>,
    /// With a recording, or without one.
    pub recorded: Option<bool>,
    /// Earlier than this call: where the page before ended.
    pub before: Option<(UnixMs, CallId)>,
}

/// A call in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// The call.
    pub call: Call,
    /// How many turns the caller had.
    pub turns: u32,
    /// What the caller said first.
    pub first_words: Option<String>,
    /// Length of the recording in ms, if there is one.
    pub recording_ms: Option<i64>,
}

/// The calls of a workspace that pass the filter, newest first, `limit` at most.
pub fn list(
    conn: &Connection,
    workspace: WorkspaceId,
    filter: &Filter,
    limit: u32,
) -> Result<Vec<Listed>, StoreError> {
    let mut sql = String::new();
    let mut values: Vec<&dyn ToSql> = vec![&workspace];
    let mut add = |condition: &str, value: Option<&'_ dyn ToSql>| {
        if value.is_some() {
            sql.push_str(" AND ");
            sql.push_str(condition);
        }
        value.is_some()
    };
    // SQLite lowers A to Z only; a text of other letters is also sought as it was typed.
    let lower = filter.text.as_ref().map(|text| text.to_lowercase());
    let simple: [(&str, Option<&dyn ToSql>); 6] = [
        ("c.started_at >= ?", filter.from.as_ref().map(|v| v as _)),
        ("c.started_at < ?", filter.until.as_ref().map(|v| v as _)),
        ("c.channel = ?", filter.channel.as_ref().map(|v| v as _)),
        ("c.status = ?", filter.status.as_ref().map(|v| v as _)),
        ("c.ended_reason = ?", filter.reason.as_ref().map(|v| v as _)),
        (
            "EXISTS (SELECT 1 FROM call_turns t WHERE t.call = c.id AND t.rung = ?)",
            filter.rung.as_ref().map(|v| v as _),
        ),
    ];
    for (condition, value) in simple {
        if add(condition, value) {
            values.extend(value);
        }
    }
    if let (Some(lower), Some(typed)) = (&lower, &filter.text) {
        sql.push_str(
            " AND EXISTS (SELECT 1 FROM call_lines l WHERE l.call = c.id \
             AND (instr(lower(l.text), ?) OR instr(l.text, ?)))",
        );
        values.extend([lower as &dyn ToSql, typed]);
    }
    if let Some((at, id)) = &filter.before {
        sql.push_str(" AND (c.started_at, c.id) < (?, ?)");
        values.extend([at as &dyn ToSql, id]);
    }
    sql.push_str(match filter.recorded {
        None => "",
        Some(true) => " AND r.call IS NOT NULL",
        Some(false) => " AND r.call IS NULL",
    });
    values.push(&limit);
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS}, r.duration_ms AS recording_ms,
                (SELECT count(*) FROM call_turns t WHERE t.call = c.id) AS turns,
                (SELECT l.text FROM call_lines l WHERE l.call = c.id AND l.speaker = 'caller'
                 ORDER BY l.start_ms, l.seq LIMIT 1) AS first_words
         FROM calls c LEFT JOIN recordings r ON r.call = c.id AND r.due_at IS NULL
         WHERE c.workspace = ? AND c.due_at IS NULL{sql}
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
