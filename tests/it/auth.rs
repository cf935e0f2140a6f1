//! Every route against every kind of caller.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use frontdesk::http::auth::{SESSION_COOKIE, Scope};
use frontdesk::http::route::{Policy, Route};
use frontdesk::http::routes;
use frontdesk::store::token::{Token, TokenKind};
use frontdesk::store::users::{self, NewUser, Role};
use frontdesk::store::{UserId, api_keys, sessions};
use serde_json::json;

use crate::app::{TestApp, now, request};
use crate::staff::Staff;

/// A path that fits the route's pattern.
fn example(route: &Route) -> String {
    let id = "01890000-0000-7000-8000-000000000000";
    route
        .path()
        .replace("{id}", id)
        .replace("{*id}", "fake-chat")
}

fn wanted(route: &Route) -> Vec<Scope> {
    match route.policy() {
        Policy::Public | Policy::Visitor | Policy::Person => Vec::new(),
        Policy::Scope(scope) | Policy::LoopbackOr(scope) => vec![scope],
        Policy::AnyOf(scopes) | Policy::Program(scopes) => scopes.to_vec(),
        Policy::Realtime => vec![Scope::Audio, Scope::Chat],
    }
}

fn protected() -> Vec<Route> {
    routes()
        .into_iter()
        .filter(|route| !matches!(route.policy(), Policy::Public | Policy::Visitor))
        .collect()
}

#[tokio::test]
async fn only_health_and_the_document_are_public() {
    let public = routes()
        .into_iter()
        .filter(|route| route.policy() == Policy::Public);
    let paths: Vec<_> = public.map(|route| route.path()).collect();
    assert_eq!(
        paths,
        [
            "/healthz",
            "/readyz",
            "/openapi.json",
            // The shop signs what it sends.
            "/api/v1/billing/hook"
        ]
    );
}

#[tokio::test]
async fn no_route_serves_a_caller_without_a_valid_credential() {
    let app = TestApp::new().await;
    for route in protected() {
        let path = example(&route);
        let plain = || Request::builder().method(route.method().clone()).uri(&path);
        let with_query = format!("{path}?key={0}&api_key={0}", app.key);
        let attempts = [
            ("nothing", plain()),
            ("x-api-key", plain().header("x-api-key", &app.key)),
            (
                "query",
                Request::builder()
                    .method(route.method().clone())
                    .uri(&with_query),
            ),
            (
                "basic",
                plain().header(header::AUTHORIZATION, format!("Basic {}", app.key)),
            ),
            ("bare key", plain().header(header::AUTHORIZATION, &app.key)),
            (
                "made-up key",
                request(route.method().clone(), &path, "fd_live_0000"),
            ),
            (
                "made-up session",
                plain().header(header::COOKIE, "frontdesk_session=fd_session_0"),
            ),
            (
                "key as cookie",
                plain().header(header::COOKIE, format!("{SESSION_COOKIE}={}", app.key)),
            ),
        ];
        for (what, attempt) in attempts {
            // Clients of Anthropic's API send the key like that.
            if what == "x-api-key" && path.starts_with("/v1/") {
                continue;
            }
            let reply = app.send(attempt.body(Body::empty()).unwrap()).await;
            let label = format!("{what}: {} {path}", route.method());
            assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{label}");
            assert_eq!(reply.header("www-authenticate"), "Bearer", "{label}");
            assert!(!reply.text().contains(&app.key), "{label}");
            if path.starts_with("/v1/messages") {
                let kind = &reply.json()["error"]["type"];
                assert_eq!(kind, "authentication_error", "{label}");
            } else if path.starts_with("/v1") || path.starts_with("/v2") {
                assert_eq!(reply.json()["error"]["code"], "invalid_api_key", "{label}");
            } else {
                assert_eq!(reply.json()["code"], "invalid_api_key", "{label}");
            }
        }
    }
}

