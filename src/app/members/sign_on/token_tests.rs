//! Tokens as an issuer would sign them, and as an attacker would change them.

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;

use super::*;

const NOW: UnixMs = 1_000_000_000_000;

struct Issuer {
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl Issuer {
    fn new() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pair = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pair.as_ref(), &random).unwrap();
        Self { pair, random }
    }

    fn keys(&self) -> Keys {
        let point = self.pair.public_key().as_ref();
        let coordinate = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let keys = json!({"keys": [{"kty": "EC", "kid": "1", "crv": "P-256", "use": "sig",
            "x": coordinate(&point[1..33]), "y": coordinate(&point[33..])}]});
        serde_json::from_value(keys).unwrap()
    }

    fn sign(&self, head: Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&head), part(claims));
        let signature = self.pair.sign(&self.random, signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}

fn claims() -> Value {
    json!({"iss": "https://id.example", "sub": "ann-1", "aud": "desk", "exp": NOW / 1000 + 300, "iat": NOW / 1000,
        "nonce": "n1", "email": "ann@example.com", "email_verified": true, "groups": ["support"]})
}

fn expected() -> Expected<'static> {
    Expected {
        issuer: "https://id.example",
        client_id: "desk",
        nonce: "n1",
        now: NOW,
    }
}

#[test]
fn a_token_counts_for_this_client_this_sign_in_and_now() {
    let issuer = Issuer::new();
    let head = || json!({"alg": "ES256", "kid": "1"});
    let good = check(&issuer.sign(head(), &claims()), &issuer.keys(), expected()).unwrap();
    assert!(good.has_checked_address());
    assert_eq!((good.sub.as_str(), good.groups.len()), ("ann-1", 1));
    let mut silent = claims();
    for field in ["email", "name", "groups"] {
        silent[field] = json!(null);
    }
    let silent = check(&issuer.sign(head(), &silent), &issuer.keys(), expected()).unwrap();
    assert!(!silent.has_checked_address() && silent.groups.is_empty());
    for (field, value) in [
        ("iss", json!("https://evil.example")),
        ("aud", json!("another")),
        ("aud", json!(["desk", "another"])),
        ("azp", json!("another")),
        ("nonce", json!("n2")),
        ("nonce", json!(null)),
        ("exp", json!(NOW / 1000 - 100)),
        ("iat", json!(NOW / 1000 - 3600)),
        ("iat", json!(NOW / 1000 + 3600)),
        ("sub", json!("")),
    ] {
        let mut changed = claims();
        changed[field] = value;
        let token = issuer.sign(head(), &changed);
        assert!(
            check(&token, &issuer.keys(), expected()).is_err(),
            "{changed}"
        );
    }
}

#[test]
fn a_token_without_the_right_signature_is_refused() {
    let issuer = Issuer::new();
    let other = Issuer::new();
    let refused = |token: &str| check(token, &issuer.keys(), expected()).is_err();
    let head = |alg: &str| json!({"alg": alg, "kid": "1"});
    assert!(refused(&other.sign(head("ES256"), &claims())));
    for alg in ["none", "HS256", "RS256", ""] {
        assert!(refused(&issuer.sign(head(alg), &claims())), "{alg}");
    }
    let good = issuer.sign(head("ES256"), &claims());
    let (signed, signature) = good.rsplit_once('.').unwrap();
    assert!(refused(signed) && refused(&format!("{signed}.")) && refused(""));
    let (head_part, _) = signed.split_once('.').unwrap();
    let mut forged = claims();
    forged["sub"] = json!("boss");
    let body = URL_SAFE_NO_PAD.encode(forged.to_string());
    assert!(refused(&format!("{head_part}.{body}.{signature}")));
}

#[test]
fn a_token_that_asks_for_more_or_a_key_for_something_else_does_not_count() {
    let issuer = Issuer::new();
    let head = json!({"alg": "ES256", "kid": "1"});
    let with_keys = |change: fn(&mut Value)| {
        let point = issuer.pair.public_key().as_ref();
        let coordinate = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut key = json!({"kty": "EC", "kid": "1", "crv": "P-256",
            "x": coordinate(&point[1..33]), "y": coordinate(&point[33..])});
        change(&mut key);
        let keys: Keys = serde_json::from_value(json!({ "keys": [key] })).unwrap();
        check(&issuer.sign(head.clone(), &claims()), &keys, expected()).is_ok()
    };
    assert!(with_keys(|_| {}));
    assert!(with_keys(|key| key["alg"] = json!("ES256")));
    assert!(!with_keys(|key| key["alg"] = json!("RS256")));
    assert!(!with_keys(|key| key["use"] = json!("enc")));
    for crit in [json!(["exp"]), json!([]), json!("b64")] {
        let head = json!({"alg": "ES256", "kid": "1", "crit": crit});
        let token = issuer.sign(head, &claims());
        assert!(check(&token, &issuer.keys(), expected()).is_err(), "{crit}");
    }
}
