//! `/api/v1/sources`: paused, rescheduled, deleted, refused; and who may see them.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use frontdesk::store::sources;
use serde_json::{Value, json};

use crate::app::{TestApp, eventually, json_request, request};
use crate::site::{Site, html};
use crate::sources::{add, answer, names, settled};

#[tokio::test]
async fn deleting_a_source_deletes_its_documents_and_only_them() {
    let site = Site::start().await;
    site.page("/", html("Home", "The sauna is in the cellar.", &[]));
    let app = site.app().await;
    app.document("default", "own.txt", "The bar is on the roof.")
        .await;
    let id = add(&app, json!({"url": site.url("/"), "kind": "page"})).await;
    settled(&app, &id).await;
    assert!(answer(&app, "sauna").await.contains("cellar"));
    let path = format!("/api/v1/sources/{id}");
    assert_eq!(app.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert!(!answer(&app, "sauna").await.contains("cellar"));
    assert!(answer(&app, "bar").await.contains("roof"));
    assert_eq!(app.get(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(names(&app).await, ["own.txt"]);
}

#[tokio::test]
async fn a_restart_goes_on_where_the_sync_was() {
    let site = Site::start().await;
    let letters = |n: u32| {
        format!(
            "/p{}",
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRST"
                .get(..n as usize)
                .unwrap()
        )
    };
    site.otherwise(move |request| {
        let path = request.uri().path().to_owned();
        if path == "/robots.txt" {
            return None;
        }
        let links: Vec<String> = (1..45).map(letters).collect();
        let links: Vec<&str> = links.iter().map(String::as_str).collect();
        Some(html(&path, &format!("This is {path}."), &links).into_response_html())
    });
    let app = site.app().await;
    let id = add(&app, json!({"url": site.url("/"), "kind": "crawl"})).await;
    let mut asked = Vec::new();
    while asked.len() < 30 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        asked.extend(site.asked_paths());
    }
    let app = app.restart().await;
    asked.extend(site.asked_paths());
    let source = settled(&app, &id).await;
    assert_eq!(source["documents"], 45, "{}", source["report"]);
    let again = site.asked_paths();
    assert!(
        again.len() < 32,
        "{} of 45 pages were fetched again",
        again.len()
    );
    // What was written down before the restart is not fetched a second time.
    assert!(
        !again.contains(&"/".to_owned()) && !again.contains(&letters(10)),
        "{again:?}"
    );
}

#[tokio::test]
async fn the_timer_fetches_what_is_due() {
    let site = Site::start().await;
    site.page("/", html("Home", "The boat leaves at eight.", &[]));
    let app = site.app().await;
    let id = add(&app, json!({"url": site.url("/")})).await;
    let first = settled(&app, &id).await;
    let (at, next) = (
        first["synced_at"].as_i64().unwrap(),
        first["next_at"].as_i64().unwrap(),
    );
    assert_eq!((next - at) / 1000, 24 * 60 * 60);
    site.page("/", html("Home", "The boat leaves at nine.", &[]));
    let (workspace, source) = (app.workspace("default").await, id.parse().unwrap());
    let due = app.app.store.write(move |tx| {
        let source = sources::get(tx, workspace, source)?;
        sources::set_schedule(tx, &source, source.every_ms, Some(1))
    });
    due.await.unwrap();
    site.asked();
    for _ in 0..120 {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        let source = app.get(&format!("/api/v1/sources/{id}")).await.json();
        if source["report"]["changed"] == 1 {
            assert!(source["next_at"].as_i64().unwrap() > next, "{source}");
            return;
        }
    }
    panic!("the timer did not fetch it");
}

#[tokio::test]
async fn a_source_is_paused_resumed_and_rescheduled() {
    let site = Site::start().await;
    site.otherwise(|request| {
        let path = request.uri().path();
        (path != "/robots.txt")
            .then(|| html(path, path, &[&format!("{path}x")]).into_response_html())
    });
    let app = site.app().await;
    let id = add(
        &app,
        json!({"url": site.url("/x"), "kind": "crawl", "depth": 20}),
    )
    .await;
    eventually("pages are fetched", || site.asked_paths().len() > 1).await;
    let path = format!("/api/v1/sources/{id}");
    let patch = |body: Value| {
        let mut request = json_request(&app.key, &path, body.to_string());
        *request.method_mut() = Method::PATCH;
        app.send(request)
    };
    let paused = patch(json!({"paused": true, "every": "week"})).await.json();
    assert_eq!(
        (paused["state"].as_str(), paused["every"].as_str()),
        (Some("paused"), Some("week"))
    );
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    site.asked();
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert!(site.asked().is_empty());
    assert_eq!(
        app.post_raw(&format!("{path}/sync"), "").await.status,
        StatusCode::BAD_REQUEST
    );
    let resumed = patch(json!({"paused": false, "pages": 3})).await;
    assert_eq!(resumed.status, StatusCode::OK, "{}", resumed.text());
    let done = settled(&app, &id).await;
    assert_eq!(
        (done["state"].as_str(), done["pages"].as_u64()),
        (Some("ready"), Some(3)),
        "{done}"
    );
    assert_eq!(
        patch(json!({"every": "hour"})).await.status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        patch(json!({"pages": 9_999})).await.status,
        StatusCode::BAD_REQUEST
    );
}

#[tokio::test]
async fn what_cannot_be_a_source_is_refused_with_a_reason() {
    let app = TestApp::new().await;
    for (body, says) in [
        (json!({"url": "ftp://a.example/"}), "https"),
        (json!({"url": ""}), "address"),
        (json!({"url": "https://a.example", "kind": "all"}), "kind"),
        (json!({"url": "https://a.example", "pages": 6_000}), "5000"),
        (
            json!({"url": "https://a.example", "per_second": 0}),
            "per second",
        ),
        (json!({"url": "https://a.example", "every": "hour"}), "week"),
    ] {
        let reply = app.post("/api/v1/sources", body.clone()).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{body}");
        assert!(reply.text().contains(says), "{body}: {}", reply.text());
    }
    let body = json!({"url": "http://10.0.0.1/"});
    assert_eq!(
        app.post("/api/v1/sources", body.clone()).await.status,
        StatusCode::CREATED
    );
    assert_eq!(
        app.post("/api/v1/sources", body).await.status,
        StatusCode::CONFLICT
    );
}

#[tokio::test]
async fn another_workspace_sees_nothing_of_it() {
    let site = Site::start().await;
    site.page("/", html("Home", "Welcome.", &[]));
    let app = site.app().await;
    let other = app.workspace("other").await;
    let (key, _) = app.make_key(&["documents", "admin"], Some(other)).await;
    let id = add(&app, json!({"url": site.url("/")})).await;
    settled(&app, &id).await;
    for (method, path) in [
        (Method::GET, format!("/api/v1/sources/{id}")),
        (Method::DELETE, format!("/api/v1/sources/{id}")),
        (Method::POST, format!("/api/v1/sources/{id}/sync")),
    ] {
        let reply = app.send(request(method, &path, &key).body(Body::empty()).unwrap());
        assert_eq!(reply.await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let ledger = app.send(
        request(Method::GET, "/api/v1/egress", &key)
            .body(Body::empty())
            .unwrap(),
    );
    assert_eq!(ledger.await.json()["requests"], json!([]));
    let ledger = app.get("/api/v1/egress").await.json();
    assert_eq!(ledger["requests"].as_array().unwrap().len(), 2, "{ledger}");
    assert_eq!(ledger["totals"][0]["purpose"], "web page");
}

trait IntoHtml {
    fn into_response_html(self) -> axum::response::Response;
}

impl IntoHtml for String {
    fn into_response_html(self) -> axum::response::Response {
        axum::response::IntoResponse::into_response(axum::response::Html(self))
    }
}
