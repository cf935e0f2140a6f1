//! Tools: what assistants may do elsewhere, trying them, and the log of what they did.

mod view;

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::place::{self, ApiPlace};
use crate::http::auth::Scope;
use crate::http::body::Json;
use crate::http::listing::{ListQuery, parse_id, refuse_field};
use crate::http::problem::{Problem, ProblemView};
use crate::http::route::{Policy, Route, routes};
use crate::store::{ToolCallId, ToolId};
use crate::tools::{CallFilter, CallState};

pub(in crate::http) use view::new_tool;
pub use view::{
    CallRequest, ImportView, LoggedCallView, ToolCallList, ToolImportRequest, ToolList,
    ToolRequest, ToolView, TryRequest,
};

/// For the OpenAPI document.
pub(in crate::http) mod paths {
    pub(in crate::http) use super::{
        __path_allow, __path_call, __path_change, __path_create, __path_decline, __path_delete,
        __path_get, __path_import, __path_list, __path_log, __path_set_active, __path_try_out,
        __path_waiting,
    };
}

pub(in crate::http) fn routes() -> Vec<Route> {
    const ADMIN: Policy = Policy::Scope(Scope::Admin);
    const STAFF: Policy = Policy::AnyOf(&[Scope::Conversations, Scope::Admin]);
    routes![
        (GET, "/api/v1/tools", ADMIN, list),
        (POST, "/api/v1/tools", ADMIN, create),
        (POST, "/api/v1/tools/import", ADMIN, import),
        (GET, "/api/v1/tools/{id}", ADMIN, get),
        (PUT, "/api/v1/tools/{id}", ADMIN, change),
        (PUT, "/api/v1/tools/{id}/active", ADMIN, set_active),
        (DELETE, "/api/v1/tools/{id}", ADMIN, delete),
        (POST, "/api/v1/tools/{id}/try", ADMIN, try_out),
        (GET, "/api/v1/tool-calls", ADMIN, log),
        (POST, "/api/v1/tool-calls", ADMIN, call),
        (GET, "/api/v1/tool-calls/waiting", STAFF, waiting),
        (POST, "/api/v1/tool-calls/{id}/allow", STAFF, allow),
        (POST, "/api/v1/tool-calls/{id}/decline", STAFF, decline),
    ]
}

/// Filters of the log of tools.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ToolCallQuery {
    /// Id of a tool.
    #[serde(default)]
    pub tool: String,
    /// Id of a conversation.
    #[serde(default)]
    pub conversation: String,
    /// `visitor`, `staff`, `allowed`, `running`, `done`, `failed`, `unknown`, `declined` or `expired`.
    #[serde(default)]
    pub state: String,
    /// `next` of the page before.
    #[serde(default)]
    pub before: String,
    /// 1 to 200; 50 when absent.
    #[serde(default)]
    pub limit: String,
}

impl ListQuery for ToolCallQuery {
    type Filter = CallFilter;

    const SCOPES: &'static [Scope] = &[Scope::Admin];

    fn filter(&self) -> Result<CallFilter, Problem> {
        let state = match self.state.trim() {
            "" => None,
            text => Some(CallState::parse(text).ok_or_else(|| {
                refuse_field(
                    "state",
                    "visitor, staff, allowed, running, done, failed, unknown, declined or expired",
                )
            })?),
        };
        Ok(CallFilter {
            tool: parse_id("tool", &self.tool)?,
            conversation: parse_id("conversation", &self.conversation)?,
            state,
            before: parse_id("before", &self.before)?,
        })
    }

    fn limit_field(&self) -> &str {
        &self.limit
    }

    fn cursor_field(&mut self) -> &mut String {
        &mut self.before
    }

    fn cursor_of(filter: &CallFilter) -> Option<String> {
        filter.before.map(|id| id.to_string())
    }
}

/// Of which conversation.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct WaitingQuery {
    /// Id of a conversation; all of them when absent.
    #[serde(default)]
    conversation: String,
}

/// Whether a tool may run.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ActiveRequest {
    active: bool,
}

