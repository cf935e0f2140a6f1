//! Tools and their calls in JSON.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::egress::Secret;
use crate::http::problem::Problem;
use crate::tools::openapi::{Document, Operation};
use crate::tools::{Approval, NewTool, Tool, ToolCall, ToolKind, Wanted};

/// The tools of a workspace.
#[derive(Debug, Serialize, ToSchema)]
pub struct ToolList {
    /// By name.
    tools: Vec<ToolView>,
}

impl ToolList {
    pub(super) fn new(tools: Vec<Tool>) -> Self {
        Self {
            tools: tools.into_iter().map(ToolView::from).collect(),
        }
    }
}

/// A tool, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct ToolView {
    id: String,
    /// `http` or `calendar`.
    kind: &'static str,
    /// As assistants and workflows call it.
    name: String,
    title: String,
    /// What it does.
    about: String,
    /// JSON Schema of its arguments.
    #[schema(value_type = Object)]
    arguments: Value,
    /// As in `ToolRequest`.
    #[schema(value_type = Object)]
    settings: Value,
    /// Whether it has a secret, which is never shown.
    has_secret: bool,
    /// `free`, `visitor`, `staff` or `never`.
    approval: &'static str,
    /// Milliseconds.
    timeout_ms: u32,
    /// Bytes.
    most_bytes: u32,
    active: bool,
    /// Unix milliseconds.
    created_at: i64,
    /// Unix milliseconds.
    changed_at: i64,
}

impl From<Tool> for ToolView {
    fn from(tool: Tool) -> Self {
        Self {
            id: tool.id.to_string(),
            kind: tool.kind.as_str(),
            name: tool.name,
            title: tool.title,
            about: tool.about,
            arguments: tool.arguments,
            settings: tool.settings,
            has_secret: tool.has_secret,
            approval: tool.approval.as_str(),
            timeout_ms: tool.timeout_ms,
            most_bytes: tool.most_bytes,
            active: tool.active,
            created_at: tool.created_at,
            changed_at: tool.changed_at,
        }
    }
}

/// A tool to set up, or what it is to be from now on.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ToolRequest {
    /// `http` or `calendar`.
    kind: String,
    /// Small letters, digits and `_`.
    name: String,
    title: String,
    /// What it does; assistants are told.
    #[serde(default)]
    about: String,
    /// JSON Schema of its arguments: an object. A calendar has its own.
    #[serde(default = "nothing")]
    #[schema(value_type = Object)]
    arguments: Value,
    /// Of an endpoint: `method`, `url` (with `{name}` in its path), `places` of the arguments (`name`, `place`: path, query,
    /// header, body or whole; `wire`: its name there), `body` (json or form), `headers`, `secret` (`in`: none, bearer, basic
    /// with `user`, header or query with `name`), `idempotency` (a header), `takes` (`name`, `at`: a JSON Pointer).
    /// Of a calendar: `url`, `user`, `minutes`, `step`, `buffer`, `notice`, `days`, `title`. Of both: `talk` (`when`, `examples`
    /// of questions), for a tool that assistants call by themselves in a conversation; whoever tells the arguments sees the answer.
    #[schema(value_type = Object)]
    settings: Value,
    /// Key, token or password. It is kept if this is absent, forgotten if empty, and never shown.
    #[schema(value_type = Option<String>)]
    secret: Option<Secret>,
    /// Who has to agree before it runs: `free` (nobody), `visitor`, `staff`, or `never`.
    approval: String,
    /// 1000 to 60000.
    #[serde(default = "ten_seconds")]
    timeout_ms: u32,
    /// How much of an answer is read: 1000 to 1000000.
    #[serde(default = "hundred_kilobytes")]
    most_bytes: u32,
    /// Whether it may run.
    #[serde(default)]
    active: bool,
}

fn nothing() -> Value {
    serde_json::json!({ "type": "object", "properties": {} })
}

fn ten_seconds() -> u32 {
    10_000
}

fn hundred_kilobytes() -> u32 {
    100_000
}

/// What a request asks for, as far as its words are known.
pub(in crate::http) fn new_tool(request: ToolRequest) -> Result<NewTool, Problem> {
    let kind = ToolKind::parse(&request.kind)
        .ok_or_else(|| Problem::invalid("kind", "http or calendar"))?;
    let approval = Approval::parse(&request.approval)
        .ok_or_else(|| Problem::invalid("approval", "free, visitor, staff or never"))?;
    Ok(NewTool {
        wanted: Wanted {
            kind,
            name: request.name,
            title: request.title,
            about: request.about,
            arguments: request.arguments,
            settings: request.settings,
            approval,
            timeout_ms: request.timeout_ms,
            most_bytes: request.most_bytes,
            active: request.active,
        },
        secret: request.secret,
    })
}

