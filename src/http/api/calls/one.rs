//! One call: reading and deleting it.

use axum::extract::Path;
use axum::http::StatusCode;

use super::view::{CallInFull, in_full};
use crate::app::privacy;
use crate::http::api::place::{self, ApiPlace};
use crate::http::problem::{Problem, ProblemView};
use crate::store::CallId;

/// A call with its transcript, the time of each turn, and its flow log.
#[utoipa::path(get, path = "/api/v1/calls/{id}", tag = "voice", operation_id = "getCall",
    params(("id" = String, Path, description = "Id of the call"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = CallInFull), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn get(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<CallInFull>, Problem> {
    let (workspace, id) = (place.id(), place::parse_id::<CallId>(&id, "call")?);
    let found = place
        .app
        .store
        .read(move |conn| in_full(conn, workspace, id));
    Ok(axum::Json(found.await?))
}

/// Deletes a call with its transcript, flow log and recording, and with the messages and receipts of its
/// conversation, for good.
#[utoipa::path(delete, path = "/api/v1/calls/{id}", tag = "voice", operation_id = "deleteCall",
    params(("id" = String, Path, description = "Id of the call"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 204), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn delete(place: ApiPlace, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let id = place::parse_id(&id, "call")?;
    privacy::remove_call(&place.app.store, &place.member, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
