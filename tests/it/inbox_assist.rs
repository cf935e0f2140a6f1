//! What the assistant does for staff: drafts, summaries, approved answers.

use axum::http::StatusCode;
use frontdesk::llm::LlmError;
use frontdesk::store::messages::Speaker;
use frontdesk::store::users::Role;
use serde_json::json;

use crate::app::TestApp;
use crate::fakes::Plan;
use crate::staff::{Staff, say, talk};

#[tokio::test]
async fn a_draft_is_cited_and_nothing_of_it_is_kept() {
    let app = TestApp::new().await;
    let ann = Staff::new(&app, "Ann", Role::Agent).await;
    app.document("default", "prices.txt", "A full service costs 89 euros.")
        .await;
    let id = talk(&app, "default", "Hello").await;
    say(&app, id, Speaker::User, "How much is a full service?").await;
    let before = ann.get(&format!("/api/v1/inbox/{id}")).await.json();
    let draft = ann.act(id, "draft", json!({})).await;
    assert!(draft["text"].as_str().unwrap().contains("89"), "{draft}");
    let quote = draft["citations"][0]["quote"].as_str().unwrap();
    assert!(quote.contains("89"), "{draft}");
    let after = ann.get(&format!("/api/v1/inbox/{id}")).await.json();
    assert_eq!(before["transcript"], after["transcript"]);
    let receipts = app.get("/api/v1/receipts?evaluations=true").await.json();
    assert_eq!(receipts["receipts"], json!([]));
}

#[tokio::test]
async fn a_summary_is_made_of_the_messages_without_a_model() {
    let app = TestApp::new().await;
    let ann = Staff::new(&app, "Ann", Role::Agent).await;
    let off = LlmError::Unavailable("no model is loaded".into());
    app.chat.script.set(Plan::Refuse(off));
    let id = talk(&app, "default", "Do you repair tyres?").await;
    let summary = ann.act(id, "summary", json!({})).await;
    assert_eq!(summary["how"], "extract");
    let text = summary["text"].as_str().unwrap();
    for part in [
        "not written by a model",
        "First question: Do you repair tyres?",
        "Not answered yet",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let words = ["The visitor wants", " a repair."]
        .map(str::to_owned)
        .to_vec();
    app.chat.script.set(Plan::Words(words));
    let summary = ann.act(id, "summary", json!({})).await;
    assert_eq!(
        summary,
        json!({"how": "model", "text": "The visitor wants a repair."})
    );
}

#[tokio::test]
async fn an_answer_of_staff_becomes_an_approved_one() {
    let app = TestApp::new().await;
    let ann = Staff::new(&app, "Ann", Role::Agent).await;
    let boss = Staff::new(&app, "Boss", Role::Admin).await;
    let id = talk(&app, "default", "Do you repair tyres?").await;
    let visitors = say(&app, id, Speaker::User, "Hello?").await;
    let written = ann
        .act(
            id,
            "messages",
            json!({"text": "Yes, we repair tyres within a day."}),
        )
        .await;
    let message = written["message"]["id"].clone();
    // An agent suggests it, an admin approves it.
    let suggested = ann
        .act(
            id,
            "approve",
            json!({"message": message, "question": "Do you repair tyres?"}),
        )
        .await;
    assert_eq!(suggested["state"], "draft");
    let approved = boss
        .act(
            id,
            "approve",
            json!({"message": message, "question": "Can you mend a tyre?"}),
        )
        .await;
    assert_eq!(approved["state"], "approved");
    let path = format!("/api/v1/faqs/{}", approved["faq"].as_str().unwrap());
    let faq = app.get(&path).await.json();
    assert_eq!(
        (&faq["answer"], &faq["owner"]),
        (&json!("Yes, we repair tyres within a day."), &json!("Ann"))
    );
    let path = format!("/api/v1/inbox/{id}/approve");
    // Or a document, by those who may change the knowledge.
    let document = json!({"message": message, "question": "Repairs", "as": "document"});
    let refused = ann.post(&path, document.clone()).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text());
    let kept = boss.act(id, "approve", document).await;
    assert_eq!(kept["state"], "kept");
    let kept = kept["document"].as_str().unwrap();
    let found = app.get(&format!("/api/v1/documents/{kept}")).await.json();
    assert!(found.to_string().contains("Repairs"), "{found}");
    let fax = boss
        .post(
            &path,
            json!({"message": message, "question": "x", "as": "fax"}),
        )
        .await;
    assert_eq!(fax.json()["param"], "as");
    let wrong = boss
        .post(&path, json!({"message": visitors.to_string()}))
        .await;
    assert_eq!(wrong.status, StatusCode::NOT_FOUND);
    let empty = boss
        .post(&path, json!({"message": message, "question": " "}))
        .await;
    assert_eq!(empty.json()["param"], "question");
}

