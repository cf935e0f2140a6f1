//! The inbox: what staff see of conversations and do with them.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use frontdesk::store::messages::Speaker;
use frontdesk::store::users::Role;
use serde_json::json;

use crate::app::{TestApp, now};
use crate::staff::{Staff, say, talk};

#[tokio::test]
async fn a_conversation_is_taken_answered_and_given_back() {
    let app = TestApp::new().await;
    let ann = Staff::new(&app, "Ann Lee", Role::Agent).await;
    let ben = Staff::new(&app, "Ben Cole", Role::Agent).await;
    let id = talk(&app, "default", "Is my bicycle ready?").await;
    let row = ann.act(id, "take", json!({})).await;
    assert_eq!(
        (&row["state"], &row["assigned_to"]["name"]),
        (&json!("human"), &json!("Ann Lee"))
    );
    let refused = ben
        .post(&format!("/api/v1/inbox/{id}/take"), json!({}))
        .await;
    assert_eq!(
        (refused.status, &refused.json()["code"]),
        (StatusCode::CONFLICT, &json!("taken"))
    );
    assert!(
        refused.json()["detail"]
            .as_str()
            .unwrap()
            .contains("Ann Lee"),
        "{}",
        refused.text()
    );
    let spoken = ben
        .post(
            &format!("/api/v1/inbox/{id}/messages"),
            json!({"text": "Hi"}),
        )
        .await;
    assert_eq!(
        (spoken.status, &spoken.json()["code"]),
        (StatusCode::CONFLICT, &json!("taken"))
    );
    // The same message twice is one.
    for _ in 0..2 {
        let written = ann
            .act(
                id,
                "messages",
                json!({"text": "Yes, since noon.", "client_id": "c1"}),
            )
            .await;
        assert_eq!(written["message"]["author"]["name"], "Ann Lee");
    }
    let detail = ben.get(&format!("/api/v1/inbox/{id}")).await.json();
    let said: Vec<&str> = detail["transcript"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|message| message["role"] == "agent")
        .map(|message| message["text"].as_str().unwrap())
        .collect();
    assert_eq!(said, ["Yes, since noon."]);
    assert_eq!(detail["page"], "https://shop.example/prices");
    let log: Vec<&str> = detail["log"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["text"].as_str().unwrap())
        .collect();
    assert!(
        log.contains(&"Ann Lee took it") && log.contains(&"Ann Lee wrote"),
        "{log:?}"
    );
    // With what they saw, Ben takes it.
    let seen = json!({"revision": detail["revision"]});
    assert_eq!(
        ben.act(id, "take", seen.clone()).await["assigned_to"]["name"],
        "Ben Cole"
    );
    let late = ann.post(&format!("/api/v1/inbox/{id}/take"), seen).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.text());
    assert_eq!(ben.act(id, "return", json!({})).await["state"], "open");
    assert_eq!(ben.act(id, "close", json!({})).await["state"], "closed");
    assert_eq!(ben.act(id, "reopen", json!({})).await["state"], "open");
}

