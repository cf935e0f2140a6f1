//! Files of conversations.

use axum::extract::Path;
use axum::response::Response;

use super::{ApiPlace, place};
use crate::http::attachment::serve;
use crate::http::problem::{Problem, ProblemView};
use crate::inbox::staff::reading;

/// A file that a visitor or a colleague sent. Raster pictures are shown, everything else is saved.
#[utoipa::path(get, path = "/api/v1/attachments/{id}", tag = "inbox", operation_id = "downloadAttachment",
    params(("id" = String, Path, description = "Id of the file"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn download(place: ApiPlace, Path(id): Path<String>) -> Result<Response, Problem> {
    let id = place::parse_id(&id, "file")?;
    let (file, content) = reading::attachment(&place.app.store, &place.member, id).await?;
    Ok(serve(&file, content))
}
