//! Chat completions that clients had kept with `store: true`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use futures::StreamExt;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::piece::{Piece, Pieces};
use super::view::{Header, complete};
use crate::app::App;
use crate::http::auth::Principal;
use crate::http::now_ms;
use crate::http::openai::kept::{self, Cursor, CursorList, CursorQuery, DeletedView};
use crate::http::openai::{ApiError, ErrorEnvelope, Json, Params, metadata};
use crate::http::problem::Problem;
use crate::llm::{ChatMessage, ToolCall};
use crate::store::api_answers::{self, ApiAnswer, Kind, Page};
use crate::store::{Scoped, WorkspaceId};

/// What is kept of one request.
pub(super) struct Keeper {
    app: Arc<App>,
    workspace: WorkspaceId,
    principal: Principal,
    header: Header,
    messages: Vec<Value>,
    metadata: Map<String, Value>,
    text: String,
    calls: Vec<ToolCall>,
}

impl Keeper {
    pub(super) async fn new(
        app: Arc<App>,
        principal: Principal,
        header: Header,
        messages: &[ChatMessage],
        metadata: Map<String, Value>,
    ) -> Result<Self, ApiError> {
        let workspace = kept::reach(&app, &principal).await?.workspace;
        let numbered = messages.iter().enumerate();
        let id = header.id();
        let messages = numbered
            .map(|(at, message)| message_view(&format!("{id}-{at}"), message))
            .collect();
        Ok(Self {
            app,
            workspace,
            principal,
            header,
            messages,
            metadata,
            text: String::new(),
            calls: Vec::new(),
        })
    }

    /// Passes the pieces on, and keeps the answer before its end is passed on. An answer that cannot be kept fails, and one
    /// that its client left is not kept.
    pub(super) fn watch(mut self, pieces: Pieces) -> Pieces {
        let (store, workspace) = (self.app.store.clone(), self.workspace);
        Box::pin(pieces.then(move |piece| {
            let answer = self.note(&piece);
            let store = store.clone();
            async move {
                let Some(answer) = answer else {
                    return piece;
                };
                let write = store.write(move |tx| api_answers::keep(tx, workspace, &answer));
                match write.await {
                    Ok(()) => piece,
                    Err(error) => Piece::Failed(error.into()),
                }
            }
        }))
    }

    /// Notes a piece; the last one completes what is kept.
    fn note(&mut self, piece: &Piece) -> Option<ApiAnswer> {
        match piece {
            Piece::Delta(text) => self.text.push_str(text),
            Piece::ToolCall(call) => self.calls.push(call.clone()),
            Piece::Failed(_) => {}
            Piece::End(end) => {
                let (text, calls) = (
                    std::mem::take(&mut self.text),
                    std::mem::take(&mut self.calls),
                );
                let answer = complete(self.header.clone(), text, calls, (**end).clone());
                let mut body = serde_json::to_value(answer).unwrap_or_default();
                body["metadata"] = Value::Object(self.metadata.clone());
                let now = now_ms();
                return Some(ApiAnswer {
                    id: self.header.id().to_owned(),
                    kind: Kind::Completion,
                    key: kept::key_of(&self.principal),
                    model: self.header.model().to_owned(),
                    input: std::mem::take(&mut self.messages),
                    body,
                    previous: None,
                    created_at: now,
                    expires_at: kept::kept_until(&self.app, now),
                });
            }
        }
        None
    }
}

fn message_view(id: &str, message: &ChatMessage) -> Value {
    let mut view = json!({ "id": id, "role": message.role.as_str(), "content": message.content });
    if !message.tool_calls.is_empty() {
        let calls = message.tool_calls.iter().map(|call| {
            let function = json!({ "name": call.name, "arguments": call.arguments });
            json!({ "id": call.id, "type": "function", "function": function })
        });
        view["tool_calls"] = calls.collect();
    }
    if let Some(call) = &message.tool_call_id {
        view["tool_call_id"] = json!(call);
    }
    view
}

async fn find(app: &App, principal: &Principal, id: &str) -> Result<Scoped<ApiAnswer>, ApiError> {
    let reach = kept::reach(app, principal).await?;
    let id = id.to_owned();
    let found = app
        .store
        .read(move |conn| api_answers::find(conn, reach, Kind::Completion, &id));
    found.await?.ok_or_else(nothing)
}

fn nothing() -> ApiError {
    let detail = "there is no such stored chat completion; only those made with store: true are kept, for a limited time";
    Problem::nothing(detail).with_param("completion_id").into()
}

