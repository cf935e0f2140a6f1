//! TLS to a named server: the stream is handed out only if the server's certificate is valid for that name.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use tokio_rustls::TlsConnector;
use tokio_rustls::client;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore, crypto};

use super::allow::TLS_PORTS;
use super::forward::forward;
use super::tunnel::{Opening, Tunnel};
use super::{CONNECT_TIMEOUT, Class, EgressError, Gateway, Purpose, StreamLimits};
use crate::reason::Reason;
use crate::store::WorkspaceId;

/// The name in the ledger.
const PROTOCOL: &str = "TLS";

/// A server that speaks TLS, from the first byte ([`Gateway::tls`]) or after a word in the clear ([`Gateway::starttls`]).
#[derive(Debug, Clone)]
pub struct TlsPlace {
    /// `None` if the stream is for the whole installation.
    pub workspace: Option<WorkspaceId>,
    pub purpose: Purpose,
    /// Name of the provider that it leads to, for the ledger.
    pub provider: Option<String>,
    /// The name or address that its certificate must hold.
    pub host: String,
    pub port: u16,
    /// PEM certificates of a private authority, which replace the public authorities.
    pub authority: Option<String>,
}

/// An encrypted stream to a server that has proved its name.
pub struct TlsStream(client::TlsStream<Tunnel>);
forward!(TlsStream);

impl Gateway {
    /// Opens a stream to a server with a valid certificate. The limits count the bytes on the wire, including the
    /// overhead of TLS.
    ///
    /// # Errors
    /// Among others [`EgressError::Settings`] for an authority that is not a certificate.
    pub async fn tls(
        &self,
        place: &TlsPlace,
        data: BTreeSet<Class>,
        limits: StreamLimits,
    ) -> Result<TlsStream, EgressError> {
        let proof = place.proof()?;
        let opening = place.opening(PROTOCOL, TLS_PORTS, data, limits);
        let tunnel = self.tunnel(opening).await?;
        place.secure(proof, tunnel).await
    }
}

/// What the server has to prove.
pub(super) struct Proof {
    name: ServerName<'static>,
    config: ClientConfig,
}

impl TlsPlace {
    /// Read before the connection, so that bad settings fail without anything in the ledger.
    pub(super) fn proof(&self) -> Result<Proof, EgressError> {
        let name = ServerName::try_from(self.host.clone()).map_err(|_| EgressError::Place {
            place: format!("{}:{}", self.host, self.port),
            reason: "it is no name or address of a machine".into(),
        })?;
        let config = config(self.authority.as_deref())?;
        Ok(Proof { name, config })
    }

    pub(super) fn opening(
        &self,
        protocol: &'static str,
        usual_ports: &'static [u16],
        data: BTreeSet<Class>,
        limits: StreamLimits,
    ) -> Opening<'_> {
        Opening {
            workspace: self.workspace,
            purpose: self.purpose,
            provider: self.provider.as_deref(),
            protocol,
            host: &self.host,
            port: self.port,
            usual_ports,
            data: data.into_iter().chain([Class::Metadata]).collect(),
            limits,
        }
    }

    /// Shakes hands; whoever does not prove the name gets nothing.
    pub(super) async fn secure(
        &self,
        proof: Proof,
        tunnel: Tunnel,
    ) -> Result<TlsStream, EgressError> {
        let Proof { name, config } = proof;
        let connecting = TlsConnector::from(Arc::new(config)).connect(name, tunnel);
        match tokio::time::timeout(CONNECT_TIMEOUT, connecting).await {
            Ok(Ok(stream)) => Ok(TlsStream(stream)),
            Ok(Err(error)) => Err(self.explain(error)),
            Err(_) => Err(self.slow()),
        }
    }

    pub(super) fn slow(&self) -> EgressError {
        EgressError::Slow {
            host: self.host.clone(),
            seconds: CONNECT_TIMEOUT.as_secs(),
        }
    }

    pub(super) fn explain(&self, error: io::Error) -> EgressError {
        let cause = error.get_ref().and_then(|e| e.downcast_ref());
        let is_about_certificate = matches!(cause, Some(rustls::Error::InvalidCertificate(_)));
        let (host, reason) = (self.host.clone(), Reason::of(error));
        match is_about_certificate {
            true => EgressError::Certificate { host, reason },
            false => EgressError::Failed { host, reason },
        }
    }
}

/// TLS 1.2 and up, trusting the public authorities or only the given one.
fn config(authority: Option<&str>) -> Result<ClientConfig, EgressError> {
    let wrong = |what: Reason| {
        EgressError::Settings(Reason::told(format!("TLS cannot be set up: {what}"), what))
    };
    let mut roots = RootCertStore::empty();
    match authority {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
                let certificate = certificate.map_err(|e| wrong(Reason::of(e)))?;
                roots.add(certificate).map_err(|e| wrong(Reason::of(e)))?;
            }
            if roots.is_empty() {
                return Err(wrong("the authority's text holds no certificate".into()));
            }
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|e| wrong(Reason::of(e)))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
