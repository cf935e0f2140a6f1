//! Workflows: short procedures in a conversation.

use axum::extract::Path;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::place::ApiPlace;
use super::workflow_runs;
use crate::app::workflows as acts;
use crate::http::auth::Scope;
use crate::http::body::Json;
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::http::route::{Policy, Route, routes};
use crate::language::Language;
use crate::store::workflows::Workflow;
use crate::workflows::{Definition, templates as ready};

pub(in crate::http) fn routes() -> Vec<Route> {
    const ADMIN: Policy = Policy::Scope(Scope::Admin);
    routes![
        (GET, "/api/v1/workflows", ADMIN, list),
        (GET, "/api/v1/workflow-templates", ADMIN, templates),
        (POST, "/api/v1/workflow-trials", ADMIN, try_out),
        (GET, "/api/v1/workflows/{name}", ADMIN, get),
        (PUT, "/api/v1/workflows/{name}", ADMIN, put),
        (DELETE, "/api/v1/workflows/{name}", ADMIN, delete),
        (
            GET,
            "/api/v1/workflows/{name}/versions/{version}",
            ADMIN,
            text
        ),
        (
            GET,
            "/api/v1/workflows/{name}/runs",
            ADMIN,
            workflow_runs::runs
        ),
    ]
}

/// A workflow.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct WorkflowView {
    name: String,
    /// In English, or its first language.
    title: String,
    version: u32,
    /// Whether visitors can begin it.
    active: bool,
    /// The definition, in TOML.
    text: String,
    /// Unix time in ms.
    changed_at: i64,
}

impl From<Workflow> for WorkflowView {
    fn from(workflow: Workflow) -> Self {
        let read = Definition::parse(&workflow.text).ok();
        let title = read.map(|definition| definition.title.of(Language::En).to_owned());
        Self {
            title: title.unwrap_or_else(|| workflow.name.clone()),
            name: workflow.name,
            version: workflow.version,
            active: workflow.active,
            text: workflow.text,
            changed_at: workflow.changed_at,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct WorkflowList {
    /// By name.
    workflows: Vec<WorkflowView>,
}

/// A version of a workflow.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct WorkflowVersionView {
    version: u32,
    /// Unix time in ms.
    created_at: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct WorkflowWhole {
    workflow: WorkflowView,
    /// Newest first.
    versions: Vec<WorkflowVersionView>,
}

/// A definition to keep.
#[derive(Debug, Deserialize, ToSchema)]
pub(in crate::http) struct NewWorkflow {
    /// In TOML; the template of that name when absent.
    text: Option<String>,
    /// Whether visitors can begin it; yes when absent.
    active: Option<bool>,
}

/// A template that is ready to use.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct TemplateView {
    name: String,
    text: String,
}

#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct TemplateList {
    templates: Vec<TemplateView>,
}

/// The text of one version.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct WorkflowText {
    text: String,
}

/// A message to try a definition with.
#[derive(Debug, Deserialize, ToSchema)]
pub(in crate::http) struct NewTrial {
    /// The definition, in TOML.
    text: String,
    /// The run of the answer before; absent to begin.
    run: Option<Value>,
    said: String,
    /// ISO 639-1; English when absent.
    language: Option<String>,
}

/// What a workflow would say. Nothing was done.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct TrialView {
    /// To be sent with the next message.
    run: Value,
    says: Vec<String>,
    /// What would be done now.
    acts: Vec<Value>,
    /// `asking`, `done`, `cancelled` or `given_up`.
    state: String,
    /// A question in the message, which the assistant would answer first.
    aside: Option<String>,
    /// Answers to choose from, as buttons in chat; empty when anything may be said.
    options: Vec<String>,
}

/// The workflows of a workspace.
#[utoipa::path(get, path = "/api/v1/workflows", tag = "workflows", operation_id = "listWorkflows",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = WorkflowList)))]
pub(super) async fn list(place: ApiPlace) -> Result<axum::Json<WorkflowList>, Problem> {
    let listed = acts::list(&place.app.store, &place.member).await?;
    Ok(axum::Json(WorkflowList {
        workflows: listed.into_iter().map(WorkflowView::from).collect(),
    }))
}

