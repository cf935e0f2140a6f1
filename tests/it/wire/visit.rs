//! What visitors get: the widget's settings, the chat, and the socket of a call.

use axum::http::Method;
use serde_json::{Value, json};

use super::seed::{Desk, PRICE_QUESTION, UNKNOWN, desk};
use super::settle::{How, hold, hold_messages};
use crate::app::{Reply, json_request, request};
use crate::voice_ws::Browser;
use frontdesk::http::server::Limits;
use frontdesk::store::workspaces;

async fn write(desk: &Desk, name: &str, text: &str) -> Reply {
    let path = "/api/v1/visit/messages";
    let reply = desk
        .app
        .post_as(&desk.visitor, path, json!({"text": text}))
        .await;
    hold(name, &format!("POST {path}"), &reply, How::Settled);
    reply
}

#[tokio::test]
async fn chat() {
    let desk = desk().await;
    let site = desk.app.get("/api/v1/widget").await.json()["site"].clone();
    let begin = |body: Value| {
        desk.app
            .send(json_request("", "/api/v1/visit", body.to_string()))
    };
    let begun = begin(json!({"site": site})).await;
    hold("visit", "POST /api/v1/visit", &begun, How::Settled);
    let again = begin(json!({"site": site, "token": desk.visitor})).await;
    hold("visit_resumed", "POST /api/v1/visit", &again, How::Settled);
    let unknown = begin(json!({"site": "fd_site_0000"})).await;
    hold(
        "visit_unknown",
        "POST /api/v1/visit",
        &unknown,
        How::Settled,
    );
    write(&desk, "visit_answer", PRICE_QUESTION).await;
    write(&desk, "visit_refusal", UNKNOWN).await;
    let path = "/api/v1/visit/voice-note";
    let note = request(Method::POST, path, &desk.visitor).header("content-type", "audio/webm");
    let note = desk
        .app
        .send(note.body("RIFF....WAVE".into()).unwrap())
        .await;
    hold(
        "visit_voice_note",
        &format!("POST {path}"),
        &note,
        How::Settled,
    );
    let path = "/api/v1/visit/messages";
    let said = request(Method::GET, path, &desk.visitor);
    let said = desk.app.send(said.body(axum::body::Body::empty()).unwrap());
    hold(
        "visit_messages",
        &format!("GET {path}"),
        &said.await,
        How::Settled,
    );
    set(&desk, "widget", json!({"enabled": false})).await;
    let closed = begin(json!({"site": site})).await;
    hold("visit_closed", "POST /api/v1/visit", &closed, How::Settled);
}

async fn set(desk: &Desk, section: &'static str, settings: Value) {
    let workspace = desk.app.workspace("default").await;
    let set = desk
        .app
        .app
        .store
        .write(move |tx| workspaces::set_section(tx, workspace, section, &settings));
    set.await.unwrap();
}

/// Messages up to the one of this kind, in their order.
async fn until(browser: &mut Browser, kind: &str) -> Vec<Value> {
    let mut messages = Vec::new();
    while let Some(message) = browser.next().await {
        let last = message["type"] == kind;
        messages.push(message);
        if last {
            return messages;
        }
    }
    panic!("closed before {kind}: {messages:?}")
}

/// Without the phases and the sound, whose order beside the rest is a matter of time.
fn said(messages: Vec<Value>) -> Vec<Value> {
    let is_said = |message: &Value| message["type"] != "phase";
    messages.into_iter().filter(is_said).collect()
}

/// The answer to a question that is typed during a call, with what comes before and after it.
async fn typed(browser: &mut Browser, question: &str) -> Vec<Value> {
    browser.say(json!({"type": "text", "text": question})).await;
    let mut messages = until(browser, "answer").await;
    messages.extend(until(browser, "audio_end").await);
    said(messages)
}

#[tokio::test]
async fn a_call() {
    let desk = desk().await;
    let server = desk.app.serve(Limits::default()).await;
    let mut browser = Browser::connect(&server, &[]).await.unwrap();
    let start = json!({"type": "start", "token": desk.visitor});
    browser.say(start).await;
    let ready = until(&mut browser, "ready").await;
    hold_messages("call_ready", &ready);
    let greeting = until(&mut browser, "audio_end").await;
    hold_messages("call_greeting", &said(greeting));
    let answer = typed(&mut browser, PRICE_QUESTION).await;
    hold_messages("call_answer", &answer);
    let refusal = typed(&mut browser, UNKNOWN).await;
    hold_messages("call_refusal", &refusal);
    let related = json!({"read_threshold": 1.1, "related_threshold": 0.0});
    desk.app.reader.mark(&[("$89", 12.0)]);
    set(&desk, "answers", related).await;
    let related = typed(&mut browser, PRICE_QUESTION).await;
    hold_messages("call_related", &related);
    browser.say(json!({"type": "dance"})).await;
    let wrong = until(&mut browser, "error").await;
    hold_messages("call_error", &said(wrong));
    browser.say(json!({"type": "hangup"})).await;
    let end = until(&mut browser, "ended").await;
    hold_messages("call_ended", &said(end));
}

#[tokio::test]
async fn a_call_of_the_staff() {
    let desk = desk().await;
    let server = desk.app.serve(Limits::default()).await;
    let key = format!("Bearer {}", desk.app.key);
    let headers = [("authorization", key.as_str())];
    let mut browser = Browser::connect(&server, &headers).await.unwrap();
    browser.say(json!({"type": "start"})).await;
    let ready = until(&mut browser, "ready").await;
    hold_messages("call_of_staff_ready", &ready);
    until(&mut browser, "audio_end").await;
    let answer = typed(&mut browser, PRICE_QUESTION).await;
    hold_messages("call_of_staff_answer", &answer);
}

#[tokio::test]
async fn a_spoken_turn() {
    let desk = desk().await;
    desk.app.ears.will_hear(&[PRICE_QUESTION]);
    let server = desk.app.serve(Limits::default()).await;
    let mut browser = Browser::connect(&server, &[]).await.unwrap();
    let start = json!({"type": "start", "token": desk.visitor});
    browser.say(start).await;
    until(&mut browser, "ready").await;
    browser.speak(200, false).await;
    browser.say(json!({"type": "talk", "on": true})).await;
    browser.speak(1200, true).await;
    browser.say(json!({"type": "talk", "on": false})).await;
    browser.speak(1000, false).await;
    let mut messages = until(&mut browser, "heard").await;
    let heard = messages.split_off(messages.len() - 1);
    hold_messages("call_heard", &heard);
    let phase = until(&mut browser, "phase").await;
    hold_messages("call_phase", &phase[phase.len() - 1..]);
    let mut refused = Browser::connect(&server, &[]).await.unwrap();
    refused
        .say(json!({"type": "start", "token": "fd_visit_0000"}))
        .await;
    hold_messages("call_refused", &until(&mut refused, "error").await);
}
