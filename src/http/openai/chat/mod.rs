//! `/v1/chat/completions`: asking, and what was kept of it.
//!
//! The plain language model and an assistant that answers from documents both become a stream of
//! [`Piece`]s ([`ask`]). The response is that stream, or the sum of it. Other APIs' faces use the same.

pub(in crate::http) mod ask;
pub(in crate::http) mod piece;
mod request;
pub(in crate::http) mod sampling;
pub(super) mod stored;
pub(in crate::http) mod tools;
mod view;

pub use request::ChatCompletionRequest;
pub use view::ChatCompletion;
pub(super) use view::UsageView;

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt, stream};

use self::piece::Piece;
use self::stored::Keeper;
use self::view::{ChunkWriter, Header};
use super::model_name::chat_target;
use super::{ApiError, Json};
use crate::app::App;
use crate::http::auth::Principal;
use crate::http::metrics::Metrics;
use crate::http::sse;

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
    let (ask, usage) = (parsed.ask, parsed.include_usage);
    let target = chat_target(&app, &principal, &ask.model).await?;
    let header = Header::new(&ask.model, &target, &app);
    let keeper = match parsed.keep {
        None => None,
        Some(metadata) => {
            let messages = &ask.request.messages;
            let (app, principal) = (Arc::clone(&app), principal.clone());
            Some(Keeper::new(app, principal, header.clone(), messages, metadata).await?)
        }
    };
    let stream = ask.stream;
    let mut pieces = ask::start(&app, metrics, &principal, target, ask).await?;
    if let Some(keeper) = keeper {
        pieces = keeper.watch(pieces);
    }
    if stream {
        return Ok(sse::respond(events(
            pieces,
            ChunkWriter::new(header, usage),
        )));
    }
    Ok(axum::Json(view::collect(pieces, header).await?).into_response())
}

fn events(
    pieces: impl Stream<Item = Piece> + Send + 'static,
    mut writer: ChunkWriter,
) -> impl Stream<Item = axum::response::sse::Event> + Send + 'static {
    let opening = stream::iter([writer.opening()]);
    opening.chain(pieces.flat_map(move |piece| stream::iter(writer.events(piece))))
}
