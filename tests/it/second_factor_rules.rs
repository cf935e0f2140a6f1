//! The second factor of people: where it is required, reset for others, by API and by the command.

use std::process::Command;

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use frontdesk::app::{DataFolder, ensure_defaults, second_factor};
use frontdesk::config::{Config, SecondFactor};
use frontdesk::store::users::{self, NewUser, Role};
use frontdesk::store::{StoreError, UserId, password};
use serde_json::json;

use crate::app::{TestApp, now};
use crate::auth::with_cookie;
use crate::browser::{Browser, PAGE, PASSWORD, code, leads_to, person, refused, wrong};

#[tokio::test]
async fn where_it_is_required_owners_and_admins_get_no_further_without() {
    let app = TestApp::with(|config| config.accounts_second_factor = SecondFactor::Required).await;
    person(&app, "owner", "owner").await;
    person(&app, "admin", "admin").await;
    person(&app, "agent", "agent").await;
    let mut agent = Browser::new(&app);
    agent.password("agent").await;
    assert!(agent.is_in().await);
    for name in ["owner", "admin"] {
        let mut one = Browser::new(&app);
        one.password(name).await;
        for path in ["/documents", "/chat", "/account", "/accounts", "/keys"] {
            assert_eq!(leads_to(&one.get(path).await), PAGE, "{path}");
        }
        let made = one.post("/keys", "name=x&chat=on").await;
        assert_eq!(leads_to(&made), PAGE);
        let session = one.session.clone();
        for path in ["/api/v1/keys", "/api/v1/documents", "/v1/models"] {
            let get = with_cookie(Method::GET, path, &session).body(Body::empty());
            let reply = app.send(get.unwrap()).await;
            refused(&reply, StatusCode::FORBIDDEN, "second_factor_required");
        }
        let page = one.get(PAGE).await;
        assert!(
            page.text().contains("need a second factor"),
            "{}",
            page.text()
        );
        one.turn_on().await;
        assert_eq!(one.get("/documents").await.status, StatusCode::OK);
    }
    // A program's key is no person.
    assert_eq!(app.get("/api/v1/keys").await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_owner_resets_that_of_others_and_an_admin_no_owners() {
    let app = TestApp::new().await;
    let owner_id = person(&app, "owner", "owner").await;
    person(&app, "admin", "admin").await;
    let agent_id = person(&app, "agent", "agent").await;
    let mut all = Vec::new();
    for name in ["owner", "admin", "agent"] {
        let mut one = Browser::new(&app);
        one.password(name).await;
        one.turn_on().await;
        all.push(one);
    }
    let [owner, admin, agent] = all.as_mut_slice() else {
        panic!("three")
    };
    let path = |id: UserId| format!("/accounts/{id}/second-factor");
    let no = agent.post(&path(owner_id), "").await;
    assert_eq!(no.status, StatusCode::FORBIDDEN);
    let no = admin.post(&path(owner_id), "").await;
    refused(&no, StatusCode::UNPROCESSABLE_ENTITY, "Only an owner");
    let no = owner.post(&path(owner_id), "").await;
    refused(
        &no,
        StatusCode::UNPROCESSABLE_ENTITY,
        "your own second factor off",
    );
    let people = admin.get("/accounts").await;
    assert!(people.text().contains(&path(agent_id)), "{}", people.text());
    let done = admin.post(&path(agent_id), "").await;
    assert_eq!(leads_to(&done), "/accounts?done=reset");
    assert!(!agent.is_in().await, "signed out");
    assert_eq!(leads_to(&agent.password("agent").await), "/chat");

    // By API: with the key of all, and not one's own with a session.
    let path = format!("/api/v1/accounts/{owner_id}/second-factor");
    let session = owner.session.clone();
    let own = with_cookie(Method::DELETE, &path, &session)
        .header(header::ORIGIN, "http://desk.example")
        .body(Body::empty());
    refused(
        &app.send(own.unwrap()).await,
        StatusCode::FORBIDDEN,
        "your own",
    );
    assert_eq!(app.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert!(!owner.is_in().await);
    refused(
        &app.delete(&path).await,
        StatusCode::CONFLICT,
        "no second factor",
    );
}

#[tokio::test]
async fn the_api_sets_up_ones_own_and_nobody_elses() {
    let app = TestApp::new().await;
    let id = person(&app, "ann", "agent").await;
    let mut ann = Browser::new(&app);
    ann.password("ann").await;
    let session = ann.session.clone();
    let post = async |id: &str, what: &str, body: serde_json::Value| {
        let path = format!("/api/v1/accounts/{id}/second-factor{what}");
        let post = with_cookie(Method::POST, &path, &session)
            .header(header::ORIGIN, "http://desk.example")
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()));
        app.send(post.unwrap()).await
    };
    let own = id.to_string();
    let password = json!({"password": PASSWORD});
    let no = post(&UserId::new().to_string(), "", password.clone()).await;
    refused(&no, StatusCode::FORBIDDEN, "only the person themselves");
    let by_key = format!("/api/v1/accounts/{id}/second-factor");
    let no = app.post(&by_key, password.clone()).await;
    refused(&no, StatusCode::FORBIDDEN, "only the person themselves");
    let no = post(&own, "", json!({"password": "not it"})).await;
    refused(&no, StatusCode::BAD_REQUEST, "password is not right");
    let begun = post(&own, "", password).await.json();
    let secret = begun["secret"].as_str().unwrap();
    assert!(begun["uri"].as_str().unwrap().contains(secret));
    let no = post(&own, "/confirm", json!({"code": wrong(&code(secret, 0))})).await;
    refused(&no, StatusCode::BAD_REQUEST, "code is not right");
    let on = post(&own, "/confirm", json!({"code": code(secret, 0)})).await;
    assert_eq!(on.status, StatusCode::OK, "{}", on.text());
    assert_eq!(on.json()["recovery_codes"].as_array().unwrap().len(), 10);
    let both = |code: String| json!({"password": PASSWORD, "code": code});
    let next = code(secret, 1);
    let fresh = post(&own, "/recovery-codes", both(next.clone())).await;
    let fresh = fresh.json()["recovery_codes"][0]
        .as_str()
        .unwrap()
        .to_owned();
    let no = post(&own, "/off", both(next.clone())).await;
    refused(&no, StatusCode::BAD_REQUEST, "already been used");
    let off = post(&own, "/off", both(fresh)).await;
    assert_eq!(off.status, StatusCode::NO_CONTENT, "{}", off.text());
    let off = post(&own, "/off", both(next)).await;
    refused(&off, StatusCode::CONFLICT, "no second factor");
}

/// An account with a second factor in a data folder of its own.
async fn folder_with_second_factor(config: &Config) -> Result<(), StoreError> {
    let folder = DataFolder::open(config).unwrap();
    ensure_defaults(&folder.store).await?;
    let made = folder.store.write(|tx| {
        let hash = password::hash(PASSWORD)?;
        let new = NewUser {
            email: "ann@example.com",
            name: "Ann",
            password_hash: Some(&hash),
            role: Role::Owner,
        };
        users::create(tx, &new, now())
    });
    let id = made.await?;
    let begun = second_factor::begin(&folder.store, id, Some("X"), now()).await;
    let secret = begun.unwrap().secret.to_string();
    let on = second_factor::confirm(&folder.store, id, code(&secret, 0), None, now());
    assert!(on.await.is_ok());
    Ok(())
}

#[tokio::test]
async fn who_has_the_machine_resets_that_of_a_locked_out_owner() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config {
        data_dir: dir.path().join("data"),
        key_source: "file".into(),
        ..Config::default()
    };
    let settings = dir.path().join("frontdesk.toml");
    std::fs::write(&settings, "key.source = \"file\"\n").unwrap();
    let models = dir.path().join("models");
    folder_with_second_factor(&config).await.unwrap();
    let run = |what: &[&str]| {
        let done = Command::new(env!("CARGO_BIN_EXE_frontdesk"))
            .env("FRONTDESK_MODELS_DIR", &models)
            .args(["admin", "--data"])
            .arg(&config.data_dir)
            .arg("--config")
            .arg(&settings)
            .arg("user")
            .args(what)
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (done.status.code(), text(&done.stdout), text(&done.stderr))
    };
    let (exit, listed, error) = run(&["list"]);
    assert_eq!(exit, Some(0), "{error}");
    assert!(
        listed.contains("ann@example.com") && listed.contains("second factor"),
        "{listed}"
    );
    let (exit, _, error) = run(&["reset-second-factor", "bob@example.com"]);
    assert_eq!(exit, Some(2), "{error}");
    let (exit, said, error) = run(&["reset-second-factor", "Ann@example.com"]);
    assert_eq!(exit, Some(0), "{error}");
    assert!(said.contains("was reset"), "{said}");
    let (_, listed, _) = run(&["list"]);
    assert!(!listed.contains("second factor"), "{listed}");
    let (exit, _, error) = run(&["reset-second-factor", "ann@example.com"]);
    assert_eq!(exit, Some(1));
    assert!(error.contains("no second factor"), "{error}");
}
