//! Workflows with their versions, their runs in conversations, and what the runs ordered.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde_json::Value;

use super::conversations::Conversation;
use super::rows::{columns, insert};
use super::values::{Json, text_enum};
use super::{ConversationId, Scoped, StoreError, UnixMs, WorkflowRunId, WorkspaceId};

text_enum! {
    pub enum RunState {
        /// It waits for the visitor.
        Asking = "asking",
        Done = "done",
        Cancelled = "cancelled",
        GivenUp = "given_up",
    }
}

text_enum! {
    pub enum ActState {
        Waiting = "waiting",
        /// Noted before it is done. After a crash nobody knows whether it was.
        Begun = "begun",
        Done = "done",
        Failed = "failed",
        Unknown = "unknown",
    }
}

/// A workflow with the text of its current version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workflow {
    pub name: String,
    pub version: u32,
    pub text: String,
    /// Whether visitors can begin it.
    pub active: bool,
    pub changed_at: UnixMs,
}

columns! {
    COLUMNS of Workflow { name, version, text, active, changed_at }
}

const JOINED: &str = "(SELECT w.workspace, w.name, w.version, v.text, w.active, w.changed_at FROM workflows w
     JOIN workflow_versions v ON v.workspace = w.workspace AND v.name = w.name AND v.version = w.version)";

/// The workflows of a workspace, by name.
pub fn list(conn: &Connection, workspace: WorkspaceId) -> Result<Vec<Workflow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM {JOINED} WHERE workspace = ? ORDER BY name");
    let mut statement = conn.prepare_cached(&sql)?;
    let rows = statement.query_map([workspace], Workflow::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn get(
    conn: &Connection,
    workspace: WorkspaceId,
    name: &str,
) -> Result<Scoped<Workflow>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM {JOINED} WHERE workspace = ? AND name = ?");
    conn.prepare_cached(&sql)?
        .query_row((workspace, name), Workflow::from_row)
        .optional()?
        .map(|workflow| Scoped::proven(workspace, workflow))
        .ok_or(StoreError::NotFound("the workflow"))
}

/// Keeps a text as the next version, which new runs go through; the same text again makes no version. Returns its number.
pub fn put(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    name: &str,
    text: &str,
    active: bool,
    now: UnixMs,
) -> Result<u32, StoreError> {
    let known = match get(tx, workspace, name) {
        Ok(known) => Some(known),
        Err(StoreError::NotFound(_)) => None,
        Err(other) => return Err(other),
    };
    let same = known.as_ref().filter(|known| known.text == text);
    if let Some(same) = same {
        tx.execute(
            "UPDATE workflows SET active = ?, changed_at = ? WHERE workspace = ? AND name = ?",
            (active, now, workspace, name),
        )?;
        return Ok(same.version);
    }
    let version = known.map_or(1, |known| known.version + 1);
    tx.execute(
        "INSERT INTO workflows (workspace, name, version, active, changed_at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (workspace, name)
         DO UPDATE SET version = excluded.version, active = excluded.active, changed_at = excluded.changed_at",
        (workspace, name, version, active, now),
    )?;
    insert!(tx into workflow_versions { workspace, name, version, text, created_at: now })?;
    Ok(version)
}

/// The numbers of a workflow's versions and when each was made, newest first.
pub fn versions(
    conn: &Connection,
    workflow: &Scoped<Workflow>,
) -> Result<Vec<(u32, UnixMs)>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT version, created_at FROM workflow_versions WHERE workspace = ? AND name = ?
         ORDER BY version DESC",
    )?;
    let rows = statement.query_map((workflow.workspace(), &workflow.name), |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The text of a version; `None` if the workflow was deleted.
pub fn text_of(
    conn: &Connection,
    workspace: WorkspaceId,
    name: &str,
    version: u32,
) -> Result<Option<String>, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT text FROM workflow_versions WHERE workspace = ? AND name = ? AND version = ?",
        )?
        .query_row((workspace, name, version), |row| row.get(0))
        .optional()?)
}

/// Deletes a workflow with its versions. Its runs end with the next message.
pub fn delete(tx: &Transaction<'_>, workflow: &Scoped<Workflow>) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM workflows WHERE workspace = ? AND name = ?",
        (workflow.workspace(), &workflow.name),
    )?;
    Ok(())
}

/// A run in a conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredRun {
    pub id: WorkflowRunId,
    pub conversation: ConversationId,
    pub workflow: String,
    pub version: u32,
    pub revision: i64,
    /// The run itself, as `workflows` writes it.
    pub body: Value,
    pub state: RunState,
    pub changed_at: UnixMs,
}

columns! {
    RUN of StoredRun { id, conversation, workflow, version, revision, body: json, state, changed_at }
}

/// The run that a conversation is in.
pub fn open_run(
    conn: &Connection,
    workspace: WorkspaceId,
    conversation: ConversationId,
) -> Result<Option<StoredRun>, StoreError> {
    let sql = format!(
        "SELECT {RUN} FROM workflow_runs WHERE workspace = ? AND conversation = ? AND state = 'asking'"
    );
    Ok(conn
        .prepare_cached(&sql)?
        .query_row((workspace, conversation), StoredRun::from_row)
        .optional()?)
}

/// A run after a step.
#[derive(Debug, Clone, PartialEq)]
pub struct RunChange {
    /// The run that it goes on, and the revision that it was at; `None` begins one.
    pub before: Option<(WorkflowRunId, i64)>,
    pub workflow: String,
    pub version: u32,
    pub body: Value,
    pub state: RunState,
    /// By their numbers.
    pub acts: Vec<(u32, Value)>,
}

