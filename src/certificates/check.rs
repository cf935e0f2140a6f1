//! Reading and checking certificates and keys.

use std::sync::Arc;

use tokio_rustls::rustls::client::danger::ServerCertVerifier as _;
use tokio_rustls::rustls::client::{WebPkiServerVerifier, verify_server_name};
use tokio_rustls::rustls::crypto::{self, CryptoProvider};
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use tokio_rustls::rustls::server::ParsedCertificate;
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{Error, InconsistentKeys, RootCertStore};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer as _;

use super::Name;
use crate::reason::Reason;
use crate::store::UnixMs;

/// What a certificate says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// Who vouches for it, such as "R11 (Let's Encrypt)".
    pub issuer: String,
    pub from: UnixMs,
    pub until: UnixMs,
}

pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(crypto::ring::default_provider())
}

fn parse<'a>(der: &'a CertificateDer<'_>) -> Result<X509Certificate<'a>, Reason> {
    match X509Certificate::from_der(der) {
        Ok((_, certificate)) => Ok(certificate),
        Err(error) => Err(Reason::told(
            "it is no certificate (X.509)",
            error.to_string(),
        )),
    }
}

pub(super) fn read_facts(der: &CertificateDer<'_>) -> Result<Facts, Reason> {
    let certificate = parse(der)?;
    let issuer = certificate.issuer();
    let text = |value: Option<&x509_parser::x509::AttributeTypeAndValue<'_>>| {
        value
            .and_then(|value| value.as_str().ok())
            .map(str::to_owned)
    };
    let name = text(issuer.iter_common_name().next());
    let organisation = text(issuer.iter_organization().next());
    let issuer = match (name, organisation) {
        (Some(name), Some(organisation)) => format!("{name} ({organisation})"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => issuer.to_string(),
    };
    let validity = certificate.validity();
    Ok(Facts {
        issuer,
        from: validity.not_before.timestamp().saturating_mul(1000),
        until: validity.not_after.timestamp().saturating_mul(1000),
    })
}

/// Certificates in PEM, the server's own first.
pub(super) fn read_chain(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Reason> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let chain = chain.map_err(|e| Reason::told("it is damaged (PEM)", e))?;
    if chain.is_empty() {
        return Err(
            "it holds no certificate (a block that begins with -----BEGIN CERTIFICATE-----)".into(),
        );
    }
    Ok(chain)
}

/// The first private key in PEM.
pub(super) fn read_key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, Reason> {
    PrivateKeyDer::from_pem_slice(pem).map_err(|error| {
        let told = if pem.windows(9).any(|part| part == b"ENCRYPTED") {
            "the key is locked with a passphrase; write it without one (openssl pkey -in KEY -out NEW)"
        } else {
            "it holds no private key (a block that begins with -----BEGIN PRIVATE KEY-----)"
        };
        Reason::told(told, error)
    })
}

/// Puts a chain and its key together.
pub(super) fn certified(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<CertifiedKey, Reason> {
    CertifiedKey::from_der(chain, key, &provider()).map_err(|error| match error {
        Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            Reason::told("the key is not the one of the certificate", error)
        }
        other => Reason::of(other),
    })
}

/// Refuses a certificate that is not for all these names.
pub(super) fn check_names(der: &CertificateDer<'_>, names: &[Name]) -> Result<(), Reason> {
    let parsed = ParsedCertificate::try_from(der).map_err(Reason::of)?;
    let is_missing = |name: &&Name| {
        let name = name.server_name();
        name.is_none_or(|name| verify_server_name(&parsed, &name).is_err())
    };
    let missing: Vec<String> = names
        .iter()
        .filter(is_missing)
        .map(Name::to_string)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let holds = held_names(&parse(der)?);
    let holds = if holds.is_empty() {
        "no name at all".to_owned()
    } else {
        holds.join(", ")
    };
    Err(format!(
        "the certificate is for {holds}, not for {}",
        missing.join(", ")
    )
    .into())
}

fn held_names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(names)) = certificate.subject_alternative_name() else {
        return Vec::new();
    };
    let names = names.value.general_names.iter();
    let text = names.filter_map(|name| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(std::net::IpAddr::from);
            let v6 = <[u8; 16]>::try_from(*bytes).map(std::net::IpAddr::from);
            v4.or(v6).ok().map(|address| address.to_string())
        }
        _ => None,
    });
    text.collect()
}

/// Whether browsers trust this chain for these names: one of the public authorities (Mozilla's list) vouches for it.
pub(super) fn is_public(chain: &[CertificateDer<'static>], names: &[Name]) -> bool {
    let mut roots = RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    is_vouched_for(chain, names, roots, UnixTime::now())
}

pub(super) fn is_vouched_for(
    chain: &[CertificateDer<'static>],
    names: &[Name],
    roots: RootCertStore,
    now: UnixTime,
) -> bool {
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build();
    let (Ok(verifier), [own, others @ ..]) = (verifier, chain) else {
        return false;
    };
    let holds_for = |name: &Name| {
        let name = name.server_name();
        name.is_some_and(|name| {
            verifier
                .verify_server_cert(own, others, &name, &[], now)
                .is_ok()
        })
    };
    !names.is_empty() && names.iter().all(holds_for)
}
