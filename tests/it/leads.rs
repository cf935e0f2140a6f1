//! What visitors leave for the team, by the form and in the chat.

use axum::http::{Method, StatusCode};
use frontdesk::store::workspaces;
use serde_json::{Value, json};

use crate::app::{Reply, TestApp, request};
use crate::people::where_is;
use crate::visit;

const CANARY: &str = "lead.q8@example.org";

/// A shop in Germany whose desk is open around the clock.
async fn shop(app: &TestApp) {
    let workspace = app.workspace("default").await;
    let set = app.app.store.write(move |tx| {
        let facts = json!({ "time_zone": "Europe/Berlin", "country": "DE", "holidays": "usual" });
        workspaces::set_section(tx, workspace, "facts", &facts)?;
        let day = json!([["00:00", "24:00"]]);
        let days = [
            "monday",
            "tuesday",
            "wednesday",
            "thursday",
            "friday",
            "saturday",
            "sunday",
        ];
        let hours: Value = days
            .iter()
            .map(|name| ((*name).to_owned(), day.clone()))
            .collect();
        workspaces::set_section(tx, workspace, "desk", &json!({ "hours": hours }))
    });
    set.await.unwrap();
}

async fn leave(app: &TestApp, token: &str, lead: Value) -> Reply {
    app.post_as(token, "/api/v1/visit/lead", lead).await
}

async fn get_as(app: &TestApp, token: &str, path: &str) -> Reply {
    let get = request(Method::GET, path, token);
    app.send(get.body(axum::body::Body::empty()).unwrap()).await
}

