//! Versions of a document: list, compare, go back, download.

use axum::extract::{Path, Query};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::documents::load;
use super::place::{self, ApiPlace};
use crate::http::body::Json;
use crate::http::problem::{Problem, ProblemView};
use crate::knowledge::diff::{self, Difference};
use crate::store::versions::{self, Version};
use crate::store::{VersionId, WorkspaceId};

/// A version of a document.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionView {
    id: String,
    /// From 1.
    number: u32,
    /// SHA-256 of the file in hex.
    sha256: String,
    bytes: i64,
    media_type: String,
    pages: Option<u32>,
    /// ISO 639-1, if the text says enough to tell.
    language: Option<String>,
    /// What the owner should know about the reading.
    notes: Vec<String>,
    /// Unix milliseconds.
    created_at: i64,
    /// When its text was read, in Unix milliseconds.
    extracted_at: Option<i64>,
    /// Whether this version is the one that is searched.
    current: bool,
    /// Why it is not searched although it could be: `held` waits to be published, `rolled_back` was
    /// taken back.
    hold: Option<&'static str>,
    /// The file hides something from its readers (sheets, columns, comments), as far as we can tell.
    has_hidden: bool,
    /// The hidden parts are read as well.
    read_hidden: bool,
}

/// The versions of a document.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionList {
    /// Newest first.
    versions: Vec<VersionView>,
}

/// The version to go back to.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RollbackRequest {
    /// Id of the version to search from now on.
    version: String,
}

/// Whether to read what the file hides.
#[derive(Debug, Deserialize, ToSchema)]
pub struct HiddenRequest {
    /// `true` to read hidden sheets, rows, columns, slides, text, speaker's notes and comments as well.
    read: bool,
}

/// The version that is being read.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReadAgain {
    /// Id of the document.
    document: String,
    /// Number of the new version.
    version: u32,
}

/// What is searched now.
#[derive(Debug, Serialize, ToSchema)]
pub struct RolledBack {
    /// Id of the document.
    document: String,
    /// Number of the version that is searched now.
    version: u32,
}

/// What changed between two versions.
#[derive(Debug, Serialize, ToSchema)]
pub struct DifferenceView {
    /// Number of the older version.
    from: u32,
    /// Number of the newer version.
    to: u32,
    /// `added` and `removed` count paragraphs; `lines` are those that changed, with those beside them:
    /// `{"change": "same" | "added" | "removed" | "left", "text": …}`; `cut` if there are more.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    difference: Difference,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Between {
    /// Id of a version; the one before `to` when absent.
    from: Option<String>,
    /// Id of a version; the newest when absent.
    to: Option<String>,
}

impl VersionView {
    pub(super) fn new(version: Version, current: Option<VersionId>) -> Self {
        Self {
            current: current == Some(version.id),
            id: version.id.to_string(),
            number: version.number,
            sha256: version.sha256,
            bytes: version.bytes,
            media_type: version.media_type,
            pages: version.pages,
            language: version.language,
            notes: version.notes,
            created_at: version.created_at,
            extracted_at: version.extracted_at,
            hold: version.hold.map(|hold| hold.as_str()),
            has_hidden: version.has_hidden,
            read_hidden: version.read_hidden,
        }
    }
}

