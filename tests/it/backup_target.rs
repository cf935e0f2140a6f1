//! `/api/v1/backups/target`: where backups are copied to. Copying itself is tested in the module, against servers.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::app::{Reply, TestApp, request};

const TARGET: &str = "/api/v1/backups/target";
const SECRET: &str = "hunter2-is-secret";

fn s3(endpoint: &str) -> Value {
    json!({
        "kind": "s3", "endpoint": endpoint, "bucket": "desk", "prefix": "box", "style": "path",
        "access_key": "ann", "secret_key": SECRET,
    })
}

async fn put(app: &TestApp, body: &Value) -> Reply {
    let request = request(Method::PUT, TARGET, &app.key).header("content-type", "application/json");
    app.send(request.body(Body::from(body.to_string())).unwrap())
        .await
}

#[tokio::test]
async fn a_target_is_set_up_tried_and_forgotten_and_no_answer_holds_its_secret() {
    // Nobody listens there, and it is a machine of one's own that is not allowed.
    let app = TestApp::new().await;
    assert_eq!(app.get(TARGET).await.json(), Value::Null);
    let none = app.post(&format!("{TARGET}/try"), json!({})).await;
    assert_eq!(none.status, StatusCode::CONFLICT);
    assert!(
        none.text().contains("frontdesk backup target"),
        "{}",
        none.text()
    );

    let set = put(&app, &s3("https://127.0.0.1")).await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.text());
    let shown = app.get(TARGET).await;
    assert_eq!(shown.json(), set.json());
    assert_eq!(shown.json()["place"], "https://127.0.0.1/desk/box");
    let tried = app.post(&format!("{TARGET}/try"), json!({})).await;
    assert_eq!(tried.status, StatusCode::OK);
    let steps = tried.json();
    assert_eq!(steps["ok"], false);
    assert_eq!(steps["steps"][0]["what"], "write");
    let error = steps["steps"][0]["error"].as_str().unwrap();
    assert!(error.contains("egress.allow"), "{error}");

    let ledger = app.get("/api/v1/egress").await;
    let row = &ledger.json()["requests"][0];
    assert_eq!(
        (&row["purpose"], &row["bytes_sent"]),
        (&json!("backup"), &json!(0))
    );
    assert_eq!(row["data"], "metadata, credential");
    assert_eq!(ledger.json()["totals"].as_array().unwrap().len(), 2);
    let listed = app.get(&format!("{TARGET}/backups")).await;
    assert_eq!(listed.status, StatusCode::BAD_GATEWAY, "{}", listed.text());
    for reply in [&set, &shown, &tried, &ledger, &listed] {
        assert!(!reply.text().contains(SECRET), "{}", reply.text());
    }

    assert_eq!(app.delete(TARGET).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.get(TARGET).await.json(), Value::Null);
}

#[tokio::test]
async fn what_makes_no_target_is_refused_and_nothing_is_noted() {
    let app = TestApp::new().await;
    let with = |field: &str, value: Value| {
        let mut body = s3("https://s3.example");
        body[field] = value;
        body
    };
    let sftp = json!({"kind": "sftp", "host": "backup.example", "user": "ann"});
    let both = json!({
        "kind": "sftp", "host": "backup.example", "user": "ann", "password": "a", "private_key": "b",
    });
    for (body, told) in [
        (json!({}), "s3 or sftp"),
        (with("kind", json!("ftp")), "s3 or sftp"),
        (with("endpoint", json!("s3.example")), "https://"),
        (with("style", json!("odd")), "virtual-host or path"),
        (with("prefix", json!("../x")), "plain path"),
        (with("secret_key", json!("")), "secret key is missing"),
        (sftp, "password or a private key"),
        (both, "not both"),
    ] {
        let refused = put(&app, &body).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{body}");
        assert!(refused.text().contains(told), "{body}: {}", refused.text());
    }
    assert_eq!(app.get(TARGET).await.json(), Value::Null);
    let workspace = app.workspace("other").await;
    let (bound, _) = app.make_key(&["admin"], Some(workspace)).await;
    let refused = app
        .post_as(&bound, &format!("{TARGET}/try"), json!({}))
        .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
}
