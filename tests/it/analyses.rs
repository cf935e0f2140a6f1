//! Analyses: the API, the file of the list, the settings, the pages, and that they go with their conversation.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::app::{Form, TestApp, request};
use crate::browser::{Browser, leads_to, person, refused};
use crate::calls::json_put;
use crate::fakes::Plan;
use crate::visit;

const PATH: &str = "/api/v1/analyses";
const SETTINGS: &str = "/api/v1/analyses/settings";

fn turns() -> Value {
    json!([
        {"who": "customer", "text": "Hello, I need a double room for three nights from Friday."},
        {"who": "staff", "name": "Anna", "text": "We have one for 120 euros a night."},
        {"who": "customer", "text": "That is too expensive for us. Our budget is 100 euros."},
        {"who": "staff", "name": "Anna", "text": "I will send you an offer for the small room tomorrow."},
        {"who": "customer", "text": "Great, please book it."}
    ])
}

/// The model finds these, half of which nobody said.
fn script(app: &TestApp) {
    let findings = json!({
        "summary": ["The customer needs a double room for three nights.", "It costs 90 euros."],
        "intent": "double room", "objections": [], "promises": [{"line": 3, "words": "I will send you an offer"}],
        "next": "Send the offer", "reply": "Here is the offer for the small room."
    });
    app.chat.script.set(Plan::Words(vec![findings.to_string()]));
}

async fn put(app: &TestApp, body: Value) -> crate::app::Reply {
    app.send(json_put(app, SETTINGS, body)).await
}