#[tokio::test]
async fn views_and_marks_fit_together() {
    let app = TestApp::new().await;
    let ann = Staff::new(&app, "Ann", Role::Agent).await;
    let (one, two) = (
        talk(&app, "default", "First").await,
        talk(&app, "default", "Second").await,
    );
    let (first, second) = (one.to_string(), two.to_string());
    assert_eq!(ann.list("").await, [second.clone(), first.clone()]);
    assert_eq!(ann.list("?limit=1").await, [second.as_str()]);
    let page = ann.get("/api/v1/inbox?limit=1").await.json();
    let next = page["next"].as_str().unwrap();
    assert_eq!(
        ann.list(&format!("?limit=1&before={next}")).await,
        [first.as_str()]
    );
    let row = &page["conversations"][0];
    assert_eq!(
        (&row["unread"], &row["preview"], &row["preview_role"]),
        (&json!(1), &json!("Second"), &json!("user"))
    );
    assert_eq!(ann.act(two, "read", json!({})).await["unread"], 0);
    assert_eq!(ann.act(two, "unread", json!({})).await["unread"], 1);

    ann.act(one, "spam", json!({})).await;
    assert_eq!(ann.list("").await, [second.as_str()]);
    assert_eq!(ann.list("?view=spam").await, [first.as_str()]);
    ann.act(one, "not-spam", json!({})).await;
    ann.act(one, "snooze", json!({"until": now() + 60_000}))
        .await;
    assert_eq!(ann.list("?view=snoozed").await, [first.as_str()]);
    assert_eq!(ann.list("").await, [second.as_str()]);
    say(&app, one, Speaker::User, "I am back").await;
    assert_eq!(ann.list("").await, [first.clone(), second.clone()]);
    ann.act(one, "snooze", json!({"until": now() + 60_000}))
        .await;
    ann.act(one, "snooze", json!({"until": null})).await;

    let assigned = ann
        .act(one, "assign", json!({"user": ann.id.to_string()}))
        .await;
    assert_eq!(
        (&assigned["state"], &assigned["assigned_to"]["name"]),
        (&json!("open"), &json!("Ann"))
    );
    assert_eq!(ann.list("?view=mine").await, [first.as_str()]);
    assert_eq!(ann.get("/api/v1/inbox").await.json()["counts"]["mine"], 1);
    ann.act(one, "assign", json!({})).await;
    assert!(ann.list("?view=mine").await.is_empty());

    let path = format!("/api/v1/inbox/{one}/tags");
    let tagged = ann
        .send(
            Method::PUT,
            &path,
            json!({"tags": ["VIP", " late  order "]}),
        )
        .await;
    assert_eq!(tagged.json()["tags"], json!(["late order", "vip"]));
    assert_eq!(ann.list("?tag=Vip").await, [first.as_str()]);
    assert_eq!(
        ann.get("/api/v1/inbox/tags").await.json()["tags"],
        json!(["late order", "vip"])
    );

    ann.act(one, "merge", json!({"into": second})).await;
    assert_eq!(ann.list("?view=everything").await, [second.as_str()]);
    let detail = ann.get(&format!("/api/v1/inbox/{two}")).await.json();
    let texts: Vec<&str> = detail["transcript"]
        .as_array()
        .unwrap()
        .iter()
        .map(|message| message["text"].as_str().unwrap())
        .collect();
    assert_eq!(texts, ["First", "Second", "I am back"]);
}

#[tokio::test]
async fn a_note_calls_the_colleague_whom_it_names() {
    let app = TestApp::new().await;
    let ann = Staff::new(&app, "Ann", Role::Agent).await;
    let ben = Staff::new(&app, "Ben Cole", Role::Agent).await;
    let id = talk(&app, "default", "Where is my order?").await;
    let note = ann
        .act(
            id,
            "notes",
            json!({"text": "@ben cole please look, <b>urgent</b>"}),
        )
        .await;
    assert_eq!(note["mentions"], json!([ben.id.to_string()]));
    assert_eq!(ben.list("?view=mentions").await, [id.to_string()]);
    assert!(ann.list("?view=mentions").await.is_empty());
    assert_eq!(
        ben.get("/api/v1/inbox").await.json()["counts"]["mentions"],
        1
    );
    let detail = ben.get(&format!("/api/v1/inbox/{id}")).await.json();
    assert_eq!(detail["notes"][0]["author"]["name"], "Ann");
    ben.act(id, "read", json!({})).await;
    assert!(ben.list("?view=mentions").await.is_empty());
    // The visitor's API never shows it.
    let said = app.get(&format!("/api/v1/conversations/{id}")).await;
    assert!(!said.text().contains("urgent"), "{}", said.text());
}

