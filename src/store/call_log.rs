//! What was said in a call, what happened, and how long each turn took.

use rusqlite::Transaction;
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

/// Adds a line.
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
        &line.text,
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
