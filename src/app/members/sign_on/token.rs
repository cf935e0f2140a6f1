//! ID tokens of OpenID Connect: the signature by a key of the issuer, then who it is for and when it holds (Core 1.0, section
//! 3.1.3.7).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::SignOnError;
use crate::app::members::signed::{Form, PublicKey};
use crate::store::UnixMs;

/// How far clocks may differ, in seconds.
const LEEWAY: i64 = 60;
/// How old a token may be, in seconds.
const OLDEST: i64 = 10 * 60;

/// What is expected of a token.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    pub issuer: &'a str,
    pub client_id: &'a str,
    pub nonce: &'a str,
    pub now: UnixMs,
}

/// What an issuer says of somebody.
#[derive(Debug, Clone, Deserialize)]
pub struct Claims {
    iss: String,
    pub sub: String,
    aud: Value,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nonce: Option<String>,
    #[serde(default, deserialize_with = "or_empty")]
    pub email: String,
    #[serde(default)]
    email_verified: Value,
    #[serde(default, deserialize_with = "or_empty")]
    pub name: String,
    /// Groups that they are in, as many issuers tell them.
    #[serde(default, deserialize_with = "or_empty")]
    pub groups: Vec<String>,
}

/// Some issuers write `null` for what they do not know.
fn or_empty<'de, D, T>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

impl Claims {
    /// Whether the issuer checked that the address is theirs; some write it as text.
    pub fn has_checked_address(&self) -> bool {
        let checked = self.email_verified == Value::Bool(true) || self.email_verified == "true";
        checked && !self.email.is_empty()
    }
}

#[derive(Deserialize)]
struct Head {
    alg: String,
    kid: Option<String>,
    /// Extensions that must be understood to accept the token (RFC 7515, section 4.1.11); we support none.
    #[serde(default)]
    crit: Value,
}

/// The keys of an issuer (RFC 7517).
#[derive(Debug, Deserialize)]
pub struct Keys {
    keys: Vec<Key>,
}

#[derive(Debug, Deserialize)]
struct Key {
    kty: String,
    kid: Option<String>,
    /// The only algorithm that it is for, if it says so.
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
    #[serde(rename = "use")]
    used_for: Option<String>,
}

impl Key {
    /// The key for an algorithm that we take: none without a signature, none with a shared secret.
    fn for_algorithm(&self, algorithm: &str) -> Option<PublicKey> {
        let bytes = |text: &Option<String>| URL_SAFE_NO_PAD.decode(text.as_deref()?).ok();
        match (algorithm, self.kty.as_str(), self.crv.as_deref()) {
            ("RS256", "RSA", _) => Some(PublicKey::Rsa(bytes(&self.n)?, bytes(&self.e)?)),
            ("ES256", "EC", Some("P-256")) => PublicKey::p256(&bytes(&self.x)?, &bytes(&self.y)?),
            ("EdDSA", "OKP", Some("Ed25519")) => Some(PublicKey::Ed25519(bytes(&self.x)?)),
            _ => None,
        }
    }
}

/// Checks a token.
///
/// # Errors
/// [`SignOnError::Token`] with what is wrong.
pub fn check(token: &str, keys: &Keys, expected: Expected<'_>) -> Result<Claims, SignOnError> {
    let wrong = SignOnError::Token;
    let (signed, signature) = token.rsplit_once('.').ok_or(wrong("it is no token"))?;
    let (head, body) = signed.split_once('.').ok_or(wrong("it is no token"))?;
    let decode = |text: &str| {
        URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| wrong("it cannot be read"))
    };
    let head: Head =
        serde_json::from_slice(&decode(head)?).map_err(|_| wrong("its head cannot be read"))?;
    if !head.crit.is_null() {
        return Err(wrong("it asks for something that is not known here"));
    }
    let signature = decode(signature)?;
    let fits = |key: &&Key| {
        let named = head.kid.is_none() || key.kid == head.kid;
        let for_this = key.alg.as_ref().is_none_or(|alg| *alg == head.alg);
        named && for_this && key.used_for.as_deref().is_none_or(|used| used == "sig")
    };
    let usable = keys.keys.iter().filter(fits);
    let mut usable = usable.filter_map(|key| key.for_algorithm(&head.alg));
    if !usable.any(|key| key.verifies(Form::Fixed, signed.as_bytes(), &signature)) {
        return Err(wrong("its signature is not by a key of the issuer"));
    }
    let claims: Claims =
        serde_json::from_slice(&decode(body)?).map_err(|_| wrong("its claims cannot be read"))?;
    let now = expected.now / 1000;
    let ours = |one: &Value| one == expected.client_id;
    let for_us = match &claims.aud {
        Value::Array(all) if all.len() > 1 => {
            all.iter().any(ours) && claims.azp.as_deref() == Some(expected.client_id)
        }
        Value::Array(all) => all.iter().any(ours),
        one => ours(one),
    };
    let found = if claims.iss != expected.issuer {
        Some("it is by another issuer")
    } else if !for_us
        || claims
            .azp
            .as_deref()
            .is_some_and(|azp| azp != expected.client_id)
    {
        Some("it is for another client")
    } else if claims.nonce.as_deref() != Some(expected.nonce) {
        Some("it belongs to another sign-in")
    } else if claims.exp.saturating_add(LEEWAY) <= now {
        Some("it has expired")
    } else if claims.iat > now + LEEWAY || claims.iat < now - OLDEST {
        Some("it is too old, or a clock is wrong")
    } else if claims.sub.is_empty() || claims.sub.len() > 255 {
        Some("it names nobody")
    } else {
        None
    };
    match found {
        Some(what) => Err(wrong(what)),
        None => Ok(claims),
    }
}

#[cfg(test)]
#[path = "token_tests.rs"]
mod tests;
