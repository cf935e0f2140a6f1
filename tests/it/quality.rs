//! `/api/v1/evals` and `/api/v1/gate`.

use std::time::Duration;

use axum::http::StatusCode;
use frontdesk::store::golden::{self, NewGolden};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::fakes::Plan;

/// A golden question of the default workspace.
pub async fn golden(app: &TestApp, question: &'static str, expectation: Value) {
    let workspace = app.workspace("default").await;
    let insert = app.app.store.write(move |tx| {
        let new = NewGolden {
            question,
            expectation: &expectation,
            receipt: None,
        };
        golden::insert(tx, workspace, &new, 1)
    });
    insert.await.unwrap();
}

fn says(app: &TestApp, words: &str) {
    app.chat.script.set(Plan::Words(vec![words.to_owned()]));
}

pub async fn finished(app: &TestApp, id: &str) -> Value {
    for _ in 0..200 {
        let run = app.get(&format!("/api/v1/evals/{id}")).await.json();
        if run["state"] != "running" {
            return run;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the run does not end");
}

async fn run(app: &TestApp, gate: bool) -> Value {
    let started = app
        .post("/api/v1/evals/runs", json!({ "gate": gate }))
        .await;
    assert_eq!(started.status, StatusCode::ACCEPTED, "{}", started.text());
    finished(app, started.json()["run"].as_str().unwrap()).await
}

const HOURS: &str = "We are open from 9:00 to 17:00 on weekdays.";

#[tokio::test]
async fn a_measured_answer_leaves_no_receipt() {
    let app = TestApp::new().await;
    app.document("default", "hours.txt", HOURS).await;
    says(&app, "We are open from 9:00 to 17:00 on weekdays.");
    let case = json!({"question": "When are you open on weekdays?", "answers": ["9:00 to 17:00"]});
    let asked = app.post("/api/v1/evals/ask", case).await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.text());
    let asked = asked.json();
    assert_eq!(asked["answer"]["receipt"], Value::Null);
    assert_eq!(asked["found"][0]["name"], "hours.txt");
    assert!(asked["found"][0]["text"].as_str().unwrap().contains("9:00"));
    let workspace = app.workspace("default").await;
    let kept = app.app.store.read(move |conn| {
        frontdesk::store::receipts::list(conn, workspace, &Default::default(), 9)
    });
    assert!(kept.await.unwrap().is_empty());
    let empty = app
        .post("/api/v1/evals/ask", json!({"question": " "}))
        .await;
    assert_eq!(empty.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_run_judges_the_golden_questions_and_is_kept() {
    let app = TestApp::new().await;
    let none = app.post("/api/v1/evals/runs", json!({})).await;
    assert_eq!(none.status, StatusCode::CONFLICT);
    assert_eq!(none.json()["code"], "no_questions");
    app.document("default", "hours.txt", HOURS).await;
    golden(
        &app,
        "When are you open on weekdays?",
        json!({"must": [["9:00"]]}),
    )
    .await;
    golden(&app, "Zebras?", json!({"answerable": false})).await;
    says(&app, "We are open from 9:00 to 17:00 on weekdays.");
    let done = run(&app, false).await;
    assert_eq!(done["state"], "done", "{done}");
    assert_eq!(done["figures"]["right"], json!({"n": 1, "of": 1}));
    assert_eq!(done["figures"]["refusal_recall"], json!({"n": 1, "of": 1}));
    assert_eq!(done["results"].as_array().unwrap().len(), 2);
    let listed = app.get("/api/v1/evals").await.json();
    assert_eq!(listed["runs"][0]["id"], done["id"]);
    let kept = json!({"name": "mine", "started_at": 1, "ended_at": 2,
        "figures": done["figures"], "results": done["results"]});
    assert_eq!(
        app.post("/api/v1/evals", kept).await.status,
        StatusCode::CREATED
    );
    let latest = app.get("/api/v1/evals/latest?name=mine").await.json();
    assert_eq!(latest["results"], done["results"]);
    assert_eq!(
        app.get("/api/v1/evals/latest?name=x").await.json(),
        Value::Null
    );
}

#[tokio::test]
async fn with_the_gate_on_a_document_is_found_only_after_publishing() {
    let app = TestApp::new().await;
    app.document("default", "hours.txt", HOURS).await;
    assert_eq!(
        app.post("/api/v1/gate", json!({"on": true})).await.status,
        204
    );
    app.document("default", "prices.txt", "A haircut costs forty dollars.")
        .await;
    app.document(
        "default",
        "hours.txt",
        "We are open from 10:00 to 18:00 on weekdays.",
    )
    .await;
    let gate = app.get("/api/v1/gate").await.json();
    let names: Vec<&str> = gate["documents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| d["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["prices.txt", "hours.txt"]);
    assert_eq!(gate["documents"][1]["replaces"], true);
    let found = |question: &'static str| {
        let app = &app;
        async move {
            let case = json!({"question": question, "answerable": true});
            let asked = app.post("/api/v1/evals/ask", case).await.json();
            asked["found"].to_string()
        }
    };
    assert!(!found("What does a haircut cost?").await.contains("forty"));
    assert!(
        found("When are you open on weekdays?")
            .await
            .contains("9:00")
    );
    let refused = app.post("/api/v1/gate/publish", json!({})).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text());
    let published = app
        .post("/api/v1/gate/publish", json!({"anyway": true}))
        .await;
    assert_eq!(published.status, 204, "{}", published.text());
    assert!(found("What does a haircut cost?").await.contains("forty"));
    let hours = found("When are you open on weekdays?").await;
    assert!(
        hours.contains("10:00") && !hours.contains("9:00"),
        "{hours}"
    );
    assert_eq!(app.get("/api/v1/gate").await.json()["documents"], json!([]));
}

#[tokio::test]
async fn the_gate_shows_what_gets_worse_before_it_is_live() {
    let app = TestApp::new().await;
    app.document("default", "hours.txt", HOURS).await;
    golden(
        &app,
        "When are you open on weekdays?",
        json!({"must": [["9:00"]]}),
    )
    .await;
    assert_eq!(
        app.post("/api/v1/gate", json!({"on": true})).await.status,
        204
    );
    let nothing = app.post("/api/v1/evals/runs", json!({"gate": true})).await;
    assert_eq!(nothing.status, StatusCode::CONFLICT);
    // The new version has nothing to do with the question: with it, the question is refused.
    app.document("default", "hours.txt", "Zebras are striped.")
        .await;
    says(&app, "We are open from 9:00 to 17:00 on weekdays.");
    let done = run(&app, true).await;
    assert_eq!(done["state"], "done", "{done}");
    assert_eq!(
        done["figures"]["comparison"]["worse"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(done["results"]["live"][0]["outcome"], "right");
    assert_eq!(done["results"]["next"][0]["outcome"], "missed");
    let gate = app.get("/api/v1/gate").await.json();
    assert_eq!(
        (&gate["run"], &gate["objection"]),
        (&done["id"], &json!(true))
    );
    let refused = app.post("/api/v1/gate/publish", json!({})).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert_eq!(
        app.post("/api/v1/gate/discard", json!({})).await.status,
        204
    );
    let again = run(&app, false).await;
    assert_eq!(again["figures"]["right"], json!({"n": 1, "of": 1}));
    // A document that only waited is gone; one that was discarded can be uploaded again.
    app.document("default", "new.txt", "Something new.").await;
    assert_eq!(
        app.post("/api/v1/gate/discard", json!({})).await.status,
        204
    );
    let names = app.get("/api/v1/documents").await.json();
    assert_eq!(names["documents"].as_array().unwrap().len(), 1, "{names}");
    app.document("default", "hours.txt", "Zebras are striped.")
        .await;
    assert_eq!(
        app.get("/api/v1/gate").await.json()["documents"][0]["name"],
        "hours.txt"
    );
}

#[tokio::test]
async fn instructions_wait_at_the_gate_and_are_tried_there() {
    let app = TestApp::new().await;
    app.always_ask_the_model().await;
    app.document("default", "hours.txt", HOURS).await;
    golden(
        &app,
        "When are you open on weekdays?",
        json!({"must": [["9:00"]]}),
    )
    .await;
    says(&app, "We are open from 9:00 to 17:00 on weekdays.");
    let path = "/api/v1/assistant/instructions";
    let at_once = app
        .post(path, json!({"instructions": "Be brief."}))
        .await
        .json();
    assert_eq!(at_once["waits"], false);
    assert_eq!(
        app.post("/api/v1/gate", json!({"on": true})).await.status,
        204
    );
    let waits = app
        .post(path, json!({"instructions": "Speak like a pirate."}))
        .await
        .json();
    assert_eq!(waits["waits"], true);
    let prompts = |from: usize| app.chat.script.prompts().split_off(from);
    let before = app.chat.script.count();
    let done = run(&app, true).await;
    assert_eq!(done["state"], "done", "{done}");
    let asked = prompts(before);
    assert!(
        asked[0].contains("Be brief.") && !asked[0].contains("pirate"),
        "{asked:?}"
    );
    assert!(
        asked[1].contains("pirate") && !asked[1].contains("Be brief."),
        "{asked:?}"
    );
    let published = app.post("/api/v1/gate/publish", json!({})).await;
    assert_eq!(published.status, 204, "{}", published.text());
    let before = app.chat.script.count();
    run(&app, false).await;
    assert!(prompts(before)[0].contains("pirate"));
    let long = "x".repeat(5000);
    let refused = app.post(path, json!({ "instructions": long })).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
}

mod page {
    //! The page for people.

    use axum::body::Body;
    use axum::http::{Method, Request, StatusCode, header};
    use frontdesk::store::token::{Token, TokenKind};
    use frontdesk::store::users::{self, NewUser, Role};
    use frontdesk::store::{password, sessions};

    use super::{HOURS, finished, golden, says};
    use crate::app::{Reply, TestApp, now};

    /// A signed-in owner's session.
    async fn owner(app: &TestApp) -> String {
        let token = Token::generate(TokenKind::Session).unwrap();
        let hash = token.hash();
        let secret = password::hash("correct horse battery").unwrap();
        let made = app.app.store.write(move |tx| {
            let new = NewUser {
                email: "owner@example.com",
                name: "Owner",
                password_hash: Some(&secret),
                role: Role::Owner,
            };
            let id = users::create(tx, &new, now())?;
            sessions::create(tx, id, &hash, now(), now() + 60_000)
        });
        made.await.unwrap();
        token.reveal().to_owned()
    }

    async fn send(app: &TestApp, token: &str, method: Method, path: &str, form: &str) -> Reply {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "desk.example")
            .header(header::ORIGIN, "http://desk.example")
            .header(header::COOKIE, format!("frontdesk_session={token}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()))
            .unwrap();
        app.send(request).await
    }

    #[tokio::test]
    async fn the_gate_is_worked_from_the_page() {
        let app = TestApp::new().await;
        let token = owner(&app).await;
        let get = |path: String| {
            let (app, token) = (&app, &token);
            async move { send(app, token, Method::GET, &path, "").await }
        };
        let post = |path: &'static str, form: &'static str| {
            let (app, token) = (&app, &token);
            async move { send(app, token, Method::POST, path, form).await }
        };
        let page = get("/quality".into()).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text());
        assert!(page.text().contains("Nothing has been measured yet"));
        let refused = post("/quality/run", "").await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        assert!(refused.text().contains("no golden questions yet"));

        app.document("default", "hours.txt", HOURS).await;
        golden(
            &app,
            "When are you open <on> weekdays?",
            serde_json::json!({"must": [["9:00"]]}),
        )
        .await;
        says(&app, "We are open from 9:00 to 17:00 on weekdays.");
        let switched = post("/quality/gate", "on=yes").await;
        assert_eq!(switched.status, StatusCode::SEE_OTHER);
        app.document("default", "hours.txt", "Zebras are striped.")
            .await;
        let started = post("/quality/run", "gate=yes").await;
        assert_eq!(started.status, StatusCode::SEE_OTHER, "{}", started.text());
        let run = app.get("/api/v1/evals").await.json()["runs"][0]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        finished(&app, &run).await;

        let page = get("/quality".into()).await;
        let page = page.text();
        assert!(
            page.contains("Waiting to go live") && page.contains("hours.txt"),
            "{page}"
        );
        assert!(
            page.contains("1 question comes out worse") || page.contains("1 question come"),
            "{page}"
        );
        assert!(page.contains("Publish anyway") && page.contains("With the change"));
        assert!(!page.contains("<on>"), "text of a question must be escaped");
        let one = get(format!("/quality/runs/{run}")).await;
        assert_eq!(one.status, StatusCode::OK);
        assert!(one.text().contains("Every question") && one.text().contains("missed"));
        let refused = post("/quality/gate/publish", "").await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        assert!(
            refused.text().contains("answered worse"),
            "{}",
            refused.text()
        );
        let published = post("/quality/gate/publish", "anyway=yes").await;
        assert_eq!(published.status, StatusCode::SEE_OTHER);
        assert!(
            !get("/quality".into())
                .await
                .text()
                .contains("Waiting to go live")
        );
        let saved = post("/quality/instructions", "instructions=Be+brief.").await;
        assert_eq!(saved.status, StatusCode::SEE_OTHER);
        assert!(
            get("/quality".into())
                .await
                .text()
                .contains("are waiting at the gate; the previous ones")
        );
        assert_eq!(
            get("/quality/runs/none".into()).await.status,
            StatusCode::NOT_FOUND
        );
    }
}
