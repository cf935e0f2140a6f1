//! A turn on the wire: as events, or as one JSON answer.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::sse::Event;
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt, stream};
use serde::Serialize;

use crate::agent::{Answer, Display, Stored, TurnEvent};
use crate::http::problem::Problem;
use crate::http::sse;

#[derive(Serialize)]
struct Delta {
    text: String,
}

#[derive(Serialize)]
struct Failed {
    detail: String,
}

/// A message that is stored and that the assistant does not answer.
#[derive(Serialize)]
pub(in crate::http) struct StoredView {
    /// Id of the message.
    id: String,
    /// Its place in the order of all messages.
    seq: i64,
    /// Who answers the conversation: `open` (the assistant), `waiting`, `human` or `closed`.
    state: &'static str,
}

impl From<Stored> for StoredView {
    fn from(stored: Stored) -> Self {
        Self {
            id: stored.message.to_string(),
            seq: stored.seq,
            state: stored.state.as_str(),
        }
    }
}

/// For clients that wait for an answer of the assistant.
fn refuse_with_person() -> Problem {
    let detail = "the message is stored, and a person answers it; read the conversation later";
    Problem::new(StatusCode::CONFLICT, "with_person", detail)
}

/// The form of an answer when the `Accept` header does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unasked {
    Json,
    Events,
}

/// Events, rather than one JSON answer.
fn wants_events(headers: &HeaderMap, unasked: Unasked) -> bool {
    let accept = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let accept = accept.collect::<Vec<_>>().join(",").to_ascii_lowercase();
    if accept.contains("text/event-stream") {
        return true;
    }
    unasked == Unasked::Events && !accept.contains("json")
}

/// How the answer in the form that the client accepts reaches the visitor.
pub(super) fn display(headers: &HeaderMap, unasked: Unasked) -> Display {
    if wants_events(headers, unasked) {
        Display::AsItComes
    } else {
        Display::Whole
    }
}

/// Streams the turn as the events `citations`, `delta`, `done`, `stored` and `failed`, after an optional first event.
pub(super) fn stream_events(
    first: Option<Event>,
    turn: impl Stream<Item = TurnEvent> + Send + 'static,
) -> Response {
    let turn = turn.map(|event| -> Event {
        match event {
            TurnEvent::Citations(citations) => sse::event(&citations).event("citations"),
            TurnEvent::Delta(text) => sse::event(&Delta { text }).event("delta"),
            TurnEvent::Done(answer) => sse::event(&answer).event("done"),
            TurnEvent::Stored(stored) => sse::event(&StoredView::from(stored)).event("stored"),
            TurnEvent::Failed(detail) => {
                let detail = detail.into();
                sse::event(&Failed { detail }).event("failed")
            }
        }
    });
    sse::respond(stream::iter(first).chain(turn))
}

/// Waits for the complete answer of a turn.
pub(super) async fn collect_answer(turn: impl Stream<Item = TurnEvent>) -> Result<Answer, Problem> {
    let mut turn = std::pin::pin!(turn);
    while let Some(event) = turn.next().await {
        match event {
            TurnEvent::Done(answer) => return Ok(*answer),
            TurnEvent::Failed(reason) => return Err(Problem::turn_failed(reason)),
            TurnEvent::Stored(_) => return Err(refuse_with_person()),
            TurnEvent::Citations(_) | TurnEvent::Delta(_) => {}
        }
    }
    Err(Problem::turn_failed("the answer broke off; ask again"))
}

/// Sends the turn in the form that the client accepts.
pub(super) async fn respond(
    headers: &HeaderMap,
    unasked: Unasked,
    turn: impl Stream<Item = TurnEvent> + Send + 'static,
) -> Result<Response, Problem> {
    if wants_events(headers, unasked) {
        return Ok(stream_events(None, turn));
    }
    let answer = collect_answer(turn).await?;
    Ok((StatusCode::OK, axum::Json(answer)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events_for(accept: &str, unasked: Unasked) -> bool {
        let mut headers = HeaderMap::new();
        if !accept.is_empty() {
            headers.insert(header::ACCEPT, accept.parse().unwrap());
        }
        wants_events(&headers, unasked)
    }

    #[test]
    fn the_client_chooses_the_form() {
        for unasked in [Unasked::Json, Unasked::Events] {
            assert!(events_for("text/event-stream", unasked));
            assert!(!events_for("application/json", unasked));
            assert_eq!(events_for("", unasked), unasked == Unasked::Events);
            assert_eq!(events_for("*/*", unasked), unasked == Unasked::Events);
        }
    }
}
