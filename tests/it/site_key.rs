//! Who opens a workspace to visitors, and the keys that pages name it by.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use frontdesk::app::ensure_workspace;
use frontdesk::http::server::Peer;
use serde_json::{Value, json};

use crate::app::{Reply, TestApp, json_request};
use crate::browser::{Browser, between, leads_to, person};
use crate::visit;

const WAGES: &str = "The director earns 412,000 dollars.";

async fn begin(app: &TestApp, body: Value) -> Reply {
    app.send(json_request("", "/api/v1/visit", body.to_string()))
        .await
}

/// A page for whoever is not signed in.
async fn stranger(app: &TestApp, path: &str) -> Reply {
    let request = crate::app::request(Method::GET, path, "");
    app.send(request.body(Body::empty()).unwrap()).await
}

fn code(reply: &Reply) -> String {
    reply.json()["code"].as_str().unwrap_or_default().to_owned()
}

async fn owner(app: &TestApp) -> Browser<'_> {
    person(app, "ann", "owner").await;
    let mut browser = Browser::new(app);
    browser.password("ann").await;
    browser
}

#[tokio::test]
async fn every_workspace_is_closed_to_visitors_until_it_is_opened_and_none_is_found_by_its_name() {
    let app = TestApp::new().await;
    ensure_workspace(&app.app.store, "hr", "HR").await.unwrap();
    for name in ["default", "hr"] {
        app.document(name, "pay.txt", WAGES).await;
        let path = format!("/api/v1/widget?workspace={name}");
        let shut = app.get(&path).await.json();
        assert_eq!(shut["enabled"], false, "{name}");
        let site = shut["site"].as_str().unwrap().to_owned();

        let closed = begin(&app, json!({"site": site})).await;
        assert_eq!(closed.status, StatusCode::FORBIDDEN, "{}", closed.text());
        assert_eq!(code(&closed), "closed");
        let wrong = app.patch(&path, json!({"colour": "red"})).await;
        assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
        let opened = app.patch(&path, json!({"enabled": true})).await;
        assert_eq!(opened.json()["enabled"], true, "{}", opened.text());

        let open = begin(&app, json!({"site": site})).await;
        assert_eq!(open.status, StatusCode::OK, "{}", open.text());
        // Whether there is such a name shows nowhere, not even where it is open.
        let there = begin(&app, json!({"workspace": name})).await;
        let absent = begin(&app, json!({"workspace": "nobody"})).await;
        assert_eq!(
            (there.status, code(&there).as_str()),
            (StatusCode::NOT_FOUND, "unknown_site")
        );
        assert_eq!(there.json()["detail"], absent.json()["detail"]);
    }
    let bare = begin(&app, json!({})).await;
    assert_eq!(code(&bare), "unknown_site");
}

#[tokio::test]
async fn a_visit_belongs_to_the_workspace_of_its_key() {
    let app = TestApp::new().await;
    let other = visit::site(&app, "other").await;
    app.document("default", "pay.txt", WAGES).await;
    app.document("other", "ferry.txt", "The ferry leaves at noon.")
        .await;
    let begun = begin(&app, json!({"site": other})).await.json();
    let token = begun["token"].as_str().unwrap();
    let question = json!({"text": "When does the ferry leave?"});
    let said = app.post_as(token, "/api/v1/visit/messages", question).await;
    assert!(said.text().contains("noon"), "{}", said.text());
    let question = json!({"text": "How much does the director earn?"});
    let said = app.post_as(token, "/api/v1/visit/messages", question).await;
    assert!(!said.text().contains("412"), "{}", said.text());
    // The token of one opens nothing of the other: a visit begins anew.
    let first = visit::site(&app, "default").await;
    let again = begin(&app, json!({"site": first, "token": token})).await;
    assert_eq!(again.json()["resumed"], false);
}

