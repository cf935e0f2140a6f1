//! Answers and what is kept of them: conversations, receipts, gaps, golden questions, runs.

use axum::http::header;
use serde_json::json;

use super::seed::{PRICE_QUESTION, UNKNOWN, desk};
use super::settle::{How, hold};
use crate::app::json_request;

#[tokio::test]
async fn questions() {
    let desk = desk().await;
    let price = json!({"question": PRICE_QUESTION});
    desk.post("ask_answer", "/api/v1/ask", price.clone()).await;
    desk.post("ask_refusal", "/api/v1/ask", json!({"question": UNKNOWN}))
        .await;
    let gift = json!({"question": "Do you offer gift cards?"});
    desk.post("ask_faq", "/api/v1/ask", gift).await;
    let mut events = json_request(&desk.app.key, "/api/v1/ask", price.to_string());
    let wanted = "text/event-stream".parse().unwrap();
    events.headers_mut().insert(header::ACCEPT, wanted);
    let events = desk.app.send(events).await;
    hold("ask_events", "POST /api/v1/ask", &events, How::Settled);
    let case = json!({"question": PRICE_QUESTION, "must": [["$89"]]});
    desk.post("evals_ask", "/api/v1/evals/ask", case).await;
}

#[tokio::test]
async fn conversations() {
    let desk = desk().await;
    desk.get("conversations", "/api/v1/conversations").await;
    let one = format!("/api/v1/conversations/{}", desk.conversation);
    desk.get("conversation", &one).await;
    let begun = json!({"title": "Wheels", "visitor": "v2"});
    desk.post("conversation_create", "/api/v1/conversations", begun)
        .await;
    let said = json!({"text": "And wheel truing?", "client_id": "c2"});
    desk.post("conversation_message", &format!("{one}/messages"), said)
        .await;
    let path = format!("{one}/voice-note");
    let note = crate::app::request(axum::http::Method::POST, &path, &desk.app.key);
    let note = desk
        .app
        .send(note.body("RIFF....WAVE".into()).unwrap())
        .await;
    hold(
        "conversation_voice_note",
        &format!("POST {path}"),
        &note,
        How::Settled,
    );
    desk.delete("conversation_erase", &one).await;
}

#[tokio::test]
async fn receipts() {
    let desk = desk().await;
    let one = format!("/api/v1/receipts/{}", desk.answered);
    desk.get("receipts", "/api/v1/receipts").await;
    desk.get("receipts_page", "/api/v1/receipts?limit=1").await;
    desk.get("receipt", &one).await;
    desk.get(
        "receipt_of_refusal",
        &format!("/api/v1/receipts/{}", desk.refused),
    )
    .await;
    desk.get("receipts_jsonl", "/api/v1/receipts/export").await;
    desk.get("receipts_csv", "/api/v1/receipts/export?format=csv")
        .await;
    desk.post("receipt_replay", &format!("{one}/replay"), json!({}))
        .await;
    let bad = json!({"value": -1, "comment": "Too short."});
    desk.post("receipt_rate", &format!("{one}/rating"), bad)
        .await;
    desk.delete("receipt_unrate", &format!("{one}/rating"))
        .await;
}

#[tokio::test]
async fn gaps() {
    let desk = desk().await;
    desk.get("gaps", "/api/v1/gaps").await;
    let one = format!("/api/v1/gaps/{}", desk.refused);
    for what in ["dismiss", "reopen", "answered"] {
        desk.post(&format!("gap_{what}"), &format!("{one}/{what}"), json!({}))
            .await;
    }
    desk.get("gaps_answered", "/api/v1/gaps?state=answered")
        .await;
}

#[tokio::test]
async fn golden_questions() {
    let desk = desk().await;
    let listed = desk.get("golden", "/api/v1/golden").await.json();
    let one = listed["questions"][1]["id"].as_str().unwrap();
    let one = format!("/api/v1/golden/{one}");
    let from = json!({"receipt": desk.refused});
    desk.post("golden_create", "/api/v1/golden", from).await;
    let changed = json!({"expectation": {"answerable": true, "must": [["zebra"]]}});
    desk.put("golden_change", &one, changed).await;
    desk.get("golden_jsonl", "/api/v1/golden/export").await;
    let more = json!({"questions": [{"question": "Cats?", "answerable": false}]});
    desk.post("golden_import", "/api/v1/golden/import", more)
        .await;
    desk.delete("golden_delete", &one).await;
}

#[tokio::test]
async fn runs() {
    let desk = desk().await;
    desk.get("evals", "/api/v1/evals").await;
    let run = desk
        .get("eval", &format!("/api/v1/evals/{}", desk.run))
        .await
        .json();
    desk.post("eval_start", "/api/v1/evals/runs", json!({}))
        .await;
    let kept = json!({"name": "mine", "started_at": 1, "ended_at": 2,
        "figures": run["figures"], "results": run["results"]});
    desk.post("eval_keep", "/api/v1/evals", kept).await;
    desk.get("eval_latest", "/api/v1/evals/latest?name=mine")
        .await;
    let calibrated = json!({"read_threshold": 0.6});
    desk.post("eval_thresholds", "/api/v1/evals/thresholds", calibrated)
        .await;
}
