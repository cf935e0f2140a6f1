//! Single sign-on against a sign-in server on loopback.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use frontdesk::store::sign_on::{self, NewProvider, Rule};
use frontdesk::store::users::{self, Role};
use frontdesk::store::{SignOnId, members};
use serde_json::{Value, json};

use crate::app::{Reply, TestApp, now};
use crate::server_for_sign_on::SignOn;
use crate::staff::Staff;

async fn provider(app: &TestApp, server: &SignOn, name: &str) -> SignOnId {
    let new = NewProvider {
        name: name.into(),
        issuer: server.issuer().into(),
        client_id: "desk".into(),
        secret: Some("quiet".into()),
        domains: vec!["example.com".into()],
        rules: vec![Rule {
            group: "support".into(),
            workspace: "default".into(),
            role: "agent".into(),
        }],
        active: true,
    };
    let made = app
        .app
        .store
        .write(move |tx| sign_on::create(tx, &new, now()));
    made.await.unwrap()
}

async fn desk(servers: &[&SignOn]) -> TestApp {
    let allow: Vec<String> = servers
        .iter()
        .map(|server| format!("127.0.0.1:{}", server.port))
        .collect();
    let app = TestApp::with(|config| config.egress_allow = allow.join(",")).await;
    Staff::new(&app, "Boss", Role::Owner).await;
    app
}

/// Goes to the server; where the browser is sent, and its cookie.
async fn go(app: &TestApp, id: SignOnId) -> (String, String) {
    let path = format!("/login/sign-on/{id}?next=%2Finbox");
    let reply = get(app, &path, "").await;
    assert_eq!(reply.status, StatusCode::SEE_OTHER, "{}", reply.text());
    let cookie = reply
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    (reply.header("location").to_owned(), cookie)
}

async fn get(app: &TestApp, path: &str, cookie: &str) -> Reply {
    let request = Request::builder()
        .method(Method::GET)
        .uri(path)
        .header(header::HOST, "desk.example")
        .header(header::COOKIE, cookie)
        .body(Body::empty());
    app.send(request.unwrap()).await
}

async fn back(app: &TestApp, id: SignOnId, query: &str, cookie: &str) -> Reply {
    get(app, &format!("/login/sign-on/{id}/back?{query}"), cookie).await
}

fn ann(groups: Value) -> Value {
    json!({"sub": "ann-1", "email": "ann@example.com", "email_verified": true, "name": "Ann", "groups": groups})
}

