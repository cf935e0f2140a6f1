//! The installation itself: its commands may do everything, without a credential. Who it is, the listener
//! knows; nothing that a request says makes it one.

use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};

use super::super::problem::Problem;
use super::super::server::Peer;
use super::{Principal, origin};

/// Whether a request is one of the installation's commands.
pub(in crate::http) fn sent(parts: &Parts) -> bool {
    parts.extensions.get::<Peer>() == Some(&Peer::Installation)
}

/// Who it is, if [`sent`].
///
/// # Errors
/// 403 for a request with the marks of a browser or a proxy: somebody led strangers to the socket.
pub(super) fn principal(headers: &HeaderMap) -> Result<Principal, Problem> {
    let of_browsers = [
        header::ORIGIN,
        header::COOKIE,
        header::REFERER,
        header::HeaderName::from_static("sec-fetch-site"),
    ];
    let browser = of_browsers.iter().any(|name| headers.contains_key(name));
    if browser || origin::is_forwarded(headers) {
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "commands_only",
            "the socket in the data folder is for the commands of this machine; browsers and proxies \
             use the address that `frontdesk serve` prints",
        ));
    }
    Ok(Principal::installation())
}
