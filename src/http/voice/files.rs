//! The widget's two scripts: the element, joined from its parts, and the module of its audio threads.
//!
//! Other sites load the element by a script tag, so it needs a `cross-origin` resource policy. Browsers fetch
//! the module with CORS, as they do for every worklet. Neither holds a secret.

use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};

/// One script, so that one line in a page is enough. Its parts share one function's scope.
const WIDGET: &str = concat!(
    "(() => {\n",
    include_str!("../../../assets/widget/look.js"),
    include_str!("../../../assets/widget/server.js"),
    include_str!("../../../assets/widget/call.js"),
    include_str!("../../../assets/widget/frontdesk.js"),
    include_str!("../../../assets/widget/line.js"),
    "})()\n",
);
const WORKLET: &str = include_str!("../../../assets/widget/audio.js");

/// Caches keep the scripts for an hour, then revalidate them by their `ETag`.
const CACHE: &str = "public, max-age=3600, stale-while-revalidate=86400";

static WIDGET_TAG: LazyLock<String> = LazyLock::new(|| compute_tag(WIDGET));
static WORKLET_TAG: LazyLock<String> = LazyLock::new(|| compute_tag(WORKLET));

fn compute_tag(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
        .chars()
        .take(16)
        .collect()
}

/// Path of the worklet module, with a version that bypasses old caches.
pub(in crate::http) fn worklet_path() -> String {
    format!("/widget-audio.js?v={}", *WORKLET_TAG)
}

/// Path of the element with its version, for this server's own pages.
pub(in crate::http) fn widget_path() -> String {
    format!("/widget.js?v={}", *WIDGET_TAG)
}

/// `GET /widget.js`
pub(in crate::http) async fn widget(headers: HeaderMap) -> Response {
    let mut response = serve_script(WIDGET, &WIDGET_TAG, &headers);
    response.headers_mut().insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("cross-origin"),
    );
    response
}

/// `GET /widget-audio.js`
pub(in crate::http) async fn worklet(headers: HeaderMap) -> Response {
    serve_script(WORKLET, &WORKLET_TAG, &headers)
}

fn serve_script(text: &'static str, tag: &str, headers: &HeaderMap) -> Response {
    let etag = format!("\"{tag}\"");
    let known = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        // The compression layer makes our tags weak (`W/`).
        .any(|tags| {
            tags.split(',')
                .any(|one| one.trim().trim_start_matches("W/") == etag)
        });
    let common = [
        (header::ETAG, etag),
        (header::CACHE_CONTROL, CACHE.to_owned()),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*".to_owned()),
    ];
    if known {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let kind = [(header::CONTENT_TYPE, "text/javascript; charset=utf-8")];
    (common, kind, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// For the element and its audio module together, in bytes after gzip.
    const MOST_BYTES: usize = 25 * 1024;

    #[test]
    fn the_widget_with_voice_is_small() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(WIDGET.as_bytes()).unwrap();
        gzip.write_all(WORKLET.as_bytes()).unwrap();
        let size = gzip.finish().unwrap().len();
        assert!(size <= MOST_BYTES, "{size} bytes");
    }

    #[test]
    fn the_widget_makes_no_markup_of_text() {
        for text in [WIDGET, WORKLET] {
            for word in [
                "innerHTML",
                "outerHTML",
                "insertAdjacentHTML",
                "document.write",
                "eval(",
                "new Function",
                "document.cookie",
            ] {
                assert!(!text.contains(word), "{word}");
            }
        }
    }

    #[tokio::test]
    async fn a_known_tag_gets_no_body() {
        let first = widget(HeaderMap::new()).await;
        assert_eq!(first.status(), StatusCode::OK);
        assert_eq!(
            first.headers()["cross-origin-resource-policy"],
            "cross-origin"
        );
        let mut headers = HeaderMap::new();
        let etag = first.headers()[header::ETAG].to_str().unwrap();
        headers.insert(header::IF_NONE_MATCH, format!("W/{etag}").parse().unwrap());
        let again = widget(headers).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        let worklet = worklet(HeaderMap::new()).await;
        assert!(
            !worklet
                .headers()
                .contains_key("cross-origin-resource-policy")
        );
        assert_eq!(worklet.headers()[header::ACCESS_CONTROL_ALLOW_ORIGIN], "*");
    }
}
