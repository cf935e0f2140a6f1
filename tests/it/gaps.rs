//! `/api/v1/gaps`.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::fakes::Plan;
use crate::receipts::ask;
use frontdesk::store::ReceiptId;

async fn groups(app: &TestApp, query: &str) -> Vec<(String, u64)> {
    let reply = app.get(&format!("/api/v1/gaps{query}")).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    let gaps = reply.json()["gaps"].as_array().unwrap().clone();
    let pair = |gap: &Value| {
        let question = gap["question"].as_str().unwrap().to_owned();
        (question, gap["count"].as_u64().unwrap())
    };
    gaps.iter().map(pair).collect()
}

#[tokio::test]
async fn unanswered_questions_come_together() {
    let app = TestApp::new().await;
    assert!(groups(&app, "").await.is_empty());
    for question in [
        "Do you rent electric bikes?",
        "Where can I park?",
        "Do you rent electric bikes today?",
        "do you rent electric bikes?",
    ] {
        ask(&app, question).await;
    }
    let found = groups(&app, "").await;
    assert_eq!(found[0], ("Do you rent electric bikes?".into(), 3));
    assert_eq!(found[1], ("Where can I park?".into(), 1));
    let (key, _) = app.make_key(&["chat"], None).await;
    let request = crate::app::request(axum::http::Method::GET, "/api/v1/gaps", &key);
    let refused = app
        .send(request.body(axum::body::Body::empty()).unwrap())
        .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_group_is_dismissed_and_brought_back() {
    let app = TestApp::new().await;
    ask(&app, "Do you rent electric bikes?").await;
    let second = ask(&app, "do you rent electric bikes?").await;
    ask(&app, "Where can I park?").await;
    let settled = app
        .post(&format!("/api/v1/gaps/{second}/dismiss"), json!({}))
        .await;
    assert_eq!(settled.status, StatusCode::OK, "{}", settled.text());
    assert_eq!(settled.json()["receipts"].as_array().unwrap().len(), 2);
    assert_eq!(groups(&app, "").await, [("Where can I park?".into(), 1)]);
    assert_eq!(groups(&app, "?state=dismissed").await.len(), 1);
    let again = app
        .post(&format!("/api/v1/gaps/{second}/dismiss"), json!({}))
        .await;
    assert_eq!(again.status, StatusCode::NOT_FOUND, "it is not open");
    app.post(&format!("/api/v1/gaps/{second}/reopen"), json!({}))
        .await;
    assert_eq!(groups(&app, "").await.len(), 2);
    app.post(&format!("/api/v1/gaps/{second}/answered"), json!({}))
        .await;
    assert_eq!(groups(&app, "?state=answered").await[0].1, 2);
    let unknown = app.get("/api/v1/gaps?state=lost").await;
    assert_eq!(unknown.json()["param"], "state");
}

#[tokio::test]
async fn a_bad_rating_makes_a_gap_until_it_is_changed() {
    let app = TestApp::new().await;
    let hours = "We are open from 8:00 to 17:00 on Mondays.";
    app.document("default", "hours.txt", hours).await;
    app.chat.script.set(Plan::Words(vec![hours.to_owned()]));
    let id = ask(&app, "When are you open on Mondays?").await;
    assert!(groups(&app, "").await.is_empty());
    let path = format!("/api/v1/receipts/{id}/rating");
    app.post(&path, json!({"value": -1})).await;
    let gaps = app.get("/api/v1/gaps").await.json();
    assert_eq!(gaps["gaps"][0]["rated_bad"], 1, "{gaps}");
    assert_eq!(gaps["gaps"][0]["examples"][0]["receipt"], *id);
    app.post(&path, json!({"value": 1})).await;
    assert!(groups(&app, "").await.is_empty());
    app.post(&path, json!({"value": -1})).await;
    app.delete(&path).await;
    assert!(groups(&app, "").await.is_empty());
    // A refusal stays a gap whatever its rating.
    let refused = ask(&app, "Zebra xylophone?").await;
    app.post(
        &format!("/api/v1/receipts/{refused}/rating"),
        json!({"value": 1}),
    )
    .await;
    assert_eq!(groups(&app, "").await.len(), 1);
}

#[tokio::test]
async fn one_answer_closes_all_gaps_that_it_was_written_for() {
    let app = TestApp::new().await;
    let first = ask(&app, "Do you rent electric bikes?").await;
    let second = ask(&app, "do you rent electric bikes?").await;
    ask(&app, "Where can I park?").await;
    let unknown = ReceiptId::new().to_string();
    let faq = json!({"questions": ["Do you rent electric bikes?"], "answer": "No.",
        "gaps": [first, second, unknown]});
    let made = app.post("/api/v1/faqs", faq).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    assert_eq!(groups(&app, "").await, [("Where can I park?".into(), 1)]);
    assert_eq!(groups(&app, "?state=answered").await[0].1, 2);
}

#[tokio::test]
async fn the_gap_of_a_follow_up_says_what_it_is_about() {
    let app = TestApp::new().await;
    let begun = app.post("/api/v1/conversations", json!({})).await.json();
    let path = format!(
        "/api/v1/conversations/{}/messages",
        begun["id"].as_str().unwrap()
    );
    for text in ["Do you rent electric bikes?", "And scooters?"] {
        let reply = app.post(&path, json!({"text": text})).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    }
    let found = groups(&app, "").await;
    let follow_up = "Do you rent electric bikes? · And scooters?";
    assert!(
        found.iter().any(|(question, _)| question == follow_up)
            || app.get("/api/v1/gaps").await.text().contains(follow_up),
        "{found:?}"
    );
}

#[tokio::test]
async fn a_question_with_a_set_clock_is_a_test_and_no_gap() {
    let app = TestApp::new().await;
    let body = json!({"question": "Zebra xylophone?", "metadata": {"now": "2026-12-24T10:00:00Z"}});
    let receipt = app.post("/api/v1/ask", body).await.json()["receipt"].clone();
    assert!(groups(&app, "").await.is_empty());
    let id = receipt.as_str().unwrap();
    let one = app.get(&format!("/api/v1/receipts/{id}")).await.json();
    assert_eq!(one["evaluation"], true);
    assert_eq!(one["checks"]["now"], "2026-12-24T10:00:00Z");
    app.post(
        &format!("/api/v1/receipts/{id}/rating"),
        json!({"value": -1}),
    )
    .await;
    assert!(groups(&app, "").await.is_empty());
}
