//! Signatures of what the shop sends: HMAC-SHA256 over the raw body, as hex in `X-Signature`
//! (<https://docs.lemonsqueezy.com/help/webhooks/signing-requests>).

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

/// The signature of a body, as lowercase hex.
pub fn sign(secret: &str, body: &[u8]) -> String {
    match mac(secret, body) {
        Some(mac) => hex::encode(mac.finalize().into_bytes()),
        None => String::new(),
    }
}

/// Whether the signature is that of the body. Takes as long for a wrong one as for a right one.
pub(super) fn is_genuine(secret: &str, body: &[u8], signature: &str) -> bool {
    let Ok(given) = hex::decode(signature.trim()) else {
        return false;
    };
    // Anybody can sign with an empty secret.
    !secret.is_empty() && mac(secret, body).is_some_and(|mac| mac.verify_slice(&given).is_ok())
}

/// SHA-256 of a body, as lowercase hex: the shop gives its requests no id.
pub(super) fn digest(body: &[u8]) -> String {
    hex::encode(Sha256::digest(body))
}

fn mac(secret: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(body);
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_bytes_and_its_secret() {
        // Test case 2 of RFC 4231, section 4.3.
        let (secret, body) = ("Jefe", b"what do ya want for nothing?");
        let signed = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(sign(secret, body), signed);
        assert!(is_genuine(secret, body, signed));
        assert!(!is_genuine(
            secret,
            b"what do ya want for nothing? ",
            signed
        ));
        assert!(!is_genuine("jefe", body, signed));
        assert!(!is_genuine(secret, body, &signed[..62]));
        assert!(!is_genuine(secret, body, "no hex"));
        assert!(!is_genuine("", body, &sign("", body)));
    }
}
