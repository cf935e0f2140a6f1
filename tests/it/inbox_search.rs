//! Searching the inbox.

use axum::http::StatusCode;
use frontdesk::store::messages::Speaker;
use frontdesk::store::users::Role;
use serde_json::json;

use crate::app::TestApp;
use crate::staff::{Staff, say, talk};

#[tokio::test]
async fn words_are_found_and_shown_where_they_stand() {
    let app = TestApp::new().await;
    let ann = Staff::new(&app, "Ann", Role::Agent).await;
    let id = talk(&app, "default", "Where is order 4711?").await;
    say(&app, id, Speaker::Assistant, "It arrives on Friday.").await;
    let japanese = talk(&app, "default", "配送について教えてください").await;
    talk(&app, "other", "order 4711 elsewhere").await;
    let found = ann.get("/api/v1/inbox?q=4711").await.json();
    let row = &found["conversations"][0];
    assert_eq!(
        (&row["id"], &row["preview"], &row["preview_role"]),
        (
            &json!(id.to_string()),
            &json!("Where is order 4711?"),
            &json!("user")
        )
    );
    assert_eq!(found["conversations"].as_array().unwrap().len(), 1);
    assert_eq!(ann.list("?q=friday").await, [id.to_string()]);
    assert_eq!(
        ann.list("?q=%E9%85%8D%E9%80%81").await,
        [japanese.to_string()]
    );
    ann.act(id, "close", json!({})).await;
    assert_eq!(ann.list("?q=friday").await, [id.to_string()]);
    assert_eq!(ann.list("?q=friday&view=closed").await, [id.to_string()]);
    assert!(ann.list("?q=friday&view=mine").await.is_empty());
}

#[tokio::test]
async fn nothing_that_is_typed_breaks_it() {
    let app = TestApp::new().await;
    let ann = Staff::new(&app, "Ann", Role::Agent).await;
    talk(&app, "default", "Hello").await;
    for typed in [
        "%22",
        "%22%22%22",
        "a%22",
        "NEAR(",
        "text:x",
        "-a",
        "*",
        "%00",
        "%F0%9F%91%8B",
        "'--",
        "%25_",
        "a%20OR",
    ] {
        let reply = ann.get(&format!("/api/v1/inbox?q={typed}")).await;
        assert_eq!(reply.status, StatusCode::OK, "{typed}: {}", reply.text());
    }
    let long = "x".repeat(501);
    let refused = ann.get(&format!("/api/v1/inbox?q={long}")).await;
    assert_eq!(refused.json()["param"], "q");
}
