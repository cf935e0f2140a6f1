//! Sources: add, list, look, change, fetch now, delete, watch.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use futures::{StreamExt, future};
use tokio_stream::wrappers::BroadcastStream;

use super::place::{self, ApiPlace};
use super::source_views::{
    NewSourceRequest, PageView, SourceChange, SourceDetail, SourceList, SourceView,
    SyncProgressView, parse_every,
};
use crate::http::body::Json;
use crate::http::problem::{Problem, ProblemView};
use crate::http::sse;
use crate::knowledge::KnowledgeError;
use crate::knowledge::sources::{SourceRequest, SourceUpdate};
use crate::store::SourceId;
use crate::store::sources::{Options, SourceKind};

/// Fills in the defaults.
fn parse_request(request: NewSourceRequest) -> Result<SourceRequest, Problem> {
    let defaults = Options::default();
    let kind = request.kind.as_deref().unwrap_or("page");
    Ok(SourceRequest {
        kind: SourceKind::parse(kind)
            .ok_or_else(|| Problem::invalid("kind", "kind is page, sitemap or crawl"))?,
        url: request.url,
        options: Options {
            depth: request.depth.unwrap_or(defaults.depth),
            pages: request.pages.unwrap_or(defaults.pages),
            per_second: request.per_second.unwrap_or(defaults.per_second),
        },
        every_ms: parse_every(request.every.as_deref().unwrap_or("day"))?,
    })
}

/// The sources of a workspace.
#[utoipa::path(get, path = "/api/v1/sources", tag = "sources", operation_id = "listSources",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = SourceList)))]
pub(super) async fn list(place: ApiPlace) -> Result<axum::Json<SourceList>, Problem> {
    let sources = place.app.sources.list(&place.member).await?;
    let sources = sources.into_iter().map(SourceView::from).collect();
    Ok(axum::Json(SourceList { sources }))
}

/// Adds a source and fetches it in the background.
#[utoipa::path(post, path = "/api/v1/sources", tag = "sources", operation_id = "addSource",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    request_body = NewSourceRequest,
    responses((status = 201, body = SourceView), (status = 400, body = ProblemView<'_>),
              (status = 409, body = ProblemView<'_>)))]
pub(super) async fn create(
    place: ApiPlace,
    Json(request): Json<NewSourceRequest>,
) -> Result<(StatusCode, axum::Json<SourceView>), Problem> {
    let (sources, request) = (&place.app.sources, parse_request(request)?);
    let added = sources.request(&place.member, request).await;
    let added = added.map_err(of_source)?;
    Ok((
        StatusCode::CREATED,
        axum::Json(load_view(&place, added).await?),
    ))
}

/// One source with what is known of its pages.
#[utoipa::path(get, path = "/api/v1/sources/{id}", tag = "sources", operation_id = "getSource",
    params(("id" = String, Path, description = "Id of the source"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = SourceDetail), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn get(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<SourceDetail>, Problem> {
    let id = place::parse_id(&id, "source")?;
    let pages = place.app.sources.pages(&place.member, id).await?;
    let view = load_view(&place, id).await?;
    Ok(axum::Json(SourceDetail {
        source: view,
        known: pages.into_iter().map(PageView::from).collect(),
    }))
}

/// Changes how often a source is fetched and how far it goes; pauses or resumes it.
#[utoipa::path(patch, path = "/api/v1/sources/{id}", tag = "sources", operation_id = "changeSource",
    params(("id" = String, Path, description = "Id of the source"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    request_body = SourceChange,
    responses((status = 200, body = SourceView), (status = 400, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn change(
    place: ApiPlace,
    Path(id): Path<String>,
    Json(change): Json<SourceChange>,
) -> Result<axum::Json<SourceView>, Problem> {
    let id = place::parse_id(&id, "source")?;
    let change = SourceUpdate {
        every_ms: change.every.as_deref().map(parse_every).transpose()?,
        depth: change.depth,
        pages: change.pages,
        per_second: change.per_second,
        paused: change.paused,
    };
    let altered = place.app.sources.alter(&place.member, id, change).await;
    altered.map_err(of_source)?;
    Ok(axum::Json(load_view(&place, id).await?))
}

/// Fetches a source now, unless that is being done already.
#[utoipa::path(post, path = "/api/v1/sources/{id}/sync", tag = "sources", operation_id = "syncSource",
    params(("id" = String, Path, description = "Id of the source"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 202), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn sync(place: ApiPlace, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let id = place::parse_id(&id, "source")?;
    let fetched = place.app.sources.fetch_now(&place.member, id).await;
    fetched.map_err(of_source)?;
    Ok(StatusCode::ACCEPTED)
}

/// Deletes a source and all documents that came from it, at once.
#[utoipa::path(delete, path = "/api/v1/sources/{id}", tag = "sources", operation_id = "deleteSource",
    params(("id" = String, Path, description = "Id of the source"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 204), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn delete(place: ApiPlace, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let id = place::parse_id(&id, "source")?;
    place.app.sources.remove(&place.member, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Progress of the sources of a workspace, as server-sent events, until the client leaves.
#[utoipa::path(get, path = "/api/v1/sources/events", tag = "sources", operation_id = "watchSources",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, content_type = "text/event-stream", body = SyncProgressView)))]
pub(super) async fn events(place: ApiPlace) -> Response {
    let workspace = place.id().to_string();
    let shutdown = place.app.cancel();
    let progress = BroadcastStream::new(place.app.sources.progress());
    // A client that lags behind misses steps; it can fetch the list to catch up.
    let mine = progress.filter_map(move |step| {
        let step = step.ok().filter(|step| step.workspace == workspace);
        future::ready(step.map(|step| sse::event(&SyncProgressView::from(step))))
    });
    sse::respond(mine.take_until(shutdown.cancelled_owned()))
}

async fn load_view(place: &ApiPlace, id: SourceId) -> Result<SourceView, Problem> {
    let found = place.app.sources.find_listed(&place.member, id).await?;
    Ok(found.into())
}

/// Reports a bad address or limit under `source`; for documents, the same error is about a `file`.
pub(in crate::http) fn of_source(error: KnowledgeError) -> Problem {
    match error {
        KnowledgeError::Document(reason) => Problem::invalid("source", reason),
        other => other.into(),
    }
}
