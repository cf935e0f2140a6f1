//! Lines to check: their pictures, and the page of their document as a browser without scripts uses it.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use frontdesk::store::users::Role;

use crate::app::request;
use crate::auth::{sign_in, with_cookie};
use crate::seen::{DIRT, DOGS, PNG, RIGHT, WRONG, id_of, lines, menu};

#[tokio::test]
async fn a_line_is_shown_as_it_is_in_the_file() {
    let (app, id) = menu().await;
    let path = lines(&app, &id).await[0]["picture"]
        .as_str()
        .unwrap()
        .to_owned();
    let shown = app.get(&path).await;
    assert_eq!(shown.status, StatusCode::OK, "{:?}", shown.body);
    assert_eq!(shown.header("content-type"), "image/png");
    assert_eq!(shown.header("x-content-type-options"), "nosniff");
    assert_eq!(shown.header("cache-control"), "private, no-cache");
    assert!(shown.body.starts_with(b"\x89PNG") && shown.body.as_ref() != PNG);
    let tag = shown.header("etag").to_owned();
    let again = request(Method::GET, &path, &app.key).header(header::IF_NONE_MATCH, tag);
    let again = app.send(again.body(Body::empty()).unwrap()).await;
    assert_eq!(
        (again.status, again.body.len()),
        (StatusCode::NOT_MODIFIED, 0)
    );
    let of = format!("/api/v1/documents/{id}/pages");
    // The first line is sure, so nobody needs its picture.
    for path in [
        "1/picture?line=0",
        "1/picture?line=9",
        "2/picture?line=1",
        "x/picture?line=1",
    ] {
        let reply = app.get(&format!("{of}/{path}")).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{path}");
    }
    for path in ["1/picture", "1/picture?line=x"] {
        let reply = app.get(&format!("{of}/{path}")).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{path}");
    }
}

#[tokio::test]
async fn the_page_works_as_forms() {
    let (app, id) = menu().await;
    let (_, session) = sign_in(&app, Role::Owner).await;
    let get = async |path: &str| {
        let request = with_cookie(Method::GET, path, &session).body(Body::empty());
        app.send(request.unwrap()).await.text().to_owned()
    };
    let send = async |form: String| {
        let request = with_cookie(Method::POST, &format!("/documents/{id}/lines"), &session)
            .header(header::ORIGIN, "http://desk.example")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        app.send(request.body(Body::from(form)).unwrap()).await
    };
    let path = format!("/documents/{id}");
    let list = get("/documents").await;
    assert!(
        list.contains(&format!("<a href=\"{path}#lines\">3 lines to check</a>")),
        "{list}"
    );
    let page = get(&path).await;
    for expected in [
        "Please check these lines",
        "0 of 3",
        WRONG,
        "Unsure",
        "Confirm all on this page",
        "picture?line=1",
    ] {
        assert!(page.contains(expected), "{expected}: {page}");
    }
    let line = id_of(&app, &id, WRONG).await;
    let form = format!(
        "lines={line}&decision=confirm&text={}",
        RIGHT.replace(' ', "+")
    );
    let sent = send(form.clone()).await;
    assert_eq!(sent.status, StatusCode::SEE_OTHER, "{}", sent.text());
    assert_eq!(sent.header("location"), format!("{path}#lines"));
    let page = get(&path).await;
    assert!(page.contains("1 of 3") && page.contains(RIGHT), "{page}");
    assert!(!page.contains(WRONG), "{page}");
    let refused = send(format!("lines={line}&decision=leave_out")).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    let said = refused.text();
    assert!(
        said.contains("corrected it already") && said.contains("1 of 3"),
        "{said}"
    );
    let rest = [DOGS, DIRT].map(|text| id_of(&app, &id, text));
    let [dogs, dirt] = rest;
    let (dogs, dirt) = (dogs.await, dirt.await);
    send(format!("lines={dogs},{dirt}&decision=confirm")).await;
    assert!(get(&path).await.contains("All lines are checked"));
}
