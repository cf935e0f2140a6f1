//! Passkeys (WebAuthn, level 2): what an authenticator sends is checked against the challenge, this site's origin and its name,
//! and its signature. No attestation is asked for, as any authenticator is welcome.
//!
//! It is checked here and not by a library: `webauthn-rs` (0.6) is under MPL-2.0, brings elliptic curves of its own, and like
//! `webauthn_rp` the crate `rsa`, which cargo-deny refuses (RUSTSEC-2023-0071); up to 0.5 it needed all of OpenSSL beside the small
//! part that SQLCipher has. The signatures themselves are ring's.
//!
//! Whose passkey it is tells the key alone: the id of the person that an answer also carries is not signed, so it is not read.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::signed::{EDDSA, ES256, Form, PublicKey, RS256};

/// Flags of authenticator data (section 6.1).
const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const HAS_CREDENTIAL: u8 = 0x40;
/// Longest id of a credential (section 7.1, step 17 of level 3).
const LONGEST_ID: usize = 1023;
/// Bytes of a key of Ed25519 (RFC 8032).
const ED25519_BYTES: usize = 32;
/// Entries of a COSE key that we read at most.
const MOST_ENTRIES: u64 = 16;

/// Why a passkey does not count. People are told one sentence for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasskeyError {
    #[error("the passkey's answer cannot be read")]
    Malformed,
    #[error("the passkey's answer is to another question")]
    Challenge,
    #[error("the passkey's answer is for another site")]
    Origin,
    #[error("the passkey did not check who uses it")]
    Unverified,
    #[error("this kind of passkey is not known here")]
    Algorithm,
    #[error("the passkey's signature is not right")]
    Signature,
    /// It counts backwards.
    #[error("this passkey seems to be a copy of another")]
    Copied,
}

/// This site, as browsers see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Such as `https://desk.example.com`.
    pub origin: String,
    /// The host alone, which passkeys belong to.
    pub name: String,
}

impl Site {
    /// The site at an address; `None` for what is no address.
    pub fn at(address: &str) -> Option<Self> {
        let url = url::Url::parse(address).ok()?;
        Some(Self {
            origin: url.origin().ascii_serialization(),
            name: url.host_str()?.to_owned(),
        })
    }
}

/// A passkey that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    pub credential: Vec<u8>,
    pub algorithm: i64,
    pub key: PublicKey,
    pub counter: u32,
}

#[derive(Deserialize)]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(default, rename = "crossOrigin")]
    cross_origin: bool,
}

/// The challenge that the answer is to, before anything of it is checked.
///
/// # Errors
/// `Malformed`.
pub fn challenge_of(client_data: &[u8]) -> Result<String, PasskeyError> {
    let data: ClientData =
        serde_json::from_slice(client_data).map_err(|_| PasskeyError::Malformed)?;
    let bytes = URL_SAFE_NO_PAD
        .decode(data.challenge)
        .map_err(|_| PasskeyError::Malformed)?;
    String::from_utf8(bytes).map_err(|_| PasskeyError::Malformed)
}

fn check_client(
    client_data: &[u8],
    kind: &str,
    challenge: &str,
    site: &Site,
) -> Result<(), PasskeyError> {
    let data: ClientData =
        serde_json::from_slice(client_data).map_err(|_| PasskeyError::Malformed)?;
    if data.kind != kind || challenge_of(client_data)? != challenge {
        return Err(PasskeyError::Challenge);
    }
    if data.origin != site.origin || data.cross_origin {
        return Err(PasskeyError::Origin);
    }
    Ok(())
}

/// Authenticator data: whose it is, flags, the counter, and the rest.
struct Head<'a> {
    flags: u8,
    counter: u32,
    rest: &'a [u8],
}

fn read_head<'a>(data: &'a [u8], site: &Site) -> Result<Head<'a>, PasskeyError> {
    let (hash, rest) = data
        .split_first_chunk::<32>()
        .ok_or(PasskeyError::Malformed)?;
    let (flags, rest) = rest.split_first().ok_or(PasskeyError::Malformed)?;
    let (counter, rest) = rest
        .split_first_chunk::<4>()
        .ok_or(PasskeyError::Malformed)?;
    if hash[..] != Sha256::digest(site.name.as_bytes())[..] {
        return Err(PasskeyError::Origin);
    }
    if flags & PRESENT == 0 || flags & VERIFIED == 0 {
        return Err(PasskeyError::Unverified);
    }
    Ok(Head {
        flags: *flags,
        counter: u32::from_be_bytes(*counter),
        rest,
    })
}

/// Checks a new passkey (section 7.1).
pub fn check_new(
    client_data: &[u8],
    authenticator_data: &[u8],
    challenge: &str,
    site: &Site,
) -> Result<Made, PasskeyError> {
    check_client(client_data, "webauthn.create", challenge, site)?;
    let head = read_head(authenticator_data, site)?;
    if head.flags & HAS_CREDENTIAL == 0 {
        return Err(PasskeyError::Malformed);
    }
    let (_model, rest) = head
        .rest
        .split_first_chunk::<16>()
        .ok_or(PasskeyError::Malformed)?;
    let (long, rest) = rest
        .split_first_chunk::<2>()
        .ok_or(PasskeyError::Malformed)?;
    let long = usize::from(u16::from_be_bytes(*long));
    if long == 0 || long > LONGEST_ID {
        return Err(PasskeyError::Malformed);
    }
    let (credential, rest) = rest.split_at_checked(long).ok_or(PasskeyError::Malformed)?;
    let (algorithm, key) = read_key(rest)?;
    Ok(Made {
        credential: credential.to_vec(),
        algorithm,
        key,
        counter: head.counter,
    })
}

