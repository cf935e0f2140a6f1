//! One account of a CRM.

use axum::extract::{Path, Query};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::view::{CrmAccountView, CrmLeadList, CrmLeadView, CrmSettings};
use crate::casework::CaseSettings;
use crate::http::api::place::ApiPlace;
use crate::http::body::Json;
use crate::http::crm::package;
use crate::http::parse_id;
use crate::http::problem::{Problem, ProblemView};
use crate::store::CrmAccountId;

/// Leads on a page: the default, and the limit.
const USUAL: u32 = 50;
const MOST: u32 = 200;

/// Whether the copies stay.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct DisconnectRequest {
    /// Keep leads, messages, transcripts and analyses here.
    keep_copies: bool,
}

/// What came of disconnecting.
#[derive(Debug, Serialize, ToSchema)]
pub struct CrmDisconnected {
    /// Whether the CRM confirmed that it sends nothing more to this server.
    unhooked: bool,
}

/// What to erase.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct CrmErase {
    /// Id of a lead; absent for everything that is held for the account.
    lead: Option<String>,
}

/// What somebody waits for.
#[derive(Debug, Serialize, ToSchema)]
pub struct CrmAsked {
    /// `queued` or `running`.
    state: &'static str,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct LeadQuery {
    /// Where the page before ended.
    after: String,
    /// Leads on a page, 1 to 200 (50).
    limit: Option<u32>,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct CopyQuery {
    /// Id of a lead; absent for all.
    lead: Option<String>,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct PackageQuery {
    /// Public address of this server; absent for the one it knows.
    url: Option<String>,
}

fn account_id(id: &str) -> Result<CrmAccountId, Problem> {
    parse_id(id, "account of the CRM")
}

/// An account.
#[utoipa::path(get, path = "/api/v1/crm/accounts/{id}", tag = "crm", operation_id = "getCrmAccount",
    params(("id" = String, Path, description = "Id of the account"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = CrmAccountView), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn get(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<CrmAccountView>, Problem> {
    let view = place.app.casework.account(&place.member, account_id(&id)?);
    Ok(axum::Json(view.await?.into()))
}

/// Changes what is written back and what runs by itself. What is absent becomes the default.
#[utoipa::path(put, path = "/api/v1/crm/accounts/{id}", tag = "crm", operation_id = "setCrmAccount",
    request_body = CrmSettings,
    params(("id" = String, Path, description = "Id of the account"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = CrmAccountView), (status = 400, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn set(
    place: ApiPlace,
    Path(id): Path<String>,
    Json(settings): Json<CrmSettings>,
) -> Result<axum::Json<CrmAccountView>, Problem> {
    let (id, settings) = (account_id(&id)?, CaseSettings::try_from(settings)?);
    let view = place
        .app
        .casework
        .set_settings(&place.member, id, settings)
        .await?;
    Ok(axum::Json(view.into()))
}

/// Ends the connection: hooks and tokens go and, unless they are to stay, all copies.
#[utoipa::path(post, path = "/api/v1/crm/accounts/{id}/disconnect", tag = "crm",
    operation_id = "disconnectCrmAccount", request_body = DisconnectRequest,
    params(("id" = String, Path, description = "Id of the account"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = CrmDisconnected), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn disconnect(
    place: ApiPlace,
    Path(id): Path<String>,
    Json(request): Json<DisconnectRequest>,
) -> Result<axum::Json<CrmDisconnected>, Problem> {
    let id = account_id(&id)?;
    let done = place
        .app
        .disconnect_crm(&place.member, id, request.keep_copies)
        .await?;
    Ok(axum::Json(CrmDisconnected {
        unhooked: done.unhooked,
    }))
}

/// Begins to analyse all open leads.
#[utoipa::path(post, path = "/api/v1/crm/accounts/{id}/backfill", tag = "crm", operation_id = "backfillCrm",
    params(("id" = String, Path, description = "Id of the account"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 202, body = CrmAccountView), (status = 404, body = ProblemView<'_>),
              (status = 409, body = ProblemView<'_>)))]
pub(super) async fn backfill(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<(StatusCode, axum::Json<CrmAccountView>), Problem> {
    let view = place.app.casework.backfill(&place.member, account_id(&id)?);
    Ok((StatusCode::ACCEPTED, axum::Json(view.await?.into())))
}

/// Pauses the back-fill after the lead that is worked on.
#[utoipa::path(post, path = "/api/v1/crm/accounts/{id}/backfill/pause", tag = "crm",
    operation_id = "pauseCrmBackfill",
    params(("id" = String, Path, description = "Id of the account"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = CrmAccountView), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn pause(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<CrmAccountView>, Problem> {
    set_paused(place, &id, true).await
}

/// Lets the back-fill go on where it was.
#[utoipa::path(post, path = "/api/v1/crm/accounts/{id}/backfill/resume", tag = "crm",
    operation_id = "resumeCrmBackfill",
    params(("id" = String, Path, description = "Id of the account"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = CrmAccountView), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn resume(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<CrmAccountView>, Problem> {
    set_paused(place, &id, false).await
}

async fn set_paused(
    place: ApiPlace,
    id: &str,
    paused: bool,
) -> Result<axum::Json<CrmAccountView>, Problem> {
    let id = account_id(id)?;
    let view = place.app.casework.pause(&place.member, id, paused).await?;
    Ok(axum::Json(view.into()))
}

/// The leads that were worked on, by id.
#[utoipa::path(get, path = "/api/v1/crm/accounts/{id}/leads", tag = "crm", operation_id = "listCrmLeads",
    params(LeadQuery, ("id" = String, Path, description = "Id of the account"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = CrmLeadList), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn leads(
    place: ApiPlace,
    Path(id): Path<String>,
    Query(query): Query<LeadQuery>,
) -> Result<axum::Json<CrmLeadList>, Problem> {
    let limit = query.limit.unwrap_or(USUAL).clamp(1, MOST);
    let id = account_id(&id)?;
    let found = place
        .app
        .casework
        .leads(&place.member, id, &query.after, limit)
        .await?;
    let is_full = found.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
    let last = found.last().map(|lead| lead.id.clone());
    Ok(axum::Json(CrmLeadList {
        next: last.filter(|_| is_full),
        leads: found.into_iter().map(CrmLeadView::from).collect(),
    }))
}

/// Queues an analysis of a lead.
#[utoipa::path(post, path = "/api/v1/crm/accounts/{id}/leads/{lead}/analyse", tag = "crm",
    operation_id = "analyseCrmLead",
    params(("id" = String, Path, description = "Id of the account"),
           ("lead" = String, Path, description = "The CRM's id of the lead"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 202, body = CrmAsked), (status = 404, body = ProblemView<'_>),
              (status = 409, body = ProblemView<'_>), (status = 429, body = ProblemView<'_>)))]
pub(super) async fn analyse(
    place: ApiPlace,
    Path((id, lead)): Path<(String, String)>,
) -> Result<(StatusCode, axum::Json<CrmAsked>), Problem> {
    let id = account_id(&id)?;
    let card = place.app.casework.analyse(&place.member, id, &lead).await?;
    let state = card.job.map_or("queued", |job| job.state.as_str());
    Ok((StatusCode::ACCEPTED, axum::Json(CrmAsked { state })))
}

/// Everything that is held for the account, or of one lead, as JSON.
#[utoipa::path(get, path = "/api/v1/crm/accounts/{id}/copy", tag = "crm", operation_id = "copyCrm",
    params(CopyQuery, ("id" = String, Path, description = "Id of the account"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, description = "Everything", content_type = "application/json", body = Object),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn copy(
    place: ApiPlace,
    Path(id): Path<String>,
    Query(query): Query<CopyQuery>,
) -> Result<axum::Json<Value>, Problem> {
    let (id, lead) = (account_id(&id)?, query.lead.as_deref());
    let copied = place.app.casework.copy(&place.member, id, lead).await?;
    Ok(axum::Json(copied))
}

/// Erases what is held of a lead, or everything that is held for the account. What stands in the CRM stays there.
#[utoipa::path(post, path = "/api/v1/crm/accounts/{id}/erase", tag = "crm", operation_id = "eraseCrm",
    request_body = CrmErase,
    params(("id" = String, Path, description = "Id of the account"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 204), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn erase(
    place: ApiPlace,
    Path(id): Path<String>,
    Json(request): Json<CrmErase>,
) -> Result<StatusCode, Problem> {
    let (id, lead) = (account_id(&id)?, request.lead.as_deref());
    place.app.erase_crm(&place.member, id, lead).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The widget's package for this account, with the action for pipelines. Whoever has it can have leads analysed.
#[utoipa::path(get, path = "/api/v1/crm/accounts/{id}/widget", tag = "crm", operation_id = "packCrmWidget",
    params(PackageQuery, ("id" = String, Path, description = "Id of the account"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, description = "The file", content_type = "application/zip"),
              (status = 400, body = ProblemView<'_>), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn package(
    place: ApiPlace,
    Path(id): Path<String>,
    Query(query): Query<PackageQuery>,
) -> Result<Response, Problem> {
    let path = place.app.pipeline_path(&place.member, account_id(&id)?);
    let path = path.await?;
    let known = place.app.public_address().unwrap_or_default();
    let server = query.url.unwrap_or(known);
    let packed = package::build(&server, Some(&path))?;
    let headers = [
        (header::CONTENT_TYPE, "application/zip"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"frontdesk-widget.zip\"",
        ),
    ];
    Ok((headers, packed).into_response())
}
