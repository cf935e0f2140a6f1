//! `/api/v1/workflows`, and workflows in conversations.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::app::{Reply, TestApp, json_request, request};
use crate::browser::{Browser, person};
use crate::calls::json_put;

async fn put(app: &TestApp, name: &str, body: Value) -> Reply {
    let path = format!("/api/v1/workflows/{name}");
    app.send(json_put(app, &path, body)).await
}

async fn begin(app: &TestApp) -> String {
    let begun = app.post("/api/v1/conversations", json!({})).await;
    begun.json()["id"].as_str().unwrap().to_owned()
}

/// What the assistant answers.
async fn say(app: &TestApp, id: &str, text: &str) -> String {
    let path = format!("/api/v1/conversations/{id}/messages");
    let sent = app
        .send(json_request(
            &app.key,
            &path,
            json!({ "text": text }).to_string(),
        ))
        .await;
    assert!(sent.status.is_success(), "{}", sent.text());
    let one = app.get(&format!("/api/v1/conversations/{id}")).await.json();
    let said = one["transcript"].as_array().unwrap();
    let answered = said.iter().rev().find(|said| said["role"] == "assistant");
    answered.unwrap()["text"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_workflow_is_kept_in_versions_and_deleted() {
    let app = TestApp::new().await;
    let templates = app.get("/api/v1/workflow-templates").await.json();
    assert_eq!(templates["templates"].as_array().unwrap().len(), 6);
    let kept = put(&app, "callback", json!({})).await;
    assert_eq!(kept.status, StatusCode::OK, "{}", kept.text());
    assert_eq!(kept.json()["version"], 1);
    let text = kept.json()["text"]
        .as_str()
        .unwrap()
        .replace("Ask for a call", "Call me");
    let next = put(&app, "callback", json!({ "text": text, "active": false }))
        .await
        .json();
    assert_eq!(
        (&next["version"], &next["title"]),
        (&2.into(), &"Call me".into())
    );
    let whole = app.get("/api/v1/workflows/callback").await.json();
    assert_eq!(whole["versions"].as_array().unwrap().len(), 2);
    let first = app
        .get("/api/v1/workflows/callback/versions/1")
        .await
        .json();
    assert!(first["text"].as_str().unwrap().contains("Ask for a call"));
    let wrong = put(
        &app,
        "callback",
        json!({ "text": "name = \"callback\"\ntitle.en = \"A\"\n[[steps]]\nask = \"b\"\n" }),
    )
    .await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    assert!(
        wrong.text().contains("line 3: there is no slot named b"),
        "{}",
        wrong.text()
    );
    let path = "/api/v1/workflows/callback";
    let delete = request(Method::DELETE, path, &app.key)
        .body(Body::empty())
        .unwrap();
    assert_eq!(app.send(delete).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.get(path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_workflow_is_tried_without_doing_anything() {
    let app = TestApp::new().await;
    let templates = app.get("/api/v1/workflow-templates").await.json();
    let all = templates["templates"].as_array().unwrap();
    let text = &all.iter().find(|one| one["name"] == "callback").unwrap()["text"];
    let mut run = Value::Null;
    let mut last = Value::Null;
    for said in [
        "call me back",
        "I am Anna Weber, +49 30 12345678",
        "nothing",
        "yes",
    ] {
        let body = match run.is_null() {
            true => json!({ "text": text, "said": said }),
            false => json!({ "text": text, "said": said, "run": run }),
        };
        last = app.post("/api/v1/workflow-trials", body).await.json();
        run = last["run"].clone();
    }
    assert_eq!(
        (&last["state"], &last["acts"][0]["deed"]["act"]),
        (&"done".into(), &"lead".into())
    );
    let tasks = app.get("/api/v1/tasks").await.json();
    assert!(!tasks.to_string().contains("Anna Weber"));
}

#[tokio::test]
async fn a_conversation_goes_through_a_workflow_and_its_receipt_names_it() {
    let app = TestApp::new().await;
    app.document(
        "default",
        "hours.txt",
        "We are open from 8:00 to 17:00 on Mondays.",
    )
    .await;
    put(&app, "callback", json!({})).await;
    let id = begin(&app).await;
    let asked = say(&app, &id, "Please call me back").await;
    assert!(asked.contains("What telephone number"), "{asked}");
    let between = say(&app, &id, "When are you open on Mondays?").await;
    assert!(between.contains("telephone number"), "{between}");
    let topic = say(
        &app,
        &id,
        "my name is Anna Weber and my number is +49 30 12345678",
    )
    .await;
    assert!(topic.contains("What is it about"), "{topic}");
    let confirm = say(&app, &id, "nothing").await;
    assert!(confirm.contains("Anna Weber"), "{confirm}");
    let done = say(&app, &id, "yes").await;
    assert!(done.contains("somebody will call you"), "{done}");
    let receipts = app.get("/api/v1/receipts?limit=1").await.json();
    assert!(receipts.to_string().contains("workflow"), "{receipts}");
    for _ in 0..50 {
        let tasks = app.get("/api/v1/tasks").await.json();
        if tasks.to_string().contains("Anna Weber") {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("no lead was made");
}

#[tokio::test]
async fn a_workflow_is_cancelled_and_the_ladder_answers_again() {
    let app = TestApp::new().await;
    put(&app, "callback", json!({})).await;
    let id = begin(&app).await;
    say(&app, &id, "Please call me back").await;
    let stopped = say(&app, &id, "never mind, I changed my mind").await;
    assert!(stopped.contains("Nothing was sent"), "{stopped}");
    let after = say(&app, &id, "thank you").await;
    assert!(!after.contains("telephone"), "{after}");
}

#[tokio::test]
async fn a_workflow_is_edited_as_a_form_without_scripts() {
    let app = TestApp::new().await;
    person(&app, "olga", "admin").await;
    let mut olga = Browser::new(&app);
    olga.password("olga").await;
    put(&app, "callback", json!({})).await;
    let page = olga.get("/workflows/callback").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    for offered in [
        "<title>Ask for a call · ",
        "1. Question: Telephone",
        "Add a question",
        "Move down",
        "Edit it as text",
    ] {
        assert!(page.text().contains(offered), "{offered}: {}", page.text());
    }
    let form = "languages=en&title.en=Call+me&begin.en=call+me%0D%0Aring+me&order=phone&steps=3&active=on\
        &s0.do=ask&s0.slot=phone&s0.kind=phone&s0.ask.en=Which+number%3F&s0.label.en=Number\
        &s1.do=act&s1.act=task&s1.with.wish=Call+%7Bphone%7D&s2.do=end&s2.text.en=We+call+you.";
    // Other buttons keep nothing.
    let pressed = format!("{form}&press=down.0");
    let moved = olga.post("/workflows/callback/form", &pressed).await;
    assert_eq!(moved.status, StatusCode::OK, "{}", moved.text());
    assert!(
        moved.text().contains("2. Question: Number"),
        "{}",
        moved.text()
    );
    let wrong = format!("{}&press=save", form.replace("%7Bphone%7D", "%7Bfax%7D"));
    let wrong = olga.post("/workflows/callback/form", &wrong).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        wrong.text().contains("s1.with.wish-error"),
        "{}",
        wrong.text()
    );
    let kept = app.get("/api/v1/workflows/callback").await.json();
    assert_eq!(kept["workflow"]["version"], 1);
    let saved = format!("{form}&press=save");
    let saved = olga.post("/workflows/callback/form", &saved).await;
    assert!(saved.status.is_redirection(), "{}", saved.text());
    let kept = app.get("/api/v1/workflows/callback").await.json();
    assert_eq!(
        (&kept["workflow"]["version"], &kept["workflow"]["title"]),
        (&2.into(), &"Call me".into())
    );
    let text = kept["workflow"]["text"].as_str().unwrap();
    assert!(
        text.contains("begin = { en = [\"call me\", \"ring me\"] }"),
        "{text}"
    );
    let page = olga.get("/workflows/callback").await;
    assert!(page.text().contains("What it changed"), "{}", page.text());
    olga.post("/workflows/callback/back", "version=1").await;
    let kept = app.get("/api/v1/workflows/callback").await.json();
    assert_eq!(kept["workflow"]["version"], 3);
    assert_eq!(kept["workflow"]["title"], "Ask for a call");
}

#[tokio::test]
async fn the_runs_of_a_workflow_are_listed_with_the_step_that_people_leave_at() {
    let app = TestApp::new().await;
    put(&app, "callback", json!({})).await;
    let path = "/api/v1/workflows/callback/runs";
    let none = app.get(path).await.json();
    assert_eq!(none["runs"], json!([]));
    let left = begin(&app).await;
    say(&app, &left, "Please call me back").await;
    say(&app, &left, "never mind, I changed my mind").await;
    let open = begin(&app).await;
    say(&app, &open, "Please call me back").await;
    let first = app.get(&format!("{path}?limit=1")).await.json();
    let run = &first["runs"][0];
    assert_eq!(
        (&run["state"], &run["step"]),
        (&"asking".into(), &"phone".into())
    );
    assert_eq!(run["conversation"], open);
    let next = first["next"].as_str().unwrap();
    let second = app
        .get(&format!("{path}?limit=1&before={next}"))
        .await
        .json();
    let run = &second["runs"][0];
    assert_eq!(
        (&run["state"], &run["step"]),
        (&"cancelled".into(), &"phone".into())
    );
    assert!(second["next"].is_null());
    assert_eq!(second["leaves"], json!([{ "step": "phone", "runs": 1 }]));
    let wrong = app.get(&format!("{path}?before=x")).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    let other = app.get("/api/v1/workflows/nothing/runs").await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
    person(&app, "olga", "admin").await;
    let mut olga = Browser::new(&app);
    olga.password("olga").await;
    let page = olga.get("/workflows/callback/runs").await;
    for shown in [
        "<title>Runs of Ask for a call · ",
        "Where people leave",
        "Cancelled by the visitor",
        "Telephone",
    ] {
        assert!(page.text().contains(shown), "{shown}: {}", page.text());
    }
}

#[tokio::test]
async fn an_answer_that_can_be_chosen_comes_with_its_options() {
    let app = TestApp::new().await;
    put(&app, "callback", json!({})).await;
    let token = crate::visit::token(&app).await;
    for text in ["call me back, I am Anna Weber, +49 30 12345678", "nothing"] {
        let body = json!({ "text": text }).to_string();
        let sent = app
            .send(json_request(&token, "/api/v1/visit/messages", body))
            .await;
        assert!(sent.status.is_success(), "{}", sent.text());
        let events = sent.events();
        let (_, done) = events.iter().find(|(name, _)| name == "done").unwrap();
        let done: Value = serde_json::from_str(done).unwrap();
        match text {
            "nothing" => assert_eq!(done["options"], json!(["Yes", "No"]), "{done}"),
            _ => assert!(done.get("options").is_none(), "{done}"),
        }
    }
    let read = request(Method::GET, "/api/v1/visit/messages", &token);
    let read = app.send(read.body(Body::empty()).unwrap()).await.json();
    let said = read["messages"].as_array().unwrap();
    let last = said.last().unwrap();
    assert_eq!(last["options"], json!(["Yes", "No"]), "{last}");
}
