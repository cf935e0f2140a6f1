//! What a visitor thinks, keeps and erases, and how the widget looks before it is opened.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use frontdesk::store::users::Role;
use serde_json::{Value, json};

use crate::app::{Form, Reply, TestApp, request};
use crate::staff::Staff;
use crate::visit::{site, token, widget};

const QUESTION: &str = "How much is a full service?";

async fn call(app: &TestApp, token: &str, method: Method, path: &str) -> Reply {
    let request = request(method, &format!("/api/v1/visit{path}"), token);
    app.send(request.body(Body::empty()).unwrap()).await
}

/// A visitor who has asked something, and the id of the answer.
async fn asked(app: &TestApp) -> (String, String) {
    let visitor = token(app).await;
    let body = json!({"text": QUESTION, "client_id": "one"});
    let said = app.post_as(&visitor, "/api/v1/visit/messages", body).await;
    assert_eq!(said.events().last().unwrap().0, "done", "{}", said.text());
    let kept = call(app, &visitor, Method::GET, "/export").await.json();
    let messages = kept["kept"][0]["messages"].as_array().unwrap().clone();
    let answer = messages
        .iter()
        .find(|message| message["role"] == "assistant")
        .unwrap();
    (visitor, answer["id"].as_str().unwrap().to_owned())
}

async fn prepared() -> TestApp {
    let app = TestApp::new().await;
    app.document("default", "prices.txt", "A full service costs 89 euros.")
        .await;
    app
}

