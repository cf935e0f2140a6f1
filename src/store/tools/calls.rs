//! The log of what tools did: who asked, who allowed it, what came of it.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde_json::Value;

use super::Tool;
use crate::store::listing::{Conditions, ListFilter};
use crate::store::rows::{columns, insert};
use crate::store::values::{Json, text_enum};
use crate::store::{ConversationId, Scoped, StoreError, ToolCallId, ToolId, UnixMs, WorkspaceId};

text_enum! {
    pub enum CallState {
        /// It waits for the visitor's yes.
        Visitor = "visitor",
        /// It waits for somebody of staff.
        Staff = "staff",
        /// It may run.
        Allowed = "allowed",
        Running = "running",
        Done = "done",
        Failed = "failed",
        /// It began, and nobody knows whether it arrived.
        Unknown = "unknown",
        Declined = "declined",
        /// Nobody decided in time.
        Expired = "expired",
    }
}

impl CallState {
    /// Whether it waits for somebody to allow it.
    pub fn is_waiting(self) -> bool {
        matches!(self, Self::Visitor | Self::Staff)
    }
}

text_enum! {
    pub enum AskedBy {
        Workflow = "workflow",
        Chat = "chat",
        /// An owner tried it.
        Trial = "trial",
        /// Another program, by API.
        Program = "program",
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct ToolCall {
    pub id: ToolCallId,
    pub workspace: WorkspaceId,
    /// `None` once the tool was deleted.
    pub tool: Option<ToolId>,
    /// The tool's name at that time.
    pub name: String,
    pub conversation: Option<ConversationId>,
    /// The caller's own key.
    pub key: String,
    pub asked_by: AskedBy,
    pub arguments: Value,
    pub state: CallState,
    /// Who allowed or declined it: `rule`, `visitor`, or a name.
    pub decided_by: Option<String>,
    /// HTTP status.
    pub status: Option<u16>,
    /// What was read of the answer, as JSON text.
    pub answer: Option<String>,
    /// Why it failed, as a sentence.
    pub error: Option<String>,
    pub created_at: UnixMs,
    /// Until when somebody may allow it.
    pub expires_at: Option<UnixMs>,
    pub decided_at: Option<UnixMs>,
    pub started_at: Option<UnixMs>,
    pub ended_at: Option<UnixMs>,
}

columns! {
    COLUMNS of ToolCall {
        id, workspace, tool, name, conversation, key, asked_by, arguments: json, state, decided_by, status, answer, error,
        created_at, expires_at, decided_at, started_at, ended_at
    }
}

#[derive(Debug, Clone)]
pub struct NewCall<'a> {
    pub conversation: Option<ConversationId>,
    pub key: &'a str,
    pub asked_by: AskedBy,
    pub arguments: &'a Value,
    pub state: CallState,
    pub decided_by: Option<&'a str>,
    pub expires_at: Option<UnixMs>,
}

/// What came of a call that ran.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    pub status: Option<u16>,
    /// JSON text.
    pub answer: Option<String>,
    pub error: Option<String>,
}

pub fn create(
    tx: &Transaction<'_>,
    tool: &Scoped<Tool>,
    new: &NewCall<'_>,
    now: UnixMs,
) -> Result<Scoped<ToolCall>, StoreError> {
    let (id, workspace) = (ToolCallId::new(), tool.workspace());
    let decided_at = new.decided_by.map(|_| now);
    let started_at = (new.state == CallState::Running).then_some(now);
    insert!(tx into tool_calls {
        id, workspace, tool: tool.id, name: &tool.name, conversation: new.conversation, key: new.key,
        asked_by: new.asked_by, arguments: Json(new.arguments), state: new.state, decided_by: new.decided_by,
        created_at: now, expires_at: new.expires_at, decided_at, started_at
    })?;
    get(tx, workspace, id)
}

/// # Errors
/// `NotFound`.
pub fn get(
    conn: &Connection,
    workspace: WorkspaceId,
    id: ToolCallId,
) -> Result<Scoped<ToolCall>, StoreError> {
    conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM tool_calls WHERE workspace = ? AND id = ?"
    ))?
    .query_row((workspace, id), ToolCall::from_row)
    .optional()?
    .map(|call| Scoped::proven(workspace, call))
    .ok_or(StoreError::NotFound("the call"))
}

/// The call with this key of its caller.
pub fn find(
    conn: &Connection,
    workspace: WorkspaceId,
    key: &str,
) -> Result<Option<Scoped<ToolCall>>, StoreError> {
    let found = conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM tool_calls WHERE workspace = ? AND key = ?"
        ))?
        .query_row((workspace, key), ToolCall::from_row)
        .optional()?;
    Ok(found.map(|call| Scoped::proven(workspace, call)))
}

/// What waits for somebody in a conversation, oldest first.
pub fn list_waiting(
    conn: &Connection,
    workspace: WorkspaceId,
    conversation: Option<ConversationId>,
    now: UnixMs,
) -> Result<Vec<ToolCall>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM tool_calls
         WHERE workspace = ?1 AND state = 'staff' AND coalesce(expires_at, ?3 + 1) > ?3
         AND (?2 IS NULL OR conversation = ?2) ORDER BY id LIMIT 200"
    ))?;
    let rows = statement.query_map((workspace, conversation, now), ToolCall::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many calls an assistant made in a conversation by itself.
pub fn count_in_talk(
    conn: &Connection,
    workspace: WorkspaceId,
    conversation: ConversationId,
) -> Result<u32, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT count(*) FROM tool_calls WHERE workspace = ? AND conversation = ? AND asked_by = 'chat'",
        )?
        .query_row((workspace, conversation), |row| row.get(0))?)
}

