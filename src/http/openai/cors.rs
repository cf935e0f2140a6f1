//! Pages of other origins that call `/v1` with a key. A key is asked for all the same, and no answer allows cookies.

use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use url::{Host, Url};

use super::super::auth::origin::is_same_origin;
use super::super::problem::Problem;
use super::ApiError;

/// Seconds that a browser may keep what a preflight said.
const KEPT: HeaderValue = HeaderValue::from_static("600");
/// Headers of answers that a page may read.
const READABLE: HeaderValue = HeaderValue::from_static("retry-after, x-request-id");

/// The other origin that a request comes from, if its pages may call: those of this machine always, others as the
/// setting `http.origins` says.
fn allowed(headers: &HeaderMap, uri: &Uri, setting: &str) -> Option<HeaderValue> {
    let origin = headers.get(header::ORIGIN)?;
    let text = origin.to_str().ok()?;
    let named = || {
        let mut all = setting
            .split(',')
            .map(|one| one.trim().trim_end_matches('/'));
        all.any(|one| one == "*" || one.eq_ignore_ascii_case(text))
    };
    let may = !is_same_origin(headers, uri) && (is_here(text) || named());
    may.then(|| origin.clone())
}

/// Whether an origin is a page that this machine serves.
fn is_here(origin: &str) -> bool {
    let Ok(url) = Url::parse(origin) else {
        return false;
    };
    let http = matches!(url.scheme(), "http" | "https");
    http && match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// What a browser asks before it sends a key from another page. It sends none yet.
pub(in crate::http) fn preflight(headers: &HeaderMap, uri: &Uri, setting: &str) -> Response {
    if !headers.contains_key(header::ORIGIN) {
        return StatusCode::NO_CONTENT.into_response();
    }
    let Some(origin) = allowed(headers, uri, setting) else {
        let detail = "pages of this website may not call the API; its owner can name the website in the setting \
                      http.origins";
        let problem = Problem::new(StatusCode::FORBIDDEN, "origin_not_allowed", detail);
        return ApiError::from(problem).into_response();
    };
    let mut response = StatusCode::NO_CONTENT.into_response();
    let out = response.headers_mut();
    out.insert(
        header::ACCESS_CONTROL_ALLOW_METHODS,
        HeaderValue::from_static("GET, POST, DELETE"),
    );
    // Clients add headers of their own; what is asked for is allowed.
    let asked = headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned();
    let usual = HeaderValue::from_static("authorization, content-type");
    out.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.unwrap_or(usual));
    out.insert(header::ACCESS_CONTROL_MAX_AGE, KEPT);
    readable_by(origin, response)
}

/// Lets a page that may call read the answer, an error too.
pub(in crate::http) fn readable(
    headers: &HeaderMap,
    uri: &Uri,
    setting: &str,
) -> impl FnOnce(Response) -> Response + use<> {
    let origin = allowed(headers, uri, setting);
    move |response| match origin {
        Some(origin) => readable_by(origin, response),
        None => response,
    }
}

fn readable_by(origin: HeaderValue, mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, READABLE);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may(origin: &str, setting: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::ORIGIN, HeaderValue::from_str(origin).unwrap());
        headers.insert(header::HOST, HeaderValue::from_static("127.0.0.1:8080"));
        allowed(&headers, &Uri::from_static("/v1/models"), setting).is_some()
    }

    #[test]
    fn pages_of_this_machine_and_named_ones_may_call() {
        for here in [
            "http://localhost:5173",
            "http://127.0.0.1:3000",
            "http://[::1]:3000",
            "https://app.localhost",
        ] {
            assert!(may(here, ""), "{here}");
        }
        for other in [
            "https://evil.example",
            "http://localhost.evil.example",
            "http://127.0.0.1.evil.example",
            "null",
            "file://",
        ] {
            assert!(!may(other, ""), "{other}");
        }
        let named = "https://app.example, https://two.example/";
        assert!(may("https://app.example", named) && may("https://two.example", named));
        assert!(!may("https://three.example", named));
        assert!(may("https://three.example", "*"));
    }
}
