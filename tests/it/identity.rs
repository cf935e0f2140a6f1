//! Visitors whom the business's own website vouches for, and those of whom a page only says something.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::app::{Reply, TestApp, now, request};
use crate::browser::{Browser, between, person};
use crate::visit::site;

const QUESTION: &str = "How much is a full service?";

async fn key(app: &TestApp) -> String {
    let made = app.post("/api/v1/widget/identity-key", json!({})).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text());
    made.json()["key"].as_str().unwrap().to_owned()
}

fn sign(key: &str, text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hashed(key: &str, id: &str) -> Value {
    json!({"user_id": id, "hash": hex::encode(sign(key, &format!("user:{id}")))})
}

fn token(key: &str, claims: &Value) -> Value {
    let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
    let signed = format!("{}.{}", encode(&json!({"alg": "HS256"})), encode(claims));
    let signature = URL_SAFE_NO_PAD.encode(sign(key, &signed));
    json!({"jwt": format!("{signed}.{signature}")})
}

fn ann(key: &str) -> Value {
    let ends = now() / 1000 + 300;
    token(
        key,
        &json!({"sub": "42", "exp": ends, "name": "Ann Smith", "email": "ann@example.com"}),
    )
}

async fn begin(app: &TestApp, before: Option<&str>, identity: Option<Value>) -> Reply {
    let site = site(app, "default").await;
    let body = json!({"site": site, "token": before, "identity": identity});
    app.post_as("", "/api/v1/visit", body).await
}

async fn visit(app: &TestApp, before: Option<&str>, identity: Option<Value>) -> (String, bool) {
    let begun = begin(app, before, identity).await;
    assert_eq!(begun.status, StatusCode::OK, "{}", begun.text());
    let begun = begun.json();
    let token = begun["token"].as_str().unwrap().to_owned();
    (token, begun["resumed"] == true)
}

async fn ask(app: &TestApp, token: &str, text: &str) {
    let body = json!({ "text": text });
    let said = app.post_as(token, "/api/v1/visit/messages", body).await;
    assert_eq!(said.events().last().unwrap().0, "done", "{}", said.text());
}

async fn said(app: &TestApp, token: &str) -> Vec<String> {
    let list = request(Method::GET, "/api/v1/visit/messages", token);
    let list = app.send(list.body(Body::empty()).unwrap()).await;
    assert_eq!(list.status, StatusCode::OK, "{}", list.text());
    let texts = list.json()["messages"].as_array().unwrap().clone();
    let texts = texts
        .iter()
        .map(|one| one["text"].as_str().unwrap().to_owned());
    texts.collect()
}

async fn prepared() -> (TestApp, String) {
    let app = TestApp::new().await;
    app.document("default", "prices.txt", "A full service costs 89 euros.")
        .await;
    let key = key(&app).await;
    (app, key)
}

#[tokio::test]
async fn a_conversation_goes_along_to_another_device_and_shows_whose_it_is() {
    let (app, key) = prepared().await;
    // What was said before signing in goes along.
    let (here, _) = visit(&app, None, None).await;
    ask(&app, &here, QUESTION).await;
    let (same, resumed) = visit(&app, Some(&here), Some(ann(&key))).await;
    assert_eq!((same.as_str(), resumed), (here.as_str(), true));
    let (there, resumed) = visit(&app, None, Some(ann(&key))).await;
    assert!(!resumed && there != here);
    let before = said(&app, &there).await;
    assert_eq!(before.first().map(String::as_str), Some(QUESTION));
    ask(&app, &there, "And where?").await;
    assert!(said(&app, &here).await.contains(&"And where?".to_owned()));

    let list = app.get("/api/v1/inbox?view=everything").await.json();
    let rows = list["conversations"].as_array().unwrap();
    assert_eq!(rows.len(), 1, "{list}");
    assert_eq!(rows[0]["identity"], "42");
    assert_eq!(rows[0]["visitor_name"], "Ann Smith");
    // An id without a name says who it is as well.
    let (third, _) = visit(&app, None, Some(hashed(&key, "42"))).await;
    assert_eq!(
        said(&app, &third).await.len(),
        said(&app, &here).await.len()
    );
}

#[tokio::test]
async fn two_people_at_one_browser_never_see_each_other() {
    let (app, key) = prepared().await;
    let (hers, _) = visit(&app, None, Some(ann(&key))).await;
    ask(&app, &hers, QUESTION).await;
    for identity in [
        Some(hashed(&key, "43")),
        Some(json!({"user_id": "42", "name": "Ann Smith", "email": "ann@example.com"})),
        None,
    ] {
        let (other, resumed) = visit(&app, Some(&hers), identity.clone()).await;
        assert!(!resumed && other != hers, "{identity:?}");
        assert!(said(&app, &other).await.is_empty(), "{identity:?}");
    }
    // Whoever signs out leaves nothing, and finds it again.
    let out = app
        .post_as(&hers, "/api/v1/visit/sign-out", json!({}))
        .await;
    assert_eq!(out.status, StatusCode::NO_CONTENT, "{}", out.text());
    let after = app
        .post_as(&hers, "/api/v1/visit/messages", json!({"text": "Hello?"}))
        .await;
    assert_eq!(after.status, StatusCode::UNAUTHORIZED);
    let (again, resumed) = visit(&app, Some(&hers), Some(ann(&key))).await;
    assert!(!resumed);
    assert_eq!(said(&app, &again).await[0], QUESTION);
}

#[tokio::test]
async fn what_is_signed_wrongly_is_refused_with_a_reason() {
    let (app, key) = prepared().await;
    let old = now() / 1000 - 61;
    for (identity, word) in [
        (token(&key, &json!({"sub": "42", "exp": old})), "expired"),
        (ann("fd_identity_other"), "key"),
        (
            token(
                &key,
                &json!({"sub": "42", "exp": now() / 1000 + 60, "aud": "shop"}),
            ),
            "aud",
        ),
        (json!({"user_id": "42", "hash": "00"}), "hash"),
        (json!({"hash": "00"}), "id"),
    ] {
        let refused = begin(&app, None, Some(identity)).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        let problem = refused.json();
        assert_eq!(problem["code"], "identity_refused");
        assert!(refused.text().contains(word), "{}", refused.text());
    }
    // With the next key, the one before is worth nothing, nor what it opened.
    let (before, _) = visit(&app, None, Some(ann(&key))).await;
    let next = self::key(&app).await;
    let refused = begin(&app, None, Some(ann(&key))).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let (_, resumed) = visit(&app, Some(&before), Some(ann(&next))).await;
    assert!(!resumed);
    // The key is shown once, and in no copy.
    let widget = app.get("/api/v1/widget").await;
    assert!(widget.json()["identity_key_since"].is_i64());
    assert!(!widget.text().contains(&next));
}

#[tokio::test]
async fn what_a_page_only_says_is_told_to_staff_and_opens_nothing() {
    let (app, key) = prepared().await;
    let (hers, _) = visit(&app, None, Some(ann(&key))).await;
    ask(&app, &hers, QUESTION).await;
    let count = || async {
        let list = app.get("/api/v1/contacts").await.json();
        list["contacts"].as_array().unwrap().len()
    };
    assert_eq!(count().await, 1);
    let claim = json!({"user_id": "42", "name": "Ann Smith", "email": "ann@example.com"});
    let (somebody, _) = visit(&app, None, Some(claim.clone())).await;
    assert!(said(&app, &somebody).await.is_empty());
    ask(&app, &somebody, QUESTION).await;
    assert_eq!(count().await, 1);
    let told = said(&app, &somebody).await;
    assert!(
        told[0].contains("Name: Ann Smith") && told[0].contains("not proved"),
        "{told:?}"
    );
    let list = app.get("/api/v1/inbox?view=everything").await.json();
    let rows = list["conversations"].as_array().unwrap();
    let verified = rows.iter().filter(|row| row["identity"] == "42").count();
    assert_eq!((rows.len(), verified), (2, 1), "{list}");
    // The same claim goes on; another does not.
    let (_, resumed) = visit(&app, Some(&somebody), Some(claim)).await;
    assert!(resumed);
    let (_, resumed) = visit(&app, Some(&somebody), Some(json!({"name": "Ben"}))).await;
    assert!(!resumed);
}

#[tokio::test]
async fn whoever_is_erased_leaves_no_visit() {
    let (app, key) = prepared().await;
    let (hers, _) = visit(&app, None, Some(ann(&key))).await;
    ask(&app, &hers, QUESTION).await;
    let contacts = app.get("/api/v1/contacts").await.json();
    let id = contacts["contacts"][0]["id"].as_str().unwrap().to_owned();
    let copy = app.get(&format!("/api/v1/contacts/{id}/export")).await;
    let visits = &copy.json()["kept"][0]["visitors"];
    assert_eq!(visits[0]["identity"], "42", "{}", copy.text());
    let erased = app
        .delete(&format!("/api/v1/contacts/{id}?conversations=true"))
        .await;
    assert!(erased.status.is_success(), "{}", erased.text());
    let list = request(Method::GET, "/api/v1/visit/messages", &hers);
    let list = app.send(list.body(Body::empty()).unwrap()).await;
    assert_eq!(list.status, StatusCode::UNAUTHORIZED);
    let (again, _) = visit(&app, None, Some(ann(&key))).await;
    assert!(said(&app, &again).await.is_empty());
}

#[tokio::test]
async fn the_page_shows_a_key_once_and_only_to_who_administers() {
    let app = TestApp::new().await;
    person(&app, "ann", "owner").await;
    let mut browser = Browser::new(&app);
    browser.password("ann").await;
    let before = browser.get("/widget").await;
    assert!(before.text().contains("Make a key"), "{}", before.text());
    let made = browser.post("/widget/identity", "").await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text());
    let key = between(made.text(), "<code id=\"fresh-identity\">", "</code>").to_owned();
    assert!(key.starts_with("fd_identity_"), "{key}");
    let (_, resumed) = visit(&app, None, Some(hashed(&key, "42"))).await;
    assert!(!resumed);
    let after = browser.get("/widget").await;
    assert!(after.text().contains("There is a key since") && !after.text().contains(&key));
    let examples = browser.get("/widget/examples").await;
    for language in ["Node.js", "PHP", "Python"] {
        assert!(examples.text().contains(language), "{language}");
    }
    person(&app, "ben", "agent").await;
    let mut helper = Browser::new(&app);
    helper.password("ben").await;
    let refused = helper.post("/widget/identity", "").await;
    assert_ne!(refused.status, StatusCode::OK);
    assert!(!refused.text().contains("fd_identity_"));
}

