//! `/api/v1/receipts` with rating, replay and export, and `/api/v1/status`.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::fakes::Plan;

const HOURS: &str = "We are open from 8:00 to 17:00 on Mondays.";
const WHEN: &str = "When are you open on Mondays?";

/// Asks; the id of the answer's receipt.
pub async fn ask(app: &TestApp, question: &str) -> String {
    let reply = app.post("/api/v1/ask", json!({"question": question})).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    reply.json()["receipt"].as_str().unwrap().to_owned()
}

/// A desk that knows when it is open, and says so.
async fn desk() -> TestApp {
    let app = TestApp::new().await;
    app.document("default", "hours.txt", HOURS).await;
    app.chat.script.set(Plan::Words(vec![HOURS.to_owned()]));
    app
}

async fn ids(app: &TestApp, query: &str) -> Vec<String> {
    let reply = app.get(&format!("/api/v1/receipts{query}")).await;
    assert_eq!(reply.status, StatusCode::OK, "{query}: {}", reply.text());
    let list = reply.json()["receipts"].as_array().unwrap().clone();
    let id = |receipt: &Value| receipt["id"].as_str().unwrap().to_owned();
    list.iter().map(id).collect()
}

#[tokio::test]
async fn a_receipt_says_what_an_answer_rested_on() {
    let app = desk().await;
    let id = ask(&app, WHEN).await;
    let receipt = app.get(&format!("/api/v1/receipts/{id}")).await;
    assert_eq!(receipt.status, StatusCode::OK);
    let receipt = receipt.json();
    for field in ["passages", "checks", "timings_ms", "tokens", "created_at"] {
        assert!(!receipt[field].is_null(), "{field}: {receipt}");
    }
    assert_eq!(receipt["integrity"], "intact");
    assert_eq!(receipt["link"], "first");
    assert_eq!(receipt["evaluation"], false);
    let cited = &receipt["cited"][0];
    assert_eq!(cited["standing"], "unchanged", "{receipt}");
    assert_eq!(cited["quote"], HOURS);
    assert_eq!(cited["version_number"], 1);
    assert_eq!(cited["file_sha256"].as_str().unwrap().len(), 64);
    let unknown = app.get("/api/v1/receipts/nonsense").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn receipts_are_found_by_what_is_known_of_them() {
    let app = desk().await;
    let answered = ask(&app, WHEN).await;
    let refused = ask(&app, "Zebra xylophone?").await;
    app.post(
        &format!("/api/v1/receipts/{answered}/rating"),
        json!({"value": 1}),
    )
    .await;
    let one = app
        .get(&format!("/api/v1/receipts/{answered}"))
        .await
        .json();
    let document = one["cited"][0]["document"].as_str().unwrap().to_owned();
    let (both, first, second) = (
        vec![refused.clone(), answered.clone()],
        vec![answered.clone()],
        vec![refused.clone()],
    );
    for (query, expected) in [
        (String::new(), &both),
        ("?q=xyloPHONE".into(), &second),
        ("?q=17:00".into(), &first),
        ("?q=%25".into(), &vec![]),
        ("?rung=refusal".into(), &second),
        ("?rating=good".into(), &first),
        ("?rating=bad".into(), &vec![]),
        ("?rating=none".into(), &second),
        (format!("?document={document}"), &first),
        ("?from=2020-01-01&until=2020-12-31".into(), &vec![]),
        ("?from=2020-01-01".into(), &both),
        ("?q=&rung=&from=&limit=1".into(), &second),
    ] {
        assert_eq!(&ids(&app, &query).await, expected, "{query}");
    }
    let page = app.get("/api/v1/receipts?limit=1").await.json();
    let next = format!("?limit=1&before={}", page["next"]);
    assert_eq!(ids(&app, &next).await, first);
    let last = app.get(&format!("/api/v1/receipts{next}")).await.json();
    assert_eq!(last["next"], Value::Null);
    for (query, param) in [
        ("rating=great", "rating"),
        ("from=may", "from"),
        ("document=x", "document"),
        ("before=x", "before"),
    ] {
        let reply = app.get(&format!("/api/v1/receipts?{query}")).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(reply.json()["param"], param);
    }
}

#[tokio::test]
async fn receipts_of_one_workspace_are_not_seen_from_another() {
    let app = desk().await;
    let id = ask(&app, WHEN).await;
    let other = app.workspace("other").await;
    let (key, _) = app.make_key(&["evaluate"], Some(other)).await;
    for path in [
        format!("/api/v1/receipts/{id}/replay"),
        format!("/api/v1/receipts/{id}/rating"),
    ] {
        let reply = app.post_as(&key, &path, json!({"value": 1})).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert!(ids(&app, "?workspace=other").await.is_empty());
    let (chat, _) = app.make_key(&["chat"], None).await;
    let path = format!("/api/v1/receipts/{id}/replay");
    let reply = app.post_as(&chat, &path, json!({})).await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_replay_shows_what_the_document_says_today() {
    let app = desk().await;
    let id = ask(&app, WHEN).await;
    let path = format!("/api/v1/receipts/{id}/replay");
    let same = app.post(&path, json!({})).await;
    assert_eq!(same.status, StatusCode::OK, "{}", same.text());
    let same = same.json();
    assert_eq!(same["differences"], json!([]), "{same}");
    assert_eq!(same["again"]["evaluation"], true);

    let newer = "We are open from 9:00 to 17:00 on Mondays.";
    app.document("default", "hours.txt", newer).await;
    app.chat.script.set(Plan::Words(vec![newer.to_owned()]));
    let changed = app.post(&path, json!({})).await.json();
    let cited = &changed["given"]["cited"][0];
    assert_eq!(cited["standing"], "newer", "{changed}");
    assert_eq!(cited["quote"], HOURS);
    assert_eq!(cited["today"]["quote"], newer);
    assert_eq!(cited["today"]["version_number"], 2);
    let differs: Vec<&Value> = changed["differences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| &d["what"])
        .collect();
    assert!(differs.contains(&&json!("answer")), "{differs:?}");
    assert!(differs.contains(&&json!("sources")), "{differs:?}");

    let document = cited["document"].as_str().unwrap();
    app.delete(&format!("/api/v1/documents/{document}")).await;
    let gone = app.post(&path, json!({})).await.json();
    assert_eq!(gone["given"]["cited"][0]["standing"], "purged");
    assert_eq!(gone["given"]["cited"][0]["version_number"], 1);
    assert_eq!(gone["again"]["rung"], "refusal");
    // Replays are no visitors' questions: neither listed nor gaps.
    assert_eq!(ids(&app, "").await, [id]);
    assert_eq!(ids(&app, "?evaluations=true").await.len(), 4);
    assert_eq!(app.get("/api/v1/gaps").await.json()["gaps"], json!([]));
}

#[tokio::test]
async fn a_follow_up_is_replayed_after_the_same_messages() {
    let app = desk().await;
    let begun = app.post("/api/v1/conversations", json!({})).await.json();
    let messages = format!(
        "/api/v1/conversations/{}/messages",
        begun["id"].as_str().unwrap()
    );
    let mut receipt = String::new();
    for text in [WHEN, "And on Tuesdays?", "Thanks, and on Mondays again?"] {
        let mut request =
            crate::app::json_request(&app.key, &messages, json!({"text": text}).to_string());
        request
            .headers_mut()
            .insert("accept", "application/json".parse().unwrap());
        let answer = app.send(request).await.json();
        if text.starts_with("And") {
            receipt = answer["receipt"].as_str().unwrap().to_owned();
        }
    }
    let before = app.chat.script.count();
    let replay = app
        .post(&format!("/api/v1/receipts/{receipt}/replay"), json!({}))
        .await
        .json();
    assert_eq!(replay["earlier_messages_lost"], 0, "{replay}");
    assert_eq!(replay["again"]["checks"]["earlier_messages"], 2, "{replay}");
    if app.chat.script.count() > before {
        let told = app.chat.script.last();
        let told: Vec<&str> = told.messages.iter().map(|m| m.content.as_str()).collect();
        assert!(told.iter().any(|text| text.contains(WHEN)), "{told:?}");
        assert!(!told.iter().any(|text| text.contains("Thanks")), "{told:?}");
    }
}

#[tokio::test]
async fn an_export_holds_every_receipt_and_no_formula() {
    let app = desk().await;
    for question in ["=1+1, \"quoted\" zebra?", WHEN] {
        ask(&app, question).await;
    }
    let lines = app.get("/api/v1/receipts/export").await;
    assert_eq!(lines.header("content-type"), "application/x-ndjson");
    let lines: Vec<Value> = lines
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(lines[0]["question"], WHEN);
    assert!(lines[0]["passages"]["cited"][0]["sha256"].is_string());
    let table = app
        .get("/api/v1/receipts/export?format=csv&rung=refusal")
        .await;
    assert!(table.header("content-disposition").contains("receipts.csv"));
    let text = table.text();
    assert_eq!(text.lines().count(), 2, "{text}");
    assert!(text.contains("\"'=1+1, \"\"quoted\"\" zebra?\""), "{text}");
    let wrong = app.get("/api/v1/receipts/export?format=xlsx").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_rating_is_kept_changed_and_taken_back() {
    let app = desk().await;
    let id = ask(&app, WHEN).await;
    let path = format!("/api/v1/receipts/{id}/rating");
    for bad in [json!({"value": 2}), json!({"value": 0}), json!({})] {
        assert_eq!(app.post(&path, bad).await.status, StatusCode::BAD_REQUEST);
    }
    let long = json!({"value": 1, "comment": "x".repeat(2001)});
    assert_eq!(app.post(&path, long).await.json()["param"], "comment");
    let rated = json!({"value": -1, "comment": " The holidays are missing. "});
    assert_eq!(app.post(&path, rated).await.status, StatusCode::OK);
    let one = app.get(&format!("/api/v1/receipts/{id}")).await.json();
    assert_eq!(one["rating"], -1);
    assert_eq!(one["comment"], "The holidays are missing.");
    assert_eq!(one["integrity"], "intact", "a rating changes no receipt");
    app.post(&path, json!({"value": 1})).await;
    assert_eq!(ids(&app, "?rating=good").await.len(), 1);
    assert_eq!(app.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(ids(&app, "?rating=any").await.len(), 0);
}

#[tokio::test]
async fn the_status_names_the_models() {
    let app = TestApp::new().await;
    let status = app.get("/api/v1/status").await.json();
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
    let expected = [
        "store_key",
        "memory",
        "database",
        "receipts",
        "backups",
        "network",
        "egress",
        "workers",
    ];
    assert_eq!(names, expected);
}
