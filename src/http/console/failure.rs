//! What did not work, as a page.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::{guard, pages, view};
use crate::http::problem::Problem;

/// Renders a problem as a page; the fallback route uses it too.
pub fn error_page(problem: &Problem) -> Response {
    let heading = match problem.status {
        StatusCode::NOT_FOUND => "There is nothing here",
        StatusCode::FORBIDDEN => "You may not open this",
        StatusCode::TOO_MANY_REQUESTS => "Too many requests",
        status if status.is_server_error() => "Something went wrong here",
        _ => "This did not work",
    };
    let detail = match problem.status {
        StatusCode::NOT_FOUND => {
            "The page does not exist, or what it showed was deleted.".to_owned()
        }
        // The detail names a scope, which is for programs; people have roles.
        _ if problem.code == "missing_scope" => sentence(guard::NOT_FOR_THIS_ROLE),
        _ => sentence(&problem.detail),
    };
    let page = pages::ErrorPage {
        status: problem.status.as_u16(),
        heading,
        detail,
    };
    view::page(problem.status, &page)
}

/// Turns a detail into a sentence: a capital first letter and a full stop. A host, an address or a file's name at the
/// beginning stays as it is.
pub(super) fn sentence(detail: &str) -> String {
    let mut letters = detail.chars();
    let first = match letters.next() {
        Some(c) if begins_with_name(detail) => c.to_string(),
        Some(c) => c.to_uppercase().collect(),
        None => String::new(),
    };
    let end = if detail.ends_with(['.', '!', '?']) {
        ""
    } else {
        "."
    };
    format!("{first}{}{end}", letters.as_str())
}

/// Whether the first word is not one of a language: `hooks.example`, `https://…`, `sales@example.com`, `prices.pdf`.
fn begins_with_name(detail: &str) -> bool {
    let word = detail.split_whitespace().next().unwrap_or_default();
    let word = word.trim_end_matches(['.', ':', ',', ';', '!', '?']);
    word == "localhost" || word.contains(['.', ':', '/', '@', '_'])
}

/// A handler's error, shown as a page.
pub(super) struct Failure(pub(super) Problem);

impl<E: Into<Problem>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        error_page(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_becomes_a_sentence() {
        assert_eq!(sentence("the disk is full"), "The disk is full.");
        assert_eq!(sentence("Why?"), "Why?");
        assert_eq!(sentence(""), ".");
        assert_eq!(sentence("e-mail: no server"), "E-mail: no server.");
        for name in [
            "hooks.invalid",
            "http://hooks.invalid/a",
            "localhost",
            "nas:8080",
        ] {
            let told = format!("{name} could not be reached");
            assert_eq!(sentence(&told), format!("{told}."));
        }
    }
}
