//! `/api/v1/documents`: list, look, delete, watch.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use http_body_util::BodyExt;
use serde_json::json;
use tower::ServiceExt;

use crate::app::{Form, TestApp, request};

#[tokio::test]
async fn a_document_is_listed_with_its_state_and_versions() {
    let app = TestApp::new().await;
    let id = app
        .document("default", "hours.txt", "Open from 8 to 17.")
        .await;
    let list = app.get("/api/v1/documents").await.json();
    let listed = &list["documents"][0];
    assert_eq!(
        (listed["id"].as_str(), &listed["name"]),
        (Some(&*id), &"hours.txt".into())
    );
    assert_eq!(listed["state"], "ready");
    assert_eq!(listed["bytes"], 18);
    let one = app.get(&format!("/api/v1/documents/{id}")).await.json();
    assert_eq!(one["versions"][0]["number"], 1);
    assert_eq!(one["versions"][0]["current"], true);
    assert_eq!(one["versions"][0]["sha256"].as_str().unwrap().len(), 64);
}

#[tokio::test]
async fn the_text_of_each_version_is_there() {
    let app = TestApp::new().await;
    let id = app
        .document("default", "hours.txt", "Open from 8 to 17.")
        .await;
    let first = app
        .get(&format!("/api/v1/documents/{id}/text"))
        .await
        .json();
    assert!(
        first["text"]
            .as_str()
            .unwrap()
            .contains("Open from 8 to 17."),
        "{first}"
    );
    app.document("default", "hours.txt", "Open from 9 to 18.")
        .await;
    let newest = app
        .get(&format!("/api/v1/documents/{id}/text"))
        .await
        .json();
    assert!(
        newest["text"]
            .as_str()
            .unwrap()
            .contains("Open from 9 to 18."),
        "{newest}"
    );
    let version = first["version"].as_str().unwrap();
    let old = app
        .get(&format!("/api/v1/documents/{id}/text?version={version}"))
        .await
        .json();
    assert_eq!(old["text"], first["text"]);
    let other = app.document("default", "other.txt", "Other.").await;
    let crossed = app
        .get(&format!("/api/v1/documents/{other}/text?version={version}"))
        .await;
    assert_eq!(crossed.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_document_that_cannot_be_read_says_why() {
    let app = TestApp::new().await;
    let id = app.document("default", "broken.txt", "\0\0").await;
    let one = app.get(&format!("/api/v1/documents/{id}")).await.json();
    assert_eq!(one["state"], "failed");
    assert!(!one["error"].as_str().unwrap().is_empty(), "{one}");
    assert_eq!(
        app.get(&format!("/api/v1/documents/{id}/text"))
            .await
            .status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_deleted_document_is_gone() {
    let app = TestApp::new().await;
    let id = app.document("default", "hours.txt", "Open.").await;
    let path = format!("/api/v1/documents/{id}");
    assert_eq!(app.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.get(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.delete(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        app.get("/api/v1/documents").await.json()["documents"],
        serde_json::json!([])
    );
}

#[tokio::test]
async fn a_document_can_be_read_again() {
    let app = TestApp::new().await;
    let id = app.document("default", "hours.txt", "Open.").await;
    let again = app
        .post_raw(&format!("/api/v1/documents/{id}/reindex"), "")
        .await;
    assert_eq!(again.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn what_is_no_id_is_not_found() {
    let app = TestApp::new().await;
    for id in [
        "nonsense",
        "01890000-0000-7000-8000-000000000000",
        "%00",
        "1",
    ] {
        let reply = app.get(&format!("/api/v1/documents/{id}")).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{id}");
        assert_eq!(reply.header("content-type"), "application/problem+json");
    }
}

#[tokio::test]
async fn progress_of_this_workspace_is_watched() {
    let app = TestApp::new().await;
    app.workspace("other").await;
    let watch = request(Method::GET, "/api/v1/documents/events", &app.key)
        .body(Body::empty())
        .unwrap();
    let mut body = app.router.clone().oneshot(watch).await.unwrap().into_body();
    app.document("other", "theirs.txt", "Not mine.").await;
    let form = Form::new().file("file", "mine.txt", "Mine.");
    app.post_form("/api/v1/documents", form).await;
    let mut seen = String::new();
    while !seen.contains(r#""stage":{"stage":"ready""#) {
        let frame = body.frame().await.unwrap().unwrap().into_data().unwrap();
        seen.push_str(std::str::from_utf8(&frame).unwrap());
    }
    assert!(
        seen.contains("mine.txt") && !seen.contains("theirs.txt"),
        "{seen}"
    );
}

#[tokio::test]
async fn watching_ends_with_the_server() {
    let app = TestApp::new().await;
    let watch = request(Method::GET, "/api/v1/documents/events", &app.key)
        .body(Body::empty())
        .unwrap();
    let body = app.router.clone().oneshot(watch).await.unwrap().into_body();
    app.app.cancel().cancel();
    body.collect().await.unwrap();
}

#[tokio::test]
async fn what_a_file_hides_is_read_when_its_owner_chooses_and_left_out_again() {
    let app = TestApp::new().await;
    let text = r"{\rtf1\ansi Deposit: 200 euros{\v , for regulars none}.\par}";
    let id = app.document("default", "terms.rtf", text).await;
    let one = app.get(&format!("/api/v1/documents/{id}")).await.json();
    let newest = &one["versions"][0];
    assert_eq!(
        (&newest["has_hidden"], &newest["read_hidden"]),
        (&true.into(), &false.into())
    );
    let path = format!("/api/v1/documents/{id}/hidden");
    let reply = app.post(&path, json!({"read": true})).await;
    assert_eq!(reply.status, StatusCode::ACCEPTED);
    assert_eq!(reply.json()["version"], 2);
    let read = || app.read("default", &id);
    read().await;
    let shown = async || {
        app.get(&format!("/api/v1/documents/{id}/text"))
            .await
            .json()["text"]
            .clone()
    };
    assert!(
        shown()
            .await
            .as_str()
            .unwrap()
            .contains("for regulars none")
    );
    // Chosen for the document, so the next file is read in the same way.
    let more = text.replace("200", "250");
    app.document("default", "terms.rtf", &more).await;
    assert!(
        shown()
            .await
            .as_str()
            .unwrap()
            .contains("250 euros, for regulars none")
    );
    let again = app.post(&path, json!({"read": true})).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    app.post(&path, json!({"read": false})).await;
    read().await;
    assert!(!shown().await.as_str().unwrap().contains("regulars"));
}

#[tokio::test]
async fn a_document_for_staff_is_never_quoted_to_visitors() {
    let app = TestApp::new().await;
    let text = "The managing director earns 412,000 dollars a year.";
    app.document("default", "salaries.txt", text).await;
    let list = app.get("/api/v1/documents").await.json();
    let id = list["documents"][0]["id"].as_str().unwrap().to_owned();
    let question = "How much does the managing director earn a year?";
    let visitor = crate::visit::token(&app).await;
    let ask = async || {
        let said = app
            .post_as(
                &visitor,
                "/api/v1/visit/messages",
                json!({"text": question}),
            )
            .await;
        said.text().to_owned()
    };
    assert!(ask().await.contains("412,000"));
    let path = format!("/api/v1/documents/{id}");
    let changed = app.patch(&path, json!({"staff_only": true})).await;
    assert_eq!(changed.status, StatusCode::NO_CONTENT, "{}", changed.text());
    assert!(!ask().await.contains("412,000"), "a visitor was told");
    let staff = app.post("/api/v1/ask", json!({"question": question})).await;
    assert!(staff.text().contains("412,000"), "{}", staff.text());
    // A key that may not read documents is answered like a visitor.
    let key = json!({"name": "website", "scopes": ["chat"]});
    let key = app.post("/api/v1/keys", key).await.json();
    let key = key["key"].as_str().unwrap();
    let program = app
        .post_as(key, "/api/v1/ask", json!({"question": question}))
        .await;
    assert!(!program.text().contains("412,000"), "{}", program.text());
    app.patch(&path, json!({"staff_only": false})).await;
    assert!(ask().await.contains("412,000"));
}
