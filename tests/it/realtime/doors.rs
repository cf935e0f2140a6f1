//! Who gets in, client secrets, and how sessions end.

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use frontdesk::http::server::Limits;
use frontdesk::store::members::{self, Origin};
use frontdesk::store::token::TokenHash;
use frontdesk::store::users::{self, Role};
use frontdesk::store::{StoreError, api_keys, client_secrets};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Error;

use super::client::Client;
use crate::app::{TestApp, eventually, now, request};
use crate::fakes::Plan;

const PATH: &str = "/v1/realtime?model=gpt-realtime";
const SECRETS: &str = "/v1/realtime/client_secrets";

fn refused(result: Result<Client, Error>) -> u16 {
    match result.err() {
        Some(Error::Http(response)) => response.status().as_u16(),
        other => panic!("not refused: {other:?}"),
    }
}

#[tokio::test]
async fn only_a_good_key_opens_a_session() {
    let app = TestApp::new().await;
    let (documents, _) = app.make_key(&["documents"], None).await;
    let (audio, _) = app.make_key(&["audio"], None).await;
    let server = app.serve(Limits::default()).await;
    let bearer = |key: &str| [("authorization", format!("Bearer {key}"))];
    let at = server.address;
    assert_eq!(refused(Client::connect(at, PATH, &[]).await), 401);
    assert_eq!(
        refused(Client::connect(at, PATH, &bearer("wrong")).await),
        401
    );
    assert_eq!(
        refused(Client::connect(at, PATH, &bearer("ek_wrong")).await),
        401
    );
    assert_eq!(
        refused(Client::connect(at, PATH, &bearer(&documents)).await),
        403
    );
    let unknown = "/v1/realtime?model=assistant:nobody";
    assert_eq!(
        refused(Client::connect(at, unknown, &bearer(&audio)).await),
        404
    );
    let mut client = Client::connect(at, PATH, &bearer(&audio)).await.unwrap();
    assert_eq!(client.next().await["session"]["model"], "gpt-realtime");
    let protocols = format!("realtime, openai-insecure-api-key.{}", app.key);
    let browser = [("sec-websocket-protocol", protocols)];
    let mut client = Client::connect(at, PATH, &browser).await.unwrap();
    assert_eq!(client.next().await["type"], "session.created");
    assert_eq!(app.get(PATH).await.status.as_u16(), 426);
}

#[tokio::test]
async fn a_client_secret_opens_the_session_it_was_made_for() {
    let app = TestApp::new().await;
    let session = json!({"type": "realtime", "model": "gpt-realtime", "instructions": "Be brief.",
        "audio": {"input": {"turn_detection": null}}});
    let body =
        json!({"session": session, "expires_after": {"anchor": "created_at", "seconds": 60}});
    let made = app.post(SECRETS, body).await;
    assert_eq!(made.status.as_u16(), 200, "{}", made.text());
    let made = made.json();
    let key = made["value"].as_str().unwrap().to_owned();
    assert!(key.starts_with("ek_"));
    let lives = made["expires_at"].as_i64().unwrap() - now() / 1000;
    assert!((58..=61).contains(&lives), "{lives}");
    let server = app.serve(Limits::default()).await;
    let browser = [(
        "sec-websocket-protocol",
        format!("realtime, openai-insecure-api-key.{key}"),
    )];
    let other = "/v1/realtime?model=assistant:desk";
    let mut client = Client::connect(server.address, other, &browser)
        .await
        .unwrap();
    let session = client.next().await["session"].take();
    assert_eq!(session["model"], "gpt-realtime");
    assert_eq!(session["instructions"], "Be brief.");
    assert_eq!(session["audio"]["input"]["turn_detection"], Value::Null);
    // It opens nothing else.
    assert_eq!(
        app.post_as(&key, "/v1/chat/completions", json!({}))
            .await
            .status
            .as_u16(),
        401
    );
    let hash = TokenHash::of(&key);
    let later = now() + 61_000;
    let found = app.app.store.read(move |conn| {
        Ok::<_, StoreError>(client_secrets::find_valid(conn, &hash, later)?.is_none())
    });
    assert!(found.await.unwrap(), "it expires");
}