/// Writes a step of a run, and what it orders. `Conflict` if another turn went on with it meanwhile.
pub fn write_run(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    change: &RunChange,
    now: UnixMs,
) -> Result<WorkflowRunId, StoreError> {
    let workspace = conversation.workspace();
    let id = match change.before {
        Some((id, revision)) => {
            let written = tx
                .prepare_cached(
                    "UPDATE workflow_runs SET body = ?, state = ?, revision = revision + 1, changed_at = ?
                     WHERE id = ? AND workspace = ? AND conversation = ? AND revision = ? AND state = 'asking'",
                )?
                .execute((
                    Json(&change.body),
                    change.state,
                    now,
                    id,
                    workspace,
                    conversation.id,
                    revision,
                ))?;
            if written == 0 {
                let told = "another message was answered at the same time";
                return Err(StoreError::Conflict(told.into()));
            }
            id
        }
        None => {
            let id = WorkflowRunId::new();
            let (workflow, version) = (&change.workflow, change.version);
            insert!(tx into workflow_runs {
                id, workspace, conversation: conversation.id, workflow, version, revision: 1, body: Json(&change.body),
                state: change.state, started_at: now, changed_at: now
            })?;
            id
        }
    };
    for (number, body) in &change.acts {
        insert!(tx into workflow_acts {
            run: id, number, workspace, conversation: conversation.id, body: Json(body), state: ActState::Waiting,
            created_at: now, changed_at: now
        })?;
    }
    Ok(id)
}

/// Something a run ordered.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredAct {
    pub run: WorkflowRunId,
    pub number: u32,
    pub workspace: WorkspaceId,
    pub conversation: ConversationId,
    pub body: Value,
    pub state: ActState,
    pub outcome: String,
}

columns! {
    ACT of StoredAct { run, number, workspace, conversation, body: json, state, outcome }
}

impl StoredAct {
    /// Names it to those who must not do it twice.
    pub fn key(&self) -> String {
        format!("{}-{}", self.run, self.number)
    }
}

/// Acts in a state, oldest first.
pub fn acts_in(
    conn: &Connection,
    state: ActState,
    limit: u32,
) -> Result<Vec<StoredAct>, StoreError> {
    let sql = format!(
        "SELECT {ACT} FROM workflow_acts WHERE state = ? ORDER BY created_at, run, number LIMIT ?"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let rows = statement.query_map((state, limit), StoredAct::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Moves an act from the state that it was seen in; `false` if somebody else did already.
pub fn move_act(
    tx: &Transaction<'_>,
    act: &StoredAct,
    to: ActState,
    outcome: &str,
    now: UnixMs,
) -> Result<bool, StoreError> {
    let moved = tx
        .prepare_cached(
            "UPDATE workflow_acts SET state = ?, outcome = ?, changed_at = ?
             WHERE run = ? AND number = ? AND workspace = ? AND state = ?",
        )?
        .execute((
            to,
            outcome,
            now,
            act.run,
            act.number,
            act.workspace,
            act.state,
        ))?;
    Ok(moved > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::conversations::{self, Channel, NewConversation};
    use crate::store::{Store, workspaces};
    use serde_json::json;

    #[test]
    fn a_run_goes_on_once_and_its_acts_move_once() {
        let store = Store::open_in_memory().unwrap();
        let done = store.write_blocking(|tx| {
            let us = workspaces::get_or_create(tx, "us", "Us", 1)?.id;
            assert_eq!(put(tx, us, "a", "one", true, 1)?, 1);
            assert_eq!(put(tx, us, "a", "one", false, 2)?, 1);
            assert_eq!(put(tx, us, "a", "two", true, 3)?, 2);
            let workflow = get(tx, us, "a")?;
            assert_eq!((workflow.version, workflow.text.as_str()), (2, "two"));
            assert_eq!(versions(tx, &workflow)?.len(), 2);
            let new = NewConversation {
                assistant: None,
                channel: Channel::Chat,
                visitor: None,
                title: "",
                begun_by: None,
                page: None,
            };
            let conversation = conversations::create(tx, us, &new, 4)?;
            let mut change = RunChange {
                before: None,
                workflow: "a".into(),
                version: 2,
                body: json!({}),
                state: RunState::Asking,
                acts: Vec::new(),
            };
            let id = write_run(tx, &conversation, &change, 5)?;
            assert_eq!(
                open_run(tx, us, conversation.id)?.map(|run| run.revision),
                Some(1)
            );
            change.before = Some((id, 1));
            change.state = RunState::Done;
            change.acts = vec![(0, json!({"act": "task"}))];
            write_run(tx, &conversation, &change, 6)?;
            let again = write_run(tx, &conversation, &change, 7);
            assert!(matches!(again, Err(StoreError::Conflict(_))));
            assert!(open_run(tx, us, conversation.id)?.is_none());
            let act = acts_in(tx, ActState::Waiting, 10)?.remove(0);
            assert!(move_act(tx, &act, ActState::Begun, "", 8)?);
            assert!(!move_act(tx, &act, ActState::Begun, "", 9)?);
            delete(tx, &get(tx, us, "a")?)?;
            assert!(list(tx, us)?.is_empty() && text_of(tx, us, "a", 1)?.is_none());
            Ok(())
        });
        done.unwrap();
    }
}
