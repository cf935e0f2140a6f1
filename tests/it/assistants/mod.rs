//! `/api/v1/assistants`: drafts, versions, files; and that each setting changes what a visitor gets.

mod manage;
mod publishing;

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::app::{Reply, TestApp, request};
use crate::visit::{site, token};

const PATH: &str = "/api/v1/assistants";

/// The assistant that visitors get.
const USUAL: &str = "/api/v1/assistants/frontdesk";

async fn put(app: &TestApp, path: &str, body: &Value) -> Reply {
    let wanted = request(Method::PUT, path, &app.key)
        .header("content-type", "application/json")
        .body(body.to_string().into());
    app.send(wanted.unwrap()).await
}

async fn draft(app: &TestApp, said: Value) -> Reply {
    app.patch(&format!("{USUAL}/draft"), json!({ "said": said }))
        .await
}

/// Makes this live for visitors.
async fn publish(app: &TestApp, said: Value) {
    let saved = draft(app, said).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.text());
    let done = app.post(&format!("{USUAL}/publish"), json!({})).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.text());
    assert_eq!(done.json()["waits"], false);
}

/// The end of an answer to a new visitor.
async fn ask(app: &TestApp, question: &str) -> Value {
    let visitor = token(app).await;
    ask_as(app, &visitor, question).await
}

async fn ask_as(app: &TestApp, visitor: &str, question: &str) -> Value {
    let said = json!({ "text": question });
    let reply = app.post_as(visitor, "/api/v1/visit/messages", said).await;
    let events = reply.events();
    let Some((name, done)) = events.last() else {
        panic!("no answer: {}", reply.text());
    };
    assert_eq!(name, "done", "{}", reply.text());
    serde_json::from_str(done).unwrap()
}

fn answer(done: &Value) -> &str {
    done["answer"].as_str().unwrap()
}

/// The latest receipt.
async fn receipt(app: &TestApp) -> Value {
    let list = app.get("/api/v1/receipts?limit=1").await.json();
    let id = list["receipts"][0]["id"].as_str().unwrap().to_owned();
    app.get(&format!("/api/v1/receipts/{id}")).await.json()
}

async fn shop() -> TestApp {
    let app = TestApp::new().await;
    app.document("default", "prices.txt", "A full service costs 89 euros.")
        .await;
    app
}

