//! How the authority sees whether a server has a name.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer as _;

use super::super::Name;
use super::super::check::provider;

const PATIENCE: Duration = Duration::from_secs(5);
/// Of the extension that holds the proof (RFC 8737, section 3).
const ACME_IDENTIFIER: &str = "1.3.6.1.5.5.7.1.31";

async fn connect(port: u16) -> Result<TcpStream, String> {
    let connecting = TcpStream::connect(("127.0.0.1", port));
    match tokio::time::timeout(PATIENCE, connecting).await {
        Ok(Ok(stream)) => Ok(stream),
        _ => Err(format!("connection to port {port} refused")),
    }
}

/// RFC 8555, section 8.3.
pub(super) async fn over_http(
    port: u16,
    host: &str,
    token: &str,
    expected: &str,
) -> Result<(), String> {
    let mut stream = connect(port).await?;
    let request = format!(
        "GET /.well-known/acme-challenge/{token} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    );
    stream
        .write_all(request.as_bytes())
        .await
        .map_err(|e| e.to_string())?;
    let mut answer = String::new();
    let reading = stream.read_to_string(&mut answer);
    let _ended = tokio::time::timeout(PATIENCE, reading).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
    if !head.starts_with("HTTP/1.1 200") {
        return Err(format!("an answer of {:?}", head.lines().next()));
    }
    match body.trim_end() == expected {
        true => Ok(()),
        false => Err(format!("the answer {body:?}")),
    }
}

/// RFC 8737, section 3.
pub(super) async fn over_tls(port: u16, host: &str, expected: &str) -> Result<(), String> {
    let seen = Arc::new(Seen::default());
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|e| e.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(seen.clone())
        .with_no_client_auth();
    config.alpn_protocols = vec![b"acme-tls/1".to_vec()];
    let name = Name::parse(host).map_err(|e| e.to_string())?.in_proof();
    let name = ServerName::try_from(name).map_err(|e| e.to_string())?;
    let stream = connect(port).await?;
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
    let stream = tokio::time::timeout(PATIENCE, connecting).await;
    let stream = stream.map_err(|_| "no handshake in time".to_owned())?;
    let stream = stream.map_err(|error| format!("no handshake: {error}"))?;
    if stream.get_ref().1.alpn_protocol() != Some(b"acme-tls/1") {
        return Err("another protocol was agreed".into());
    }
    let der = seen.0.lock().map_err(|e| e.to_string())?.clone();
    holds_proof(&der, host, expected)
}

fn holds_proof(der: &[u8], host: &str, expected: &str) -> Result<(), String> {
    let (_, certificate) = X509Certificate::from_der(der).map_err(|e| e.to_string())?;
    let names = certificate.subject_alternative_name().ok().flatten();
    let names = names.map(|names| names.value.general_names.clone());
    let address = host.parse::<IpAddr>().map(|address| match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    });
    let expected_name = match &address {
        Ok(bytes) => GeneralName::IPAddress(bytes),
        Err(_) => GeneralName::DNSName(host),
    };
    if names.as_deref() != Some(&[expected_name][..]) {
        return Err(format!("a certificate for {names:?}"));
    }
    let proof = certificate
        .extensions()
        .iter()
        .find(|extension| extension.oid.to_id_string() == ACME_IDENTIFIER)
        .ok_or("a certificate without a proof")?;
    // An OCTET STRING of 32 bytes.
    let wanted = [vec![4, 32], Sha256::digest(expected).to_vec()].concat();
    match proof.critical && proof.value == wanted {
        true => Ok(()),
        false => Err("a certificate with another proof".into()),
    }
}

/// Takes every certificate and remembers it.
#[derive(Debug, Default)]
struct Seen(Mutex<Vec<u8>>);

impl ServerCertVerifier for Seen {
    fn verify_server_cert(
        &self,
        own: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Ok(mut seen) = self.0.lock() {
            *seen = own.to_vec();
        }
        Ok(ServerCertVerified::assertion())
    }

    // webpki, which would check these, knows no certificate with a proof.
    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}
