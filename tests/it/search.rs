//! `POST /api/v1/search`.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::app::TestApp;

const PUBLIC: &str = "The workshop repairs bicycles from Monday to Friday.";
const STAFF: &str = "The workshop's margin on bicycles is 31 percent.";

/// An application with a document for everybody and one for staff; the ids of both.
async fn with_documents() -> (TestApp, String, String) {
    let app = TestApp::new().await;
    let public = app.document("default", "workshop.txt", PUBLIC).await;
    let staff = app.document("default", "margin.txt", STAFF).await;
    let path = format!("/api/v1/documents/{staff}");
    let kept = app.patch(&path, json!({"staff_only": true})).await;
    assert_eq!(kept.status, StatusCode::NO_CONTENT, "{}", kept.text());
    (app, public, staff)
}

fn documents(found: &Value) -> Vec<&str> {
    let passages = found["passages"].as_array().unwrap().iter();
    passages
        .map(|passage| passage["document"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn passages_have_document_span_and_score() {
    let (app, public, _) = with_documents().await;
    let body = json!({"query": "When does the workshop repair bicycles?", "view": "visitors"});
    let reply = app.post("/api/v1/search", body).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    let found = reply.json();
    assert_eq!(documents(&found), [public.as_str()]);
    let passage = &found["passages"][0];
    let score = passage["score"].as_f64().unwrap();
    assert!(score > 0.0 && score <= 1.0, "{passage}");
    let path = format!("/api/v1/documents/{public}/text");
    let text = app.get(&path).await.json();
    assert_eq!(text["version"], passage["version"]);
    let at = |end: usize| usize::try_from(passage["span"][end].as_u64().unwrap()).unwrap();
    let text = text["text"].as_str().unwrap();
    assert_eq!(passage["text"], text[at(0)..at(1)]);
}

#[tokio::test]
async fn documents_for_staff_are_found_by_those_who_may_read_them() {
    let (app, public, staff) = with_documents().await;
    let query = json!({"query": "the workshop's bicycles"});
    let all = app.post("/api/v1/search", query.clone()).await.json();
    assert_eq!(all["view"], "staff");
    let (all, both) = (documents(&all), [public.as_str(), staff.as_str()]);
    assert!(both.iter().all(|id| all.contains(id)), "{all:?}");
    // A key that may not read documents gets what visitors get, and may not ask for more.
    let (key, _) = app.make_key(&["chat"], None).await;
    let found = app.post_as(&key, "/api/v1/search", query.clone()).await;
    assert_eq!(documents(&found.json()), [public.as_str()]);
    let more = json!({"query": "margin", "view": "staff"});
    let refused = app.post_as(&key, "/api/v1/search", more).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let (key, _) = app.make_key(&["audio"], None).await;
    let refused = app.post_as(&key, "/api/v1/search", query).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn another_workspace_is_not_searched() {
    let (app, ..) = with_documents().await;
    let other = app.workspace("other").await;
    let (key, _) = app.make_key(&["documents"], Some(other)).await;
    let query = json!({"query": "the workshop's bicycles"});
    let found = app.post_as(&key, "/api/v1/search", query.clone()).await;
    assert!(documents(&found.json()).is_empty());
    let path = "/api/v1/search?workspace=default";
    let refused = app.post_as(&key, path, query).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_is_wrong_with_a_search_is_named() {
    let app = TestApp::new().await;
    for (body, param) in [
        (json!({}), "query"),
        (json!({"query": "  "}), "query"),
        (json!({"query": "x".repeat(8001)}), "query"),
        (json!({"query": "x", "limit": 0}), "limit"),
        (json!({"query": "x", "limit": 51}), "limit"),
        (json!({"query": "x", "limit": -1}), "limit"),
        (json!({"query": "x", "view": "everything"}), "view"),
    ] {
        let reply = app.post("/api/v1/search", body).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{}", reply.text());
        assert_eq!(reply.json()["param"], param);
    }
}
