//! Runs of golden questions: kept, listed, read.

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use super::place::{self, ApiPlace};
use crate::agent::AnswerSettings;
use crate::app::default_assistant;
use crate::eval::{AgentAsker, AskedCase, Asker, Case, Report, run};
use crate::http::auth::OfCredential;
use crate::http::body::Json;
use crate::http::problem::{Problem, ProblemView};
use crate::knowledge::View;
use crate::llm::{Claim, Priority};
use crate::store::EvalRunId;
use crate::store::evals::{self, EvalRun};

/// In runs.
const LISTED: u32 = 200;

/// The runs of a workspace.
#[derive(Debug, Serialize, ToSchema)]
pub struct EvalRunList {
    runs: Vec<EvalRun>,
}

/// Which runs.
#[derive(Debug, Deserialize, IntoParams)]
pub(super) struct RunsQuery {
    /// Name of the run.
    name: Option<String>,
}

/// The runs of golden questions, newest first.
#[utoipa::path(get, path = "/api/v1/evals", tag = "quality", operation_id = "listEvalRuns",
    params(RunsQuery, ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = EvalRunList), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn list(
    place: ApiPlace,
    Query(query): Query<RunsQuery>,
) -> Result<axum::Json<EvalRunList>, Problem> {
    let workspace = place.id();
    let read = move |conn: &_| evals::list(conn, workspace, query.name.as_deref(), LISTED);
    let runs = place.app.store.read(read).await?;
    Ok(axum::Json(EvalRunList { runs }))
}

/// The newest complete run of a name with its questions, or `null`.
#[utoipa::path(get, path = "/api/v1/evals/latest", tag = "quality", operation_id = "getLatestEvalRun",
    params(RunsQuery, ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = serde_json::Value), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn latest(
    place: ApiPlace,
    Query(query): Query<RunsQuery>,
) -> Result<axum::Json<Value>, Problem> {
    let name = query.name.unwrap_or_default();
    let found = run::latest(&place.app.store, &place.member, &name).await?;
    Ok(axum::Json(json!(
        found.map(|(run, results)| view_run(run, results))
    )))
}

/// A run with its questions.
#[utoipa::path(get, path = "/api/v1/evals/{id}", tag = "quality", operation_id = "getEvalRun",
    params(("id" = String, Path, description = "Id of the run"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = serde_json::Value), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn get(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<Value>, Problem> {
    let (workspace, id) = (place.id(), place::parse_id::<EvalRunId>(&id, "run")?);
    let found = place.app.store.read(move |conn| {
        let run = evals::get(conn, workspace, id)?;
        let results = evals::results(conn, &run)?;
        Ok((run.into_inner(), results))
    });
    let (run, results) = found.await?;
    Ok(axum::Json(view_run(run, results)))
}

fn view_run(run: EvalRun, results: Value) -> Value {
    json!({"id": run.id.to_string(), "name": run.name, "kind": run.kind.as_str(),
        "state": run.state.as_str(), "started_at": run.created_at,
        "ended_at": run.ended_at.unwrap_or(run.created_at),
        "figures": run.summary, "results": results})
}

/// Answers a golden question for measuring. Nothing is kept, and the answer comes with the passages that
/// were found and what the rungs measured.
#[utoipa::path(post, path = "/api/v1/evals/ask", tag = "quality", operation_id = "askForMeasuring",
    request_body = serde_json::Value,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = serde_json::Value), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn ask(
    place: ApiPlace,
    Json(mut case): Json<Case>,
) -> Result<axum::Json<AskedCase>, Problem> {
    case.question = super::ask::check_text("question", case.question)?;
    let (app, workspace) = (&place.app, place.id());
    let asker = AgentAsker {
        agent: app.agent.clone(),
        store: app.store.clone(),
        workspace,
        assistant: default_assistant(&app.store, workspace).await?,
        claim: Claim::new(
            Priority::Api,
            place.principal().credential().flow(workspace),
        ),
        view: View::Live,
    };
    let asked = asker.ask(&case).await;
    let asked = asked.map_err(|error| Problem::turn_failed(error.to_string()))?;
    Ok(axum::Json(asked))
}

/// The id of what was kept.
#[derive(Debug, Serialize, ToSchema)]
pub struct Kept {
    id: String,
}

/// Keeps a run that was made elsewhere, as `frontdesk eval --json` prints it.
#[utoipa::path(post, path = "/api/v1/evals", tag = "quality", operation_id = "keepEvalRun",
    request_body = serde_json::Value,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 201, body = Kept), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn create(
    place: ApiPlace,
    Json(report): Json<Report>,
) -> Result<(StatusCode, axum::Json<Kept>), Problem> {
    let id = run::keep(&place.app.store, &place.member, report).await?;
    let id = id.to_string();
    Ok((StatusCode::CREATED, axum::Json(Kept { id })))
}

/// Adds calibrated thresholds to the settings of the workspace.
#[utoipa::path(post, path = "/api/v1/evals/thresholds", tag = "quality",
    operation_id = "keepThresholds", request_body = serde_json::Value,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 204), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn thresholds(
    place: ApiPlace,
    Json(new): Json<serde_json::Map<String, Value>>,
) -> Result<StatusCode, Problem> {
    // Other settings of the section are no numbers, and one of a wrong kind would make all of them unreadable.
    const FIGURES: [&str; 3] = ["questions", "false_rate", "right_rate"];
    let is_known = |(name, value): (&String, &Value)| {
        let is_figure = name.ends_with("_threshold") || FIGURES.contains(&name.as_str());
        (is_figure && value.is_number()) || (name == "calibrated_at" && value.is_string())
    };
    if !new.iter().all(is_known) {
        let detail = "every field must be a threshold, such as read_threshold, and a number";
        return Err(Problem::invalid("thresholds", detail));
    }
    let workspace = place.id();
    let reader = place.app.reader.weights_hash();
    let write = place
        .app
        .store
        .write(move |tx| AnswerSettings::extend(tx, workspace, new, reader));
    write.await?;
    Ok(StatusCode::NO_CONTENT)
}
