//! TLS to a named server: the stream is handed out only if the server's certificate is valid for that name.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore, crypto};

use super::allow::TLS_PORTS;
use super::tunnel::Opening;
use super::{CONNECT_TIMEOUT, Class, EgressError, Gateway, Purpose, StreamLimits};
use crate::reason::Reason;

/// The name in the ledger.
const PROTOCOL: &str = "TLS";

/// A server with implicit TLS (no STARTTLS).
#[derive(Debug, Clone)]
pub struct TlsPlace {
    pub purpose: Purpose,
    /// The name or address that its certificate must hold.
    pub host: String,
    pub port: u16,
    /// PEM certificates of a private authority, which replace the public authorities.
    pub authority: Option<String>,
}

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
    ) -> Result<impl AsyncRead + AsyncWrite + Unpin + Send + 'static, EgressError> {
        let config = config(place.authority.as_deref())?;
        let name = ServerName::try_from(place.host.clone()).map_err(|_| EgressError::Place {
            place: format!("{}:{}", place.host, place.port),
            reason: "it is no name or address of a machine".into(),
        })?;
        let opening = Opening {
            purpose: place.purpose,
            protocol: PROTOCOL,
            host: &place.host,
            port: place.port,
            usual_ports: TLS_PORTS,
            data: data.into_iter().chain([Class::Metadata]).collect(),
            limits,
        };
        let tunnel = self.tunnel(opening).await?;
        let connecting = TlsConnector::from(Arc::new(config)).connect(name, tunnel);
        match tokio::time::timeout(CONNECT_TIMEOUT, connecting).await {
            Ok(Ok(stream)) => Ok(stream),
            Ok(Err(error)) => Err(place.explain(error)),
            Err(_) => Err(EgressError::Slow {
                host: place.host.clone(),
                seconds: CONNECT_TIMEOUT.as_secs(),
            }),
        }
    }
}

impl TlsPlace {
    fn explain(&self, error: io::Error) -> EgressError {
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
