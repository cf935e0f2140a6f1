//! Secrets and signatures (Standard Webhooks 1.0.0, "Signature scheme": HMAC-SHA256 over `id.timestamp.body`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::egress::Secret;
use crate::store::StoreError;
use crate::store::token::fill_random;

/// Begins every secret.
const PREFIX: &str = "whsec_";
/// Bytes of a secret; the specification asks for 24 to 64.
const BYTES: usize = 32;

/// A fresh secret.
pub(super) fn generate() -> Result<Secret, StoreError> {
    let mut bytes = [0_u8; BYTES];
    fill_random(&mut bytes)?;
    Ok(Secret::new(format!("{PREFIX}{}", STANDARD.encode(bytes))))
}

/// The signature of a body: `v1,` and base64. `at` is the time of the attempt in seconds; `None` for a secret that is none.
pub fn sign(secret: &str, id: &str, at: i64, body: &[u8]) -> Option<String> {
    let key = STANDARD
        .decode(secret.strip_prefix(PREFIX).unwrap_or(secret))
        .ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{at}.").as_bytes());
    mac.update(body);
    Some(format!(
        "v1,{}",
        STANDARD.encode(mac.finalize().into_bytes())
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values of the specification's own test (`libraries/javascript/src/webhook.test.ts`, "sign function works").
    #[test]
    fn a_signature_is_the_one_of_the_specification() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let (id, at) = ("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330);
        let body = br#"{"test": 2432232314}"#;
        let signed = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(sign(secret, id, at, body).as_deref(), Some(signed));
        // Its id, time, body and secret each count.
        assert_ne!(sign(secret, "msg_2", at, body).as_deref(), Some(signed));
        assert_ne!(sign(secret, id, at + 1, body).as_deref(), Some(signed));
        assert_ne!(sign(secret, id, at, b"{}").as_deref(), Some(signed));
        let other = generate().unwrap();
        assert_ne!(sign(other.reveal(), id, at, body).as_deref(), Some(signed));
        assert_eq!(sign("whsec_?", id, at, body), None);
    }

    #[test]
    fn secrets_differ_and_are_as_long_as_the_specification_asks() {
        let (one, two) = (generate().unwrap(), generate().unwrap());
        assert!(one != two);
        let key = STANDARD.decode(one.reveal().strip_prefix(PREFIX).unwrap());
        assert!((24..=64).contains(&key.unwrap().len()));
    }
}
