//! `POST /api/v1/documents`.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};

use crate::app::{FILE_LIMIT, Form, TestApp, request};

const PATH: &str = "/api/v1/documents";

#[tokio::test]
async fn files_become_documents_and_versions() {
    let app = TestApp::new().await;
    let form = Form::new()
        .file("file", "a.txt", "one")
        .file("file", "b.txt", "two");
    let reply = app.post_form(PATH, form).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    let files = reply.json()["files"].clone();
    assert_eq!(files[0]["name"], "a.txt");
    assert_eq!(files[1]["version"], 1);
    assert_eq!(files[1]["unchanged"], false);

    let again = app
        .post_form(PATH, Form::new().file("file", "a.txt", "one"))
        .await
        .json();
    assert_eq!(again["files"][0]["unchanged"], true);
    assert_eq!(again["files"][0]["document"], files[0]["document"]);
    let newer = app
        .post_form(PATH, Form::new().file("file", "a.txt", "one, changed"))
        .await
        .json();
    assert_eq!(newer["files"][0]["version"], 2);
    assert_eq!(newer["files"][0]["document"], files[0]["document"]);
}

#[tokio::test]
async fn a_file_that_is_too_large_is_413_and_nothing_is_kept() {
    let app = TestApp::new().await;
    let large = vec![b'x'; FILE_LIMIT as usize + 1];
    let reply = app
        .post_form(PATH, Form::new().file("file", "large.txt", large))
        .await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(reply.json()["code"], "too_large");
    assert!(reply.text().contains("1 MiB"), "{}", reply.text());
    assert_eq!(
        app.get(PATH).await.json()["documents"],
        serde_json::json!([])
    );
}

#[tokio::test]
async fn one_bad_file_does_not_take_the_others_along() {
    let app = TestApp::new().await;
    let large = vec![b'x'; FILE_LIMIT as usize + 1];
    let form = Form::new()
        .file("file", "good.txt", "text")
        .file("file", "large.txt", large)
        .file("file", "empty.txt", "")
        .file("file", "also-good.txt", "text");
    let reply = app.post_form(PATH, form).await;
    assert_eq!(reply.status, StatusCode::MULTI_STATUS);
    let files = reply.json()["files"].clone();
    assert!(
        files[0]["document"].is_string() && files[3]["document"].is_string(),
        "{files}"
    );
    assert_eq!(files[1]["error"]["status"], 413);
    assert_eq!(files[2]["error"]["status"], 400);
    let listed = app.get(PATH).await.json()["documents"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(listed, 2);
}

#[tokio::test]
async fn a_name_cannot_leave_its_folder() {
    let app = TestApp::new().await;
    let form = Form::new().file("file", "../../etc/passwd", "x");
    assert_eq!(
        app.post_form(PATH, form).await.json()["files"][0]["name"],
        "passwd"
    );
    let nameless = app
        .post_form(PATH, Form::new().file("file", "..", "x"))
        .await;
    assert_eq!(nameless.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn two_gigabytes_are_refused_before_they_come() {
    let app = TestApp::new().await;
    let declared = request(Method::POST, PATH, &app.key)
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
        .header(header::CONTENT_LENGTH, "2147483648")
        .body(Body::empty());
    assert_eq!(
        app.send(declared.unwrap()).await.status,
        StatusCode::PAYLOAD_TOO_LARGE
    );
}

#[tokio::test]
async fn a_form_without_a_file_is_told_so() {
    let app = TestApp::new().await;
    let reply = app.post_form(PATH, Form::new().text("note", "hello")).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    assert_eq!(reply.json()["param"], "file");
    let json = app.post(PATH, serde_json::json!({})).await;
    assert_eq!(json.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
    let nowhere = app.post_form(
        "/api/v1/documents?workspace=nowhere",
        Form::new().file("file", "a", "x"),
    );
    assert_eq!(nowhere.await.status, StatusCode::NOT_FOUND);
}
