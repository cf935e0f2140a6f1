//! `/api/v1/faqs`, and what visitors get of it.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::app::{Form, Reply, TestApp, request};

async fn ask(app: &TestApp, question: &str) -> Value {
    let reply = app
        .post("/api/v1/ask", json!({ "question": question }))
        .await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    reply.json()
}

async fn make(app: &TestApp, body: Value) -> String {
    let reply = app.post("/api/v1/faqs", body).await;
    assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.text());
    reply.json()["id"].as_str().unwrap().to_owned()
}

async fn put(app: &TestApp, path: &str, body: Value) -> Reply {
    let request = request(Method::PUT, path, &app.key)
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    app.send(request).await
}

#[tokio::test]
async fn an_approved_answer_is_given_word_for_word() {
    let app = TestApp::new().await;
    let answer = "Yes, for whitening, from $25.\nThey do not expire.";
    let id = make(
        &app,
        json!({"questions": ["Do you offer gift cards?"], "answer": answer, "state": "approved"}),
    )
    .await;
    let given = ask(&app, "do you offer gift cards").await;
    assert_eq!(
        (&given["answer"], &given["rung"]),
        (&json!(answer), &json!("faq"))
    );
    let source = &given["citations"][0];
    assert_eq!(
        (&source["kind"], &source["document"]),
        (&json!("faq"), &json!(id))
    );
    assert_eq!(source["quote"], answer);
    let receipt = app
        .get(&format!(
            "/api/v1/receipts/{}",
            given["receipt"].as_str().unwrap()
        ))
        .await
        .json();
    assert_eq!(receipt["checks"]["faq"], json!(id));
    let faq = app.get(&format!("/api/v1/faqs/{id}")).await.json();
    assert_eq!(
        (&faq["answered"], &faq["language"]),
        (&json!(1), &json!("en"))
    );
}

#[tokio::test]
async fn a_question_like_it_is_another_question() {
    let app = TestApp::new().await;
    for (question, answer) in [
        ("Do you see walk-ins?", "We take no walk-ins."),
        ("Does whitening hurt?", "Rarely."),
        ("Are you taking new patients?", "Yes, of all ages."),
    ] {
        make(
            &app,
            json!({"questions": [question], "answer": answer, "state": "approved"}),
        )
        .await;
    }
    // The reader finds no answer in them; words that are alike must not do.
    app.reader.mark(&[("no such words", 1.0)]);
    for question in [
        "do you walk dogs?",
        "How much is whitening?",
        "are you taking medicare patients?",
        "are you taking new patients on Sunday?",
        "does whitening hurt and how much is a crown?",
    ] {
        assert_ne!(ask(&app, question).await["rung"], "faq", "{question}");
    }
}

