//! Which address a request comes from. Behind a trusted proxy, that is the address that the proxy names.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};

use super::server::Peer;
use crate::app::Proxies;

pub(super) fn address_of(parts: &Parts) -> IpAddr {
    let peer = match parts.extensions.get::<Peer>() {
        Some(Peer::Address(address)) => address.ip().to_canonical(),
        // The installation speaks for itself; it has no proxy in front of it, whatever its headers say.
        Some(Peer::Installation) => return Ipv4Addr::LOCALHOST.into(),
        None => Ipv4Addr::UNSPECIFIED.into(),
    };
    let proxies = parts.extensions.get::<Arc<Proxies>>();
    let trusted = |address: IpAddr| match proxies {
        Some(proxies) => proxies.trusts(address),
        None => address.is_loopback(),
    };
    if !trusted(peer) {
        return peer;
    }
    // Each proxy appends the address that it saw, so we read from the right. Left of our own proxies, anybody
    // can write anything.
    let named = parts.headers.get_all("x-forwarded-for").iter();
    let named = named.rev().filter_map(|value| value.to_str().ok());
    let mut seen = named.flat_map(|list| list.rsplit(','));
    let mut nearest = None;
    while let Some(address) = seen.next().and_then(|a| a.trim().parse::<IpAddr>().ok()) {
        nearest = Some(address.to_canonical());
        if !trusted(address) {
            break;
        }
    }
    // A proxy that names no visitor makes all visitors look like one; the owner should learn of it.
    if nearest.is_none()
        && parts.headers.contains_key("x-forwarded-proto")
        && let Some(proxies) = proxies
    {
        proxies.note_hidden();
    }
    nearest.unwrap_or(peer)
}

/// Marks a request that came over our own TLS. The accept loop alone sets it, and takes it off any other request.
pub(super) const OVER_TLS: HeaderName = HeaderName::from_static("x-frontdesk-tls");

/// Whether we, or a proxy in front of us, speak TLS with the visitor. A client that lies about a proxy only breaks its
/// own cookie.
pub(super) fn over_tls(headers: &HeaderMap) -> bool {
    let proxy = headers.get("x-forwarded-proto");
    is_own_tls(headers) || proxy.is_some_and(|proto| proto == "https")
}

/// Whether we speak TLS with the visitor ourselves.
pub(super) fn is_own_tls(headers: &HeaderMap) -> bool {
    headers.contains_key(OVER_TLS)
}

/// The name in a `Host` header, without its port.
pub(super) fn host_name(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|c| c.is_ascii_digit()) => name,
        _ => host,
    }
}

/// What a provider gives to one customer: an IPv4 address (mapped or not), or a /64 of IPv6.
pub(super) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) if !v6.is_loopback() => {
            Ipv6Addr::from(u128::from(v6) & !u128::from(u64::MAX)).into()
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    #[test]
    fn only_a_proxy_on_this_machine_is_believed() {
        let parts = |peer: Peer, forwarded: &[&str]| {
            let mut request = Request::builder().uri("/api/v1/visit");
            for value in forwarded {
                request = request.header("x-forwarded-for", *value);
            }
            let (mut parts, ()) = request.body(()).unwrap().into_parts();
            parts.extensions.insert(peer);
            address_of(&parts).to_string()
        };
        let own = parts(Peer::Installation, &["198.51.100.1"]);
        assert_eq!(own, "127.0.0.1");
        let parts =
            |peer: &str, forwarded: &[&str]| parts(Peer::Address(peer.parse().unwrap()), forwarded);
        assert_eq!(parts("203.0.113.9:1", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(
            parts("127.0.0.1:1", &["10.9.9.9, 198.51.100.1"]),
            "198.51.100.1"
        );
        assert_eq!(
            parts("127.0.0.1:1", &["10.9.9.9", "198.51.100.2"]),
            "198.51.100.2"
        );
        assert_eq!(parts("127.0.0.1:1", &["rubbish"]), "127.0.0.1");
    }

    #[test]
    fn a_named_proxy_is_believed_and_one_that_says_nothing_is_noted() {
        let proxies = Arc::new(Proxies::parse("172.17.0.0/16").unwrap());
        let of = |peer: &str, name: &'static str, value: &str| {
            let request = Request::builder().uri("/").header(name, value);
            let (mut parts, ()) = request.body(()).unwrap().into_parts();
            parts
                .extensions
                .insert(Peer::Address(peer.parse().unwrap()));
            parts.extensions.insert(Arc::clone(&proxies));
            address_of(&parts).to_string()
        };
        let chain = "6.6.6.6, 198.51.100.1, 172.17.0.9";
        assert_eq!(of("172.17.0.2:1", "x-forwarded-for", chain), "198.51.100.1");
        assert_eq!(of("203.0.113.9:1", "x-forwarded-for", chain), "203.0.113.9");
        assert!(!proxies.hides_visitors());
        assert_eq!(
            of("172.17.0.2:1", "x-forwarded-proto", "https"),
            "172.17.0.2"
        );
        assert!(proxies.hides_visitors());
    }

    #[test]
    fn a_customer_is_an_address_or_a_network_of_ipv6() {
        let network = |text: &str| network_of(text.parse().unwrap()).to_string();
        assert_eq!(network("192.0.2.1"), "192.0.2.1");
        assert_eq!(network("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(network("2001:db8::1"), network("2001:db8::2"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::1"), "::1");
    }
}
