//! Where a request comes from. Behind a proxy on this machine that is the address that the proxy names.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use axum::http::HeaderMap;
use axum::http::request::Parts;

use super::server::Peer;

/// Who sent a request.
pub(super) fn address_of(parts: &Parts) -> IpAddr {
    let peer = match parts.extensions.get::<Peer>() {
        Some(Peer::Address(address)) => address.ip().to_canonical(),
        // It speaks for itself, whatever it names.
        Some(Peer::Installation) => return Ipv4Addr::LOCALHOST.into(),
        None => Ipv4Addr::UNSPECIFIED.into(),
    };
    if !peer.is_loopback() {
        return peer;
    }
    // The proxy appends the address that it saw; what stands before it, anybody can write.
    let named = parts
        .headers
        .get_all("x-forwarded-for")
        .iter()
        .next_back()
        .and_then(|value| value.to_str().ok())
        .and_then(|list| list.rsplit(',').next())
        .and_then(|last| last.trim().parse().ok());
    named.unwrap_or(peer)
}

/// Whether a proxy in front of us speaks TLS. Who lies about it only breaks their own cookie.
pub(super) fn over_tls(headers: &HeaderMap) -> bool {
    headers
        .get("x-forwarded-proto")
        .is_some_and(|proto| proto == "https")
}

/// One customer of a provider: an IPv4 address, mapped or not, or a /64 of IPv6.
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
            let mut request = Request::builder().uri("/api/visit");
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
    fn a_customer_is_an_address_or_a_network_of_ipv6() {
        let network = |text: &str| network_of(text.parse().unwrap()).to_string();
        assert_eq!(network("192.0.2.1"), "192.0.2.1");
        assert_eq!(network("::ffff:192.0.2.1"), "192.0.2.1");
        assert_eq!(network("2001:db8::1"), network("2001:db8::2"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::1"), "::1");
    }
}
