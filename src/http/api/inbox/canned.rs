//! Canned replies.

use axum::extract::Path;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ApiPlace, place};
use crate::http::body::Json;
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::inbox::staff::canned;
use crate::store::CannedReplyId;
use crate::store::inbox::canned::CannedReply;

/// A text that staff write often.
#[derive(Debug, Serialize, ToSchema)]
pub struct CannedReplyView {
    id: String,
    /// Typed after a slash.
    shortcut: String,
    /// With `{name}`, `{agent}` and `{business}` to be filled in.
    text: String,
    /// Unix milliseconds.
    updated_at: i64,
}

/// The canned replies of a workspace.
#[derive(Debug, Serialize, ToSchema)]
pub struct CannedReplyList {
    /// In the order of their shortcuts.
    canned_replies: Vec<CannedReplyView>,
}

/// A canned reply as it shall be.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CannedReplyRequest {
    /// 1 to 40 letters, digits, - or _; unique in the workspace.
    shortcut: String,
    /// At most 4000 characters; may have `{name}`, `{agent}` and `{business}`.
    text: String,
}

impl From<CannedReply> for CannedReplyView {
    fn from(reply: CannedReply) -> Self {
        Self {
            id: reply.id.to_string(),
            shortcut: reply.shortcut,
            text: reply.text,
            updated_at: reply.updated_at,
        }
    }
}

/// The canned replies of a workspace.
#[utoipa::path(get, path = "/api/v1/canned-replies", tag = "inbox", operation_id = "listCannedReplies",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = CannedReplyList)))]
pub(super) async fn list(place: ApiPlace) -> Result<axum::Json<CannedReplyList>, Problem> {
    let found = canned::list(&place.app.store, &place.member).await?;
    let canned_replies = found.into_iter().map(CannedReplyView::from).collect();
    Ok(axum::Json(CannedReplyList { canned_replies }))
}

/// Makes a canned reply.
#[utoipa::path(post, path = "/api/v1/canned-replies", tag = "inbox", operation_id = "createCannedReply",
    request_body = CannedReplyRequest,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 201, body = CannedReplyView), (status = 400, body = ProblemView<'_>),
              (status = 409, body = ProblemView<'_>)))]
pub(super) async fn create(
    place: ApiPlace,
    Json(request): Json<CannedReplyRequest>,
) -> Result<(StatusCode, axum::Json<CannedReplyView>), Problem> {
    let reply = save(&place, None, &request).await?;
    Ok((StatusCode::CREATED, reply))
}

/// Replaces a canned reply.
#[utoipa::path(put, path = "/api/v1/canned-replies/{id}", tag = "inbox", operation_id = "replaceCannedReply",
    request_body = CannedReplyRequest,
    params(("id" = String, Path, description = "Id of the canned reply"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = CannedReplyView), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn replace(
    place: ApiPlace,
    Path(id): Path<String>,
    Json(request): Json<CannedReplyRequest>,
) -> Result<axum::Json<CannedReplyView>, Problem> {
    let id = place::parse_id(&id, "canned reply")?;
    save(&place, Some(id), &request).await
}

async fn save(
    place: &ApiPlace,
    replaces: Option<CannedReplyId>,
    request: &CannedReplyRequest,
) -> Result<axum::Json<CannedReplyView>, Problem> {
    let (store, by, now) = (&place.app.store, &place.member, now_ms());
    let saved = canned::save(store, by, replaces, &request.shortcut, &request.text, now).await?;
    Ok(axum::Json(saved.into()))
}

/// Removes a canned reply.
#[utoipa::path(delete, path = "/api/v1/canned-replies/{id}", tag = "inbox", operation_id = "deleteCannedReply",
    params(("id" = String, Path, description = "Id of the canned reply"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 204), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn remove(place: ApiPlace, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let id = place::parse_id(&id, "canned reply")?;
    canned::remove(&place.app.store, &place.member, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
