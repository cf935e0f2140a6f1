//! `/api/v1/conversations`.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::app::{Reply, TestApp, json_request};

async fn begin(app: &TestApp) -> String {
    let begun = app
        .post(
            "/api/v1/conversations",
            json!({"title": "Hours", "visitor": "v1"}),
        )
        .await;
    assert_eq!(begun.status, StatusCode::CREATED, "{}", begun.text());
    begun.json()["id"].as_str().unwrap().to_owned()
}

async fn say(app: &TestApp, id: &str, body: Value) -> Reply {
    let path = format!("/api/v1/conversations/{id}/messages");
    let mut request = json_request(&app.key, &path, body.to_string());
    request
        .headers_mut()
        .insert("accept", "text/event-stream".parse().unwrap());
    app.send(request).await
}

#[tokio::test]
async fn what_is_said_is_kept() {
    let app = TestApp::new().await;
    app.document(
        "default",
        "hours.txt",
        "We are open from 8:00 to 17:00 on Mondays.",
    )
    .await;
    let id = begin(&app).await;
    let events = say(
        &app,
        &id,
        json!({"text": "When are you open?", "client_id": "c1"}),
    )
    .await
    .events();
    assert_eq!(events.last().unwrap().0, "done");
    let one = app.get(&format!("/api/v1/conversations/{id}")).await.json();
    assert_eq!(
        (&one["title"], &one["channel"]),
        (&"Hours".into(), &"api".into())
    );
    let said = one["transcript"].as_array().unwrap();
    assert_eq!(said[0]["role"], "user");
    assert_eq!(said[0]["text"], "When are you open?");
    assert_eq!(said[0]["client_id"], "c1");
    let list = app.get("/api/v1/conversations?limit=10").await.json();
    assert_eq!(list["conversations"][0]["id"], *id);
}

#[tokio::test]
async fn a_message_sent_twice_is_kept_once() {
    let app = TestApp::new().await;
    let id = begin(&app).await;
    let message = json!({"text": "Hello?", "client_id": "c1"});
    say(&app, &id, message.clone()).await;
    say(&app, &id, message).await;
    let one = app.get(&format!("/api/v1/conversations/{id}")).await.json();
    let said = one["transcript"].as_array().unwrap().iter();
    assert_eq!(said.filter(|message| message["role"] == "user").count(), 1);
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let app = TestApp::new().await;
    let id = begin(&app).await;
    for (body, param) in [
        (json!({}), "text"),
        (json!({"text": " "}), "text"),
        (
            json!({"text": "x", "client_id": "y".repeat(101)}),
            "client_id",
        ),
    ] {
        let reply = say(&app, &id, body).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST);
        assert_eq!(reply.json()["param"], param);
    }
    let absent = "01890000-0000-7000-8000-000000000000";
    assert_eq!(
        say(&app, absent, json!({"text": "x"})).await.status,
        StatusCode::NOT_FOUND
    );
    let nobody = app
        .post("/api/v1/conversations", json!({"assistant": "nobody"}))
        .await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
}
