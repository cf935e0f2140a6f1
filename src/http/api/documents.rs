//! Documents: list, look, delete, read again, watch.

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Response;
use futures::{StreamExt, future};
use serde::{Deserialize, Serialize};
use tokio_stream::wrappers::BroadcastStream;
use utoipa::{IntoParams, ToSchema};

use super::place::{self, ApiPlace};
use super::versions::VersionView;
use crate::http::body::Json;
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::http::sse;
use crate::knowledge::{Progress, Stage};
use crate::store::documents::{Document, DocumentSummary};
use crate::store::versions;
use crate::store::{Scoped, VersionId};

/// Documents of a workspace.
#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentList {
    /// By file name.
    documents: Vec<DocumentView>,
}

/// A document.
#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentView {
    /// Its id, the same for all versions.
    id: String,
    /// File name.
    name: String,
    /// Title for people.
    title: String,
    /// `queued`, `indexing`, `ready` or `failed`.
    state: &'static str,
    /// Why it failed, in words for the owner.
    error: Option<String>,
    /// Number of the newest version, from 1.
    version: u32,
    /// Size of the newest version in bytes.
    bytes: i64,
    /// Media type of the newest version.
    media_type: String,
    /// Pages, where the format has them.
    pages: Option<u32>,
    /// Chunks that are searched now.
    chunks: i64,
    /// Where it came from: `upload`, `snippet` or `web`.
    origin: &'static str,
    /// ISO 639-1, if the text says enough to tell.
    language: Option<String>,
    /// The date that its text or its file states, in Unix milliseconds.
    dated_at: Option<i64>,
    /// What the owner should know about the reading of the newest version.
    notes: Vec<String>,
    /// Lines of its pictures that were not recognised for sure and wait for a decision.
    lines_to_check: u32,
    /// Whether only staff gets answers from it, never visitors.
    staff_only: bool,
    /// Answers of the last 30 days that cite it.
    answers: u64,
    /// Unix milliseconds.
    created_at: i64,
    /// Unix milliseconds.
    updated_at: i64,
}

/// A document with its versions.
#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentDetail {
    #[serde(flatten)]
    document: DocumentView,
    /// Newest first.
    versions: Vec<VersionView>,
}

/// What is to change; what is absent stays.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct DocumentChange {
    /// Whether only staff gets answers from it.
    staff_only: Option<bool>,
}

/// The text that was read from a version.
#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentText {
    /// Id of the document.
    document: String,
    /// Id of the version.
    version: String,
    /// Spans of citations are byte ranges in it.
    pub(in crate::http) text: String,
}

/// Progress of reading a document.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProgressView {
    /// Id of the workspace.
    workspace: String,
    /// Id of the document.
    document: String,
    /// File name.
    name: String,
    /// `{"stage": "queued"}`, and so on: `reading`, `looking` (at pictures of pages) with `page`, `done` and `total`,
    /// `embedding` with `done` and `total`, `ready` with `chunks` and `notes`, `failed` with `reason`, `deleted`.
    #[schema(value_type = Object)]
    stage: Stage,
}

