//! Stored responses: reading, cancelling, deleting them, and what they were asked with.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures::stream;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;

use super::runs::Runs;
use super::{ResponseView, live, respond};
use crate::app::App;
use crate::http::auth::Principal;
use crate::http::openai::kept::{self, CursorList, CursorQuery, DeletedView};
use crate::http::openai::{ApiError, ErrorEnvelope, Params};
use crate::http::problem::Problem;
use crate::store::Scoped;
use crate::store::api_answers::{self, ApiAnswer, Kind};

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in crate::http::openai) struct ReadQuery {
    /// Send its events instead of the response.
    stream: Option<bool>,
    /// Only events after the one with this number.
    starting_after: Option<u64>,
}

async fn find(app: &App, principal: &Principal, id: &str) -> Result<Scoped<ApiAnswer>, ApiError> {
    let reach = kept::reach(app, principal).await?;
    let id = id.to_owned();
    let found = app
        .store
        .read(move |conn| api_answers::find(conn, reach, Kind::Response, &id));
    found.await?.ok_or_else(|| {
        let detail =
            "there is no such stored response: it was not stored, was deleted, or its time is over";
        Problem::nothing(detail).with_param("response_id").into()
    })
}

fn is_unfinished(response: &Value) -> bool {
    matches!(response["status"].as_str(), Some("queued" | "in_progress"))
}

/// The response as it is now. One that nobody works on any more, because the server was restarted, has failed.
async fn current(app: &App, runs: &Runs, answer: Scoped<ApiAnswer>) -> Result<Value, ApiError> {
    if let Some(run) = runs.find(&answer.id) {
        return Ok(run.response());
    }
    let mut body = answer.body.clone();
    if is_unfinished(&body) {
        let message =
            "the server was restarted or failed before the answer was complete; ask again";
        body["status"] = json!("failed");
        body["error"] = json!({ "code": "server_error", "message": message });
        let changed = body.clone();
        let written = app
            .store
            .write(move |tx| api_answers::set_body(tx, &answer, &changed));
        written.await?;
    }
    Ok(body)
}

/// A stored response. With `stream` its events, also those to come of one in the background.
#[utoipa::path(get, path = "/v1/responses/{id}", tag = "openai", operation_id = "getResponse",
    params(ReadQuery, ("id" = String, Path, description = "Its id")),
    responses((status = 200, body = ResponseView), (status = 404, body = ErrorEnvelope)))]
pub(in crate::http::openai) async fn get(
    State(app): State<Arc<App>>,
    State(runs): State<Arc<Runs>>,
    principal: Principal,
    Path(id): Path<String>,
    Params(query): Params<ReadQuery>,
) -> Result<Response, ApiError> {
    let answer = find(&app, &principal, &id).await?;
    if query.stream != Some(true) {
        let response = current(&app, &runs, answer).await?;
        return Ok(axum::Json(response).into_response());
    }
    if let Some(run) = runs.find(&id) {
        return Ok(respond(run.follow(query.starting_after)));
    }
    let response = current(&app, &runs, answer).await?;
    // The events as they were are gone; a client that has seen some of them gets the end, which holds everything.
    let events = match query.starting_after {
        Some(after) if after > 0 => live::replay_end(&response, after),
        Some(_) => live::replay(&response).split_off(1),
        None => live::replay(&response),
    };
    Ok(respond(stream::iter(events)))
}

/// Deletes a stored response, and ends it if it is in the background.
#[utoipa::path(delete, path = "/v1/responses/{id}", tag = "openai", operation_id = "deleteResponse",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, body = DeletedView), (status = 404, body = ErrorEnvelope)))]
pub(in crate::http::openai) async fn delete(
    State(app): State<Arc<App>>,
    State(runs): State<Arc<Runs>>,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<axum::Json<DeletedView>, ApiError> {
    let answer = find(&app, &principal, &id).await?;
    let deleted = app.store.write(move |tx| api_answers::delete(tx, &answer));
    deleted.await?;
    runs.forget(&id);
    Ok(axum::Json(DeletedView::new(id, "response")))
}

/// Ends a response in the background. One that is over already stays as it is.
#[utoipa::path(post, path = "/v1/responses/{id}/cancel", tag = "openai", operation_id = "cancelResponse",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, body = ResponseView), (status = 400, body = ErrorEnvelope),
              (status = 404, body = ErrorEnvelope)))]
pub(in crate::http::openai) async fn cancel(
    State(app): State<Arc<App>>,
    State(runs): State<Arc<Runs>>,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<axum::Json<Value>, ApiError> {
    let answer = find(&app, &principal, &id).await?;
    if answer.body["background"] != true {
        let detail = "only a response in the background can be cancelled; to end another one, close its connection";
        let problem = Problem::new(StatusCode::BAD_REQUEST, "not_in_background", detail);
        return Err(problem.with_param("response_id").into());
    }
    if let Some(run) = runs.find(&id) {
        return Ok(axum::Json(run.stop().await));
    }
    Ok(axum::Json(current(&app, &runs, answer).await?))
}

/// What a stored response was asked with, the newest first unless `order` is `asc`.
#[utoipa::path(get, path = "/v1/responses/{id}/input_items", tag = "openai", operation_id = "listResponseInput",
    params(CursorQuery, ("id" = String, Path, description = "Its id")),
    responses((status = 200, body = CursorList), (status = 404, body = ErrorEnvelope)))]
pub(in crate::http::openai) async fn input_items(
    State(app): State<Arc<App>>,
    principal: Principal,
    Path(id): Path<String>,
    Params(query): Params<CursorQuery>,
) -> Result<axum::Json<CursorList>, ApiError> {
    let cursor = query.check(true)?;
    let answer = find(&app, &principal, &id).await?.into_inner();
    Ok(axum::Json(cursor.cut(answer.input)))
}
