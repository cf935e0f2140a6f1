//! `/healthz`, `/readyz`, `/metrics`.

use std::sync::atomic::Ordering;

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::json;

use crate::app::{TestApp, request};

#[tokio::test]
async fn up_and_ready_need_no_key() {
    let app = TestApp::new().await;
    crate::app::eventually("the index is filled", || app.app.knowledge.is_complete()).await;
    for path in ["/healthz", "/readyz"] {
        let reply = app
            .send(Request::get(path).body(Body::empty()).unwrap())
            .await;
        assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.text());
    }
    let ready = app.get("/readyz").await.json();
    assert_eq!(ready["ready"], true);
    let engines: Vec<_> = ready["engines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| &e["engine"])
        .collect();
    assert_eq!(
        engines,
        ["store", "index", "chat", "embeddings", "speech", "reader"]
    );
    app.reader.off.store(true, Ordering::Relaxed);
    let ready = app.get("/readyz").await;
    assert_eq!(
        ready.status,
        StatusCode::OK,
        "answers go on without a reader"
    );
    assert_eq!(ready.json()["engines"][5]["ready"], false);
}

#[tokio::test]
async fn requests_tokens_and_documents_are_counted() {
    let app = TestApp::new().await;
    app.document("default", "a.txt", "text").await;
    let chat = json!({"model": "default", "messages": [{"role": "user", "content": "Hi"}]});
    app.post("/v1/chat/completions", chat).await;
    app.get("/api/v1/documents/nonsense").await;
    let metrics = app.get("/metrics").await;
    assert_eq!(metrics.status, StatusCode::OK);
    let text = metrics.text();
    for line in [
        r#"frontdesk_http_requests_total{method="POST",route="/v1/chat/completions",status="200"} 1"#,
        r#"frontdesk_http_requests_total{method="GET",route="/api/v1/documents/{id}",status="404"} 1"#,
        r#"frontdesk_llm_tokens_total{kind="prompt"} 12"#,
        r#"frontdesk_documents{state="ready"} 1"#,
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

#[tokio::test]
async fn paths_and_methods_of_strangers_make_no_series() {
    let app = TestApp::new().await;
    for n in 0..20 {
        app.get(&format!("/no/such/path/{n}")).await;
        let odd = request(
            Method::from_bytes(format!("ODD{n}").as_bytes()).unwrap(),
            "/healthz",
            "",
        );
        app.send(odd.body(Body::empty()).unwrap()).await;
    }
    let metrics = app.get("/metrics").await;
    assert!(!metrics.text().contains("such") && !metrics.text().contains("ODD"));
}
