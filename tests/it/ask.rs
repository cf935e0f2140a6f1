//! `POST /api/v1/ask`.

use axum::http::StatusCode;
use frontdesk::llm::LlmError;
use serde_json::{Value, json};

use crate::app::{TestApp, json_request};
use crate::fakes::Plan;

#[tokio::test]
async fn a_question_is_answered_with_a_receipt() {
    let app = TestApp::new().await;
    app.document(
        "default",
        "hours.txt",
        "We are open from 8:00 to 17:00 on Mondays.",
    )
    .await;
    let reply = app
        .post(
            "/api/v1/ask",
            json!({"question": "When are you open on Mondays?"}),
        )
        .await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    let answer = reply.json();
    assert!(!answer["answer"].as_str().unwrap().is_empty());
    assert!(answer["rung"].is_string() && answer["citations"].is_array());
    let receipt = app
        .get(&format!(
            "/api/v1/receipts/{}",
            answer["receipt"].as_str().unwrap()
        ))
        .await;
    assert_eq!(receipt.json()["answer"], answer["answer"]);
}

#[tokio::test]
async fn the_answer_can_come_as_events() {
    let app = TestApp::new().await;
    app.document(
        "default",
        "hours.txt",
        "We are open from 8:00 to 17:00 on Mondays.",
    )
    .await;
    let body = json!({"question": "When are you open?", "assistant": "desk"}).to_string();
    let mut request = json_request(&app.key, "/api/v1/ask", body);
    request
        .headers_mut()
        .insert("accept", "text/event-stream".parse().unwrap());
    let events = app.send(request).await.events();
    let (last, before) = events.split_last().unwrap();
    assert_eq!(last.0, "done");
    let done: Value = serde_json::from_str(&last.1).unwrap();
    assert!(done["receipt"].is_string(), "{done}");
    assert!(
        before
            .iter()
            .all(|(name, _)| ["citations", "delta"].contains(&name.as_str()))
    );
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let app = TestApp::new().await;
    for (body, param) in [
        (json!({}), "question"),
        (json!({"question": ""}), "question"),
        (json!({"question": 5}), "question"),
        (json!({"question": "x".repeat(8001)}), "question"),
    ] {
        let reply = app.post("/api/v1/ask", body).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST);
        assert_eq!(reply.json()["param"], param);
    }
    for body in [
        json!({"question": "x", "workspace": "nowhere"}),
        json!({"question": "x", "assistant": "nobody"}),
    ] {
        assert_eq!(
            app.post("/api/v1/ask", body).await.status,
            StatusCode::NOT_FOUND
        );
    }
}

#[tokio::test]
async fn a_model_that_is_away_does_not_break_the_api() {
    let app = TestApp::new().await;
    app.chat.script.set(Plan::Refuse(LlmError::Unavailable(
        "the model is loading".into(),
    )));
    let reply = app
        .post(
            "/api/v1/ask",
            json!({"question": "Tell me about the moon."}),
        )
        .await;
    // Rungs that need no model go on answering; a turn that failed is a 503 with a sentence.
    match reply.status {
        StatusCode::OK => assert_ne!(reply.json()["rung"], "model"),
        status => assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{}", reply.text()),
    }
}
