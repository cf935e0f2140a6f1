//! `/v1/embeddings`.

use axum::http::StatusCode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::app::TestApp;

const PATH: &str = "/v1/embeddings";

fn floats(value: &Value) -> Vec<f32> {
    value
        .as_array()
        .unwrap()
        .iter()
        .map(|x| x.as_f64().unwrap() as f32)
        .collect()
}

#[tokio::test]
async fn one_vector_per_text_in_order() {
    let app = TestApp::new().await;
    let input = json!(["opening hours", "price list"]);
    let reply = app
        .post(PATH, json!({"model": "fake-embedder", "input": input}))
        .await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    let body = reply.json();
    assert_eq!(body["object"], "list");
    assert_eq!(body["data"].as_array().unwrap().len(), 2);
    assert_eq!(body["data"][1]["index"], 1);
    assert_eq!(body["usage"]["prompt_tokens"], 4);
    let single = app
        .post(PATH, json!({"model": "default", "input": "price list"}))
        .await
        .json();
    assert_eq!(single["data"][0]["embedding"], body["data"][1]["embedding"]);
    assert_ne!(body["data"][0]["embedding"], body["data"][1]["embedding"]);
}

#[tokio::test]
async fn base64_holds_the_same_numbers() {
    let app = TestApp::new().await;
    let ask = |format: &str| json!({"model": "default", "input": "x y", "encoding_format": format});
    let plain = app.post(PATH, ask("float")).await.json();
    let packed = app.post(PATH, ask("base64")).await.json();
    let bytes = STANDARD
        .decode(packed["data"][0]["embedding"].as_str().unwrap())
        .unwrap();
    let unpacked: Vec<f32> = bytes
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
        .collect();
    assert_eq!(unpacked, floats(&plain["data"][0]["embedding"]));
}

#[tokio::test]
async fn fewer_dimensions_keep_length_one() {
    let app = TestApp::new().await;
    let body = json!({"model": "default", "input": "the quick brown fox jumps over one lazy dog while nobody looks at all", "dimensions": 32});
    let vector = floats(&app.post(PATH, body).await.json()["data"][0]["embedding"]);
    assert_eq!(vector.len(), 32);
    assert!((vector.iter().map(|x| x * x).sum::<f32>() - 1.0).abs() < 1e-5);
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let app = TestApp::new().await;
    let many = vec!["x"; 2049];
    let cases = [
        (json!([]), "input"),
        (json!(""), "input"),
        (json!(["a", ""]), "input"),
        (json!([1, 2, 3]), "input"),
        (json!([[1, 2], [3]]), "input"),
        (json!({"a": 1}), "input"),
        (json!(many), "input"),
    ];
    for (input, param) in cases {
        let reply = app
            .post(PATH, json!({"model": "default", "input": input}))
            .await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST);
        assert_eq!(reply.json()["error"]["param"], param);
    }
    for dimensions in [0, 65] {
        let body = json!({"model": "default", "input": "x", "dimensions": dimensions});
        let reply = app.post(PATH, body).await;
        assert_eq!(reply.json()["error"]["param"], "dimensions");
    }
    let tokens = app
        .post(PATH, json!({"model": "default", "input": [1, 2]}))
        .await;
    assert!(tokens.text().contains("must be text"));
    let model = app
        .post(PATH, json!({"model": "text-embedding-9", "input": "x"}))
        .await;
    assert_eq!(model.status, StatusCode::NOT_FOUND);
    assert_eq!(model.json()["error"]["code"], "model_not_found");
}
