//! A passkey as a browser and an authenticator would make it.

use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;

use super::*;

const CHALLENGE: &str = "fd_signin_0123";

fn site() -> Site {
    Site::at("https://desk.example.com").unwrap()
}

struct Authenticator {
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl Authenticator {
    fn new() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let pair = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pair.as_ref(), &random).unwrap();
        Self { pair, random }
    }

    fn client(&self, kind: &str, challenge: &str, origin: &str) -> Vec<u8> {
        let challenge = URL_SAFE_NO_PAD.encode(challenge);
        let data =
            json!({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": false});
        data.to_string().into_bytes()
    }

    fn head(&self, name: &str, flags: u8, counter: u32) -> Vec<u8> {
        let hash = Sha256::digest(name.as_bytes());
        [&hash[..], &[flags], &counter.to_be_bytes()].concat()
    }

    fn made(&self, name: &str) -> Vec<u8> {
        let point = self.pair.public_key().as_ref();
        // {1: 2, 3: -7, -1: 1, -2: x, -3: y}
        let key = [
            &[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20][..],
            &point[1..33],
            &[0x22, 0x58, 0x20],
            &point[33..],
        ]
        .concat();
        let credential = [7; 20];
        [
            &self.head(name, 0x45, 0)[..],
            &[0; 16],
            &[0, 20],
            &credential,
            &key,
        ]
        .concat()
    }

    fn answer(&self, client: &[u8], data: &[u8]) -> Vec<u8> {
        let message = [data, &Sha256::digest(client)[..]].concat();
        let signature = self.pair.sign(&self.random, &message).unwrap();
        signature.as_ref().to_vec()
    }
}

#[test]
fn a_passkey_is_made_and_answers_its_own_site_and_no_other() {
    let (device, site) = (Authenticator::new(), site());
    let client = device.client("webauthn.create", CHALLENGE, &site.origin);
    let made = check_new(&client, &device.made(&site.name), CHALLENGE, &site).unwrap();
    assert_eq!((made.algorithm, made.credential.len()), (ES256, 20));
    let key = PublicKey::from_bytes(made.algorithm, &made.key.to_bytes()).unwrap();
    assert_eq!(key, made.key);

    let check = |origin: &str, name: &str, flags: u8, challenge: &str, counter: (u32, u32)| {
        let client = device.client("webauthn.get", challenge, origin);
        let data = device.head(name, flags, counter.0);
        let signature = device.answer(&client, &data);
        let answer = Answer {
            client_data: &client,
            authenticator_data: &data,
            signature: &signature,
        };
        check_answer(answer, CHALLENGE, &site, &key, counter.1)
    };
    let (origin, name) = (site.origin.as_str(), site.name.as_str());
    assert_eq!(check(origin, name, 5, CHALLENGE, (3, 2)), Ok(3));
    assert_eq!(check(origin, name, 5, CHALLENGE, (0, 0)), Ok(0));
    for (done, why) in [
        (
            check(
                "https://desk.example.com.evil.example",
                name,
                5,
                CHALLENGE,
                (3, 2),
            ),
            PasskeyError::Origin,
        ),
        (
            check("http://desk.example.com", name, 5, CHALLENGE, (3, 2)),
            PasskeyError::Origin,
        ),
        (
            check(origin, "evil.example", 5, CHALLENGE, (3, 2)),
            PasskeyError::Origin,
        ),
        (
            check(origin, name, 1, CHALLENGE, (3, 2)),
            PasskeyError::Unverified,
        ),
        (
            check(origin, name, 5, "another", (3, 2)),
            PasskeyError::Challenge,
        ),
        (
            check(origin, name, 5, CHALLENGE, (2, 2)),
            PasskeyError::Copied,
        ),
    ] {
        assert_eq!(done, Err(why));
    }
    // A new passkey is no answer, and another key signs for nobody.
    let data = device.head(name, 5, 3);
    let signature = device.answer(&client, &data);
    let answer = Answer {
        client_data: &client,
        authenticator_data: &data,
        signature: &signature,
    };
    let done = check_answer(answer, CHALLENGE, &site, &key, 2);
    assert_eq!(done, Err(PasskeyError::Challenge));
    let client = device.client("webauthn.get", CHALLENGE, origin);
    let signature = Authenticator::new().answer(&client, &data);
    let answer = Answer {
        client_data: &client,
        authenticator_data: &data,
        signature: &signature,
    };
    let done = check_answer(answer, CHALLENGE, &site, &key, 2);
    assert_eq!(done, Err(PasskeyError::Signature));
}

#[test]
fn cut_or_changed_data_is_refused_and_never_panics() {
    let (device, site) = (Authenticator::new(), site());
    let client = device.client("webauthn.create", CHALLENGE, &site.origin);
    let made = device.made(&site.name);
    for end in 0..made.len() {
        assert!(
            check_new(&client, &made[..end], CHALLENGE, &site).is_err(),
            "{end}"
        );
    }
    for at in 37..made.len() {
        let mut changed = made.clone();
        changed[at] ^= 0xff;
        let _ = check_new(&client, &changed, CHALLENGE, &site);
    }
    for client in [&b""[..], b"{}", b"[1]", b"{\"type\":1}"] {
        let done = check_new(client, &made, CHALLENGE, &site);
        assert_eq!(done, Err(PasskeyError::Malformed));
    }
}

#[test]
fn a_key_of_another_kind_or_length_than_it_says_is_refused() {
    let edwards = |long: u8| {
        // {1: 1, 3: -8, -1: 6, -2: x}
        let head = [0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, long];
        [&head[..], &vec![9_u8; usize::from(long)]].concat()
    };
    let (algorithm, key) = read_key(&edwards(32)).unwrap();
    assert_eq!((algorithm, key), (EDDSA, PublicKey::Ed25519(vec![9; 32])));
    for long in [24, 31, 33] {
        assert!(read_key(&edwards(long)).is_err(), "{long}");
    }
    // A point of P-256 that calls itself Ed25519: {1: 2, 3: -8, -1: 1, -2: x, -3: y}
    let head = [0xa5, 0x01, 0x02, 0x03, 0x27, 0x20, 0x01, 0x21, 0x58, 0x20];
    let mixed = [&head[..], &[1; 32], &[0x22, 0x58, 0x20], &[2; 32]].concat();
    assert_eq!(read_key(&mixed), Err(PasskeyError::Algorithm));
}
