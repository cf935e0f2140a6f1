//! The setting `egress.allow`: machines of the owner's network, and ports besides the usual ones.

use std::net::IpAddr;

use ipnet::IpNet;
use url::Host;

use super::EgressError;

/// Exceptions from the rules, set by the owner of the machine.
#[derive(Debug, Clone, Default)]
pub struct Allow {
    hosts: Vec<(String, Option<u16>)>,
    nets: Vec<IpNet>,
}

impl Allow {
    /// Parses a comma-separated list: `intranet.example`, `intranet.example:8080`, `10.1.2.3`, `10.0.0.0/8`,
    /// `[fd00::1]:8080`. A host may have a private address, and is reached on the named port or else on the usual ones
    /// (80 and 443 for the web, 22 for SSH, 465, 587, 25, 993 and 143 for mail); a network opens its addresses on the
    /// usual ones.
    ///
    /// # Errors
    /// For an entry in any other form.
    pub fn parse(list: &str) -> Result<Self, EgressError> {
        let mut allow = Self::default();
        for entry in list.split(',').map(str::trim).filter(|e| !e.is_empty()) {
            if let Ok(net) = entry.parse::<IpNet>() {
                allow.nets.push(net);
            } else if let Ok(address) = entry.parse::<IpAddr>() {
                allow.nets.push(IpNet::from(address));
            } else {
                allow.hosts.push(split_host_and_port(entry).ok_or_else(|| {
                    let told = format!(
                        "`egress.allow` cannot contain `{entry}`: write host, host:port or a network \
                         such as 10.0.0.0/8"
                    );
                    EgressError::Settings(told.into())
                })?);
            }
        }
        Ok(allow)
    }

    /// Whether the list names this host with this port, or without a port if it is one of the `usual` ones.
    pub(super) fn names(&self, host: &str, port: u16, usual: &[u16]) -> bool {
        self.hosts.iter().any(|(name, named)| {
            name.eq_ignore_ascii_case(host)
                && match named {
                    Some(named) => *named == port,
                    None => usual.contains(&port),
                }
        })
    }

    /// Whether a network in the list contains the address.
    pub(super) fn holds(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.nets.iter().any(|net| net.contains(&address))
    }
}

pub(super) const WEB_PORTS: &[u16] = &[80, 443];
pub(super) const SSH_PORTS: &[u16] = &[22];
/// Ports with implicit TLS: HTTPS, SMTP submission (RFC 8314) and IMAP.
pub(super) const TLS_PORTS: &[u16] = &[443, 465, 993];
/// SMTP that turns to TLS: submission (RFC 6409), and from server to server.
pub(super) const SMTP_PORTS: &[u16] = &[587, 25];
/// IMAP that turns to TLS.
pub(super) const IMAP_PORTS: &[u16] = &[143];

/// Parses with the URL parser, so that an entry and a request's URL are spelled the same.
fn split_host_and_port(entry: &str) -> Option<(String, Option<u16>)> {
    let url = url::Url::parse(&format!("http://{entry}/")).ok()?;
    let plain = url.path() == "/" && url.query().is_none() && url.username().is_empty();
    let host = match url.host()? {
        Host::Domain(name) => name.to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    };
    // The parser drops `:80` as the default port, but the owner named it on purpose.
    let port = url.port().or_else(|| entry.ends_with(":80").then_some(80));
    plain.then_some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_ports_and_networks_are_told_apart() {
        let allow = Allow::parse(
            " intranet.example, Wiki.example:8080,10.0.0.0/8,127.0.0.1:9 , 192.168.7.7",
        )
        .unwrap();
        let names = |host, port| allow.names(host, port, WEB_PORTS);
        assert!(names("intranet.example", 443) && names("INTRANET.example", 80));
        assert!(!names("intranet.example", 8080) && !names("intranet.example", 22));
        assert!(allow.names("intranet.example", 22, SSH_PORTS));
        assert!(names("wiki.example", 8080) && !names("wiki.example", 80));
        assert!(names("127.0.0.1", 9) && !names("127.0.0.1", 10));
        assert!(allow.holds("10.9.9.9".parse().unwrap()));
        assert!(allow.holds("::ffff:10.9.9.9".parse().unwrap()));
        assert!(allow.holds("192.168.7.7".parse().unwrap()));
        assert!(!allow.holds("192.168.7.8".parse().unwrap()));
        assert!(!Allow::parse("").unwrap().holds("10.0.0.1".parse().unwrap()));
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        for bad in ["a b", "http://x", "x/y", "10.0.0.0/99", "x:99999", "u@h"] {
            let error = Allow::parse(bad).unwrap_err().to_string();
            assert!(error.contains(bad), "{error}");
        }
    }
}
