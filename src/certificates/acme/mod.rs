//! Certificates from an authority on the internet (ACME, RFC 8555). The account is made once; account, key and
//! certificate lie in the encrypted store.

mod client;
mod order;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use instant_acme::{AccountCredentials, Identifier, NewAccount, NewOrder};
use serde::{Deserialize, Serialize};
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

pub(super) use self::client::Heard;
use self::client::Through;
use self::order::Way;
use super::pace::now_ms;
use super::served::{Served, Showcase};
use super::{Account, CertificateError, Name, check, made};
use crate::egress::Gateway;
use crate::reason::Reason;
use crate::store::{Connection, Store, settings};

/// The kind of certificates for some six days (draft-ietf-acme-profiles). Let's Encrypt vouches for addresses with this kind only
/// (its page "Profiles"); a third of six days is time enough to try again.
const SHORT: &str = "shortlived";

/// Key of the setting in the store.
const SETTING: &str = "https.acme";

#[derive(Clone, Default, Serialize, Deserialize)]
struct Stored {
    /// The authority of both; another one needs others.
    directory: String,
    /// As `instant-acme` writes it, with the account's key.
    account: Option<serde_json::Value>,
    certificate: Option<StoredCertificate>,
}

impl Stored {
    /// The certificate, if it is for these names and can be used.
    fn served(&self, names: &[Name]) -> Option<Served> {
        let stored = self.certificate.as_ref()?;
        if stored.names != list(names) {
            return None;
        }
        let served = BASE64.decode(&stored.key).map_err(Reason::of);
        let served = served.and_then(|key| {
            let chain = check::read_chain(stored.chain.as_bytes())?;
            Served::check(chain, PrivatePkcs8KeyDer::from(key).into(), names)
        });
        // A damaged certificate is ordered again.
        served
            .inspect_err(|error| tracing::warn!(%error, "the stored certificate cannot be used"))
            .ok()
    }
}

/// The last certificate of this authority, for who cannot ask for another.
pub(super) fn find(
    conn: &Connection,
    account: &Account,
    names: &[Name],
) -> Result<Option<Served>, CertificateError> {
    let found: Option<Stored> = settings::find(conn, SETTING)?;
    let own = found.filter(|stored| stored.directory == account.directory.as_str());
    Ok(own.and_then(|stored| stored.served(names)))
}

fn list(names: &[Name]) -> Vec<String> {
    names.iter().map(Name::to_string).collect()
}

#[derive(Clone, Serialize, Deserialize)]
struct StoredCertificate {
    names: Vec<String>,
    /// PEM.
    chain: String,
    /// PKCS #8 in base64.
    key: String,
}

pub(super) struct Acme {
    account: Account,
    names: Vec<Name>,
    store: Store,
    gateway: Gateway,
}

impl Acme {
    pub(super) fn new(account: Account, names: Vec<Name>, store: Store, gateway: Gateway) -> Self {
        Self {
            account,
            names,
            store,
            gateway,
        }
    }

    /// The certificate from before, if it is of this authority and for these names.
    pub(super) async fn stored(&self) -> Result<Option<Served>, CertificateError> {
        Ok(self.read().await?.served(&self.names))
    }

    /// Gets a new certificate: proves the names over TLS, and over plain HTTP if that fails. Beside it what the authority
    /// said on the way.
    pub(super) async fn renew(
        &self,
        showcase: &Showcase,
        http: bool,
    ) -> (Result<Served, CertificateError>, Heard) {
        let through = Through::new(self.gateway.clone(), &self.account);
        let result = self.get(&through, showcase, http).await;
        showcase.clear_proofs();
        (result, through.heard())
    }

    async fn get(
        &self,
        through: &Through,
        showcase: &Showcase,
        http: bool,
    ) -> Result<Served, CertificateError> {
        let account = self.open_account(through).await?;
        let identifiers = self.names.iter().map(|name| match name {
            Name::Dns(name) => Identifier::Dns(name.clone()),
            Name::Ip(address) => Identifier::Ip(*address),
        });
        let identifiers: Vec<Identifier> = identifiers.collect();
        let has_address = self.names.iter().any(|name| matches!(name, Name::Ip(_)));
        let is_short = has_address && account.profiles().any(|one| one.name == SHORT);
        let mut failure = None;
        for way in [Way::Tls, Way::Http] {
            if way == Way::Http && !http {
                continue;
            }
            let mut wanted = NewOrder::new(&identifiers);
            if is_short {
                wanted = wanted.profile(SHORT);
            }
            let order = account.new_order(&wanted).await;
            let mut order = order.map_err(|error| self.refused(error))?;
            match order::prove(&mut order, way, showcase).await {
                Ok(()) => return self.collect(&mut order).await,
                Err(error) => {
                    tracing::info!(%error, way = way.name(), "the names were not proven");
                    failure = Some(self.unproven(error, way, failure));
                }
            }
        }
        Err(failure.unwrap_or_else(|| {
            let told = "no way to prove the names is open";
            CertificateError::Unfit(told.into())
        }))
    }