/// Marks what nobody decided in time; returns how many.
pub fn expire(tx: &Transaction<'_>, now: UnixMs) -> Result<usize, StoreError> {
    Ok(tx
        .prepare_cached(
            "UPDATE tool_calls SET state = 'expired', ended_at = ?1
             WHERE state IN ('visitor', 'staff', 'allowed') AND expires_at <= ?1",
        )?
        .execute([now])?)
}

/// Allows or declines a call that waits; `by` is `visitor` or a name.
///
/// # Errors
/// `Conflict` if it does not wait any more.
pub fn decide(
    tx: &Transaction<'_>,
    call: &Scoped<ToolCall>,
    allow: bool,
    by: &str,
    now: UnixMs,
) -> Result<(), StoreError> {
    let state = match allow {
        true => CallState::Allowed,
        false => CallState::Declined,
    };
    let ended_at = (!allow).then_some(now);
    let changed = tx
        .prepare_cached(
            "UPDATE tool_calls SET state = ?2, decided_by = ?3, decided_at = ?4, ended_at = ?5
             WHERE id = ?1 AND state IN ('visitor', 'staff')",
        )?
        .execute((call.id, state, by, now, ended_at))?;
    match changed {
        0 => Err(StoreError::Conflict(
            "this call does not wait for a decision any more".into(),
        )),
        _ => Ok(()),
    }
}

/// Declines everything of a tool that did not begin.
pub(super) fn decline_waiting(
    tx: &Transaction<'_>,
    tool: &Scoped<Tool>,
    now: UnixMs,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE tool_calls SET state = 'declined', decided_by = 'rule', decided_at = ?2, ended_at = ?2,
             error = 'the tool was deleted'
         WHERE tool = ?1 AND state IN ('visitor', 'staff', 'allowed')",
    )?
    .execute((tool.id, now))?;
    Ok(())
}

/// Takes an allowed call to run it; false if somebody else took it or it was decided otherwise.
pub fn start(
    tx: &Transaction<'_>,
    call: &Scoped<ToolCall>,
    now: UnixMs,
) -> Result<bool, StoreError> {
    let changed = tx
        .prepare_cached(
            "UPDATE tool_calls SET state = 'running', started_at = ?2 WHERE id = ?1 AND state = 'allowed'",
        )?
        .execute((call.id, now))?;
    Ok(changed > 0)
}

/// Writes down what came of a call that ran.
pub fn settle(
    tx: &Transaction<'_>,
    id: ToolCallId,
    state: CallState,
    outcome: &Outcome,
    now: UnixMs,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE tool_calls SET state = ?2, status = ?3, answer = ?4, error = ?5, ended_at = ?6
         WHERE id = ?1 AND state = 'running'",
    )?
    .execute((
        id,
        state,
        outcome.status,
        &outcome.answer,
        &outcome.error,
        now,
    ))?;
    Ok(())
}

/// Marks what was running when the process ended: nobody knows whether it arrived. Returns how many.
pub fn mark_lost(tx: &Transaction<'_>, now: UnixMs) -> Result<usize, StoreError> {
    Ok(tx.execute(
        "UPDATE tool_calls SET state = 'unknown', ended_at = ?1,
             error = 'the server ended while it ran, so it is not known whether it arrived'
         WHERE state = 'running'",
        [now],
    )?)
}

/// Calls that an assistant made after the visitor's yes, and of which nobody knows whether they arrived; of all workspaces.
pub fn list_agreed_unknown(conn: &Connection) -> Result<Vec<ToolCall>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM tool_calls
         WHERE state = 'unknown' AND asked_by = 'chat' AND decided_by = 'visitor' ORDER BY id"
    ))?;
    let rows = statement.query_map([], ToolCall::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Removes calls without a conversation that were made at or before `before`; returns how many.
pub fn purge(tx: &Transaction<'_>, before: UnixMs) -> Result<usize, StoreError> {
    Ok(tx.execute(
        "DELETE FROM tool_calls WHERE created_at <= ? AND conversation IS NULL AND state <> 'running'",
        [before],
    )?)
}

/// Which calls to list, newest first; the default is all of the workspace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallFilter {
    pub tool: Option<ToolId>,
    pub conversation: Option<ConversationId>,
    pub state: Option<CallState>,
    /// Only those made before this one.
    pub before: Option<ToolCallId>,
}

impl ListFilter for CallFilter {
    type Row = ToolCall;

    fn list(
        &self,
        conn: &Connection,
        workspace: WorkspaceId,
        limit: u32,
    ) -> Result<Vec<ToolCall>, StoreError> {
        let mut wanted = Conditions::default();
        wanted.add("workspace = ?", &workspace);
        wanted.add_if_some("tool = ?", self.tool.as_ref());
        wanted.add_if_some("conversation = ?", self.conversation.as_ref());
        wanted.add_if_some("state = ?", self.state.as_ref());
        // Ids sort by the time they were made.
        wanted.add_if_some("id < ?", self.before.as_ref());
        let (conditions, values) = wanted.limited(&limit);
        let mut statement = conn.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM tool_calls WHERE {conditions} ORDER BY id DESC LIMIT ?"
        ))?;
        let rows = statement.query_map(values.as_slice(), ToolCall::from_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn after(&self, page: &[ToolCall]) -> Self {
        Self {
            before: page.last().map(|call| call.id).or(self.before),
            ..self.clone()
        }
    }
}
