//! `/api/v1/golden`.

use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::app::{Reply, TestApp, request};
use crate::fakes::Plan;
use crate::receipts::ask;

async fn all(app: &TestApp) -> Vec<Value> {
    let list = app.get("/api/v1/golden").await.json();
    list["questions"].as_array().unwrap().clone()
}

async fn put(app: &TestApp, path: &str, body: Value) -> Reply {
    let request = request(Method::PUT, path, &app.key)
        .header(header::CONTENT_TYPE, "application/json")
        .body(body.to_string().into())
        .unwrap();
    app.send(request).await
}

#[tokio::test]
async fn a_real_answer_becomes_a_golden_question() {
    let app = TestApp::new().await;
    let price = "A full service costs $89 and takes two days.";
    app.document("default", "prices.txt", price).await;
    app.chat.script.set(Plan::Words(vec![price.to_owned()]));
    let answered = ask(&app, "What does a full service cost?").await;
    let made = app
        .post("/api/v1/golden", json!({"receipt": answered}))
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let made = made.json();
    assert_eq!(made["question"], "What does a full service cost?");
    assert_eq!(made["receipt"], *answered);
    let expected = &made["expectation"];
    assert_eq!(expected["answerable"], true);
    assert_eq!(expected["must"], json!([["$89"]]));
    assert_eq!(expected["source"], "prices.txt");

    let refused = ask(&app, "Zebra xylophone?").await;
    let made = app
        .post("/api/v1/golden", json!({"receipt": refused}))
        .await;
    assert_eq!(made.json()["expectation"], json!({"answerable": false}));
    // The golden question outlives its receipt.
    assert_eq!(all(&app).await.len(), 2);
}

#[tokio::test]
async fn golden_questions_are_changed_and_deleted() {
    let app = TestApp::new().await;
    let body = json!({"question": "Open?", "expectation": {"answerable": true, "must": [["8"]]}});
    let made = app.post("/api/v1/golden", body).await.json();
    let path = format!("/api/v1/golden/{}", made["id"].as_str().unwrap());
    let changed = put(&app, &path, json!({"expectation": {"answerable": false}})).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text());
    assert_eq!(changed.json()["question"], "Open?");
    assert_eq!(
        all(&app).await[0]["expectation"],
        json!({"answerable": false})
    );
    assert_eq!(app.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.delete(&path).await.status, StatusCode::NOT_FOUND);
    assert!(all(&app).await.is_empty());
}

#[tokio::test]
async fn what_nothing_can_be_graded_by_is_refused() {
    let app = TestApp::new().await;
    for (body, param) in [
        (json!({}), "question"),
        (json!({"question": "?"}), "expectation"),
        (json!({"question": " ", "expectation": {}}), "question"),
        (json!({"question": "?", "expectation": []}), "expectation"),
        (
            json!({"question": "?", "expectation": {"answerable": 1}}),
            "expectation",
        ),
        (
            json!({"question": "?", "expectation": {"must": ["8"]}}),
            "expectation",
        ),
        (
            json!({"question": "?", "expectation": {"answers": "8"}}),
            "expectation",
        ),
    ] {
        let reply = app.post("/api/v1/golden", body.clone()).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(reply.json()["param"], param, "{body}");
    }
    let reply = app.post("/api/v1/golden", json!({"receipt": "x"})).await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_export_can_be_imported_again() {
    let app = TestApp::new().await;
    let questions = json!([
        {"id": "a", "question": "Open?", "answerable": true, "must": [["8", "eight"]], "kind": "hours"},
        {"question": "Cats?", "answerable": false},
    ]);
    let imported = app
        .post("/api/v1/golden/import", json!({"questions": questions}))
        .await;
    assert_eq!(imported.json(), json!({"imported": 2, "known": 0}));
    let file = app.get("/api/v1/golden/export").await;
    let lines: Vec<Value> = file
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["kind"], "hours");
    assert_eq!(lines[1]["answerable"], false);
    let again = app
        .post("/api/v1/golden/import", json!({"questions": lines}))
        .await;
    assert_eq!(again.json(), json!({"imported": 0, "known": 2}));
    let bad = json!({"questions": [{"question": "fine"}, {"answer": "no question"}]});
    let refused = app.post("/api/v1/golden/import", bad).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert_eq!(refused.json()["param"], "questions[1]");
    assert_eq!(all(&app).await.len(), 2, "nothing of a bad file is taken");
}
