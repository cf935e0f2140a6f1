//! `/v1/conversations`: OpenAI's lists of items that responses go on from and add to. The conversations of visitors are
//! elsewhere.

use std::sync::Arc;

use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::chat::stored::MetadataChange;
use super::kept::{self, CursorList, CursorQuery, DeletedView};
use super::responses::input::{self, Sent};
use super::responses::view::with_id;
use super::{ApiError, ErrorEnvelope, Json, Params, metadata};
use crate::app::App;
use crate::http::auth::Principal;
use crate::http::now_ms;
use crate::http::problem::Problem;
use crate::store::Scoped;
use crate::store::api_threads::{self, ApiThread, ThreadItem};

/// OpenAI's limit, of one request.
const MOST_ITEMS: usize = 20;

/// A conversation to begin.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct NewApiConversation {
    /// Up to 20 items: messages, function calls and their outputs.
    #[schema(value_type = Option<Vec<Object>>)]
    items: Option<Vec<Value>>,
    /// Pairs of texts.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Map<String, Value>>,
}

/// Items to add.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewApiItems {
    /// Up to 20 items: messages, function calls and their outputs.
    #[schema(value_type = Vec<Object>)]
    items: Vec<Value>,
}

/// A conversation of OpenAI's kind.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiConversationView {
    id: String,
    /// Always `conversation`.
    object: &'static str,
    /// Unix seconds.
    created_at: i64,
    #[schema(value_type = Object)]
    metadata: Value,
}

impl ApiConversationView {
    fn new(thread: &ApiThread) -> Self {
        Self {
            id: thread.id.clone(),
            object: "conversation",
            created_at: thread.created_at / 1000,
            metadata: thread.metadata.clone(),
        }
    }
}

/// 404.
pub(super) fn nothing() -> ApiError {
    let detail =
        "there is no such conversation: it was deleted, or was not used for longer than it is kept";
    Problem::nothing(detail).with_param("conversation").into()
}

async fn find(app: &App, principal: &Principal, id: &str) -> Result<Scoped<ApiThread>, ApiError> {
    let reach = kept::reach(app, principal).await?;
    let id = id.to_owned();
    let found = app
        .store
        .read(move |conn| api_threads::find(conn, reach, &id));
    found.await?.ok_or_else(nothing)
}

fn read_items(items: &[Value]) -> Result<Vec<ThreadItem>, ApiError> {
    if items.len() > MOST_ITEMS {
        let reason = format!("at most {MOST_ITEMS} items are added at once");
        return Err(ApiError::invalid("items", reason));
    }
    let mut read = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let at = format!("items[{at}]");
        match input::normalise(&at, item)? {
            Sent::Item(item) => {
                let prefix = match item["type"].as_str() {
                    Some("function_call") => "fc",
                    Some("function_call_output") => "fco",
                    _ => "msg",
                };
                let id = kept::new_id(prefix);
                let item = with_id(item, id.clone());
                read.push(ThreadItem { id, item });
            }
            Sent::Nothing => {}
            Sent::Reference(_) => {
                let reason = "a conversation takes items themselves, not references to them";
                return Err(ApiError::invalid(at, reason));
            }
        }
    }
    Ok(read)
}

/// Begins a conversation.
#[utoipa::path(post, path = "/v1/conversations", tag = "openai", operation_id = "createConversationOfApi",
    request_body = NewApiConversation,
    responses((status = 200, body = ApiConversationView), (status = 400, body = ErrorEnvelope)))]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    principal: Principal,
    Json(request): Json<NewApiConversation>,
) -> Result<axum::Json<ApiConversationView>, ApiError> {
    let items = read_items(&request.items.unwrap_or_default())?;
    let pairs = metadata::check(request.metadata.as_ref())?;
    let (reach, now) = (kept::reach(&app, &principal).await?, now_ms());
    let thread = ApiThread {
        id: kept::new_id("conv"),
        key: kept::key_of(&principal),
        metadata: Value::Object(pairs),
        created_at: now,
        expires_at: kept::kept_until(&app, now),
    };
    let view = ApiConversationView::new(&thread);
    let written = app.store.write(move |tx| {
        api_threads::create(tx, reach.workspace, &thread)?;
        match api_threads::find(tx, reach, &thread.id)? {
            Some(found) => api_threads::add(tx, &found, &items, now, thread.expires_at),
            None => Ok(()),
        }
    });
    written.await?;
    Ok(axum::Json(view))
}

/// A conversation.
#[utoipa::path(get, path = "/v1/conversations/{id}", tag = "openai", operation_id = "getConversationOfApi",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, body = ApiConversationView), (status = 404, body = ErrorEnvelope)))]
pub(super) async fn get(
    State(app): State<Arc<App>>,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<axum::Json<ApiConversationView>, ApiError> {
    let thread = find(&app, &principal, &id).await?;
    Ok(axum::Json(ApiConversationView::new(&thread)))
}

/// Replaces the metadata of a conversation.
#[utoipa::path(post, path = "/v1/conversations/{id}", tag = "openai", operation_id = "updateConversationOfApi",
    params(("id" = String, Path, description = "Its id")), request_body = MetadataChange,
    responses((status = 200, body = ApiConversationView), (status = 400, body = ErrorEnvelope),
              (status = 404, body = ErrorEnvelope)))]
