//! What goes wrong on the side of visitors: places that are none, messages that are too large or broken, people who are suspended,
//! and workspaces that are closed while somebody is there. Each has a clear outcome, and nothing is lost.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use frontdesk::app::closing;
use frontdesk::inbox::watch;
use frontdesk::store::messages::{self, MessageState, NewMessage, Speaker};
use frontdesk::store::users::Role;
use frontdesk::store::{ConversationId, conversations};
use serde_json::{Value, json};

use crate::app::{Form, Reply, TestApp, now, request};
use crate::inbox_live::Events;
use crate::staff::{self, Staff};
use crate::takeover::{Follower, conversation, desk, say};
use crate::visit;

const TEN_MB: usize = 10_000_000;

async fn read(app: &TestApp, token: &str) -> Vec<Value> {
    let asked = request(Method::GET, "/api/v1/visit/messages", token);
    let read = app.send(asked.body(Body::empty()).unwrap()).await;
    assert_eq!(read.status, StatusCode::OK, "{}", read.text());
    read.json()["messages"].as_array().unwrap().clone()
}

async fn write(app: &TestApp, token: &str, body: impl Into<Body>) -> Reply {
    app.send(crate::app::json_request(
        token,
        "/api/v1/visit/messages",
        body,
    ))
    .await
}

/// A problem that a person can read.
fn told(reply: &Reply) -> String {
    let detail = reply.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.len() > 15, "{detail}");
    detail
}

/// A message that was there and is gone; its place.
async fn removed(app: &TestApp, id: ConversationId) -> i64 {
    let workspace = app.workspace("default").await;
    let gone = app.app.store.write(move |tx| {
        let of = conversations::get(tx, workspace, id)?;
        let new = NewMessage {
            role: Speaker::Assistant,
            text: "Never mind",
            state: MessageState::Complete,
            client_id: None,
            author: None,
        };
        let message = messages::append(tx, &of, &new, now())?.into_message();
        messages::remove(tx, &message)?;
        Ok(message.seq)
    });
    gone.await.unwrap()
}

#[tokio::test]
async fn a_page_goes_on_whatever_place_it_names() {
    let app = TestApp::new().await;
    let token = visit::token(&app).await;
    say(&app, &token, "Hello", "1").await;
    let id = conversation(&app).await.0.id;
    let gone = removed(&app, id).await;
    let other = staff::talk(&app, "default", "Somebody else").await;
    let foreign = staff::say(&app, other, Speaker::User, "Theirs").await;
    let workspace = app.workspace("default").await;
    let foreign = app
        .app
        .store
        .read(move |conn| Ok(messages::get(conn, workspace, foreign)?.seq));
    let foreign = foreign.await.unwrap();
    for place in [i64::MAX, i64::MAX - 1, 1_000_000, -5, gone, foreign] {
        let mut page = Follower::open(&app, &token, Some(place)).await;
        page.until_message("Hello").await;
        let text = format!("To whoever was at {place}");
        staff::say(&app, id, Speaker::Agent, &text).await;
        let (event, message) = page.until_message(&text).await;
        assert!(event.is_some(), "{place}: {message}");
    }
    // Nor does one who has not written anything lose their first words.
    let new = visit::token(&app).await;
    let mut page = Follower::open(&app, &new, Some(i64::MAX)).await;
    page.until("state").await;
    say(&app, &new, "My first words", "1").await;
    page.until_message("My first words").await;
}

