//! Checks destinations: the URL before the request, and the addresses that its host name resolves to when it does.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use async_trait::async_trait;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use super::allow::WEB_PORTS;
use super::{Allow, EgressError, address};
use crate::reason::Reason;

#[async_trait]
pub trait Lookup: Send + Sync {
    /// All addresses of `host`.
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The operating system's resolver.
#[derive(Debug, Default)]
pub struct SystemLookup;

#[async_trait]
impl Lookup for SystemLookup {
    async fn lookup(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((host, 0)).await;
        let found = found.map_err(|error| io::Error::new(error.kind(), UnknownName(error)))?;
        Ok(found.map(|socket| socket.ip()).collect())
    }
}

/// The operating system knows no address of a name.
#[derive(Debug, thiserror::Error)]
#[error(
    "no address is known for this name. Check how it is written, and whether this machine has a connection"
)]
pub(super) struct UnknownName(#[source] io::Error);

impl UnknownName {
    /// Whether it is the reason of an error.
    pub(super) fn is_in(error: &(dyn std::error::Error + 'static)) -> bool {
        let error = error.downcast_ref::<io::Error>();
        error
            .and_then(io::Error::get_ref)
            .is_some_and(|inner| inner.is::<Self>())
    }
}

/// A connection that must not be made.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{host} is at {address}, {what}")]
pub(super) struct Refused {
    pub(super) host: String,
    pub(super) address: IpAddr,
    pub(super) what: &'static str,
}

/// Which addresses a request may connect to.
pub(super) enum Way {
    /// Public addresses, and the networks in `egress.allow`.
    Guarded,
    /// Any address: the host is allowed by name.
    Opened,
}

/// Checks everything about a URL that is known before its name is resolved.
pub(super) fn vet(url: &Url, allow: &Allow) -> Result<Way, EgressError> {
    let wrong = |reason: &str| EgressError::Url {
        url: redact(url),
        reason: reason.into(),
    };
    if !matches!(url.scheme(), "http" | "https") {
        return Err(wrong("only http and https addresses are fetched"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong(
            "an address with a name or password in it is not fetched",
        ));
    }
    let Some(host) = url.host() else {
        return Err(wrong("it has no host"));
    };
    let port = url.port_or_known_default().unwrap_or_default();
    let name = host_text(&host);
    if allow.names(&name, port, WEB_PORTS) {
        return Ok(Way::Opened);
    }
    if !WEB_PORTS.contains(&port) {
        return Err(wrong(
            "only the ports 80 and 443 are used; others can be named in the setting egress.allow",
        ));
    }
    // The client does not resolve literal addresses, so `Guard` below never sees them.
    match literal(&host) {
        Some(address) => check(&name, address, allow).map_err(EgressError::from)?,
        None if name.is_empty() => return Err(wrong("it has no host")),
        None => {}
    }
    Ok(Way::Guarded)
}

/// Resolves a host to the addresses that a stream may connect to.
pub(super) async fn resolve_for_stream(
    host: &str,
    port: u16,
    usual_ports: &[u16],
    lookup: &dyn Lookup,
    allow: &Allow,
) -> Result<Vec<SocketAddr>, EgressError> {
    let wrong = |reason: &str| EgressError::Place {
        place: format!("{host}:{port}"),
        reason: reason.into(),
    };
    let parsed = Host::parse(host).map_err(|_| wrong("it is no name or address of a machine"))?;
    let name = host_text(&parsed);
    let is_opened = allow.names(&name, port, usual_ports);
    if !is_opened && !usual_ports.contains(&port) {
        return Err(wrong(
            "only the usual port is used; another can be named with its host in the setting egress.allow",
        ));
    }
    let found = match literal(&parsed) {
        Some(address) => vec![address],
        None => {
            let failed = |reason: Reason| EgressError::Failed {
                host: name.clone(),
                reason,
            };
            let found = lookup.lookup(&name).await;
            let found = found.map_err(|error| failed(Reason::of(error)))?;
            if found.is_empty() {
                return Err(failed("the name has no address".into()));
            }
            found
        }
    };
    if !is_opened {
        // A single private address is enough to refuse: the name is not to be trusted.
        for address in &found {
            check(&name, *address, allow)?;
        }
    }
    Ok(found
        .into_iter()
        .map(|address| SocketAddr::new(address, port))
        .collect())
}

fn host_text<S: AsRef<str>>(host: &Host<S>) -> String {
    match host {
        Host::Domain(name) => name.as_ref().to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    }
}

fn literal<S>(host: &Host<S>) -> Option<IpAddr> {
    match host {
        Host::Domain(_) => None,
        Host::Ipv4(address) => Some(IpAddr::V4(*address)),
        Host::Ipv6(address) => Some(IpAddr::V6(*address)),
    }
}

/// Refuses an address that is neither public nor allowed.
pub(super) fn check(host: &str, address: IpAddr, allow: &Allow) -> Result<(), Refused> {
    match address::describe_private(address) {
        Some(what) if !allow.holds(address) => Err(Refused {
            host: host.to_owned(),
            address,
            what,
        }),
        _ => Ok(()),
    }
}

/// The URL without user name, password and fragment, for messages and the ledger.
pub(super) fn redact(url: &Url) -> String {
    let mut url = url.clone();
    // Both fail for URLs without a host, which have neither.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_fragment(None);
    url.to_string()
}

/// The HTTP client's resolver, which returns only addresses that it may connect to. The client connects to exactly the
/// addresses checked here: the name is not resolved a second time, so it cannot change in between (DNS rebinding).
pub(super) struct Guard {
    pub(super) lookup: Arc<dyn Lookup>,
    pub(super) allow: Arc<Allow>,
    /// The hosts of this client are allowed by name: skip the check.
    pub(super) opened: bool,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (lookup, allow, opened) = (self.lookup.clone(), self.allow.clone(), self.opened);
        Box::pin(async move {
            let host = name.as_str();
            let found = lookup.lookup(host).await?;
            if found.is_empty() {
                return Err(io::Error::other("the name has no address").into());
            }
            if !opened {
                // A single private address is enough to refuse: the name is not to be trusted.
                for address in &found {
                    check(host, *address, &allow)?;
                }
            }
            let sockets: Vec<SocketAddr> =
                found.into_iter().map(|ip| SocketAddr::new(ip, 0)).collect();
            let sockets: Addrs = Box::new(sockets.into_iter());
            Ok(sockets)
        })
    }
}
