//! Snippets: short texts written in the console. They are documents like any other.

use axum::extract::Path;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::place::{self, ApiPlace};
use crate::http::body::Json;
use crate::http::problem::{Problem, ProblemView};
use crate::knowledge::Submitted;

/// A snippet to write.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SnippetRequest {
    /// At most 120 characters.
    title: String,
    /// What it says, in Markdown.
    text: String,
}

/// Writes a snippet.
#[utoipa::path(post, path = "/api/v1/snippets", tag = "documents", operation_id = "writeSnippet",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    request_body = SnippetRequest,
    responses((status = 201, body = Submitted), (status = 422, body = ProblemView<'_>)))]
pub(super) async fn create(
    place: ApiPlace,
    Json(request): Json<SnippetRequest>,
) -> Result<(StatusCode, axum::Json<Submitted>), Problem> {
    let SnippetRequest { title, text } = request;
    let documents = place.app.knowledge.documents();
    let written = documents
        .write_snippet(&place.member, None, &title, &text)
        .await?;
    Ok((StatusCode::CREATED, axum::Json(written)))
}

/// Changes a snippet: the text becomes its next version.
#[utoipa::path(put, path = "/api/v1/snippets/{id}", tag = "documents", operation_id = "changeSnippet",
    params(("id" = String, Path, description = "Id of its document"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    request_body = SnippetRequest,
    responses((status = 200, body = Submitted), (status = 404, body = ProblemView<'_>),
              (status = 422, body = ProblemView<'_>)))]
pub(super) async fn replace(
    place: ApiPlace,
    Path(id): Path<String>,
    Json(request): Json<SnippetRequest>,
) -> Result<axum::Json<Submitted>, Problem> {
    let id = place::parse_id(&id, "document")?;
    let SnippetRequest { title, text } = request;
    let documents = place.app.knowledge.documents();
    let written = documents
        .write_snippet(&place.member, Some(id), &title, &text)
        .await?;
    Ok(axum::Json(written))
}
