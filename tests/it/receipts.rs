//! `/api/receipts` and `/api/status`.

use axum::http::StatusCode;
use serde_json::json;

use crate::app::TestApp;

#[tokio::test]
async fn a_receipt_says_what_an_answer_rested_on() {
    let app = TestApp::new().await;
    let answer = app
        .post("/api/ask", json!({"question": "What is there?"}))
        .await
        .json();
    let receipt = app
        .get(&format!(
            "/api/receipts/{}",
            answer["receipt"].as_str().unwrap()
        ))
        .await;
    assert_eq!(receipt.status, StatusCode::OK);
    let receipt = receipt.json();
    assert_eq!(receipt["rung"], answer["rung"]);
    for field in ["passages", "checks", "timings_ms", "tokens", "created_at"] {
        assert!(!receipt[field].is_null(), "{field}: {receipt}");
    }
    assert_eq!(
        app.get("/api/receipts/nonsense").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn the_status_names_the_models() {
    let app = TestApp::new().await;
    let status = app.get("/api/status").await.json();
    assert_eq!(status["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(status["models"]["chat"], "fake-chat");
    assert_eq!(status["models"]["speech"][0], "fake-whisper");
    assert!(status["workers"].is_array());
    let names: Vec<_> = status["protections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| &p["name"])
        .collect();
    assert_eq!(names, ["store_key", "network", "workers"]);
}
