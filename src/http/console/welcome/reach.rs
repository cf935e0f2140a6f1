//! Who can load something from the address of this server.

use url::{Host, Url};

/// Who can reach an address, as far as the address tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Programs on this machine.
    Machine,
    /// Whoever is in the same network.
    Network,
    /// Everybody, but without encryption.
    Plain,
    /// Everybody, with encryption.
    Everybody,
}

impl Reach {
    pub fn of(address: &str) -> Self {
        let Ok(url) = Url::parse(address) else {
            return Self::Plain;
        };
        let (is_machine, is_network) = match url.host() {
            Some(Host::Ipv4(ip)) => (ip.is_loopback(), ip.is_private() || ip.is_link_local()),
            Some(Host::Ipv6(ip)) => (
                ip.is_loopback(),
                ip.is_unique_local() || ip.is_unicast_link_local(),
            ),
            Some(Host::Domain(name)) => (
                name == "localhost" || name.ends_with(".localhost"),
                is_local_name(name),
            ),
            None => (false, false),
        };
        match (is_machine, is_network, url.scheme()) {
            (true, ..) => Self::Machine,
            (_, true, _) => Self::Network,
            (_, _, "https") => Self::Everybody,
            _ => Self::Plain,
        }
    }

    /// What the address is not good for; `None` if every website can load from it.
    pub fn note(self) -> Option<&'static str> {
        Some(match self {
            Self::Everybody => return None,
            Self::Machine => {
                "Only this machine can reach this address: your visitors' browsers cannot. You can try everything here, \
                 and paste the line once the server has an address on the internet."
            }
            Self::Network => {
                "Only your own network can reach this address: visitors from outside cannot, and a website on https \
                 cannot load it without encryption."
            }
            Self::Plain => {
                "This address has no encryption: a website on https cannot load it, and browsers give it no microphone."
            }
        })
    }
}

/// Whether a name is known in a local network only (RFC 6762, RFC 8375, and names without a dot).
fn is_local_name(name: &str) -> bool {
    const ENDS: [&str; 5] = [".local", ".lan", ".home.arpa", ".internal", ".intranet"];
    !name.contains('.') || ENDS.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_tells_who_can_load_from_it() {
        for (address, reach) in [
            ("http://127.0.0.1:8080", Reach::Machine),
            ("http://[::1]:8080", Reach::Machine),
            ("https://localhost", Reach::Machine),
            ("http://192.168.1.20:8080", Reach::Network),
            ("https://desk.local", Reach::Network),
            ("http://server:8080", Reach::Network),
            ("http://[fd00::5]", Reach::Network),
            ("http://desk.example.com", Reach::Plain),
            ("https://desk.example.com", Reach::Everybody),
        ] {
            assert_eq!(Reach::of(address), reach, "{address}");
            assert_eq!(reach.note().is_none(), reach == Reach::Everybody);
        }
    }
}
