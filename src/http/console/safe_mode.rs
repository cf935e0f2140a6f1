//! Served when the database cannot be opened: a page that says what happened and what to do, instead of a
//! process that restarts again and again.

use std::path::Path;

use askama::Template;
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::get;

use super::view::{self, filters};
use super::{assets, sentence};
use crate::http::auth::origin;

#[derive(Template)]
#[template(path = "safe_mode.html")]
struct SafeMode {
    /// What happened, as a sentence; empty for browsers on other machines.
    reason: String,
    /// Names of backups, newest first, and their folder.
    backups: Vec<String>,
    folder: String,
    /// The data folder, quoted for a shell.
    data: String,
    /// Why HTTPS is not served, as a sentence; empty if it is, or nobody wants it.
    https: String,
}

/// Routes that say that nothing is served. Only a browser on this machine sees the reason and the backups.
/// `https` tells why HTTPS is not served, if it should be.
pub fn router(
    reason: &str,
    https: Option<&str>,
    data: &Path,
    folder: &Path,
    backups: Vec<String>,
) -> Router {
    let reason = sentence(reason);
    let https = https.map_or_else(String::new, sentence);
    let data = word(data);
    let folder = word(folder);
    let page = move |request: Request| {
        let near = origin::is_this_machine(&request.into_parts().0);
        let shown = SafeMode {
            reason: if near { reason.clone() } else { String::new() },
            backups: if near { backups.clone() } else { Vec::new() },
            folder: if near { folder.clone() } else { String::new() },
            data: if near { data.clone() } else { String::new() },
            https: if near { https.clone() } else { String::new() },
        };
        async move { unserved(view::page(StatusCode::SERVICE_UNAVAILABLE, &shown)) }
    };
    Router::new()
        .route("/healthz", get(|| async { "{\"status\":\"safe mode\"}" }))
        .merge(assets())
        .fallback(page)
}

/// An absolute path, quoted for a shell.
fn word(path: &Path) -> String {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let path = whole.display().to_string();
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+,:@".contains(c);
    if path.chars().all(is_plain) {
        return path;
    }
    format!("'{}'", path.replace('\'', "'\\''"))
}

fn unserved(mut response: Response) -> Response {
    let again = HeaderValue::from_static("60");
    response.headers_mut().insert(header::RETRY_AFTER, again);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_name_the_data_folder_of_this_server() {
        let shown = |backups: &[&str]| {
            let page = SafeMode {
                reason: sentence("the database is damaged"),
                backups: backups.iter().map(|name| (*name).to_owned()).collect(),
                folder: "/backups".into(),
                data: word(Path::new("/front desk/data")),
                https: sentence("HTTPS is not served"),
            };
            page.render().unwrap()
        };
        let page = shown(&["new.zip.age", "old.zip.age"]);
        assert!(page.contains("<p>The database is damaged.</p>"), "{page}");
        assert!(page.contains(">HTTPS is not served.</p>"), "{page}");
        let command = "frontdesk backup restore /backups/new.zip.age --yes --data ";
        assert!(page.contains(command), "{page}");
        for page in [page, shown(&[])] {
            assert!(page.contains("front desk/data"), "{page}");
            assert!(page.contains("--target"), "{page}");
        }
        assert_eq!(word(Path::new("/srv/desk-1")), "/srv/desk-1");
        assert_eq!(word(Path::new("/a b/it's")), r"'/a b/it'\''s'");
    }
}