#[tokio::test]
async fn no_route_serves_a_key_with_all_scopes_but_the_right_one() {
    let app = TestApp::new().await;
    for route in protected() {
        let wanted = wanted(&route);
        let others: Vec<_> = Scope::ALL
            .into_iter()
            .filter(|s| !wanted.contains(s))
            .map(Scope::as_str)
            .collect();
        let (key, _) = app.make_key(&others, None).await;
        let path = example(&route);
        let attempt = request(route.method().clone(), &path, &key)
            .body(Body::empty())
            .unwrap();
        let reply = app.send(attempt).await;
        assert_eq!(
            reply.status,
            StatusCode::FORBIDDEN,
            "{} {path}",
            route.method()
        );
    }
}

#[tokio::test]
async fn every_route_lets_the_right_scope_through() {
    let app = TestApp::new().await;
    for route in protected()
        .into_iter()
        .filter(|route| !route.path().ends_with("/events"))
    {
        for scope in wanted(&route) {
            let (key, _) = app.make_key(&[scope.as_str()], None).await;
            let path = example(&route);
            let attempt = request(route.method().clone(), &path, &key)
                .body(Body::empty())
                .unwrap();
            let status = app.send(attempt).await.status.as_u16();
            assert!(
                ![401, 403, 500].contains(&status),
                "{status}: {} {path}",
                route.method()
            );
        }
    }
}

#[tokio::test]
async fn a_revoked_key_is_out_at_once() {
    let app = TestApp::new().await;
    let (key, id) = app.make_key(&["documents"], None).await;
    let get = || {
        request(Method::GET, "/api/v1/documents", &key)
            .body(Body::empty())
            .unwrap()
    };
    assert_eq!(app.send(get()).await.status, StatusCode::OK);
    app.app
        .store
        .write(move |tx| api_keys::revoke(tx, id, now()))
        .await
        .unwrap();
    assert_eq!(app.send(get()).await.status, StatusCode::UNAUTHORIZED);
}

/// Signs a new person in; their id and session token.
pub async fn sign_in(app: &TestApp, role: Role) -> (UserId, String) {
    let token = Token::generate(TokenKind::Session).unwrap();
    let hash = token.hash();
    let signed_in = app.app.store.write(move |tx| {
        let email = format!("{role}@example.com");
        let new = NewUser {
            email: &email,
            name: "Ann",
            password_hash: None,
            role,
        };
        let id = users::create(tx, &new, now())?;
        sessions::create(tx, id, &hash, now(), now() + 60_000)?;
        Ok(id)
    });
    (signed_in.await.unwrap(), token.reveal().to_owned())
}

pub fn with_cookie(method: Method, path: &str, token: &str) -> axum::http::request::Builder {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "desk.example")
        .header(header::COOKIE, format!("{SESSION_COOKIE}={token}"))
}

#[tokio::test]
async fn a_browser_may_change_things_from_our_own_pages_only() {
    let app = TestApp::new().await;
    let (_, token) = sign_in(&app, Role::Owner).await;
    let get = with_cookie(Method::GET, "/api/v1/keys", &token)
        .body(Body::empty())
        .unwrap();
    assert_eq!(app.send(get).await.status, StatusCode::OK);
    let post = |origin: Option<&str>| {
        let mut builder = with_cookie(Method::POST, "/api/v1/keys", &token)
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(origin) = origin {
            builder = builder.header(header::ORIGIN, origin);
        }
        builder
            .body(json!({"name": "k", "scopes": ["chat"]}).to_string().into())
            .unwrap()
    };
    assert_eq!(
        app.send(post(Some("http://desk.example"))).await.status,
        StatusCode::CREATED
    );
    for origin in [None, Some("http://evil.example"), Some("null")] {
        let reply = app.send(post(origin)).await;
        assert_eq!(reply.status, StatusCode::FORBIDDEN, "{origin:?}");
        assert_eq!(reply.json()["code"], "cross_site");
    }
}