pub(super) async fn update(
    State(app): State<Arc<App>>,
    principal: Principal,
    Path(id): Path<String>,
    Json(change): Json<MetadataChange>,
) -> Result<axum::Json<ApiConversationView>, ApiError> {
    let pairs = change.check()?;
    let thread = find(&app, &principal, &id).await?;
    let mut view = ApiConversationView::new(&thread);
    view.metadata = pairs.clone();
    let written = app
        .store
        .write(move |tx| api_threads::set_metadata(tx, &thread, &pairs));
    written.await?;
    Ok(axum::Json(view))
}

/// Deletes a conversation with its items. Responses that were stored stay.
#[utoipa::path(delete, path = "/v1/conversations/{id}", tag = "openai", operation_id = "deleteConversationOfApi",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, body = DeletedView), (status = 404, body = ErrorEnvelope)))]
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<axum::Json<DeletedView>, ApiError> {
    let thread = find(&app, &principal, &id).await?;
    let deleted = app.store.write(move |tx| api_threads::delete(tx, &thread));
    deleted.await?;
    Ok(axum::Json(DeletedView::new(id, "conversation.deleted")))
}

/// Adds items at the end of a conversation.
#[utoipa::path(post, path = "/v1/conversations/{id}/items", tag = "openai", operation_id = "addConversationItems",
    params(("id" = String, Path, description = "Its id")), request_body = NewApiItems,
    responses((status = 200, body = CursorList), (status = 400, body = ErrorEnvelope),
              (status = 404, body = ErrorEnvelope)))]
pub(super) async fn add(
    State(app): State<Arc<App>>,
    principal: Principal,
    Path(id): Path<String>,
    Json(request): Json<NewApiItems>,
) -> Result<axum::Json<CursorList>, ApiError> {
    let items = read_items(&request.items)?;
    let thread = find(&app, &principal, &id).await?;
    let all = CursorQuery::default().check(false)?;
    let list = all.list(items.iter().map(|one| one.item.clone()).collect());
    let now = now_ms();
    let until = kept::kept_until(&app, now);
    let written = app
        .store
        .write(move |tx| api_threads::add(tx, &thread, &items, now, until));
    written.await?;
    Ok(axum::Json(list))
}

/// The items of a conversation, the newest first unless `order` is `asc`.
#[utoipa::path(get, path = "/v1/conversations/{id}/items", tag = "openai", operation_id = "listConversationItems",
    params(CursorQuery, ("id" = String, Path, description = "Its id")),
    responses((status = 200, body = CursorList), (status = 404, body = ErrorEnvelope)))]
pub(super) async fn items(
    State(app): State<Arc<App>>,
    principal: Principal,
    Path(id): Path<String>,
    Params(query): Params<CursorQuery>,
) -> Result<axum::Json<CursorList>, ApiError> {
    let cursor = query.check(true)?;
    let thread = find(&app, &principal, &id).await?;
    let (after, newest_first, most) =
        (cursor.after.clone(), cursor.newest_first, cursor.one_more());
    let found = app
        .store
        .read(move |conn| api_threads::items(conn, &thread, after.as_deref(), newest_first, most));
    let found = found.await?.into_iter().map(|one| one.item);
    Ok(axum::Json(cursor.list(found.collect())))
}

fn no_item() -> ApiError {
    let detail = "there is no such item in this conversation";
    Problem::nothing(detail).with_param("item_id").into()
}

/// One item of a conversation.
#[utoipa::path(get, path = "/v1/conversations/{id}/items/{item}", tag = "openai", operation_id = "getConversationItem",
    params(("id" = String, Path, description = "Id of the conversation"), ("item" = String, Path, description = "Its id")),
    responses((status = 200, body = serde_json::Value), (status = 404, body = ErrorEnvelope)))]
pub(super) async fn item(
    State(app): State<Arc<App>>,
    principal: Principal,
    Path((id, item)): Path<(String, String)>,
) -> Result<axum::Json<Value>, ApiError> {
    let thread = find(&app, &principal, &id).await?;
    let found = app
        .store
        .read(move |conn| api_threads::item(conn, &thread, &item));
    Ok(axum::Json(found.await?.ok_or_else(no_item)?.item))
}

/// Deletes one item of a conversation; the answer is the conversation.
#[utoipa::path(delete, path = "/v1/conversations/{id}/items/{item}", tag = "openai",
    operation_id = "deleteConversationItem",
    params(("id" = String, Path, description = "Id of the conversation"), ("item" = String, Path, description = "Its id")),
    responses((status = 200, body = ApiConversationView), (status = 404, body = ErrorEnvelope)))]
pub(super) async fn delete_item(
    State(app): State<Arc<App>>,
    principal: Principal,
    Path((id, item)): Path<(String, String)>,
) -> Result<axum::Json<ApiConversationView>, ApiError> {
    let thread = find(&app, &principal, &id).await?;
    let view = ApiConversationView::new(&thread);
    let deleted = app
        .store
        .write(move |tx| api_threads::delete_item(tx, &thread, &item));
    match deleted.await? {
        true => Ok(axum::Json(view)),
        false => Err(no_item()),
    }
}
