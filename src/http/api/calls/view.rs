//! Calls on the wire.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::store::call_log::{self, LineState};
use crate::store::calls::{self, Call, CallCost, Listed};
use crate::store::recordings;
use crate::store::{CallId, Connection, StoreError, WorkspaceId};

/// A call.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CallView {
    /// Its id.
    pub id: String,
    /// How it came: `browser`, `kiosk`, `realtime` or `phone`.
    pub channel: &'static str,
    /// Who called, as the channel knows them.
    pub caller: Option<String>,
    /// Where it stands: `in-progress`, `completed`, `failed` and so on.
    pub status: &'static str,
    /// Why it is over: `user_hangup`, `inactivity` and so on.
    pub ended_reason: Option<&'static str>,
    /// Unix milliseconds.
    pub started_at: i64,
    /// Unix milliseconds.
    pub answered_at: Option<i64>,
    /// Unix milliseconds.
    pub ended_at: Option<i64>,
    /// From start to end, ms.
    pub duration_ms: Option<i64>,
    /// How many turns the caller had.
    pub turn_count: u32,
    /// What the caller said first.
    pub first_words: Option<String>,
    /// Whether it was recorded: `off`, `asked`, `declined` or `on`.
    pub recording: &'static str,
    /// When the caller agreed to that, Unix milliseconds.
    pub consent_at: Option<i64>,
    /// Length of the recording that is kept, ms.
    pub recording_ms: Option<i64>,
    /// Id of the assistant.
    pub assistant: Option<String>,
    /// Id of the conversation.
    pub conversation: Option<String>,
    /// Tokens, and ms of speech that was recognised and synthesised.
    #[schema(value_type = Object)]
    pub cost: CallCost,
}

impl From<Listed> for CallView {
    fn from(listed: Listed) -> Self {
        let call: Call = listed.call;
        Self {
            id: call.id.to_string(),
            channel: call.channel.as_str(),
            caller: call.caller,
            status: call.status.as_str(),
            ended_reason: call.ended_reason.map(|reason| reason.as_str()),
            started_at: call.started_at,
            answered_at: call.answered_at,
            ended_at: call.ended_at,
            duration_ms: call.ended_at.map(|end| (end - call.started_at).max(0)),
            turn_count: listed.turns,
            first_words: listed.first_words,
            recording: call.recording.as_str(),
            consent_at: call.consent_at,
            recording_ms: listed.recording_ms,
            assistant: call.assistant.map(|id| id.to_string()),
            conversation: call.conversation.map(|id| id.to_string()),
            cost: call.cost,
        }
    }
}

/// Something that was said. Times are in ms from the start of the call.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CallLineView {
    /// `caller` or `agent`.
    pub speaker: &'static str,
    /// The words; of an interrupted answer those that were heard.
    pub text: String,
    /// When it began.
    pub start_ms: i64,
    /// When it ended.
    pub end_ms: i64,
    /// Whether the other side interrupted.
    pub interrupted: bool,
    /// Id of the answer's receipt.
    pub receipt: Option<String>,
}

/// How long a turn took.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TurnView {
    /// Its number, from 1.
    pub number: u32,
    /// When it began, in ms from the start of the call.
    pub at_ms: i64,
    /// How it was answered.
    pub rung: Option<String>,
    /// Its parts in ms: `end_of_turn_ms`, `stt_ms`, `answer_ms`, `tts_first_ms`, `voice_to_voice_ms` and
    /// others.
    pub timings: Value,
}

/// An entry of the flow log.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EventView {
    /// When, in ms from the start of the call.
    pub at_ms: i64,
    /// What happened.
    pub kind: String,
    /// More about it.
    pub detail: Value,
}

/// The recording that is kept.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RecordingView {
    /// Media type.
    pub format: String,
    /// Length in ms.
    pub duration_ms: i64,
    /// Size in bytes.
    pub bytes: u64,
    /// When it is deleted automatically, Unix milliseconds.
    pub purge_at: i64,
}

/// A call with all that is known of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CallInFull {
    /// The call.
    #[serde(flatten)]
    pub call: CallView,
    /// What was said, in order.
    pub lines: Vec<CallLineView>,
    /// How long each turn took.
    pub turns: Vec<TurnView>,
    /// Everything that was decided, in order.
    pub events: Vec<EventView>,
    /// The recording, if one is kept.
    pub audio: Option<RecordingView>,
}

/// Reads a call with its transcript, turns, log and recording.
///
/// # Errors
/// `NotFound` when the workspace has no such call.
pub fn in_full(
    conn: &Connection,
    workspace: WorkspaceId,
    id: CallId,
) -> Result<CallInFull, StoreError> {
    let call = calls::get(conn, workspace, id)?;
    let lines: Vec<CallLineView> = call_log::lines(conn, &call)?
        .into_iter()
        .map(|line| CallLineView {
            speaker: line.speaker.as_str(),
            text: line.text,
            start_ms: line.start_ms,
            end_ms: line.end_ms,
            interrupted: line.state == LineState::Interrupted,
            receipt: line.receipt.map(|id| id.to_string()),
        })
        .collect();
    let turns: Vec<TurnView> = call_log::turns(conn, &call)?
        .into_iter()
        .map(|turn| TurnView {
            number: turn.number,
            at_ms: turn.at_ms,
            rung: turn.rung,
            timings: turn.timings,
        })
        .collect();
    let events = call_log::events(conn, &call)?
        .into_iter()
        .map(|event| EventView {
            at_ms: event.at_ms,
            kind: event.kind,
            detail: event.detail,
        })
        .collect();
    let audio = recordings::find(conn, workspace, id)?.map(|found| RecordingView {
        format: found.format.clone(),
        duration_ms: found.duration_ms,
        bytes: found.bytes,
        purge_at: found.purge_at,
    });
    // The list gets these three from SQL; one call has them at hand.
    let first = lines.iter().find(|line| line.speaker == "caller");
    let listed = Listed {
        turns: u32::try_from(turns.len()).unwrap_or(u32::MAX),
        first_words: first.map(|line| line.text.clone()),
        recording_ms: audio.as_ref().map(|audio| audio.duration_ms),
        call: call.into_inner(),
    };
    Ok(CallInFull {
        call: listed.into(),
        lines,
        turns,
        events,
        audio,
    })
}
