//! `/api/v1/snippets`.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::app::{Reply, TestApp, request};

const PATH: &str = "/api/v1/snippets";

async fn put(app: &TestApp, id: &str, body: Value) -> Reply {
    let call = request(Method::PUT, &format!("{PATH}/{id}"), &app.key)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()));
    app.send(call.unwrap()).await
}

#[tokio::test]
async fn a_snippet_is_written_changed_and_deleted_like_a_document() {
    let app = TestApp::new().await;
    let made = app
        .post(
            PATH,
            json!({"title": "Parking", "text": "Behind the house."}),
        )
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let id = made.json()["document"].as_str().unwrap().to_owned();
    app.read("default", &id).await;
    let document = app.get(&format!("/api/v1/documents/{id}")).await.json();
    assert_eq!(
        (&document["name"], &document["origin"]),
        (&json!("Parking.md"), &json!("snippet"))
    );
    assert_eq!(document["title"], "Parking");

    let changed = put(
        &app,
        &id,
        json!({"title": "Parking", "text": "In the street."}),
    )
    .await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.text());
    assert_eq!(changed.json()["version"], 2);
    let second = app
        .post(
            PATH,
            json!({"title": "Parking", "text": "Bicycles: in the yard."}),
        )
        .await;
    assert_ne!(second.json()["document"], json!(id));
    let gone = app.delete(&format!("/api/v1/documents/{id}")).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_snippet_needs_a_title_and_a_text_and_no_file_is_one() {
    let app = TestApp::new().await;
    let long = "a".repeat(200_001);
    for (title, text) in [("", "text"), ("title", ""), ("title", &*long)] {
        let reply = app.post(PATH, json!({"title": title, "text": text})).await;
        assert!(reply.status.is_client_error(), "{title} {}", reply.text());
        assert!(!reply.text().contains("internal"), "{}", reply.text());
    }
    let file = app.document("default", "hours.txt", "Open.").await;
    let reply = put(&app, &file, json!({"title": "Hours", "text": "Closed."})).await;
    assert!(reply.status.is_client_error(), "{}", reply.text());
    assert!(reply.text().contains("is a file"), "{}", reply.text());
}