#[tokio::test]
async fn a_suspended_person_is_out_at_once() {
    let app = TestApp::new().await;
    sign_in(&app, Role::Owner).await;
    let (id, token) = sign_in(&app, Role::Admin).await;
    let get = || {
        with_cookie(Method::GET, "/api/v1/keys", &token)
            .body(Body::empty())
            .unwrap()
    };
    assert_eq!(app.send(get()).await.status, StatusCode::OK);
    app.app
        .store
        .write(move |tx| users::suspend(tx, id, now()))
        .await
        .unwrap();
    assert_eq!(app.send(get()).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn an_agent_of_the_staff_does_not_administrate() {
    let app = TestApp::new().await;
    let (_, token) = sign_in(&app, Role::Agent).await;
    let get = |path| {
        with_cookie(Method::GET, path, &token)
            .body(Body::empty())
            .unwrap()
    };
    assert_eq!(
        app.send(get("/api/v1/conversations")).await.status,
        StatusCode::OK
    );
    assert_eq!(
        app.send(get("/api/v1/keys")).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        app.send(get("/api/v1/documents")).await.status,
        StatusCode::FORBIDDEN
    );
}

#[tokio::test]
async fn a_bound_key_cannot_tell_other_workspaces_from_absent_ones() {
    let app = TestApp::new().await;
    let mine = app.workspace("mine").await;
    app.workspace("theirs").await;
    let document = app
        .document("theirs", "secret.txt", "The code is 1234.")
        .await;
    let begun = app
        .post("/api/v1/conversations?workspace=theirs", json!({}))
        .await
        .json();
    let conversation = begun["id"].as_str().unwrap();
    let asked = json!({"question": "What is the code?", "workspace": "theirs"});
    let receipt = app.post("/api/v1/ask", asked.clone()).await.json()["receipt"].clone();
    let receipt = receipt.as_str().unwrap();
    let (key, _) = app
        .make_key(&["chat", "documents", "evaluate"], Some(mine))
        .await;

    for path in [
        format!("/api/v1/documents/{document}"),
        format!("/api/v1/documents/{document}?workspace=mine"),
        format!("/api/v1/documents/{document}?workspace=theirs"),
        format!("/api/v1/documents/{document}/text"),
        format!("/api/v1/conversations/{conversation}"),
        format!("/api/v1/receipts/{receipt}"),
        "/api/v1/documents?workspace=theirs".into(),
        "/api/v1/conversations?workspace=theirs".into(),
        "/api/v1/documents/events?workspace=theirs".into(),
    ] {
        let get = request(Method::GET, &path, &key)
            .body(Body::empty())
            .unwrap();
        assert_eq!(app.send(get).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let delete = request(
        Method::DELETE,
        &format!("/api/v1/documents/{document}"),
        &key,
    );
    assert_eq!(
        app.send(delete.body(Body::empty()).unwrap()).await.status,
        StatusCode::NOT_FOUND
    );
    let path = format!("/api/v1/conversations/{conversation}/messages");
    let reply = app.post_as(&key, &path, json!({"text": "hi"})).await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    assert_eq!(
        app.post_as(&key, "/api/v1/ask", asked).await.status,
        StatusCode::NOT_FOUND
    );

    let absent = request(Method::GET, "/api/v1/documents?workspace=nobody", &key);
    let absent = app.send(absent.body(Body::empty()).unwrap()).await;
    let theirs = request(Method::GET, "/api/v1/documents?workspace=theirs", &key);
    let theirs = app.send(theirs.body(Body::empty()).unwrap()).await;
    assert_eq!(absent.body, theirs.body);

    let still = app
        .get(&format!("/api/v1/documents/{document}?workspace=theirs"))
        .await;
    assert_eq!(still.status, StatusCode::OK);
}

#[tokio::test]
async fn the_page_to_sign_in_names_a_business_only_if_there_is_one() {
    let app = TestApp::new().await;
    Staff::new(&app, "Boss", Role::Owner).await;
    let named = app.app.store.write(|tx| {
        tx.execute("UPDATE workspaces SET title = 'Marlow Bicycles'", ())?;
        Ok(())
    });
    named.await.unwrap();
    let page = async || {
        let request = request(Method::GET, "/login", "").body(Body::empty());
        let page = app.send(request.unwrap()).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text());
        page.text().to_owned()
    };
    assert!(page().await.contains("Marlow Bicycles"));
    app.workspace("clinic").await;
    let several = page().await;
    assert!(!several.contains("Marlow Bicycles"), "{several}");
    assert!(!several.contains("clinic"), "{several}");
    assert!(several.contains("Frontdesk"), "{several}");
}
