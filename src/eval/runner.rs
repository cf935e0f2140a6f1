//! Background runs of a workspace's golden questions, at the lowest priority, so that no
//! visitor waits for them. Their progress is in the store, so that people can leave a page and
//! come back to it.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::gate::{Waiting, pack_results};
use super::run::{Progress, Report, run};
use super::sureness::{self, Choice, SURENESS};
use super::{AgentAsker, Case, Comparison, EvalError, Figures};
use crate::agent::{Agent, AnswerSettings};
use crate::knowledge::{Knowledge, View};
use crate::llm::Priority;
use crate::store::assistants::{self, Assistant};
use crate::store::evals::{self, RunKind, RunState};
use crate::store::{EvalRunId, Scoped, Store, WorkspaceId, golden};

/// Name of the runs of a workspace's own golden questions.
pub const GOLDEN: &str = "golden questions";
/// How often a run saves its progress.
const SAVE_EVERY: Duration = Duration::from_millis(700);

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// Starts runs. Clones share their state.
#[derive(Clone)]
pub struct Runner {
    agent: Agent,
    knowledge: Knowledge,
    store: Store,
    tasks: TaskTracker,
    shutdown: CancellationToken,
    busy: Arc<Mutex<HashSet<WorkspaceId>>>,
}

/// Marks a workspace as busy until dropped.
struct Busy(Arc<Mutex<HashSet<WorkspaceId>>>, WorkspaceId);

impl Drop for Busy {
    fn drop(&mut self) {
        let mut busy = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        busy.remove(&self.1);
    }
}

/// The results of a run; `next` only for a gate run.
struct Outcome {
    summary: Value,
    live: Value,
    next: Option<Value>,
}

impl Runner {
    pub fn new(
        agent: Agent,
        knowledge: Knowledge,
        store: Store,
        tasks: TaskTracker,
        shutdown: CancellationToken,
    ) -> Self {
        Self {
            agent,
            knowledge,
            store,
            tasks,
            shutdown,
            busy: Arc::default(),
        }
    }

    pub fn knowledge(&self) -> &Knowledge {
        &self.knowledge
    }

    /// Marks runs that an earlier process left unfinished as failed.
    pub async fn recover(&self) -> Result<(), EvalError> {
        let summary = json!({"error": "Frontdesk was stopped during the run; start it again"});
        self.store
            .write(move |tx| evals::fail_left_behind(tx, &summary, now()))
            .await?;
        Ok(())
    }

    /// Starts asking a workspace's golden questions against the live documents; a gate run also asks
    /// them against the documents that wait.
    ///
    /// # Errors
    /// When there are no questions, nothing waits, or another run is in progress.
    pub async fn start(
        &self,
        workspace: WorkspaceId,
        assistant: Assistant,
        kind: RunKind,
    ) -> Result<EvalRunId, EvalError> {
        let cases = golden_cases(&self.store, workspace).await?;
        let waiting = match kind {
            RunKind::Gate => Some(self.find_waiting(workspace).await?),
            _ => None,
        };
        let busy = self.take(workspace)?;
        let begin = self
            .store
            .write(move |tx| evals::begin(tx, workspace, GOLDEN, kind, now()));
        let id = begin.await?;
        let runner = self.clone();
        self.tasks.spawn(async move {
            let _busy = busy;
            let outcome = runner.carry_out(workspace, id, assistant, cases, waiting);
            let outcome = outcome.await;
            if let Err(error) = runner.end(workspace, id, outcome).await {
                tracing::error!(%error, "a run of golden questions could not be kept");
            }
        });
        Ok(id)
    }

    async fn find_waiting(&self, workspace: WorkspaceId) -> Result<Waiting, EvalError> {
        let waiting = Waiting::find(&self.store, workspace).await?;
        if waiting.is_empty() {
            return Err(EvalError::Gate("nothing waits at the gate".into()));
        }
        if let Some(name) = waiting.unread() {
            let what = format!("{name} is still being read; try again in a moment");
            return Err(EvalError::Gate(what.into()));
        }
        Ok(waiting)
    }

    fn take(&self, workspace: WorkspaceId) -> Result<Busy, EvalError> {
        let mut busy = self.busy.lock().unwrap_or_else(PoisonError::into_inner);
        if busy.insert(workspace) {
            return Ok(Busy(Arc::clone(&self.busy), workspace));
        }
        let what = "a run is already in progress; wait until it ends";
        Err(EvalError::Gate(what.into()))
    }

