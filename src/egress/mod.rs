//! The one gate to the outside: owns the HTTP client and every connection to elsewhere, refuses what must not be
//! reached, bounds what goes and comes, and writes each request and each stream into the ledger.
//!
//! What this module does *not* know: what a page or a backup is, or who asked for it.
//!
//! Invariants:
//! - A connection is made only to an address that was checked (`guard`); each redirect is a new
//!   request with its own check.
//! - No cookies, no proxy of the environment, no `Referer`. A secret goes only to the server that it was sealed for
//!   (`secret`), over TLS or to a machine of one's own.
//! - Bytes both ways (of what comes, before and after decompression), time and redirects are bounded.
//! - A request or stream is in the ledger before it goes out; a refused one is in it as well. The ledger tells what kinds
//!   of data went (`Class`), never the data.
//! - A stream is handed out only after its peer has proved who it is (`ssh`: the host key that was noted; `tls`: the
//!   certificate of its name).

// Paths read alike in every room: `crate::room::…`.
extern crate self as egress;
use frontdesk_reason as reason;
use frontdesk_store as store;

mod address;
mod allow;
mod body;
mod error;
mod guard;
mod http;
mod ledger;
mod request;
mod seal;
mod secret;
mod ssh;
mod tls;
mod tunnel;

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, redirect};

pub use self::allow::Allow;
pub use self::body::Response;
pub use self::error::EgressError;
pub use self::guard::{Lookup, SystemLookup};
pub use self::request::{Carrier, Class, Limits, Method, Part, Purpose, Request};
pub use self::seal::{is_sealed, seal};
pub use self::secret::{Sealed, Secret};
pub use self::ssh::{Channel, Login, Ssh, SshPlace, is_fingerprint};
pub use self::tls::TlsPlace;
pub use self::tunnel::StreamLimits;

use self::guard::Guard;
use crate::reason::Reason;
use crate::store::Store;

/// How Frontdesk names itself to web servers.
pub const USER_AGENT: &str = concat!("FrontdeskBot/", env!("CARGO_PKG_VERSION"));
/// How long a server may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// What the settings let out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Everything that a purpose is there for.
    Open,
    /// No web pages (`egress.web = false`).
    NoWeb,
    /// Nothing at all (`sealed`).
    Nothing,
}

/// The gate. Clones are handles on the same one.
#[derive(Clone)]
pub struct Gateway {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    reach: Reach,
    allow: Arc<Allow>,
    lookup: Arc<dyn Lookup>,
    guarded: Client,
    opened: Client,
}

impl Gateway {
    /// A gate that lets out what `reach` says.
    ///
    /// # Errors
    /// When the TLS library cannot be set up.
    pub fn new(
        store: Store,
        reach: Reach,
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
                .map_err(|e| Reason::told(format!("no web client can be made: {e}"), e))
                .map_err(EgressError::Settings)
        };
        let inner = Inner {
            store,
            reach,
            guarded: client(false)?,
            opened: client(true)?,
            allow,
            lookup,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Whether web pages are let out to.
    pub fn is_open(&self) -> bool {
        self.inner.reach == Reach::Open
    }

    /// Refuses a purpose that the settings do not let out.
    fn let_out(&self, purpose: Purpose) -> Result<(), EgressError> {
        match self.inner.reach {
            Reach::Nothing => Err(EgressError::Sealed),
            Reach::NoWeb if purpose.is_web() => Err(EgressError::Off),
            Reach::NoWeb | Reach::Open => Ok(()),
        }
    }
}

#[cfg(any(test, feature = "fixtures"))]
#[expect(clippy::unwrap_used, reason = "a test's server")]
pub mod sftp_fixture;
#[cfg(test)]
#[path = "egress_tests.rs"]
mod tests;