    /// Sends the request for the certificate, and keeps what comes.
    async fn collect(&self, order: &mut instant_acme::Order) -> Result<Served, CertificateError> {
        let (key, request) = made::request(&self.names)?;
        let chain = order::collect(order, &request).await;
        let chain = chain.map_err(|error| self.refused(error))?;
        let parsed = check::read_chain(chain.as_bytes()).map_err(CertificateError::Unfit)?;
        let served = Served::check(parsed, made::private_key(&key), &self.names)
            .map_err(CertificateError::Unfit)?;
        if served.is_over(now_ms()) {
            let told =
                "the authority sent a certificate that is over already; check this machine's clock";
            return Err(CertificateError::Unfit(told.into()));
        }
        let certificate = StoredCertificate {
            names: list(&self.names),
            chain,
            key: BASE64.encode(key.serialize_der()),
        };
        let stored = Stored {
            certificate: Some(certificate),
            ..self.read().await?
        };
        self.write(stored).await?;
        Ok(served)
    }

    /// The account from before, or a new one.
    async fn open_account(
        &self,
        through: &Through,
    ) -> Result<instant_acme::Account, CertificateError> {
        let builder = || instant_acme::Account::builder_with_http(Box::new(through.clone()));
        let stored = self.read().await?;
        let credentials = stored.account.clone();
        let credentials: Option<AccountCredentials> =
            credentials.and_then(|known| serde_json::from_value(known).ok());
        if let Some(credentials) = credentials {
            let account = builder().from_credentials(credentials).await;
            return account.map_err(|error| self.refused(error));
        }
        let contact = self.account.email.as_ref().map(|to| format!("mailto:{to}"));
        let contact: Vec<&str> = contact.as_deref().into_iter().collect();
        let new = NewAccount {
            contact: &contact,
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let directory = self.account.directory.to_string();
        let made = builder().create(&new, directory, None).await;
        let (account, credentials) = made.map_err(|error| self.refused(error))?;
        let account_text = serde_json::to_value(&credentials);
        let stored = Stored {
            account: Some(account_text.map_err(|e| CertificateError::Unfit(Reason::of(e)))?),
            ..stored
        };
        self.write(stored).await?;
        Ok(account)
    }

    /// What is in the store of this authority.
    async fn read(&self) -> Result<Stored, CertificateError> {
        let found: Option<Stored> = self
            .store
            .read(|conn| settings::find(conn, SETTING))
            .await?;
        let directory = self.account.directory.to_string();
        Ok(found
            .filter(|stored| stored.directory == directory)
            .unwrap_or_else(|| Stored {
                directory,
                ..Stored::default()
            }))
    }

    async fn write(&self, stored: Stored) -> Result<(), CertificateError> {
        let write = self
            .store
            .write(move |tx| settings::set(tx, SETTING, &stored));
        Ok(write.await?)
    }

    fn authority(&self) -> String {
        self.account
            .directory
            .host_str()
            .unwrap_or_default()
            .to_owned()
    }

    fn refused(&self, error: instant_acme::Error) -> CertificateError {
        CertificateError::Refused {
            authority: self.authority(),
            reason: order::explain(error),
        }
    }

    /// Tells which name was not proven, and why on each way.
    fn unproven(
        &self,
        error: order::Unproven,
        way: Way,
        before: Option<CertificateError>,
    ) -> CertificateError {
        let authority = self.authority();
        let (name, reason) = match error {
            order::Unproven::Name { name, reason } => (name, reason),
            order::Unproven::Other(reason) => {
                return CertificateError::Refused { authority, reason };
            }
        };
        let reason = match before {
            Some(CertificateError::Unproven { reason: first, .. })
                if first.as_str() != reason.as_str() =>
            {
                format!("{first}; and over plain HTTP: {reason}").into()
            }
            _ => reason,
        };
        CertificateError::Unproven {
            authority,
            name,
            port: way.port(),
            reason,
        }
    }
}