#[tokio::test]
async fn what_is_wrong_is_named_and_changes_nothing() {
    let app = TestApp::new().await;
    let ann = Staff::new(&app, "Ann", Role::Agent).await;
    let id = talk(&app, "default", "Hello").await;
    let huge = "x".repeat(10_000_000);
    for (method, verb, body, status) in [
        (Method::POST, "messages", json!({"text": " "}), 400),
        (
            Method::POST,
            "messages",
            json!({"text": "x".repeat(20_000)}),
            400,
        ),
        (Method::POST, "messages", json!({"text": huge}), 413),
        (Method::POST, "messages", json!({}), 400),
        (Method::POST, "notes", json!({"text": ""}), 400),
        (Method::POST, "notes", json!({"text": huge}), 413),
        (Method::PUT, "tags", json!({"tags": ["a,b"]}), 400),
        (Method::PUT, "tags", json!({"tags": ["a\u{202e}b"]}), 400),
        (Method::PUT, "tags", json!({"tags": "vip"}), 400),
        (Method::POST, "snooze", json!({"until": 5}), 400),
        (Method::POST, "snooze", json!({}), 400),
        (Method::POST, "assign", json!({"user": "nobody"}), 400),
        (
            Method::POST,
            "assign",
            json!({"user": "01890000-0000-7000-8000-000000000000"}),
            404,
        ),
        (
            Method::POST,
            "assign",
            json!({"team": "01890000-0000-7000-8000-000000000000"}),
            404,
        ),
        (Method::POST, "merge", json!({"into": id.to_string()}), 400),
        (Method::POST, "merge", json!({"into": "x"}), 404),
        (Method::POST, "approve", json!({"message": "x"}), 404),
        (Method::POST, "typing", json!({"on": "yes"}), 400),
    ] {
        let reply = ann
            .send(method, &format!("/api/v1/inbox/{id}/{verb}"), body)
            .await;
        assert_eq!(reply.status.as_u16(), status, "{verb}: {}", reply.text());
        assert!(
            reply.json()["detail"].as_str().unwrap().len() > 10,
            "{verb}"
        );
    }
    for verb in ["take", "read", "seen", "draft", "close"] {
        let reply = ann
            .post(&format!("/api/v1/inbox/not-an-id/{verb}"), json!({}))
            .await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{verb}");
    }
    for query in ["?view=none", "?before=7", "?team=x", "?state=shut"] {
        let reply = ann.get(&format!("/api/v1/inbox{query}")).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{query}");
    }
    let detail = ann.get(&format!("/api/v1/inbox/{id}")).await.json();
    assert_eq!(
        (detail["tags"].clone(), detail["state"].clone()),
        (json!([]), json!("open"))
    );
    assert_eq!(detail["transcript"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn nothing_of_another_workspace_or_without_the_scope_is_seen() {
    let app = TestApp::new().await;
    let other = app.workspace("other").await;
    let id = talk(&app, "default", "Secret words").await;
    let theirs = talk(&app, "other", "Their words").await;
    let (bound, _) = app.make_key(&["conversations"], Some(other)).await;
    let get = |key: String, path: String| {
        let request = crate::app::request(Method::GET, &path, &key).body(Body::empty());
        app.send(request.unwrap())
    };
    let list = get(bound.clone(), "/api/v1/inbox".into()).await.json();
    assert_eq!(crate::staff::ids(&list), [theirs.to_string()]);
    let found = get(bound.clone(), "/api/v1/inbox?q=words".into())
        .await
        .json();
    assert_eq!(crate::staff::ids(&found), [theirs.to_string()]);
    let foreign = get(bound.clone(), format!("/api/v1/inbox/{id}")).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    for (verb, body) in [
        ("spam", json!({})),
        ("read", json!({})),
        ("notes", json!({"text": "x"})),
        ("assign", json!({})),
        ("snooze", json!({"until": null})),
        ("merge", json!({"into": theirs.to_string()})),
        ("draft", json!({})),
        ("summary", json!({})),
    ] {
        let path = format!("/api/v1/inbox/{id}/{verb}");
        let reply = app.post_as(&bound, &path, body).await;
        assert_eq!(
            reply.status,
            StatusCode::NOT_FOUND,
            "{verb}: {}",
            reply.text()
        );
    }
    let path = format!("/api/v1/inbox/{theirs}/merge");
    let across = app
        .post_as(&bound, &path, json!({"into": id.to_string()}))
        .await;
    assert_eq!(across.status, StatusCode::NOT_FOUND);
    let body = json!({"ids": [id.to_string()], "act": "spam"});
    let bulk = app.post_as(&bound, "/api/v1/inbox/bulk", body).await.json();
    assert_eq!(
        (&bulk["done"], bulk["failed"].as_array().unwrap().len()),
        (&json!([]), 1)
    );

    let (plain, _) = app.make_key(&["chat", "documents", "admin"], None).await;
    for path in [
        "/api/v1/inbox",
        "/api/v1/inbox/events",
        "/api/v1/inbox/tags",
    ] {
        assert_eq!(
            get(plain.clone(), path.into()).await.status,
            StatusCode::FORBIDDEN,
            "{path}"
        );
    }
    let one = get(plain.clone(), format!("/api/v1/inbox/{id}")).await;
    assert_eq!(one.status, StatusCode::FORBIDDEN);
    let anonymous = get(String::new(), "/api/v1/inbox".into()).await;
    assert_eq!(anonymous.status, StatusCode::UNAUTHORIZED);
    // A program sorts, but a person answers.
    let (program, _) = app.make_key(&["conversations"], None).await;
    let spam = app
        .post_as(&program, &format!("/api/v1/inbox/{id}/spam"), json!({}))
        .await;
    assert_eq!(spam.json()["spam"], true);
    let take = app
        .post_as(&program, &format!("/api/v1/inbox/{id}/take"), json!({}))
        .await;
    assert_eq!(take.status, StatusCode::BAD_REQUEST, "{}", take.text());
}