#[tokio::test]
async fn turns_are_analysed_listed_known_again_and_deleted() {
    let app = TestApp::new().await;
    script(&app);
    let rules = json!({"rules": [{"phrase": "budget", "points": 20, "said_by": "customer"}]});
    assert_eq!(put(&app, rules).await.status, StatusCode::OK);
    let body = json!({"turns": turns(), "title": "Rooms", "about": "lead 7"});
    let made = app.post(PATH, body.clone()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let made = made.json();
    assert_eq!(made["known"], false);
    assert_eq!(made["rule_points"], 20);
    assert_eq!(made["model"], "fake-chat");
    let found = &made["found"];
    assert_eq!(
        found["summary"]["short"],
        "The customer needs a double room for three nights."
    );
    assert!(
        !found["summary"]["long"]
            .as_str()
            .unwrap()
            .contains("90 euros")
    );
    assert_eq!(found["score"]["by_rules"][0]["quote"]["turn"], 2);
    assert_eq!(found["promises"][0]["name"], "Anna");
    assert_eq!(found["missing"], json!([]));

    let again = app.post(PATH, body.clone()).await;
    assert_eq!(again.status, StatusCode::OK, "{}", again.text());
    assert_eq!(again.json()["id"], made["id"]);
    assert_eq!(again.json()["known"], true);
    let mut forced = body;
    forced["again"] = json!(true);
    let forced = app.post(PATH, forced).await;
    assert_eq!(forced.status, StatusCode::CREATED);
    assert_eq!(forced.json()["found"], made["found"]);

    let other = json!({"turns": [{"who": "customer", "text": "No thanks, not interested."}]});
    assert_eq!(app.post(PATH, other).await.status, StatusCode::CREATED);
    let list = app.get(PATH).await.json();
    let scores: Vec<u64> = list["analyses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["score"].as_u64().unwrap())
        .collect();
    assert_eq!(scores.len(), 3);
    assert!(scores.is_sorted_by(|a, b| a >= b), "{scores:?}");
    let first = app.get(&format!("{PATH}?limit=1")).await.json();
    let next = first["next"].as_str().unwrap().to_owned();
    let rest = app.get(&format!("{PATH}?before={next}")).await.json();
    assert_eq!(rest["analyses"].as_array().unwrap().len(), 2);
    for (query, many) in [
        ("source=file", 0),
        ("least=101", 9),
        ("source=x", 9),
        ("before=x", 9),
    ] {
        let reply = app.get(&format!("{PATH}?{query}")).await;
        match many {
            9 => assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{query}"),
            many => assert_eq!(reply.json()["analyses"].as_array().unwrap().len(), many),
        }
    }
    let file = app.get(&format!("{PATH}/export?format=csv")).await;
    assert_eq!(file.text().lines().count(), 4, "{}", file.text());
    assert!(file.text().contains("\"lead 7\""));

    let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
    assert_eq!(app.get(&path).await.json()["title"], "Rooms");
    assert_eq!(app.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.get(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.delete(&path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_file_is_read_and_a_stream_tells_how_far_it_is() {
    let app = TestApp::new().await;
    script(&app);
    let file = "1/2/26, 10:00 - Ben: How much is a room?\n1/2/26, 10:01 - Anna: 120 euros\n";
    let form = || {
        Form::new()
            .text("staff", "Anna")
            .file("file", "chat.txt", file)
    };
    let made = app.post_form(PATH, form()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let made = made.json();
    assert_eq!(
        (&made["source"], &made["guessed"]),
        (&json!("file"), &json!(false))
    );
    let nobody = Form::new()
        .text("staff", "Zoe")
        .file("file", "chat.txt", file);
    refused(
        &app.post_form(PATH, nobody).await,
        StatusCode::BAD_REQUEST,
        "Zoe",
    );
    let other = Form::new().file("file", "x.bin", [0_u8, 159, 146, 150]);
    assert_eq!(
        app.post_form(PATH, other).await.status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        app.post_form(PATH, Form::new()).await.status,
        StatusCode::BAD_REQUEST
    );

    let body = json!({"turns": turns()}).to_string();
    let stream = request(Method::POST, PATH, &app.key)
        .header(header::CONTENT_TYPE, "application/json")
        .header(header::ACCEPT, "text/event-stream")
        .body(Body::from(body));
    let events = app.send(stream.unwrap()).await;
    let text = events.text();
    assert!(text.contains("event: progress"), "{text}");
    assert!(text.contains("event: done"), "{text}");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let app = TestApp::new().await;
    script(&app);
    for (body, status, why) in [
        (json!({}), StatusCode::BAD_REQUEST, "either"),
        (
            json!({"turns": [], "conversation": "x"}),
            StatusCode::BAD_REQUEST,
            "either",
        ),
        (
            json!({"turns": []}),
            StatusCode::UNPROCESSABLE_ENTITY,
            "nobody says",
        ),
        (
            json!({"turns": [{"who": "staff", "text": "Hi"}]}),
            StatusCode::UNPROCESSABLE_ENTITY,
            "customer",
        ),
        (
            json!({"turns": [{"who": "dog", "text": "Hi"}]}),
            StatusCode::BAD_REQUEST,
            "turns[0].who",
        ),
        (
            json!({"conversation": "x"}),
            StatusCode::NOT_FOUND,
            "conversation",
        ),
        (
            json!({"turns": turns(), "source": "conversation"}),
            StatusCode::BAD_REQUEST,
            "source",
        ),
    ] {
        refused(&app.post(PATH, body).await, status, why);
    }
    for (body, why) in [
        (json!({"bands": [{"name": "a", "from": 5}]}), "score 0"),
        (json!({"keep_days": 0}), "3650"),
        (
            json!({"rules": [{"phrase": "?", "points": 1}]}),
            "rules, line 1",
        ),
        (
            json!({"fields": [{"name": "a", "kind": "choice", "question": "Which?"}]}),
            "fields, line 1",
        ),
    ] {
        refused(&put(&app, body).await, StatusCode::BAD_REQUEST, why);
    }
    let chat = app.make_key(&["chat"], None).await.0;
    let denied = app.post_as(&chat, PATH, json!({"turns": turns()})).await;
    assert_eq!(denied.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn without_a_model_the_rest_is_there() {
    let app = TestApp::new().await;
    app.chat.script.set(Plan::Break(
        vec!["{".into()],
        frontdesk::llm::LlmError::Unavailable("gone".into()),
    ));
    let made = app.post(PATH, json!({"turns": turns()})).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let found = made.json()["found"].clone();
    assert_eq!(found["summary"]["written"], "extract");
    assert!(found["missing"][0].as_str().unwrap().contains("gone"));
}

#[tokio::test]
async fn a_conversation_of_the_inbox_takes_its_analysis_along() {
    let app = TestApp::new().await;
    let token = visit::token(&app).await;
    let said = app
        .post_as(
            &token,
            "/api/v1/visit/messages",
            json!({"text": "How much is a room in Porto?"}),
        )
        .await;
    assert_eq!(said.status, StatusCode::OK, "{}", said.text());
    script(&app);
    let read = app.app.store.read(|conn| {
        let sql = "SELECT id FROM conversations";
        Ok(conn.query_row(sql, (), |row| row.get::<_, String>(0))?)
    });
    let id = read.await.unwrap();
    let made = app.post(PATH, json!({"conversation": id})).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let path = format!("{PATH}/{}", made.json()["id"].as_str().unwrap());

    person(&app, "olive", "owner").await;
    let mut browser = Browser::new(&app);
    browser.password("olive").await;
    let list = browser.get("/scores").await;
    assert!(list.text().contains(">Visitor</a>"), "{}", list.text());
    let page = browser.get(&path.replace(PATH, "/scores")).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    assert!(page.text().contains("id=\"turn-0\""));
    let form = "rules=budget+%7C+%2B20&fields=&bands=hot+%7C+50%0Acold+%7C+0&keep_days=";
    let saved = browser.post("/scores/settings", form).await;
    assert_eq!(leads_to(&saved), "/scores/settings?done=saved");
    assert_eq!(app.get(SETTINGS).await.json()["rules"][0]["points"], 20);
    let wrong = browser
        .post("/scores/settings", "rules=budget&fields=&bands=&keep_days=")
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text().contains("line 1"));
    let again = browser.post("/scores", &format!("conversation={id}")).await;
    assert!(leads_to(&again).starts_with("/scores/"));

    let erased = app.delete(&format!("/api/v1/conversations/{id}")).await;
    assert!(erased.status.is_success(), "{}", erased.text());
    assert_eq!(app.get(PATH).await.json()["analyses"], json!([]));
}
