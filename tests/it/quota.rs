//! What workspaces may use in a month, by every way in.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use frontdesk::store::mail::{self, Servers};
use frontdesk::store::quota::{self, Elsewhere, Measure};
use frontdesk::store::users::Role;
use frontdesk::store::workspaces;
use frontdesk::usage::quota::month;
use serde_json::{Value, json};

use crate::app::{Form, Reply, TestApp, now, request};
use crate::auth::{sign_in, with_cookie};

const PLANS: &str = "/api/v1/plans";
/// What the fake hears in a recording, in ms.
const HEARD: u64 = 1_500;

async fn put(app: &TestApp, path: &str, body: Value) -> Reply {
    let request =
        request(Method::PUT, path, &app.key).header(header::CONTENT_TYPE, "application/json");
    app.send(request.body(Body::from(body.to_string())).unwrap())
        .await
}

/// Gives the default workspace a plan with these limits.
async fn limit(app: &TestApp, limits: Value) {
    let made = app
        .post(PLANS, json!({ "name": "Small", "limits": limits }))
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let choice = json!({ "plan": made.json()["id"] });
    let chosen = put(app, "/api/v1/workspaces/default/plan", choice).await;
    assert_eq!(chosen.status, StatusCode::OK, "{}", chosen.text());
}

async fn transcribe(app: &TestApp) -> Reply {
    let form = Form::new().file("file", "call.wav", b"RIFF....WAVE");
    app.post_form("/v1/audio/transcriptions", form).await
}

async fn used(app: &TestApp, measure: Measure) -> u64 {
    let (workspace, of) = (app.workspace("default").await, month(now()).0);
    let read = move |conn: &_| quota::used(conn, workspace, &of, measure);
    app.app.store.read(read).await.unwrap()
}

/// Waits until something was counted that is counted after the answer.
async fn counted(app: &TestApp, measure: Measure) -> u64 {
    for _ in 0..200 {
        let found = used(app, measure).await;
        if found > 0 {
            return found;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("nothing was counted");
}

#[tokio::test]
async fn recordings_are_counted_and_stop_at_the_limit_in_openais_words() {
    let app = TestApp::new().await;
    assert_eq!(transcribe(&app).await.status, StatusCode::OK);
    assert_eq!(
        used(&app, Measure::TranscriptionMs).await,
        HEARD,
        "without a plan too"
    );
    limit(&app, json!({ "transcription_ms": 2 * HEARD })).await;
    assert_eq!(transcribe(&app).await.status, StatusCode::OK);
    let refused = transcribe(&app).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    let error = &refused.json()["error"];
    assert_eq!(
        (&error["type"], &error["code"]),
        (&json!("insufficient_quota"), &json!("insufficient_quota"))
    );
    assert_eq!(refused.header("x-should-retry"), "false");
    let told = error["message"].as_str().unwrap();
    assert!(
        told.contains("0.1 of 0.1") && told.contains("More is there on"),
        "{told}"
    );
    let standing = app.get("/api/v1/quota").await.json();
    let of = &standing["measures"][1];
    assert_eq!(of["measure"], "transcription_ms");
    assert_eq!(
        (&of["used"], &of["percent"], &of["warned"]),
        (&json!(2 * HEARD), &json!(100), &json!(95))
    );
    assert_eq!(
        standing["history"][0]["used"]["transcription_ms"],
        2 * HEARD
    );

    let (_, token) = sign_in(&app, Role::Owner).await;
    for (path, part) in [
        ("/status", "are used up"),
        ("/usage", "minutes of transcription"),
        ("/plans", "Small"),
    ] {
        let page = with_cookie(Method::GET, path, &token).body(Body::empty());
        let page = app.send(page.unwrap()).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.text().contains(part), "{path}");
    }
}

#[tokio::test]
async fn what_fails_is_not_counted() {
    let app = TestApp::new().await;
    limit(&app, json!({ "transcription_ms": 60_000 })).await;
    let form = Form::new().file("file", "call.wav", b"%PDF-1.7");
    let refused = app.post_form("/v1/audio/transcriptions", form).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    let standing = app.get("/api/v1/quota").await.json();
    let of = &standing["measures"][1];
    assert_eq!((&of["used"], &of["reserved"]), (&json!(0), &json!(0)));
}

#[tokio::test]
async fn many_at_once_never_pass_the_limit() {
    let app = TestApp::new().await;
    limit(&app, json!({ "transcription_ms": 10 * HEARD })).await;
    let mut done = futures::future::join_all((0..40).map(|_| transcribe(&app))).await;
    done.retain(|reply| reply.status == StatusCode::OK);
    assert!(!done.is_empty());
    let used = used(&app, Measure::TranscriptionMs).await;
    assert!(used <= 10 * HEARD, "{used}");
    let standing = app.get("/api/v1/quota").await.json();
    assert_eq!(standing["measures"][1]["reserved"], 0, "nothing leaked");
}

#[tokio::test]
async fn a_visitor_is_told_kindly_and_without_figures() {
    let app = TestApp::new().await;
    let visitor = crate::visit::token(&app).await;
    limit(&app, json!({ "transcription_ms": 0 })).await;
    let note = request(Method::POST, "/api/v1/visit/voice-note", &visitor)
        .header(header::CONTENT_TYPE, "audio/webm")
        .body(Body::from("RIFF....WAVE"));
    let refused = app.send(note.unwrap()).await;
    assert_eq!(refused.json()["code"], "insufficient_quota");
    let told = refused.text();
    assert!(
        told.contains("write to us") && !told.contains("minutes"),
        "{told}"
    );
}

#[tokio::test]
async fn a_model_without_tokens_is_silent_and_quoted_answers_go_on() {
    let app = TestApp::new().await;
    app.document("default", "menu.txt", "The soup costs 5 dollars.")
        .await;
    let chat = json!({ "model": "fake-chat", "messages": [{ "role": "user", "content": "Hi" }] });
    let answered = app.post("/v1/chat/completions", chat.clone()).await;
    assert_eq!(answered.status, StatusCode::OK, "{}", answered.text());
    let total = answered.json()["usage"]["total_tokens"].as_u64();
    assert_eq!(Some(counted(&app, Measure::ModelTokens).await), total);
    limit(&app, json!({ "model_tokens": total })).await;
    let refused = app.post("/v1/chat/completions", chat).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.json()["error"]["code"], "insufficient_quota");
    let asked = app
        .post(
            "/api/v1/ask",
            json!({ "question": "How much is the soup?" }),
        )
        .await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.text());
    app.always_ask_the_model().await;
    let asked = app
        .post(
            "/api/v1/ask",
            json!({ "question": "How much is the soup?" }),
        )
        .await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.text());
}