#[tokio::test]
async fn a_draft_is_seen_by_nobody_until_it_is_published_and_an_earlier_version_comes_back() {
    let app = shop().await;
    let before = app.get(USUAL).await.json();
    assert_eq!(
        (&before["version"], &before["usual"], &before["draft"]),
        (&json!(1), &json!(true), &json!(false))
    );
    let saved = draft(
        &app,
        json!({"title": "Marla", "tone": "brief", "ladder": {"model": false}}),
    )
    .await;
    assert_eq!(saved.json()["draft"], true, "{}", saved.text());

    let site = site(&app, "default").await;
    let title = || async {
        let begun = app
            .post_as("", "/api/v1/visit", json!({ "site": site }))
            .await;
        begun.json()["title"].as_str().unwrap().to_owned()
    };
    let old = title().await;
    assert_ne!(old, "Marla");
    let diff = app.get(&format!("{USUAL}/diff")).await.json();
    let told: Vec<&str> = diff["differences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| d["sentence"].as_str().unwrap())
        .collect();
    assert!(
        told.contains(&"Tone: now brief") && told.contains(&"Words of the language model: now off"),
        "{told:?}"
    );

    let done = app
        .post(&format!("{USUAL}/publish"), json!({"note": "shorter"}))
        .await
        .json();
    assert_eq!(done, json!({"waits": false, "version": 2}));
    assert_eq!(title().await, "Marla");
    let after = app.get(USUAL).await.json();
    assert_eq!(
        (&after["draft"], &after["versions"][0]["note"]),
        (&json!(false), &json!("shorter"))
    );

    let back = app
        .post(&format!("{USUAL}/rollback"), json!({"version": 1}))
        .await;
    assert_eq!(back.json()["version"], 3, "{}", back.text());
    assert_eq!(title().await, old);
    for (path, body) in [
        ("rollback", json!({"version": 3})),
        ("rollback", json!({"version": 9})),
        ("publish", json!({})),
    ] {
        let refused = app.post(&format!("{USUAL}/{path}"), body).await;
        assert_eq!(refused.status, StatusCode::NOT_FOUND, "{path}");
    }
    // Saving what is live leaves no draft.
    assert_eq!(
        draft(&app, json!({"title": "Other"})).await.json()["draft"],
        true
    );
    assert_eq!(
        draft(&app, json!({ "title": old })).await.json()["draft"],
        false
    );
}

#[tokio::test]
async fn bad_settings_are_refused_with_their_field_and_change_nothing() {
    let app = TestApp::new().await;
    for (said, field) in [
        (json!({"title": ""}), "title"),
        (json!({"tone": "rude"}), "tone"),
        (json!({"nonsense": 1}), ""),
        (
            json!({"ladder": {"read_threshold": 7}}),
            "ladder.read_threshold",
        ),
        (
            json!({"languages": {"answers": ["xx"]}}),
            "languages.answers",
        ),
        (json!({"topics": [{"name": "Tax"}]}), "topics.words"),
        (
            json!({"hours": {"week": {"monday": [["nine", "17:00"]]}}}),
            "hours",
        ),
    ] {
        let refused = draft(&app, said.clone()).await;
        assert_eq!(
            refused.status,
            StatusCode::BAD_REQUEST,
            "{said}: {}",
            refused.text()
        );
        if !field.is_empty() {
            assert_eq!(refused.json()["param"], field, "{}", refused.text());
        }
    }
    assert_eq!(app.get(USUAL).await.json()["draft"], false);
}

#[tokio::test]
async fn a_visitor_gets_answers_from_the_chosen_knowledge_only() {
    let app = TestApp::new().await;
    let sales = app
        .document("default", "sales.txt", "A full service costs 89 euros.")
        .await;
    app.document("default", "repairs.txt", "A new tyre costs 33 euros.")
        .await;
    let tagged = put(
        &app,
        &format!("/api/v1/tags/document/{sales}"),
        &json!({"tags": ["Sales"]}),
    )
    .await;
    assert_eq!(
        tagged.json(),
        json!({"tags": ["sales"]}),
        "{}",
        tagged.text()
    );
    assert!(answer(&ask(&app, "How much is a new tyre?").await).contains("33"));
    publish(&app, json!({"knowledge": {"tags": ["sales"]}})).await;
    let other = ask(&app, "How much is a new tyre?").await;
    assert!(!answer(&other).contains("33"), "{other}");
    assert!(answer(&ask(&app, "How much is a full service?").await).contains("89"));
    assert_eq!(
        app.get("/api/v1/tags").await.json()["tags"],
        json!({"sales": 1})
    );
}

#[tokio::test]
async fn declined_topics_are_declined_before_any_rung_and_are_no_gap() {
    let app = shop().await;
    let topics = json!([{"name": "Prices", "words": ["cost", "how much"], "say": "Please ask us about prices by telephone."}]);
    publish(&app, json!({ "topics": topics })).await;
    let told = ask(&app, "How much is a full service?").await;
    assert_eq!(answer(&told), "Please ask us about prices by telephone.");
    assert_eq!(told["rung"], "refusal");
    let receipt = receipt(&app).await;
    assert_eq!(
        receipt["checks"]["declined"],
        json!({"what": "Prices", "by": "words", "hand_over": false}),
        "{receipt}"
    );
    assert_eq!(receipt["checks"]["assistant_version"], 2);
    let gaps = app.get("/api/v1/gaps").await.json();
    assert!(!gaps.to_string().contains("full service"), "{gaps}");
    // Whoever wants a person is not held up by a topic.
    let person = ask(&app, "I want to speak to a person").await;
    assert_eq!(person["rung"], "talk", "{person}");
    // A later visitor, after it was taken away.
    publish(&app, json!({ "topics": null })).await;
    assert!(answer(&ask(&app, "How much is a full service?").await).contains("89"));
}

#[tokio::test]
async fn a_topic_for_people_calls_one_after_its_sentence() {
    let app = shop().await;
    let always = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    let week: serde_json::Map<String, Value> = always
        .iter()
        .map(|day| ((*day).to_owned(), json!([["00:00", "23:59"]])))
        .collect();
    let topics = json!([{"name": "Warranty", "words": ["warranty"], "act": "hand_over", "say": "A colleague takes care of that."}]);
    publish(
        &app,
        json!({ "topics": topics, "hours": {"week": week, "time_zone": "UTC"} }),
    )
    .await;
    let told = ask(&app, "Is this under warranty?").await;
    assert_eq!(answer(&told), "A colleague takes care of that.");
    assert_eq!(told["state"], "waiting", "{told}");
    // With hours of its own in which nobody is there, nobody is called.
    publish(&app, json!({ "hours": {"week": {}} })).await;
    let told = ask(&app, "Is this under warranty?").await;
    assert_eq!(told["state"], "open", "{told}");
}

#[tokio::test]
async fn languages_that_it_does_not_speak_are_declined_or_answered_in_its_own() {
    let app = shop().await;
    let question = "Haben Sie am Samstag auch Kaffee und Kuchen für meine Kinder?";
    publish(
        &app,
        json!({"languages": {"answers": ["en"], "others": "decline"}}),
    )
    .await;
    let told = ask(&app, question).await;
    assert_eq!(
        answer(&told),
        "Ich kann hier nur auf English antworten.",
        "{told}"
    );
    publish(&app, json!({"languages": {"answers": ["en"]}})).await;
    let told = ask(&app, question).await;
    assert!(answer(&told).starts_with("I "), "{told}");
}

#[tokio::test]
async fn rungs_that_are_off_do_not_answer() {
    let app = shop().await;
    let pair = json!({"answer": "We are at 1 Main Street.", "questions": ["Where are you?"], "state": "approved"});
    let made = app.post("/api/v1/faqs", pair).await;
    assert!(made.status.is_success(), "{}", made.text());
    assert_eq!(ask(&app, "Where are you?").await["rung"], "faq");
    publish(&app, json!({"ladder": {"faq": false}})).await;
    assert_ne!(ask(&app, "Where are you?").await["rung"], "faq");
    publish(&app, json!({"ladder": {"read": false}})).await;
    let told = ask(&app, "How much is a full service?").await;
    assert_eq!(told["rung"], "refusal", "{told}");
    publish(
        &app,
        json!({"ladder": {"read_threshold": 1.0, "related_threshold": 1.0}}),
    )
    .await;
    let told = ask(&app, "Does a bicycle service take long?").await;
    assert_eq!(told["rung"], "refusal", "{told}");
}

#[tokio::test]
async fn a_brief_tone_is_heard_in_courtesies() {
    let app = TestApp::new().await;
    assert!(answer(&ask(&app, "Thank you very much").await).contains("anything else"));
    publish(&app, json!({"tone": "brief"})).await;
    assert_eq!(
        answer(&ask(&app, "Thank you very much").await),
        "You're welcome!"
    );
}

#[tokio::test]
async fn hand_over_rules_of_the_assistant_go_before_the_desks() {
    let app = shop().await;
    let week: serde_json::Map<String, Value> = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ]
    .iter()
    .map(|day| ((*day).to_owned(), json!([["00:00", "23:59"]])))
    .collect();
    let hours = json!({"week": week, "time_zone": "UTC"});
    publish(
        &app,
        json!({"ladder": {"read": false}, "hours": hours, "hand_over": {"refusals": 1}}),
    )
    .await;
    let told = ask(&app, "Which moon is the largest one?").await;
    assert_eq!(told["state"], "waiting", "{told}");
    publish(&app, json!({"hand_over": {"refusals": 0, "risky": false}})).await;
    let visitor = token(&app).await;
    for _ in 0..3 {
        let told = ask_as(&app, &visitor, "Which moon is the largest one?").await;
        assert_eq!(told["state"], "open", "{told}");
    }
}