async fn list(app: &TestApp, what: &str) -> Vec<Value> {
    let all = app.get(&format!("/api/v1/{what}")).await.json();
    all[what].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_lead_reaches_the_list_of_tasks_and_the_visitor_is_told() {
    let app = TestApp::new().await;
    shop(&app).await;
    let token = visit::token(&app).await;
    let lead = json!({
        "name": "Ann Smith", "email": "Lead.Q8@Example.org", "phone": "0170 1234567", "wish": "A bike for my son",
        "page": "https://shop.example/bikes?session=secret#top", "consent": {"text": "You may write to me.", "given": true},
    });
    let left = leave(&app, &token, lead.clone()).await;
    assert_eq!(left.status, StatusCode::OK, "{}", left.text());
    // The visitor learns nothing of what the contact holds.
    let told = left.json();
    assert_eq!(told.as_object().unwrap().len(), 1, "{told}");
    let tasks = list(&app, "tasks").await;
    assert_eq!(tasks.len(), 1);
    let task = &tasks[0];
    assert_eq!(
        (&task["kind"], &task["state"]),
        (&json!("lead"), &json!("open"))
    );
    assert_eq!(
        (&task["email"], &task["phone"]),
        (&json!(CANARY), &json!("+491701234567"))
    );
    assert_eq!(task["page"], "https://shop.example/bikes");
    assert_eq!(task["overdue"], false);
    let due = task["due_at"].as_i64().unwrap() - task["created_at"].as_i64().unwrap();
    assert_eq!(due, 60 * 60 * 1000);
    let said = get_as(&app, &token, "/api/v1/visit/messages").await;
    assert_eq!(said.status, StatusCode::OK);
    let kept = where_is(&app, told["text"].as_str().unwrap()).await;
    assert!(kept.contains(&"messages.text".to_owned()), "{kept:?}");
    let contact = task["contact"].as_str().unwrap();
    let contact = app.get(&format!("/api/v1/contacts/{contact}")).await.json();
    assert_eq!(contact["consents"][0]["text"], "You may write to me.");
    assert_eq!(contact["emails"][0]["verified"], false);
    assert_eq!(where_is(&app, "session=secret").await, Vec::<String>::new());
    // A second click leaves no second lead; the same person on another day is the same contact.
    leave(&app, &token, lead.clone()).await;
    let other = visit::token(&app).await;
    let mut again = lead;
    again["wish"] = json!("And a helmet");
    leave(&app, &other, again).await;
    assert_eq!(list(&app, "tasks").await.len(), 2);
    assert_eq!(list(&app, "contacts").await.len(), 1);
}

#[tokio::test]
async fn two_leads_at_once_are_one_contact() {
    let app = TestApp::new().await;
    shop(&app).await;
    let (ann, ben) = (visit::token(&app).await, visit::token(&app).await);
    let lead = |wish: &str| json!({"email": CANARY, "wish": wish});
    let (one, two) = tokio::join!(
        leave(&app, &ann, lead("one")),
        leave(&app, &ben, lead("two"))
    );
    assert_eq!((one.status, two.status), (StatusCode::OK, StatusCode::OK));
    assert_eq!(list(&app, "contacts").await.len(), 1);
    assert_eq!(list(&app, "tasks").await.len(), 2);
}

#[tokio::test]
async fn bad_numbers_and_missing_consent_are_told_and_leave_nothing() {
    let app = TestApp::new().await;
    shop(&app).await;
    let token = visit::token(&app).await;
    for (lead, param) in [
        (json!({"wish": "x"}), "email"),
        (json!({"email": "ann", "wish": "x"}), "email"),
        (json!({"phone": "call me maybe", "wish": "x"}), "phone"),
        (
            json!({"phone": "123456789012345678901234567890", "wish": "x"}),
            "phone",
        ),
        // As somebody in Britain writes it at home.
        (json!({"phone": "020 7946 09", "wish": "x"}), "phone"),
        (json!({"phone": "+999 1234567", "wish": "x"}), "phone"),
        (json!({"email": CANARY}), "wish"),
        (
            json!({"email": CANARY, "wish": "x", "callback": {"from": 0, "until": 1}}),
            "phone",
        ),
        (
            json!({"phone": "0170 1234567", "callback": {"from": 0, "until": 1}}),
            "callback",
        ),
        (json!({"email": CANARY, "wish": "x".repeat(5000)}), "wish"),
        (
            json!({"email": CANARY, "wish": "x", "name": "n".repeat(200)}),
            "name",
        ),
    ] {
        let refused = leave(&app, &token, lead.clone()).await;
        assert_eq!(
            refused.status,
            StatusCode::BAD_REQUEST,
            "{lead}: {}",
            refused.text()
        );
        assert_eq!(refused.json()["param"], param, "{lead}");
    }
    let settings = json!({"consent_required": true, "consent_text": ""});
    let put = |body: Value| crate::calls::json_put(&app, "/api/v1/leads", body);
    assert_eq!(
        app.send(put(settings)).await.status,
        StatusCode::BAD_REQUEST
    );
    let settings = json!({"consent_required": true, "consent_text": "You may write to me."});
    let set = app.send(put(settings)).await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.text());
    let times = get_as(&app, &token, "/api/v1/visit/callback-times")
        .await
        .json();
    assert_eq!(
        times["consent"],
        json!({"required": true, "text": "You may write to me."})
    );
    let lead = json!({"email": CANARY, "wish": "x"});
    let refused = leave(&app, &token, lead).await;
    assert_eq!(
        refused.json()["code"],
        "consent_required",
        "{}",
        refused.text()
    );
    let older = json!({"email": CANARY, "wish": "x", "consent": {"text": "You may call me.", "given": true}});
    let refused = leave(&app, &token, older).await;
    assert_eq!(
        refused.json()["code"],
        "consent_changed",
        "{}",
        refused.text()
    );
    for what in ["tasks", "contacts"] {
        assert!(list(&app, what).await.is_empty(), "{what}");
    }
    assert_eq!(where_is(&app, CANARY).await, Vec::<String>::new());
    let nobody = leave(&app, "fd_visit_0000", json!({})).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_visitor_chooses_a_time_for_a_call() {
    let app = TestApp::new().await;
    let token = visit::token(&app).await;
    // Without hours nobody can promise a call.
    let none = get_as(&app, &token, "/api/v1/visit/callback-times")
        .await
        .json();
    assert_eq!(none["slots"], json!([]));
    shop(&app).await;
    let times = get_as(&app, &token, "/api/v1/visit/callback-times")
        .await
        .json();
    assert_eq!(times["time_zone"], "Europe/Berlin");
    let slots = times["slots"].as_array().unwrap();
    assert!(slots.len() > 200, "{}", slots.len());
    let slot = &slots[7];
    assert_eq!(
        slot["until"].as_i64().unwrap() - slot["from"].as_i64().unwrap(),
        30 * 60 * 1000
    );
    assert_eq!(
        slot["local"].as_str().unwrap().len(),
        "2026-12-03T14:30".len()
    );
    let lead = json!({
        "phone": "+1 207 555 0199", "wish": "Call me about the prices",
        "callback": {"from": slot["from"], "until": slot["until"]},
    });
    let left = leave(&app, &token, lead).await;
    assert_eq!(left.status, StatusCode::OK, "{}", left.text());
    let tasks = list(&app, "tasks").await;
    assert_eq!(
        (&tasks[0]["kind"], &tasks[0]["due_at"]),
        (&json!("callback"), &slot["from"])
    );
    assert_eq!(tasks[0]["call"]["until"], slot["until"]);
}

#[tokio::test]
async fn an_address_may_leave_a_few_leads() {
    let app = TestApp::new().await;
    shop(&app).await;
    let token = visit::token(&app).await;
    let mut refused = None;
    for n in 0..8 {
        let left = leave(
            &app,
            &token,
            json!({"email": CANARY, "wish": format!("wish {n}")}),
        )
        .await;
        if left.status == StatusCode::TOO_MANY_REQUESTS {
            refused = Some((n, left));
            break;
        }
        assert_eq!(left.status, StatusCode::OK, "{}", left.text());
    }
    let (n, refused) = refused.expect("no limit was met");
    assert_eq!(n, 5);
    assert!(refused.header("retry-after").parse::<u32>().unwrap() > 60);
}

#[tokio::test]
async fn what_is_written_after_the_offer_of_a_person_is_a_lead() {
    let app = TestApp::new().await;
    shop(&app).await;
    let token = visit::token(&app).await;
    for text in [
        "Do you repair umbrellas?".to_owned(),
        format!("Ann Smith, {CANARY}, 0170 1234567"),
    ] {
        let said = app
            .post_as(&token, "/api/v1/visit/messages", json!({ "text": text }))
            .await;
        assert_eq!(said.status, StatusCode::OK, "{}", said.text());
    }
    let tasks = list(&app, "tasks").await;
    assert_eq!(tasks.len(), 1, "{tasks:?}");
    assert_eq!(tasks[0]["name"], "Ann Smith");
    assert_eq!(
        (&tasks[0]["email"], &tasks[0]["phone"]),
        (&json!(CANARY), &json!("+491701234567"))
    );
    assert!(
        tasks[0]["wish"]
            .as_str()
            .unwrap()
            .starts_with("Do you repair umbrellas?")
    );
    assert!(tasks[0]["conversation"].is_string());
}

#[tokio::test]
async fn without_the_agreement_that_is_required_the_chat_takes_nothing_and_points_to_the_form() {
    let app = TestApp::new().await;
    shop(&app).await;
    let settings = json!({"consent_required": true, "consent_text": "You may write to me."});
    let set = app.send(crate::calls::json_put(&app, "/api/v1/leads", settings));
    assert_eq!(set.await.status, StatusCode::OK);
    let token = visit::token(&app).await;
    for text in [
        "Do you repair umbrellas?".to_owned(),
        format!("Ann Smith, {CANARY}, 0170 1234567"),
    ] {
        let said = app
            .post_as(&token, "/api/v1/visit/messages", json!({ "text": text }))
            .await;
        assert_eq!(said.status, StatusCode::OK, "{}", said.text());
    }
    for what in ["tasks", "contacts"] {
        assert!(list(&app, what).await.is_empty(), "{what}");
    }
    let said = get_as(&app, &token, "/api/v1/visit/messages").await;
    assert!(said.text().contains("“Leave a message”"), "{}", said.text());
    // Nor does it ask for a number in the chat before one is given.
    for asked in ["phone number or e-mail here", "leave your name and phone"] {
        assert!(!said.text().contains(asked), "{}", said.text());
    }
    let refusal = "If you use the form “Leave a message”, a team member will get back to you.";
    assert!(said.text().contains(refusal), "{}", said.text());
}
