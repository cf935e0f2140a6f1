//! Assistants: which there are, drafts, what is live, versions and their difference, copies, files. All of it needs `admin`.
//!
//! What a version says is one flat object: `title`, `instructions`, `greeting`, and the sections that
//! the assistant has of its own; what is absent it inherits from the workspace.

mod one;
mod view;

pub(super) mod paths {
    pub(in crate::http) use super::one::{
        __path_change, __path_compare, __path_discard, __path_export, __path_publish,
        __path_renew_key, __path_roll_back, __path_try_out, __path_versions,
    };
    pub(in crate::http) use super::{
        __path_create, __path_delete, __path_duplicate, __path_get, __path_import, __path_list,
        __path_rename, __path_restore,
    };
}

pub(in crate::http) use self::one::file as send_file;

use axum::extract::Path;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use self::view::{AssistantDetail, AssistantList, AssistantSummary, DeletedAssistant};
use super::place::ApiPlace;
use crate::app::assistants::{self, Overview};
use crate::http::auth::Scope;
use crate::http::body::Json;
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::http::route::{Policy, Route, routes};

pub(in crate::http) fn routes() -> Vec<Route> {
    const ADMIN: Policy = Policy::Scope(Scope::Admin);
    routes![
        (GET, "/api/v1/assistants", ADMIN, list),
        (POST, "/api/v1/assistants", ADMIN, create),
        (POST, "/api/v1/assistants/import", ADMIN, import),
        (GET, "/api/v1/assistants/{name}", ADMIN, get),
        (PATCH, "/api/v1/assistants/{name}", ADMIN, rename),
        (DELETE, "/api/v1/assistants/{name}", ADMIN, delete),
        (POST, "/api/v1/assistants/{name}/restore", ADMIN, restore),
        (
            POST,
            "/api/v1/assistants/{name}/duplicate",
            ADMIN,
            duplicate
        ),
        (PATCH, "/api/v1/assistants/{name}/draft", ADMIN, one::change),
        (
            DELETE,
            "/api/v1/assistants/{name}/draft",
            ADMIN,
            one::discard
        ),
        (
            POST,
            "/api/v1/assistants/{name}/publish",
            ADMIN,
            one::publish
        ),
        (POST, "/api/v1/assistants/{name}/try", ADMIN, one::try_out),
        (
            GET,
            "/api/v1/assistants/{name}/versions",
            ADMIN,
            one::versions
        ),
        (GET, "/api/v1/assistants/{name}/diff", ADMIN, one::compare),
        (
            POST,
            "/api/v1/assistants/{name}/rollback",
            ADMIN,
            one::roll_back
        ),
        (GET, "/api/v1/assistants/{name}/export", ADMIN, one::export),
        (
            POST,
            "/api/v1/assistants/{name}/site-key",
            ADMIN,
            one::renew_key
        ),
    ]
}

/// An assistant to make.
#[derive(Debug, Deserialize, ToSchema)]
pub struct AssistantRequest {
    /// Small letters, digits and hyphens.
    name: String,
    /// What it says: `title`, `instructions`, `greeting`, and the sections that it has of its own.
    #[serde(default)]
    #[schema(value_type = Object)]
    said: Map<String, Value>,
}

/// A short name.
#[derive(Debug, Deserialize, ToSchema)]
pub struct AssistantName {
    /// Small letters, digits and hyphens.
    name: String,
}

/// A file to take in.
#[derive(Debug, Deserialize, ToSchema)]
pub struct AssistantImport {
    /// The file, TOML or JSON.
    text: String,
    /// Short name, in place of the file's own.
    name: Option<String>,
}

async fn detail(place: &ApiPlace, found: Overview) -> Result<axum::Json<AssistantDetail>, Problem> {
    let inherited = assistants::inherited(&place.app.store, &place.member).await?;
    let warnings = assistants::warnings(&place.app, &place.member, &found.work()?).await?;
    Ok(axum::Json(AssistantDetail::new(
        found, &inherited, warnings,
    )?))
}

/// The assistants of a workspace, and those that were deleted and can be brought back.
#[utoipa::path(get, path = "/api/v1/assistants", tag = "assistants", operation_id = "listAssistants",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = AssistantList)))]
pub(super) async fn list(place: ApiPlace) -> Result<axum::Json<AssistantList>, Problem> {
    let (all, deleted) = assistants::list(&place.app.store, &place.member).await?;
    Ok(axum::Json(AssistantList {
        assistants: all.iter().map(AssistantSummary::from).collect(),
        deleted: deleted.iter().map(DeletedAssistant::from).collect(),
    }))
}

