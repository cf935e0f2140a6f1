//! The installation itself: its commands may do everything, without a credential. The listener knows them by
//! their connection; nothing in a request can claim it.

use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};

use super::{Principal, origin};
use crate::http::problem::Problem;
use crate::http::server::Peer;

pub(in crate::http) fn sent(parts: &Parts) -> bool {
    parts.extensions.get::<Peer>() == Some(&Peer::Installation)
}

/// The principal of a request that was [`sent`] by a command.
///
/// # Errors
/// 403 for a request with the headers of a browser or a proxy: somebody exposed the socket to strangers.
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
