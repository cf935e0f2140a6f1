//! The gate: changes that wait, how the golden questions judge them, and the decision.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Comparison, EvalError};
use crate::access::{Caller, Member, Scope};
use crate::knowledge::{Gate, Knowledge};
use crate::reason::Reason;
use crate::store::assistants::versions::{self, Signed};
use crate::store::assistants::{self, Assistant, Body};
use crate::store::evals::{self, EvalRun, RunKind, RunState};
use crate::store::gate::{self, HeldVersion, Proposal, ProposalState};
use crate::store::{
    self, AssistantId, EvalRunId, Scoped, Store, StoreError, UnixMs, VersionId, WorkspaceId,
};

pub const LONGEST_INSTRUCTIONS: usize = 4000;
const MAY: &[Scope] = &[Scope::Admin];
/// Kind of a proposal that changes an assistant.
const ASSISTANT: &str = "assistant";

fn now() -> UnixMs {
    jiff::Timestamp::now().as_millisecond()
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AssistantChange {
    pub assistant: AssistantId,
    /// `None` keeps the instructions.
    #[serde(default)]
    pub instructions: Option<String>,
    /// Name in the catalogue; `None` keeps the model.
    #[serde(default)]
    pub model: Option<String>,
    /// A whole draft, as it was when it was proposed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
    /// What its author says about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Whose change it is, by name.
    #[serde(default)]
    pub author: String,
}

impl AssistantChange {
    fn of(assistant: AssistantId) -> Self {
        Self {
            assistant,
            instructions: None,
            model: None,
            body: None,
            note: String::new(),
            author: String::new(),
        }
    }

    /// The assistant with this change; an unchanged copy if the change is for another assistant.
    pub fn applied(&self, to: &Assistant) -> Assistant {
        let mut changed = match &self.body {
            Some(body) if to.id == self.assistant => to.with_body(body),
            _ => to.clone(),
        };
        if changed.id == self.assistant {
            if let Some(instructions) = &self.instructions {
                changed.instructions.clone_from(instructions);
            }
            if let Some(model) = &self.model {
                changed.model = Some(model.clone());
            }
        }
        changed
    }

    /// Makes it the assistant's next version. A draft that became one is no draft any more.
    fn apply(&self, tx: &store::Transaction<'_>, workspace: WorkspaceId) -> Result<(), StoreError> {
        let Some(found) = assistants::find(tx, workspace, self.assistant)? else {
            // It was deleted while the change waited.
            return Ok(());
        };
        let body = self.applied(&found).body()?;
        let by = Signed {
            author: &self.author,
            note: &self.note,
        };
        versions::publish(tx, &found, &body, by, now())?;
        if let Some(draft) = versions::draft(tx, &found)?
            && draft.body == body
        {
            versions::discard_draft(tx, &found)?;
        }
        Ok(())
    }
}

/// Kind of the proposal of an assistant's draft.
fn draft_kind(assistant: AssistantId) -> String {
    format!("{ASSISTANT}:{assistant}")
}

/// Who acts, for the log of versions.
pub fn author_of(by: &Member) -> String {
    match by.principal().caller() {
        Caller::User(user) => user.name.clone(),
        Caller::Key(_) => "an API key".into(),
        Caller::Secret => "a client secret".into(),
        Caller::Installation => "the command line".into(),
    }
}

/// Makes a whole version of an assistant live, or proposes it while the gate is on. It takes the place of what waits for the
/// same assistant.
///
/// # Errors
/// When the assistant does not exist.
pub fn propose_body(
    tx: &store::Transaction<'_>,
    workspace: WorkspaceId,
    assistant: AssistantId,
    body: &Body,
    by: Signed<'_>,
) -> Result<Proposed, StoreError> {
    let live = assistants::get(tx, workspace, assistant)?;
    let mut change = AssistantChange {
        note: by.note.to_owned(),
        author: by.author.to_owned(),
        ..AssistantChange::of(assistant)
    };
    if !Gate::of(tx, workspace)?.on {
        withdraw_draft(tx, workspace, assistant)?;
        change.body = Some(body.clone());
        change.apply(tx, workspace)?;
        return Ok(Proposed::Live);
    }
    let mut body = body.clone();
    if body.instructions == live.instructions
        && let Some(waiting) = waiting_instructions(tx, workspace, assistant)?
    {
        // Instructions that wait by themselves go along.
        body.instructions = waiting;
        versions::save_draft(tx, &live, &body, by, now())?;
    }
    change.body = Some(body);
    withdraw(tx, workspace, assistant)?;
    gate::propose(tx, workspace, &draft_kind(assistant), &json!(change), now())?;
    Ok(Proposed::Waits)
}

/// Takes back all that waits for an assistant.
pub fn withdraw(
    tx: &store::Transaction<'_>,
    workspace: WorkspaceId,
    assistant: AssistantId,
) -> Result<(), StoreError> {
    withdraw_where(tx, workspace, |change| change.assistant == assistant)
}

/// Takes back the draft of an assistant; instructions that wait by themselves go on waiting.
pub fn withdraw_draft(
    tx: &store::Transaction<'_>,
    workspace: WorkspaceId,
    assistant: AssistantId,
) -> Result<(), StoreError> {
    let is_draft =
        |change: &AssistantChange| change.assistant == assistant && change.body.is_some();
    withdraw_where(tx, workspace, is_draft)
}

fn withdraw_where(
    tx: &store::Transaction<'_>,
    workspace: WorkspaceId,
    which: impl Fn(&AssistantChange) -> bool,
) -> Result<(), StoreError> {
    for proposal in gate::proposals(tx, workspace)? {
        let change = serde_json::from_value::<AssistantChange>(proposal.change);
        if change.is_ok_and(|change| which(&change)) {
            let state = ProposalState::Withdrawn;
            gate::decide(tx, workspace, proposal.id, state, None, now())?;
        }
    }
    Ok(())
}

/// What waits for an assistant.
fn changes_of(
    conn: &store::Connection,
    workspace: WorkspaceId,
    assistant: AssistantId,
) -> Result<Vec<AssistantChange>, StoreError> {
    let all = gate::proposals(conn, workspace)?.into_iter();
    let all = all.filter_map(|one| serde_json::from_value::<AssistantChange>(one.change).ok());
    Ok(all.filter(|change| change.assistant == assistant).collect())
}

fn waiting_instructions(
    conn: &store::Connection,
    workspace: WorkspaceId,
    assistant: AssistantId,
) -> Result<Option<String>, StoreError> {
    let changes = changes_of(conn, workspace, assistant)?.into_iter();
    Ok(changes.filter_map(|change| change.instructions).next_back())
}

/// The draft of an assistant that waits at the gate, as it was proposed.
pub fn waiting_body(
    conn: &store::Connection,
    workspace: WorkspaceId,
    assistant: AssistantId,
) -> Result<Option<Body>, StoreError> {
    let changes = changes_of(conn, workspace, assistant)?.into_iter();
    Ok(changes.filter_map(|change| change.body).next_back())
}

/// Turns the gate of a workspace on or off. Changes that already wait keep waiting.
pub async fn switch(store: &Store, by: &Member, on: bool) -> Result<(), EvalError> {
    let workspace = by.need(MAY)?;
    let write = store.write(move |tx| Gate { on }.keep(tx, workspace));
    Ok(write.await?)
}

/// Changes the instructions of an assistant: at once, or as a proposal while the gate is on.
///
/// # Errors
/// When they are too long, or the assistant does not exist.
pub async fn instruct(
    store: &Store,
    by: &Member,
    assistant: AssistantId,
    instructions: &str,
) -> Result<Proposed, EvalError> {
    let (workspace, instructions) = (by.need(MAY)?, instructions.trim());
    if instructions.chars().count() > LONGEST_INSTRUCTIONS {
        return Err(EvalError::Instructions);
    }
    let change = AssistantChange {
        instructions: Some(instructions.to_owned()),
        author: author_of(by),
        ..AssistantChange::of(assistant)
    };
    change_assistant(store, workspace, change).await
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proposed {
    Live,
    Waits,
}

/// Changes an assistant: at once, or as a proposal while the gate is on.
///
/// # Errors
/// When the assistant does not exist.
pub async fn change_assistant(
    store: &Store,
    workspace: WorkspaceId,
    change: AssistantChange,
) -> Result<Proposed, EvalError> {
    let write = store.write(move |tx| {
        let found = assistants::get(tx, workspace, change.assistant)?;
        if Gate::of(tx, workspace)?.on {
            // A draft that waits already goes live with these instructions.
            let waits = waiting_body(tx, workspace, change.assistant)?;
            if let (Some(mut body), Some(instructions)) = (waits, &change.instructions) {
                body.instructions.clone_from(instructions);
                let by = Signed {
                    author: &change.author,
                    note: &change.note,
                };
                versions::save_draft(tx, &found, &body, by, now())?;
                let whole = AssistantChange {
                    body: Some(body),
                    instructions: None,
                    ..change
                };
                let kind = draft_kind(whole.assistant);
                gate::propose(tx, workspace, &kind, &json!(whole), now())?;
                return Ok(Proposed::Waits);
            }
            gate::propose(tx, workspace, ASSISTANT, &json!(change), now())?;
            return Ok(Proposed::Waits);
        }
        change.apply(tx, workspace)?;
        Ok(Proposed::Live)
    });
    Ok(write.await?)
}

/// Changes that wait at the gate of a workspace.
#[derive(Debug, Clone, Default)]
pub struct Waiting {
    pub versions: Vec<HeldVersion>,
    pub proposals: Vec<Proposal>,
}

impl Waiting {
    pub async fn find(store: &Store, workspace: WorkspaceId) -> Result<Self, StoreError> {
        store
            .read(move |conn| {
                Ok(Self {
                    versions: gate::held(conn, workspace)?,
                    proposals: gate::proposals(conn, workspace)?,
                })
            })
            .await
    }

    pub fn is_empty(&self) -> bool {
        self.versions.is_empty() && self.proposals.is_empty()
    }

    /// Name of a document that is still being read, if any.
    pub fn unread(&self) -> Option<&str> {
        let mut versions = self.versions.iter();
        let unread = versions.find(|v| v.chunks.is_none() && v.error.is_none());
        unread.map(|v| v.name.as_str())
    }

    /// Identifies exactly this set of changes, so that a verdict on other changes never counts for it.
    pub fn ids(&self) -> Vec<String> {
        let versions = self.versions.iter().map(|v| v.version.to_string());
        let proposals = self.proposals.iter().map(|p| p.id.to_string());
        let mut ids: Vec<String> = versions.chain(proposals).collect();
        ids.sort();
        ids
    }

    /// The assistant with all waiting changes.
    pub fn applied(&self, to: &Assistant) -> Assistant {
        self.changes()
            .fold(to.clone(), |assistant, change| change.applied(&assistant))
    }

    /// The assistants that changes are proposed for.
    pub(super) fn assistants(&self) -> BTreeSet<AssistantId> {
        self.changes().map(|change| change.assistant).collect()
    }

    fn changes(&self) -> impl Iterator<Item = AssistantChange> {
        self.proposals
            .iter()
            .filter_map(|p| serde_json::from_value(p.change.clone()).ok())
    }
}

/// What a finished run says about the waiting changes.
#[derive(Debug, Clone)]
pub struct Verdict {
    pub run: EvalRunId,
    pub comparison: Comparison,
}

impl Verdict {
    /// The verdict on exactly these changes, from the latest 50 runs, if there is one.
    pub async fn find(
        store: &Store,
        workspace: WorkspaceId,
        waiting: &Waiting,
    ) -> Result<Option<Self>, StoreError> {
        let ids = waiting.ids();
        store
            .read(move |conn| {
                let runs = evals::list(conn, workspace, None, 50)?;
                Ok(runs.iter().find_map(|run| Self::of(run, &ids)))
            })
            .await
    }

    fn of(run: &EvalRun, ids: &[String]) -> Option<Self> {
        if run.kind != RunKind::Gate || run.state != RunState::Done {
            return None;
        }
        let about: Vec<String> =
            serde_json::from_value(run.summary.get("changes")?.clone()).ok()?;
        let comparison = serde_json::from_value(run.summary.get("comparison")?.clone()).ok()?;
        (about == ids).then_some(Self {
            run: run.id,
            comparison,
        })
    }
}

/// Publishes everything that waits; it is live when this returns. `anyway` overrides the golden
/// questions: without it, a run on exactly these changes must have found nothing worse.
///
/// # Errors
/// When nothing waits, a document is still being read, or the golden questions object.
pub async fn publish(
    store: &Store,
    knowledge: &Knowledge,
    by: &Member,
    anyway: bool,
) -> Result<(), EvalError> {
    let workspace = by.need(MAY)?;
    let waiting = Waiting::find(store, workspace).await?;
    if waiting.is_empty() {
        return Err(EvalError::Gate("nothing waits at the gate".into()));
    }
    let verdict = Verdict::find(store, workspace, &waiting).await?;
    let objection = match &verdict {
        None => Some("the golden questions were not asked about these changes"),
        Some(verdict) if verdict.comparison.is_worse() => {
            Some("golden questions are answered worse with these changes")
        }
        Some(_) => None,
    };
    if let Some(objection) = objection.filter(|_| !anyway) {
        return Err(EvalError::Gate(
            format!("{objection}; look at the comparison, and publish anyway if it is right")
                .into(),
        ));
    }
    // Documents that could not be read keep waiting, with their error.
    let readable = waiting.versions.iter().filter(|v| v.error.is_none());
    let versions: Vec<VersionId> = readable.map(|v| v.version).collect();
    if versions.is_empty() && waiting.proposals.is_empty() {
        let what = "none of the waiting documents could be read; discard them";
        return Err(EvalError::Gate(what.into()));
    }
    knowledge
        .documents()
        .publish(workspace, versions)
        .await
        .map_err(|error| EvalError::Gate(Reason::of(error)))?;
    let run = verdict.map(|v| v.run);
    let proposals = waiting.proposals;
    let write = store.write(move |tx| {
        for proposal in proposals {
            if let Ok(change) = serde_json::from_value::<AssistantChange>(proposal.change.clone()) {
                change.apply(tx, workspace)?;
            }
            let state = ProposalState::Published;
            gate::decide(tx, workspace, proposal.id, state, run, now())?;
        }
        Ok(())
    });
    Ok(write.await?)
}

/// Withdraws everything that waits.
pub async fn discard(store: &Store, knowledge: &Knowledge, by: &Member) -> Result<(), EvalError> {
    let workspace = by.need(MAY)?;
    let waiting = Waiting::find(store, workspace).await?;
    let versions: Vec<VersionId> = waiting.versions.iter().map(|v| v.version).collect();
    knowledge
        .documents()
        .discard(workspace, versions)
        .await
        .map_err(|error| EvalError::Gate(Reason::of(error)))?;
    let write = store.write(move |tx| {
        for proposal in waiting.proposals {
            let state = ProposalState::Withdrawn;
            gate::decide(tx, workspace, proposal.id, state, None, now())?;
        }
        Ok(())
    });
    Ok(write.await?)
}

/// The results as stored: both views for a gate run, else the live view only.
pub(super) fn pack_results(run: &Scoped<EvalRun>, live: &Value, next: Option<&Value>) -> Value {
    match next {
        Some(next) if run.kind == RunKind::Gate => json!({"live": live, "next": next}),
        _ => live.clone(),
    }
}