#[tokio::test]
async fn visitors_talk_to_the_first_assistant_and_to_those_that_the_owner_named() {
    let app = TestApp::new().await;
    let site = visit::site(&app, "default").await;
    let token = visit::token(&app).await;
    let ask = async |assistant: &str| {
        let message = json!({"text": "Hello", "assistant": assistant});
        let said = app.post_as(&token, "/api/v1/visit/messages", message).await;
        let begun = begin(&app, json!({"site": site, "assistant": assistant})).await;
        (said.status.as_u16(), begun.status.as_u16())
    };
    assert_eq!(ask("frontdesk").await, (200, 200));
    // There is another one, which may not be finished yet.
    assert_eq!(ask("desk").await, (404, 404));
    assert_eq!(ask("nobody").await, (404, 404));
    let named = app
        .patch("/api/v1/widget", json!({"assistants": ["desk", "nobody"]}))
        .await;
    assert_eq!(named.json()["assistants"], json!(["desk", "nobody"]));
    assert_eq!(ask("desk").await, (200, 200));
    assert_eq!(ask("nobody").await, (404, 404));
    // The form of the page leaves them as they are.
    let mut browser = owner(&app).await;
    let form = "enabled=1&title=&colour=%230f6b57&origins=&links=";
    assert_eq!(leads_to(&browser.post("/widget", form).await), "/widget");
    let kept = app.get("/api/v1/widget").await.json();
    assert_eq!(kept["assistants"], json!(["desk", "nobody"]));
}

#[tokio::test]
async fn a_renewed_key_stops_the_one_before_at_once_or_after_the_days_that_were_chosen() {
    let app = TestApp::new().await;
    let first = visit::site(&app, "default").await;
    let begun = begin(&app, json!({"site": first})).await.json();
    let token = begun["token"].as_str().unwrap();
    let path = "/api/v1/widget/site-key";

    let too_long = app.post(path, json!({"old_days": 31})).await;
    assert_eq!(too_long.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        app.get("/api/v1/widget").await.json()["site"],
        json!(first),
        "nothing was changed"
    );

    let second = app.post(path, json!({"old_days": 7})).await.json();
    let left = second["former_site_until"].as_i64().unwrap() - crate::app::now();
    let week = 7 * 24 * 60 * 60 * 1000;
    assert!((week - 60_000..=week).contains(&left), "{second}");
    for site in [&json!(first), &second["site"]] {
        let on = begin(&app, json!({"site": site, "token": token})).await;
        assert_eq!(on.json()["resumed"], true, "{}", on.text());
    }

    let third = app.post(path, json!({})).await.json();
    assert!(third.get("former_site_until").is_none(), "{third}");
    for site in [&json!(first), &second["site"]] {
        let gone = begin(&app, json!({"site": site, "token": token})).await;
        assert_eq!(code(&gone), "unknown_site", "{}", gone.text());
    }
    let message = json!({"text": "Hello"});
    let over = app.post_as(token, "/api/v1/visit/messages", message).await;
    assert_eq!(over.status, StatusCode::UNAUTHORIZED, "{}", over.text());
    let anew = begin(&app, json!({"site": third["site"], "token": token})).await;
    assert_eq!(anew.json()["resumed"], false, "{}", anew.text());
}

#[tokio::test]
async fn a_page_of_before_there_were_keys_goes_on_until_the_key_is_renewed() {
    let app = TestApp::new().await;
    visit::site(&app, "default").await;
    // As an installation is after its update, whose first workspace was open.
    let upgraded = app.app.store.write(|tx| {
        let sql = "UPDATE workspaces SET found_by_name_until = ? WHERE name = 'default'";
        Ok(tx.execute(sql, [i64::MAX])?)
    });
    upgraded.await.unwrap();
    let bodies = [json!({}), json!({"workspace": "default"})];
    for body in &bodies {
        let begun = begin(&app, body.clone()).await;
        assert_eq!(begun.status, StatusCode::OK, "{}", begun.text());
    }
    let talk = stranger(&app, "/talk?w=default").await;
    assert!(talk.text().contains(" site=\"fd_site_"), "{}", talk.text());
    app.post("/api/v1/widget/site-key", json!({})).await;
    for body in bodies {
        assert_eq!(code(&begin(&app, body).await), "unknown_site");
    }
}

