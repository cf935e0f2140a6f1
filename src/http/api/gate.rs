//! The gate: changes that wait, their golden questions, publishing and discarding.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::place::ApiPlace;
use crate::app::default_assistant;
use crate::eval::gate::{self, Proposed, Verdict, Waiting};
use crate::http::body::Json;
use crate::http::problem::{Problem, ProblemView};
use crate::knowledge::Gate;
use crate::store::evals::RunKind;

/// A version of a document that waits.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeldView {
    /// Id of the document.
    document: String,
    /// Id of the version.
    version: String,
    number: u32,
    /// File name.
    name: String,
    /// Its passages; absent while it is being read.
    passages: Option<u32>,
    /// Why it could not be read.
    error: Option<String>,
    /// Whether an older version is searched meanwhile.
    replaces: bool,
    /// Unix milliseconds.
    created_at: i64,
}

/// The gate of a workspace.
#[derive(Debug, Serialize, ToSchema)]
pub struct GateView {
    /// Whether changes wait.
    on: bool,
    /// Documents that wait.
    documents: Vec<HeldView>,
    /// Proposed changes of assistants.
    proposals: Vec<Value>,
    /// Id of the run about exactly these changes, if there was one.
    run: Option<String>,
    /// What that run found better and worse.
    comparison: Option<Value>,
    /// Whether publishing needs `anyway`.
    objection: bool,
}

/// The gate and what waits at it.
#[utoipa::path(get, path = "/api/v1/gate", tag = "quality", operation_id = "getGate",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = GateView)))]
pub(super) async fn get(place: ApiPlace) -> Result<axum::Json<GateView>, Problem> {
    let (store, workspace) = (&place.app.store, place.id());
    let on = store.read(move |conn| Gate::of(conn, workspace)).await?.on;
    let waiting = Waiting::find(store, workspace).await?;
    let verdict = Verdict::find(store, workspace, &waiting).await?;
    // Changes that nobody measured count as worse.
    let objection = verdict.as_ref().is_none_or(|v| v.comparison.is_worse());
    Ok(axum::Json(GateView {
        on,
        objection: objection && !waiting.is_empty(),
        documents: waiting
            .versions
            .into_iter()
            .map(|held| HeldView {
                document: held.document.to_string(),
                version: held.version.to_string(),
                number: held.number,
                name: held.name,
                passages: held.chunks,
                error: held.error,
                replaces: held.replaces,
                created_at: held.created_at,
            })
            .collect(),
        proposals: waiting
            .proposals
            .into_iter()
            .map(|p| {
                json!({"id": p.id.to_string(), "kind": p.kind, "change": p.change,
                "created_at": p.created_at})
            })
            .collect(),
        run: verdict.as_ref().map(|v| v.run.to_string()),
        comparison: verdict.map(|v| json!(v.comparison)),
    }))
}

/// Whether changes wait.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Switch {
    on: bool,
}

/// Turns the gate on or off. Changes that wait already keep waiting.
#[utoipa::path(post, path = "/api/v1/gate", tag = "quality", operation_id = "switchGate",
    request_body = Switch,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 204)))]
pub(super) async fn switch(
    place: ApiPlace,
    Json(switch): Json<Switch>,
) -> Result<StatusCode, Problem> {
    gate::switch(&place.app.store, &place.member, switch.on).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What to measure.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(as = Wanted)]
pub struct RunRequest {
    /// Also ask with the waiting changes, and compare.
    #[serde(default)]
    gate: bool,
}

/// The run that was started.
#[derive(Debug, Serialize, ToSchema)]
pub struct Started {
    /// Its id; see `/api/v1/evals/{id}`.
    run: String,
}

/// Asks the workspace's golden questions in the background.
#[utoipa::path(post, path = "/api/v1/evals/runs", tag = "quality", operation_id = "startEvalRun",
    request_body = RunRequest,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 202, body = Started), (status = 409, body = ProblemView<'_>)))]
pub(super) async fn start(
    place: ApiPlace,
    Json(request): Json<RunRequest>,
) -> Result<(StatusCode, axum::Json<Started>), Problem> {
    let workspace = place.id();
    let assistant = default_assistant(&place.app.store, workspace).await?;
    let kind = if request.gate {
        RunKind::Gate
    } else {
        RunKind::Manual
    };
    let run = place.app.evals.start(workspace, assistant, kind).await?;
    let run = run.to_string();
    Ok((StatusCode::ACCEPTED, axum::Json(Started { run })))
}

/// How to publish.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct Publish {
    /// Publish even if golden questions got worse, or were not asked.
    #[serde(default)]
    anyway: bool,
}

/// Publishes everything that waits; it is live when this returns.
#[utoipa::path(post, path = "/api/v1/gate/publish", tag = "quality", operation_id = "publishGate",
    request_body = Publish,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 204), (status = 409, body = ProblemView<'_>)))]
pub(super) async fn publish(
    place: ApiPlace,
    Json(publish): Json<Publish>,
) -> Result<StatusCode, Problem> {
    let app = &place.app;
    let by = &place.member;
    gate::publish(&app.store, &app.knowledge, by, publish.anyway).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes back everything that waits.
#[utoipa::path(post, path = "/api/v1/gate/discard", tag = "quality", operation_id = "discardGate",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 204)))]
pub(super) async fn discard(place: ApiPlace) -> Result<StatusCode, Problem> {
    let app = &place.app;
    gate::discard(&app.store, &app.knowledge, &place.member).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// New instructions of the workspace's assistant.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Instructions {
    /// What the owner tells the assistant.
    instructions: String,
}

/// Changes the instructions of the workspace's assistant; with the gate on, they wait there.
#[utoipa::path(post, path = "/api/v1/assistant/instructions", tag = "quality",
    operation_id = "setInstructions", request_body = Instructions,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = serde_json::Value), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn instructions(
    place: ApiPlace,
    Json(new): Json<Instructions>,
) -> Result<axum::Json<Value>, Problem> {
    let store = &place.app.store;
    let assistant = default_assistant(store, place.id()).await?.id;
    let by = &place.member;
    let proposed = gate::instruct(store, by, assistant, &new.instructions).await?;
    Ok(axum::Json(json!({"waits": proposed == Proposed::Waits})))
}
