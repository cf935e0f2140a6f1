//! Providers over HTTP: setting them up without showing their keys, and what the owner sees of what left.

use axum::body::Body;
use axum::http::{Method, header};
use frontdesk::store::egress::{NewRequest, Outcome, append, close};
use serde_json::{Value, json};

use crate::app::{Reply, TestApp, now, request};
use crate::browser::{Browser, person};

const KEY: &str = "sk-very-secret-key-1";

pub async fn put(app: &TestApp, path: &str, body: Value) -> Reply {
    let request =
        request(Method::PUT, path, &app.key).header(header::CONTENT_TYPE, "application/json");
    app.send(request.body(Body::from(body.to_string())).unwrap())
        .await
}

fn cloud() -> Value {
    json!({
        "kind": "openai", "name": "Cloud", "url": "https://api.example.com/v1/", "key": KEY, "region": "EU",
        "models": {"chat": "small"}, "classes": ["business", "customer"],
        "redaction": {"names": ["Ann Smith"]}, "budget": {"micro": 5_000_000},
        "prices": {"currency": "EUR", "million_read": 150_000, "million_written": 600_000},
    })
}

async fn set_up(app: &TestApp) -> String {
    let made = app.post("/api/v1/providers", cloud()).await;
    assert_eq!(made.status, 201, "{}", made.text());
    made.json()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_key_goes_in_and_never_comes_out() {
    let app = TestApp::new().await;
    let id = set_up(&app).await;
    person(&app, "ann", "owner").await;
    let one = app.get(&format!("/api/v1/providers/{id}")).await;
    assert_eq!(one.json()["has_key"], true);
    assert_eq!(one.json()["url"], "https://api.example.com/v1");
    assert_eq!(one.json()["redaction"]["emails"], true);
    assert_eq!(one.json()["promises"][0]["purpose"], "chat");
    let all = app.get("/api/v1/providers").await;
    assert_eq!(all.json()["providers"][0]["spent"]["requests"], 0);
    assert_eq!(all.json()["uses"].as_array().unwrap().len(), 3);
    assert_eq!(all.json()["uses"][0]["mode"], "local");
    let export = app
        .post("/api/v1/workspaces/default/export", json!({}))
        .await;
    for reply in [&one, &all, &export] {
        assert!(!String::from_utf8_lossy(&reply.body).contains(KEY));
    }
    let mut ann = Browser::new(&app);
    ann.password("ann").await;
    for path in ["/providers".to_owned(), format!("/providers/{id}")] {
        let page = ann.get(&path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.text().contains("Cloud") && !page.text().contains(KEY));
    }
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_by_its_field() {
    let app = TestApp::new().await;
    for (field, value, named) in [
        ("kind", json!("oracle"), "kind"),
        ("name", json!(""), "name"),
        ("url", json!("http://api.example.com/v1"), "url"),
        ("url", json!("https://127.0.0.1/v1"), "url"),
        ("url", json!("ftp://x.example/"), "url"),
        ("url", json!("https://u:p@x.example/"), "url"),
        ("url", json!("https://x.example/?a=b"), "url"),
        ("key", json!("with spaces"), "key"),
        ("classes", json!(["everything"]), "classes"),
        ("models", json!({"chat": "a?b=c"}), "models"),
        ("models", json!({"chat": "../x"}), "models"),
    ] {
        let mut body = cloud();
        body[field] = value;
        let reply = app.post("/api/v1/providers", body).await;
        assert_eq!(reply.status, 400, "{field}: {}", reply.text());
        assert_eq!(reply.json()["param"], named, "{}", reply.text());
        assert!(!reply.text().contains(KEY));
    }
    let id = set_up(&app).await;
    assert_eq!(app.post("/api/v1/providers", cloud()).await.status, 409);
    // A key is for one server.
    let mut moved = cloud();
    moved["url"] = json!("https://evil.example/v1");
    moved.as_object_mut().unwrap().remove("key");
    let path = format!("/api/v1/providers/{id}");
    assert_eq!(put(&app, &path, moved.clone()).await.json()["param"], "key");
    moved["key"] = json!("another");
    assert_eq!(put(&app, &path, moved).await.status, 200);
    let uses = "/api/v1/provider-uses/speak";
    let without_model = json!({"mode": "provider", "provider": id});
    assert_eq!(put(&app, uses, without_model).await.status, 400);
    let mut closed = cloud();
    closed["name"] = json!("Closed");
    closed["classes"] = json!(["business"]);
    let closed = app.post("/api/v1/providers", closed).await.json();
    let first = json!({"mode": "provider", "provider": closed["id"]});
    let refused = put(&app, "/api/v1/provider-uses/chat", first).await;
    assert!(
        refused.text().contains("customer data"),
        "{}",
        refused.text()
    );
    let (key, _) = app.make_key(&["chat"], None).await;
    assert_eq!(
        app.post_as(&key, "/api/v1/providers", cloud()).await.status,
        403
    );
}

#[tokio::test]
async fn the_list_of_subprocessors_follows_from_what_is_on() {
    let app = TestApp::new().await;
    let id = set_up(&app).await;
    let listed = "/api/v1/subprocessors";
    let none = app.get(listed).await;
    assert_eq!(none.json()["subprocessors"], json!([]));
    let first = json!({"mode": "overflow", "wait_seconds": 4, "provider": id});
    let set = put(&app, "/api/v1/provider-uses/chat", first).await;
    assert_eq!(set.json()["uses"][0]["wait_seconds"], 4, "{}", set.text());
    let one = app.get(listed).await.json();
    assert_eq!(one["subprocessors"][0]["host"], "api.example.com");
    assert_eq!(one["subprocessors"][0]["purposes"], json!(["chat"]));
    let off = json!({"mode": "local"});
    assert_eq!(
        put(&app, "/api/v1/provider-uses/chat", off).await.status,
        200
    );
    assert_eq!(app.get(listed).await.json()["subprocessors"], json!([]));
    assert_eq!(
        app.delete(&format!("/api/v1/providers/{id}")).await.status,
        204
    );
    assert_eq!(
        app.get(&format!("/api/v1/providers/{id}")).await.status,
        404
    );
}

#[tokio::test]
async fn the_statement_of_a_month_says_whether_conversations_left() {
    let app = TestApp::new().await;
    let statement = "/api/v1/egress/statement";
    let empty = app.get(statement).await.json();
    assert_eq!(empty["said"], 0);
    assert!(
        empty["told"]
            .as_str()
            .unwrap()
            .starts_with("0 conversations left this building")
    );
    let workspace = app.workspace("default").await;
    let written = app.app.store.write(move |tx| {
        let new = NewRequest {
            workspace: Some(workspace),
            purpose: "language model",
            data: "metadata, customer",
            provider: Some("=Cloud"),
            method: "POST",
            host: "api.example.com",
            url: "https://api.example.com/v1/chat/completions",
            bytes_sent: 0,
        };
        let id = append(tx, &new, now())?;
        let outcome = Outcome {
            bytes_sent: 100,
            status: Some(200),
            ..Outcome::default()
        };
        close(tx, id, &outcome)
    });
    written.await.unwrap();
    let made = app.get(statement).await.json();
    assert_eq!(
        (&made["said"], &made["rows"][0]["requests"]),
        (&json!(1), &json!(1))
    );
    let file = app.get("/api/v1/egress/file").await;
    assert!(file.header("content-type").starts_with("text/csv"));
    // A name is no formula.
    assert!(file.text().contains("\"'=Cloud\"") && file.text().contains("\"bytes_sent\""));
    assert_eq!(
        app.get("/api/v1/egress/statement?month=2020-01")
            .await
            .json()["said"],
        0
    );
    assert_eq!(
        app.get("/api/v1/egress/statement?month=nonsense")
            .await
            .status,
        400
    );
}
