//! A name or address that the server has.

use std::fmt;
use std::net::IpAddr;

use tokio_rustls::rustls::pki_types::{IpAddr as TlsIpAddr, ServerName};
use url::Host;

use super::CertificateError;
use crate::egress;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Name {
    /// In lower case and ASCII (IDNA), without a final full stop.
    Dns(String),
    Ip(IpAddr),
}

/// Endings that only a local network or nobody resolves: RFC 6761 (`localhost`, `test`, `example`, `invalid`), RFC 6762
/// (`local`), RFC 8375 (`home.arpa`), ICANN's reservation of 2024 (`internal`), and what routers hand out (RFC 6762,
/// appendix G).
pub(super) const LOCAL: [&str; 12] = [
    "localhost",
    "local",
    "internal",
    "home.arpa",
    "lan",
    "home",
    "corp",
    "private",
    "intranet",
    "test",
    "example",
    "invalid",
];

impl Name {
    /// # Errors
    /// Says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, CertificateError> {
        let wrong = |reason| CertificateError::Name {
            name: text.to_owned(),
            reason,
        };
        let bare = text.trim().trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = bare.parse::<IpAddr>() {
            return Ok(Self::Ip(address.to_canonical()));
        }
        if text.contains('/') {
            return Err(wrong(
                "is more than a name; leave out https:// and everything after the name",
            ));
        }
        if text.contains('*') {
            return Err(wrong(
                "stands for many names; write each name that the server has",
            ));
        }
        if text.contains(':') {
            return Err(wrong(
                "has a port; write the name alone, and the port in https.listen",
            ));
        }
        let plain = text.trim().trim_end_matches('.');
        match Host::parse(plain) {
            Ok(Host::Domain(name)) if ServerName::try_from(name.as_str()).is_ok() => {
                Ok(Self::Dns(name))
            }
            _ => Err(wrong(
                "is neither a name such as desk.example.com nor an address such as 192.168.1.5",
            )),
        }
    }

    /// Parses names separated by commas; the first one is the server's main name.
    ///
    /// # Errors
    /// Says what is wrong with one of them.
    pub fn parse_list(list: &str) -> Result<Vec<Self>, CertificateError> {
        let mut names = Vec::new();
        for one in list.split(',').map(str::trim).filter(|one| !one.is_empty()) {
            let name = Self::parse(one)?;
            if !names.contains(&name) {
                names.push(name);
            }
        }
        Ok(names)
    }

    /// Whether no authority on the internet can vouch for it.
    pub fn is_local(&self) -> bool {
        match self {
            Self::Ip(address) => !egress::is_public(*address),
            Self::Dns(name) => {
                !name.contains('.') || LOCAL.iter().any(|ending| is_under(name, ending))
            }
        }
    }

    /// The host in an address: an IPv6 address in brackets.
    pub fn in_url(&self) -> String {
        match self {
            Self::Ip(IpAddr::V6(address)) => format!("[{address}]"),
            other => other.to_string(),
        }
    }

    /// The name in the handshake with which an authority asks for a proof: for an address the one that it has in the reverse
    /// zones (RFC 8738, section 6; the zones: RFC 1035, section 3.5, and RFC 3596, section 2.5).
    pub(super) fn in_proof(&self) -> String {
        match self {
            Self::Dns(name) => name.clone(),
            Self::Ip(IpAddr::V4(address)) => {
                let [a, b, c, d] = address.octets();
                format!("{d}.{c}.{b}.{a}.in-addr.arpa")
            }
            Self::Ip(IpAddr::V6(address)) => {
                let bytes = address.octets().into_iter().rev();
                let digits = bytes.flat_map(|byte| [byte & 0xf, byte >> 4]);
                let labels: Vec<String> = digits.map(|digit| format!("{digit:x}")).collect();
                format!("{}.ip6.arpa", labels.join("."))
            }
        }
    }

    /// As TLS knows it.
    pub(super) fn server_name(&self) -> Option<ServerName<'static>> {
        match self {
            Self::Dns(name) => ServerName::try_from(name.clone()).ok(),
            Self::Ip(address) => Some(ServerName::IpAddress(TlsIpAddr::from(*address))),
        }
    }
}

/// Whether a name is the ending or lies below it.
pub(super) fn is_under(name: &str, ending: &str) -> bool {
    let head = name.strip_suffix(ending);
    head.is_some_and(|head| head.is_empty() || head.ends_with('.'))
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => f.write_str(name),
            Self::Ip(address) => address.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelled_in_one_way() {
        let names = Name::parse_list(
            "Desk.Example.com., bücher.de,[fd00::1] , ::ffff:10.0.0.1,desk.example.com",
        );
        let names: Vec<String> = names.unwrap().iter().map(Name::to_string).collect();
        assert_eq!(
            names,
            [
                "desk.example.com",
                "xn--bcher-kva.de",
                "fd00::1",
                "10.0.0.1"
            ]
        );
        assert_eq!(Name::parse("fd00::1").unwrap().in_url(), "[fd00::1]");
    }

    #[test]
    fn what_is_no_name_is_refused_with_the_way_out() {
        for (bad, told) in [
            ("https://desk.example.com/", "leave out https://"),
            ("desk.example.com:8443", "https.listen"),
            ("*.example.com", "each name"),
            ("a b", "neither a name"),
            ("999.1.1.1", "neither a name"),
        ] {
            let error = Name::parse(bad).unwrap_err().to_string();
            assert!(error.contains(told) && error.contains(bad), "{error}");
        }
    }

    #[test]
    fn an_address_is_asked_for_by_its_name_in_the_reverse_zones() {
        // The second is the example of RFC 3596, section 2.5.
        for (name, expected) in [
            ("203.0.113.7", "7.113.0.203.in-addr.arpa"),
            (
                "4321:0:1:2:3:4:567:89ab",
                "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa",
            ),
            ("desk.example.com", "desk.example.com"),
        ] {
            assert_eq!(Name::parse(name).unwrap().in_proof(), expected);
        }
    }

    #[test]
    fn local_names_are_told_from_those_of_the_internet() {
        for local in [
            "desk",
            "desk.local",
            "a.b.lan",
            "192.168.1.5",
            "203.0.113.7",
            "fd00::1",
            "localhost",
            "x.home.arpa",
        ] {
            assert!(Name::parse(local).unwrap().is_local(), "{local}");
        }
        for public in [
            "desk.example.com",
            "example.org",
            "notlocal.de",
            "mylan.net",
            "8.8.8.8",
            "2606:4700::1111",
        ] {
            assert!(!Name::parse(public).unwrap().is_local(), "{public}");
        }
    }
}