impl From<Progress> for ProgressView {
    fn from(step: Progress) -> Self {
        let Progress {
            workspace,
            document,
            name,
            stage,
        } = step;
        Self {
            workspace,
            document,
            name,
            stage,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct VersionQuery {
    /// Id of a version; the searched one when absent.
    version: Option<String>,
}

impl DocumentView {
    fn new(summary: DocumentSummary, answers: u64) -> Self {
        let document = summary.document;
        let id = document.id.to_string();
        Self {
            staff_only: document.staff_only,
            answers,
            origin: document.origin.as_str(),
            language: summary.language,
            dated_at: document.dated_at,
            notes: summary.notes,
            lines_to_check: summary.doubtful,
            id,
            name: document.name,
            title: document.title,
            state: document.state.as_str(),
            error: document.error,
            version: summary.version_number,
            bytes: summary.bytes,
            media_type: summary.media_type,
            pages: summary.pages,
            chunks: summary.chunks,
            created_at: document.created_at,
            updated_at: document.updated_at,
        }
    }
}

/// The documents of a workspace.
#[utoipa::path(get, path = "/api/v1/documents", tag = "documents", operation_id = "listDocuments",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = DocumentList), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn list(place: ApiPlace) -> Result<axum::Json<DocumentList>, Problem> {
    Ok(axum::Json(read_list(&place).await?))
}

/// # Errors
/// 403 without the scope `documents`.
pub(in crate::http) async fn read_list(place: &ApiPlace) -> Result<DocumentList, Problem> {
    let documents = place.app.knowledge.documents();
    let found = documents.list(&place.member, now_ms()).await?;
    let documents = found.into_iter();
    let documents = documents.map(|(summary, answers)| DocumentView::new(summary, answers));
    Ok(DocumentList {
        documents: documents.collect(),
    })
}

/// One document with its versions.
#[utoipa::path(get, path = "/api/v1/documents/{id}", tag = "documents", operation_id = "getDocument",
    params(("id" = String, Path, description = "Id of the document"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = DocumentDetail), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn get(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<DocumentDetail>, Problem> {
    let document = load(&place, &id).await?;
    let id = document.id;
    let listed = place
        .app
        .knowledge
        .documents()
        .list(&place.member, now_ms());
    let mut listed = listed.await?.into_iter();
    let (summary, answers) = listed
        .find(|(summary, _)| summary.document.id == id)
        .ok_or_else(|| Problem::not_found("document"))?;
    let read = place
        .app
        .store
        .read(move |conn| versions::list(conn, &document));
    let versions = read.await?;
    let current = summary.document.current_version;
    let versions = versions
        .into_iter()
        .map(|v| VersionView::new(v, current))
        .collect();
    Ok(axum::Json(DocumentDetail {
        document: DocumentView::new(summary, answers),
        versions,
    }))
}

/// The text that was read from a document.
#[utoipa::path(get, path = "/api/v1/documents/{id}/text", tag = "documents",
    operation_id = "getDocumentText",
    params(("id" = String, Path, description = "Id of the document"), VersionQuery,
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = DocumentText), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn text(
    place: ApiPlace,
    Path(id): Path<String>,
    Query(query): Query<VersionQuery>,
) -> Result<axum::Json<DocumentText>, Problem> {
    Ok(axum::Json(read_text(&place, &id, query.version).await?))
}

/// The text of a version; of the searched one without `version`.
///
/// # Errors
/// 404 for what is not there.
pub(in crate::http) async fn read_text(
    place: &ApiPlace,
    id: &str,
    version: Option<String>,
) -> Result<DocumentText, Problem> {
    let document = load(place, id).await?;
    let asked = version
        .map(|text| place::parse_id::<VersionId>(&text, "version"))
        .transpose()?;
    let version = asked.or(document.current_version);
    let version = version.ok_or_else(|| {
        Problem::nothing("the document is not read yet, so there is no text of it")
    })?;
    let (workspace, id) = (place.id(), document.id);
    let found = place.app.store.read(move |conn| {
        let of_document = versions::get(conn, workspace, version)?.document == id;
        if of_document {
            versions::find_text(conn, workspace, version)
        } else {
            Ok(None)
        }
    });
    let found = found
        .await?
        .ok_or_else(|| Problem::nothing("there is no text of this version"))?;
    let (document, version) = (id.to_string(), version.to_string());
    Ok(DocumentText {
        document,
        version,
        text: found.text,
    })
}

/// Deletes a document with all its versions; it is no longer searched when this returns.
#[utoipa::path(delete, path = "/api/v1/documents/{id}", tag = "documents",
    operation_id = "deleteDocument",
    params(("id" = String, Path, description = "Id of the document"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 204), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn delete(place: ApiPlace, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let id = place::parse_id(&id, "document")?;
    let documents = place.app.knowledge.documents();
    documents.remove(&place.member, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Changes who gets answers from a document.
#[utoipa::path(patch, path = "/api/v1/documents/{id}", tag = "documents",
    operation_id = "changeDocument", request_body = DocumentChange,
    params(("id" = String, Path, description = "Id of the document"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 204), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn change(
    place: ApiPlace,
    Path(id): Path<String>,
    Json(change): Json<DocumentChange>,
) -> Result<StatusCode, Problem> {
    let id = load(&place, &id).await?.id;
    if let Some(staff_only) = change.staff_only {
        let (documents, by) = (place.app.knowledge.documents(), &place.member);
        let kept = documents.keep_for_staff(by, id, staff_only, now_ms());
        kept.await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Reads a document again, as after an update of the reader or of the embedding model.
#[utoipa::path(post, path = "/api/v1/documents/{id}/reindex", tag = "documents",
    operation_id = "reindexDocument",
    params(("id" = String, Path, description = "Id of the document"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 202), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn reindex(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let document = load(&place, &id).await?;
    place.app.knowledge.documents().reindex(document).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Progress of the documents of a workspace, as server-sent events, until the client leaves.
#[utoipa::path(get, path = "/api/v1/documents/events", tag = "documents",
    operation_id = "watchDocuments",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, content_type = "text/event-stream", body = ProgressView)))]
pub(super) async fn events(place: ApiPlace) -> Response {
    let workspace = place.id().to_string();
    let shutdown = place.app.cancel();
    let progress = BroadcastStream::new(place.app.knowledge.documents().progress());
    // A client that lags behind misses steps; it can fetch the list to catch up.
    let mine = progress.filter_map(move |step| {
        let step = step.ok().filter(|step| step.workspace == workspace);
        future::ready(step.map(|step| sse::event(&ProgressView::from(step))))
    });
    sse::respond(mine.take_until(shutdown.cancelled_owned()))
}

pub(super) async fn load(place: &ApiPlace, id: &str) -> Result<Scoped<Document>, Problem> {
    let (documents, id) = (
        place.app.knowledge.documents(),
        place::parse_id(id, "document")?,
    );
    Ok(documents.find(&place.member, id).await?)
}