/// Makes an assistant, as a draft: only staff reach it until it is published. Visitors get it then where a page names it.
#[utoipa::path(post, path = "/api/v1/assistants", tag = "assistants", operation_id = "createAssistant",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    request_body = AssistantRequest,
    responses((status = 201, body = AssistantDetail), (status = 400, body = ProblemView<'_>),
              (status = 409, body = ProblemView<'_>)))]
pub(super) async fn create(
    place: ApiPlace,
    Json(request): Json<AssistantRequest>,
) -> Result<(StatusCode, axum::Json<AssistantDetail>), Problem> {
    let mut said = assistants::read_flat(request.said)?;
    if said.title.trim().is_empty() {
        said.title.clone_from(&request.name);
    }
    let (app, by) = (&place.app, &place.member);
    let made = assistants::create(app, by, &request.name, said, now_ms()).await?;
    Ok((StatusCode::CREATED, detail(&place, made).await?))
}

/// Takes in a file, as a draft: of a new assistant, or of the one of its name.
#[utoipa::path(post, path = "/api/v1/assistants/import", tag = "assistants", operation_id = "importAssistant",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    request_body = AssistantImport,
    responses((status = 200, body = AssistantDetail), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn import(
    place: ApiPlace,
    Json(request): Json<AssistantImport>,
) -> Result<axum::Json<AssistantDetail>, Problem> {
    let (app, by, name) = (&place.app, &place.member, request.name.as_deref());
    let taken = assistants::import(app, by, &request.text, name, now_ms()).await?;
    detail(&place, taken).await
}

/// One assistant: what is live, its draft, what it inherits, its versions.
#[utoipa::path(get, path = "/api/v1/assistants/{name}", tag = "assistants", operation_id = "getAssistant",
    params(("name" = String, Path, description = "Short name of the assistant"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = AssistantDetail), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn get(
    place: ApiPlace,
    Path(name): Path<String>,
) -> Result<axum::Json<AssistantDetail>, Problem> {
    let found = assistants::get(&place.app.store, &place.member, &name).await?;
    detail(&place, found).await
}

/// Changes the short name, by which pages and API clients name it.
#[utoipa::path(patch, path = "/api/v1/assistants/{name}", tag = "assistants", operation_id = "renameAssistant",
    params(("name" = String, Path, description = "Short name of the assistant"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    request_body = AssistantName,
    responses((status = 200, body = AssistantDetail), (status = 404, body = ProblemView<'_>),
              (status = 409, body = ProblemView<'_>)))]
pub(super) async fn rename(
    place: ApiPlace,
    Path(name): Path<String>,
    Json(request): Json<AssistantName>,
) -> Result<axum::Json<AssistantDetail>, Problem> {
    let (store, by) = (&place.app.store, &place.member);
    let renamed = assistants::rename(store, by, &name, &request.name).await?;
    detail(&place, renamed).await
}

/// Deletes an assistant; it can be brought back for 30 days.
#[utoipa::path(delete, path = "/api/v1/assistants/{name}", tag = "assistants", operation_id = "deleteAssistant",
    params(("name" = String, Path, description = "Short name of the assistant"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 204), (status = 404, body = ProblemView<'_>), (status = 409, body = ProblemView<'_>)))]
pub(super) async fn delete(
    place: ApiPlace,
    Path(name): Path<String>,
) -> Result<StatusCode, Problem> {
    assistants::delete(&place.app.store, &place.member, &name, now_ms()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Brings back the assistant that was deleted last under this name.
#[utoipa::path(post, path = "/api/v1/assistants/{name}/restore", tag = "assistants", operation_id = "restoreAssistant",
    params(("name" = String, Path, description = "Short name of the assistant"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = AssistantDetail), (status = 404, body = ProblemView<'_>),
              (status = 409, body = ProblemView<'_>)))]
pub(super) async fn restore(
    place: ApiPlace,
    Path(name): Path<String>,
) -> Result<axum::Json<AssistantDetail>, Problem> {
    let back = assistants::restore(&place.app.store, &place.member, &name).await?;
    detail(&place, back).await
}

/// Makes another assistant of the draft of this one, or of what is live.
#[utoipa::path(post, path = "/api/v1/assistants/{name}/duplicate", tag = "assistants", operation_id = "duplicateAssistant",
    params(("name" = String, Path, description = "Short name of the assistant"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    request_body = AssistantName,
    responses((status = 201, body = AssistantDetail), (status = 404, body = ProblemView<'_>),
              (status = 409, body = ProblemView<'_>)))]
pub(super) async fn duplicate(
    place: ApiPlace,
    Path(name): Path<String>,
    Json(request): Json<AssistantName>,
) -> Result<(StatusCode, axum::Json<AssistantDetail>), Problem> {
    let (app, by) = (&place.app, &place.member);
    let made = assistants::duplicate(app, by, &name, &request.name, now_ms()).await?;
    Ok((StatusCode::CREATED, detail(&place, made).await?))
}
