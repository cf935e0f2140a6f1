//! Plans, for the owner of the machine: what workspaces may use, which has which, and what all of them used.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::quota::StandingView;
use crate::app::App;
use crate::app::plans::{self, Invoiced, NewPlan};
use crate::http::auth::Principal;
use crate::http::body::Json;
use crate::http::listing::file::{download_headers, headed_table};
use crate::http::problem::{Problem, ProblemView};
use crate::http::{now_ms, parse_id};
use crate::store::PlanId;
use crate::store::quota::Plan;

/// All plans and all workspaces.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanList {
    /// By name.
    plans: Vec<PlanView>,
    /// By short name.
    workspaces: Vec<StandingView>,
}

/// A plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanView {
    id: String,
    name: String,
    /// The most of each measure in a month, times in milliseconds; one that is missing has no limit.
    #[schema(value_type = Object)]
    limits: BTreeMap<&'static str, u64>,
    /// Unix milliseconds.
    created_at: i64,
    /// Unix milliseconds.
    changed_at: i64,
}

/// A plan to make, or what a plan shall say.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanRequest {
    /// At most 60 characters.
    name: String,
    /// `analyses`, `transcription_ms`, `voice_ms`, `model_tokens`: the most in a month. `null` or missing: no limit.
    #[serde(default)]
    #[schema(value_type = Object)]
    limits: BTreeMap<String, Option<u64>>,
}

/// Which plan a workspace has.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanChoice {
    /// Id of the plan; `null` for none.
    plan: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct InvoiceQuery {
    /// Such as `2026-12`; this month if absent.
    month: Option<String>,
}

impl From<Plan> for PlanView {
    fn from(plan: Plan) -> Self {
        let limits = plan.limits.into_iter();
        Self {
            id: plan.id.to_string(),
            name: plan.name,
            limits: limits.map(|(of, limit)| (of.as_str(), limit)).collect(),
            created_at: plan.created_at,
            changed_at: plan.changed_at,
        }
    }
}

impl From<PlanRequest> for NewPlan {
    fn from(request: PlanRequest) -> Self {
        Self {
            name: request.name,
            limits: request.limits,
        }
    }
}

/// Plans, and what each workspace has in this month.
#[utoipa::path(get, path = "/api/v1/plans", tag = "plans", operation_id = "listPlans",
    responses((status = 200, body = PlanList), (status = 403, body = ProblemView<'_>)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    by: Principal,
) -> Result<axum::Json<PlanList>, Problem> {
    let plans = plans::list(&app.store, &by).await?;
    let all = plans::all(&app, &by, now_ms()).await?;
    Ok(axum::Json(PlanList {
        plans: plans.into_iter().map(PlanView::from).collect(),
        workspaces: all.into_iter().map(StandingView::from).collect(),
    }))
}

/// Makes a plan.
#[utoipa::path(post, path = "/api/v1/plans", tag = "plans", operation_id = "createPlan",
    request_body = PlanRequest,
    responses((status = 201, body = PlanView), (status = 400, body = ProblemView<'_>),
              (status = 403, body = ProblemView<'_>), (status = 409, body = ProblemView<'_>)))]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    by: Principal,
    Json(request): Json<PlanRequest>,
) -> Result<(StatusCode, axum::Json<PlanView>), Problem> {
    let plan = plans::create(&app.store, &by, request.into(), now_ms()).await?;
    Ok((StatusCode::CREATED, axum::Json(plan.into())))
}

/// Changes a plan. It holds at once for each workspace that has it.
#[utoipa::path(put, path = "/api/v1/plans/{id}", tag = "plans", operation_id = "changePlan",
    request_body = PlanRequest, params(("id" = String, Path, description = "Id of the plan")),
    responses((status = 200, body = PlanView), (status = 400, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>), (status = 409, body = ProblemView<'_>)))]
pub(super) async fn change(
    State(app): State<Arc<App>>,
    by: Principal,
    Path(id): Path<String>,
    Json(request): Json<PlanRequest>,
) -> Result<axum::Json<PlanView>, Problem> {
    let id: PlanId = parse_id(&id, "plan")?;
    let plan = plans::change(&app.store, &by, id, request.into(), now_ms()).await?;
    Ok(axum::Json(plan.into()))
}

/// Deletes a plan that no workspace has.
#[utoipa::path(delete, path = "/api/v1/plans/{id}", tag = "plans", operation_id = "deletePlan",
    params(("id" = String, Path, description = "Id of the plan")),
    responses((status = 204), (status = 404, body = ProblemView<'_>), (status = 409, body = ProblemView<'_>)))]
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    by: Principal,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    plans::delete(&app.store, &by, parse_id(&id, "plan")?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a workspace a plan, or takes it away.
#[utoipa::path(put, path = "/api/v1/workspaces/{name}/plan", tag = "plans", operation_id = "choosePlan",
    request_body = PlanChoice, params(("name" = String, Path, description = "Short name of the workspace")),
    responses((status = 200, body = PlanList), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn choose(
    State(app): State<Arc<App>>,
    by: Principal,
    Path(name): Path<String>,
    Json(request): Json<PlanChoice>,
) -> Result<axum::Json<PlanList>, Problem> {
    let plan = request.plan.map(|id| parse_id(&id, "plan")).transpose()?;
    plans::assign(&app.store, &by, &name, plan, now_ms()).await?;
    list(State(app), by).await
}

/// What all workspaces used in a month, as CSV for an invoice; times in minutes.
#[utoipa::path(get, path = "/api/v1/plans/use.csv", tag = "plans", operation_id = "exportUse",
    params(InvoiceQuery),
    responses((status = 200, description = "The file", content_type = "text/csv"),
              (status = 400, body = ProblemView<'_>), (status = 403, body = ProblemView<'_>)))]
pub(super) async fn download(
    State(app): State<Arc<App>>,
    by: Principal,
    Query(query): Query<InvoiceQuery>,
) -> Result<Response, Problem> {
    send_use(&app, &by, query.month.as_deref()).await
}

/// Sends what all workspaces used in a month.
pub(in crate::http) async fn send_use(
    app: &App,
    by: &Principal,
    month: Option<&str>,
) -> Result<Response, Problem> {
    let month = month.filter(|month| !month.is_empty());
    let (month, lines) = plans::invoice(&app.store, by, month, now_ms()).await?;
    let table = headed_table(
        &Invoiced::heads(),
        lines.iter().map(|line| line.cells(&month)),
    );
    let headers = download_headers("text/csv; charset=utf-8", &format!("use-{month}.csv"));
    Ok((headers, table).into_response())
}
