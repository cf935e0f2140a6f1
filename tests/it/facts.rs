//! `/api/v1/facts`: proposed from documents, confirmed, and answered from.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::app::{TestApp, request};
use crate::browser::{Browser, person};

const HOURS: &str = "# Opening hours\n\nIn effect since March 2, 2026\n\nMonday: 8:00 am – 5:00 pm\n\nTuesday: 8:00 am – 5:00 pm\n\nWednesday: 8:00 am – 5:00 pm\n\nThursday: 8:00 am – 5:00 pm\n\nFriday: 8:00 am – 2:00 pm\n\nPhone: (207) 555-0142\n";

async fn put(app: &TestApp, path: &str, body: Value) -> StatusCode {
    let made = request(Method::PUT, path, &app.key)
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap();
    app.send(made).await.status
}

async fn facts(app: &TestApp) -> Vec<Value> {
    app.get("/api/v1/facts").await.json()["facts"]
        .as_array()
        .unwrap()
        .clone()
}

async fn ask(app: &TestApp, question: &str) -> Value {
    let body = json!({"question": question, "metadata": {"now": "2026-11-23T10:00:00-05:00"}});
    app.post("/api/v1/ask", body).await.json()
}

#[tokio::test]
async fn facts_are_proposed_confirmed_and_computed_from() {
    let app = TestApp::new().await;
    app.document("default", "hours.md", HOURS).await;
    assert_eq!(
        put(
            &app,
            "/api/v1/facts/settings",
            json!({"time_zone": "America/New_York"})
        )
        .await,
        StatusCode::NO_CONTENT
    );
    let found = facts(&app).await;
    assert_eq!(found.len(), 6, "{found:?}");
    assert!(
        found
            .iter()
            .all(|f| f["state"] == "proposed" && f["dated"] == "2026-03-02")
    );
    let quoted = ask(&app, "Are you open tomorrow?").await;
    assert_eq!(quoted["rung"], "fact");
    assert_eq!(
        quoted["answer"],
        "Tuesday, 24 November 2026 – according to our documents: “Tuesday: 8:00 am – 5:00 pm” [1]"
    );
    assert_eq!(
        quoted["citations"][0]["quote"],
        "Tuesday: 8:00 am – 5:00 pm"
    );

    let all = app.post("/api/v1/facts/confirm", json!({})).await;
    assert_eq!(all.json()["count"], 6, "{}", all.text());
    let computed = ask(&app, "Are you open tomorrow?").await;
    assert_eq!(
        computed["answer"],
        "On Tuesday, 24 November we are open from 8:00 am to 5:00 pm. [1]"
    );
    let receipt = computed["receipt"].as_str().unwrap();
    let receipt = app.get(&format!("/api/v1/receipts/{receipt}")).await.json();
    assert_eq!(receipt["checks"]["computed"][0]["date"], "2026-11-24");
    assert_eq!(receipt["checks"]["time_zone"], "America/New_York");
}

#[tokio::test]
async fn a_new_version_takes_proposals_away_and_marks_what_was_confirmed() {
    let app = TestApp::new().await;
    app.document("default", "hours.md", HOURS).await;
    let monday = facts(&app)
        .await
        .into_iter()
        .find(|f| f["fact"]["days"][0] == "mon")
        .unwrap();
    let id = monday["id"].as_str().unwrap().to_owned();
    let confirmed = app
        .post(&format!("/api/v1/facts/{id}/confirm"), json!({}))
        .await;
    assert_eq!(confirmed.json()["state"], "confirmed");
    app.document(
        "default",
        "hours.md",
        "# Opening hours\n\nTuesday: 8:00 am – 5:00 pm\n",
    )
    .await;
    let left = facts(&app).await;
    let mut told: Vec<(String, bool)> = left
        .iter()
        .map(|f| {
            (
                f["summary"].as_str().unwrap().to_owned(),
                f["changed"] == true,
            )
        })
        .collect();
    told.sort();
    assert_eq!(
        told,
        [
            ("mon: 08:00-17:00".to_owned(), true),
            ("tue: 08:00-17:00".to_owned(), false)
        ]
    );
}

#[tokio::test]
async fn what_a_document_states_is_dismissed_when_it_is_removed_on_the_page_as_in_the_api() {
    let app = TestApp::new().await;
    app.document("default", "hours.md", HOURS).await;
    let proposed = facts(&app).await;
    let id = |at: usize| proposed[at]["id"].as_str().unwrap().to_owned();
    let deleted = app.delete(&format!("/api/v1/facts/{}", id(0))).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT, "{}", deleted.text());
    person(&app, "ann", "owner").await;
    let mut ann = Browser::new(&app);
    ann.password("ann").await;
    let page = ann.post(&format!("/facts/{}/delete", id(1)), "").await;
    assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.text());
    app.post("/api/v1/facts/propose", json!({})).await;
    let dismissed = |fact: &&Value| fact["state"] == "dismissed";
    let after = facts(&app).await;
    assert_eq!(after.iter().filter(dismissed).count(), 2, "{after:?}");
    assert_eq!(after.len(), proposed.len(), "nothing is proposed again");
}

#[tokio::test]
async fn facts_are_entered_changed_and_removed() {
    let app = TestApp::new().await;
    let phone = json!({"kind": "phone", "label": "", "number": "555-0142"});
    let made = app.post("/api/v1/facts", phone).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let changed = json!({"kind": "phone", "label": "", "number": "555-0143"});
    assert_eq!(
        put(&app, &format!("/api/v1/facts/{id}"), changed).await,
        StatusCode::OK
    );
    let list = facts(&app).await;
    assert_eq!(list.len(), 1);
    assert_eq!(
        (&list[0]["summary"], &list[0]["state"]),
        (&"555-0143".into(), &"confirmed".into())
    );
    let id = list[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(
        app.delete(&format!("/api/v1/facts/{id}")).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        app.delete(&format!("/api/v1/facts/{id}")).await.status,
        StatusCode::NOT_FOUND
    );
    for bad in [
        json!({"kind": "colour"}),
        json!({"kind": "weekly", "days": ["mon"], "open": [{"from": "8", "to": "9"}]}),
    ] {
        assert_eq!(
            app.post("/api/v1/facts", bad).await.status,
            StatusCode::BAD_REQUEST
        );
    }
    assert_eq!(
        put(
            &app,
            "/api/v1/facts/settings",
            json!({"time_zone": "Mars/Base"})
        )
        .await,
        StatusCode::BAD_REQUEST
    );
    let preview = app
        .post(
            "/api/v1/facts/preview",
            json!({"question": "what is your phone number?"}),
        )
        .await;
    assert_eq!(preview.json()["answer"], Value::Null);
}
