//! Calls: voice sessions on any channel. [`super::call_log`] has their transcript and events,
//! [`super::recordings`] their sound.

mod listing;

pub use listing::{CallFilter, Listed, list};

use rusqlite::{Connection, OptionalExtension, Row, Transaction};
use serde::{Deserialize, Serialize};

use super::values::{Json, text_enum};
use super::{AssistantId, CallId, ConversationId, Scoped, StoreError, UnixMs, WorkspaceId};

text_enum! {
    pub enum CallChannel {
        /// A microphone in a browser.
        Browser = "browser",
        /// The machine's own microphone.
        Kiosk = "kiosk",
        /// A program, over the Realtime API.
        Realtime = "realtime",
        Phone = "phone",
    }
}

text_enum! {
    /// Named as telephone services name them.
    pub enum CallStatus {
        Initiated = "initiated",
        Ringing = "ringing",
        InProgress = "in-progress",
        /// Answered, and over.
        Completed = "completed",
        /// All lines were taken.
        Busy = "busy",
        NoAnswer = "no-answer",
        /// Ended by an error.
        Failed = "failed",
        /// The caller gave up before it was answered.
        Canceled = "canceled",
    }
}

text_enum! {
    pub enum EndedReason {
        /// The caller left.
        UserHangup = "user_hangup",
        AgentHangup = "agent_hangup",
        /// Nobody spoke for a long time.
        Inactivity = "inactivity",
        MaxDuration = "max_duration_reached",
        /// Handed to a person.
        CallTransfer = "call_transfer",
        /// The caller did not want to go on.
        UserDeclined = "user_declined",
        AtCapacity = "at_capacity",
        ErrorTransport = "error_transport",
        /// Speech recognition or speech synthesis failed.
        ErrorSpeech = "error_speech",
        /// The answer failed.
        ErrorAgent = "error_agent",
        /// The server stopped during the call.
        ErrorStopped = "error_stopped",
    }
}

text_enum! {
    pub enum RecordingState {
        Off = "off",
        /// The caller was asked and has not answered.
        Asked = "asked",
        Declined = "declined",
        /// Recorded from the caller's consent on.
        On = "on",
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallCost {
    /// Prompt tokens of the language model.
    pub prompt_tokens: u64,
    /// Tokens that the language model generated.
    pub completion_tokens: u64,
    /// Recognised speech, in ms.
    pub heard_ms: u64,
    /// Synthesised speech, in ms.
    pub spoken_ms: u64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    pub id: CallId,
    pub assistant: Option<AssistantId>,
    /// The conversation that holds its questions and answers.
    pub conversation: Option<ConversationId>,
    pub channel: CallChannel,
    /// The other side, as the channel knows it.
    pub caller: Option<String>,
    pub status: CallStatus,
    pub ended_reason: Option<EndedReason>,
    pub started_at: UnixMs,
    pub answered_at: Option<UnixMs>,
    pub ended_at: Option<UnixMs>,
    pub recording: RecordingState,
    pub consent_at: Option<UnixMs>,
    pub cost: CallCost,
}

pub(super) const COLUMNS: &str = "c.id, c.assistant, c.conversation, c.channel, c.caller, c.status, \
     c.ended_reason, c.started_at, c.answered_at, c.ended_at, c.recording, c.consent_at, c.cost";

impl Call {
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            assistant: row.get("assistant")?,
            conversation: row.get("conversation")?,
            channel: row.get("channel")?,
            caller: row.get("caller")?,
            status: row.get("status")?,
            ended_reason: row.get("ended_reason")?,
            started_at: row.get("started_at")?,
            answered_at: row.get("answered_at")?,
            ended_at: row.get("ended_at")?,
            recording: row.get("recording")?,
            consent_at: row.get("consent_at")?,
            cost: row.get::<_, Json<CallCost>>("cost")?.0,
        })
    }
}

