//! The installation: accounts, keys, workspaces, the widget's settings, the ledger, backups, health.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, header};
use frontdesk::app::{App, Start};
use frontdesk::config::Config;
use frontdesk::store::api_keys::{self, NewApiKey};
use frontdesk::store::token::{Token, TokenKind};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::seed::desk;
use super::settle::{How, hold, hold_text};
use crate::app::{Reply, json_request, now, request};
use crate::auth::with_cookie;
use crate::browser::{Browser, PASSWORD, code, person};

#[tokio::test]
async fn accounts() {
    let desk = desk().await;
    let ann = json!({"name": "Ann", "email": "ann@shop.example", "role": "agent",
        "password": "four plain words here"});
    let made = desk
        .post("account_create", "/api/v1/accounts", ann)
        .await
        .json();
    desk.get("accounts", "/api/v1/accounts").await;
    let one = format!("/api/v1/accounts/{}", made["id"].as_str().unwrap());
    let change = json!({"role": "admin", "suspended": true});
    desk.patch("account_change", &one, change).await;
    desk.delete("account_erase", &one).await;
}

#[tokio::test]
async fn keys() {
    let desk = desk().await;
    let crm = json!({"name": "crm", "scopes": ["chat", "documents"], "workspace": "default"});
    let made = desk.post("key_create", "/api/v1/keys", crm).await.json();
    let one = format!("/api/v1/keys/{}", made["id"].as_str().unwrap());
    desk.delete("key_revoke", &one).await;
    desk.get("keys", "/api/v1/keys").await;
}

#[tokio::test]
async fn workspaces() {
    let desk = desk().await;
    desk.app.workspace("branch").await;
    let branch = "/api/v1/workspaces/branch";
    desk.get_as("workspaces", "/api/v1/workspaces", How::Settled)
        .await;
    let limit = json!({"limit_bytes": 1_000_000});
    desk.put("workspace_limit", &format!("{branch}/limit"), limit)
        .await;
    desk.get("workspace_export", "/api/v1/workspaces/default/export")
        .await;
    desk.get("workspace_closing", "/api/v1/workspaces/default/close")
        .await;
    let confirm = json!({"confirm": "branch"});
    desk.post("workspace_close", &format!("{branch}/close"), confirm)
        .await;
    let later = now() + 8 * 24 * 60 * 60 * 1000;
    let app = &desk.app.app;
    frontdesk::app::closing::erase_due(&app.store, &app.knowledge, &app.backups, later)
        .await
        .unwrap();
    desk.get("workspaces_after", "/api/v1/workspaces").await;
}

#[tokio::test]
async fn the_widget() {
    let desk = desk().await;
    desk.get("widget", "/api/v1/widget").await;
    let changed = json!({"colour": "#aa3300", "push_to_talk": true});
    desk.patch("widget_change", "/api/v1/widget", changed).await;
    let renewed = json!({"old_days": 3});
    desk.post("site_key_renew", "/api/v1/widget/site-key", renewed)
        .await;
}

#[tokio::test]
async fn the_ledger() {
    let desk = desk().await;
    desk.get("egress", "/api/v1/egress").await;
}

#[tokio::test]
async fn where_backups_are_copied_to() {
    let desk = desk().await;
    let target = "/api/v1/backups/target";
    let s3 = json!({"kind": "s3", "endpoint": "https://127.0.0.1", "bucket": "desk", "prefix": "box",
        "style": "path", "access_key": "ann", "secret_key": "hunter2"});
    desk.put("backup_target_set", target, s3).await;
    desk.get("backup_target", target).await;
    let path = format!("{target}/try");
    let tried = desk.app.post(&path, json!({})).await;
    let mut steps = tried.json();
    for step in steps["steps"].as_array_mut().unwrap() {
        step["ms"] = json!("[ms]");
    }
    let tried = Reply {
        body: steps.to_string().into(),
        ..tried
    };
    hold(
        "backup_target_try",
        &format!("POST {path}"),
        &tried,
        How::Settled,
    );
    desk.get("backup_copies", &format!("{target}/backups"))
        .await;
    desk.delete("backup_target_delete", target).await;
}

