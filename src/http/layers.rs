//! What holds for every response: an id, safe headers, compression, and no panic that gets out.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use futures::FutureExt;
use tower_http::compression::CompressionLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;
use tracing::Instrument;
use uuid::Uuid;

use super::Http;
use super::problem::Problem;
use super::route::in_envelope_of;

/// Identifies a request in the log and in its response.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// A body that brings nothing for this long is given up.
const BODY_SILENCE: Duration = Duration::from_secs(30);

/// Puts the layers around the whole router, the outermost last.
pub(super) fn wrap(http: &Http, router: Router) -> Router {
    router
        .layer(RequestBodyTimeoutLayer::new(BODY_SILENCE))
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn_with_state(
            http.clone(),
            super::metrics::track,
        ))
        .layer(middleware::from_fn(guard_panics))
        .layer(middleware::from_fn(safe_headers))
        .layer(middleware::from_fn(identify))
}

/// Gives the request an id and a span. The span has the route, not the path or query: ids and
/// search words are content.
async fn identify(request: Request, next: Next) -> Response {
    let id = Uuid::now_v7();
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map_or("(none)", MatchedPath::as_str).to_owned();
    let span = tracing::info_span!("request", %id, method = %request.method(), route);
    let started = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status().as_u16();
    let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    span.in_scope(|| tracing::info!(status, ms, "answered"));
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// Headers for every response. A page sets its own content security policy; all else may load
/// nothing and be framed by nobody.
async fn safe_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let defaults = [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        // Answers belong to whoever asked; what may be kept says so itself.
        (header::CACHE_CONTROL, "no-store"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in defaults {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Turns a panic into a 500 without detail, in the envelope of the surface that was called.
async fn guard_panics(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    match AssertUnwindSafe(next.run(request)).catch_unwind().await {
        Ok(response) => response,
        Err(panic) => in_envelope_of(&path, Problem::internal(&panic_text(panic.as_ref()))),
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panic: {}", text.unwrap_or("without a message"))
}
