//! `/v1/messages` in Anthropic's shape: the same models and assistants as under OpenAI's, behind another face.
//!
//! Reading order: `request` (what was sent becomes a question), `view` (pieces become blocks and events), `error`.

mod error;
mod request;
mod view;

pub(super) use error::respond as error;
pub use error::{MessagesError, MessagesErrorBody};
pub use request::MessagesRequest;
pub use view::{MessageTokens, MessagesAnswer};

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures::{StreamExt, stream};

use self::error::Failure;
use self::view::Writer;
use super::auth::{Principal, Scope};
use super::metrics::Metrics;
use super::openai::Json;
use super::openai::chat::ask;
use super::openai::chat::piece::Piece;
use super::openai::model_name::{ChatTarget, chat_target};
use super::route::{Policy, Route, routes};
use super::sse;
use crate::app::App;
use crate::llm::LlmError;

const PATH: &str = "/v1/messages";

/// Whether a path belongs to this API; its errors have their own shape.
pub(super) fn is_path(path: &str) -> bool {
    path.strip_prefix(PATH)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

pub(super) fn routes() -> Vec<Route> {
    const CHAT: Policy = Policy::Scope(Scope::Chat);
    routes![
        (POST, "/v1/messages", CHAT, create),
        (POST, "/v1/messages/count_tokens", CHAT, count),
    ]
}

/// Continues a conversation, in Anthropic's shape.
#[utoipa::path(post, path = "/v1/messages", tag = "anthropic", operation_id = "createMessage",
    request_body = MessagesRequest,
    responses((status = 200, description = "The message; with `stream` as server-sent events from `message_start` to \
                                            `message_stop`", body = MessagesAnswer),
              (status = 400, body = MessagesError), (status = 404, body = MessagesError),
              (status = 429, body = MessagesError), (status = 503, body = MessagesError)))]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    State(metrics): State<Arc<Metrics>>,
    principal: Principal,
    request: Result<Json<MessagesRequest>, super::openai::ApiError>,
) -> Result<Response, Failure> {
    let Json(request) = request?;
    let ask = request.parse(true)?;
    let target = chat_target(&app, &principal, &ask.model).await?;
    let model = match &target {
        ChatTarget::Model => app.chat.name(),
        ChatTarget::Assistant(_) => ask.model.clone(),
    };
    let is_stream = ask.stream;
    let mut pieces = ask::start(&app, metrics, &principal, target, ask).await?;
    let mut writer = Writer::new(model);
    if is_stream {
        let begun = writer.begin();
        let rest = pieces.flat_map(move |piece| stream::iter(writer.take(piece)));
        let events = stream::iter(begun).chain(rest);
        return Ok(sse::respond(events.map(|event| {
            let kind = event["type"].as_str().unwrap_or_default().to_owned();
            sse::event(&event).event(kind)
        })));
    }
    while let Some(piece) = pieces.next().await {
        match piece {
            Piece::Failed(problem) => return Err(problem.into()),
            piece => drop(writer.take(piece)),
        }
        if writer.has_ended() {
            return Ok(axum::Json(writer.into_message()).into_response());
        }
    }
    Err(super::problem::Problem::from(LlmError::Interrupted("the answer has no end".into())).into())
}

/// Counts the tokens of a prompt.
#[utoipa::path(post, path = "/v1/messages/count_tokens", tag = "anthropic", operation_id = "countMessageTokens",
    request_body = MessagesRequest,
    responses((status = 200, body = MessageTokens), (status = 400, body = MessagesError),
              (status = 404, body = MessagesError)))]
pub(super) async fn count(
    State(app): State<Arc<App>>,
    principal: Principal,
    request: Result<Json<MessagesRequest>, super::openai::ApiError>,
) -> Result<axum::Json<MessageTokens>, Failure> {
    let Json(request) = request?;
    let ask = request.parse(false)?;
    let tokens = ask::count_prompt(&app, &principal, ask).await?;
    Ok(axum::Json(MessageTokens::new(tokens)))
}
