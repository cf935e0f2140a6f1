//! The gate: what waits, what the golden questions say about it, and the decision.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Comparison, EvalError};
use crate::access::{Member, Scope};
use crate::knowledge::{Gate, Knowledge};
use crate::reason::Reason;
use crate::store::assistants::{self, Assistant, NewAssistant};
use crate::store::evals::{self, EvalRun, RunKind, RunState};
use crate::store::gate::{self, HeldVersion, Proposal, ProposalState};
use crate::store::{
    self, AssistantId, EvalRunId, Scoped, Store, StoreError, UnixMs, VersionId, WorkspaceId,
};

/// Most characters of an assistant's instructions.
pub const LONGEST_INSTRUCTIONS: usize = 4000;
/// Who decides at the gate.
const MAY: &[Scope] = &[Scope::Admin];
/// Kind of a proposal that changes an assistant.
const ASSISTANT: &str = "assistant";

fn now() -> UnixMs {
    jiff::Timestamp::now().as_millisecond()
}

/// A proposed change of an assistant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AssistantChange {
    /// The assistant.
    pub assistant: AssistantId,
    /// Its new instructions.
    #[serde(default)]
    pub instructions: Option<String>,
    /// Its new chat model, by catalogue name.
    #[serde(default)]
    pub model: Option<String>,
}

impl AssistantChange {
    /// The assistant as it would be.
    pub fn applied(&self, to: &Assistant) -> Assistant {
        let mut changed = to.clone();
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

    fn apply(&self, tx: &store::Transaction<'_>, workspace: WorkspaceId) -> Result<(), StoreError> {
        let found = assistants::get(tx, workspace, self.assistant)?;
        let changed = self.applied(&found);
        let new = NewAssistant {
            name: &changed.name,
            title: &changed.title,
            instructions: &changed.instructions,
            greeting: &changed.greeting,
            model: changed.model.as_deref(),
            settings: &changed.settings,
        };
        assistants::update(tx, &found, &new, now())
    }
}

/// Turns the gate of a workspace on or off. What waits goes on waiting.
///
/// # Errors
/// When they may not.
pub async fn switch(store: &Store, by: &Member, on: bool) -> Result<(), EvalError> {
    let workspace = by.need(MAY)?;
    let write = store.write(move |tx| Gate { on }.keep(tx, workspace));
    Ok(write.await?)
}

/// Changes the instructions of an assistant: at once, or as a proposal while the gate is on.
///
/// # Errors
/// When they are too long, or there is no such assistant.
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
        assistant,
        instructions: Some(instructions.to_owned()),
        model: None,
    };
    change_assistant(store, workspace, change).await
}

/// What became of a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proposed {
    /// It is live.
    Live,
    /// It waits at the gate.
    Waits,
}

/// Changes an assistant: at once, or as a proposal while the gate is on.
///
/// # Errors
/// When there is no such assistant, or the store fails.
pub async fn change_assistant(
    store: &Store,
    workspace: WorkspaceId,
    change: AssistantChange,
) -> Result<Proposed, EvalError> {
    let write = store.write(move |tx| {
        assistants::get(tx, workspace, change.assistant)?;
        if Gate::of(tx, workspace)?.on {
            gate::propose(tx, workspace, ASSISTANT, &json!(change), now())?;
            return Ok(Proposed::Waits);
        }
        change.apply(tx, workspace)?;
        Ok(Proposed::Live)
    });
    Ok(write.await?)
}

/// What waits at the gate of a workspace.
#[derive(Debug, Clone, Default)]
pub struct Waiting {
    /// Versions of documents.
    pub versions: Vec<HeldVersion>,
    /// Changes of assistants.
    pub proposals: Vec<Proposal>,
}

impl Waiting {
    /// What waits now.
    ///
    /// # Errors
    /// When the store fails.
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

    /// Whether nothing waits.
    pub fn is_empty(&self) -> bool {
        self.versions.is_empty() && self.proposals.is_empty()
    }

    /// The document that is still being read, if one is.
    pub fn unread(&self) -> Option<&str> {
        let mut versions = self.versions.iter();
        let unread = versions.find(|v| v.chunks.is_none() && v.error.is_none());
        unread.map(|v| v.name.as_str())
    }

    /// Names exactly these changes, so that a verdict is never taken for that of other ones.
    pub fn ids(&self) -> Vec<String> {
        let versions = self.versions.iter().map(|v| v.version.to_string());
        let proposals = self.proposals.iter().map(|p| p.id.to_string());
        let mut ids: Vec<String> = versions.chain(proposals).collect();
        ids.sort();
        ids
    }

    /// The assistant as it would be afterwards.
    pub fn applied(&self, to: &Assistant) -> Assistant {
        self.changes()
            .fold(to.clone(), |assistant, change| change.applied(&assistant))
    }

    fn changes(&self) -> impl Iterator<Item = AssistantChange> {
        self.proposals
            .iter()
            .filter_map(|p| serde_json::from_value(p.change.clone()).ok())
    }
}

/// What a finished run says about what waits.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// The run.
    pub run: EvalRunId,
    /// What gets better and worse.
    pub comparison: Comparison,
}

impl Verdict {
    /// The verdict on exactly these changes, if a run came to one.
    ///
    /// # Errors
    /// When the store fails.
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

/// Publishes everything that waits: it is live when this returns. Without a run about exactly these
/// changes that found nothing worse, `anyway` must be said.
///
/// # Errors
/// When nothing waits, something is still being read, or the golden questions speak against it.
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
    // What could not be read stays, with its reason.
    let readable = waiting.versions.iter().filter(|v| v.error.is_none());
    let versions: Vec<VersionId> = readable.map(|v| v.version).collect();
    if versions.is_empty() && waiting.proposals.is_empty() {
        let what = "nothing of what waits could be read; discard it";
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

/// Takes back everything that waits.
///
/// # Errors
/// When the store or the index fails.
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

/// The questions of a run as they are kept: with both views for a run about the gate.
pub(super) fn kept_results(run: &Scoped<EvalRun>, live: &Value, next: Option<&Value>) -> Value {
    match next {
        Some(next) if run.kind == RunKind::Gate => json!({"live": live, "next": next}),
        _ => live.clone(),
    }
}
