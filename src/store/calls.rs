//! Calls: voice sessions by whatever way they came. What was said and done in one lies in
//! [`super::call_log`], its sound in [`super::recordings`].

mod listing;

pub use listing::{CallFilter, Listed, list};

use rusqlite::{Connection, OptionalExtension, Row, Transaction};
use serde::{Deserialize, Serialize};

use super::values::{Json, text_enum};
use super::{AssistantId, CallId, ConversationId, Scoped, StoreError, UnixMs, WorkspaceId};

text_enum! {
    /// How a caller reached the front desk.
    pub enum CallChannel {
        /// A microphone in a browser.
        Browser = "browser",
        /// The microphone of the machine itself.
        Kiosk = "kiosk",
        /// A program, over the Realtime API.
        Realtime = "realtime",
        /// A telephone.
        Phone = "phone",
    }
}

text_enum! {
    /// Where a call stands. The names are those that telephone services use.
    pub enum CallStatus {
        /// Made, nothing happened yet.
        Initiated = "initiated",
        /// Rings at the other end.
        Ringing = "ringing",
        /// Two talk.
        InProgress = "in-progress",
        /// Was answered and is over.
        Completed = "completed",
        /// No place was free.
        Busy = "busy",
        /// Nobody answered.
        NoAnswer = "no-answer",
        /// Ended by a fault.
        Failed = "failed",
        /// Given up before it was answered.
        Canceled = "canceled",
    }
}

text_enum! {
    /// Why a call is over.
    pub enum EndedReason {
        /// The caller left.
        UserHangup = "user_hangup",
        /// The front desk said good-bye.
        AgentHangup = "agent_hangup",
        /// Nobody spoke for long.
        Inactivity = "inactivity",
        /// The longest permitted duration was reached.
        MaxDuration = "max_duration_reached",
        /// Handed to a person.
        CallTransfer = "call_transfer",
        /// The caller did not agree to go on.
        UserDeclined = "user_declined",
        /// No place was free.
        AtCapacity = "at_capacity",
        /// The connection broke.
        ErrorTransport = "error_transport",
        /// The recogniser or the voice failed.
        ErrorSpeech = "error_speech",
        /// The answer failed.
        ErrorAgent = "error_agent",
        /// The server was stopped in mid-call.
        ErrorStopped = "error_stopped",
    }
}

text_enum! {
    /// Whether a call is recorded.
    pub enum RecordingState {
        /// It is not.
        Off = "off",
        /// The caller was asked and has not answered.
        Asked = "asked",
        /// The caller said no.
        Declined = "declined",
        /// It is, from the consent on.
        On = "on",
    }
}

/// What a call cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallCost {
    /// Prompt tokens of the language model.
    pub prompt_tokens: u64,
    /// Written tokens of the language model.
    pub completion_tokens: u64,
    /// Speech that was recognised, in ms.
    pub heard_ms: u64,
    /// Speech that was synthesised, in ms.
    pub spoken_ms: u64,
}

/// A call.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Its id.
    pub id: CallId,
    /// Who answered it.
    pub assistant: Option<AssistantId>,
    /// Its questions and answers.
    pub conversation: Option<ConversationId>,
    /// How it came.
    pub channel: CallChannel,
    /// Who is on the other side, as the channel knows them.
    pub caller: Option<String>,
    /// Where it stands.
    pub status: CallStatus,
    /// Why it is over.
    pub ended_reason: Option<EndedReason>,
    /// When it came.
    pub started_at: UnixMs,
    /// When it was answered.
    pub answered_at: Option<UnixMs>,
    /// When it was over.
    pub ended_at: Option<UnixMs>,
    /// Whether it is recorded.
    pub recording: RecordingState,
    /// When the caller agreed to that.
    pub consent_at: Option<UnixMs>,
    /// What it cost.
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

/// What a new call needs.
#[derive(Debug, Clone)]
pub struct NewCall<'a> {
    /// Who answers; must be of the same workspace.
    pub assistant: Option<AssistantId>,
    /// Its questions and answers; must be of the same workspace.
    pub conversation: Option<ConversationId>,
    /// How it came.
    pub channel: CallChannel,
    /// Who is on the other side, as the channel knows them.
    pub caller: Option<&'a str>,
    /// Where it stands.
    pub status: CallStatus,
}

/// Notes a call that begins.
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

/// The call with this id; not while it waits to be deleted.
pub fn get(
    conn: &Connection,
    workspace: WorkspaceId,
    id: CallId,
) -> Result<Scoped<Call>, StoreError> {
    find(conn, workspace, id, "AND c.due_at IS NULL")
}

/// The same, also while it waits to be deleted: for copying and erasing what is kept of a person.
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

/// Notes whether the call is recorded; `consent_at` when the caller agreed.
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

/// Notes that the call is over. The first reason stays.
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

/// Ends the calls that a stopped or killed server left open; how many there were.
pub fn close_left_open(tx: &Transaction<'_>, now: UnixMs) -> Result<usize, StoreError> {
    Ok(tx.execute(
        "UPDATE calls SET status = 'failed', ended_reason = 'error_stopped', \
         ended_at = max(started_at, min(?, coalesce((SELECT max(l.end_ms) FROM call_lines l \
         WHERE l.call = calls.id), 0) + started_at)) WHERE ended_at IS NULL",
        [now],
    )?)
}

/// Deletes a call with its transcript, flow log, timings and recording, at once and for good. What was said in its
/// conversation stays: [`super::erasure::erase_call`] takes that too.
pub fn delete(tx: &Transaction<'_>, call: &Scoped<Call>) -> Result<(), StoreError> {
    tx.execute("DELETE FROM calls WHERE id = ?", [call.id])?;
    Ok(())
}

#[cfg(test)]
mod calls_tests;