#[tokio::test]
async fn an_assistant_for_staff_is_reached_by_no_visitor() {
    let app = shop().await;
    publish(&app, json!({"knowledge": {"view": "staff"}})).await;
    let site = site(&app, "default").await;
    // The next one that is for visitors answers in its place.
    let begun = app
        .post_as("", "/api/v1/visit", json!({"site": site}))
        .await;
    assert_eq!(begun.json()["title"], "Desk", "{}", begun.text());
    let named = app
        .post_as(
            "",
            "/api/v1/visit",
            json!({"site": site, "assistant": "frontdesk"}),
        )
        .await;
    assert_eq!(named.status, StatusCode::NOT_FOUND, "{}", named.text());
}

#[tokio::test]
async fn an_assistant_for_staff_is_not_there_for_programs_of_visitors() {
    let app = shop().await;
    let workspace = app.workspace("default").await;
    let (public, _) = app.make_key(&["chat"], Some(workspace)).await;
    let (own, _) = app.make_key(&["chat", "documents"], Some(workspace)).await;
    let begin = json!({"assistant": "frontdesk"});
    let begun = app
        .post_as(&public, "/api/v1/conversations", begin.clone())
        .await;
    assert_eq!(begun.status, StatusCode::CREATED, "{}", begun.text());
    let earlier = format!(
        "/api/v1/conversations/{}/messages",
        begun.json()["id"].as_str().unwrap()
    );
    publish(&app, json!({"knowledge": {"view": "staff"}})).await;
    let question = "How much is a full service?";
    let asks = [
        (
            "/api/v1/ask",
            json!({"question": question, "assistant": "frontdesk"}),
        ),
        (
            "/v1/chat/completions",
            json!({"model": "assistant:frontdesk", "messages": [{"role": "user", "content": question}]}),
        ),
        (
            "/v1/responses",
            json!({"model": "assistant:frontdesk", "input": question}),
        ),
        (
            "/v1/messages",
            json!({
                "model": "assistant:frontdesk", "max_tokens": 50,
                "messages": [{"role": "user", "content": question}],
            }),
        ),
        ("/api/v1/conversations", begin),
    ];
    for (path, body) in asks {
        let refused = app.post_as(&public, path, body.clone()).await;
        assert_eq!(
            refused.status,
            StatusCode::NOT_FOUND,
            "{path}: {}",
            refused.text()
        );
        let served = app.post_as(&own, path, body).await;
        assert!(served.status.is_success(), "{path}: {}", served.text());
    }
    let said = json!({ "text": question });
    let refused = app.post_as(&public, &earlier, said).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND, "{}", refused.text());
    for (key, is_there) in [(&public, false), (&own, true)] {
        let wanted = request(Method::GET, "/v1/models", key)
            .body(axum::body::Body::empty())
            .unwrap();
        let models = app.send(wanted).await;
        let listed = models.text().contains("\"assistant:frontdesk\"");
        assert_eq!(listed, is_there, "{}", models.text());
    }
}

#[tokio::test]
async fn an_assistant_begins_only_the_workflows_that_it_chose() {
    let app = shop().await;
    let made = put(&app, "/api/v1/workflows/callback", &json!({})).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text());
    let wish = "Please call me back";
    let visitor = token(&app).await;
    let begun = ask_as(&app, &visitor, wish).await;
    assert_eq!(begun["rung"], "workflow", "{begun}");
    let other = put(&app, "/api/v1/workflows/table", &json!({})).await;
    assert_eq!(other.status, StatusCode::OK, "{}", other.text());
    publish(&app, json!({ "workflows": ["table"] })).await;
    let other = ask(&app, wish).await;
    assert_ne!(other["rung"], "workflow", "{other}");
    // What had begun is over.
    let after = ask_as(&app, &visitor, "My name is Anna Weber").await;
    assert_ne!(after["rung"], "workflow", "{after}");
    publish(&app, json!({ "workflows": ["callback"] })).await;
    let again = ask(&app, wish).await;
    assert_eq!(again["rung"], "workflow", "{again}");
}
