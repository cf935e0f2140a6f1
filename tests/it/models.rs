//! `/v1/models`.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::Value;

use crate::app::{TestApp, request};

fn ids(list: &Value) -> Vec<String> {
    let data = list["data"].as_array().unwrap().iter();
    data.map(|model| model["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn models_and_assistants_are_listed() {
    let app = TestApp::new().await;
    app.workspace("clinic").await;
    let ids = ids(&app.get("/v1/models").await.json());
    for id in [
        "fake-chat",
        "fake-embedder",
        "fake-whisper",
        "assistant:desk",
        "assistant:clinic/desk",
    ] {
        assert!(
            ids.iter().any(|known| known == id),
            "{id} is not in {ids:?}"
        );
    }
    for id in &ids {
        let model = app.get(&format!("/v1/models/{id}")).await;
        assert_eq!(model.status, StatusCode::OK, "{id}");
        assert_eq!(
            (&model.json()["id"], &model.json()["object"]),
            (&Value::from(&**id), &"model".into())
        );
    }
    let encoded = app.get("/v1/models/assistant%3Aclinic%2Fdesk").await;
    assert_eq!(encoded.json()["id"], "assistant:clinic/desk");
    assert_eq!(app.get("/v1/models/default").await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_unknown_model_is_404_and_names_the_others() {
    let app = TestApp::new().await;
    let reply = app.get("/v1/models/gpt-9").await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    assert_eq!(reply.json()["error"]["code"], "model_not_found");
    assert!(reply.text().contains("fake-chat"));
}

#[tokio::test]
async fn a_key_sees_only_what_it_may_use() {
    let app = TestApp::new().await;
    let mine = app.workspace("mine").await;
    app.workspace("theirs").await;
    let list = |key: String| {
        request(Method::GET, "/v1/models", &key)
            .body(Body::empty())
            .unwrap()
    };
    let (key, _) = app.make_key(&["audio"], None).await;
    assert_eq!(
        ids(&app.send(list(key)).await.json()),
        ["fake-whisper", "fake-voice"]
    );
    let (key, _) = app.make_key(&["chat"], Some(mine)).await;
    let seen = ids(&app.send(list(key)).await.json());
    assert!(seen.contains(&"assistant:desk".to_owned()));
    assert!(seen.iter().all(|id| !id.contains('/')), "{seen:?}");
}
