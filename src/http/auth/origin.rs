//! Where a request comes from: this site, another site, this machine.

use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};

use crate::http::problem::Problem;
use crate::http::server::Peer;

/// Refuses a change that another site makes with a browser's cookie (CSRF). `SameSite=Lax` stops most of
/// them; this stops the rest: sibling domains and old browsers.
pub(super) fn check(parts: &Parts) -> Result<(), Problem> {
    let safe = [Method::GET, Method::HEAD, Method::OPTIONS].contains(&parts.method);
    if safe || is_same_origin(&parts.headers, &parts.uri) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "cross_site",
        "a browser may change things only from this server's own pages",
    ))
}

/// `Sec-Fetch-Site` decides where the browser sends it, which is only to trustworthy origins. Otherwise
/// `Origin` must name this host. A request with neither header is from elsewhere.
pub(in crate::http) fn is_same_origin(headers: &HeaderMap, uri: &Uri) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin";
    }
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let origin = text(header::ORIGIN).and_then(|origin| origin.parse::<Uri>().ok());
    let host = text(header::HOST).or_else(|| uri.authority().map(|host| host.as_str()));
    match (origin.as_ref().and_then(Uri::authority), host) {
        (Some(origin), Some(host)) => origin.as_str().eq_ignore_ascii_case(host),
        _ => false,
    }
}

/// Whether the peer is a process on this machine that speaks for itself, not a proxy that forwards somebody
/// else's request.
pub(in crate::http) fn is_this_machine(parts: &Parts) -> bool {
    let here = match parts.extensions.get::<Peer>() {
        Some(Peer::Address(address)) => address.ip().to_canonical().is_loopback(),
        Some(Peer::Installation) => true,
        None => false,
    };
    here && !is_forwarded(&parts.headers)
}

/// Whether a proxy marked the request as forwarded.
pub(super) fn is_forwarded(headers: &HeaderMap) -> bool {
    const MARKS: [&str; 6] = [
        "forwarded",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
        "x-real-ip",
        "via",
    ];
    MARKS.iter().any(|name| headers.contains_key(*name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    fn parts(method: Method, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method(method).uri("/api/v1/keys");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn changes_come_from_our_own_pages_only() {
        let host = ("host", "desk.example:8080");
        let post = |headers: &[(&str, &str)]| check(&parts(Method::POST, headers)).is_ok();
        assert!(post(&[host, ("origin", "http://desk.example:8080")]));
        assert!(post(&[host, ("sec-fetch-site", "same-origin")]));
        assert!(!post(&[host, ("origin", "http://evil.example")]));
        assert!(!post(&[host, ("origin", "http://desk.example:9090")]));
        assert!(!post(&[host, ("origin", "null")]));
        assert!(!post(&[host]));
        assert!(!post(&[host, ("sec-fetch-site", "same-site")]));
        let contradiction = [
            host,
            ("sec-fetch-site", "cross-site"),
            ("origin", "http://desk.example:8080"),
        ];
        assert!(!post(&contradiction));
        assert!(check(&parts(Method::GET, &[host])).is_ok());
    }

    #[test]
    fn a_proxy_on_this_machine_does_not_make_its_clients_local() {
        let mut local = parts(Method::GET, &[]);
        assert!(!is_this_machine(&local));
        for peer in [
            Peer::Address("127.0.0.1:4000".parse().unwrap()),
            Peer::Installation,
        ] {
            local.extensions.insert(peer);
            assert!(is_this_machine(&local));
        }
        local
            .headers
            .insert("x-forwarded-for", "203.0.113.9".parse().unwrap());
        assert!(!is_this_machine(&local));
        let mut remote = parts(Method::GET, &[]);
        remote
            .extensions
            .insert(Peer::Address("203.0.113.9:4000".parse().unwrap()));
        assert!(!is_this_machine(&remote));
    }
}