#[tokio::test]
async fn a_bad_answer_becomes_a_gap_until_it_is_good() {
    let app = prepared().await;
    let (visitor, answer) = asked(&app).await;
    let path = format!("/api/v1/visit/messages/{answer}/rating");
    let rate = |value: &'static str| {
        let body = json!({"value": value, "reason": "It is wrong"});
        app.post_as(&visitor, &path, body)
    };
    let gaps = || async {
        let gaps = app.get("/api/v1/gaps").await.json();
        gaps["gaps"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(rate("down").await.status, StatusCode::NO_CONTENT);
    assert_eq!(gaps().await, 1);
    assert_eq!(rate("up").await.status, StatusCode::NO_CONTENT);
    assert_eq!(gaps().await, 0);
    assert_eq!(rate("meh").await.status, StatusCode::BAD_REQUEST);
    // Nobody rates for somebody else.
    let (other, _) = asked(&app).await;
    for token in [other, token(&app).await] {
        let theirs = app.post_as(&token, &path, json!({"value": "down"})).await;
        assert_eq!(theirs.status, StatusCode::NOT_FOUND);
    }
    let long = json!({"value": "down", "reason": "x".repeat(1001)});
    let long = app.post_as(&visitor, &path, long).await;
    assert_eq!(long.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_conversation_is_rated_from_one_to_five() {
    let app = prepared().await;
    let early = token(&app).await;
    let (visitor, _) = asked(&app).await;
    let path = "/api/v1/visit/rating";
    for (token, score, status) in [
        (&early, 5, StatusCode::NOT_FOUND),
        (&visitor, 0, StatusCode::BAD_REQUEST),
        (&visitor, 6, StatusCode::BAD_REQUEST),
        (&visitor, 2, StatusCode::NO_CONTENT),
        (&visitor, 4, StatusCode::NO_CONTENT),
    ] {
        let body = json!({"score": score, "comment": "fine"});
        let reply = app.post_as(token, path, body).await;
        assert_eq!(reply.status, status, "{score}: {}", reply.text());
    }
}

#[tokio::test]
async fn a_visitor_takes_along_what_was_said_and_nothing_of_staff() {
    let app = prepared().await;
    let (visitor, _) = asked(&app).await;
    let text = call(&app, &visitor, Method::GET, "/transcript").await;
    assert!(text.header("content-disposition").starts_with("attachment"));
    let (asked, answered) = (text.text().find(QUESTION), text.text().find("89"));
    assert!(asked.is_some() && asked < answered, "{}", text.text());
    assert_eq!(text.header("content-language"), "en");
    assert!(text.text().contains("Assistant (AI)"), "{}", text.text());
    let german = call(&app, &visitor, Method::GET, "/transcript?language=de-AT").await;
    let german = german.text();
    assert!(
        german.starts_with("Gespräch mit ") && german.contains(" · Sie\n"),
        "{german}"
    );
    // Every heading is set from the right; what was said has its own direction.
    let arabic = call(&app, &visitor, Method::GET, "/transcript?language=ar").await;
    let arabic = arabic.text();
    assert!(arabic.starts_with('\u{200f}'), "{arabic}");
    assert_eq!(arabic.matches(" · ").count(), 2, "{arabic}");
    assert!(
        arabic
            .lines()
            .filter(|line| line.contains(" · "))
            .all(|line| line.starts_with('\u{200f}'))
    );
    assert!(arabic.contains(&format!("\n{QUESTION}\n")), "{arabic}");
    let copy = call(&app, &visitor, Method::GET, "/export").await;
    for hidden in ["token_hash", "receipts", "prompt_hash"] {
        assert!(!copy.text().contains(hidden), "{hidden}");
    }
    let nobody = call(&app, &token(&app).await, Method::GET, "/export").await;
    assert_eq!(nobody.json()["kept"], json!([]));
}

#[tokio::test]
async fn a_visitor_erases_their_own_conversation_only() {
    let app = prepared().await;
    let (ann, _) = asked(&app).await;
    let (ben, _) = asked(&app).await;
    let erased = call(&app, &ann, Method::DELETE, "").await;
    assert_eq!(erased.status, StatusCode::OK, "{}", erased.text());
    let counts = erased.json();
    assert_eq!(
        (&counts["conversations"], &counts["messages"]),
        (&json!(1), &json!(2))
    );
    let after = call(&app, &ann, Method::GET, "/export").await;
    assert_eq!(after.status, StatusCode::UNAUTHORIZED);
    assert_eq!(after.json()["code"], "visit_over");
    let his = call(&app, &ben, Method::GET, "/export").await.json();
    assert_eq!(his["kept"][0]["messages"].as_array().unwrap().len(), 2);
    // Somebody who said nothing ends with nothing.
    let early = token(&app).await;
    let nothing = call(&app, &early, Method::DELETE, "").await.json();
    assert_eq!(nothing["conversations"], 0);
    let over = call(&app, &early, Method::GET, "/messages").await;
    assert_eq!(over.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn what_staff_joined_with_another_conversation_is_copied_and_erased_with_it() {
    let app = prepared().await;
    let staff = Staff::new(&app, "Ann", Role::Agent).await;
    let (before, now) = (token(&app).await, token(&app).await);
    for (visitor, text) in [(&before, "I am kanarie7"), (&now, "It is me again")] {
        let body = json!({ "text": text });
        app.post_as(visitor, "/api/v1/visit/messages", body).await;
    }
    let ids = staff.list("").await;
    let path = format!("/api/v1/inbox/{}/merge", ids[1]);
    let joined = staff.post(&path, json!({ "into": ids[0] })).await;
    assert_eq!(joined.status, StatusCode::OK, "{}", joined.text());
    let copy = call(&app, &before, Method::GET, "/export").await;
    assert!(copy.text().contains("kanarie7"), "{}", copy.text());
    let erased = call(&app, &before, Method::DELETE, "").await.json();
    assert_eq!(erased["conversations"], 2, "{erased}");
    assert!(staff.list("?view=everything").await.is_empty());
    assert!(staff.list("?q=kanarie7").await.is_empty());
}

#[tokio::test]
async fn an_ended_visit_is_over_and_its_conversation_stays() {
    let app = prepared().await;
    let (visitor, _) = asked(&app).await;
    let ended = app.post_as(&visitor, "/api/v1/visit/end", json!({})).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT, "{}", ended.text());
    let after = call(&app, &visitor, Method::GET, "/messages").await;
    assert_eq!(after.status, StatusCode::UNAUTHORIZED);
    let kept = app.get("/api/v1/conversations").await.json();
    assert_eq!(kept["conversations"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_look_is_known_before_a_visit_begins() {
    let app = TestApp::new().await;
    let greeting = json!({"path": "/prices*", "seconds": 5, "text": "Any question?"});
    let settings =
        json!({"colour": "#ffee88", "options": {"theme": "dark", "greetings": [greeting]}});
    widget(&app, "default", settings).await;
    let site = site(&app, "default").await;
    let look = call(&app, "", Method::GET, &format!("/look?s={site}")).await;
    assert_eq!(look.status, StatusCode::OK, "{}", look.text());
    assert!(look.header("cache-control").contains("max-age"));
    let look = look.json();
    assert_eq!(
        (&look["theme"], &look["greetings"][0]),
        (&json!("dark"), &greeting)
    );
    // Pale on white would not be seen.
    assert_ne!(look["colours"]["light"], "#ffee88");
    assert_eq!(look["colours"]["dark"], "#ffee88");
    assert_eq!(look.get("logo"), None::<&Value>);
    let unknown = call(&app, "", Method::GET, "/look?s=fd_site_0").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    widget(
        &app,
        "default",
        json!({"options": {}, "origins": ["https://shop.example"]}),
    )
    .await;
    let path = format!("/api/v1/visit/look?s={site}");
    let elsewhere = request(Method::GET, &path, "").header("origin", "https://evil.example");
    let elsewhere = app.send(elsewhere.body(Body::empty()).unwrap()).await;
    assert_eq!(elsewhere.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn options_are_checked_and_kept_as_a_whole() {
    let app = TestApp::new().await;
    for (wrong, word) in [
        (json!({"privacy_link": "javascript:alert(1)"}), "address"),
        (json!({"min_age": 18}), "age"),
        (json!({"language": "xx"}), "speak"),
        (
            json!({"greetings": [{"path": "x", "seconds": 1, "text": "a"}]}),
            "path",
        ),
    ] {
        let refused = app.patch("/api/v1/widget", json!({"options": wrong})).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST);
        assert!(refused.text().contains(word), "{}", refused.text());
    }
    let options = json!({"min_age": 16, "consent": "I agree.", "pre_chat": [{"field": "email", "required": true}]});
    let kept = app
        .patch(
            "/api/v1/widget",
            json!({"enabled": true, "options": options}),
        )
        .await;
    assert_eq!(kept.json()["options"]["min_age"], 16, "{}", kept.text());
    let site = site(&app, "default").await;
    let visit = app
        .post_as("", "/api/v1/visit", json!({"site": site}))
        .await
        .json();
    assert_eq!(
        (&visit["min_age"], &visit["consent"], &visit["introduced"]),
        (&json!(16), &json!("I agree."), &json!(false))
    );
    assert_eq!(
        visit["pre_chat"],
        json!([{"field": "email", "required": true}])
    );
}

#[tokio::test]
async fn only_the_owners_websites_may_frame_the_talk_page() {
    let app = TestApp::new().await;
    let site = site(&app, "default").await;
    widget(
        &app,
        "default",
        json!({"origins": ["https://shop.example"]}),
    )
    .await;
    let page = |path: String| {
        let request = request(Method::GET, &path, "");
        app.send(request.body(Body::empty()).unwrap())
    };
    let framed = page(format!("/talk/{site}/frame")).await;
    assert_eq!(framed.status, StatusCode::OK);
    let policy = framed.header("content-security-policy");
    assert!(
        policy.contains("frame-ancestors 'self' https://shop.example;"),
        "{policy}"
    );
    let alone = page(format!("/talk/{site}")).await;
    let policy = alone.header("content-security-policy");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    let unknown = page("/talk/fd_site_0/frame".to_owned()).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn files_go_to_a_person_and_come_back_harmless() {
    let app = prepared().await;
    let (visitor, _) = asked(&app).await;
    let send = |token: String, files: Vec<(&'static str, Vec<u8>)>| {
        let mut form = Form::new().text("client_id", "files");
        for (name, content) in files {
            form = form.file("file", name, content);
        }
        app.send(form.request(&token, "/api/v1/visit/files"))
    };
    let page = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec();
    let early = send(visitor.clone(), vec![("a.svg", page.clone())]).await;
    assert_eq!(
        (early.status, &early.json()["code"]),
        (StatusCode::CONFLICT, &json!("no_person"))
    );
    let id = app.workspace("default").await;
    let waits = app.app.store.write(move |tx| {
        tx.execute(
            "UPDATE conversations SET state = 'waiting' WHERE workspace = ?",
            [id],
        )?;
        Ok(())
    });
    waits.await.unwrap();
    for wrong in [
        vec![],
        vec![("a.txt", Vec::new())],
        vec![("a.txt", b"a".to_vec()); 6],
    ] {
        let refused = send(visitor.clone(), wrong).await;
        assert_eq!(
            refused.status,
            StatusCode::BAD_REQUEST,
            "{}",
            refused.text()
        );
    }
    let sent = send(visitor.clone(), vec![("../evil.svg", page.clone())]).await;
    assert_eq!(sent.status, StatusCode::OK, "{}", sent.text());
    // The same again is kept once.
    let again = send(visitor.clone(), vec![("../evil.svg", page.clone())]).await;
    assert_eq!(again.json(), sent.json());
    let said = call(&app, &visitor, Method::GET, "/messages").await.json();
    let last = said["messages"].as_array().unwrap().last().unwrap().clone();
    let file = &last["attachments"][0];
    assert_eq!(
        (&file["name"], &file["media_type"]),
        (&json!("evil.svg"), &json!("text/plain"))
    );
    let path = format!("/files/{}", file["id"].as_str().unwrap());
    let got = call(&app, &visitor, Method::GET, &path).await;
    assert_eq!(got.header("content-type"), "application/octet-stream");
    assert!(got.header("content-disposition").starts_with("attachment"));
    assert_eq!(got.header("x-content-type-options"), "nosniff");
    assert!(got.header("content-security-policy").contains("sandbox"));
    assert_eq!(got.text().as_bytes(), page);
    let (other, _) = asked(&app).await;
    let theirs = call(&app, &other, Method::GET, &path).await;
    assert_eq!(theirs.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_was_said_before_the_chat_stands_in_it() {
    let app = prepared().await;
    let options =
        json!({"consent": "I agree.", "pre_chat": [{"field": "email", "required": true}]});
    widget(&app, "default", json!({"options": options})).await;
    let visitor = token(&app).await;
    let path = "/api/v1/visit/introduce";
    for wrong in [
        json!({"consent": "I agree."}),
        json!({"email": "ann@example.com"}),
        json!({"email": "ann", "consent": "I agree."}),
    ] {
        let refused = app.post_as(&visitor, path, wrong).await;
        assert_eq!(
            refused.status,
            StatusCode::BAD_REQUEST,
            "{}",
            refused.text()
        );
    }
    let right = json!({"email": "ann@example.com", "consent": "I agree."});
    let kept = app.post_as(&visitor, path, right).await;
    assert_eq!(kept.status, StatusCode::NO_CONTENT, "{}", kept.text());
    let said = call(&app, &visitor, Method::GET, "/messages").await.json();
    let first = &said["messages"][0];
    assert_eq!(first["role"], "system");
    assert_eq!(first["text"], "E-mail: ann@example.com\n\u{2611} I agree.");
    let site = site(&app, "default").await;
    let again = json!({"site": site, "token": visitor});
    let again = app.post_as("", "/api/v1/visit", again).await.json();
    assert_eq!(again["introduced"], true);
    let contacts = app.get("/api/v1/contacts").await.json();
    let id = contacts["contacts"][0]["id"].as_str().unwrap();
    let contact = app.get(&format!("/api/v1/contacts/{id}")).await.json();
    assert_eq!(contact["consents"][0]["text"], "I agree.", "{contact}");
}

#[tokio::test]
async fn without_a_mail_server_a_conversation_is_not_sent() {
    let app = prepared().await;
    let (visitor, _) = asked(&app).await;
    let path = "/api/v1/visit/transcript";
    let sent = app
        .post_as(&visitor, path, json!({"email": "ann@example.com"}))
        .await;
    assert_eq!(
        (sent.status, &sent.json()["code"]),
        (StatusCode::CONFLICT, &json!("no_mail"))
    );
}

#[tokio::test]
async fn a_transcript_tells_times_where_the_business_is_and_who_wrote() {
    let app = prepared().await;
    let workspace = app.workspace("default").await;
    let zone = json!({"time_zone": "Asia/Tokyo"});
    let set = move |tx: &frontdesk::store::Transaction<'_>| {
        frontdesk::store::workspaces::set_section(tx, workspace, "facts", &zone)
    };
    app.app.store.write(set).await.unwrap();
    let (visitor, _) = asked(&app).await;
    let said = call(&app, &visitor, Method::GET, "/messages").await.json();
    let at = said["messages"][0]["created_at"].as_i64().unwrap();
    let at = jiff::Timestamp::from_millisecond(at).unwrap();
    let at = at.in_tz("Asia/Tokyo").unwrap();
    let text = call(&app, &visitor, Method::GET, "/transcript?language=ja").await;
    let text = text.text();
    assert!(text.contains("時刻: Asia/Tokyo"), "{text}");
    let line = format!("{} · お客様\n{QUESTION}", at.strftime("%Y/%m/%d %-H:%M"));
    assert!(text.contains(&line), "{line}: {text}");
}
