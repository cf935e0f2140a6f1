//! Keys and certificates that are made here. Keys are ECDSA on P-256, which every client knows.

use std::time::Duration;

use rcgen::{
    CertificateParams, CustomExtension, DistinguishedName, DnType, ExtendedKeyUsagePurpose, Issuer,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;

use super::pace::now_ms;
use super::{CertificateError, Name, check};
use crate::store::UnixMs;

pub(super) type Pair = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// How long a stand-in lasts: until the next start at the latest.
const STAND_IN: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// How long before now a certificate begins, for devices whose clock is slow.
const SLOW_CLOCKS: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) fn private_key(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivatePkcs8KeyDer::from(key.serialize_der()).into()
}

/// Sets the time of a certificate, from a day before `from`.
pub(super) fn set_time(params: &mut CertificateParams, from: UnixMs, time: Duration) {
    let epoch = date_time_ymd(1970, 1, 1);
    let from = Duration::from_millis(u64::try_from(from).unwrap_or_default());
    params.not_before = epoch + from.saturating_sub(SLOW_CLOCKS);
    params.not_after = epoch + from + time;
}

/// A subject that has only a name.
pub(super) fn called(name: &str) -> DistinguishedName {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CommonName, name);
    subject
}

/// A certificate of a server with these names.
pub(super) fn server(names: &[Name]) -> Result<CertificateParams, rcgen::Error> {
    let names: Vec<String> = names.iter().map(Name::to_string).collect();
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(params)
}

/// A certificate that nobody vouches for.
pub(super) fn self_signed(names: &[Name]) -> Result<Pair, CertificateError> {
    let key = KeyPair::generate()?;
    let mut params = server(names)?;
    params.distinguished_name = called("Frontdesk, no certificate yet");
    set_time(&mut params, now_ms(), STAND_IN);
    let certificate = params.self_signed(&key)?;
    Ok((vec![certificate.der().clone()], private_key(&key)))
}

/// A certificate that this issuer vouches for, with a new key.
pub(super) fn signed_by(
    issuer: &Issuer<'_, KeyPair>,
    names: &[Name],
    time: Duration,
) -> Result<Pair, CertificateError> {
    let key = KeyPair::generate()?;
    let mut params = server(names)?;
    params.use_authority_key_identifier_extension = true;
    set_time(&mut params, now_ms(), time);
    let certificate = params.signed_by(&key, issuer)?;
    Ok((vec![certificate.der().clone()], private_key(&key)))
}

/// The proof for an authority that checks a name over TLS (RFC 8737, section 3).
pub(super) fn proof(name: &str, digest: &[u8]) -> Result<CertifiedKey, CertificateError> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(vec![name.to_owned()])?;
    params.distinguished_name = DistinguishedName::new();
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let certificate = params.self_signed(&key)?;
    // Not checked like others: the library that checks does not know the proof, which is marked as critical.
    let signing = check::provider()
        .key_provider
        .load_private_key(private_key(&key))?;
    Ok(CertifiedKey::new(vec![certificate.der().clone()], signing))
}

/// A new key, and the request for a certificate with these names (PKCS #10, in DER).
pub(super) fn request(names: &[Name]) -> Result<(KeyPair, Vec<u8>), CertificateError> {
    let key = KeyPair::generate()?;
    let names: Vec<String> = names.iter().map(Name::to_string).collect();
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    let request = params.serialize_request(&key)?;
    Ok((key, request.der().to_vec()))
}