#[tokio::test]
async fn drafts_expired_and_deleted_answers_are_not_given() {
    let app = TestApp::new().await;
    let question = "Do you have parking?";
    let draft = json!({"questions": [question], "answer": "Free."});
    let id = make(&app, draft).await;
    assert_ne!(ask(&app, question).await["rung"], "faq");
    let approved = app
        .post(&format!("/api/v1/faqs/{id}/approve"), json!({}))
        .await
        .json();
    assert_eq!(approved["state"], "approved");
    assert_eq!(ask(&app, question).await["answer"], "Free.");
    let path = format!("/api/v1/faqs/{id}");
    let changed = json!({"questions": [question], "answer": "Two euros.", "state": "approved"});
    assert_eq!(put(&app, &path, changed).await.status, StatusCode::OK);
    assert_eq!(ask(&app, question).await["answer"], "Two euros.");
    let over =
        json!({"questions": [question], "answer": "x", "state": "approved", "expires_at": 1});
    assert_eq!(put(&app, &path, over).await.status, StatusCode::OK);
    assert_ne!(ask(&app, question).await["rung"], "faq");
    let again = json!({"questions": [question], "answer": "Free.", "state": "approved"});
    assert_eq!(put(&app, &path, again).await.status, StatusCode::OK);
    assert_eq!(app.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_ne!(ask(&app, question).await["rung"], "faq");
    assert_eq!(app.get(&path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_language_of_an_answer_is_a_known_code() {
    let app = TestApp::new().await;
    let path = "/api/v1/faqs";
    for language in ["klingon", "xx", "en-GB"] {
        let new =
            json!({"questions": ["Do you have parking?"], "answer": "Free.", "language": language});
        let refused = app.post(path, new).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{language}");
        assert_eq!(refused.json()["param"], "language");
    }
    let new = json!({"questions": ["Máte parkoviště?"], "answer": "Ano.", "language": "CS"});
    let id = make(&app, new).await;
    let kept = app.get(&format!("{path}/{id}")).await.json();
    assert_eq!(kept["language"], "cs");
}

#[tokio::test]
async fn answers_stay_in_their_workspace() {
    let app = TestApp::new().await;
    let other = app.workspace("other").await;
    let id = make(
        &app,
        json!({"questions": ["Do you have parking?"], "answer": "Free.", "state": "approved"}),
    )
    .await;
    let (key, _) = app.make_key(&["documents", "chat"], Some(other)).await;
    let reply = app
        .send(
            request(Method::GET, &format!("/api/v1/faqs/{id}"), &key)
                .body(Body::empty())
                .unwrap(),
        )
        .await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    let asked = app
        .post_as(
            &key,
            "/api/v1/ask",
            json!({"question": "Do you have parking?"}),
        )
        .await
        .json();
    assert_ne!(asked["rung"], "faq");
}

#[tokio::test]
async fn a_file_is_imported_once() {
    let app = TestApp::new().await;
    let table = "question,answer\nOpen on Sunday?,No\nPark here?,Free\nWhere?,\n";
    for (added, skipped) in [(2, 1), (0, 3)] {
        let form = Form::new().file("file", "faq.csv", table);
        let reply = app
            .post_form("/api/v1/faqs/import?approved=true", form)
            .await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
        let report = reply.json();
        assert_eq!(report["added"], added);
        assert_eq!(report["skipped"].as_array().unwrap().len(), skipped);
    }
    let pasted = Form::new().text("text", "Is there wifi?\nYes.");
    app.post_form("/api/v1/faqs/import", pasted).await;
    let all = app.get("/api/v1/faqs").await.json();
    let states: Vec<&str> = all["faqs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["state"].as_str().unwrap())
        .collect();
    assert_eq!(states.iter().filter(|s| **s == "approved").count(), 2);
    assert_eq!(states.len(), 3);
    assert_eq!(ask(&app, "park here?").await["answer"], "Free");
    for form in [
        Form::new(),
        Form::new().file("file", "a.csv", "name,age\nAnna,4\n"),
        Form::new().file("file", "a.html", "<p>Nothing</p>"),
    ] {
        let reply = app.post_form("/api/v1/faqs/import", form).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let app = TestApp::new().await;
    for body in [
        json!({"questions": [], "answer": "x"}),
        json!({"questions": [" "], "answer": "x"}),
        json!({"questions": ["x?"], "answer": " "}),
        json!({"questions": ["x?"], "answer": "x".repeat(4001)}),
        json!({"questions": ["x".repeat(501)], "answer": "x"}),
        json!({"questions": ["x?"], "answer": "x", "state": "published"}),
        json!({"questions": ["x?"], "answer": "x", "gaps": ["nonsense"]}),
    ] {
        let reply = app.post("/api/v1/faqs", body).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{}", reply.text());
    }
    for id in ["nonsense", "01890000-0000-7000-8000-000000000000"] {
        let path = format!("/api/v1/faqs/{id}");
        assert_eq!(app.get(&path).await.status, StatusCode::NOT_FOUND);
        assert_eq!(app.delete(&path).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn small_talk_needs_no_documents() {
    let app = TestApp::new().await;
    for (message, handoff) in [
        ("hey there", false),
        ("thats all thx have a good one!", false),
        ("Sind Sie ein Roboter?", false),
        ("I want to talk to a human", true),
    ] {
        let answer = ask(&app, message).await;
        assert_eq!(answer["rung"], "talk", "{message}");
        assert_eq!(answer["handoff"], handoff, "{message}");
        assert_eq!(answer["citations"], json!([]));
    }
    let german = ask(&app, "Sind Sie ein Roboter?").await;
    assert!(german["answer"].as_str().unwrap().contains("KI-Assistent"));
    assert_ne!(
        ask(&app, "hi, how much is a cleaning?").await["rung"],
        "talk"
    );
}

#[tokio::test]
async fn the_business_says_itself_how_to_reach_a_person() {
    let app = TestApp::new().await;
    let answer = "Yes. Call (207) 555-0142 and press 0.";
    make(
        &app,
        json!({"questions": ["Can I talk to a real person?"], "answer": answer, "state": "approved"}),
    )
    .await;
    for message in [
        "quiero hablar con una persona, no con una máquina",
        "Can someone from the office call me back?",
        "this isnt helping. get me someone real please",
    ] {
        let given = ask(&app, message).await;
        assert_eq!(given["answer"], answer, "{message}");
        assert_eq!(
            (&given["rung"], &given["handoff"]),
            (&json!("faq"), &json!(true))
        );
    }
}

#[tokio::test]
async fn a_refusal_is_in_the_language_of_the_question() {
    let app = TestApp::new().await;
    let answer = ask(&app, "¿Cuánto cuestan las carillas dentales?").await;
    assert_eq!(answer["rung"], "refusal");
    assert!(
        answer["answer"].as_str().unwrap().contains("No encuentro"),
        "{answer}"
    );
    assert_eq!(answer["handoff"], true);
}

#[tokio::test]
async fn a_word_goes_on_in_the_language_so_far() {
    let app = TestApp::new().await;
    let made = app.post("/api/v1/conversations", json!({})).await.json();
    let path = format!(
        "/api/v1/conversations/{}/messages",
        made["id"].as_str().unwrap()
    );
    for (message, said) in [
        (
            "Guten Tag, wie geht es Ihnen?",
            "Wie kann ich Ihnen helfen?",
        ),
        ("super", "Kann ich sonst noch etwas"),
        ("Ich möchte mit einem Menschen sprechen", "Telefonnummer"),
        ("Anna Schmidt, 030 1234567", "für unser Team notiert"),
        ("thanks!", "You're welcome"),
    ] {
        let reply = app.post(&path, json!({ "text": message })).await;
        let (name, done) = reply.events().pop().unwrap();
        assert_eq!(name, "done", "{message}: {done}");
        let answer: Value = serde_json::from_str(&done).unwrap();
        let text = answer["answer"].as_str().unwrap();
        assert!(text.contains(said), "{message}: {answer}");
    }
}
