//! `POST /v1/chat/completions`.
//!
//! The plain language model and an assistant that answers from documents both become a stream of
//! [`Piece`]s. The response is that stream, or the sum of it.

pub(super) mod piece;
mod request;
pub(super) mod tools;
mod view;

pub use request::ChatCompletionRequest;
pub use view::ChatCompletion;

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt, stream};

use self::piece::{Piece, Pieces};
use self::request::Parsed;
use self::view::{ChunkWriter, Header};
use super::model_name::{ChatTarget, chat_target};
use super::{ApiError, Json};
use crate::agent::{Display, Turn};
use crate::app::App;
use crate::http::auth::{OfCredential, OfPrincipal, Principal};
use crate::http::clock;
use crate::http::metrics::Metrics;
use crate::http::problem::Problem;
use crate::http::sse;
use crate::llm::{Claim, LlmError, Priority};

/// Continues a conversation: with the plain language model, or with `assistant:NAME` from the documents of
/// a workspace.
#[utoipa::path(post, path = "/v1/chat/completions", tag = "openai",
    operation_id = "createChatCompletion", request_body = ChatCompletionRequest,
    responses((status = 200, description = "The answer; with `stream` as server-sent events of \
                                            chunks that end with `[DONE]`", body = ChatCompletion),
              (status = 400, body = super::ErrorEnvelope), (status = 404, body = super::ErrorEnvelope),
              (status = 429, body = super::ErrorEnvelope), (status = 503, body = super::ErrorEnvelope)))]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    State(metrics): State<Arc<Metrics>>,
    principal: Principal,
    Json(request): Json<ChatCompletionRequest>,
) -> Result<Response, ApiError> {
    let parsed = request.parse()?;
    let target = chat_target(&app, &principal, &parsed.model).await?;
    let header = Header::new(&parsed.model, &target, &app);
    let (stream, usage) = (parsed.stream, parsed.include_usage);
    let pieces = count_tokens(start(&app, &principal, target, parsed).await?, metrics);
    if stream {
        return Ok(sse::respond(events(
            pieces,
            ChunkWriter::new(header, usage),
        )));
    }
    Ok(axum::Json(view::collect(pieces, header).await?).into_response())
}

async fn start(
    app: &App,
    principal: &Principal,
    target: ChatTarget,
    parsed: Parsed,
) -> Result<Pieces, ApiError> {
    match target {
        ChatTarget::Model => {
            let workspace = principal.workspace(app, None).await?.id;
            let mut request = parsed.request;
            request.claim.flow = principal.credential().flow(workspace);
            Ok(piece::from_model(app.chat.chat(request).await?))
        }
        ChatTarget::Assistant(assistant) => {
            let now = clock::read_now(principal, parsed.metadata.as_ref())?;
            let display = match parsed.stream {
                true => Display::AsItComes,
                false => Display::Whole,
            };
            let (question, history) = parsed.into_question()?;
            let workspace = assistant.workspace();
            let turn = Turn {
                workspace,
                assistant: assistant.into_inner(),
                conversation: None,
                client_id: None,
                history: history.messages,
                question,
                claim: Claim::new(Priority::Api, principal.credential().flow(workspace)),
                sampling: history.sampling,
                now,
                audience: principal.audience(),
                display,
                // Only tests set the clock.
                evaluation: now.is_some(),
                stays: false,
            };
            Ok(piece::from_assistant(app.agent.reply(turn)))
        }
    }
}

/// Counts the tokens when the answer ends, and ends the stream at its first error. A stream that stops
/// without an end is an error as well.
fn count_tokens(pieces: Pieces, metrics: Arc<Metrics>) -> impl Stream<Item = Piece> + Send {
    let cut = LlmError::Interrupted("the engine stopped without a reason".into());
    let pieces = pieces.chain(stream::iter([Piece::Failed(Problem::from(cut))]));
    pieces.scan(false, move |ended, piece| {
        let last = std::mem::replace(ended, piece.is_last());
        if let Piece::End(end) = &piece {
            let usage = end.usage;
            let (prompt, cached) = (usage.prompt_tokens, usage.cached_tokens);
            if !last {
                metrics.count_tokens(prompt, cached, usage.completion_tokens);
            }
        }
        futures::future::ready((!last).then_some(piece))
    })
}

fn events(
    pieces: impl Stream<Item = Piece> + Send + 'static,
    mut writer: ChunkWriter,
) -> impl Stream<Item = axum::response::sse::Event> + Send + 'static {
    let opening = stream::iter([writer.opening()]);
    opening.chain(pieces.flat_map(move |piece| stream::iter(writer.events(piece))))
}
