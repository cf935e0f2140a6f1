//! Signatures of what the shop sends: HMAC-SHA256 over the raw body, as hex in `X-Signature`
//! (<https://docs.lemonsqueezy.com/help/webhooks/signing-requests>).

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use crate::store::WorkspaceId;

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

/// Bytes of a proof.
const PROOF: usize = 16;

/// What a page of the shop is opened with, so that nobody else buys in the name of a workspace; as lowercase hex.
pub fn prove(secret: &str, workspace: WorkspaceId) -> String {
    let mut proof = sign(secret, &named(workspace));
    proof.truncate(2 * PROOF);
    proof
}

/// Whether this front desk opened the page of the shop.
pub(super) fn is_proven(secret: &str, workspace: WorkspaceId, proof: &str) -> bool {
    let given = hex::decode(proof.trim()).unwrap_or_default();
    given.len() == PROOF
        && !secret.is_empty()
        && mac(secret, &named(workspace))
            .is_some_and(|mac| mac.verify_truncated_left(&given).is_ok())
}

/// It begins as no message of the shop does.
fn named(workspace: WorkspaceId) -> Vec<u8> {
    format!("workspace {workspace}").into_bytes()
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

    #[test]
    fn a_proof_holds_for_one_workspace() {
        let (one, two) = (WorkspaceId::new(), WorkspaceId::new());
        let proof = prove("a secret", one);
        assert!(is_proven("a secret", one, &proof));
        assert!(!is_proven("a secret", two, &proof));
        assert!(!is_proven("another", one, &proof));
        assert!(!is_proven("", one, &prove("", one)));
        for wrong in ["", "00", "no hex", &proof[..30]] {
            assert!(!is_proven("a secret", one, wrong), "{wrong}");
        }
    }
}