#[tokio::test]
async fn a_client_secret_opens_one_session_or_as_many_as_was_said() {
    let app = TestApp::new().await;
    let server = app.serve(Limits::default()).await;
    for (body, most) in [(json!({}), 1), (json!({"max_sessions": 2}), 2)] {
        let made = app.post(SECRETS, body).await.json();
        let key = made["value"].as_str().unwrap();
        let bearer = [("authorization", format!("Bearer {key}"))];
        // What is no session uses none up.
        let path = "/v1/realtime?model=gpt-realtime";
        let plain = app.send(request(Method::GET, path, key).body(Body::empty()).unwrap());
        assert_eq!(plain.await.status.as_u16(), 426);
        for number in 0..most {
            let mut client = Client::connect(server.address, PATH, &bearer)
                .await
                .unwrap();
            assert_eq!(client.next().await["type"], "session.created", "{number}");
        }
        // Not when those are over, either.
        assert_eq!(
            refused(Client::connect(server.address, PATH, &bearer).await),
            401,
            "{most}"
        );
    }
    // Of many that come at the same time one gets in.
    let made = app.post(SECRETS, json!({})).await.json();
    let bearer = format!("Bearer {}", made["value"].as_str().unwrap());
    let headers = [("authorization", bearer)];
    let tries = (0..8).map(|_| Client::connect(server.address, PATH, &headers));
    let tries = futures::future::join_all(tries).await;
    assert_eq!(tries.iter().filter(|one| one.is_ok()).count(), 1);
}

#[tokio::test]
async fn senseless_secrets_are_refused() {
    let app = TestApp::new().await;
    for (body, param) in [
        (
            json!({"expires_after": {"seconds": 1}}),
            "expires_after.seconds",
        ),
        (
            json!({"expires_after": {"anchor": "now"}}),
            "expires_after.anchor",
        ),
        (json!({"max_sessions": 0}), "max_sessions"),
        (json!({"max_sessions": 101}), "max_sessions"),
        (json!({"session": {"type": "chat"}}), "session.type"),
        (
            json!({"session": {"type": "realtime", "voice": "x"}}),
            "session.voice",
        ),
        (json!({"session": {"model": "assistant:nobody"}}), "model"),
    ] {
        let reply = app.post(SECRETS, body.clone()).await;
        assert!(matches!(reply.status.as_u16(), 400 | 404), "{body}");
        assert_eq!(reply.json()["error"]["param"], param, "{body}");
    }
}