#[tokio::test]
async fn somebody_who_is_vouched_for_sees_earlier_conversations_and_nobody_else_does() {
    let (app, key) = prepared().await;
    let get = |token: &str, path: &str| {
        let asked = request(Method::GET, path, token).body(Body::empty());
        app.send(asked.unwrap())
    };
    // On one device before signing in, on another one signed in.
    let (phone, _) = visit(&app, None, None).await;
    ask(&app, &phone, "Is there a bicycle stand?").await;
    let (laptop, _) = visit(&app, None, Some(ann(&key))).await;
    ask(&app, &laptop, QUESTION).await;
    const LIST: &str = "/api/v1/visit/conversations";
    assert_eq!(
        get(&laptop, LIST).await.json(),
        json!({"conversations": []})
    );
    let (phone, resumed) = visit(&app, Some(&phone), Some(ann(&key))).await;
    assert!(resumed);
    let listed = get(&phone, LIST).await.json();
    let all = listed["conversations"].as_array().unwrap();
    assert_eq!(all.len(), 1, "{listed}");
    assert_eq!(all[0]["first"], "Is there a bicycle stand?");
    let one = format!("{LIST}/{}", all[0]["id"].as_str().unwrap());
    let read = get(&phone, &one).await;
    assert_eq!(
        read.json()["messages"][0]["text"],
        "Is there a bicycle stand?"
    );
    // Others: without anybody's word, by another one's, and with a made-up id.
    let (stranger, _) = visit(&app, None, None).await;
    let (ben, _) = visit(&app, None, Some(hashed(&key, "43"))).await;
    for other in [&stranger, &ben] {
        assert_eq!(get(other, LIST).await.json(), json!({"conversations": []}));
        assert_eq!(get(other, &one).await.status, StatusCode::NOT_FOUND);
    }
    assert!(
        get(&phone, &format!("{LIST}/x"))
            .await
            .status
            .is_client_error()
    );
}
