//! What holds for every response: headers, envelopes, methods.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use serde_json::json;

use crate::app::{TestApp, json_request, request};

#[tokio::test]
async fn every_surface_keeps_its_envelope() {
    let app = TestApp::new().await;
    for (path, status) in [("/v1/nothing", 404), ("/v1/embeddings", 405)] {
        let reply = app.get(path).await;
        assert_eq!(reply.status.as_u16(), status, "{path}");
        assert_eq!(reply.header("content-type"), "application/json");
        assert!(reply.json()["error"]["message"].is_string(), "{path}");
    }
    for (path, status) in [
        ("/api/v1/nothing", 404),
        ("/nothing", 404),
        ("/api/v1/ask", 405),
    ] {
        let reply = app.get(path).await;
        assert_eq!(reply.status.as_u16(), status, "{path}");
        assert_eq!(reply.header("content-type"), "application/problem+json");
        assert_eq!(reply.json()["status"], status, "{path}");
    }
}

#[tokio::test]
async fn broken_json_names_the_place() {
    let app = TestApp::new().await;
    let own = app.post_raw("/api/v1/ask", "{\"question\":\n oops}").await;
    assert_eq!(own.status, StatusCode::BAD_REQUEST);
    assert!(
        own.json()["detail"].as_str().unwrap().contains("line 2"),
        "{}",
        own.text()
    );
    let openai = app.post_raw("/v1/embeddings", "{\"model\":").await;
    assert_eq!(openai.status, StatusCode::BAD_REQUEST);
    assert!(
        openai.json()["error"]["message"]
            .as_str()
            .unwrap()
            .contains("line 1")
    );
}

#[tokio::test]
async fn bodies_are_bounded_and_typed() {
    let app = TestApp::new().await;
    let large = json!({"question": "x".repeat(1 << 20)}).to_string();
    let streamed = Body::from_stream(futures::stream::iter([Ok::<_, std::io::Error>(
        large.clone(),
    )]));
    for body in [Body::from(large), streamed] {
        let reply = app.post_raw("/api/v1/ask", body).await;
        assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(reply.json()["code"], "too_large");
    }
    let mut declared = json_request(&app.key, "/v1/chat/completions", "");
    declared
        .headers_mut()
        .insert(header::CONTENT_LENGTH, "2147483648".parse().unwrap());
    let reply = app.send(declared).await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(reply.json()["error"]["code"], "too_large");
    for path in ["/api/v1/ask", "/v1/chat/completions"] {
        let text = request(Method::POST, path, &app.key)
            .header(header::CONTENT_TYPE, "text/plain")
            .body(Body::from("{}"));
        assert_eq!(
            app.send(text.unwrap()).await.status,
            StatusCode::UNSUPPORTED_MEDIA_TYPE
        );
    }
}

#[tokio::test]
async fn every_response_has_safe_headers_and_an_id() {
    let app = TestApp::new().await;
    let mut ids = std::collections::HashSet::new();
    for path in [
        "/healthz",
        "/v1/models",
        "/api/v1/documents",
        "/nothing",
        "/api/v1/keys/x",
    ] {
        let reply = app.get(path).await;
        assert!(
            reply
                .header("content-security-policy")
                .starts_with("default-src 'none'"),
            "{path}"
        );
        assert!(
            reply
                .header("content-security-policy")
                .contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert_eq!(reply.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(reply.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(reply.header("access-control-allow-origin"), "", "{path}");
        assert!(
            ids.insert(reply.header("x-request-id").to_owned()),
            "{path}"
        );
    }
}

#[tokio::test]
async fn head_and_options_are_answered() {
    let app = TestApp::new().await;
    let head = request(Method::HEAD, "/healthz", "")
        .body(Body::empty())
        .unwrap();
    let reply = app.send(head).await;
    assert_eq!((reply.status, reply.body.len()), (StatusCode::OK, 0));
    let options = request(Method::OPTIONS, "/api/v1/documents", "")
        .body(Body::empty())
        .unwrap();
    let reply = app.send(options).await;
    assert_eq!(reply.status, StatusCode::NO_CONTENT);
    assert!(reply.header("allow").contains("GET") && reply.header("allow").contains("POST"));
    let wrong = app.delete("/api/v1/documents").await;
    assert_eq!(wrong.status, StatusCode::METHOD_NOT_ALLOWED);
    assert!(wrong.header("allow").contains("POST"));
}

#[tokio::test]
async fn text_is_compressed_when_the_client_can_read_it() {
    let app = TestApp::new().await;
    let get = request(Method::GET, "/openapi.json", "").header(header::ACCEPT_ENCODING, "gzip");
    let reply = app.send(get.body(Body::empty()).unwrap()).await;
    assert_eq!(reply.header("content-encoding"), "gzip");
    assert_eq!(
        app.get("/openapi.json").await.header("content-encoding"),
        ""
    );
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_arrive_is_given_up() {
    let app = TestApp::new().await;
    let stalled =
        || Body::from_stream(futures::stream::pending::<Result<String, std::io::Error>>());
    let reply = app.post_raw("/api/v1/ask", stalled()).await;
    assert_eq!(reply.status, StatusCode::REQUEST_TIMEOUT);
    for path in ["/api/v1/documents", "/v1/audio/transcriptions"] {
        let form = request(Method::POST, path, &app.key)
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
            .body(stalled());
        assert_eq!(
            app.send(form.unwrap()).await.status,
            StatusCode::REQUEST_TIMEOUT,
            "{path}"
        );
    }
}

#[tokio::test]
async fn pages_of_this_machine_may_call_with_a_key_and_read_errors() {
    let app = TestApp::new().await;
    let from = |method: Method, origin: &str, key: &str| {
        request(method, "/v1/models", key)
            .header("origin", origin)
            .header(
                "access-control-request-headers",
                "authorization,x-stainless-os",
            )
            .body(Body::empty())
            .unwrap()
    };
    let here = "http://localhost:5173";
    let asked = app.send(from(Method::OPTIONS, here, "")).await;
    assert_eq!(asked.status, StatusCode::NO_CONTENT);
    assert_eq!(asked.header("access-control-allow-origin"), here);
    assert!(
        asked
            .header("access-control-allow-headers")
            .contains("x-stainless-os")
    );
    let called = app.send(from(Method::GET, here, &app.key)).await;
    assert_eq!(called.status, StatusCode::OK);
    assert_eq!(called.header("access-control-allow-origin"), here);
    let refused = app.send(from(Method::GET, here, "")).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(refused.header("access-control-allow-origin"), here);

    let other = app
        .send(from(Method::OPTIONS, "https://evil.example", ""))
        .await;
    assert_eq!(other.status, StatusCode::FORBIDDEN);
    assert_eq!(other.header("access-control-allow-origin"), "");
    let own = app
        .send(from(Method::GET, "https://evil.example", &app.key))
        .await;
    assert_eq!(own.header("access-control-allow-origin"), "");
}
