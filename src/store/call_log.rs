//! What was said in a call, what happened, and how long each turn took.

use rusqlite::{Connection, Transaction};
use serde::Serialize;
use serde_json::Value;

use super::calls::Call;
use super::values::{Json, text_enum};
use super::{ReceiptId, Scoped, StoreError};

text_enum! {
    /// Who speaks.
    pub enum Speaker {
        /// The caller.
        Caller = "caller",
        /// The front desk.
        Agent = "agent",
    }
}

text_enum! {
    /// Whether a line was said to its end.
    pub enum LineState {
        /// It was.
        Complete = "complete",
        /// The other one broke in; the text is what was heard of it.
        Interrupted = "interrupted",
    }
}

/// Something that was said. Times in ms from the start of the call.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Who spoke.
    pub speaker: Speaker,
    /// The words.
    pub text: String,
    /// When it began.
    pub start_ms: i64,
    /// When it ended.
    pub end_ms: i64,
    /// Whether it was said to its end.
    pub state: LineState,
    /// The receipt of an answer.
    pub receipt: Option<ReceiptId>,
}

/// Most bytes of a line that are kept; nobody says as much at once.
const LONGEST_LINE: usize = 16 << 10;

/// Adds a line, cut where it is longer than anybody speaks at once.
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

/// Adds an entry of the flow log: `kind` names what happened, `detail` is an object.
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

/// Adds how long a turn took. Turns are numbered from 1.
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

/// An entry of the flow log.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// When, in ms from the start of the call.
    pub at_ms: i64,
    /// What happened.
    pub kind: String,
    /// More about it, an object.
    pub detail: Value,
}

/// How long a turn took.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// Its number, from 1.
    pub number: u32,
    /// When it began, in ms from the start of the call.
    pub at_ms: i64,
    /// The rung that answered.
    pub rung: Option<String>,
    /// Its parts, in ms each.
    pub timings: Value,
}

/// What was said in a call, in order.
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

/// The flow log of a call, in order.
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

/// The turns of a call, in order.
pub fn turns(conn: &Connection, call: &Scoped<Call>) -> Result<Vec<Turn>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT number, at_ms, rung, timings FROM call_turns WHERE call = ? ORDER BY number",
    )?;
    let rows = statement.query_map([call.id], |row| {
        Ok(Turn {
            number: row.get("number")?,
            at_ms: row.get("at_ms")?,
            rung: row.get("rung")?,
            timings: row.get::<_, Json<Value>>("timings")?.0,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