/// A stored chat completion.
#[utoipa::path(get, path = "/v1/chat/completions/{id}", tag = "openai", operation_id = "getChatCompletion",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, body = super::ChatCompletion), (status = 404, body = ErrorEnvelope)))]
pub(in crate::http::openai) async fn get(
    State(app): State<Arc<App>>,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<axum::Json<Value>, ApiError> {
    Ok(axum::Json(
        find(&app, &principal, &id).await?.into_inner().body,
    ))
}

/// Lists stored chat completions. `metadata[KEY]=VALUE` lists those with this pair.
#[utoipa::path(get, path = "/v1/chat/completions", tag = "openai", operation_id = "listChatCompletions",
    params(CursorQuery, ("model" = Option<String>, Query, description = "Only those that this model answered")),
    responses((status = 200, body = CursorList), (status = 400, body = ErrorEnvelope)))]
pub(in crate::http::openai) async fn list(
    State(app): State<Arc<App>>,
    principal: Principal,
    Params(cursor): Params<CursorQuery>,
    Params(mut query): Params<BTreeMap<String, String>>,
) -> Result<axum::Json<CursorList>, ApiError> {
    let cursor = cursor.check(false)?;
    let reach = kept::reach(&app, &principal).await?;
    let pairs = query.iter().filter_map(|(name, value)| {
        let key = name.strip_prefix("metadata[")?.strip_suffix(']')?;
        Some((key.to_owned(), Value::String(value.clone())))
    });
    let page = Page {
        metadata: Value::Object(pairs.collect()),
        model: query.remove("model"),
        after: cursor.after.clone(),
        newest_first: cursor.newest_first,
        limit: cursor.one_more(),
    };
    let found = app
        .store
        .read(move |conn| api_answers::list(conn, reach, Kind::Completion, &page));
    let bodies = found.await?.into_iter().map(|answer| answer.body);
    Ok(axum::Json(cursor.list(bodies.collect())))
}

/// New metadata for a stored chat completion.
#[derive(Debug, Deserialize, ToSchema)]
pub struct MetadataChange {
    /// Pairs of texts, which replace those that were there.
    #[schema(value_type = Object)]
    metadata: Option<Map<String, Value>>,
}

impl MetadataChange {
    pub(in crate::http::openai) fn check(&self) -> Result<Value, ApiError> {
        metadata::check(self.metadata.as_ref()).map(Value::Object)
    }
}

/// Replaces the metadata of a stored chat completion.
#[utoipa::path(post, path = "/v1/chat/completions/{id}", tag = "openai", operation_id = "updateChatCompletion",
    params(("id" = String, Path, description = "Its id")), request_body = MetadataChange,
    responses((status = 200, body = super::ChatCompletion), (status = 400, body = ErrorEnvelope),
              (status = 404, body = ErrorEnvelope)))]
pub(in crate::http::openai) async fn update(
    State(app): State<Arc<App>>,
    principal: Principal,
    Path(id): Path<String>,
    Json(change): Json<MetadataChange>,
) -> Result<axum::Json<Value>, ApiError> {
    let pairs = change.check()?;
    let answer = find(&app, &principal, &id).await?;
    let mut body = answer.body.clone();
    body["metadata"] = pairs;
    let changed = body.clone();
    let written = app
        .store
        .write(move |tx| api_answers::set_body(tx, &answer, &changed));
    written.await?;
    Ok(axum::Json(body))
}

/// Deletes a stored chat completion.
#[utoipa::path(delete, path = "/v1/chat/completions/{id}", tag = "openai", operation_id = "deleteChatCompletion",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, body = DeletedView), (status = 404, body = ErrorEnvelope)))]
pub(in crate::http::openai) async fn delete(
    State(app): State<Arc<App>>,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<axum::Json<DeletedView>, ApiError> {
    let answer = find(&app, &principal, &id).await?;
    let deleted = app
        .store
        .write(move |tx| api_answers::delete(tx, &answer))
        .await;
    deleted?;
    Ok(axum::Json(DeletedView::new(id, "chat.completion.deleted")))
}

/// The messages that a stored chat completion was asked with.
#[utoipa::path(get, path = "/v1/chat/completions/{id}/messages", tag = "openai",
    operation_id = "listChatCompletionMessages",
    params(CursorQuery, ("id" = String, Path, description = "Its id")),
    responses((status = 200, body = CursorList), (status = 404, body = ErrorEnvelope)))]
pub(in crate::http::openai) async fn messages(
    State(app): State<Arc<App>>,
    principal: Principal,
    Path(id): Path<String>,
    Params(cursor): Params<CursorQuery>,
) -> Result<axum::Json<CursorList>, ApiError> {
    let cursor: Cursor = cursor.check(false)?;
    let answer = find(&app, &principal, &id).await?.into_inner();
    Ok(axum::Json(cursor.cut(answer.input)))
}
