//! The pages `/sources` and `/egress`, for people and for others.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use frontdesk::store::users::Role;

use crate::app::{Reply, TestApp};
use crate::auth::{sign_in, with_cookie};
use crate::site::{Site, html};
use crate::sources::settled;

async fn open(app: &TestApp, token: &str, path: &str) -> Reply {
    let request = with_cookie(Method::GET, path, token);
    app.send(request.body(Body::empty()).unwrap()).await
}

async fn submit(app: &TestApp, token: &str, path: &str, form: String) -> Reply {
    let request = with_cookie(Method::POST, path, token)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("sec-fetch-site", "same-origin");
    app.send(request.body(form.into()).unwrap()).await
}

#[tokio::test]
async fn a_source_is_added_watched_and_deleted_without_scripts() {
    let site = Site::start().await;
    site.page("/", html("Home", "Welcome.", &["/missing"]));
    let app = site.app().await;
    let (_, token) = sign_in(&app, Role::Owner).await;
    let empty = open(&app, &token, "/sources").await;
    assert_eq!(empty.status, StatusCode::OK);
    assert!(empty.text().contains("No web pages yet"));

    let wrong = submit(
        &app,
        &token,
        "/sources",
        "url=ftp://x&kind=page&every=day".into(),
    )
    .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text().contains("must begin with https"));
    assert!(wrong.text().contains("value=\"ftp://x\""));

    let form = format!("url={}&kind=crawl&every=week&pages=&depth=", site.url("/"));
    let added = submit(&app, &token, "/sources", form.clone()).await;
    assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", added.text());
    assert_eq!(
        submit(&app, &token, "/sources", form).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let id = app.get("/api/v1/sources").await.json()["sources"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    settled(&app, &id).await;
    let page = open(&app, &token, "/sources").await;
    for shown in [
        "Up to date",
        "1 added, 1 failed",
        "/missing",
        "1 page could not be read",
        "every week",
    ] {
        assert!(page.text().contains(shown), "{shown}: {}", page.text());
    }
    let ledger = open(&app, &token, "/egress").await;
    assert!(ledger.text().contains("robots.txt") && ledger.text().contains("/missing"));

    for (action, shown) in [
        ("pause", "Paused"),
        ("schedule", "Paused"),
        ("delete", "No web pages yet"),
    ] {
        let path = format!("/sources/{id}/{action}");
        let done = submit(&app, &token, &path, "every=never".into()).await;
        assert_eq!(
            done.status,
            StatusCode::SEE_OTHER,
            "{action}: {}",
            done.text()
        );
        assert!(
            open(&app, &token, "/sources").await.text().contains(shown),
            "{action}"
        );
    }
    let gone = submit(&app, &token, &format!("/sources/{id}/sync"), String::new()).await;
    assert_eq!(gone.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_pages_are_for_those_who_may() {
    let app = TestApp::new().await;
    let (_, agent) = sign_in(&app, Role::Agent).await;
    for path in ["/sources", "/egress"] {
        assert_eq!(
            open(&app, "nobody", path).await.status,
            StatusCode::SEE_OTHER,
            "{path}"
        );
        assert_eq!(
            open(&app, &agent, path).await.status,
            StatusCode::FORBIDDEN,
            "{path}"
        );
    }
    let form = "url=https://a.example&kind=page&every=day".to_owned();
    assert_eq!(
        submit(&app, &agent, "/sources", form).await.status,
        StatusCode::FORBIDDEN
    );
}