/// An answer of a passkey that is known.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    pub client_data: &'a [u8],
    pub authenticator_data: &'a [u8],
    pub signature: &'a [u8],
}

/// Checks an answer (section 7.2); returns the new counter.
pub fn check_answer(
    answer: Answer<'_>,
    challenge: &str,
    site: &Site,
    key: &PublicKey,
    counter: u32,
) -> Result<u32, PasskeyError> {
    check_client(answer.client_data, "webauthn.get", challenge, site)?;
    let head = read_head(answer.authenticator_data, site)?;
    let hash = Sha256::digest(answer.client_data);
    let message = [answer.authenticator_data, &hash[..]].concat();
    if !key.verifies(Form::Asn1, &message, answer.signature) {
        return Err(PasskeyError::Signature);
    }
    // Many do not count: theirs stays 0.
    if (head.counter != 0 || counter != 0) && head.counter <= counter {
        return Err(PasskeyError::Copied);
    }
    Ok(head.counter)
}

/// A value of a COSE key.
enum Value<'a> {
    Number(i64),
    Bytes(&'a [u8]),
}

/// Reads a COSE key (RFC 9052, section 7): a CBOR map from numbers to numbers and byte strings.
fn read_key(data: &[u8]) -> Result<(i64, PublicKey), PasskeyError> {
    let mut rest = data;
    let (major, count) = read_item(&mut rest)?;
    if major != 5 || count > MOST_ENTRIES {
        return Err(PasskeyError::Malformed);
    }
    let mut entries = Vec::new();
    for _ in 0..count {
        let Value::Number(name) = read_value(&mut rest)? else {
            return Err(PasskeyError::Malformed);
        };
        entries.push((name, read_value(&mut rest)?));
    }
    let number = |wanted: i64| {
        entries.iter().find_map(|(name, value)| match value {
            Value::Number(number) if *name == wanted => Some(*number),
            _ => None,
        })
    };
    let bytes = |wanted: i64| {
        let found = entries.iter().find_map(|(name, value)| match value {
            Value::Bytes(bytes) if *name == wanted => Some(*bytes),
            _ => None,
        });
        found.ok_or(PasskeyError::Malformed)
    };
    // Key type, algorithm and curve.
    match (number(1), number(3), number(-1)) {
        (Some(2), Some(ES256), Some(1)) => {
            let key = PublicKey::p256(bytes(-2)?, bytes(-3)?);
            Ok((ES256, key.ok_or(PasskeyError::Malformed)?))
        }
        // Another length would be kept and sign nobody in.
        (Some(1), Some(EDDSA), Some(6)) if bytes(-2)?.len() == ED25519_BYTES => {
            Ok((EDDSA, PublicKey::Ed25519(bytes(-2)?.to_vec())))
        }
        (Some(3), Some(RS256), None) => {
            let (n, e) = (bytes(-1)?.to_vec(), bytes(-2)?.to_vec());
            Ok((RS256, PublicKey::Rsa(n, e)))
        }
        _ => Err(PasskeyError::Algorithm),
    }
}

fn read_value<'a>(rest: &mut &'a [u8]) -> Result<Value<'a>, PasskeyError> {
    let (major, number) = read_item(rest)?;
    let signed = i64::try_from(number).map_err(|_| PasskeyError::Malformed)?;
    match major {
        0 => Ok(Value::Number(signed)),
        1 => Ok(Value::Number(-1 - signed)),
        2 => {
            let long = usize::try_from(number).map_err(|_| PasskeyError::Malformed)?;
            let (bytes, after) = rest.split_at_checked(long).ok_or(PasskeyError::Malformed)?;
            *rest = after;
            Ok(Value::Bytes(bytes))
        }
        _ => Err(PasskeyError::Malformed),
    }
}

/// The head of a CBOR item: its major type and number.
fn read_item(rest: &mut &[u8]) -> Result<(u8, u64), PasskeyError> {
    let (first, after) = rest.split_first().ok_or(PasskeyError::Malformed)?;
    let (major, short) = (first >> 5, first & 0x1f);
    let long = match short {
        0..=23 => {
            *rest = after;
            return Ok((major, u64::from(short)));
        }
        24 => 1,
        25 => 2,
        26 => 4,
        27 => 8,
        _ => return Err(PasskeyError::Malformed),
    };
    let (bytes, after) = after
        .split_at_checked(long)
        .ok_or(PasskeyError::Malformed)?;
    *rest = after;
    let number = bytes
        .iter()
        .fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
    Ok((major, number))
}

#[cfg(test)]
#[path = "passkey_tests.rs"]
mod tests;