/// Workflows that are ready to use.
#[utoipa::path(get, path = "/api/v1/workflow-templates", tag = "workflows", operation_id = "listWorkflowTemplates",
    responses((status = 200, body = TemplateList)))]
pub(super) async fn templates(_place: ApiPlace) -> Result<axum::Json<TemplateList>, Problem> {
    let view = |(name, text): (&str, &str)| TemplateView {
        name: name.to_owned(),
        text: text.to_owned(),
    };
    Ok(axum::Json(TemplateList {
        templates: ready::ALL.into_iter().map(view).collect(),
    }))
}

/// One workflow, with its versions.
#[utoipa::path(get, path = "/api/v1/workflows/{name}", tag = "workflows", operation_id = "getWorkflow",
    params(("name" = String, Path, description = "Short name of the workflow")),
    responses((status = 200, body = WorkflowWhole), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn get(
    place: ApiPlace,
    Path(name): Path<String>,
) -> Result<axum::Json<WorkflowWhole>, Problem> {
    let (workflow, versions) = acts::get(&place.app.store, &place.member, name).await?;
    let view = |(version, created_at)| WorkflowVersionView {
        version,
        created_at,
    };
    Ok(axum::Json(WorkflowWhole {
        workflow: workflow.into(),
        versions: versions.into_iter().map(view).collect(),
    }))
}

/// Keeps a definition as the next version of a workflow. Runs go on with the version that they began with.
#[utoipa::path(put, path = "/api/v1/workflows/{name}", tag = "workflows", operation_id = "putWorkflow",
    params(("name" = String, Path, description = "Short name of the workflow")), request_body = NewWorkflow,
    responses((status = 200, body = WorkflowView), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn put(
    place: ApiPlace,
    Path(name): Path<String>,
    Json(new): Json<NewWorkflow>,
) -> Result<axum::Json<WorkflowView>, Problem> {
    let (store, active) = (&place.app.store, new.active.unwrap_or(true));
    let kept = acts::put(store, &place.member, name, new.text, active, now_ms()).await?;
    Ok(axum::Json(kept.into()))
}

/// Deletes a workflow with its versions; runs of it end with the next message.
#[utoipa::path(delete, path = "/api/v1/workflows/{name}", tag = "workflows", operation_id = "deleteWorkflow",
    params(("name" = String, Path, description = "Short name of the workflow")),
    responses((status = 204), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn delete(
    place: ApiPlace,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    acts::delete(&place.app.store, &place.member, name).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The text of a version.
#[utoipa::path(get, path = "/api/v1/workflows/{name}/versions/{version}", tag = "workflows", operation_id = "getWorkflowVersion",
    params(("name" = String, Path, description = "Short name of the workflow"),
        ("version" = u32, Path, description = "Number of the version")),
    responses((status = 200, body = WorkflowText), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn text(
    place: ApiPlace,
    Path((name, version)): Path<(String, u32)>,
) -> Result<axum::Json<WorkflowText>, Problem> {
    let text = acts::text_of(&place.app.store, &place.member, name, version).await?;
    Ok(axum::Json(WorkflowText { text }))
}

/// Goes one step with a definition. Nothing is kept, and nothing is done.
#[utoipa::path(post, path = "/api/v1/workflow-trials", tag = "workflows", operation_id = "tryWorkflow",
    request_body = NewTrial,
    responses((status = 200, body = TrialView), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn try_out(
    place: ApiPlace,
    Json(new): Json<NewTrial>,
) -> Result<axum::Json<TrialView>, Problem> {
    let run = new.run.map(serde_json::from_value).transpose();
    let run =
        run.map_err(|_| Problem::invalid("run", "send the run as the answer before gave it"))?;
    let trial = acts::Trial {
        text: new.text,
        run,
        said: new.said,
        language: new.language.as_deref().and_then(Language::of_code),
    };
    let stepped = acts::try_out(&place.app.store, &place.member, trial).await?;
    let value = |value: Result<Value, serde_json::Error>| value.unwrap_or_default();
    Ok(axum::Json(TrialView {
        run: value(serde_json::to_value(&stepped.run)),
        acts: stepped
            .acts
            .iter()
            .map(|act| value(serde_json::to_value(act)))
            .collect(),
        state: value(serde_json::to_value(stepped.state))
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        says: stepped.says,
        aside: stepped.aside,
        options: stepped.options,
    }))
}