#[tokio::test]
async fn backups() {
    let data = tempfile::tempdir().unwrap();
    let config = Config {
        data_dir: data.path().to_owned(),
        ..Config::default()
    };
    let folder = config.backup_path();
    let app = App::open(Arc::new(config), Start::Never).await.unwrap();
    let token = Token::generate(TokenKind::ApiKey).unwrap();
    let (hash, prefix) = (token.hash(), token.display_prefix());
    let made = app.store.write(move |tx| {
        let new = NewApiKey {
            name: "test",
            token: hash,
            prefix: &prefix,
            scopes: &["admin".to_owned()],
            workspace: None,
            made_by: None,
        };
        api_keys::create(tx, &new, now())
    });
    made.await.unwrap();
    let router = frontdesk::http::router(app.clone());
    let send = async |name: &str, method: Method, path: &str, body: Option<Value>| {
        let asked = match body {
            Some(body) => json_request(token.reveal(), path, body.to_string()),
            None => request(method.clone(), path, token.reveal())
                .body(Body::empty())
                .unwrap(),
        };
        let (parts, body) = router.clone().oneshot(asked).await.unwrap().into_parts();
        let reply = Reply {
            status: parts.status,
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes(),
        };
        let how = match reply.status.is_success() {
            true => How::Kinds,
            false => How::Settled,
        };
        hold(name, &format!("{method} {path}"), &reply, how);
        reply
    };
    let list = "/api/v1/backups";
    send("backups_without_key", Method::POST, list, Some(json!({}))).await;
    let key = "/api/v1/backups/recovery-key";
    send("backup_recovery_key", Method::POST, key, Some(json!({}))).await;
    let made = send("backup_create", Method::POST, list, Some(json!({}))).await;
    send("backups", Method::GET, list, None).await;
    let made = made.json();
    let file = made["name"].as_str().unwrap();
    let verify = format!("/api/v1/backups/{file}/verify");
    send("backup_verify", Method::POST, &verify, Some(json!({}))).await;
    std::fs::write(folder.join(file), "not a backup").unwrap();
    send("api_422", Method::POST, &verify, Some(json!({}))).await;
    app.stop().await;
}

#[tokio::test]
async fn how_the_installation_is() {
    let desk = desk().await;
    desk.get_as("status", "/api/v1/status", How::Kinds).await;
    desk.get("healthz", "/healthz").await;
    desk.get_as("readyz", "/readyz", How::Settled).await;
    desk.post("setup_link", "/api/v1/setup-link", json!({}))
        .await;
    let metrics = desk.app.get("/metrics").await;
    let lines = metrics.text().lines().filter(|line| line.starts_with('#'));
    hold_text("metrics", &lines.collect::<Vec<_>>().join("\n"));
}

#[tokio::test]
async fn the_second_factor() {
    let desk = desk().await;
    let id = person(&desk.app, "ann", "owner").await;
    let mut ann = Browser::new(&desk.app);
    ann.password("ann").await;
    let session = ann.session.clone();
    let post = async |name: &str, what: &str, body: Value| {
        let path = format!("/api/v1/accounts/{id}/second-factor{what}");
        let asked = with_cookie(Method::POST, &path, &session)
            .header(header::ORIGIN, "http://desk.example")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()));
        let reply = desk.app.send(asked.unwrap()).await;
        hold(name, &format!("POST {path}"), &reply, How::Kinds);
        reply
    };
    let password = json!({"password": PASSWORD});
    let begun = post("second_factor_begin", "", password).await.json();
    let secret = begun["secret"].as_str().unwrap();
    let right = json!({"code": code(secret, 0)});
    post("second_factor_confirm", "/confirm", right).await;
    let path = format!("/api/v1/accounts/{id}/second-factor");
    desk.delete("second_factor_reset", &path).await;
}
