//! The paths of Frontdesk's own API before it had a version: `/api/documents` is `/api/v1/documents` now. They answer for
//! one release, so that widgets and programs from before go on working while they are updated.

use axum::extract::Request;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderName, HeaderValue, Uri, header};
use axum::middleware::Next;
use axum::response::Response;

const CURRENT: &str = "/api/v1/";
const FORMER: &str = "/api/";

/// Header of RFC 9745. Its value is the time since when the path is deprecated: 1 December 2026.
const DEPRECATION: (HeaderName, HeaderValue) = (
    HeaderName::from_static("deprecation"),
    HeaderValue::from_static("@1796083200"),
);

/// The path or pattern that `path` had before; `None` if it is not of Frontdesk's own API.
pub(super) fn of(path: &str) -> Option<String> {
    let rest = path.strip_prefix(CURRENT)?;
    Some(format!("{FORMER}{rest}"))
}

/// Handles a request to a former path as one to the current path, and says so in the response.
pub(super) async fn answer(mut request: Request, next: Next) -> Response {
    if let Some(uri) = renew(request.uri()) {
        *request.uri_mut() = uri;
    }
    let successor = format!("<{}>; rel=\"successor-version\"", request.uri().path());
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(DEPRECATION.0, DEPRECATION.1);
    if let Ok(link) = HeaderValue::from_str(&successor) {
        headers.append(header::LINK, link);
    }
    response
}

/// The current address of a former one; `None` if it is already current.
pub(super) fn renew(uri: &Uri) -> Option<Uri> {
    let whole = uri.path_and_query()?.as_str();
    let rest = whole.strip_prefix(FORMER)?;
    if whole.starts_with(CURRENT) {
        return None;
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(format!("{CURRENT}{rest}")).ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_former_path_leads_to_the_current_one() {
        let former: Uri = "/api/documents/7?workspace=shop".parse().unwrap();
        let current = renew(&former).unwrap();
        assert_eq!(current, "/api/v1/documents/7?workspace=shop");
        assert_eq!(renew(&current), None);
        assert_eq!(renew(&"/v1/models".parse().unwrap()), None);
        assert_eq!(of("/api/v1/ask").as_deref(), Some("/api/ask"));
        assert_eq!(of("/v1/models"), None);
    }
}