    async fn carry_out(
        &self,
        workspace: WorkspaceId,
        id: EvalRunId,
        assistant: Assistant,
        cases: Vec<Case>,
        waiting: Option<Waiting>,
    ) -> Result<Outcome, EvalError> {
        let Some(waiting) = waiting else {
            let total = cases.len();
            let live = self.ask(workspace, id, View::Live, assistant, cases, (0, total));
            let (live, choices) = live.await?;
            let mut summary = json!(live.figures);
            if let Some(fields) = summary.as_object_mut() {
                fields.insert(SURENESS.into(), json!(choices));
            }
            return Ok(Outcome {
                summary,
                live: json!(live.results),
                next: None,
            });
        };
        // Each question is asked twice: of what is live, and with the changes; of every assistant that they change.
        let usual = assistant.clone();
        let asked = self.find_changed(workspace, assistant, &waiting).await?;
        let several = asked.len() > 1;
        let (mut done, total) = (0, cases.len() * 2 * asked.len());
        let (mut live, mut next, mut choices) = (Vec::new(), Vec::new(), Vec::new());
        for assistant in asked {
            let changed = waiting.applied(&assistant);
            let name = assistant.name.clone();
            // Before an assistant is published, the usual one answers in its place.
            let before = match assistant.is_published() {
                true => assistant,
                false => usual.clone(),
            };
            for (view, assistant, results) in [
                (View::Live, before, &mut live),
                (View::Next, changed, &mut next),
            ] {
                let place = (done, total);
                let report = self.ask(workspace, id, view, assistant, cases.clone(), place);
                let (report, of_report) = report.await?;
                done += cases.len();
                choices = of_report;
                results.extend(report.results.into_iter().map(|mut one| {
                    if several {
                        // The same question to another assistant is another question.
                        one.id = format!("{name}: {}", one.id);
                    }
                    one
                }));
            }
        }
        let mut summary = json!(Figures::of(&next));
        if let Some(fields) = summary.as_object_mut() {
            fields.insert(SURENESS.into(), json!(choices));
            let comparison = Comparison::of(&live, &next);
            fields.insert("before".into(), json!(Figures::of(&live)));
            fields.insert("comparison".into(), json!(comparison));
            fields.insert("changes".into(), json!(waiting.ids()));
        }
        Ok(Outcome {
            summary,
            live: json!(live),
            next: Some(json!(next)),
        })
    }

    /// The assistants that waiting changes concern: documents concern the usual one.
    async fn find_changed(
        &self,
        workspace: WorkspaceId,
        usual: Assistant,
        waiting: &Waiting,
    ) -> Result<Vec<Assistant>, EvalError> {
        let mut ids = waiting.assistants();
        let with_usual = ids.remove(&usual.id) || !waiting.versions.is_empty() || ids.is_empty();
        let read = self.store.read(move |conn| {
            let mut found = Vec::new();
            for id in ids {
                let one = assistants::find(conn, workspace, id)?;
                found.extend(one.map(Scoped::into_inner));
            }
            Ok(found)
        });
        let mut all: Vec<Assistant> = with_usual.then_some(usual).into_iter().collect();
        all.extend(read.await?);
        Ok(all)
    }

    async fn ask(
        &self,
        workspace: WorkspaceId,
        id: EvalRunId,
        view: View,
        assistant: Assistant,
        cases: Vec<Case>,
        (before, total): (usize, usize),
    ) -> Result<(Report, Vec<Choice>), EvalError> {
        let asker = Arc::new(AgentAsker {
            agent: self.agent.clone(),
            store: self.store.clone(),
            workspace,
            assistant,
            claim: Priority::Background.into(),
            view,
        });
        let wanted = cases.len();
        let asked = cases.clone();
        let mut saved_at = Instant::now();
        let report = run(GOLDEN, cases, asker, 1, |progress, _| {
            if saved_at.elapsed() >= SAVE_EVERY {
                saved_at = Instant::now();
                let done = before + progress.done;
                self.save_progress(
                    workspace,
                    id,
                    Progress {
                        done,
                        total,
                        ..progress
                    },
                );
            }
            !self.shutdown.is_cancelled()
        });
        let mut report = tokio::select! {
            report = report => report?,
            () = self.shutdown.cancelled() => return Err(EvalError::Stopped),
        };
        if report.results.len() < wanted {
            return Err(EvalError::Stopped);
        }
        let settings = self
            .store
            .read(move |conn| AnswerSettings::of(conn, workspace))
            .await?;
        let current = settings.read_threshold.into();
        let choices = sureness::choices(&asked, &report.results, current);
        // Only the choices needed the checks; stored with every question, they would bloat the run.
        for one in &mut report.results {
            one.checks = Value::Null;
        }
        Ok((report, choices))
    }

    /// Saves the progress in the background, so that the run does not wait for the store.
    fn save_progress(&self, workspace: WorkspaceId, id: EvalRunId, progress: Progress) {
        let store = self.store.clone();
        self.tasks.spawn(async move {
            let written = store
                .write(move |tx| {
                    let run = evals::get(tx, workspace, id)?;
                    evals::set_summary(tx, &run, &json!({ "progress": progress }))
                })
                .await;
            if let Err(error) = written {
                tracing::warn!(%error, "the progress of a run could not be written down");
            }
        });
    }

    async fn end(
        &self,
        workspace: WorkspaceId,
        id: EvalRunId,
        outcome: Result<Outcome, EvalError>,
    ) -> Result<(), EvalError> {
        let write = self.store.write(move |tx| {
            let run = evals::get(tx, workspace, id)?;
            match outcome {
                Ok(found) => {
                    let results = pack_results(&run, &found.live, found.next.as_ref());
                    evals::end(tx, &run, RunState::Done, &found.summary, &results, now())
                }
                Err(error) => {
                    let summary = json!({"error": error.to_string()});
                    evals::end(tx, &run, RunState::Failed, &summary, &json!([]), now())
                }
            }
        });
        Ok(write.await?)
    }
}

/// The golden questions of a workspace that can be graded.
///
/// # Errors
/// When there are none.
pub async fn golden_cases(store: &Store, workspace: WorkspaceId) -> Result<Vec<Case>, EvalError> {
    let kept = store
        .read(move |conn| golden::list(conn, workspace))
        .await?;
    let cases: Vec<Case> = kept
        .into_iter()
        .filter_map(|one| Case::kept(&one.id.to_string(), &one.question, &one.expectation))
        .collect();
    if cases.is_empty() {
        return Err(EvalError::NoGolden);
    }
    Ok(cases)
}