#[tokio::test]
async fn a_message_is_translated_both_ways_or_it_is_said_why_not() {
    let app = TestApp::new().await;
    let ann = Staff::new(&app, "Ann", Role::Agent).await;
    let german = "Wie viel kostet der Haarschnitt für Kinder, 25 Euro?";
    let id = talk(&app, "default", german).await;
    let path = format!("/api/v1/inbox/{id}/translate");
    let message = say(&app, id, Speaker::User, german).await.to_string();
    let says = |words: &[&str]| {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        app.chat.script.set(Plan::Words(words));
    };
    says(&["How much is the haircut", " for children, 25 euros?"]);
    let read = ann
        .post(&path, json!({"message": message, "to": "en"}))
        .await;
    assert_eq!(
        (&read.json()["text"], &read.json()["from"]),
        (
            &json!("How much is the haircut for children, 25 euros?"),
            &json!("de")
        ),
        "{}",
        read.text()
    );
    // A reply goes into the visitor's language, with words for what it is.
    says(&["Ja, der Haarschnitt für die Kinder kostet 25 Euro."]);
    let reply = json!({"text": "Yes, the haircut for children costs 25 euros."});
    let written = ann.post(&path, reply.clone()).await.json();
    assert_eq!(written["to"], "de", "{written}");
    assert_eq!(written["note"], "Maschinell übersetzt. Das Original:");
    // What changes a figure is no translation.
    says(&["Ja, der Haarschnitt für die Kinder kostet 52 Euro."]);
    let wrong = ann.post(&path, reply.clone()).await;
    assert_eq!(wrong.json()["code"], "not_translated", "{}", wrong.text());
    let off = LlmError::Unavailable("no model is loaded".into());
    app.chat.script.set(Plan::Refuse(off));
    let none = ann.post(&path, reply.clone()).await;
    assert_eq!(none.json()["code"], "model_unavailable");
    assert!(
        none.text().contains("no model is loaded"),
        "{}",
        none.text()
    );
    for (body, code) in [
        (json!({"message": message, "to": "de"}), "same_language"),
        (json!({"message": message, "to": "xx"}), "invalid_request"),
        (json!({"text": " "}), "invalid_request"),
        (json!({}), "invalid_request"),
        (
            json!({"message": "00000000-0000-0000-0000-000000000000"}),
            "not_found",
        ),
    ] {
        let refused = ann.post(&path, body.clone()).await;
        assert_eq!(refused.json()["code"], code, "{body}: {}", refused.text());
    }
    let nowhere = "/api/v1/inbox/00000000-0000-0000-0000-000000000000/translate";
    let text = json!({"text": "Hello, everybody", "to": "de"});
    assert_eq!(ann.post(nowhere, text).await.status, StatusCode::NOT_FOUND);
    // Nothing of it is kept.
    let detail = ann.get(&format!("/api/v1/inbox/{id}")).await.json();
    assert_eq!(
        detail["transcript"].as_array().unwrap().len(),
        2,
        "{detail}"
    );
}
