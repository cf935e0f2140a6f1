//! What every response gets: an id, safe headers, compression; and a 500 instead of a panic.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::to_bytes;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::{Extension, Router};
use futures::FutureExt;
use tokio::time::timeout;
use tower_http::compression::CompressionLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;
use tracing::Instrument;
use uuid::Uuid;

use super::Http;
use super::address::{host_name, is_own_tls};
use super::problem::Problem;
use super::route::in_envelope_of;

/// The log has the same id.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Timeout for a body that sends nothing.
const BODY_SILENCE: Duration = Duration::from_secs(30);

/// Timeout for a whole form: people's forms are short.
const FORM_TIME: Duration = Duration::from_secs(30);
/// In bytes.
const LARGEST_FORM: usize = 2 << 20;

/// Wraps the router in its layers, the outermost last.
pub(super) fn wrap(http: &Http, router: Router) -> Router {
    router
        .layer(Extension(Arc::clone(&http.app.proxies)))
        .layer(middleware::from_fn(buffer_forms))
        .layer(RequestBodyTimeoutLayer::new(BODY_SILENCE))
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn_with_state(
            http.clone(),
            super::metrics::track,
        ))
        .layer(middleware::from_fn(guard_panics))
        .layer(middleware::from_fn(add_safe_headers))
        .layer(middleware::from_fn_with_state(http.clone(), add_hsts))
        .layer(middleware::from_fn(identify))
}

/// The layers of what needs no application: its answers are safe, and a panic is a 500.
pub(super) fn wrap_plain(router: Router) -> Router {
    router
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn(guard_panics))
        .layer(middleware::from_fn(add_safe_headers))
}

/// Gives the request an id and a span. The span has the route, not the path or query, because ids and
/// search words are content and must not reach the log.
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

/// Pages set their own content security policy; any other response may load nothing and must not be framed.
async fn add_safe_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let defaults = [
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        // Answers are private to the caller; a response that may be cached says so itself.
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

/// A year, as browsers' lists ask for (RFC 6797). Other names of the domain are not ours to bind.
const HSTS: &str = "max-age=31536000";

/// Tells browsers to come back by HTTPS only: over our own TLS, under one of our names, with a certificate that they
/// trust. Else a broken certificate would lock visitors out of a server that they reach otherwise.
async fn add_hsts(State(http): State<Http>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let wanted = http.app.certificates.as_ref().is_some_and(|certificates| {
        is_own_tls(headers)
            && certificates.wants_hsts()
            && host.is_some_and(|host| certificates.is_own_name(host_name(host)))
    });
    let mut response = next.run(request).await;
    if wanted {
        let value = HeaderValue::from_static(HSTS);
        response
            .headers_mut()
            .insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    response
}

/// Reads forms in full before a handler runs, so that a slow one does not hold the handler up.
async fn buffer_forms(request: Request, next: Next) -> Response {
    let kind = request.headers().get(header::CONTENT_TYPE);
    let is_form = kind
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    if !is_form {
        return next.run(request).await;
    }
    let path = request.uri().path().to_owned();
    let (parts, body) = request.into_parts();
    let refused = match timeout(FORM_TIME, to_bytes(body, LARGEST_FORM)).await {
        Ok(Ok(form)) => return next.run(Request::from_parts(parts, form.into())).await,
        Ok(Err(_)) => Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            "the form is larger than 2 MB, or the connection broke",
        ),
        Err(_) => Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "timeout",
            "the form did not arrive in time; send it again",
        ),
    };
    in_envelope_of(&path, refused)
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

#[cfg(test)]
mod tests {
    use axum::body::{Body, Bytes};
    use axum::routing::post;
    use tower::ServiceExt;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_form_that_dribbles_in_is_given_up() {
        let router = Router::new()
            .route("/login", post(async || "in"))
            .layer(middleware::from_fn(buffer_forms));
        let sent = |body| {
            let request = Request::post("/login")
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            router.clone().oneshot(request.body(body).unwrap())
        };
        let letters = futures::stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            Some((Ok::<_, std::io::Error>(Bytes::from_static(b"a")), ()))
        });
        let dribbled = sent(Body::from_stream(letters)).await.unwrap();
        assert_eq!(dribbled.status(), StatusCode::REQUEST_TIMEOUT);
        let whole = sent(Body::from("email=a")).await.unwrap();
        assert_eq!(whole.status(), StatusCode::OK);
        let large = sent(Body::from(vec![b'a'; LARGEST_FORM + 1]))
            .await
            .unwrap();
        assert_eq!(large.status(), StatusCode::PAYLOAD_TOO_LARGE);
    }
}
