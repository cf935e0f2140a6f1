//! Analyses of conversations: of the inbox, of turns that a program sends, and of files that other programs exported.

mod create;
mod query;
mod view;

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;

use super::place::{self, ApiPlace};
use crate::analysis::Settings;
use crate::http::auth::Scope;
use crate::http::body::Json;
use crate::http::listing::file::{self, FileFormat};
use crate::http::listing::{self, ListQuery};
use crate::http::problem::{Problem, ProblemView};
use crate::http::route::{Policy, Route, routes};
use crate::store::AnalysisId;

pub(in crate::http) use create::of_form;
pub use query::AnalysisQuery;
use query::FormatQuery;
pub use view::{AnalysesView, AnalysisRow, AnalysisView};

/// For the OpenAPI document.
pub(in crate::http) mod paths {
    pub(in crate::http) use super::create::__path_create;
    pub(in crate::http) use super::{
        __path_delete, __path_export, __path_get, __path_get_settings, __path_list,
        __path_set_settings,
    };
}

pub(in crate::http) fn routes() -> Vec<Route> {
    const ADMIN: Policy = Policy::Scope(Scope::Admin);
    const STAFF: Policy = Policy::Scope(Scope::Conversations);
    routes![
        (GET, "/api/v1/analyses", STAFF, list),
        (POST, "/api/v1/analyses", STAFF, create::create),
        (GET, "/api/v1/analyses/export", STAFF, export),
        (GET, "/api/v1/analyses/settings", STAFF, get_settings),
        (PUT, "/api/v1/analyses/settings", ADMIN, set_settings),
        (GET, "/api/v1/analyses/{id}", STAFF, get),
        (DELETE, "/api/v1/analyses/{id}", STAFF, delete),
    ]
}

fn parse(id: &str) -> Result<AnalysisId, Problem> {
    place::parse_id(id, "analysis")
}

/// Analyses, those with the highest score first.
#[utoipa::path(get, path = "/api/v1/analyses", tag = "analyses", operation_id = "listAnalyses",
    params(AnalysisQuery, ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = AnalysesView), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn list(
    place: ApiPlace,
    Query(query): Query<AnalysisQuery>,
) -> Result<axum::Json<AnalysesView>, Problem> {
    let page = listing::page(&place.app.store, &place.member, &query).await?;
    Ok(axum::Json(page.into()))
}

/// The same as a file; the filters are those of the list.
#[utoipa::path(get, path = "/api/v1/analyses/export", tag = "analyses", operation_id = "exportAnalyses",
    params(FormatQuery, AnalysisQuery,
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, description = "The file", content_type = "application/x-ndjson"),
              (status = 400, body = ProblemView<'_>)))]
pub(super) async fn export(
    place: ApiPlace,
    Query(export): Query<FormatQuery>,
    Query(query): Query<AnalysisQuery>,
) -> Result<Response, Problem> {
    let format = FileFormat::parse_or_default(export.format())?;
    let workspace = place.member.need(AnalysisQuery::SCOPES)?;
    let store = place.app.store.clone();
    Ok(file::respond(store, workspace, query.filter()?, format))
}

/// An analysis.
#[utoipa::path(get, path = "/api/v1/analyses/{id}", tag = "analyses", operation_id = "getAnalysis",
    params(("id" = String, Path, description = "Id of the analysis"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = AnalysisView), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn get(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<AnalysisView>, Problem> {
    let (analysis, _) = place.app.analyst.read(&place.member, parse(&id)?).await?;
    Ok(axum::Json(analysis.into()))
}

/// Deletes an analysis, and the text that is kept with it. The conversation stays.
#[utoipa::path(delete, path = "/api/v1/analyses/{id}", tag = "analyses", operation_id = "deleteAnalysis",
    params(("id" = String, Path, description = "Id of the analysis"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 204, description = "It is gone"), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn delete(place: ApiPlace, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    place.app.analyst.delete(&place.member, parse(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The owner's rules, own fields and bands, what runs by itself and what is kept.
#[utoipa::path(get, path = "/api/v1/analyses/settings", tag = "analyses", operation_id = "getAnalysisSettings",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = serde_json::Value)))]
pub(super) async fn get_settings(place: ApiPlace) -> Result<axum::Json<Settings>, Problem> {
    Ok(axum::Json(place.app.analyst.settings(&place.member).await?))
}

/// Sets all of it. A field that is absent gets its default.
#[utoipa::path(put, path = "/api/v1/analyses/settings", tag = "analyses", operation_id = "setAnalysisSettings",
    request_body = serde_json::Value,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = serde_json::Value), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn set_settings(
    place: ApiPlace,
    Json(settings): Json<Settings>,
) -> Result<axum::Json<Settings>, Problem> {
    let analyst = &place.app.analyst;
    let kept = analyst.set_settings(&place.member, settings).await?;
    Ok(axum::Json(kept))
}
