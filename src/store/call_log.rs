//! What was said in a call, what happened, and how long each turn took.

use rusqlite::{Connection, Transaction};
use serde::Serialize;
use serde_json::Value;

use super::calls::Call;
use super::values::{Json, text_enum};
use super::{ReceiptId, Scoped, StoreError};

text_enum! {
    pub enum Speaker {
        Caller = "caller",
        Agent = "agent",
    }
}

text_enum! {
    pub enum LineState {
        Complete = "complete",
        /// The other side broke in; the text is the part that was heard.
        Interrupted = "interrupted",
    }
}

/// One utterance. Times are in ms from the start of the call.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    pub speaker: Speaker,
    pub text: String,
    pub start_ms: i64,
    pub end_ms: i64,
    pub state: LineState,
    pub receipt: Option<ReceiptId>,
}

/// Longest line that is stored, in bytes; nobody says as much at once.
const LONGEST_LINE: usize = 16 << 10;

/// Adds a line, cut to `LONGEST_LINE`.
pub fn append_line(
    tx: &Transaction<'_>,
    call: &Scoped<Call>,
    line: &Line,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO call_lines (call, speaker, text, start_ms, end_ms, state, receipt) \
         VALUES (?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute((
        call.id,
        line.speaker,
        line.text
            .get(..line.text.floor_char_boundary(LONGEST_LINE))
            .unwrap_or_default(),
        line.start_ms,
        line.end_ms,
        line.state,
        line.receipt,
    ))?;
    Ok(())
}

/// Adds an event to the flow log; `detail` is a JSON object.
pub fn append_event(
    tx: &Transaction<'_>,
    call: &Scoped<Call>,
    at_ms: i64,
    kind: &str,
    detail: &Value,
) -> Result<(), StoreError> {
    tx.prepare_cached("INSERT INTO call_events (call, at_ms, kind, detail) VALUES (?, ?, ?, ?)")?
        .execute((call.id, at_ms, kind, Json(detail)))?;
    Ok(())
}

/// Adds the timings of a turn. Turns are numbered from 1.
pub fn append_turn(
    tx: &Transaction<'_>,
    call: &Scoped<Call>,
    number: u32,
    at_ms: i64,
    rung: Option<&str>,
    timings: &impl Serialize,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "INSERT INTO call_turns (call, number, at_ms, rung, timings) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (call, number) DO UPDATE SET timings = excluded.timings, rung = excluded.rung",
    )?
    .execute((call.id, number, at_ms, rung, Json(timings)))?;
    Ok(())
}

#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// In ms from the start of the call.
    pub at_ms: i64,
    pub kind: String,
    /// A JSON object.
    pub detail: Value,
}

#[derive(Debug, Clone, PartialEq)]
pub struct CallTurn {
    pub number: u32,
    /// In ms from the start of the call.
    pub at_ms: i64,
    /// The rung of the answer ladder that answered.
    pub rung: Option<String>,
    /// Stages of the turn, in ms each.
    pub timings: Value,
}

pub fn lines(conn: &Connection, call: &Scoped<Call>) -> Result<Vec<Line>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT speaker, text, start_ms, end_ms, state, receipt FROM call_lines WHERE call = ? \
         ORDER BY start_ms, seq",
    )?;
    let rows = statement.query_map([call.id], |row| {
        Ok(Line {
            speaker: row.get("speaker")?,
            text: row.get("text")?,
            start_ms: row.get("start_ms")?,
            end_ms: row.get("end_ms")?,
            state: row.get("state")?,
            receipt: row.get("receipt")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn events(conn: &Connection, call: &Scoped<Call>) -> Result<Vec<Event>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT at_ms, kind, detail FROM call_events WHERE call = ? ORDER BY at_ms, seq",
    )?;
    let rows = statement.query_map([call.id], |row| {
        Ok(Event {
            at_ms: row.get("at_ms")?,
            kind: row.get("kind")?,
            detail: row.get::<_, Json<Value>>("detail")?.0,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn turns(conn: &Connection, call: &Scoped<Call>) -> Result<Vec<CallTurn>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT number, at_ms, rung, timings FROM call_turns WHERE call = ? ORDER BY number",
    )?;
    let rows = statement.query_map([call.id], |row| {
        Ok(CallTurn {
            number: row.get("number")?,
            at_ms: row.get("at_ms")?,
            rung: row.get("rung")?,
            timings: row.get::<_, Json<Value>>("timings")?.0,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
