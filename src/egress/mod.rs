//! The one gate to the outside: owns the HTTP client, refuses what must not be reached, bounds what
//! comes back, and writes every request into the ledger.
//!
//! What this module does *not* know: what a page is, or who asked for it.
//!
//! Invariants:
//! - A connection is made only to an address that was checked (`guard`); each redirect is a new
//!   request with its own check.
//! - No cookies, no proxy of the environment, no `Referer`, no credentials.
//! - Bytes (before and after decompression), time and redirects are bounded.
//! - A request is in the ledger before it goes out; a refused one is in it as well.

mod address;
mod allow;
mod body;
mod guard;
mod ledger;
mod seal;

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, HeaderMap, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LOCATION,
};
use reqwest::{Client, redirect};
use tokio::time::Instant;
use url::Url;

pub use self::allow::Allow;
pub use self::body::Response;
pub use self::guard::{Lookup, SystemLookup};
pub use self::seal::{is_sealed, seal};

use self::guard::{Guard, Refused, Way};
use self::ledger::Line;
use crate::store::egress::NewRequest;
use crate::store::{Store, StoreError, WorkspaceId};

/// How Frontdesk names itself to web servers.
pub const USER_AGENT: &str = concat!("FrontdeskBot/", env!("CARGO_PKG_VERSION"));
/// How long a server may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// Why nothing came back.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// The owner pulled the cable.
    #[error(
        "fetching from the web is switched off on this machine; set egress.web = true (and sealed = false) in the settings \
         and restart to allow it"
    )]
    Off,
    /// An address that is never fetched.
    #[error("{url} cannot be fetched: {reason}")]
    Url {
        /// The address.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The host is not on the public internet.
    #[error(
        "{host} is not fetched: it is at {address}, {what}. If it is a site of your own network, name \
         it in the setting egress.allow"
    )]
    Blocked {
        /// The host's name.
        host: String,
        /// Where it is.
        address: std::net::IpAddr,
        /// What kind of address that is.
        what: &'static str,
    },
    /// The server sends from one address to the next.
    #[error(
        "{0} leads from one address to the next without an end; check the address in a browser"
    )]
    Redirects(String),
    /// More bytes than allowed.
    #[error("{host} sent more than {limit} bytes, so the rest was not taken")]
    TooLarge {
        /// The host's name.
        host: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// The time ran out.
    #[error("{host} did not answer in full within {seconds} seconds; it is tried again next time")]
    Slow {
        /// The host's name.
        host: String,
        /// The limit in seconds.
        seconds: u64,
    },
    /// The network or the server.
    #[error("{host} could not be reached: {reason}")]
    Failed {
        /// The host's name.
        host: String,
        /// Why.
        reason: String,
    },
    /// The settings are not usable.
    #[error("{0}")]
    Settings(String),
    /// The ledger could not be written, so nothing was sent.
    #[error(transparent)]
    Ledger(#[from] StoreError),
}

impl From<Refused> for EgressError {
    fn from(refused: Refused) -> Self {
        Self::Blocked {
            host: refused.host,
            address: refused.address,
            what: refused.what,
        }
    }
}

/// Bounds on one request, redirects included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of the body, as sent and unpacked.
    pub bytes: u64,
    /// Most time until the last byte.
    pub time: Duration,
    /// Most redirects.
    pub redirects: u32,
}

impl Default for Limits {
    /// 20 MiB, 30 seconds, 5 redirects.
    fn default() -> Self {
        Self {
            bytes: 20 << 20,
            time: Duration::from_secs(30),
            redirects: 5,
        }
    }
}

/// What to fetch.
#[derive(Debug, Clone)]
pub struct Request {
    /// For whom.
    pub workspace: Option<WorkspaceId>,
    /// What for, as it stands in the ledger.
    pub purpose: &'static str,
    /// Where.
    pub url: Url,
    /// Media types that are wanted, as an `Accept` header.
    pub accept: &'static str,
    /// The `ETag` of what is there already.
    pub etag: Option<String>,
    /// The `Last-Modified` of what is there already.
    pub last_modified: Option<String>,
    /// Bounds.
    pub limits: Limits,
}

/// The gate. Clones are handles on the same one.
#[derive(Clone)]
pub struct Gateway {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    web: bool,
    allow: Arc<Allow>,
    guarded: Client,
    opened: Client,
}