#[derive(Debug, Clone)]
pub struct NewCall<'a> {
    /// Must be of the same workspace.
    pub assistant: Option<AssistantId>,
    /// Must be of the same workspace.
    pub conversation: Option<ConversationId>,
    pub channel: CallChannel,
    /// The other side, as the channel knows it.
    pub caller: Option<&'a str>,
    pub status: CallStatus,
}

pub fn create(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    new: &NewCall<'_>,
    now: UnixMs,
) -> Result<Scoped<Call>, StoreError> {
    if let Some(assistant) = new.assistant {
        super::assistants::get(tx, workspace, assistant)?;
    }
    if let Some(conversation) = new.conversation {
        super::conversations::get(tx, workspace, conversation)?;
    }
    let id = CallId::new();
    let answered = (new.status == CallStatus::InProgress).then_some(now);
    tx.prepare_cached(
        "INSERT INTO calls (id, workspace, assistant, conversation, channel, caller, status, \
         started_at, answered_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute((
        id,
        workspace,
        new.assistant,
        new.conversation,
        new.channel,
        new.caller,
        new.status,
        now,
        answered,
    ))?;
    get(tx, workspace, id)
}

/// Finds a call of this workspace; one that waits for deletion counts as gone.
pub fn get(
    conn: &Connection,
    workspace: WorkspaceId,
    id: CallId,
) -> Result<Scoped<Call>, StoreError> {
    find(conn, workspace, id, "AND c.due_at IS NULL")
}

/// Like [`get`], but also finds a call that waits for deletion: for copying and erasing a person's data.
pub fn get_even_due(
    conn: &Connection,
    workspace: WorkspaceId,
    id: CallId,
) -> Result<Scoped<Call>, StoreError> {
    find(conn, workspace, id, "")
}

fn find(
    conn: &Connection,
    workspace: WorkspaceId,
    id: CallId,
    and: &str,
) -> Result<Scoped<Call>, StoreError> {
    conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM calls c WHERE c.workspace = ? AND c.id = ? {and}"
    ))?
    .query_row((workspace, id), Call::from_row)
    .optional()?
    .map(|call| Scoped::proven(workspace, call))
    .ok_or(StoreError::NotFound("the call"))
}

/// `consent_at` is when the caller agreed to be recorded.
pub fn set_recording(
    tx: &Transaction<'_>,
    call: &Scoped<Call>,
    state: RecordingState,
    consent_at: Option<UnixMs>,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE calls SET recording = ?, consent_at = coalesce(?, consent_at) WHERE id = ?",
    )?
    .execute((state, consent_at, call.id))?;
    Ok(())
}

/// Ends the call. If it ended before, the first reason stays.
pub fn finish(
    tx: &Transaction<'_>,
    call: &Scoped<Call>,
    status: CallStatus,
    reason: EndedReason,
    cost: &CallCost,
    now: UnixMs,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE calls SET status = ?, ended_reason = ?, cost = ?, ended_at = ? \
         WHERE id = ? AND ended_at IS NULL",
    )?
    .execute((status, reason, Json(cost), now, call.id))?;
    Ok(())
}

/// Ends the calls that a stopped or killed server left open; returns how many.
pub fn close_left_open(tx: &Transaction<'_>, now: UnixMs) -> Result<usize, StoreError> {
    Ok(tx.execute(
        "UPDATE calls SET status = 'failed', ended_reason = 'error_stopped', \
         ended_at = max(started_at, min(?, coalesce((SELECT max(l.end_ms) FROM call_lines l \
         WHERE l.call = calls.id), 0) + started_at)) WHERE ended_at IS NULL",
        [now],
    )?)
}

/// Deletes a call with its transcript, flow log, timings and recording, at once and for good. The messages of its
/// conversation stay: [`super::erasure::erase_call`] erases those too.
pub fn delete(tx: &Transaction<'_>, call: &Scoped<Call>) -> Result<(), StoreError> {
    tx.execute("DELETE FROM calls WHERE id = ?", [call.id])?;
    Ok(())
}

#[cfg(test)]
mod calls_tests;
