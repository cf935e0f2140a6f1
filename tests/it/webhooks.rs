//! `/api/v1/webhooks` and the pages of webhooks.

use axum::body::Body;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::IntoResponse;
use frontdesk::http::openapi_document;
use frontdesk::store::events;
use frontdesk::store::users::Role;
use frontdesk::webhooks::{KINDS, enqueue, payload};
use serde_json::{Value, json};

use crate::app::{Reply, TestApp, now, request};
use crate::auth::{sign_in, with_cookie};
use crate::site::Site;

const ALL: &str = "/api/v1/webhooks";

/// Another program that takes everything.
async fn receiver() -> Site {
    let site = Site::start().await;
    site.otherwise(|_| Some(StatusCode::NO_CONTENT.into_response()));
    site
}

async fn make(app: &TestApp, site: &Site, events: &[&str]) -> Value {
    let body = json!({ "url": site.url("/hook"), "events": events });
    let made = app.post(ALL, body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    made.json()
}

async fn put(app: &TestApp, path: &str, body: Value) -> Reply {
    let request =
        request(Method::PUT, path, &app.key).header(header::CONTENT_TYPE, "application/json");
    app.send(request.body(Body::from(body.to_string())).unwrap())
        .await
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).unwrap().to_str().unwrap()
}

/// The log, once `count` of its deliveries ended.
async fn log(app: &TestApp, id: &str, count: usize) -> Vec<Value> {
    for _ in 0..500 {
        let log = app.get(&format!("{ALL}/{id}/deliveries")).await.json();
        let log = log["deliveries"].as_array().unwrap().clone();
        let ended = log.iter().filter(|one| one["state"] != "queued").count();
        if log.len() == count && ended == count {
            return log;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("they did not end");
}

#[tokio::test]
async fn a_webhook_is_made_tried_changed_and_deleted() {
    let site = receiver().await;
    let app = site.app().await;
    let made = make(&app, &site, &["lead.created"]).await;
    let secret = made["secret"].as_str().unwrap();
    let id = made["webhook"]["id"].as_str().unwrap();
    assert!(secret.starts_with("whsec_"), "{secret}");
    let list = app.get(ALL).await;
    assert!(!list.text().contains(secret));
    assert_eq!(list.json()["webhooks"][0], made["webhook"]);
    assert_eq!(
        list.json()["events"].as_array().map(Vec::len),
        Some(KINDS.len())
    );

    let tried = app.post(&format!("{ALL}/{id}/test"), json!({})).await;
    assert_eq!(tried.status, StatusCode::OK, "{}", tried.text());
    let tried = tried.json();
    assert_eq!(
        (&tried["state"], &tried["status"]),
        (&json!("sent"), &json!(204))
    );
    let asked = site.asked();
    let (path, headers) = &asked[0];
    assert_eq!(path, "/hook");
    assert_eq!(text(headers, "webhook-id"), tried["id"]);
    assert!(text(headers, "webhook-signature").starts_with("v1,"));
    assert_eq!(text(headers, "content-type"), "application/json");

    let rotated = app.post(&format!("{ALL}/{id}/rotate"), json!({})).await;
    assert_ne!(rotated.json()["secret"], made["secret"]);
    app.post(&format!("{ALL}/{id}/test"), json!({})).await;
    let (_, headers) = site.asked().remove(0);
    assert_eq!(text(&headers, "webhook-signature").split(' ').count(), 2);

    let one = format!("{ALL}/{id}");
    let paused = put(&app, &one, json!({ "active": false })).await;
    assert_eq!(paused.json()["state"], "paused");
    let again = format!("{ALL}/deliveries/{}/replay", tried["id"].as_str().unwrap());
    let refused = app.post(&again, json!({})).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert_eq!(refused.json()["code"], "webhook_stopped");
    let on = put(&app, &one, json!({ "active": true, "events": ["*"] })).await;
    assert_eq!(
        (&on.json()["state"], &on.json()["events"]),
        (&json!("active"), &json!(["*"]))
    );
    assert_eq!(app.post(&again, json!({})).await.status, StatusCode::OK);
    log(&app, id, 2).await;
    let (_, headers) = site.asked().remove(0);
    assert_eq!(text(&headers, "webhook-id"), tried["id"]);

    assert_eq!(app.delete(&one).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.delete(&one).await.status, StatusCode::NOT_FOUND);
    assert_eq!(app.get(ALL).await.json()["webhooks"], json!([]));
}

#[tokio::test]
async fn what_is_wrong_is_told_by_its_field() {
    let site = receiver().await;
    let app = site.app().await;
    for (body, field) in [
        (
            json!({ "url": "http://hooks.example/x", "events": ["*"] }),
            "url",
        ),
        (
            json!({ "url": "https://10.0.0.1/x", "events": ["*"] }),
            "url",
        ),
        (json!({ "url": site.url("/"), "events": [] }), "events"),
        (
            json!({ "url": site.url("/"), "events": ["lead.eaten"] }),
            "events",
        ),
        (json!({ "url": site.url("/"), "events": "*" }), "events"),
    ] {
        let refused = app.post(ALL, body.clone()).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(refused.json()["param"], field, "{}", refused.text());
    }
    let id = make(&app, &site, &["*"]).await["webhook"]["id"].clone();
    let id = id.as_str().unwrap();
    let strange = app.get(&format!("{ALL}/{id}/deliveries?state=lost")).await;
    assert_eq!(strange.status, StatusCode::BAD_REQUEST);
    for path in ["x", "01890000-0000-7000-8000-000000000000"] {
        let missing = app.post(&format!("{ALL}/{path}/test"), json!({})).await;
        assert_eq!(missing.status, StatusCode::NOT_FOUND);
    }
    // Another workspace sees nothing of it, and neither does a key without the scope.
    app.workspace("other").await;
    let other = app
        .get(&format!("{ALL}/{id}/deliveries?workspace=other"))
        .await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
    let (key, _) = app.make_key(&["chat", "conversations"], None).await;
    let body = Body::empty();
    let denied = app.send(request(Method::GET, ALL, &key).body(body).unwrap());
    assert_eq!(denied.await.status, StatusCode::FORBIDDEN);
}

/// What happens reaches the other program, and what it missed is sent again.
#[tokio::test]
async fn the_log_has_pages_and_failures_are_sent_again() {
    let site = Site::start().await;
    site.otherwise(|_| Some(StatusCode::GONE.into_response()));
    let app = site.app().await;
    let id = make(&app, &site, &["*"]).await["webhook"]["id"].clone();
    let id = id.as_str().unwrap();
    let workspace = app.workspace("default").await;
    let queued = app.app.store.write(move |tx| {
        for number in 0..3 {
            let body = payload("lead.created", now(), &json!({ "number": number }));
            enqueue(tx, workspace, "lead.created", None, &body, now())?;
        }
        Ok(())
    });
    queued.await.unwrap();
    app.app.webhooks.wake();
    let failed = log(&app, id, 3).await;
    assert!(
        failed.iter().all(|one| one["state"] == "failed"),
        "{failed:?}"
    );
    let listed = app.get(ALL).await.json();
    assert_eq!(listed["webhooks"][0]["state"], "off");
    let status = app.get("/api/v1/status").await.json();
    let told = status["protections"].as_array().unwrap();
    let told = told.iter().find(|one| one["name"] == "webhooks").unwrap();
    assert_eq!(told["ok"], false);
    assert!(
        told["detail"].as_str().unwrap().contains("wants no more"),
        "{told}"
    );

    site.otherwise(|_| Some(StatusCode::OK.into_response()));
    site.asked();
    put(&app, &format!("{ALL}/{id}"), json!({ "active": true })).await;
    let again = app
        .post(&format!("{ALL}/{id}/replay"), json!({ "since": 0 }))
        .await;
    assert_eq!(again.json()["queued"], 3);
    log(&app, id, 3).await;
    assert_eq!(site.asked().len(), 3);
    let first = app
        .get(&format!("{ALL}/{id}/deliveries?limit=2"))
        .await
        .json();
    let next = first["next"].as_str().unwrap();
    let second = app
        .get(&format!("{ALL}/{id}/deliveries?limit=2&before={next}"))
        .await
        .json();
    assert_eq!(second["deliveries"].as_array().map(Vec::len), Some(1));
    assert_eq!(second["next"], Value::Null);
    let numbers: Vec<_> = [&first, &second]
        .iter()
        .flat_map(|page| page["deliveries"].as_array().unwrap())
        .map(|one| one["payload"]["data"]["number"].clone())
        .collect();
    assert_eq!(numbers, [json!(2), json!(1), json!(0)]);
}

#[test]
fn the_document_names_every_event() {
    let document = serde_json::to_value(openapi_document()).unwrap();
    let events = &document["components"]["schemas"]["NewWebhookRequest"]["properties"]["events"];
    let told = events["description"].as_str().unwrap();
    for kind in KINDS {
        assert!(
            told.contains(kind.name) && told.contains(kind.told),
            "{}",
            kind.name
        );
    }
    let names = events["items"]["enum"].as_array().unwrap();
    assert_eq!(names.len(), KINDS.len() + 1);
}

#[tokio::test]
async fn the_pages_do_all_of_it_with_forms() {
    let site = receiver().await;
    let app = site.app().await;
    let (_, token) = sign_in(&app, Role::Owner).await;
    let open = async |path: &str| {
        let request = with_cookie(Method::GET, path, &token).body(Body::empty());
        app.send(request.unwrap()).await
    };
    let send = async |path: &str, fields: &[(&str, &str)]| {
        let body: String = fields
            .iter()
            .map(|(name, value)| {
                format!("{name}={}&", value.replace(':', "%3A").replace('*', "%2A"))
            })
            .collect();
        let request = with_cookie(Method::POST, path, &token)
            .header(header::ORIGIN, "http://desk.example")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body));
        app.send(request.unwrap()).await
    };
    let page = open("/webhooks").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    for kind in KINDS {
        assert!(page.text().contains(kind.name), "{}", kind.name);
    }
    let url = site.url("/hook");
    let wrong = send(
        "/webhooks",
        &[("url", "http://hooks.example/"), ("event", "lead.created")],
    )
    .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text().contains("Use https://"), "{}", wrong.text());
    assert!(wrong.text().contains("value=\"lead.created\" checked"));
    let none = send("/webhooks", &[("url", &url)]).await;
    assert!(none.text().contains("Tick at least one event."));

    let made = send(
        "/webhooks",
        &[
            ("url", &url),
            ("event", "lead.created"),
            ("event", "call.ended"),
        ],
    )
    .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    assert!(made.text().contains("whsec_"));
    let id = app.get(ALL).await.json()["webhooks"][0]["id"].clone();
    let one = format!("/webhooks/{}", id.as_str().unwrap());
    let shown = open(&one).await;
    assert!(!shown.text().contains("whsec_") && shown.text().contains(&url));

    let tried = send(&format!("{one}/test"), &[]).await;
    assert!(
        tried.text().contains("The test arrived."),
        "{}",
        tried.text()
    );
    let delivery = log(&app, id.as_str().unwrap(), 1).await.remove(0);
    let replay = format!(
        "/webhooks/deliveries/{}/replay",
        delivery["id"].as_str().unwrap()
    );
    let again = send(&replay, &[]).await;
    assert_eq!(
        (again.status, again.header("location")),
        (StatusCode::SEE_OTHER, &*one)
    );
    let failed = send(&format!("{one}/replay"), &[("hours", "24")]).await;
    assert!(
        failed.text().contains("Nothing has failed"),
        "{}",
        failed.text()
    );
    let saved = send(&one, &[("url", &url), ("event", "*")]).await;
    assert!(saved.text().contains("Saved."), "{}", saved.text());
    assert!(open("/webhooks").await.text().contains("everything"));
    let rotated = send(&format!("{one}/rotate"), &[]).await;
    assert!(
        rotated.text().contains("both secrets sign"),
        "{}",
        rotated.text()
    );
    send(&format!("{one}/pause"), &[]).await;
    assert!(open(&one).await.text().contains("Turn it on"));
    send(&format!("{one}/resume"), &[]).await;
    assert!(
        open(&format!("{one}?state=sent"))
            .await
            .text()
            .contains("webhook.test")
    );
    assert_eq!(
        open(&format!("{one}?state=x")).await.status,
        StatusCode::BAD_REQUEST
    );
    let gone = send(&format!("{one}/delete"), &[]).await;
    assert_eq!(gone.header("location"), "/webhooks");
    assert_eq!(open(&one).await.status, StatusCode::NOT_FOUND);

    let (_, agent) = sign_in(&app, Role::Agent).await;
    let denied = with_cookie(Method::GET, "/webhooks", &agent).body(Body::empty());
    assert_eq!(
        app.send(denied.unwrap()).await.status,
        StatusCode::FORBIDDEN
    );
}
/// An event of the log reaches the other program, once, also over a restart.
#[tokio::test]
async fn what_happens_is_told_once() {
    let site = receiver().await;
    let app = site.app().await;
    let id = make(&app, &site, &["task.ended"]).await["webhook"]["id"].clone();
    let id = id.as_str().unwrap().to_owned();
    let workspace = app.workspace("default").await;
    let happen = |app: &TestApp, number: u32| {
        let store = app.app.store.clone();
        async move {
            let data = json!({ "task": "gone", "by": null, "state": "done", "number": number });
            let added = store
                .write(move |tx| events::append(tx, workspace, "task_ended", "gone", &data, now()));
            added.await.unwrap();
        }
    };
    happen(&app, 1).await;
    log(&app, &id, 1).await;
    let app = app.restart().await;
    happen(&app, 2).await;
    let told = log(&app, &id, 2).await;
    let numbers: Vec<_> = told
        .iter()
        .map(|one| &one["payload"]["data"]["number"])
        .collect();
    assert_eq!(numbers, [&json!(2), &json!(1)]);
    assert_eq!(told[0]["payload"]["type"], "task.ended");
    assert_eq!(site.asked().len(), 2);
}