#[tokio::test]
async fn plans_are_made_changed_given_and_deleted_by_the_owner_of_the_machine() {
    let app = TestApp::new().await;
    limit(&app, json!({ "analyses": 3 })).await;
    let again = app.post(PLANS, json!({ "name": "small" })).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    let all = app.get(PLANS).await.json();
    let id = all["plans"][0]["id"].as_str().unwrap();
    assert_eq!(all["plans"][0]["limits"], json!({ "analyses": 3 }));
    assert_eq!(all["workspaces"][0]["plan_name"], "Small");
    let path = format!("{PLANS}/{id}");
    assert_eq!(app.delete(&path).await.status, StatusCode::CONFLICT);
    let changed = put(
        &app,
        &path,
        json!({ "name": "Large", "limits": { "analyses": null } }),
    )
    .await;
    assert_eq!(changed.json()["limits"], json!({}));
    for (body, field) in [
        (json!({ "name": " " }), "name"),
        (
            json!({ "name": "A", "limits": { "coffee": 1 } }),
            "limits.coffee",
        ),
        (
            json!({ "name": "A", "limits": { "analyses": u64::MAX } }),
            "limits.analyses",
        ),
    ] {
        let refused = app.post(PLANS, body.clone()).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(refused.json()["param"], field);
    }
    let none = put(
        &app,
        "/api/v1/workspaces/default/plan",
        json!({ "plan": null }),
    )
    .await;
    assert_eq!(none.json()["workspaces"][0]["plan"], Value::Null);
    assert_eq!(app.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.delete(&path).await.status, StatusCode::NOT_FOUND);

    let workspace = app.workspace("default").await;
    let (bound, _) = app.make_key(&["admin"], Some(workspace)).await;
    let refused = app
        .send(
            request(Method::GET, PLANS, &bound)
                .body(Body::empty())
                .unwrap(),
        )
        .await;
    assert_eq!(refused.json()["code"], "bound");
    let own = request(Method::GET, "/api/v1/quota", &bound).body(Body::empty());
    assert_eq!(app.send(own.unwrap()).await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_use_of_all_workspaces_is_a_file_for_invoices() {
    let app = TestApp::new().await;
    transcribe(&app).await;
    let other = app.workspace("other").await;
    let named = app.app.store.write(move |tx| {
        let settings = workspaces::get(tx, other)?.settings;
        workspaces::update(tx, other, "=1+1", &settings)
    });
    named.await.unwrap();
    let file = app.get(&format!("{PLANS}/use.csv")).await;
    assert_eq!(file.status, StatusCode::OK, "{}", file.text());
    assert!(file.header("content-disposition").contains(".csv"));
    let lines: Vec<&str> = file.text().lines().collect();
    assert!(
        lines[0].contains("\"minutes of transcription\""),
        "{}",
        lines[0]
    );
    assert!(
        lines[1].starts_with("\"default\"") && lines[1].contains("\"0.1\""),
        "{}",
        lines[1]
    );
    assert!(lines[2].contains("\"'=1+1\""), "{}", lines[2]);
    let past = app.get(&format!("{PLANS}/use.csv?month=2020-01")).await;
    assert!(past.text().contains("\"2020-01\""));
    let wrong = app.get(&format!("{PLANS}/use.csv?month=yesterday")).await;
    assert_eq!(wrong.json()["param"], "month");
}

#[tokio::test]
async fn administrators_are_told_by_e_mail_before_the_end() {
    let app = TestApp::new().await;
    let workspace = app.workspace("default").await;
    sign_in(&app, Role::Owner).await;
    sign_in(&app, Role::Agent).await;
    let kept = app.app.store.write(move |tx| {
        let settings = json!({
            "server": { "host": "mail.example", "port": 465, "tls": "implicit", "user": "desk" },
            "sender": { "name": "Shop", "address": "desk@shop.example" },
            "mailbox": null,
        });
        let servers = Servers {
            settings,
            password: "word".into(),
            mailbox_password: String::new(),
            changed_at: 1,
        };
        mail::keep_servers(tx, workspace, &servers, true)
    });
    kept.await.unwrap();
    limit(&app, json!({ "transcription_ms": HEARD })).await;
    transcribe(&app).await;
    for _ in 0..500 {
        let log = app.get("/api/v1/mail/log").await;
        if log.text().contains("95 % of the minutes of transcription") {
            assert!(log.text().contains("80 % of the minutes of transcription"));
            assert!(log.text().contains("owner@example.com"));
            assert!(!log.text().contains("agent@example.com"));
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("nobody was told");
}

#[tokio::test]
async fn the_tokens_of_providers_are_told_apart_everywhere() {
    let app = TestApp::new().await;
    let (workspace, of) = (app.workspace("default").await, month(now()).0);
    let counted = app.app.store.write(move |tx| {
        let more = Elsewhere {
            used: 40,
            estimated: 7,
        };
        quota::add(tx, workspace, &of, Measure::ModelTokens, 100)?;
        quota::note_elsewhere(tx, workspace, &of, Measure::ModelTokens, more)
    });
    counted.await.unwrap();
    let standing = app.get("/api/v1/quota").await.json();
    let tokens = &standing["measures"][3];
    assert_eq!(tokens["measure"], "model_tokens");
    assert_eq!(
        (
            &tokens["used"],
            &tokens["by_providers"],
            &tokens["estimated"]
        ),
        (&json!(100), &json!(40), &json!(7))
    );
    let past = &standing["history"][0];
    assert_eq!(
        (&past["tokens_by_providers"], &past["tokens_estimated"]),
        (&json!(40), &json!(7))
    );
    let (_, token) = sign_in(&app, Role::Owner).await;
    let page = with_cookie(Method::GET, "/usage", &token).body(Body::empty());
    let page = app.send(page.unwrap()).await;
    for part in ["60 by this machine, 40 by providers", "40 (7 estimated)"] {
        assert!(page.text().contains(part), "{part}");
    }
    let file = app.get(&format!("{PLANS}/use.csv")).await;
    let lines: Vec<&str> = file.text().lines().collect();
    assert!(
        lines[0].ends_with("\"of these: estimated\""),
        "{}",
        lines[0]
    );
    assert!(lines[1].ends_with("\"40\",\"7\""), "{}", lines[1]);
}