/// The tools, by name.
#[utoipa::path(get, path = "/api/v1/tools", tag = "tools", operation_id = "listTools",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = ToolList), (status = 403, body = ProblemView<'_>)))]
pub(super) async fn list(place: ApiPlace) -> Result<axum::Json<ToolList>, Problem> {
    let tools = place.app.tools.list(&place.member).await?;
    Ok(axum::Json(ToolList::new(tools)))
}

/// Sets up a tool. Nothing calls it before a workflow or an assistant names it.
#[utoipa::path(post, path = "/api/v1/tools", tag = "tools", operation_id = "createTool", request_body = ToolRequest,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 201, body = ToolView), (status = 400, body = ProblemView<'_>),
              (status = 403, body = ProblemView<'_>), (status = 409, body = ProblemView<'_>)))]
pub(super) async fn create(
    place: ApiPlace,
    Json(request): Json<ToolRequest>,
) -> Result<(StatusCode, axum::Json<ToolView>), Problem> {
    let made = place.app.tools.create(&place.member, new_tool(request)?);
    Ok((StatusCode::CREATED, axum::Json(made.await?.into())))
}

/// Reads an OpenAPI document (3.0 or 3.1, JSON or YAML) and returns its operations as tools to choose from. Nothing is set up.
#[utoipa::path(post, path = "/api/v1/tools/import", tag = "tools", operation_id = "importTools",
    request_body = ToolImportRequest,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = ImportView), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn import(
    place: ApiPlace,
    Json(request): Json<ToolImportRequest>,
) -> Result<axum::Json<ImportView>, Problem> {
    let read = place.app.tools.import(&place.member, &request.document)?;
    Ok(axum::Json(read.into()))
}