/// An OpenAPI document.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ToolImportRequest {
    /// JSON or YAML, at most 2 MB.
    pub(super) document: String,
}

/// What an OpenAPI document describes.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportView {
    title: String,
    version: String,
    /// Absent if the document names no server in full.
    server: Option<String>,
    operations: Vec<OperationView>,
}

/// An operation as a tool would have it: complete it by `approval`, and send it to `/api/v1/tools`.
#[derive(Debug, Serialize, ToSchema)]
pub struct OperationView {
    kind: &'static str,
    name: String,
    title: String,
    about: String,
    /// HTTP method.
    method: &'static str,
    path: String,
    #[schema(value_type = Object)]
    arguments: Value,
    #[schema(value_type = Object)]
    settings: Value,
    /// Why it cannot be a tool as it is.
    problem: Option<String>,
}

impl From<Document> for ImportView {
    fn from(document: Document) -> Self {
        Self {
            title: document.title,
            version: document.version,
            server: document.server,
            operations: document
                .operations
                .into_iter()
                .map(OperationView::from)
                .collect(),
        }
    }
}

impl From<Operation> for OperationView {
    fn from(operation: Operation) -> Self {
        Self {
            kind: ToolKind::Http.as_str(),
            name: operation.name,
            title: operation.title,
            about: operation.about,
            method: operation.method.as_str(),
            path: operation.path,
            arguments: operation.arguments,
            settings: serde_json::to_value(operation.endpoint).unwrap_or_default(),
            problem: operation.problem,
        }
    }
}

/// Arguments for a trial.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TryRequest {
    #[schema(value_type = Object)]
    pub(super) arguments: Value,
}

/// A call of a tool.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CallRequest {
    /// Name of the tool.
    pub(super) tool: String,
    #[schema(value_type = Object)]
    pub(super) arguments: Value,
    /// Your own key of this call, at most 200 bytes: repeat it to ask again, and take a new one for another call.
    pub(super) key: String,
}

/// What tools did.
#[derive(Debug, Serialize, ToSchema)]
pub struct ToolCallList {
    pub(super) calls: Vec<LoggedCallView>,
    /// Value of `before` for the next page; absent on the last one.
    pub(super) next: Option<String>,
}

/// A call from the wish to what came of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct LoggedCallView {
    id: String,
    /// Id of the tool; absent once it was deleted.
    tool: Option<String>,
    /// The tool's name at that time.
    name: String,
    /// Id of the conversation.
    conversation: Option<String>,
    key: String,
    /// `workflow`, `chat`, `trial` or `program`.
    asked_by: &'static str,
    #[schema(value_type = Object)]
    arguments: Value,
    /// `visitor` and `staff` wait for that yes; `allowed`, `running`, `done`, `failed`, `unknown` (nobody knows whether it
    /// arrived), `declined`, `expired`.
    state: &'static str,
    /// Who allowed or declined it.
    decided_by: Option<String>,
    /// HTTP status.
    status: Option<u16>,
    /// What was read of the answer: `status`, `json`, `text`. It is data from outside.
    #[schema(value_type = Object)]
    answer: Option<Value>,
    /// Why it failed.
    error: Option<String>,
    /// Unix milliseconds.
    created_at: i64,
    /// Until when somebody may allow it, in Unix milliseconds.
    expires_at: Option<i64>,
    /// Unix milliseconds.
    ended_at: Option<i64>,
}

impl From<ToolCall> for LoggedCallView {
    fn from(call: ToolCall) -> Self {
        Self {
            id: call.id.to_string(),
            tool: call.tool.map(|id| id.to_string()),
            name: call.name,
            conversation: call.conversation.map(|id| id.to_string()),
            key: call.key,
            asked_by: call.asked_by.as_str(),
            arguments: call.arguments,
            state: call.state.as_str(),
            decided_by: call.decided_by,
            status: call.status,
            answer: call
                .answer
                .as_deref()
                .and_then(|text| serde_json::from_str(text).ok()),
            error: call.error,
            created_at: call.created_at,
            expires_at: call.expires_at,
            ended_at: call.ended_at,
        }
    }
}
