//! Workspaces: their size, their export, and closing one or the whole account.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use tokio_stream::wrappers::ReceiverStream;
use utoipa::ToSchema;

use crate::app::closing::{self, WorkspaceUse};
use crate::app::{App, workspace_copy, workspaces};
use crate::http::auth::{OfPrincipal, Principal};
use crate::http::body::Json;
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::store::closures::{Closure, Rows};
use crate::store::storage::Bytes;
use crate::store::workspaces::Workspace;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Every workspace, and those that were erased.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkspaceList {
    /// By short name.
    workspaces: Vec<WorkspaceView>,
    /// Certificates of those that were closed and are erased, newest first.
    erased: Vec<ErasedView>,
}

/// A workspace.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkspaceView {
    /// Its id.
    id: String,
    /// Short name.
    name: String,
    /// Name for people.
    title: String,
    /// Unix milliseconds.
    created_at: i64,
    /// Bytes that it uses: `originals`, `texts`, `conversations`, `recordings`, before compression and encryption.
    #[schema(value_type = Object)]
    bytes: Bytes,
    /// The sum of `bytes`.
    total_bytes: u64,
    /// Documents and recordings beyond this limit are refused; `null` if only the disk limits them.
    limit_bytes: Option<u64>,
    /// When it is erased because it is closed, in Unix milliseconds.
    erased_from: Option<i64>,
    /// It is closed with the whole account.
    account_closed: bool,
}

/// What erasing a workspace erases.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClosingPreview {
    /// Rows by table.
    #[schema(value_type = Object)]
    erases: Rows,
}

/// What was erased of a closed workspace.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErasedView {
    /// Its id.
    workspace: String,
    /// Its short name.
    name: String,
    /// It was closed with the whole account.
    account: bool,
    /// Unix milliseconds.
    closed_at: i64,
    /// Unix milliseconds.
    erased_at: i64,
    /// Until when older backups may still hold it, in Unix milliseconds; restoring one erases it again.
    in_backups_until: i64,
    /// Rows by table.
    #[schema(value_type = Object)]
    erased: Rows,
}

/// Confirms that the caller means it.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Confirmation {
    /// The workspace's short name; for the account "close the account".
    confirm: String,
}

/// How many bytes a workspace may use.
#[derive(Debug, Deserialize, ToSchema)]
pub struct LimitRequest {
    /// `null` for no limit but the disk.
    limit_bytes: Option<u64>,
}

impl From<WorkspaceUse> for WorkspaceView {
    fn from(used: WorkspaceUse) -> Self {
        let workspace = used.workspace;
        Self {
            id: workspace.id.to_string(),
            name: workspace.name,
            title: workspace.title,
            created_at: workspace.created_at,
            bytes: used.bytes,
            total_bytes: used.bytes.total(),
            limit_bytes: used.limit_bytes,
            erased_from: workspace.closing.map(|closing| closing.erase_at),
            account_closed: workspace.closing.is_some_and(|closing| closing.account),
        }
    }
}

/// `None` for a closed workspace that is not erased yet.
fn view_certificate(closure: Closure, backup_days: u32) -> Option<ErasedView> {
    let (erased_at, erased) = closure.erased?;
    Some(ErasedView {
        workspace: closure.workspace.to_string(),
        name: closure.name,
        account: closure.account,
        closed_at: closure.closed_at,
        erased_at,
        in_backups_until: backups_until(erased_at, closure.account, backup_days),
        erased,
    })
}

/// Until when backups may still hold what was erased. Those of a closed account are deleted with it.
pub(in crate::http) fn backups_until(erased_at: i64, account: bool, backup_days: u32) -> i64 {
    let days = if account { 0 } else { i64::from(backup_days) };
    erased_at.saturating_add(days * DAY_MS)
}

