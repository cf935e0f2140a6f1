//! The pages of calls.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use frontdesk::store::users::Role;

use crate::app::TestApp;
use crate::auth::{sign_in, with_cookie};
use crate::calls::{EVIL, FIRST, made_up, record};

#[tokio::test]
async fn the_pages_show_calls_and_escape_what_callers_say() {
    let app = TestApp::new().await;
    let us = app.workspace("default").await;
    let (_, session) = sign_in(&app, Role::Owner).await;
    let get = async |path: &str| {
        let asked = with_cookie(Method::GET, path, &session)
            .body(Body::empty())
            .unwrap();
        let reply = app.send(asked).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.text());
        reply.text().to_owned()
    };
    assert!(get("/calls").await.contains("No calls yet"));
    let call = made_up(&app, us, EVIL, FIRST).await;
    let silent = get(&format!("/calls/{}", call.id)).await;
    assert!(
        silent.contains("lane--caller") && !silent.contains("<audio"),
        "a timeline"
    );
    record(&app, &call, FIRST).await;
    let list = get("/calls").await;
    assert!(
        list.contains("Caller hung up") && list.contains("2 turns") && list.contains("Recorded")
    );
    assert!(
        get("/calls?channel=kiosk")
            .await
            .contains("No call matches")
    );
    let page = get(&format!("/calls/{}", call.id)).await;
    for shown in [
        "&#60;script&#62;alert(1)",
        "&#60;b&#62;model&#60;/b&#62;",
        "visitor &#60;7&#62;",
        "wave__caller",
        "<audio",
        "2.8 s",
        "Interrupted after 1.4 s",
        "812 read, 40 written",
        "cannot be undone",
    ] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    for page in [list, silent, page] {
        assert!(!page.contains("<script>alert"), "{page}");
    }
    let asked = with_cookie(
        Method::POST,
        &format!("/calls/{}/delete", call.id),
        &session,
    )
    .header(header::ORIGIN, "http://desk.example")
    .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let deleted = app.send(asked.body(Body::empty()).unwrap()).await;
    assert_eq!(deleted.header("location"), "/calls");
    assert!(get("/calls").await.contains("No calls yet"));
    // A helper at the desk sees no calls.
    let (_, helper) = sign_in(&app, Role::Agent).await;
    let asked = with_cookie(Method::GET, "/calls", &helper)
        .body(Body::empty())
        .unwrap();
    assert_eq!(app.send(asked).await.status, StatusCode::FORBIDDEN);
}
