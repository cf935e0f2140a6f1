//! The only gate to the outside. It owns the HTTP client and every outgoing connection, refuses forbidden
//! destinations, limits what goes out and comes in, and records each request and stream in the ledger.
//!
//! This module does *not* know what a page or a backup is, or who asked for it.
//!
//! Invariants:
//! - It connects only to an address that was checked (`guard`); each redirect is a new request with its own check.
//! - No cookies, no proxy from the environment, no `Referer`. A secret goes only to the server that it was sealed for
//!   (`secret`), over TLS or to a machine of the owner's own.
//! - Bytes in both directions (incoming ones before and after decompression), time and redirects are limited.
//! - A request or stream is in the ledger before it goes out, and so is a refused one. The ledger names the kinds of
//!   data that went out (`Class`), never the data.
//! - A stream is handed out only after its peer has proved its identity (`ssh`: the pinned host key; `tls`: the
//!   certificate for its name).
//!
//! To send something: a `Purpose` and `Gateway::send`, a [`Class`] for each part, secrets sealed. Another protocol: a file beside `ssh`
//! that gives a stream only after its peer has proved who it is. Never a client of your own.

// So that paths look the same in every room: `crate::room::…`.
extern crate self as egress;
use frontdesk_reason as reason;
use frontdesk_store as store;

mod address;
mod allow;
mod body;
mod error;
mod forward;
mod guard;
mod http;
mod ledger;
mod own;
mod request;
mod seal;
mod secret;
mod ssh;
mod starttls;
mod tls;
mod tunnel;

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Client, redirect};

pub use self::address::is_public;
pub use self::allow::Allow;
pub use self::body::Response;
pub use self::error::EgressError;
pub use self::guard::{Lookup, SystemLookup};
pub use self::own::OwnStream;
pub use self::request::{Carrier, Class, Limits, Method, Part, Purpose, Request};
pub use self::seal::{is_sealed, seal};
pub use self::secret::{Sealed, Secret};
pub use self::ssh::{Channel, Login, Ssh, SshPlace, is_fingerprint};
pub use self::starttls::Clear;
pub use self::tls::{TlsPlace, TlsStream};
pub use self::tunnel::StreamLimits;

use self::guard::Guard;
use crate::reason::Reason;
use crate::store::Store;

pub const USER_AGENT: &str = concat!("FrontdeskBot/", env!("CARGO_PKG_VERSION"));
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How much of the outside the settings allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Every purpose.
    Open,
    /// No web pages (`egress.web = false`).
    NoWeb,
    /// Nothing at all (`sealed`).
    Nothing,
}

/// A handle on the gate; clones share it.
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
    /// # Errors
    /// When the TLS library cannot be set up.
    pub fn new(
        store: Store,
        reach: Reach,
        allow: Allow,
        lookup: Arc<dyn Lookup>,
    ) -> Result<Self, EgressError> {
        let allow = Arc::new(allow);
        let guard = |opened| Guard {
            lookup: lookup.clone(),
            allow: allow.clone(),
            opened,
        };
        let inner = Inner {
            store,
            reach,
            guarded: build_client(guard(false), None)?,
            opened: build_client(guard(true), None)?,
            allow,
            lookup,
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Whether web pages may be fetched.
    pub fn is_open(&self) -> bool {
        self.inner.reach == Reach::Open
    }

    /// Whether the settings allow this purpose.
    pub fn may(&self, purpose: Purpose) -> bool {
        self.check_reach(purpose).is_ok()
    }

    /// The client for a way out; one of its own if the server is vouched for by a private authority.
    fn client(&self, way: guard::Way, authority: Option<&str>) -> Result<Client, EgressError> {
        let opened = matches!(way, guard::Way::Opened);
        if authority.is_some() {
            let guard = Guard {
                lookup: self.inner.lookup.clone(),
                allow: self.inner.allow.clone(),
                opened,
            };
            return build_client(guard, authority);
        }
        Ok(match opened {
            true => self.inner.opened.clone(),
            false => self.inner.guarded.clone(),
        })
    }

    /// Refuses a purpose that the settings do not allow.
    fn check_reach(&self, purpose: Purpose) -> Result<(), EgressError> {
        match self.inner.reach {
            Reach::Nothing => Err(EgressError::Sealed),
            Reach::NoWeb if purpose.is_web() => Err(EgressError::Off),
            Reach::NoWeb | Reach::Open => Ok(()),
        }
    }
}

/// A client that trusts the public authorities, or only those in the given PEM text.
fn build_client(guard: Guard, authority: Option<&str>) -> Result<Client, EgressError> {
    let wrong = |error: reqwest::Error| {
        let told = format!("the web client cannot be set up: {error}");
        EgressError::Settings(Reason::told(told, error))
    };
    let mut client = Client::builder()
        .user_agent(USER_AGENT)
        .no_proxy()
        .referer(false)
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .dns_resolver(Arc::new(guard));
    if let Some(pem) = authority {
        let roots = reqwest::Certificate::from_pem_bundle(pem.as_bytes()).map_err(wrong)?;
        if roots.is_empty() {
            let told = "the authority's text holds no certificate";
            return Err(EgressError::Settings(told.into()));
        }
        client = client.tls_built_in_root_certs(false);
        for root in roots {
            client = client.add_root_certificate(root);
        }
    }
    client.build().map_err(wrong)
}

#[cfg(any(test, feature = "fixtures"))]
#[expect(clippy::unwrap_used, reason = "a test's server")]
pub mod sftp_fixture;
#[cfg(test)]
#[path = "egress_tests.rs"]
mod tests;
