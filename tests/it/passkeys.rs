//! Passkeys over HTTP: added with the password and in the same session, answered once and in the same browser.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use frontdesk::http::auth::SESSION_COOKIE;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::app::{Reply, TestApp, request};
use crate::browser::{Browser, PASSWORD, between, leads_to, person, refused};

const ORIGIN: &str = "http://desk.example";
const SITE: &str = "desk.example";
/// Present, verified; with a new credential.
const CHECKED: u8 = 0x05;
const MADE: u8 = 0x45;

/// A phone with one passkey.
struct Phone {
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl Phone {
    fn new() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        let pair = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, pair.as_ref(), &random).unwrap();
        Self { pair, random }
    }

    fn client(&self, kind: &str, asked: &Value, origin: &str) -> Vec<u8> {
        let data = json!({"type": kind, "challenge": asked["challenge"], "origin": origin, "crossOrigin": false});
        data.to_string().into_bytes()
    }

    fn head(&self, flags: u8, counter: u32) -> Vec<u8> {
        let site = Sha256::digest(SITE.as_bytes());
        [&site[..], &[flags], &counter.to_be_bytes()].concat()
    }

    /// What adds its passkey.
    fn make(&self, asked: &Value) -> Value {
        let point = self.pair.public_key().as_ref();
        // {1: 2, 3: -7, -1: 1, -2: x, -3: y}
        let key = [
            &[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20][..],
            &point[1..33],
            &[0x22, 0x58, 0x20],
            &point[33..],
        ]
        .concat();
        let data = [&self.head(MADE, 0)[..], &[0; 16], &[0, 4], b"key1", &key].concat();
        json!({"name": "Phone", "client_data": encode(&self.client("webauthn.create", asked, ORIGIN)),
            "authenticator_data": encode(&data)})
    }

    /// What signs in with it.
    fn answer(&self, asked: &Value, origin: &str, flags: u8, counter: u32) -> Value {
        let client = self.client("webauthn.get", asked, origin);
        let data = self.head(flags, counter);
        let message = [&data[..], &Sha256::digest(&client)[..]].concat();
        let signature = self.pair.sign(&self.random, &message).unwrap();
        json!({"credential": encode(b"key1"), "client_data": encode(&client),
            "authenticator_data": encode(&data), "signature": encode(signature.as_ref()), "next": "/inbox"})
    }
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

async fn post(app: &TestApp, path: &str, cookie: &str, body: &Value) -> Reply {
    let request = request(Method::POST, path, "")
        .header(header::HOST, SITE)
        .header(header::ORIGIN, ORIGIN)
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()));
    app.send(request.unwrap()).await
}

/// The challenge for signing in, and the browser's cookie.
async fn ask(app: &TestApp) -> (Value, String) {
    let asked = post(app, "/login/passkey/begin", "", &json!({})).await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.text());
    let cookie = asked.header("set-cookie").split(';').next().unwrap();
    (asked.json(), cookie.to_owned())
}

async fn sign_in(app: &TestApp, cookie: &str, answer: &Value) -> Reply {
    post(app, "/login/passkey", cookie, answer).await
}

/// Ann at a browser, and her phone with a passkey.
async fn with_passkey<'a>(app: &'a TestApp, phone: &Phone) -> Browser<'a> {
    person(app, "boss", "owner").await;
    person(app, "ann", "agent").await;
    let (mut ann, mut elsewhere) = (Browser::new(app), Browser::new(app));
    ann.password("ann").await;
    elsewhere.password("ann").await;
    let here = format!("{SESSION_COOKIE}={}", ann.session);
    let there = format!("{SESSION_COOKIE}={}", elsewhere.session);
    let begin = "/account/passkeys/begin";
    let wrong = post(app, begin, &here, &json!({"password": "wrong"})).await;
    refused(&wrong, StatusCode::BAD_REQUEST, "password is not right");
    let password = json!({ "password": PASSWORD });
    let asked = post(app, begin, &here, &password).await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.text());
    // Another session of the same person did not ask, and the challenge is used up then.
    for cookie in [&there, &here] {
        let made = post(app, "/account/passkeys", cookie, &phone.make(&asked.json())).await;
        refused(&made, StatusCode::BAD_REQUEST, "begin again");
    }
    let asked = post(app, begin, &here, &password).await.json();
    let made = post(app, "/account/passkeys", &here, &phone.make(&asked)).await;
    assert_eq!(made.status, StatusCode::NO_CONTENT, "{}", made.text());
    let again = post(app, "/account/passkeys", &here, &phone.make(&asked)).await;
    refused(&again, StatusCode::BAD_REQUEST, "begin again");
    ann
}

