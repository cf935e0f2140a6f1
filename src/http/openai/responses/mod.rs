//! `/v1/responses`: OpenAI's newer way to ask, with stored responses to go on from.
//!
//! Reading order: `request` and `input` (what was sent), `before` (what it goes on from), `live` (pieces become items and
//! events), `job` (whole, streamed or in the background), `stored` (reading, cancelling, deleting).

mod before;
pub(super) mod input;
mod job;
mod live;
mod request;
mod runs;
pub(super) mod stored;
mod tools;
pub(super) mod view;

pub use request::ResponseRequest;
pub(in crate::http) use runs::Runs;
pub use view::ResponseView;

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use self::before::Said;
use self::job::Job;
use self::live::Live;
use self::request::{Before, Parsed};
use self::runs::Held;
use self::view::ItemIds;
use super::chat::ask::{self, Ask};
use super::model_name::{ChatTarget, chat_target};
use super::{ApiError, ErrorEnvelope, Json, kept};
use crate::app::App;
use crate::http::auth::Principal;
use crate::http::metrics::Metrics;
use crate::http::now_ms;
use crate::http::problem::Problem;
use crate::http::sse;
use crate::llm::{ChatMessage, Role};
use crate::store::api_answers::Reach;

/// Asks the plain language model, or with `assistant:NAME` the documents of a workspace.
#[utoipa::path(post, path = "/v1/responses", tag = "openai", operation_id = "createResponse",
    request_body = ResponseRequest,
    responses((status = 200, description = "The response; with `stream` as server-sent events that end with \
                                            `response.completed`, `response.incomplete` or `response.failed`",
               body = ResponseView),
              (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope),
              (status = 429, body = ErrorEnvelope), (status = 503, body = ErrorEnvelope)))]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    State(metrics): State<Arc<Metrics>>,
    State(runs): State<Arc<Runs>>,
    principal: Principal,
    Json(request): Json<ResponseRequest>,
) -> Result<Response, ApiError> {
    let parsed = request.parse()?;
    let reach = kept::reach(&app, &principal).await?;
    let target = chat_target(&app, &principal, &parsed.echo.model).await?;
    let (stream, background) = (parsed.stream, parsed.background);
    let (ask, job) = prepare(&app, &principal, reach, &target, parsed).await?;
    let pieces = ask::start(&app, metrics, &principal, target, ask).await?;
    if background {
        let mut job = job;
        let begun = job.live.begin();
        let mut queued = job.live.view.as_json();
        queued["status"] = json!("queued");
        let run = runs.begin(&job.live.view.id, queued.clone());
        if let Err(error) = job.keep_begun().await {
            runs.forget(&job.live.view.id);
            return Err(error.into());
        }
        run.add(begun, Some(job.live.view.as_json()));
        tokio::spawn(job.run(pieces, Held::new(&run)));
        return Ok(match stream {
            true => respond(run.follow(None)),
            false => axum::Json(queued).into_response(),
        });
    }
    if stream {
        return Ok(respond(job.events(pieces)));
    }
    Ok(axum::Json(job.finish(pieces).await?).into_response())
}

/// Reads what the request goes on from, and puts the question and its response together.
async fn prepare(
    app: &Arc<App>,
    principal: &Principal,
    reach: Reach,
    target: &ChatTarget,
    mut parsed: Parsed,
) -> Result<(Ask, Job), ApiError> {
    let (before, items) = (parsed.before.clone(), std::mem::take(&mut parsed.items));
    let previous = match &before {
        Before::Response(id) => Some(id.clone()),
        Before::Nothing | Before::Conversation(_) => None,
    };
    let Said {
        before,
        now,
        thread,
    } = before::read(app, reach, before, items).await?;
    let ask = parsed.ask(messages(&parsed, before, &now)?)?;
    let number = Uuid::now_v7();
    let model = match target {
        ChatTarget::Model => app.chat.name(),
        ChatTarget::Assistant(_) => parsed.echo.model.clone(),
    };
    let mut view = ResponseView::new(number, model, parsed.echo, now_ms() / 1000);
    view.store = parsed.store;
    view.background = parsed.background;
    view.previous_response_id = previous;
    view.conversation = thread.as_ref().map(|thread| json!({ "id": thread.id }));
    let job = Job {
        app: Arc::clone(app),
        principal: principal.clone(),
        reach,
        live: Live::new(view, number),
        input: ItemIds(number).name_input(now),
        thread,
    };
    Ok((ask, job))
}

fn messages(
    parsed: &Parsed,
    mut before: Vec<Value>,
    now: &[Value],
) -> Result<Vec<ChatMessage>, ApiError> {
    before.extend_from_slice(now);
    let mut messages = input::to_messages(parsed.echo.instructions.as_deref(), &before)?;
    if before.is_empty() {
        // All fields are optional; a model needs somebody who speaks.
        messages.push(ChatMessage::new(Role::User, ""));
    }
    Ok(messages)
}

/// Events with their kind as name.
fn respond(events: impl Stream<Item = Value> + Send + 'static) -> Response {
    sse::respond(events.map(|event| {
        let kind = event["type"].as_str().unwrap_or_default().to_owned();
        sse::event(&event).event(kind)
    }))
}

/// How long an input is.
#[derive(Debug, Serialize, ToSchema)]
pub struct InputTokens {
    /// Always `response.input_tokens`.
    object: &'static str,
    input_tokens: u32,
}

/// Counts the tokens that a response would read.
#[utoipa::path(post, path = "/v1/responses/input_tokens", tag = "openai", operation_id = "countResponseTokens",
    request_body = ResponseRequest,
    responses((status = 200, body = InputTokens), (status = 400, body = ErrorEnvelope)))]
pub(super) async fn count(
    State(app): State<Arc<App>>,
    principal: Principal,
    Json(request): Json<ResponseRequest>,
) -> Result<axum::Json<InputTokens>, ApiError> {
    let mut parsed = request.parse()?;
    let reach = kept::reach(&app, &principal).await?;
    let (before, items) = (parsed.before.clone(), std::mem::take(&mut parsed.items));
    let said = before::read(&app, reach, before, items).await?;
    let ask = parsed.ask(messages(&parsed, said.before, &said.now)?)?;
    Ok(axum::Json(InputTokens {
        object: "response.input_tokens",
        input_tokens: ask::count_prompt(&app, &principal, ask).await?,
    }))
}

/// Not available: the beginning of a conversation that is too long can be left out with `truncation: auto`.
#[utoipa::path(post, path = "/v1/responses/compact", tag = "openai", operation_id = "compactResponse",
    responses((status = 404, body = ErrorEnvelope)))]
pub(super) async fn compact() -> ApiError {
    let detail = "conversations are not compacted here; with truncation \"auto\" the beginning of one that is too long is \
                  left out";
    Problem::new(StatusCode::NOT_FOUND, "not_supported", detail).into()
}
