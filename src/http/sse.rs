//! Server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::{Stream, StreamExt};

/// After this long without an event a comment goes out, so that proxies keep the connection open.
const KEEP_ALIVE: Duration = Duration::from_secs(10);

/// Streams the events. When the client leaves, the stream is dropped.
pub(super) fn respond(events: impl Stream<Item = Event> + Send + 'static) -> Response {
    let events = events.map(Ok::<_, Infallible>);
    let keep_alive = KeepAlive::new().interval(KEEP_ALIVE).text("waiting");
    let mut response = Sse::new(events).keep_alive(keep_alive).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Otherwise nginx buffers the events.
    headers.insert(
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    response
}

/// An event with JSON data. Our views cannot fail to serialise; if one did, the data would be empty.
pub(super) fn event(data: &impl serde::Serialize) -> Event {
    Event::default().data(serde_json::to_string(data).unwrap_or_default())
}
