//! The certificates that this server shows to its visitors: from files of the owner, from an authority on the internet
//! (ACME, RFC 8555), or from a private authority that this room makes for a local network.
//!
//! This module does *not* know what is served, nor who listens: it is given a stream and shakes hands on it.
//!
//! Invariants:
//! - A certificate that works is replaced only by one that was checked: its key fits, it is for the names, it is not over.
//! - Private keys lie in the encrypted store and in memory; no file is ever written.
//! - What goes out goes through `egress`.
//! - TLS 1.2 and 1.3 only, with the ciphers of rustls: ephemeral keys and authenticated encryption.
//!
//! Reading order: [`Settings`], [`Certificates::open`], `served` (what is shown), then a source: `files`, `private`, `acme`.

// So that paths look the same in every room: `crate::room::…`.
use frontdesk_egress as egress;
use frontdesk_reason as reason;
use frontdesk_store as store;

mod acme;
mod check;
mod error;
mod files;
mod handshake;
mod keep;
mod made;
mod name;
mod pace;
mod private;
mod served;
mod settings;
mod state;

use std::sync::Arc;

use tokio::sync::watch;
use tokio_rustls::rustls::ServerConfig;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::check::Facts;
pub use self::error::CertificateError;
pub use self::handshake::TlsStream;
pub use self::name::Name;
pub use self::pace::Pace;
pub use self::private::Root;
pub use self::settings::{Account, Hsts, Mode, Settings, Source};
pub use self::state::{Attempt, Shown, State};

use self::acme::Acme;
use self::files::Files;
use self::private::Private;
use self::served::{Served, Showcase};
use self::state::Log;
use crate::egress::Gateway;
use crate::store::{Connection, Store};

/// The certificates of this server; clones share them.
#[derive(Clone)]
pub struct Certificates {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    keeper: Keeper,
    showcase: Arc<Showcase>,
    log: Log,
    /// For visitors, and for an authority that checks a name over TLS.
    usual: Arc<ServerConfig>,
    proving: Arc<ServerConfig>,
}

/// Where certificates come from.
enum Keeper {
    Files(Files),
    Private(Box<Private>),
    Acme(Box<Acme>),
    /// Without a store nothing new can be kept, so nothing new is asked for.
    Nobody,
}

impl Certificates {
    /// Takes what is there: the files, a new certificate of the private authority, or the last one from the authority on
    /// the internet. Until there is one, a self-signed certificate is served.
    ///
    /// # Errors
    /// When files cannot be used, or the store fails.
    pub async fn open(
        settings: Settings,
        store: Store,
        gateway: Gateway,
    ) -> Result<Self, CertificateError> {
        let names = &settings.names;
        let (keeper, first) = match &settings.source {
            Source::Files { certificate, key } => {
                let files = Files::new(certificate.clone(), key.clone(), names.clone());
                let first = files.load()?;
                (Keeper::Files(files), first)
            }
            Source::Private => {
                let private = Private::open(&store, names).await?;
                let first = private.issue(names, settings.pace.private)?;
                (Keeper::Private(Box::new(private)), first)
            }
            Source::Acme(account) => {
                let acme = Acme::new(account.clone(), names.clone(), store, gateway);
                let first = match acme.stored().await? {
                    Some(stored) => stored,
                    None => Served::stand_in(names)?,
                };
                (Keeper::Acme(Box::new(acme)), first)
            }
        };
        Self::showing(settings, keeper, first)
    }

    /// Takes what holds still, without a store that could keep more: the owner's files, or what a connection to the
    /// database finds. `None` if there is nothing.
    ///
    /// # Errors
    /// When files cannot be used, or what is in the database cannot be read.
    pub fn open_unkept(
        settings: Settings,
        database: Option<&Connection>,
    ) -> Result<Option<Self>, CertificateError> {
        let names = &settings.names;
        let found = match (&settings.source, database) {
            (Source::Files { certificate, key }, _) => {
                let files = Files::new(certificate.clone(), key.clone(), names.clone());
                let first = files.load()?;
                Some((Keeper::Files(files), first))
            }
            (Source::Private, Some(database)) => match Private::find(database, names)? {
                Some(private) => {
                    let first = private.issue(names, settings.pace.private)?;
                    Some((Keeper::Private(Box::new(private)), first))
                }
                None => None,
            },
            (Source::Acme(account), Some(database)) => {
                let kept = acme::find(database, account, names)?;
                let kept = kept.filter(|kept| !kept.is_over(pace::now_ms()));
                kept.map(|kept| (Keeper::Nobody, kept))
            }
            (_, None) => None,
        };
        found
            .map(|(keeper, first)| Self::showing(settings, keeper, first))
            .transpose()
    }

    fn showing(
        settings: Settings,
        keeper: Keeper,
        first: Served,
    ) -> Result<Self, CertificateError> {
        let showcase = Arc::new(Showcase::new(first));
        Ok(Self {
            inner: Arc::new(Inner {
                keeper,
                usual: handshake::usual(&showcase)?,
                proving: handshake::proving(&showcase)?,
                showcase,
                log: Log::default(),
                settings,
            }),
        })
    }

    /// Renews certificates until `shutdown` fires. Call it when the server listens, as an authority connects to it.
    /// `http` tells whether it also listens for plain HTTP on the port that authorities use.
    pub fn keep_renewed(&self, http: bool, tasks: &TaskTracker, shutdown: CancellationToken) {
        let this = self.clone();
        tasks.spawn(async move {
            shutdown
                .run_until_cancelled(keep::keep(&this.inner, http))
                .await;
        });
    }

    pub fn names(&self) -> &[Name] {
        &self.inner.settings.names
    }

    pub fn mode(&self) -> Mode {
        self.inner.settings.source.mode()
    }

    /// Whether this is one of the names of the certificate. Case and a final full stop do not matter.
    pub fn is_own_name(&self, host: &str) -> bool {
        Name::parse(host).is_ok_and(|name| self.names().contains(&name))
    }

    pub fn state(&self) -> State {
        let inner = &self.inner;
        inner
            .log
            .read(|noted| State::of(&inner.settings, &inner.showcase.shown(), noted))
    }

    /// Changes whenever another certificate is shown, or an attempt to get one has ended.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.inner.log.changes()
    }

    /// The answer to an authority that checks a name over plain HTTP (RFC 8555, section 8.3).
    pub fn answer(&self, token: &str) -> Option<String> {
        self.inner.showcase.answer(token)
    }

    /// The root of the private authority, for the devices that are to trust it.
    pub fn root(&self) -> Option<&Root> {
        match &self.inner.keeper {
            Keeper::Private(private) => Some(private.root()),
            _ => None,
        }
    }

    /// Whether browsers may be told to come back by HTTPS only: when clients trust the certificate anyway.
    pub fn wants_hsts(&self) -> bool {
        let shown = self.inner.showcase.shown();
        match self.inner.settings.hsts {
            Hsts::Off => false,
            Hsts::On => !shown.is_stand_in && self.mode() != Mode::Private,
            Hsts::Auto => shown.is_public,
        }
    }
}

#[cfg(test)]
#[path = "acme_tests.rs"]
mod acme_tests;
#[cfg(any(test, feature = "fixtures"))]
#[expect(clippy::unwrap_used, reason = "a test's server")]
pub mod authority_fixture;
#[cfg(test)]
#[path = "certificates_tests.rs"]
mod tests;
