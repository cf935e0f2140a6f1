//! `/api/v1/synonyms`.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::app::{ALL_SCOPES, Reply, TestApp, request};

async fn put(app: &TestApp, key: &str, body: Value) -> Reply {
    let put =
        request(Method::PUT, "/api/v1/synonyms", key).header("content-type", "application/json");
    app.send(put.body(body.to_string().into()).unwrap()).await
}

#[tokio::test]
async fn synonyms_are_kept_tidy_and_apart() {
    let app = TestApp::new().await;
    let (mine, theirs) = (app.workspace("mine").await, app.workspace("theirs").await);
    let (key, _) = app.make_key(&ALL_SCOPES, Some(mine)).await;
    let (other, _) = app.make_key(&ALL_SCOPES, Some(theirs)).await;
    let kept = put(
        &app,
        &key,
        json!({"groups": [[" braces ", "aligners"], ["alone"]]}),
    )
    .await;
    assert_eq!(kept.status, StatusCode::OK, "{}", kept.text());
    assert_eq!(kept.json(), json!({"groups": [["braces", "aligners"]]}));
    let get = |key: &str| {
        let get = request(Method::GET, "/api/v1/synonyms", key);
        get.body(axum::body::Body::empty()).unwrap()
    };
    assert_eq!(app.send(get(&key)).await.json(), kept.json());
    assert_eq!(app.send(get(&other)).await.json(), json!({"groups": []}));
    let (chat_only, _) = app.make_key(&["chat"], Some(mine)).await;
    assert_eq!(
        app.send(get(&chat_only)).await.status,
        StatusCode::FORBIDDEN
    );
    for wrong in [
        json!({"groups": [["x".repeat(61), "y"]]}),
        json!({"groups": "x"}),
        json!({}),
    ] {
        assert_eq!(put(&app, &key, wrong).await.status, StatusCode::BAD_REQUEST);
    }
}
