//! CORS for pages of other origins that call `/v1` with a key. They still need the key, and no answer allows cookies.

use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use url::{Host, Url};

use super::ApiError;
use crate::http::auth::origin::is_same_origin;
use crate::http::problem::Problem;

/// Seconds that a browser may cache a preflight.
const KEPT: HeaderValue = HeaderValue::from_static("600");
const READABLE: HeaderValue = HeaderValue::from_static("retry-after, x-request-id");

/// The request's origin, if it is another one and its pages may call: those that this machine serves always may,
/// others if `setting` (`http.origins`) lists them.
fn find_allowed_origin(headers: &HeaderMap, uri: &Uri, setting: &str) -> Option<HeaderValue> {
    let origin = headers.get(header::ORIGIN)?;
    let text = origin.to_str().ok()?;
    let may = !is_same_origin(headers, uri) && may_call(text, setting);
    may.then(|| origin.clone())
}

/// Whether pages of an origin may call with a key: those that this machine serves, and those that `setting` lists.
pub(in crate::http) fn may_call(origin: &str, setting: &str) -> bool {
    let mut named = setting
        .split(',')
        .map(|one| one.trim().trim_end_matches('/'));
    is_here(origin) || named.any(|one| one == "*" || one.eq_ignore_ascii_case(origin))
}

/// Whether this machine serves the pages of an origin.
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

/// Answers a browser that asks before it sends a key from another page. The preflight itself has no key.
pub(in crate::http) fn preflight(headers: &HeaderMap, uri: &Uri, setting: &str) -> Response {
    if !headers.contains_key(header::ORIGIN) {
        return StatusCode::NO_CONTENT.into_response();
    }
    let Some(origin) = find_allowed_origin(headers, uri, setting) else {
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
    // Client libraries add headers of their own, so allow whatever they ask for.
    let asked = headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned();
    let usual = HeaderValue::from_static("authorization, content-type");
    out.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.unwrap_or(usual));
    out.insert(header::ACCESS_CONTROL_MAX_AGE, KEPT);
    add_headers(origin, response)
}

/// Returns a function that lets the calling page read the response (errors too), if its origin is allowed.
pub(in crate::http) fn prepare_headers(
    headers: &HeaderMap,
    uri: &Uri,
    setting: &str,
) -> impl FnOnce(Response) -> Response + use<> {
    let origin = find_allowed_origin(headers, uri, setting);
    move |response| match origin {
        Some(origin) => add_headers(origin, response),
        None => response,
    }
}

fn add_headers(origin: HeaderValue, mut response: Response) -> Response {
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
        find_allowed_origin(&headers, &Uri::from_static("/v1/models"), setting).is_some()
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