#[tokio::test]
async fn somebody_of_a_group_gets_in_with_its_role_and_loses_it_with_the_group() {
    let server = SignOn::start().await;
    let app = desk(&[&server]).await;
    let id = provider(&app, &server, "Company").await;
    let (sent_to, cookie) = go(&app, id).await;
    let (code, state) = server.sign_in(&sent_to, ann(json!(["support"])));
    let query = format!("code={code}&state={state}");
    let done = back(&app, id, &query, &cookie).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text());
    assert_eq!(done.header("location"), "/inbox");
    let session = done
        .header("set-cookie")
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    assert_eq!(get(&app, "/inbox", &session).await.status, StatusCode::OK);
    let read = app.app.store.read(|conn| {
        let user = users::find_by_email(conn, "ann@example.com")?.unwrap();
        members::highest(conn, &user)
    });
    assert_eq!(read.await.unwrap(), Some(Role::Agent));

    // The answer counts once.
    let again = back(&app, id, &query, &cookie).await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED);
    assert!(again.text().contains("Begin again"), "{}", again.text());

    // The workspace's log tells of the role.
    let log = app.get("/api/v1/audit").await;
    let told = "\"what\":\"got the role agent by single sign-on\"";
    assert_eq!(log.text().matches(told).count(), 1, "{}", log.text());

    // The next employee with her address is not her.
    let (sent_to, cookie) = go(&app, id).await;
    let mut next = ann(json!(["support"]));
    next["sub"] = json!("ann-2");
    let (code, state) = server.sign_in(&sent_to, next);
    let query = format!("code={code}&state={state}");
    let no = back(&app, id, &query, &cookie).await;
    assert_eq!(no.status, StatusCode::UNAUTHORIZED);
    assert!(
        no.text().contains("had this e-mail address"),
        "{}",
        no.text()
    );

    let (sent_to, cookie) = go(&app, id).await;
    let (code, state) = server.sign_in(&sent_to, ann(json!([])));
    let done = back(&app, id, &format!("code={code}&state={state}"), &cookie).await;
    assert_eq!(done.status, StatusCode::UNAUTHORIZED);
    assert_ne!(get(&app, "/inbox", &session).await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_answer_counts_for_its_browser_its_server_and_addresses_that_it_may_vouch_for() {
    let (server, other) = (SignOn::start().await, SignOn::start().await);
    let app = desk(&[&server, &other]).await;
    let id = provider(&app, &server, "Company").await;
    let elsewhere = provider(&app, &other, "Other").await;
    let refused = async |id, query: String, cookie: &str| {
        let reply = back(&app, id, &query, cookie).await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{}", reply.text());
    };
    // Another browser, another provider, another issuer, no state.
    let (sent_to, _) = go(&app, id).await;
    let (code, state) = server.sign_in(&sent_to, ann(json!(["support"])));
    let (_, strange) = go(&app, id).await;
    refused(id, format!("code={code}&state={state}"), &strange).await;
    let (sent_to, cookie) = go(&app, id).await;
    let (code, state) = server.sign_in(&sent_to, ann(json!(["support"])));
    refused(elsewhere, format!("code={code}&state={state}"), &cookie).await;
    let (sent_to, cookie) = go(&app, id).await;
    let (code, state) = server.sign_in(&sent_to, ann(json!(["support"])));
    let iss = format!("code={code}&state={state}&iss=https%3A%2F%2Fevil.example");
    refused(id, iss, &cookie).await;
    refused(id, "code=x".into(), &cookie).await;
    for (field, value) in [
        ("email", json!("ann@evil.example")),
        ("email_verified", json!(false)),
        // The owner of the installation, whom no server may vouch for.
        ("email", json!("Boss@example.com")),
    ] {
        let (sent_to, cookie) = go(&app, id).await;
        let mut claims = ann(json!(["support"]));
        claims[field] = value;
        let (code, state) = server.sign_in(&sent_to, claims);
        refused(id, format!("code={code}&state={state}"), &cookie).await;
    }
    // One that is off does not exist.
    let off = app.app.store.write(move |tx| {
        let before = sign_on::get(tx, id)?;
        let new = NewProvider {
            name: before.name,
            issuer: before.issuer,
            client_id: before.client_id,
            secret: None,
            domains: before.domains,
            rules: before.rules,
            active: false,
        };
        sign_on::change(tx, id, &new, now())
    });
    off.await.unwrap();
    let gone = get(&app, &format!("/login/sign-on/{id}"), "").await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_answer_needs_the_browsers_own_secret_and_the_name_of_a_server_that_names_itself() {
    let server = SignOn::start().await;
    let app = desk(&[&server]).await;
    let id = provider(&app, &server, "Company").await;
    // Whoever sees where the browser comes back to knows the state, and has no cookie of that browser.
    let (sent_to, _) = go(&app, id).await;
    let (code, state) = server.sign_in(&sent_to, ann(json!(["support"])));
    let seen = format!("frontdesk_sign_on={state}");
    let stolen = back(&app, id, &format!("code={code}&state={state}"), &seen).await;
    assert_eq!(stolen.status, StatusCode::UNAUTHORIZED);

    server.name_itself();
    let (sent_to, cookie) = go(&app, id).await;
    let (code, state) = server.sign_in(&sent_to, ann(json!(["support"])));
    let silent = back(&app, id, &format!("code={code}&state={state}"), &cookie).await;
    assert_eq!(silent.status, StatusCode::UNAUTHORIZED);
    let (sent_to, cookie) = go(&app, id).await;
    let (code, state) = server.sign_in(&sent_to, ann(json!(["support"])));
    let iss: String = url::form_urlencoded::byte_serialize(server.issuer().as_bytes()).collect();
    let query = format!("code={code}&state={state}&iss={iss}");
    let named = back(&app, id, &query, &cookie).await;
    assert_eq!(named.status, StatusCode::SEE_OTHER, "{}", named.text());
}

#[tokio::test]
async fn a_suspended_person_keeps_their_ways_in_when_a_sign_in_server_vouches_for_them() {
    let server = SignOn::start().await;
    let app = desk(&[&server]).await;
    let id = provider(&app, &server, "Company").await;
    let ann_is = crate::browser::person(&app, "ann", "agent").await;
    let suspend = app
        .app
        .store
        .write(move |tx| users::suspend(tx, ann_is, now()));
    suspend.await.unwrap();
    let (sent_to, cookie) = go(&app, id).await;
    let (code, state) = server.sign_in(&sent_to, ann(json!(["support"])));
    let no = back(&app, id, &format!("code={code}&state={state}"), &cookie).await;
    assert_eq!(no.status, StatusCode::UNAUTHORIZED);
    assert!(no.text().contains("suspended"), "{}", no.text());
    let read = app.app.store.read(move |conn| {
        let linked = sign_on::is_linked(conn, id, ann_is)?;
        Ok((users::get(conn, ann_is)?.password_hash.is_some(), linked))
    });
    assert_eq!(read.await.unwrap(), (true, false));
    // The workspace learns whom the server vouched for.
    let log = app.get("/api/v1/audit?sort=sign_in").await.json();
    assert_eq!(log["entries"][0]["name"], "ann", "{log}");
    let told = "failed to sign in by single sign-on";
    assert_eq!(log["entries"][0]["what"], told);
}

#[tokio::test]
async fn a_person_without_a_workspace_keeps_their_ways_in_when_they_are_refused() {
    let server = SignOn::start().await;
    let app = desk(&[&server]).await;
    let id = provider(&app, &server, "Company").await;
    let ann_is = crate::browser::person(&app, "ann", "agent").await;
    let home = app.workspace("default").await;
    let out = app
        .app
        .store
        .write(move |tx| members::remove(tx, home, ann_is));
    assert!(out.await.unwrap());
    let (sent_to, cookie) = go(&app, id).await;
    let (code, state) = server.sign_in(&sent_to, ann(json!([])));
    let no = back(&app, id, &format!("code={code}&state={state}"), &cookie).await;
    assert_eq!(no.status, StatusCode::UNAUTHORIZED);
    assert!(no.text().contains("Nothing here is open"), "{}", no.text());
    let read = app.app.store.read(move |conn| {
        let linked = sign_on::is_linked(conn, id, ann_is)?;
        Ok((users::get(conn, ann_is)?.password_hash.is_some(), linked))
    });
    assert_eq!(read.await.unwrap(), (true, false));
}