/// Workspaces with what they take, and certificates of those that were erased.
#[utoipa::path(get, path = "/api/v1/workspaces", tag = "workspaces", operation_id = "listWorkspaces",
    responses((status = 200, body = WorkspaceList), (status = 403, body = ProblemView<'_>)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    principal: Principal,
) -> Result<axum::Json<WorkspaceList>, Problem> {
    principal.unbound()?;
    let all = closing::list_use(&app.store).await?;
    let closures = closing::all(&app.store).await?.into_iter();
    Ok(axum::Json(WorkspaceList {
        workspaces: all.into_iter().map(WorkspaceView::from).collect(),
        erased: closures
            .filter_map(|closure| view_certificate(closure, app.config.backup_days))
            .collect(),
    }))
}

/// What closing a workspace will erase.
#[utoipa::path(get, path = "/api/v1/workspaces/{name}/close", tag = "workspaces",
    operation_id = "previewClosing",
    params(("name" = String, Path, description = "Short name of the workspace")),
    responses((status = 200, body = ClosingPreview), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn preview(
    State(app): State<Arc<App>>,
    principal: Principal,
    Path(name): Path<String>,
) -> Result<axum::Json<ClosingPreview>, Problem> {
    principal.unbound()?;
    let workspace = closing::named(&app.store, &name).await?;
    let erases = closing::preview(&app.store, workspace.id).await?;
    Ok(axum::Json(ClosingPreview { erases }))
}

/// Closes a workspace: no visitor and no key reaches it any more, and it is erased a week later. Export it first.
#[utoipa::path(post, path = "/api/v1/workspaces/{name}/close", tag = "workspaces",
    operation_id = "closeWorkspace", request_body = Confirmation,
    params(("name" = String, Path, description = "Short name of the workspace")),
    responses((status = 200, body = WorkspaceList), (status = 400, body = ProblemView<'_>),
              (status = 403, body = ProblemView<'_>), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn close(
    State(app): State<Arc<App>>,
    principal: Principal,
    Path(name): Path<String>,
    Json(request): Json<Confirmation>,
) -> Result<axum::Json<WorkspaceList>, Problem> {
    let (store, confirm) = (&app.store, &request.confirm);
    workspaces::close(store, &principal, &name, confirm, now_ms()).await?;
    list(State(app), principal).await
}

/// Keeps a closed workspace after all.
#[utoipa::path(post, path = "/api/v1/workspaces/{name}/keep", tag = "workspaces",
    operation_id = "keepWorkspace",
    params(("name" = String, Path, description = "Short name of the workspace")),
    responses((status = 200, body = WorkspaceList), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn keep(
    State(app): State<Arc<App>>,
    principal: Principal,
    Path(name): Path<String>,
) -> Result<axum::Json<WorkspaceList>, Problem> {
    workspaces::keep(&app.store, &principal, &name, now_ms()).await?;
    list(State(app), principal).await
}

/// Closes the whole account: every workspace, and with the last of them the accounts of people, the keys and the backups.
#[utoipa::path(post, path = "/api/v1/account/close", tag = "workspaces", operation_id = "closeAccount",
    request_body = Confirmation,
    responses((status = 200, body = WorkspaceList), (status = 400, body = ProblemView<'_>),
              (status = 403, body = ProblemView<'_>)))]
pub(super) async fn close_account(
    State(app): State<Arc<App>>,
    principal: Principal,
    Json(request): Json<Confirmation>,
) -> Result<axum::Json<WorkspaceList>, Problem> {
    let (store, confirm) = (&app.store, &request.confirm);
    workspaces::close_account(store, &principal, confirm, now_ms()).await?;
    list(State(app), principal).await
}

/// Keeps the account after all, with every workspace that was closed with it.
#[utoipa::path(post, path = "/api/v1/account/keep", tag = "workspaces", operation_id = "keepAccount",
    responses((status = 200, body = WorkspaceList), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn keep_account(
    State(app): State<Arc<App>>,
    principal: Principal,
) -> Result<axum::Json<WorkspaceList>, Problem> {
    workspaces::keep_account(&app.store, &principal, now_ms()).await?;
    list(State(app), principal).await
}

/// Sets how many bytes a workspace may use. Documents and recordings beyond that are refused; messages of visitors never are.
#[utoipa::path(put, path = "/api/v1/workspaces/{name}/limit", tag = "workspaces", operation_id = "limitWorkspace",
    request_body = LimitRequest,
    params(("name" = String, Path, description = "Short name of the workspace")),
    responses((status = 200, body = WorkspaceList), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn limit(
    State(app): State<Arc<App>>,
    principal: Principal,
    Path(name): Path<String>,
    Json(request): Json<LimitRequest>,
) -> Result<axum::Json<WorkspaceList>, Problem> {
    workspaces::limit(&app.store, &principal, &name, request.limit_bytes).await?;
    list(State(app), principal).await
}

/// A whole workspace as a ZIP: JSON for each table, pages to read, originals and recordings. It is not encrypted.
#[utoipa::path(get, path = "/api/v1/workspaces/{name}/export", tag = "workspaces",
    operation_id = "exportWorkspace",
    params(("name" = String, Path, description = "Short name of the workspace")),
    responses((status = 200, description = "The file", content_type = "application/zip"),
              (status = 403, body = ProblemView<'_>), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn export(
    State(app): State<Arc<App>>,
    principal: Principal,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    let workspace = workspaces::to_export(&app.store, &principal, &name).await?;
    Ok(send_export(&app, workspace))
}

/// Sends a workspace as a ZIP, which is written while it is sent.
pub(in crate::http) fn send_export(app: &App, workspace: Workspace) -> Response {
    let disposition = format!("attachment; filename=\"{}.zip\"", workspace.name);
    let pieces = ReceiverStream::new(workspace_copy::stream(&app.store, workspace));
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/zip"),
        ),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_str(&disposition).unwrap_or(HeaderValue::from_static("attachment")),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, Body::from_stream(pieces)).into_response()
}