#[tokio::test]
async fn a_client_that_leaves_in_mid_answer_leaves_nothing_running() {
    let app = TestApp::new().await;
    let mut client = Client::open(&app).await;
    client
        .update(json!({"type": "realtime", "output_modalities": ["text"]}))
        .await;
    app.chat.script.set(Plan::Stall(vec!["Well".into()]));
    client.write("Hi").await;
    client.send(json!({"type": "response.create"})).await;
    client.find("response.output_text.delta").await;
    drop(client);
    eventually("the generation ended", || app.chat.cancelled() == 1).await;
    let over = async || {
        let counted = app.app.store.read(|conn| {
            let sql =
                "SELECT count(*) FROM calls WHERE channel = 'realtime' AND ended_at IS NOT NULL";
            Ok::<i64, StoreError>(conn.query_row(sql, [], |row| row.get(0))?)
        });
        counted.await.unwrap()
    };
    for _ in 0..200 {
        if over().await == 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the call record was not closed");
}

#[tokio::test]
async fn a_client_that_stops_reading_is_let_go() {
    let app = TestApp::new().await;
    let limits = Limits {
        write_stall: Duration::from_millis(300),
        ..Limits::default()
    };
    let server = app.serve(limits).await;
    let headers = [("authorization", format!("Bearer {}", app.key))];
    let mut client = Client::connect(server.address, PATH, &headers)
        .await
        .unwrap();
    client.next().await;
    client
        .update(json!({"type": "realtime", "output_modalities": ["text"]}))
        .await;
    // More than sockets and queues take.
    app.chat
        .script
        .set(Plan::Stall(vec!["x".repeat(1 << 20); 64]));
    client.write("Hi").await;
    client.send(json!({"type": "response.create"})).await;
    eventually("the generation ended", || app.chat.cancelled() == 1).await;
}

#[tokio::test]
async fn a_secret_ends_with_the_key_that_made_it() {
    let app = TestApp::new().await;
    let (key, id) = app.make_key(&["audio"], None).await;
    let made = app.post_as(&key, SECRETS, json!({})).await.json();
    let secret = made["value"].as_str().unwrap();
    let server = app.serve(Limits::default()).await;
    let headers = [("authorization", format!("Bearer {secret}"))];
    let mut client = Client::connect(server.address, PATH, &headers)
        .await
        .unwrap();
    assert_eq!(client.next().await["type"], "session.created");
    let revoked = app
        .app
        .store
        .write(move |tx| api_keys::revoke(tx, id, now()));
    revoked.await.unwrap();
    let refused_now = refused(Client::connect(server.address, PATH, &headers).await);
    assert_eq!(refused_now, 401);
}

#[tokio::test]
async fn a_secret_that_a_person_made_ends_when_they_are_suspended() {
    let app = TestApp::new().await;
    let (person, session) = crate::auth::sign_in(&app, Role::Admin).await;
    let request = crate::auth::with_cookie(Method::POST, SECRETS, &session)
        .header("origin", "http://desk.example")
        .header("content-type", "application/json")
        .body(Body::from(r#"{"max_sessions": 9}"#));
    let made = app.send(request.unwrap()).await;
    assert_eq!(made.status.as_u16(), 200, "{}", made.text());
    let secret = made.json()["value"].as_str().unwrap().to_owned();
    let server = app.serve(Limits::default()).await;
    let headers = [("authorization", format!("Bearer {secret}"))];
    let mut client = Client::connect(server.address, PATH, &headers)
        .await
        .unwrap();
    assert_eq!(client.next().await["type"], "session.created");
    // Nor does it do more than its maker may now: who only looks on opens no session.
    let home = app.workspace("default").await;
    let become_a = async |role| {
        let set = app
            .app
            .store
            .write(move |tx| members::set(tx, home, person, role, Origin::Staff, now()));
        set.await.unwrap();
    };
    become_a(Role::Viewer).await;
    let refused_now = refused(Client::connect(server.address, PATH, &headers).await);
    assert_eq!(refused_now, 401);
    become_a(Role::Admin).await;
    assert!(
        Client::connect(server.address, PATH, &headers)
            .await
            .is_ok()
    );
    let suspended = app
        .app
        .store
        .write(move |tx| users::suspend(tx, person, now()));
    suspended.await.unwrap();
    let refused_now = refused(Client::connect(server.address, PATH, &headers).await);
    assert_eq!(refused_now, 401);
}

#[tokio::test]
async fn a_secret_opens_no_assistant_that_its_key_may_not_use() {
    let app = TestApp::new().await;
    app.workspace("other").await;
    let own = app.workspace("own").await;
    let (bound, _) = app.make_key(&["chat"], Some(own)).await;
    let body = json!({"session": {"type": "realtime", "model": "assistant:other/desk"}});
    let reply = app.post_as(&bound, SECRETS, body.clone()).await;
    assert_eq!(reply.status.as_u16(), 404, "{}", reply.text());
    // A key of no workspace may: the secret is one of the assistant's workspace.
    let made = app.post(SECRETS, body).await.json();
    let headers = [(
        "authorization",
        format!("Bearer {}", made["value"].as_str().unwrap()),
    )];
    let server = app.serve(Limits::default()).await;
    let mut client = Client::connect(server.address, PATH, &headers)
        .await
        .unwrap();
    let session = client.next().await["session"].take();
    assert_eq!(session["model"], "assistant:other/desk");
}