/// A tool, without its secret.
#[utoipa::path(get, path = "/api/v1/tools/{id}", tag = "tools", operation_id = "getTool",
    params(("id" = String, Path, description = "Id of the tool"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = ToolView), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn get(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<ToolView>, Problem> {
    let tool = place.app.tools.get(&place.member, tool_id(&id)?).await?;
    Ok(axum::Json(tool.into()))
}

/// Changes a tool. Its secret stays unless one is given, and is forgotten when the tool moves to another server.
#[utoipa::path(put, path = "/api/v1/tools/{id}", tag = "tools", operation_id = "changeTool", request_body = ToolRequest,
    params(("id" = String, Path, description = "Id of the tool"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = ToolView), (status = 400, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn change(
    place: ApiPlace,
    Path(id): Path<String>,
    Json(request): Json<ToolRequest>,
) -> Result<axum::Json<ToolView>, Problem> {
    let (id, new) = (tool_id(&id)?, new_tool(request)?);
    let changed = place.app.tools.change(&place.member, id, new);
    Ok(axum::Json(changed.await?.into()))
}

/// Turns a tool on or off.
#[utoipa::path(put, path = "/api/v1/tools/{id}/active", tag = "tools", operation_id = "setToolActive",
    request_body = ActiveRequest,
    params(("id" = String, Path, description = "Id of the tool"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = ToolView), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn set_active(
    place: ApiPlace,
    Path(id): Path<String>,
    Json(request): Json<ActiveRequest>,
) -> Result<axum::Json<ToolView>, Problem> {
    let id = tool_id(&id)?;
    let changed = (place.app.tools).set_active(&place.member, id, request.active);
    Ok(axum::Json(changed.await?.into()))
}

/// Deletes a tool with its secret. What it did stays in the log.
#[utoipa::path(delete, path = "/api/v1/tools/{id}", tag = "tools", operation_id = "deleteTool",
    params(("id" = String, Path, description = "Id of the tool"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 204), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn delete(place: ApiPlace, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    place.app.tools.delete(&place.member, tool_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Calls a tool to try it, also one that is off. It really acts; `state` of the answer tells what came of it.
#[utoipa::path(post, path = "/api/v1/tools/{id}/try", tag = "tools", operation_id = "tryTool", request_body = TryRequest,
    params(("id" = String, Path, description = "Id of the tool"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = LoggedCallView), (status = 400, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>), (status = 409, body = ProblemView<'_>)))]
pub(super) async fn try_out(
    place: ApiPlace,
    Path(id): Path<String>,
    Json(request): Json<TryRequest>,
) -> Result<axum::Json<LoggedCallView>, Problem> {
    let id = tool_id(&id)?;
    let called = (place.app.tools).try_out(&place.member, id, request.arguments);
    Ok(axum::Json(called.await?.into()))
}

/// What tools did, newest first.
#[utoipa::path(get, path = "/api/v1/tool-calls", tag = "tools", operation_id = "listToolCalls",
    params(ToolCallQuery, ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = ToolCallList), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn log(
    place: ApiPlace,
    Query(query): Query<ToolCallQuery>,
) -> Result<axum::Json<ToolCallList>, Problem> {
    let page = (place.app.tools).log(&place.member, query.filter()?, query.limit());
    let page = page.await?;
    Ok(axum::Json(ToolCallList {
        next: page.next.as_ref().and_then(ToolCallQuery::cursor_of),
        calls: page.rows.into_iter().map(LoggedCallView::from).collect(),
    }))
}

/// Calls a tool by its own rule. The same key gives the same call and never acts twice; while staff have to agree its state
/// is `staff`.
#[utoipa::path(post, path = "/api/v1/tool-calls", tag = "tools", operation_id = "callTool", request_body = CallRequest,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = LoggedCallView), (status = 400, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>), (status = 409, body = ProblemView<'_>)))]
pub(super) async fn call(
    place: ApiPlace,
    Json(request): Json<CallRequest>,
) -> Result<axum::Json<LoggedCallView>, Problem> {
    let CallRequest {
        tool,
        arguments,
        key,
    } = request;
    let called = (place.app.tools).call_named(&place.member, &tool, arguments, &key);
    Ok(axum::Json(called.await?.into()))
}

/// What waits for staff to agree, oldest first.
#[utoipa::path(get, path = "/api/v1/tool-calls/waiting", tag = "tools", operation_id = "listWaitingToolCalls",
    params(WaitingQuery, ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = ToolCallList), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn waiting(
    place: ApiPlace,
    Query(query): Query<WaitingQuery>,
) -> Result<axum::Json<ToolCallList>, Problem> {
    let conversation = parse_id("conversation", &query.conversation)?;
    let waiting = place.app.tools.waiting(&place.member, conversation).await?;
    Ok(axum::Json(ToolCallList {
        calls: waiting.into_iter().map(LoggedCallView::from).collect(),
        next: None,
    }))
}

/// Allows a call that waits for staff, and runs it.
#[utoipa::path(post, path = "/api/v1/tool-calls/{id}/allow", tag = "tools", operation_id = "allowToolCall",
    params(("id" = String, Path, description = "Id of the call"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = LoggedCallView), (status = 404, body = ProblemView<'_>),
              (status = 409, body = ProblemView<'_>)))]
pub(super) async fn allow(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<LoggedCallView>, Problem> {
    decide(place, &id, true).await
}

/// Declines a call that waits for staff.
#[utoipa::path(post, path = "/api/v1/tool-calls/{id}/decline", tag = "tools", operation_id = "declineToolCall",
    params(("id" = String, Path, description = "Id of the call"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = LoggedCallView), (status = 404, body = ProblemView<'_>),
              (status = 409, body = ProblemView<'_>)))]
pub(super) async fn decline(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<LoggedCallView>, Problem> {
    decide(place, &id, false).await
}

async fn decide(
    place: ApiPlace,
    id: &str,
    allow: bool,
) -> Result<axum::Json<LoggedCallView>, Problem> {
    let id: ToolCallId = place::parse_id(id, "call")?;
    let decided = place.app.tools.decide(&place.member, id, allow).await?;
    Ok(axum::Json(decided.into()))
}

fn tool_id(id: &str) -> Result<ToolId, Problem> {
    place::parse_id(id, "tool")
}