#[tokio::test]
async fn the_console_says_that_it_is_closed_and_opens_it_with_one_button() {
    const NOTICE: &str = "Visitors cannot reach your front desk yet";
    let app = TestApp::new().await;
    let mut browser = owner(&app).await;
    for page in ["/documents", "/status", "/widget"] {
        let text = browser.get(page).await;
        assert!(text.text().contains(NOTICE), "{page}");
    }
    let own = browser.get("/talk").await;
    let own = leads_to(&own).to_owned();
    assert!(own.starts_with("/talk?s=fd_site_"), "{own}");
    assert!(
        browser.get(&own).await.text().contains("href=\"/widget\""),
        "it does not lead to where it is opened"
    );
    let stranger = stranger(&app, &own).await;
    assert!(
        !stranger.text().contains("/widget\""),
        "{}",
        stranger.text()
    );
    assert!(stranger.text().contains("is not taking conversations"));

    let opened = browser.post("/widget/open", "").await;
    assert_eq!(leads_to(&opened), "/widget");
    for page in ["/documents", "/status", "/widget"] {
        let text = browser.get(page).await;
        assert!(!text.text().contains(NOTICE), "{page}");
    }
    let page = browser.get("/widget").await;
    let line = between(page.text(), "id=\"embed\"", "</pre>");
    let site = app.get("/api/v1/widget").await.json()["site"].clone();
    let site = site.as_str().unwrap();
    assert!(line.contains(site), "{line}");
    assert!(!line.contains("data-workspace"), "{line}");
    let begun = begin(&app, json!({"site": site})).await;
    assert_eq!(begun.status, StatusCode::OK);

    let renewed = browser.post("/widget/site-key", "days=7").await;
    assert_eq!(leads_to(&renewed), "/widget");
    let page = browser.get("/widget").await;
    assert!(page.text().contains("work until"), "{}", page.text());
    assert!(!page.text().contains(site));
}

#[tokio::test]
async fn only_who_administers_opens_a_workspace_or_renews_its_key() {
    let app = TestApp::new().await;
    person(&app, "ben", "agent").await;
    let mut browser = Browser::new(&app);
    browser.password("ben").await;
    let before = app.get("/api/v1/widget").await.json();
    for (path, form) in [("/widget/open", ""), ("/widget/site-key", "days=0")] {
        let refused = browser.post(path, form).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{path}");
    }
    let documents = browser.get("/documents").await;
    assert!(!documents.text().contains("Open it to visitors"));
    assert_eq!(app.get("/api/v1/widget").await.json(), before);
}

#[tokio::test]
async fn before_it_is_opened_it_can_be_tried_at_the_machine_itself_and_not_through_a_proxy() {
    let app = TestApp::new().await;
    let at = |peer: &str, forwarded: bool, body: Value| {
        let mut request = json_request("", "/api/v1/visit", body.to_string());
        let peer = peer.parse().unwrap();
        request.extensions_mut().insert(Peer::Address(peer));
        if forwarded {
            let other = "198.51.100.7".parse().unwrap();
            request.headers_mut().insert("x-forwarded-for", other);
        }
        app.send(request)
    };
    for body in [json!({}), json!({"workspace": "default"})] {
        let tried = at("127.0.0.1:4000", false, body.clone()).await;
        assert_eq!(tried.status, StatusCode::OK, "{}", tried.text());
        for (peer, forwarded) in [("127.0.0.1:4000", true), ("192.0.2.7:4000", false)] {
            let refused = at(peer, forwarded, body.clone()).await;
            assert_ne!(refused.status, StatusCode::OK, "{peer} {}", refused.text());
        }
    }
}
