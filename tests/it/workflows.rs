//! `/api/v1/workflows`, and workflows in conversations.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::app::{Reply, TestApp, json_request, request};
use crate::calls::json_put;

async fn put(app: &TestApp, name: &str, body: Value) -> Reply {
    let path = format!("/api/v1/workflows/{name}");
    app.send(json_put(app, &path, body)).await
}

async fn begin(app: &TestApp) -> String {
    let begun = app.post("/api/v1/conversations", json!({})).await;
    begun.json()["id"].as_str().unwrap().to_owned()
}

/// What the assistant answers.
async fn say(app: &TestApp, id: &str, text: &str) -> String {
    let path = format!("/api/v1/conversations/{id}/messages");
    let sent = app
        .send(json_request(
            &app.key,
            &path,
            json!({ "text": text }).to_string(),
        ))
        .await;
    assert!(sent.status.is_success(), "{}", sent.text());
    let one = app.get(&format!("/api/v1/conversations/{id}")).await.json();
    let said = one["transcript"].as_array().unwrap();
    let answered = said.iter().rev().find(|said| said["role"] == "assistant");
    answered.unwrap()["text"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_workflow_is_kept_in_versions_and_deleted() {
    let app = TestApp::new().await;
    let templates = app.get("/api/v1/workflow-templates").await.json();
    assert_eq!(templates["templates"].as_array().unwrap().len(), 6);
    let kept = put(&app, "callback", json!({})).await;
    assert_eq!(kept.status, StatusCode::OK, "{}", kept.text());
    assert_eq!(kept.json()["version"], 1);
    let text = kept.json()["text"]
        .as_str()
        .unwrap()
        .replace("Ask for a call", "Call me");
    let next = put(&app, "callback", json!({ "text": text, "active": false }))
        .await
        .json();
    assert_eq!(
        (&next["version"], &next["title"]),
        (&2.into(), &"Call me".into())
    );
    let whole = app.get("/api/v1/workflows/callback").await.json();
    assert_eq!(whole["versions"].as_array().unwrap().len(), 2);
    let first = app
        .get("/api/v1/workflows/callback/versions/1")
        .await
        .json();
    assert!(first["text"].as_str().unwrap().contains("Ask for a call"));
    let wrong = put(
        &app,
        "callback",
        json!({ "text": "name = \"callback\"\ntitle.en = \"A\"\n[[steps]]\nask = \"b\"\n" }),
    )
    .await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(
        wrong.text().contains("line 3: there is no slot named b"),
        "{}",
        wrong.text()
    );
    let path = "/api/v1/workflows/callback";
    let delete = request(Method::DELETE, path, &app.key)
        .body(Body::empty())
        .unwrap();
    assert_eq!(app.send(delete).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.get(path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_workflow_is_tried_without_doing_anything() {
    let app = TestApp::new().await;
    let templates = app.get("/api/v1/workflow-templates").await.json();
    let all = templates["templates"].as_array().unwrap();
    let text = &all.iter().find(|one| one["name"] == "callback").unwrap()["text"];
    let mut run = Value::Null;
    let mut last = Value::Null;
    for said in [
        "call me back",
        "I am Anna Weber, +49 30 12345678",
        "nothing",
        "yes",
    ] {
        let body = match run.is_null() {
            true => json!({ "text": text, "said": said }),
            false => json!({ "text": text, "said": said, "run": run }),
        };
        last = app.post("/api/v1/workflow-trials", body).await.json();
        run = last["run"].clone();
    }
    assert_eq!(
        (&last["state"], &last["acts"][0]["deed"]["act"]),
        (&"done".into(), &"lead".into())
    );
    let tasks = app.get("/api/v1/tasks").await.json();
    assert!(!tasks.to_string().contains("Anna Weber"));
}

#[tokio::test]
async fn a_conversation_goes_through_a_workflow_and_its_receipt_names_it() {
    let app = TestApp::new().await;
    app.document(
        "default",
        "hours.txt",
        "We are open from 8:00 to 17:00 on Mondays.",
    )
    .await;
    put(&app, "callback", json!({})).await;
    let id = begin(&app).await;
    let asked = say(&app, &id, "Please call me back").await;
    assert!(asked.contains("What telephone number"), "{asked}");
    let between = say(&app, &id, "When are you open on Mondays?").await;
    assert!(between.contains("telephone number"), "{between}");
    let topic = say(
        &app,
        &id,
        "my name is Anna Weber and my number is +49 30 12345678",
    )
    .await;
    assert!(topic.contains("What is it about"), "{topic}");
    let confirm = say(&app, &id, "nothing").await;
    assert!(confirm.contains("Anna Weber"), "{confirm}");
    let done = say(&app, &id, "yes").await;
    assert!(done.contains("somebody will call you"), "{done}");
    let receipts = app.get("/api/v1/receipts?limit=1").await.json();
    assert!(receipts.to_string().contains("workflow"), "{receipts}");
    for _ in 0..50 {
        let tasks = app.get("/api/v1/tasks").await.json();
        if tasks.to_string().contains("Anna Weber") {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("no lead was made");
}

#[tokio::test]
async fn a_workflow_is_cancelled_and_the_ladder_answers_again() {
    let app = TestApp::new().await;
    put(&app, "callback", json!({})).await;
    let id = begin(&app).await;
    say(&app, &id, "Please call me back").await;
    let stopped = say(&app, &id, "never mind, I changed my mind").await;
    assert!(stopped.contains("Nothing was sent"), "{stopped}");
    let after = say(&app, &id, "thank you").await;
    assert!(!after.contains("telephone"), "{after}");
}