/// The versions of a document.
#[utoipa::path(get, path = "/api/v1/documents/{id}/versions", tag = "documents",
    operation_id = "listVersions",
    params(("id" = String, Path, description = "Id of the document"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = VersionList), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn list(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<VersionList>, Problem> {
    let document = load(&place, &id).await?;
    let current = document.current_version;
    let found = place
        .app
        .store
        .read(move |conn| versions::list(conn, &document));
    let versions = found.await?.into_iter();
    let versions = versions.map(|v| VersionView::new(v, current)).collect();
    Ok(axum::Json(VersionList { versions }))
}

/// Goes back to an older version, or forward again. It is searched when this returns.
#[utoipa::path(post, path = "/api/v1/documents/{id}/rollback", tag = "documents",
    operation_id = "rollBackDocument", request_body = RollbackRequest,
    params(("id" = String, Path, description = "Id of the document"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = RolledBack), (status = 404, body = ProblemView<'_>),
              (status = 409, description = "It is in use already, or was never read", body = ProblemView<'_>)))]
pub(super) async fn roll_back(
    place: ApiPlace,
    Path(id): Path<String>,
    Json(request): Json<RollbackRequest>,
) -> Result<axum::Json<RolledBack>, Problem> {
    let (documents, by) = (place.app.knowledge.documents(), &place.member);
    let of = place::parse_id(&id, "document")?;
    let to = place::parse_id::<VersionId>(&request.version, "version")?;
    let version = documents.go_back(by, of, to).await?;
    Ok(axum::Json(RolledBack {
        document: id,
        version,
    }))
}

/// Reads a document with what its file hides, or without, as a new version.
#[utoipa::path(post, path = "/api/v1/documents/{id}/hidden", tag = "documents",
    operation_id = "readHiddenParts", request_body = HiddenRequest,
    params(("id" = String, Path, description = "Id of the document"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 202, body = ReadAgain), (status = 404, body = ProblemView<'_>),
              (status = 409, description = "It is read in this way already", body = ProblemView<'_>)))]
pub(super) async fn read_hidden(
    place: ApiPlace,
    Path(id): Path<String>,
    Json(request): Json<HiddenRequest>,
) -> Result<(StatusCode, axum::Json<ReadAgain>), Problem> {
    let (documents, of) = (
        place.app.knowledge.documents(),
        place::parse_id(&id, "document")?,
    );
    let submitted = documents
        .read_with_hidden(&place.member, of, request.read)
        .await?;
    let again = ReadAgain {
        document: id,
        version: submitted.version,
    };
    Ok((StatusCode::ACCEPTED, axum::Json(again)))
}

/// What changed between two versions of a document, paragraph by paragraph.
#[utoipa::path(get, path = "/api/v1/documents/{id}/diff", tag = "documents",
    operation_id = "compareVersions",
    params(("id" = String, Path, description = "Id of the document"), Between,
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = DifferenceView), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn compare(
    place: ApiPlace,
    Path(id): Path<String>,
    Query(between): Query<Between>,
) -> Result<axum::Json<DifferenceView>, Problem> {
    let document = load(&place, &id).await?;
    let read = |text: Option<String>| {
        text.map(|text| place::parse_id::<VersionId>(&text, "version"))
            .transpose()
    };
    let (from, to) = (read(between.from)?, read(between.to)?);
    let workspace: WorkspaceId = place.id();
    let found = place.app.store.read(move |conn| {
        let all = versions::list(conn, &document)?;
        let Some((older, newer)) = find_pair(&all, from, to) else {
            return Ok(None);
        };
        let text = |version: &Version| versions::find_text(conn, workspace, version.id);
        let texts = text(older)?.zip(text(newer)?);
        Ok(texts.map(|(old, new)| (older.number, newer.number, old.text, new.text)))
    });
    let (from, to, old, new) = found
        .await?
        .ok_or_else(|| Problem::nothing("there is no second version with text to compare with"))?;
    let difference = tokio::task::spawn_blocking(move || diff::compare(&old, &new))
        .await
        .map_err(|error| Problem::internal(&error))?;
    Ok(axum::Json(DifferenceView {
        from,
        to,
        difference,
    }))
}

/// Finds the two versions to compare, the older first; `None` if one does not exist.
fn find_pair(
    all: &[Version],
    from: Option<VersionId>,
    to: Option<VersionId>,
) -> Option<(&Version, &Version)> {
    let by_id = |id: VersionId| all.iter().find(|v| v.id == id);
    let newer = to.map_or_else(|| all.first(), by_id)?;
    let older = match from {
        Some(from) => by_id(from)?,
        None => all.iter().find(|v| v.number < newer.number)?,
    };
    Some(match older.number <= newer.number {
        true => (older, newer),
        false => (newer, older),
    })
}

/// The file of a version as it was uploaded.
#[utoipa::path(get, path = "/api/v1/documents/{id}/versions/{version}/original", tag = "documents",
    operation_id = "downloadVersion",
    params(("id" = String, Path, description = "Id of the document"),
           ("version" = String, Path, description = "Id of the version"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn original(
    place: ApiPlace,
    Path((id, version)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let document = load(&place, &id).await?;
    let version = place::parse_id::<VersionId>(&version, "version")?;
    let (workspace, id) = (place.id(), document.id);
    let found = place.app.store.read(move |conn| {
        let of_document = versions::get(conn, workspace, version)?.document == id;
        match of_document {
            true => versions::original(conn, workspace, version).map(Some),
            false => Ok(None),
        }
    });
    let bytes = found.await?.ok_or_else(|| Problem::not_found("version"))?;
    // Always a download: a browser must not render a foreign file on our origin.
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/octet-stream"),
        ),
        (
            header::CONTENT_DISPOSITION,
            build_disposition(&document.name),
        ),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
    ];
    Ok((headers, bytes).into_response())
}

/// The `Content-Disposition` of a download, with its name in UTF-8 (RFC 6266, RFC 8187).
fn build_disposition(name: &str) -> HeaderValue {
    let file = name.rsplit('/').next().unwrap_or(name);
    let escaped = percent_encoding::utf8_percent_encode(file, percent_encoding::NON_ALPHANUMERIC);
    HeaderValue::from_str(&format!("attachment; filename*=UTF-8''{escaped}"))
        .unwrap_or(HeaderValue::from_static("attachment"))
}
