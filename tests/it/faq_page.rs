//! The page `/faq`.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use frontdesk::store::users::Role;
use serde_json::json;

use crate::app::{Form, Reply, TestApp};
use crate::auth::{sign_in, with_cookie};

async fn open(app: &TestApp, token: &str, path: &str) -> Reply {
    let request = with_cookie(Method::GET, path, token).body(Body::empty());
    app.send(request.unwrap()).await
}

async fn send(app: &TestApp, token: &str, path: &str, fields: &[(&str, &str)]) -> Reply {
    let body = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", value.replace(' ', "+").replace('\n', "%0A")))
        .collect::<Vec<_>>()
        .join("&");
    let request = with_cookie(Method::POST, path, token)
        .header(header::ORIGIN, "http://desk.example")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(body));
    app.send(request.unwrap()).await
}

/// Asks in vain; the receipt of the gap that this leaves.
async fn gap(app: &TestApp, question: &str) -> String {
    let asked = app
        .post("/api/v1/ask", json!({ "question": question }))
        .await;
    asked.json()["receipt"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_answer_to_a_gap_is_written_and_closes_it() {
    let app = TestApp::new().await;
    let (_, token) = sign_in(&app, Role::Owner).await;
    let question = "Is there a crib for babies?";
    let receipt = gap(&app, question).await;
    let address = format!("/faq?question=Is+there+a+crib+for+babies%3F&gap={receipt}");
    let page = open(&app, &token, &address).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text().contains(&format!(">{question}</textarea>")));
    assert!(page.text().contains(&format!("value=\"{receipt}\"")));
    let fields = [
        ("questions", question),
        ("answer", "Yes, two of them."),
        ("approved", "on"),
        ("gap", &*receipt),
    ];
    let saved = send(&app, &token, "/faq", &fields).await;
    assert_eq!(
        (saved.status, saved.header("location")),
        (StatusCode::SEE_OTHER, "/faq")
    );
    let asked = app
        .post("/api/v1/ask", json!({ "question": question }))
        .await
        .json();
    assert_eq!(asked["answer"], "Yes, two of them.");
    let state = app.app.store.read(|conn| {
        let gap = conn.query_row("SELECT state, faq FROM gaps", [], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?))
        });
        Ok(gap?)
    });
    let (state, faq) = state.await.unwrap();
    assert_eq!((state.as_str(), faq.is_some()), ("answered", true));
}

#[tokio::test]
async fn an_answer_is_changed_searched_and_deleted() {
    let app = TestApp::new().await;
    let (_, token) = sign_in(&app, Role::Owner).await;
    assert!(
        open(&app, &token, "/faq")
            .await
            .text()
            .contains("No answers yet")
    );
    let empty = send(
        &app,
        &token,
        "/faq",
        &[("questions", "Parking?"), ("answer", " ")],
    )
    .await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(empty.text().contains("The answer is empty") && empty.text().contains("Parking?"));
    send(
        &app,
        &token,
        "/faq",
        &[("questions", "Parking?\nParking here?"), ("answer", "Free")],
    )
    .await;
    let id = app.get("/api/v1/faqs").await.json()["faqs"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/faq/{id}");
    assert!(
        open(&app, &token, &path)
            .await
            .text()
            .contains("Parking?\nParking here?")
    );
    assert!(
        open(&app, &token, "/faq?q=FREE")
            .await
            .text()
            .contains(&path)
    );
    assert!(
        !open(&app, &token, "/faq?q=crown")
            .await
            .text()
            .contains(&path)
    );
    let late = [
        ("questions", "Parking?"),
        ("answer", "Free"),
        ("expires", "soon"),
    ];
    let wrong = send(&app, &token, &path, &late).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let dated = [
        ("questions", "Parking?"),
        ("answer", "Paid"),
        ("expires", "2020-01-31"),
    ];
    send(&app, &token, &path, &dated).await;
    send(
        &app,
        &token,
        &format!("{path}/state"),
        &[("state", "approved")],
    )
    .await;
    let page = open(&app, &token, "/faq").await;
    assert!(page.text().contains("Expired") && page.text().contains("until 31 Jan 2020"));
    send(&app, &token, &format!("{path}/delete"), &[]).await;
    assert_eq!(
        open(&app, &token, &path).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn what_an_import_left_out_is_shown() {
    let app = TestApp::new().await;
    let (_, token) = sign_in(&app, Role::Owner).await;
    let import = |form: Form| {
        let mut request = form.request("", "/faq/import");
        let cookie = with_cookie(Method::POST, "/", &token).body(()).unwrap();
        request.headers_mut().extend(cookie.headers().clone());
        let origin = "http://desk.example".parse().unwrap();
        request.headers_mut().insert(header::ORIGIN, origin);
        request
    };
    let form = Form::new().text("text", "Wifi?\nYes <b>free</b>.\nAlone?");
    let page = app.send(import(form)).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    assert!(page.text().contains("1 answer added") && page.text().contains("Line 3"));
    assert!(
        !page.text().contains("<b>free"),
        "what was typed is never HTML"
    );
    let nothing = app.send(import(Form::new())).await;
    assert_eq!(nothing.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn the_page_is_for_those_who_keep_the_knowledge() {
    let app = TestApp::new().await;
    let (_, token) = sign_in(&app, Role::Agent).await;
    assert_eq!(
        open(&app, &token, "/faq").await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(open(&app, "", "/faq").await.status, StatusCode::SEE_OTHER);
}
