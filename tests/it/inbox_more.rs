//! The inbox: files, many conversations at once, what is set for everybody, and the log of routing.

use axum::http::{Method, StatusCode, header};
use frontdesk::store::users::Role;
use serde_json::{Value, json};

use crate::app::{Form, TestApp, now};
use crate::staff::{Staff, talk};

/// The smallest PNG, by its first bytes.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\nrest";

#[tokio::test]
async fn files_come_and_go_safely() {
    let app = TestApp::new().await;
    let ann = Staff::new(&app, "Ann", Role::Agent).await;
    let id = talk(&app, "default", "Send me the picture").await;
    let path = format!("/api/v1/inbox/{id}/messages");
    let send = async |form: Form| {
        let request = form.request("", &path);
        let (parts, body) = request.into_parts();
        let kind = parts.headers[header::CONTENT_TYPE].clone();
        let request = ann
            .request(Method::POST, &path)
            .header(header::CONTENT_TYPE, kind);
        app.send(request.body(body).unwrap()).await
    };
    let svg = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    let sent = send(
        Form::new()
            .text("text", "Here it is")
            .text("client_id", "c1")
            .file("file", "../a.png", PNG)
            .file("file", "evil.svg", svg),
    )
    .await;
    assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.text());
    let files = sent.json()["message"]["attachments"].clone();
    assert_eq!(
        (&files[0]["name"], &files[0]["media_type"]),
        (&json!("a.png"), &json!("image/png"))
    );
    let get = async |at: usize| {
        let id = files[at]["id"].as_str().unwrap();
        ann.get(&format!("/api/v1/attachments/{id}")).await
    };
    let picture = get(0).await;
    assert_eq!(
        (picture.header("content-type"), &picture.body[..]),
        ("image/png", PNG)
    );
    assert!(picture.header("content-disposition").starts_with("inline"));
    let svg = get(1).await;
    assert_eq!(svg.header("content-type"), "application/octet-stream");
    assert!(svg.header("content-disposition").starts_with("attachment"));
    for file in [picture, svg] {
        assert_eq!(file.header("x-content-type-options"), "nosniff");
        assert!(file.header("content-security-policy").contains("sandbox"));
    }
    // Files alone, too many, too large.
    let alone = send(Form::new().file("file", "b.txt", "words")).await;
    assert_eq!(alone.json()["message"]["text"], "b.txt");
    let six = (0..6).fold(Form::new(), |form, n| {
        form.file("file", &format!("{n}.txt"), "x")
    });
    assert_eq!(send(six).await.status, StatusCode::BAD_REQUEST);
    let large = send(Form::new().file("file", "c.bin", vec![b'x'; 10_000_001])).await;
    assert_eq!(
        large.status,
        StatusCode::PAYLOAD_TOO_LARGE,
        "{}",
        large.text()
    );
    let absent = "01890000-0000-7000-8000-000000000000";
    let foreign = ann.get(&format!("/api/v1/attachments/{absent}")).await;
    assert_eq!(foreign.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn many_are_changed_at_once_and_back() {
    let app = TestApp::new().await;
    let ann = Staff::new(&app, "Ann", Role::Agent).await;
    let ben = Staff::new(&app, "Ben", Role::Agent).await;
    let mut ids = Vec::new();
    for n in 0..3 {
        ids.push(talk(&app, "default", &format!("Question {n}")).await);
    }
    ben.act(ids[0], "take", json!({})).await;
    let all: Vec<String> = ids.iter().rev().map(ToString::to_string).collect();
    let bulk = async |more: Value| {
        let mut body = json!({"ids": all});
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        ann.post("/api/v1/inbox/bulk", body).await.json()
    };
    let undo = async |token: &Value| {
        let undone = ann
            .post("/api/v1/inbox/undo", json!({"token": token}))
            .await;
        assert_eq!(undone.status, StatusCode::OK, "{}", undone.text());
        undone.json()
    };
    // Ben has one of them.
    let closed = bulk(json!({"act": "close"})).await;
    assert_eq!(closed["done"].as_array().unwrap().len(), 2);
    assert!(
        closed["failed"][0]["detail"]
            .as_str()
            .unwrap()
            .contains("Ben"),
        "{closed}"
    );
    assert_eq!(ann.list("?view=closed").await.len(), 2);
    undo(&closed["undo"]).await;
    assert!(ann.list("?view=closed").await.is_empty());
    let again = ann
        .post("/api/v1/inbox/undo", json!({"token": closed["undo"]}))
        .await;
    assert_eq!(again.status, StatusCode::BAD_REQUEST);
    assert!(again.text().contains("restarted"), "{}", again.text());
    for (act, view) in [
        (json!({"act": "spam"}), "?view=spam"),
        (
            json!({"act": "snooze", "until": now() + 600_000}),
            "?view=snoozed",
        ),
        (json!({"act": "tag", "tags": ["sale"]}), "?tag=sale"),
    ] {
        let done = bulk(act).await;
        assert_eq!(done["failed"], json!([]), "{done}");
        assert_eq!(ann.list(view).await.len(), 3, "{view}");
        undo(&done["undo"]).await;
        assert!(ann.list(view).await.is_empty(), "{view}");
    }
    let read = bulk(json!({"act": "read"})).await;
    let unread = async || {
        let rows = ann.get("/api/v1/inbox").await.json();
        let rows = rows["conversations"].as_array().unwrap().clone();
        rows.iter().filter(|row| row["unread"] != 0).count()
    };
    assert_eq!(unread().await, 0);
    undo(&read["undo"]).await;
    assert_eq!(unread().await, 3);
    for (body, param) in [
        (json!({"ids": [], "act": "close"}), "ids"),
        (json!({"ids": ["x"], "act": "close"}), "ids[0]"),
        (json!({"ids": all, "act": "burn"}), "act"),
        (json!({"ids": all, "act": "snooze", "until": 1}), "until"),
        (json!({"ids": all, "act": "tag", "tags": ["<b>"]}), "tags"),
        (json!({"ids": vec![&all[0]; 201], "act": "close"}), "ids"),
    ] {
        let refused = ann.post("/api/v1/inbox/bulk", body.clone()).await;
        assert_eq!(refused.json()["param"], param, "{body} {}", refused.text());
    }
    // Somebody else's undo is not theirs.
    let spam = bulk(json!({"act": "spam"})).await;
    let stolen = ben
        .post("/api/v1/inbox/undo", json!({"token": spam["undo"]}))
        .await;
    assert_eq!(stolen.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn teams_canned_replies_and_the_desk_are_set_by_admins_and_read_by_all() {
    let app = TestApp::new().await;
    let ann = Staff::new(&app, "Ann", Role::Agent).await;
    let boss = Staff::new(&app, "Boss", Role::Admin).await;
    for (path, body) in [
        (
            "/api/v1/teams",
            json!({"name": "Repairs", "members": [ann.id.to_string()]}),
        ),
        (
            "/api/v1/canned-replies",
            json!({"shortcut": "/Hello", "text": "Hello {name}!"}),
        ),
    ] {
        assert_eq!(
            ann.post(path, body.clone()).await.status,
            StatusCode::FORBIDDEN
        );
        let made = boss.post(path, body.clone()).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
        assert_eq!(boss.post(path, body).await.status, StatusCode::CONFLICT);
    }
    let team = ann.get("/api/v1/teams").await.json()["teams"][0].clone();
    assert_eq!(team["members"], json!([ann.id.to_string()]));
    let reply = ann.get("/api/v1/canned-replies").await.json()["canned_replies"][0].clone();
    assert_eq!(reply["shortcut"], "hello");
    let wrong = boss
        .post(
            "/api/v1/canned-replies",
            json!({"shortcut": "x", "text": "Dear {customer}"}),
        )
        .await;
    assert_eq!(
        (wrong.status, &wrong.json()["param"]),
        (StatusCode::BAD_REQUEST, &json!("text"))
    );
    let id = talk(&app, "default", "Hello").await;
    let row = ann.act(id, "assign", json!({"team": team["id"]})).await;
    assert_eq!(row["team"]["name"], "Repairs");
    let query = format!("?team={}", team["id"].as_str().unwrap());
    assert_eq!(ann.list(&query).await, [id.to_string()]);
    let path = format!("/api/v1/teams/{}", team["id"].as_str().unwrap());
    let renamed = boss
        .send(Method::PUT, &path, json!({"name": "Sales"}))
        .await;
    assert_eq!(
        (&renamed.json()["name"], &renamed.json()["members"]),
        (&json!("Sales"), &json!([]))
    );
    assert_eq!(
        boss.send(Method::DELETE, &path, json!({})).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        boss.send(Method::DELETE, &path, json!({})).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(ann.list("").await, [id.to_string()]);

    let desk = ann.get("/api/v1/desk").await.json();
    assert_eq!(desk["wait_minutes"], 3);
    let put = async |who: &Staff<'_>, body| who.send(Method::PUT, "/api/v1/desk", body).await;
    assert_eq!(
        put(&ann, json!({"wait_minutes": 5})).await.status,
        StatusCode::FORBIDDEN
    );
    let set = put(
        &boss,
        json!({"wait_minutes": 5, "notify": {"waiting": false}}),
    )
    .await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.text());
    let desk = ann.get("/api/v1/desk").await.json();
    assert_eq!(
        (
            &desk["wait_minutes"],
            &desk["notify"]["waiting"],
            &desk["notify"]["mention"]
        ),
        (&json!(5), &json!(false), &json!(true))
    );
    for wrong in [
        json!({"wait_minutes": 0}),
        json!({"fax": 1}),
        json!({"hours": {"funday": []}}),
        json!({"time_zone": "Mars"}),
    ] {
        assert_eq!(
            put(&boss, wrong.clone()).await.status,
            StatusCode::BAD_REQUEST,
            "{wrong}"
        );
    }
}

#[tokio::test]
async fn the_way_of_conversations_is_filtered_and_exported() {
    let app = TestApp::new().await;
    let ann = Staff::new(&app, "Ann", Role::Agent).await;
    let id = talk(&app, "default", "Hello").await;
    talk(&app, "default", "Another").await;
    ann.act(id, "take", json!({})).await;
    let steps = async |query: &str| {
        let reply = ann.get(&format!("/api/v1/routing{query}")).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
        let steps = reply.json()["steps"].as_array().unwrap().clone();
        steps
            .iter()
            .map(|step| step["text"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let of = steps(&format!("?conversation={id}")).await;
    assert_eq!(
        of,
        [
            "Ann took it",
            "Began in the chat, on https://shop.example/prices"
        ]
    );
    assert_eq!(steps("?kind=conversation_started").await.len(), 2);
    assert!(steps("?until=2020-01-01").await.is_empty());
    // By whom, where and on which page.
    let person = ann.id.to_string();
    assert_eq!(steps(&format!("?person={person}")).await, ["Ann took it"]);
    assert_eq!(steps("?channel=voice").await.len(), 0);
    assert_eq!(steps("?channel=chat&page=shop.example").await.len(), 3);
    assert_eq!(steps("?page=elsewhere").await.len(), 0);
    let other = steps("?assistant=00000000-0000-0000-0000-000000000000").await;
    assert!(other.is_empty(), "{other:?}");
    for wrong in ["person=ann", "channel=fax", "assistant=x"] {
        let refused = ann.get(&format!("/api/v1/routing?{wrong}")).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
    let wrong = ann.get("/api/v1/routing?kind=document_ready").await;
    assert_eq!(wrong.json()["param"], "kind");
    let csv = ann
        .get("/api/v1/routing/export?format=csv&kind=conversation_taken")
        .await;
    assert!(csv.header("content-disposition").contains("routing.csv"));
    assert!(
        csv.text()
            .contains(&format!("\"{id}\",\"conversation_taken\",\"Ann took it\"")),
        "{}",
        csv.text()
    );
    let lines = ann.get("/api/v1/routing/export").await;
    assert!(
        lines.text().contains("\"text\":\"Ann took it\""),
        "{}",
        lines.text()
    );
}
