//! Golden questions, which measure a workspace's answers.

use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::place::{self, ApiPlace};
use crate::eval::questions::{self, GoldenDraft};
use crate::http::body::Json;
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::store::golden::GoldenQuestion;

/// The golden questions of a workspace.
#[derive(Debug, Serialize, ToSchema)]
pub struct GoldensView {
    questions: Vec<GoldenQuestion>,
}

/// A golden question to keep.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub struct GoldenRequest {
    /// What is asked; that of the receipt when absent.
    question: Option<String>,
    /// What is expected; worked out from the receipt when absent.
    expectation: Option<Value>,
    /// Id of the receipt of a real answer.
    receipt: Option<String>,
}

impl GoldenRequest {
    fn draft(&self) -> GoldenDraft {
        GoldenDraft {
            question: self.question.clone(),
            expectation: self.expectation.clone(),
        }
    }
}

/// Golden questions in the form of a JSON-lines file.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ImportRequest {
    /// Each has `question` and the fields of an expectation.
    questions: Vec<Value>,
}

/// What became of an import.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportedView {
    imported: usize,
    /// Left out because the same question with the same expectation is there.
    known: usize,
}

/// The golden questions, oldest first.
#[utoipa::path(get, path = "/api/v1/golden", tag = "quality", operation_id = "listGolden",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = GoldensView)))]
pub(super) async fn list(place: ApiPlace) -> Result<axum::Json<GoldensView>, Problem> {
    let found = questions::list(&place.app.store, &place.member).await?;
    Ok(axum::Json(GoldensView { questions: found }))
}

/// Keeps a golden question: a new one, or one from the receipt of a real answer.
#[utoipa::path(post, path = "/api/v1/golden", tag = "quality", operation_id = "createGolden",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    request_body = GoldenRequest,
    responses((status = 201, body = GoldenQuestion), (status = 400, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn create(
    place: ApiPlace,
    Json(request): Json<GoldenRequest>,
) -> Result<(StatusCode, axum::Json<GoldenQuestion>), Problem> {
    let (store, by, now) = (&place.app.store, &place.member, now_ms());
    let (draft, receipt) = (request.draft(), request.receipt.as_deref());
    let made = match receipt {
        None => questions::keep(store, by, draft, now).await?,
        Some(receipt) => {
            let receipt = place::parse_id(receipt, "receipt")?;
            questions::keep_receipt(store, by, receipt, draft, now).await?
        }
    };
    Ok((StatusCode::CREATED, axum::Json(made)))
}

/// Keeps many golden questions at once; those that are there already are left out.
#[utoipa::path(post, path = "/api/v1/golden/import", tag = "quality", operation_id = "importGolden",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    request_body = ImportRequest,
    responses((status = 200, body = ImportedView), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn import(
    place: ApiPlace,
    Json(request): Json<ImportRequest>,
) -> Result<axum::Json<ImportedView>, Problem> {
    let (store, by) = (&place.app.store, &place.member);
    let taken = questions::import(store, by, request.questions, now_ms()).await?;
    Ok(axum::Json(ImportedView {
        imported: taken.new,
        known: taken.known,
    }))
}

/// The golden questions as JSON lines, for a file or for `frontdesk eval`.
#[utoipa::path(get, path = "/api/v1/golden/export", tag = "quality", operation_id = "exportGolden",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, description = "JSON lines", content_type = "application/x-ndjson")))]
pub(super) async fn export(place: ApiPlace) -> Result<Response, Problem> {
    let found = questions::list(&place.app.store, &place.member).await?;
    let lines: String = found.into_iter().map(questions::as_line).collect();
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-ndjson"),
        ),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static("attachment; filename=\"golden.jsonl\""),
        ),
    ];
    Ok((headers, lines).into_response())
}

/// Changes a golden question.
#[utoipa::path(put, path = "/api/v1/golden/{id}", tag = "quality", operation_id = "updateGolden",
    params(("id" = String, Path, description = "Id of the golden question"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    request_body = GoldenRequest,
    responses((status = 200, body = GoldenQuestion), (status = 400, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn update(
    place: ApiPlace,
    Path(id): Path<String>,
    Json(request): Json<GoldenRequest>,
) -> Result<axum::Json<GoldenQuestion>, Problem> {
    let (store, id) = (&place.app.store, place::parse_id(&id, "golden question")?);
    let changed = questions::change(store, &place.member, id, request.draft()).await?;
    Ok(axum::Json(changed))
}

/// Deletes a golden question.
#[utoipa::path(delete, path = "/api/v1/golden/{id}", tag = "quality", operation_id = "deleteGolden",
    params(("id" = String, Path, description = "Id of the golden question"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 204, description = "It is gone"), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn delete(place: ApiPlace, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let id = place::parse_id(&id, "golden question")?;
    questions::remove(&place.app.store, &place.member, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
