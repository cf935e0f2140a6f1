//! The handshake with visitors, and with an authority that checks a name.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::server::{Acceptor, ResolvesServerCert};

use super::served::{Proving, Showcase, Usual};
use super::{CertificateError, Certificates, check};

/// A stream to a visitor, encrypted.
pub type TlsStream<S> = tokio_rustls::server::TlsStream<S>;

/// The protocol of an authority that checks a name over TLS (RFC 8737, section 4).
const ACME_TLS: &[u8] = b"acme-tls/1";
/// The only protocol that is served (RFC 7301).
const HTTP: &[u8] = b"http/1.1";

pub(super) fn usual(showcase: &Arc<Showcase>) -> Result<Arc<ServerConfig>, CertificateError> {
    config(Arc::new(Usual(Arc::clone(showcase))), HTTP)
}

pub(super) fn proving(showcase: &Arc<Showcase>) -> Result<Arc<ServerConfig>, CertificateError> {
    config(Arc::new(Proving(Arc::clone(showcase))), ACME_TLS)
}

/// TLS 1.2 and 1.3: rustls knows no older ones, and no ciphers without forward secrecy.
fn config(
    resolver: Arc<dyn ResolvesServerCert>,
    protocol: &[u8],
) -> Result<Arc<ServerConfig>, CertificateError> {
    let mut config = ServerConfig::builder_with_provider(check::provider())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(resolver);
    config.alpn_protocols = vec![protocol.to_vec()];
    Ok(Arc::new(config))
}

impl Certificates {
    /// Shakes hands. `None` if the peer was an authority that checked a name: there is nothing to serve it. Whoever calls
    /// limits the time.
    ///
    /// # Errors
    /// When the peer offers only what is too old, or speaks no TLS.
    pub async fn handshake<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
    ) -> io::Result<Option<TlsStream<S>>> {
        let hello = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
        let protocols = hello.client_hello().alpn();
        let is_check = protocols.is_some_and(|mut all| all.any(|one| one == ACME_TLS));
        if !is_check {
            let config = Arc::clone(&self.inner.usual);
            return hello.into_stream(config).await.map(Some);
        }
        let mut stream = hello.into_stream(Arc::clone(&self.inner.proving)).await?;
        stream.shutdown().await?;
        Ok(None)
    }
}