impl Gateway {
    /// A gate; with `web` false it lets nothing out.
    ///
    /// # Errors
    /// When the TLS library cannot be set up.
    pub fn new(
        store: Store,
        web: bool,
        allow: Allow,
        lookup: Arc<dyn Lookup>,
    ) -> Result<Self, EgressError> {
        let allow = Arc::new(allow);
        let client = |opened| {
            let guard = Guard {
                lookup: lookup.clone(),
                allow: allow.clone(),
                opened,
            };
            Client::builder()
                .user_agent(USER_AGENT)
                .no_proxy()
                .referer(false)
                .redirect(redirect::Policy::none())
                .connect_timeout(CONNECT)
                .dns_resolver(Arc::new(guard))
                .build()
                .map_err(|e| EgressError::Settings(format!("no web client can be made: {e}")))
        };
        let inner = Inner {
            store,
            web,
            guarded: client(false)?,
            opened: client(true)?,
            allow,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Whether anything is let out.
    pub fn is_open(&self) -> bool {
        self.inner.web
    }

    /// Fetches an address, following redirects. Any status is an answer; `url` of the response is where
    /// it came from in the end.
    ///
    /// # Errors
    /// Every [`EgressError`].
    pub async fn get(&self, request: Request) -> Result<Response, EgressError> {
        let deadline = Instant::now() + request.limits.time;
        let mut url = request.url.clone();
        let mut conditions = true;
        for _ in 0..=request.limits.redirects {
            let response = self.hop(&request, &url, conditions, deadline).await?;
            let Some(target) = redirect_target(&response, &url) else {
                return Ok(response);
            };
            response.discard().await?;
            let target = target.map_err(|reason| EgressError::Url {
                url: guard::shown(&url),
                reason,
            })?;
            // What is known of the first address says nothing of the next.
            conditions = false;
            url = target;
        }
        Err(EgressError::Redirects(guard::shown(&request.url)))
    }

    /// A machine of the owner's own is fetched because its owner named it as a source, or is on the way from another
    /// such; a site of strangers does not lead there.
    fn led(&self, way: Way, request: &Request, url: &Url) -> Result<Way, EgressError> {
        let opened = |way: &Way| matches!(way, Way::Opened);
        let from_own = || guard::vet(&request.url, &self.inner.allow).is_ok_and(|way| opened(&way));
        if opened(&way) && !from_own() {
            return Err(EgressError::Url {
                url: guard::shown(url),
                reason:
                    "another site leads to this machine of your own; add it as a source of its own"
                        .into(),
            });
        }
        Ok(way)
    }

    /// One request, without following.
    async fn hop(
        &self,
        request: &Request,
        url: &Url,
        conditions: bool,
        deadline: Instant,
    ) -> Result<Response, EgressError> {
        let host = url.host_str().unwrap_or_default().to_owned();
        let headers = headers(request, conditions);
        let sent = size(url, &host, &headers);
        let new = (guard::shown(url), host.clone());
        let (workspace, purpose) = (request.workspace, request.purpose);
        let mut line = Line::open(&self.inner.store, move |tx, now| {
            let new = NewRequest {
                workspace,
                purpose,
                method: "GET",
                host: &new.1,
                url: &new.0,
                bytes_sent: 0,
            };
            crate::store::egress::append(tx, &new, now)
        })
        .await?;
        let way = if self.inner.web {
            guard::vet(url, &self.inner.allow).and_then(|way| self.led(way, request, url))
        } else {
            Err(EgressError::Off)
        };
        let client = match way {
            Ok(Way::Guarded) => &self.inner.guarded,
            Ok(Way::Opened) => &self.inner.opened,
            Err(error) => return Err(line.failed(error).await),
        };
        line.outcome.bytes_sent = i64::try_from(sent).unwrap_or(i64::MAX);
        let sending = client.get(url.clone()).headers(headers).send();
        let response = match tokio::time::timeout_at(deadline, sending).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => {
                if error.is_connect() {
                    line.outcome.bytes_sent = 0;
                }
                return Err(line.failed(told(&host, &error)).await);
            }
            Err(_) => {
                let seconds = request.limits.time.as_secs();
                return Err(line.failed(EgressError::Slow { host, seconds }).await);
            }
        };
        line.outcome.status = Some(response.status().as_u16());
        line.outcome.address = response.remote_addr().map(|a| a.ip().to_string());
        Ok(Response::new(
            response,
            url.clone(),
            request.limits,
            deadline,
            line,
        ))
    }
}

fn headers(request: &Request, conditions: bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static(request.accept));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    let known = [
        (IF_NONE_MATCH, &request.etag),
        (IF_MODIFIED_SINCE, &request.last_modified),
    ];
    for (name, value) in known {
        if let Some(value) = value.as_ref().filter(|_| conditions)
            && let Ok(value) = HeaderValue::from_str(value)
        {
            headers.insert(name, value);
        }
    }
    headers
}

/// Size of a GET request on the wire, as HTTP/1.1 writes it.
fn size(url: &Url, host: &str, headers: &HeaderMap) -> usize {
    let line =
        "GET  HTTP/1.1\r\n".len() + url.path().len() + url.query().map_or(0, |q| q.len() + 1);
    let own = "host: \r\nuser-agent: \r\n\r\n".len() + host.len() + USER_AGENT.len();
    let given = headers.iter().map(|(n, v)| n.as_str().len() + v.len() + 4);
    line + own + given.sum::<usize>()
}

/// Where a response sends to, if it does.
fn redirect_target(response: &Response, from: &Url) -> Option<Result<Url, String>> {
    if !matches!(response.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let Some(location) = response.header(LOCATION.as_str()) else {
        return Some(Err("it leads on, and does not say where to".into()));
    };
    Some(
        from.join(location)
            .map_err(|e| format!("it leads to an address that is none ({e})")),
    )
}

/// An error of the client in words; a refused address says so.
fn told(host: &str, error: &reqwest::Error) -> EgressError {
    let chain = std::iter::successors(Some(error as &(dyn std::error::Error + 'static)), |e| {
        e.source()
    });
    let mut last = error.to_string();
    for cause in chain {
        if let Some(refused) = cause.downcast_ref::<Refused>() {
            return refused.clone().into();
        }
        last = cause.to_string();
    }
    if error.is_timeout() {
        return EgressError::Slow {
            host: host.to_owned(),
            seconds: CONNECT.as_secs(),
        };
    }
    EgressError::Failed {
        host: host.to_owned(),
        reason: last,
    }
}

#[cfg(test)]
#[path = "egress_tests.rs"]
mod tests;
