//! What became of a workflow's runs.

use axum::extract::{Path, Query};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::place::ApiPlace;
use crate::app::workflow_runs::{self as acts, Place};
use crate::http::listing::parse_id;
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::store::UnixMs;
use crate::store::workflow_runs::{ActCounts, ListedRun};

/// Runs on a page: the default, and the limit.
const USUAL: u32 = 50;
const MOST: u32 = 200;

/// A page of a list of runs.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http) struct RunQuery {
    /// `next` of the page before.
    #[serde(default)]
    before: String,
    /// 1 to 200; 50 when absent.
    #[serde(default)]
    limit: String,
}

/// What a run ordered came to, as counts.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct WorkflowActsView {
    done: u32,
    failed: u32,
    /// Nobody knows whether they were done; staff have a task to look.
    unknown: u32,
    /// They are done next.
    waiting: u32,
    /// They wait until staff allow them.
    waiting_for_staff: u32,
}

impl From<ActCounts> for WorkflowActsView {
    fn from(counts: ActCounts) -> Self {
        Self {
            done: counts.done,
            failed: counts.failed,
            unknown: counts.unknown,
            waiting: counts.waiting,
            waiting_for_staff: counts.staff,
        }
    }
}

/// A run of a workflow in a conversation.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct WorkflowRunView {
    id: String,
    /// Id of the conversation.
    conversation: String,
    /// The version that it goes through.
    version: u32,
    /// `asking`, `left` (nobody answered for a day), `done`, `cancelled` or `given_up` (answers said nothing).
    state: &'static str,
    /// The slot that is asked for, or was when it ended; `confirmation` for the yes; absent when it is done.
    step: Option<String>,
    acts: WorkflowActsView,
    /// Unix time in ms.
    started_at: i64,
    /// Unix time in ms.
    changed_at: i64,
}

impl WorkflowRunView {
    fn of(run: ListedRun, place: Option<Place>, now: UnixMs) -> Self {
        Self {
            id: run.id.to_string(),
            conversation: run.conversation.to_string(),
            version: run.version,
            state: match run.is_left(now) {
                true => "left",
                false => run.state.as_str(),
            },
            step: place.map(|place| place.name),
            acts: run.acts.into(),
            started_at: run.started_at,
            changed_at: run.changed_at,
        }
    }
}

/// How many runs ended unfinished at a step, over all versions.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct WorkflowLeavesView {
    step: String,
    runs: u32,
}

/// A page of runs.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct WorkflowRunsView {
    /// Newest first.
    runs: Vec<WorkflowRunView>,
    /// `before` of the next page; absent at the end.
    next: Option<String>,
    /// Where people left, the most frequent first.
    leaves: Vec<WorkflowLeavesView>,
}

/// Runs of a workflow, newest first, and the steps that people leave at.
#[utoipa::path(get, path = "/api/v1/workflows/{name}/runs", tag = "workflows", operation_id = "listWorkflowRuns",
    params(("name" = String, Path, description = "Short name of the workflow"), RunQuery),
    responses((status = 200, body = WorkflowRunsView), (status = 400, body = ProblemView<'_>), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn runs(
    place: ApiPlace,
    Path(name): Path<String>,
    Query(query): Query<RunQuery>,
) -> Result<axum::Json<WorkflowRunsView>, Problem> {
    let before = parse_id("before", &query.before)?;
    let limit = query.limit.parse().unwrap_or(USUAL).clamp(1, MOST);
    let (store, now) = (&place.app.store, now_ms());
    let found = acts::list(store, &place.member, name, before, limit, now).await?;
    let runs = found.runs.into_iter();
    let leaves = found.leaves.into_iter();
    Ok(axum::Json(WorkflowRunsView {
        runs: runs
            .map(|(run, place)| WorkflowRunView::of(run, place, now))
            .collect(),
        next: found.next.map(|next| next.to_string()),
        leaves: leaves
            .map(|(step, runs)| WorkflowLeavesView {
                step: step.name,
                runs,
            })
            .collect(),
    }))
}
