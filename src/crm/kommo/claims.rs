//! JSON Web Tokens: reading one, and checking one that Kommo's widget signed (RFC 7519; HS256 only).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;

use crate::crm::CrmError;

/// Longest token that is read, in bytes.
const LONGEST: usize = 8 << 10;

#[derive(Deserialize)]
struct Header {
    alg: String,
}

/// The claims of a token that nobody checked. They only say where to look for the key, or for the next address.
pub(super) fn read_unchecked<T: DeserializeOwned>(token: &str) -> Option<T> {
    let (_, payload, _) = split(token)?;
    let bytes = URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// The claims of a token that was signed with this secret by HS256, and by nothing else.
pub(super) fn read_signed<T: DeserializeOwned>(token: &str, secret: &str) -> Result<T, CrmError> {
    let broken = || CrmError::Forged("its token is none");
    let (head, payload, signature) = split(token).ok_or_else(broken)?;
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| broken());
    // What the token says of itself chooses nothing: it is compared.
    let header: Header = serde_json::from_slice(&decode(head)?).map_err(|_| broken())?;
    if header.alg != "HS256" {
        return Err(CrmError::Forged("its token is not signed by HS256"));
    }
    if secret.is_empty() {
        return Err(CrmError::Forged("no secret of the integration is known"));
    }
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes());
    let mut mac = mac.map_err(|_| broken())?;
    mac.update(head.as_bytes());
    mac.update(b".");
    mac.update(payload.as_bytes());
    // Compares in constant time.
    mac.verify_slice(&decode(signature)?)
        .map_err(|_| CrmError::Forged("its token was signed with another secret"))?;
    serde_json::from_slice(&decode(payload)?).map_err(|_| broken())
}

fn split(token: &str) -> Option<(&str, &str, &str)> {
    if token.len() > LONGEST {
        return None;
    }
    let mut parts = token.split('.');
    let all = (parts.next()?, parts.next()?, parts.next()?);
    parts.next().is_none().then_some(all)
}