#[tokio::test]
async fn a_passkey_signs_in_once_for_each_question_and_only_the_browser_that_was_asked() {
    let (app, phone) = (TestApp::new().await, Phone::new());
    with_passkey(&app, &phone).await;
    let (asked, cookie) = ask(&app).await;
    let answer = phone.answer(&asked, ORIGIN, CHECKED, 1);
    let done = sign_in(&app, &cookie, &answer).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text());
    assert_eq!(done.json()["to"], "/inbox");
    assert!(done.header("set-cookie").starts_with(SESSION_COOKIE));
    let replay = sign_in(&app, &cookie, &answer).await;
    refused(&replay, StatusCode::BAD_REQUEST, "too long");

    // Whoever saw the answer on its way has another browser, whatever it sends as its cookie.
    let (asked, _) = ask(&app).await;
    let (_, strange) = ask(&app).await;
    let answer = phone.answer(&asked, ORIGIN, CHECKED, 2);
    let stolen = sign_in(&app, &strange, &answer).await;
    refused(&stolen, StatusCode::BAD_REQUEST, "too long");
    let (asked, _) = ask(&app).await;
    let bytes = URL_SAFE_NO_PAD.decode(asked["challenge"].as_str().unwrap());
    let challenge = String::from_utf8(bytes.unwrap()).unwrap();
    let guess = format!("frontdesk_passkey={challenge}");
    let stolen = sign_in(&app, &guess, &phone.answer(&asked, ORIGIN, CHECKED, 2)).await;
    refused(&stolen, StatusCode::BAD_REQUEST, "too long");
}

#[tokio::test]
async fn an_answer_that_is_elsewhere_unverified_or_old_signs_nobody_in() {
    let (app, phone) = (TestApp::new().await, Phone::new());
    let mut ann = with_passkey(&app, &phone).await;
    let told = "does not sign anybody in here";
    let (asked, cookie) = ask(&app).await;
    let first = sign_in(&app, &cookie, &phone.answer(&asked, ORIGIN, CHECKED, 5)).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text());
    for (origin, flags, counter) in [
        ("https://desk.example", CHECKED, 6),
        ("http://desk.example.evil.example", CHECKED, 6),
        // Present, and nobody looked who it is.
        (ORIGIN, 0x01, 6),
        (ORIGIN, CHECKED, 5),
        (ORIGIN, CHECKED, 0),
    ] {
        let (asked, cookie) = ask(&app).await;
        let answer = phone.answer(&asked, origin, flags, counter);
        let no = sign_in(&app, &cookie, &answer).await;
        refused(&no, StatusCode::BAD_REQUEST, told);
    }
    let (asked, cookie) = ask(&app).await;
    let other = Phone::new().answer(&asked, ORIGIN, CHECKED, 6);
    let no = sign_in(&app, &cookie, &other).await;
    refused(&no, StatusCode::BAD_REQUEST, told);
    // Her workspace sees what was tried.
    let log = app
        .get("/api/v1/audit?workspace=default&sort=sign_in")
        .await;
    let failed = "failed to sign in with a passkey";
    assert!(log.text().contains(failed), "{}", log.text());
    assert!(log.text().contains("\"signed in with a passkey\""));

    let page = ann.get("/account").await;
    let id = between(page.text(), "action=\"/account/passkeys/", "/remove").to_owned();
    let gone = ann
        .post(&format!("/account/passkeys/{id}/remove"), "")
        .await;
    leads_to(&gone);
    let (asked, cookie) = ask(&app).await;
    let no = sign_in(&app, &cookie, &phone.answer(&asked, ORIGIN, CHECKED, 7)).await;
    refused(&no, StatusCode::BAD_REQUEST, told);
}

/// Two answers that were checked against the same count: one of the two is of a copy of the passkey.
#[tokio::test]
async fn of_two_answers_with_the_same_count_one_counts_and_the_other_is_noted() {
    let (app, phone) = (TestApp::new().await, Phone::new());
    with_passkey(&app, &phone).await;
    let (first, second) = (ask(&app).await, ask(&app).await);
    // The database is busy until both were checked.
    let store = app.app.store.clone();
    let (begun, is_busy) = tokio::sync::oneshot::channel();
    let busy = std::thread::spawn(move || {
        store.write_blocking(|_| {
            begun.send(()).unwrap();
            std::thread::sleep(std::time::Duration::from_millis(500));
            Ok(())
        })
    });
    is_busy.await.unwrap();
    let answers = [&first.0, &second.0].map(|asked| phone.answer(asked, ORIGIN, CHECKED, 1));
    let (one, other) = tokio::join!(
        sign_in(&app, &first.1, &answers[0]),
        sign_in(&app, &second.1, &answers[1]),
    );
    busy.join().unwrap().unwrap();
    let (good, bad) = match one.status {
        StatusCode::OK => (one, other),
        _ => (other, one),
    };
    assert_eq!(good.status, StatusCode::OK, "{}", good.text());
    refused(
        &bad,
        StatusCode::BAD_REQUEST,
        "does not sign anybody in here",
    );
    let log = app.get("/api/v1/audit?sort=sign_in&limit=2").await;
    let log = log.text();
    for told in [
        "signed in with a passkey",
        "failed to sign in with a passkey",
    ] {
        let told = format!("\"what\":\"{told}\"");
        assert_eq!(log.matches(&told).count(), 1, "{log}");
    }
}
