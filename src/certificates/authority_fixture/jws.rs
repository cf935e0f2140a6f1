//! Signed requests (RFC 7515, RFC 8555 section 6.2), with ECDSA on P-256 only.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

#[derive(Debug, Clone)]
pub(super) struct Key {
    x: String,
    y: String,
}

pub(super) struct Signed {
    pub(super) nonce: String,
    pub(super) url: String,
    /// `null` if it is empty, as when something is only read.
    pub(super) payload: Value,
    pub(super) key: Key,
}

pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

impl Key {
    /// RFC 7638.
    pub(super) fn thumbprint(&self) -> String {
        let Self { x, y } = self;
        let text = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        URL_SAFE_NO_PAD.encode(Sha256::digest(text))
    }

    fn verifies(&self, text: &str, signature: &[u8]) -> Option<bool> {
        let point = [vec![4], decode(&self.x)?, decode(&self.y)?].concat();
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point);
        Some(key.verify(text.as_bytes(), signature).is_ok())
    }
}

impl Signed {
    /// `accounts` are the known keys by their address.
    pub(super) fn read(body: &[u8], accounts: &HashMap<String, Key>) -> Result<Self, String> {
        let body: Value = serde_json::from_slice(body).map_err(|e| e.to_string())?;
        let field = |name: &str| body[name].as_str().ok_or(format!("there is no {name}"));
        let (protected, payload) = (field("protected")?, field("payload")?);
        let json = |text: &str| -> Result<Value, String> {
            let bytes = decode(text).ok_or("not base64")?;
            serde_json::from_slice(&bytes).map_err(|e| e.to_string())
        };
        let header = json(protected)?;
        if header["alg"] != json!("ES256") {
            return Err("another algorithm".into());
        }
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let key = match text(&header["kid"]) {
            Some(account) => accounts
                .get(&account)
                .cloned()
                .ok_or("an unknown account")?,
            None => Key {
                x: text(&header["jwk"]["x"]).ok_or("there is no key")?,
                y: text(&header["jwk"]["y"]).ok_or("there is no key")?,
            },
        };
        let signature = decode(field("signature")?).ok_or("not base64")?;
        if key.verifies(&format!("{protected}.{payload}"), &signature) != Some(true) {
            return Err("the signature does not hold".into());
        }
        Ok(Self {
            nonce: text(&header["nonce"]).ok_or("there is no nonce")?,
            url: text(&header["url"]).ok_or("there is no address")?,
            payload: match payload {
                "" => Value::Null,
                payload => json(payload)?,
            },
            key,
        })
    }
}
