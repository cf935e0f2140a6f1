//! Voice notes in stored conversations.

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::response::Response;

use super::conversations::{build_turn, load};
use super::place::ApiPlace;
use super::turn;
use crate::http::metrics::Metrics;
use crate::http::problem::{Problem, ProblemView};
use crate::http::voice::note;

/// Transcribes a recording of at most two minutes and 5 MiB, and answers it. The event `heard` holds the
/// words; the events of an answer follow.
#[utoipa::path(post, path = "/api/v1/conversations/{id}/voice-note", tag = "answers",
    operation_id = "speakInConversation",
    params(("id" = String, Path, description = "Id of the conversation"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    request_body(content = String, content_type = "application/octet-stream",
                 description = "The recording, in any common format"),
    responses((status = 200, description = "Events of the answer", content_type = "text/event-stream",
               body = String),
              (status = 400, body = ProblemView<'_>), (status = 404, body = ProblemView<'_>),
              (status = 413, body = ProblemView<'_>)))]
pub(super) async fn create(
    place: ApiPlace,
    State(metrics): State<Arc<Metrics>>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let conversation = load(&place, &id).await?;
    let text = note::hear(&place.app, &metrics, place.id(), request, |_| {}).await?;
    let turn = build_turn(&place, &conversation, text.clone(), None).await?;
    Ok(turn::stream_events(
        Some(note::heard_event(&text)),
        place.app.agent.reply(turn),
    ))
}
