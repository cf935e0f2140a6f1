//! Forms that ask first, in a browser that runs no scripts.

use axum::http::StatusCode;

use crate::app::TestApp;
use crate::browser::{Browser, between, leads_to, person};

#[tokio::test]
async fn a_document_is_deleted_only_after_the_question() {
    let app = TestApp::new().await;
    let id = app.document("default", "hours.md", "# Hours\n").await;
    person(&app, "ann", "owner").await;
    let mut ann = Browser::new(&app);
    ann.password("ann").await;
    let page = format!("/documents/{id}");
    let delete = format!("{page}/delete");
    let asked = ann.post(&delete, "ask=first").await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.text());
    for shown in [
        "Do you really want to delete this document".to_owned(),
        format!("action=\"{delete}\""),
        format!("href=\"{page}\""),
    ] {
        assert!(asked.text().contains(&shown), "{shown}: {}", asked.text());
    }
    assert!(!asked.text().contains("name=\"ask\""), "{}", asked.text());
    assert_eq!(ann.get(&page).await.status, StatusCode::OK);
    assert_eq!(leads_to(&ann.post(&delete, "").await), "/documents");
    assert_eq!(ann.get(&page).await.status, StatusCode::NOT_FOUND);
}

/// The line for websites, with the site key.
async fn line(ann: &mut Browser<'_>) -> String {
    let page = ann.get("/widget").await;
    between(page.text(), "id=\"embed\"", "</pre>").to_owned()
}

#[tokio::test]
async fn the_fields_of_the_form_are_asked_about_and_sent_again() {
    let app = TestApp::new().await;
    person(&app, "ann", "owner").await;
    let mut ann = Browser::new(&app);
    ann.password("ann").await;
    let before = line(&mut ann).await;
    let asked = ann
        .post("/widget/site-key", "days=7&ask=first&more=%22%3E%3Cb%3E")
        .await;
    assert_eq!(asked.status, StatusCode::OK, "{}", asked.text());
    for shown in [
        "Do you really want to make a new key?",
        "<input type=\"hidden\" name=\"days\" value=\"7\">",
        "href=\"/widget\"",
    ] {
        assert!(asked.text().contains(shown), "{shown}: {}", asked.text());
    }
    assert!(!asked.text().contains("<b>"), "{}", asked.text());
    assert_eq!(line(&mut ann).await, before);
    assert_eq!(
        leads_to(&ann.post("/widget/site-key", "days=7").await),
        "/widget"
    );
    assert_ne!(line(&mut ann).await, before);
}
