//! The API and the pages do the same: what one of them refuses or does only once, the other does too.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use frontdesk::store::users::Role;
use serde_json::{Value, json};

use crate::app::{Reply, TestApp};
use crate::auth::{sign_in, with_cookie};
use crate::receipts::ask;
use crate::site::{Site, html};
use crate::sources::{add, settled};

async fn send_form(app: &TestApp, token: &str, path: &str, form: &str) -> Reply {
    let request = with_cookie(Method::POST, path, token)
        .header(header::ORIGIN, "http://desk.example")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(form.to_owned()));
    app.send(request.unwrap()).await
}

async fn golden(app: &TestApp) -> Vec<Value> {
    let list = app.get("/api/v1/golden").await.json();
    list["questions"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_real_answer_becomes_one_golden_question_by_whichever_way() {
    let app = TestApp::new().await;
    let (_, token) = sign_in(&app, Role::Owner).await;
    let receipt = ask(&app, "Zebra xylophone?").await;
    let made = app
        .post("/api/v1/golden", json!({"receipt": receipt}))
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let again = app
        .post("/api/v1/golden", json!({"receipt": receipt}))
        .await;
    assert_eq!(again.json()["id"], made.json()["id"]);
    let path = format!("/receipts/{receipt}/golden");
    let on_page = send_form(&app, &token, &path, "").await;
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert!(on_page.header("location").contains(&id), "{id}");
    assert_eq!(golden(&app).await.len(), 1);
    // Who expects something else of the same answer means another question.
    let other = json!({"receipt": receipt, "expectation": {"answerable": true}});
    let other = app.post("/api/v1/golden", other).await;
    assert_ne!(other.json()["id"], *id);
    assert_eq!(golden(&app).await.len(), 2);
}

#[tokio::test]
async fn a_key_may_have_the_same_names_everywhere() {
    let app = TestApp::new().await;
    let (_, token) = sign_in(&app, Role::Owner).await;
    for (letters, by_api, on_page) in [
        (100, StatusCode::CREATED, StatusCode::CREATED),
        (
            101,
            StatusCode::BAD_REQUEST,
            StatusCode::UNPROCESSABLE_ENTITY,
        ),
    ] {
        let name = "a".repeat(letters);
        let made = app
            .post("/api/v1/keys", json!({"name": name, "scopes": ["chat"]}))
            .await;
        assert_eq!(made.status, by_api, "{}", made.text());
        let form = format!("name={name}&chat=on");
        let made = send_form(&app, &token, "/keys", &form).await;
        assert_eq!(made.status, on_page, "{}", made.text());
    }
}

#[tokio::test]
async fn an_owner_of_an_answer_with_a_long_name_is_refused_by_both() {
    let app = TestApp::new().await;
    let (_, token) = sign_in(&app, Role::Owner).await;
    let owner = "a".repeat(201);
    let body = json!({"questions": ["Parking?"], "answer": "Behind the house.", "owner": owner});
    let refused = app.post("/api/v1/faqs", body).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert_eq!(refused.json()["param"], "owner");
    let form = format!("questions=Parking&answer=Behind+the+house.&owner={owner}");
    let refused = send_form(&app, &token, "/faq", &form).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text().contains("Owner may have 200 characters."));
    let list = app.get("/api/v1/faqs").await.json();
    assert_eq!(list["faqs"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn going_on_with_a_source_that_is_not_paused_does_nothing() {
    let site = Site::start().await;
    site.page("/", html("Home", "The sauna is in the cellar.", &[]));
    let app = site.app().await;
    let (_, token) = sign_in(&app, Role::Owner).await;
    let id = add(&app, json!({"url": site.url("/"), "kind": "page"})).await;
    settled(&app, &id).await;
    let path = format!("/api/v1/sources/{id}");
    let state = async || app.get(&path).await.json()["state"].clone();
    assert_eq!(
        app.patch(&path, json!({"paused": false})).await.status,
        StatusCode::OK
    );
    assert_eq!(state().await, "ready");
    let resumed = send_form(&app, &token, &format!("/sources/{id}/resume"), "").await;
    assert_eq!(resumed.status, StatusCode::SEE_OTHER);
    assert_eq!(state().await, "ready");
}

#[tokio::test]
async fn who_may_not_is_refused_by_the_act_itself() {
    let app = TestApp::new().await;
    let (_, token) = sign_in(&app, Role::Agent).await;
    for (path, form) in [
        ("/facts/confirm-all", ""),
        ("/faq", "questions=Parking&answer=Behind+the+house."),
        ("/synonyms", "groups=braces,aligners"),
        ("/voice/words", "word=Bluefin&say=Boo-fin"),
        ("/quality/gate", "on=yes"),
    ] {
        let refused = send_form(&app, &token, path, form).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
        let told = "Your account may not open this page; ask the owner.";
        assert!(refused.text().contains(told), "{path}: {}", refused.text());
    }
}
