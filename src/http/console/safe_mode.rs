//! What is served when the database cannot be opened: a page that says what happened and what to do, in place of a
//! process that starts again and again.

use askama::Template;
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::get;

use super::super::auth::origin;
use super::assets;
use super::view::{self, filters};

#[derive(Template)]
#[template(path = "safe_mode.html")]
struct SafeMode {
    /// What happened, as a sentence.
    reason: String,
    /// Names of backups, newest first, and their folder.
    backups: Vec<String>,
    folder: String,
}

/// Routes that say that nothing is served. Why, and which backups there are, only a browser on this machine is told.
pub fn router(reason: String, folder: String, backups: Vec<String>) -> Router {
    let page = move |request: Request| {
        let near = origin::is_this_machine(&request.into_parts().0);
        let shown = SafeMode {
            reason: if near { reason.clone() } else { String::new() },
            backups: if near { backups.clone() } else { Vec::new() },
            folder: if near { folder.clone() } else { String::new() },
        };
        async move { unserved(view::page(StatusCode::SERVICE_UNAVAILABLE, &shown)) }
    };
    Router::new()
        .route("/healthz", get(|| async { "{\"status\":\"safe mode\"}" }))
        .merge(assets())
        .fallback(page)
}

fn unserved(mut response: Response) -> Response {
    let again = HeaderValue::from_static("60");
    response.headers_mut().insert(header::RETRY_AFTER, again);
    response
}
