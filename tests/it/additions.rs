//! What the language model adds to a quotation that is already shown.

use axum::http::Method;
use serde_json::{Value, json};

use crate::app::{Reply, TestApp, request};
use crate::fakes::Plan;

const HOUSE: &str = "# The house\n\nDogs are welcome in the garden but not in the pool. \
    The reading room on the second floor closes at 21:00.\n";

async fn app() -> TestApp {
    let app = TestApp::new().await;
    app.document("default", "house.md", HOUSE).await;
    app.reader.mark(&[("closes at 21:00", 14.0)]);
    always_quote(&app).await;
    app
}

/// Gives whatever the reader marks as the answer.
async fn always_quote(app: &TestApp) {
    let workspace = app.workspace("default").await;
    let answers = json!({"read_threshold": 0.0, "related_threshold": 0.0});
    app.app
        .store
        .write(move |tx| {
            frontdesk::store::workspaces::set_section(tx, workspace, "answers", &answers)
        })
        .await
        .unwrap();
}

fn say(app: &TestApp, text: &str) {
    app.chat.script.set(Plan::Words(vec![text.to_owned()]));
}

/// The pieces of text in the order in which they came, and the finished answer.
async fn stream(app: &TestApp, question: &str) -> (Vec<String>, Value) {
    let asked = request(Method::POST, "/api/v1/ask", &app.key)
        .header("accept", "text/event-stream")
        .header("content-type", "application/json")
        .body(json!({"question": question}).to_string().into());
    let reply = app.send(asked.unwrap()).await;
    let (mut deltas, mut done) = (Vec::new(), Value::Null);
    for (event, data) in reply.events() {
        let data: Value = serde_json::from_str(&data).unwrap();
        match event.as_str() {
            "delta" => deltas.push(data["text"].as_str().unwrap().to_owned()),
            "done" => done = data,
            _ => {}
        }
    }
    (deltas, done)
}

async fn whole(app: &TestApp, question: &str) -> Value {
    app.post("/api/v1/ask", json!({"question": question}))
        .await
        .json()
}

async fn put(app: &TestApp, body: &Value) -> Reply {
    let wanted = request(Method::PUT, "/api/v1/additions", &app.key)
        .header("content-type", "application/json")
        .body(body.to_string().into());
    app.send(wanted.unwrap()).await
}

const QUESTION: &str = "When does the reading room close?";
const SENTENCE: &str = "It is the reading room on the second floor that closes at 21:00.";

#[tokio::test]
async fn a_friendly_sentence_comes_after_the_quotation_and_stands_in_the_receipt() {
    let app = app().await;
    say(&app, SENTENCE);
    let (deltas, done) = stream(&app, QUESTION).await;
    assert_eq!(deltas.len(), 2, "{deltas:?}");
    assert!(deltas[0].contains("closes at 21:00"));
    assert_eq!(deltas[1], format!("\n\n{SENTENCE} [1]"));
    assert_eq!(done["rung"], "read");
    assert_eq!(done["answer"], deltas.concat());
    let receipt = done["receipt"].as_str().unwrap();
    let receipt = app.get(&format!("/api/v1/receipts/{receipt}")).await.json();
    let added = &receipt["checks"]["afterword"];
    assert_eq!(added["kind"], "friendly", "{receipt}");
    assert_eq!(added["sentences"][0]["verdict"], "supported");
    assert!(receipt["model"].is_string(), "{receipt}");
    // The prompt names no other passages than the quotation.
    let prompt = app.chat.script.prompts().pop().unwrap();
    assert!(prompt.contains("closes at 21:00") && prompt.contains(QUESTION));
}

#[tokio::test]
async fn what_the_quotation_does_not_say_is_not_added() {
    let app = app().await;
    for invented in [
        "You can use the reading room until it closes at 22:00.",
        "The reading room never closes at 21:00.",
        "The restaurant serves breakfast in the winter garden.",
        "NOT_IN_DOCUMENTS",
        "",
    ] {
        say(&app, invented);
        let (deltas, done) = stream(&app, QUESTION).await;
        assert_eq!(deltas.len(), 1, "{invented}: {deltas:?}");
        assert_eq!(done["answer"], deltas[0]);
    }
}

#[tokio::test]
async fn an_answer_that_is_sent_whole_does_not_wait_unless_the_owner_wants_it() {
    let app = app().await;
    say(&app, SENTENCE);
    let before = app.chat.script.count();
    let answer = whole(&app, QUESTION).await;
    assert!(!answer["answer"].as_str().unwrap().contains(SENTENCE));
    assert_eq!(app.chat.script.count(), before);
    let on = json!({"friendly": "on", "translate": "off"});
    assert_eq!(put(&app, &on).await.json(), on);
    let answer = whole(&app, QUESTION).await;
    assert!(
        answer["answer"].as_str().unwrap().contains(SENTENCE),
        "{answer}"
    );
    let off = json!({"friendly": "off", "translate": "off"});
    put(&app, &off).await;
    assert_eq!(app.get("/api/v1/additions").await.json(), off);
    let (deltas, _) = stream(&app, QUESTION).await;
    assert_eq!(deltas.len(), 1);
    let wrong = put(&app, &json!({"friendly": "perhaps", "translate": "off"})).await;
    assert_eq!(wrong.status, 400);
}

#[tokio::test]
async fn topics_that_are_only_quoted_get_nothing_added() {
    let app = app().await;
    say(&app, SENTENCE);
    let (deltas, _) = stream(&app, "What is the price of the reading room?").await;
    assert_eq!(deltas.len(), 1, "{deltas:?}");
}

#[tokio::test]
async fn a_model_that_is_slow_to_begin_is_not_waited_for() {
    let app = app().await;
    app.chat.script.set(Plan::Stall(Vec::new()));
    let since = std::time::Instant::now();
    let (deltas, done) = stream(&app, QUESTION).await;
    assert_eq!(deltas.len(), 1);
    assert_eq!(done["rung"], "read");
    assert!(since.elapsed() < std::time::Duration::from_secs(10));
    // The second slow try in a row is the last for a while.
    stream(&app, QUESTION).await;
    let tried = app.chat.script.count();
    stream(&app, QUESTION).await;
    assert_eq!(app.chat.script.count(), tried);
}

#[tokio::test]
async fn a_foreign_quotation_is_translated_and_marked() {
    let app = TestApp::new().await;
    let text = "# Das Haus\n\nHunde dürfen nicht in den Pool, aber in den Garten. \
        Der Lesesaal im zweiten Stock schließt jeden Abend um 21:00 Uhr für alle Gäste des Hauses.\n";
    app.document("default", "haus.md", text).await;
    app.reader.mark(&[("schließt jeden Abend um 21:00", 14.0)]);
    always_quote(&app).await;
    say(
        &app,
        "Dogs may not use the pool, but the garden. The reading room on the second floor closes every evening at 21:00 for all guests of the house.",
    );
    let (deltas, done) = stream(
        &app,
        "When does the reading room close for us in the evening?",
    )
    .await;
    assert_eq!(deltas.len(), 2, "{done}");
    assert!(
        deltas[1].contains("Translated by machine: Dogs may not"),
        "{deltas:?}"
    );
    say(
        &app,
        "Dogs may not use the pool, but the garden. The reading room on the second floor closes every evening at 22:00 for all guests of the house.",
    );
    let (deltas, _) = stream(
        &app,
        "When does the reading room close for us in the evening?",
    )
    .await;
    assert_eq!(deltas.len(), 1, "a wrong figure is not shown: {deltas:?}");
}