#[tokio::test]
async fn a_message_of_ten_megabytes_is_refused_and_leaves_nothing() {
    let app = TestApp::new().await;
    desk(&app, true).await;
    let token = visit::token(&app).await;
    let huge = json!({ "text": "x".repeat(TEN_MB) }).to_string();
    let refused = write(&app, &token, huge).await;
    assert_eq!(refused.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(told(&refused).contains("larger"), "{}", refused.text());
    assert!(read(&app, &token).await.is_empty());

    let asked = app.post_as(&token, "/api/v1/visit/person", json!({})).await;
    assert_eq!(asked.json()["state"], "waiting", "{}", asked.text());
    let before = read(&app, &token).await.len();
    let send = async |form: Form| app.send(form.request(&token, "/api/v1/visit/files")).await;
    let one = send(Form::new().file("file", "a.bin", vec![b'x'; TEN_MB + 1])).await;
    assert_eq!(one.status, StatusCode::PAYLOAD_TOO_LARGE);
    // No file is too large, and no size was declared, but all of it is.
    let word = "x".repeat(60_000);
    let all = (0..900).fold(Form::new(), |form, _| form.text("other", &word));
    let all = send(all.file("file", "a.txt", "words")).await;
    assert_eq!(all.status, StatusCode::PAYLOAD_TOO_LARGE, "{}", all.text());
    assert!(told(&all).contains("larger"), "{}", all.text());
    assert_eq!(read(&app, &token).await.len(), before);
    let fine = send(Form::new().file("file", "a.txt", "words")).await;
    assert_eq!(fine.status, StatusCode::OK, "{}", fine.text());
    assert_eq!(read(&app, &token).await.len(), before + 1);
}

#[tokio::test]
async fn broken_text_is_named_and_odd_text_is_kept_as_it_is() {
    let app = TestApp::new().await;
    let ann = Staff::new(&app, "Ann", Role::Agent).await;
    let token = visit::token(&app).await;
    for broken in [
        r#"{"text": "\ud800"}"#,
        r#"{"text": "a\udfffb"}"#,
        r#"{"text": 7}"#,
        r#"{"text": "x""#,
        r#"{"text": " \n "}"#,
        "{}",
        "",
        "null",
    ] {
        let refused = write(&app, &token, broken).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{broken}");
        told(&refused);
    }
    let mut latin = br#"{"text": ""#.to_vec();
    latin.extend([0xff, 0xfe, b'"', b'}']);
    assert_eq!(
        write(&app, &token, latin).await.status,
        StatusCode::BAD_REQUEST
    );
    assert!(read(&app, &token).await.is_empty());
    let long = json!({ "text": "x".repeat(4001) });
    let long = app.post_as(&token, "/api/v1/visit/messages", long).await;
    assert_eq!(long.json()["param"], "text");

    let odd = "zebra\0\u{202e}\u{feff}<b>&amp;";
    let sent = app
        .post_as(&token, "/api/v1/visit/messages", json!({ "text": odd }))
        .await;
    assert_eq!(sent.status, StatusCode::OK, "{}", sent.text());
    assert_eq!(read(&app, &token).await[0]["text"], odd);
    let id = conversation(&app).await.0.id;
    assert_eq!(ann.list("?q=zebra").await, [id.to_string()]);
}

#[tokio::test]
async fn two_messages_without_an_id_are_two() {
    let app = TestApp::new().await;
    let ann = Staff::new(&app, "Ann", Role::Agent).await;
    let token = visit::token(&app).await;
    say(&app, &token, "First", "").await;
    say(&app, &token, "Second", "").await;
    let id = conversation(&app).await.0.id;
    for text in ["Third", "Fourth"] {
        let body = json!({ "text": text, "client_id": "" });
        ann.act(id, "messages", body).await;
    }
    let all = read(&app, &token).await;
    let texts: Vec<&str> = all.iter().map(|m| m["text"].as_str().unwrap()).collect();
    for text in ["First", "Second", "Third", "Fourth"] {
        assert!(texts.contains(&text), "{texts:?}");
    }
}

#[tokio::test]
async fn whoever_rates_for_ever_waits() {
    let app = TestApp::new().await;
    let token = visit::token(&app).await;
    say(&app, &token, "Hello", "1").await;
    let rate = async |score: u8| {
        let body = json!({ "score": score });
        app.post_as(&token, "/api/v1/visit/rating", body).await
    };
    assert_eq!(rate(5).await.status, StatusCode::NO_CONTENT);
    let mut refused = None;
    for _ in 0..300 {
        let reply = rate(4).await;
        if reply.status == StatusCode::TOO_MANY_REQUESTS {
            refused = Some(reply);
            break;
        }
    }
    let refused = refused.expect("it goes on for ever");
    assert!(!refused.header("retry-after").is_empty());
    told(&refused);
}

#[tokio::test]
async fn whoever_is_suspended_in_mid_conversation_is_out_and_the_visitor_is_told() {
    let app = TestApp::new().await;
    desk(&app, true).await;
    let ann = Staff::new(&app, "Ann Lee", Role::Agent).await;
    let ben = Staff::new(&app, "Ben", Role::Agent).await;
    let token = visit::token(&app).await;
    say(&app, &token, "Hello", "1").await;
    let id = conversation(&app).await.0.id;
    ann.act(id, "messages", json!({"text": "I am looking"}))
        .await;
    let mut page = Follower::open(&app, &token, None).await;
    page.until_message("I am looking").await;
    let (anns, mut bens) = (
        Events::open(&app, &ann).await,
        Events::open(&app, &ben).await,
    );
    let path = format!("/api/v1/accounts/{}", ann.id);
    let suspended = app.patch(&path, json!({"suspended": true})).await;
    assert!(suspended.status.is_success(), "{}", suspended.text());

    let late = ann
        .post(
            &format!("/api/v1/inbox/{id}/messages"),
            json!({"text": "Too late"}),
        )
        .await;
    assert_eq!(late.status, StatusCode::UNAUTHORIZED, "{}", late.text());
    anns.ends().await;
    let settle = app.app.store.write(|tx| watch::settle(tx, now()));
    settle.await.unwrap();
    assert_eq!(page.until("state").await.1["state"], "waiting");
    page.until_message("back in the queue").await;
    let row = bens.next("row", |row| row["state"] == "waiting").await;
    assert!(row.get("assigned_to").is_none(), "{row}");
    // What was said is there, and a colleague goes on.
    ben.act(id, "messages", json!({"text": "I go on"})).await;
    page.until_message("I go on").await;
    let said = read(&app, &token).await;
    assert!(!said.iter().any(|m| m["text"] == "Too late"));
    // Nobody can give them anything.
    let body = json!({"user": ann.id.to_string()});
    let given = ben.post(&format!("/api/v1/inbox/{id}/assign"), body).await;
    assert_eq!(given.status, StatusCode::CONFLICT);
    assert!(told(&given).contains("suspended"), "{}", given.text());
}

#[tokio::test]
async fn a_workspace_is_closed_and_erased_while_a_visitor_and_staff_are_in_it() {
    let app = TestApp::new().await;
    let site = visit::site(&app, "branch").await;
    let ann = Staff::new(&app, "Ann", Role::Agent).await;
    let begun = app
        .post_as("", "/api/v1/visit", json!({ "site": site }))
        .await;
    let token = begun.json()["token"].as_str().unwrap().to_owned();
    say(&app, &token, "Hello", "1").await;
    let list = ann.get("/api/v1/inbox?workspace=branch").await.json();
    let id = list["conversations"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/inbox/{id}/messages?workspace=branch");
    let written = ann.post(&path, json!({"text": "I am here"})).await;
    assert_eq!(written.status, StatusCode::CREATED, "{}", written.text());
    let mut page = Follower::open(&app, &token, None).await;
    page.until_message("I am here").await;

    let confirm = json!({"confirm": "branch"});
    let closed = app.post("/api/v1/workspaces/branch/close", confirm).await;
    assert!(closed.status.is_success(), "{}", closed.text());
    page.ends().await;
    let more = app
        .post_as(&token, "/api/v1/visit/messages", json!({"text": "Still?"}))
        .await;
    assert_eq!(more.status, StatusCode::FORBIDDEN);
    told(&more);

    let late = now() + 30 * 24 * 60 * 60 * 1000;
    let erased = closing::erase_due(&app.app.store, &app.app.knowledge, &app.app.backups, late);
    assert_eq!(erased.await.unwrap(), 1);
    let gone = ann.post(&path, json!({"text": "Nobody hears"})).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND, "{}", gone.text());
    told(&gone);
    let visit = app
        .post_as(&token, "/api/v1/visit/messages", json!({"text": "?"}))
        .await;
    assert_eq!(visit.status, StatusCode::UNAUTHORIZED, "{}", visit.text());
    // The clock of the desk goes on for the others.
    let settled = app.app.store.write(|tx| watch::settle(tx, now()));
    assert_eq!(settled.await.unwrap(), 0);
}
