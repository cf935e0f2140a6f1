//! Proxies trusted to name the client of a request.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};

use ipnet::IpNet;

use super::AppError;
use crate::reason::Reason;

/// Proxies on this machine, and those in the settings.
#[derive(Debug, Default)]
pub struct Proxies {
    named: Vec<IpNet>,
    /// Whether one of them forwarded a request without naming the client.
    hides: AtomicBool,
}

impl Proxies {
    /// Parses addresses and networks separated by commas.
    ///
    /// # Errors
    /// Names the part that is neither.
    pub fn parse(setting: &str) -> Result<Self, AppError> {
        let all = setting
            .split(',')
            .map(str::trim)
            .filter(|one| !one.is_empty());
        let named = all.map(|one| {
            let address = one.parse::<IpAddr>().map(IpNet::from);
            address.or_else(|_| one.parse::<IpNet>()).map_err(|error| {
                let told = format!(
                    "http.trusted_proxies: `{one}` is neither an address nor a network such as 10.0.0.0/8"
                );
                AppError::Settings(Reason::told(told, error))
            })
        });
        Ok(Self {
            named: named.collect::<Result<_, _>>()?,
            hides: AtomicBool::new(false),
        })
    }

    /// Whether this peer is trusted to name the client.
    pub fn trusts(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        peer.is_loopback() || self.named.iter().any(|net| net.contains(&peer))
    }

    /// Records that a proxy forwarded a request without naming the client.
    pub fn note_hidden(&self) {
        self.hides.store(true, Ordering::Relaxed);
    }

    /// Whether visitors cannot be told apart, because a proxy does not name the clients.
    pub fn hides_visitors(&self) -> bool {
        self.hides.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_and_what_is_named_is_trusted() {
        let proxies = Proxies::parse("10.1.2.3, 172.16.0.0/12,").unwrap();
        for (peer, expected) in [
            ("127.0.0.1", true),
            ("::1", true),
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("172.18.0.1", true),
            ("10.1.2.4", false),
            ("8.8.8.8", false),
        ] {
            assert_eq!(proxies.trusts(peer.parse().unwrap()), expected, "{peer}");
        }
        assert!(Proxies::parse("proxy.example").is_err());
    }
}
