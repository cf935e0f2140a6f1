//! `/api/v1/visit`: visitors, their pages and their own conversation.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use frontdesk::store::workspaces;
use serde_json::{Value, json};

use crate::app::{Reply, TestApp, json_request};

const SHOP: &str = "https://shop.example";

async fn begin(app: &TestApp, body: Value, headers: &[(&str, &str)]) -> Reply {
    let mut request = json_request("", "/api/v1/visit", body.to_string());
    for (name, value) in headers {
        let name = axum::http::HeaderName::from_bytes(name.as_bytes()).unwrap();
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    app.send(request).await
}

/// The key of a workspace, which is open to visitors unless a test said otherwise.
pub async fn site(app: &TestApp, workspace: &str) -> String {
    let id = app.workspace(workspace).await;
    let opened = app.app.store.write(move |tx| {
        let workspace = workspaces::get(tx, id)?;
        if workspace.settings.get("widget").is_none() {
            workspaces::set_section(tx, id, "widget", &json!({"enabled": true}))?;
        }
        Ok(workspace.site_key)
    });
    opened.await.unwrap()
}

pub async fn token(app: &TestApp) -> String {
    let site = site(app, "default").await;
    let begun = begin(app, json!({"site": site}), &[]).await;
    assert_eq!(begun.status, StatusCode::OK, "{}", begun.text());
    begun.json()["token"].as_str().unwrap().to_owned()
}

async fn as_visitor(app: &TestApp, token: &str, method: Method, path: &str, origin: &str) -> Reply {
    let mut request = crate::app::request(method, path, token);
    if !origin.is_empty() {
        request = request.header("origin", origin);
    }
    app.send(request.body(Body::empty()).unwrap()).await
}

/// Sets how a workspace shows itself; open unless the settings say otherwise.
pub async fn widget(app: &TestApp, workspace: &str, mut settings: Value) {
    let id = app.workspace(workspace).await;
    if settings.get("enabled").is_none() {
        settings["enabled"] = json!(true);
    }
    let set = app
        .app
        .store
        .write(move |tx| workspaces::set_section(tx, id, "widget", &settings));
    set.await.unwrap();
}

#[tokio::test]
async fn a_visitor_writes_and_reads_only_their_own_conversation() {
    let app = TestApp::new().await;
    app.document("default", "prices.txt", "A full service costs 89 euros.")
        .await;
    let (ann, ben) = (token(&app).await, token(&app).await);
    let said = app
        .post_as(
            &ann,
            "/api/v1/visit/messages",
            json!({"text": "How much is a full service?"}),
        )
        .await;
    let events = said.events();
    let (name, done) = events.last().unwrap();
    assert_eq!(name, "done", "{}", said.text());
    let done: Value = serde_json::from_str(done).unwrap();
    assert!(done["answer"].as_str().unwrap().contains("89"), "{done}");
    let citation = &done["citations"][0];
    assert!(
        citation["title"].as_str().unwrap().starts_with("prices"),
        "{citation}"
    );
    for hidden in ["document", "version", "span", "receipt", "score"] {
        assert!(
            citation.get(hidden).is_none() && done.get(hidden).is_none(),
            "{hidden}"
        );
    }
    let list = |token: String| {
        let app = &app;
        async move {
            let reply = as_visitor(app, &token, Method::GET, "/api/v1/visit/messages", "").await;
            reply.json()["messages"].as_array().unwrap().clone()
        }
    };
    let hers = list(ann.clone()).await;
    assert_eq!(hers[0]["text"], "How much is a full service?");
    assert_eq!(hers[1]["role"], "assistant");
    assert!(list(ben).await.is_empty());
    let site = site(&app, "default").await;
    let again = begin(&app, json!({"site": site, "token": ann}), &[]).await;
    let again = again.json();
    assert_eq!(
        (&again["resumed"], &again["token"]),
        (&json!(true), &json!(ann))
    );
}

#[tokio::test]
async fn what_a_visit_tells() {
    let app = TestApp::new().await;
    let site = site(&app, "default").await;
    let begun = begin(&app, json!({"site": site}), &[]).await;
    assert!(begun.headers.get("set-cookie").is_none());
    let visit = begun.json();
    assert!(visit["token"].as_str().unwrap().starts_with("fd_visit_"));
    assert_eq!(visit["resumed"], false);
    assert_eq!(visit["links"], json!([]));
    assert_eq!(visit["voice"]["enabled"], true);
    assert_eq!(visit["voice"]["notes"], true);
    assert!(
        visit["audio"]
            .as_str()
            .unwrap()
            .starts_with("/widget-audio.js?v=")
    );
    let unknown = begin(&app, json!({"site": "fd_site_0000"}), &[]).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let stale = begin(&app, json!({"site": site, "token": "fd_visit_0000"}), &[]);
    let stale = stale.await.json();
    assert_eq!(stale["resumed"], false);
    widget(&app, "default", json!({"enabled": false})).await;
    let closed = begin(&app, json!({"site": site}), &[]).await;
    assert_eq!(
        (closed.status, &closed.json()["code"]),
        (StatusCode::FORBIDDEN, &json!("closed"))
    );
}

#[tokio::test]
async fn tokens_of_others_open_nothing() {
    let app = TestApp::new().await;
    let visitor = token(&app).await;
    for token in ["", "fd_visit_0000", app.key.as_str()] {
        let reply = as_visitor(&app, token, Method::GET, "/api/v1/visit/messages", "").await;
        assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{token}");
    }
    // Nor does a visitor's token anywhere else.
    for path in [
        "/api/v1/conversations",
        "/api/v1/documents",
        "/v1/models",
        "/api/v1/calls",
    ] {
        let reply = as_visitor(&app, &visitor, Method::GET, path, "").await;
        assert_ne!(reply.status, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn other_sites_are_refused_unless_the_owner_entered_them() {
    let app = TestApp::new().await;
    widget(&app, "default", json!({"origins": [SHOP]})).await;
    widget(&app, "other", json!({"origins": ["https://other.example"]})).await;
    let site = site(&app, "default").await;
    for (origin, status) in [
        (SHOP, StatusCode::OK),
        ("https://shop.example.evil.example", StatusCode::FORBIDDEN),
        ("http://shop.example", StatusCode::FORBIDDEN),
        ("http://localhost:3000", StatusCode::FORBIDDEN),
        ("null", StatusCode::FORBIDDEN),
        // Known to the server, but not for this workspace.
        ("https://other.example", StatusCode::FORBIDDEN),
    ] {
        let reply = begin(&app, json!({"site": site}), &[("origin", origin)]).await;
        assert_eq!(reply.status, status, "{origin}: {}", reply.text());
        let allowed = reply.header("access-control-allow-origin");
        let readable = origin == SHOP || origin == "https://other.example";
        assert_eq!(allowed, if readable { origin } else { "" }, "{origin}");
        assert_eq!(reply.header("access-control-allow-credentials"), "");
    }
    let visitor = token(&app).await;
    let path = "/api/v1/visit/messages";
    for (origin, status) in [
        (SHOP, StatusCode::OK),
        ("https://other.example", StatusCode::FORBIDDEN),
        ("https://evil.example", StatusCode::FORBIDDEN),
    ] {
        let reply = as_visitor(&app, &visitor, Method::GET, path, origin).await;
        assert_eq!(reply.status, status, "{origin}");
    }
}

#[tokio::test]
async fn a_preflight_answers_allowed_pages_exactly() {
    let app = TestApp::new().await;
    widget(&app, "default", json!({"origins": [SHOP]})).await;
    let ask = |origin: &'static str, path: &'static str| {
        let request = Request::builder().method(Method::OPTIONS).uri(path);
        let request = request
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header(
                "access-control-request-headers",
                "authorization,content-type",
            );
        app.send(request.body(Body::empty()).unwrap())
    };
    for path in [
        "/api/v1/visit",
        "/api/v1/visit/messages",
        "/api/v1/visit/voice-note",
    ] {
        let yes = ask(SHOP, path).await;
        assert_eq!(yes.status, StatusCode::NO_CONTENT);
        assert_eq!(yes.header("access-control-allow-origin"), SHOP);
        assert!(
            yes.header("access-control-allow-headers")
                .contains("authorization")
        );
        assert!(yes.header("vary").to_lowercase().contains("origin"));
        let no = ask("https://evil.example", path).await;
        assert_eq!(no.status, StatusCode::FORBIDDEN);
        assert_eq!(no.header("access-control-allow-origin"), "");
    }
    let elsewhere = ask(SHOP, "/api/v1/conversations").await;
    assert_eq!(elsewhere.header("access-control-allow-origin"), "");
}

#[tokio::test]
async fn too_many_visits_of_one_address_wait() {
    let app = TestApp::new().await;
    let site = site(&app, "default").await;
    let mut refused = None;
    for _ in 0..40 {
        let reply = begin(&app, json!({"site": site}), &[]).await;
        if reply.status == StatusCode::TOO_MANY_REQUESTS {
            refused = Some(reply);
            break;
        }
    }
    let refused = refused.expect("no limit was met");
    assert!(refused.header("retry-after").parse::<u32>().unwrap() >= 1);
}

#[tokio::test]
async fn a_voice_note_is_heard_and_answered() {
    let app = TestApp::new().await;
    let visitor = token(&app).await;
    let send = |body: Vec<u8>| {
        let request = crate::app::request(Method::POST, "/api/v1/visit/voice-note", &visitor);
        app.send(
            request
                .header("content-type", "audio/webm")
                .body(body.into())
                .unwrap(),
        )
    };
    let events = send(b"RIFF....WAVE".to_vec()).await.events();
    assert_eq!(events[0].0, "heard");
    assert!(
        !serde_json::from_str::<Value>(&events[0].1).unwrap()["text"]
            .as_str()
            .unwrap()
            .is_empty()
    );
    assert_eq!(events.last().unwrap().0, "done");
    for (body, status) in [
        (Vec::new(), StatusCode::BAD_REQUEST),
        (b"%PDF-1.7".to_vec(), StatusCode::BAD_REQUEST),
        (vec![b'R'; (5 << 20) + 1], StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        let length = body.len();
        assert_eq!(send(body).await.status, status, "{length} bytes");
    }
}

#[tokio::test]
async fn a_voice_note_in_a_conversation_of_the_console() {
    let app = TestApp::new().await;
    let begun = app.post("/api/v1/conversations", json!({})).await.json();
    let path = format!(
        "/api/v1/conversations/{}/voice-note",
        begun["id"].as_str().unwrap()
    );
    let request = crate::app::request(Method::POST, &path, &app.key);
    let reply = app.send(request.body("RIFF....WAVE".into()).unwrap()).await;
    let events = reply.events();
    assert_eq!(
        (events[0].0.as_str(), events.last().unwrap().0.as_str()),
        ("heard", "done")
    );
}

#[tokio::test]
async fn the_widget_may_be_loaded_from_anywhere_and_the_page_may_use_the_microphone() {
    let app = TestApp::new().await;
    let widget = as_visitor(&app, "", Method::GET, "/widget.js", SHOP).await;
    assert_eq!(
        widget.header("cross-origin-resource-policy"),
        "cross-origin"
    );
    assert!(widget.header("content-type").starts_with("text/javascript"));
    let worklet = as_visitor(&app, "", Method::GET, "/widget-audio.js", SHOP).await;
    assert_eq!(
        worklet.header("cross-origin-resource-policy"),
        "same-origin"
    );
    assert_eq!(worklet.header("access-control-allow-origin"), "*");
    let site = site(&app, "default").await;
    let path = format!("/talk?s={site}");
    let talk = as_visitor(&app, "", Method::GET, &path, "").await;
    assert_eq!(talk.status, StatusCode::OK);
    assert!(
        talk.header("permissions-policy")
            .contains("microphone=(self)")
    );
    assert!(!talk.header("content-security-policy").contains("unsafe"));
    let element = format!("<frontdesk-widget mode=\"page\" site=\"{site}\"");
    assert!(talk.text().contains(&element), "{}", talk.text());
    for path in ["/talk", "/talk?w=default", "/talk?w=nobody", "/talk?s=no"] {
        let nobody = as_visitor(&app, "", Method::GET, path, "").await;
        assert_eq!(nobody.status, StatusCode::NOT_FOUND, "{path}");
        assert!(nobody.text().contains("Which front desk?"), "{path}");
    }
}

#[tokio::test]
async fn who_waits_is_told_how_many_go_first_and_for_how_long() {
    let app = TestApp::new().await;
    app.always_ask_the_model().await;
    let workspace = app.workspace("default").await;
    let stalls = app.app.store.write(move |tx| {
        let mut answers: serde_json::Map<String, Value> =
            frontdesk::store::workspaces::section(tx, workspace, "answers")?;
        answers.insert("deadline_seconds".into(), 1.into());
        frontdesk::store::workspaces::set_section(tx, workspace, "answers", &answers)
    });
    stalls.await.unwrap();
    app.document("default", "prices.txt", "A full service costs 89 euros.")
        .await;
    app.chat
        .script
        .set(crate::fakes::Plan::Stall(vec!["Well".into()]));
    let mut visitors = Vec::new();
    for _ in 0..6 {
        visitors.push(token(&app).await);
    }
    let asked = visitors.iter().map(|token| {
        let question = json!({"text": "How much is a full service?"});
        app.post_as(token, "/api/v1/visit/messages", question)
    });
    let replies = futures::future::join_all(asked).await;
    let mut told = 0;
    for reply in &replies {
        let events = reply.events();
        assert_eq!(events.last().unwrap().0, "done", "{}", reply.text());
        if let Some((_, waiting)) = events.iter().find(|(name, _)| name == "waiting") {
            let waiting: Value = serde_json::from_str(waiting).unwrap();
            assert!(waiting["ahead"].as_u64().unwrap() >= 1, "{waiting}");
            assert!(waiting["seconds"].as_u64().unwrap() >= 2, "{waiting}");
            told += 1;
        }
    }
    assert!((1..6).contains(&told), "{told} of six were told");
}

#[tokio::test]
async fn messages_are_paid_for_and_what_is_owed_is_waited_for() {
    let app = TestApp::new().await;
    let visitor = token(&app).await;
    let mut refused = None;
    for _ in 0..200 {
        let question = json!({"text": "Hello"});
        let reply = app
            .post_as(&visitor, "/api/v1/visit/messages", question)
            .await;
        if reply.status != StatusCode::OK {
            refused = Some(reply);
            break;
        }
    }
    let refused = refused.expect("somebody who writes all the time is stopped");
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.json()["code"], "too_many_requests");
    assert_ne!(refused.header("retry-after"), "");
    // Another visitor of the same address goes on.
    let other = token(&app).await;
    let reply = app
        .post_as(&other, "/api/v1/visit/messages", json!({"text": "Hello"}))
        .await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
}
