//! One call: reading and deleting it.

use axum::extract::Path;
use axum::http::StatusCode;

use super::super::super::problem::{Problem, ProblemView};
use super::super::place::{self, Place};
use super::view::{CallInFull, in_full};
use crate::store::{CallId, calls};

/// A call with its transcript, the time of each turn, and its flow log.
#[utoipa::path(get, path = "/api/calls/{id}", tag = "voice", operation_id = "getCall",
    params(("id" = String, Path, description = "Id of the call"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = CallInFull), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn get(
    place: Place,
    Path(id): Path<String>,
) -> Result<axum::Json<CallInFull>, Problem> {
    let (workspace, id) = (place.id(), place::id::<CallId>(&id, "call")?);
    let found = place
        .app
        .store
        .read(move |conn| in_full(conn, workspace, id));
    Ok(axum::Json(found.await?))
}

/// Deletes a call with its transcript, flow log and recording, for good.
#[utoipa::path(delete, path = "/api/calls/{id}", tag = "voice", operation_id = "deleteCall",
    params(("id" = String, Path, description = "Id of the call"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 204), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn delete(place: Place, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let (workspace, id) = (place.id(), place::id::<CallId>(&id, "call")?);
    let gone = place.app.store.write(move |tx| {
        let call = calls::get(tx, workspace, id)?;
        calls::delete(tx, &call)
    });
    gone.await?;
    Ok(StatusCode::NO_CONTENT)
}
