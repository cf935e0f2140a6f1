//! What is open when a key is revoked or a visit ended: it breaks off within a second or two.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Method, StatusCode};
use futures::{SinkExt, StreamExt};
use serde_json::json;
use tokio::task::JoinHandle;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tower::ServiceExt;

use crate::app::{TestApp, eventually, json_request, request};
use crate::fakes::Plan;
use crate::visit;
use frontdesk::http::server::Limits;

/// Longer than it may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// A response that is read to its end.
async fn open(app: &TestApp, asked: axum::http::Request<Body>) -> JoinHandle<usize> {
    let response = app.router.clone().oneshot(asked).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    tokio::spawn(async {
        to_bytes(response.into_body(), usize::MAX)
            .await
            .unwrap()
            .len()
    })
}

async fn goes_on(open: &JoinHandle<usize>) {
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert!(!open.is_finished(), "it broke off with everything in order");
}

async fn ends(what: &str, open: JoinHandle<usize>) {
    let ended = tokio::time::timeout(PATIENCE, open).await;
    assert!(ended.is_ok(), "{what} goes on");
}

#[tokio::test]
async fn what_a_revoked_key_has_open_ends() {
    let app = TestApp::new().await;
    app.chat.script.set(Plan::Stall(vec!["Hel".into()]));
    let (key, id) = app.make_key(&["documents", "chat"], None).await;
    let watched = request(Method::GET, "/api/v1/documents/events", &key);
    let asked = json!({"model": "default", "stream": true,
        "messages": [{"role": "user", "content": "Tell me a long story."}]});
    let asked = json_request(&key, "/v1/chat/completions", asked.to_string());
    let events = open(&app, watched.body(Body::empty()).unwrap()).await;
    let answer = open(&app, asked).await;
    goes_on(&events).await;
    assert!(!answer.is_finished());
    let gone = app.delete(&format!("/api/v1/keys/{id}")).await;
    assert!(gone.status.is_success(), "{}", gone.text());
    ends("the stream of events", events).await;
    ends("the answer", answer).await;
    eventually("the model stops too", || app.chat.cancelled() == 1).await;
}

#[tokio::test]
async fn what_a_visitor_has_open_ends_when_the_front_desk_is_closed() {
    let app = TestApp::new().await;
    let story =
        "The lighthouse keeper was lonely, because ships seldom passed the island in winter.";
    app.document("default", "story.txt", story).await;
    app.always_ask_the_model().await;
    app.chat.script.set(Plan::Stall(vec!["Hel".into()]));
    let token = visit::token(&app).await;
    let asked = json!({"text": "Why was the lighthouse keeper so lonely?"});
    let answer = open(
        &app,
        json_request(&token, "/api/v1/visit/messages", asked.to_string()),
    )
    .await;
    eventually("the model is asked", || app.chat.script.count() > 0).await;
    goes_on(&answer).await;
    let closed = app.patch("/api/v1/widget", json!({"enabled": false})).await;
    assert_eq!(closed.status, StatusCode::OK, "{}", closed.text());
    ends("the answer", answer).await;
}

#[tokio::test]
async fn a_call_ends_when_the_site_key_stops_at_once() {
    let app = TestApp::new().await;
    let server = app.serve(Limits::default()).await;
    let token = visit::token(&app).await;
    let address = format!("ws://{}/api/v1/visit/voice", server.address);
    let (mut socket, _) = connect_async(address).await.unwrap();
    let start = json!({"type": "start", "token": token}).to_string();
    socket.send(Message::Text(start.into())).await.unwrap();
    let renew = async {
        tokio::time::sleep(Duration::from_millis(1200)).await;
        let renewed = app
            .post("/api/v1/widget/site-key", json!({"old_days": 0}))
            .await;
        assert_eq!(renewed.status, StatusCode::OK, "{}", renewed.text());
    };
    let told = async {
        while let Some(Ok(message)) = socket.next().await {
            if let Message::Close(frame) = message {
                return frame.unwrap().reason.to_string();
            }
        }
        "nothing".to_owned()
    };
    let (told, ()) = tokio::time::timeout(PATIENCE * 2, futures::future::join(told, renew))
        .await
        .unwrap();
    assert_eq!(told, "ended by the front desk");
}
