//! Every page × every kind of caller, as `matrix` does it for the APIs: who is not signed in is sent to sign in, who only looks on
//! changes nothing but their own account, and no role sees more than the one above it.
//!
//! The pages are read from the table of the console, so that what is added is walked too.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use frontdesk::store::users::{self, Role};

use crate::app::{Reply, TestApp, now};
use crate::auth::with_cookie;
use crate::staff::Staff;
use crate::wire::seed::ABSENT;

/// The table of pages.
const TABLE: &str = include_str!("../../src/http/console/mod.rs");
/// Open to everybody.
const PUBLIC: &[(Method, &str)] = &[
    (Method::GET, "/login"),
    (Method::GET, "/setup"),
    (Method::GET, "/brand/{colour}"),
    (Method::POST, "/login/passkey/begin"),
];
/// Where people change what is their own, and where they sign in and out.
const OWN: &[&str] = &[
    "/account",
    "/invitation",
    "/login",
    "/logout",
    "/setup",
    "/workspace",
];
/// Below [`OWN`] in name only.
const OF_OWNERS: &[&str] = &["/account/close", "/account/keep"];

/// Methods and patterns of the pages.
fn pages() -> Vec<(Method, &'static str)> {
    let (_, table) = TABLE.split_once("Router::new()").unwrap();
    let (table, _) = table
        .split_once(".layer(middleware::from_fn_with_state")
        .unwrap();
    let mut pages = Vec::new();
    for route in table.split(".route(").skip(1) {
        let path = route.split('"').nth(1).unwrap();
        for (method, call) in [(Method::GET, "get("), (Method::POST, "post(")] {
            if route.contains(call) {
                pages.push((method, path));
            }
        }
    }
    assert!(pages.len() > 150, "only {}", pages.len());
    pages
}

/// A path that fits a pattern.
fn fill(pattern: &str) -> String {
    let part = |part: &str| match part {
        "{colour}" => "0f6b57".to_owned(),
        part if part.starts_with('{') => ABSENT.to_owned(),
        part => part.to_owned(),
    };
    let parts: Vec<String> = pattern.split('/').map(part).collect();
    parts.join("/")
}

async fn knock(app: &TestApp, session: &str, method: &Method, pattern: &str) -> Reply {
    let request = with_cookie(method.clone(), &fill(pattern), session)
        .header(header::ORIGIN, "http://desk.example")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    app.send(request.body(Body::empty()).unwrap()).await
}

/// Where it leads, if anywhere.
fn location(reply: &Reply) -> String {
    let to = reply.headers.get(header::LOCATION);
    to.map_or_else(String::new, |to| to.to_str().unwrap().to_owned())
}

fn is_own(pattern: &str) -> bool {
    let below = |own: &&&str| {
        let rest = pattern.strip_prefix(**own);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    OWN.iter().any(|own| below(&own)) && !OF_OWNERS.contains(&pattern)
}

#[tokio::test]
async fn who_is_not_signed_in_or_suspended_sees_no_page() {
    let app = TestApp::new().await;
    Staff::new(&app, "Boss", Role::Owner).await;
    let suspended = Staff::new(&app, "Eve", Role::Owner).await;
    let id = suspended.id;
    let suspend = app.app.store.write(move |tx| users::suspend(tx, id, now()));
    suspend.await.unwrap();
    let mut wrong = Vec::new();
    for (method, pattern) in pages() {
        if PUBLIC.contains(&(method.clone(), pattern)) {
            continue;
        }
        let nobody = knock(&app, "", &method, pattern).await;
        let sent_to_sign_in =
            !nobody.status.is_redirection() || location(&nobody).starts_with("/login");
        if nobody.status.is_success() || nobody.status.is_server_error() || !sent_to_sign_in {
            wrong.push(format!(
                "{method} {pattern}: {} {}",
                nobody.status,
                location(&nobody)
            ));
        }
        let path = fill(pattern);
        let request = suspended
            .request(method.clone(), &path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let theirs = app.send(request.body(Body::empty()).unwrap()).await;
        if (theirs.status, location(&theirs)) != (nobody.status, location(&nobody)) {
            wrong.push(format!("{method} {pattern}: suspended {}", theirs.status));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn who_only_looks_on_changes_nothing_and_no_role_sees_more_than_the_one_above() {
    let app = TestApp::new().await;
    let owner = Staff::new(&app, "Boss", Role::Owner).await;
    let admin = Staff::new(&app, "Ann", Role::Admin).await;
    let agent = Staff::new(&app, "Ben", Role::Agent).await;
    let viewer = Staff::new(&app, "Eve", Role::Viewer).await;
    let mut wrong = Vec::new();
    for (method, pattern) in pages() {
        let path = fill(pattern);
        if method == Method::POST {
            if is_own(pattern) {
                continue;
            }
            let request = viewer
                .request(Method::POST, &path)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            let seen = app.send(request.body(Body::empty()).unwrap()).await;
            if seen.status != StatusCode::FORBIDDEN {
                wrong.push(format!("POST {pattern}: a viewer got {}", seen.status));
            }
            continue;
        }
        let mut denied_above = false;
        for (name, staff) in [("owner", &owner), ("admin", &admin), ("agent", &agent)] {
            let seen = staff.get(&path).await.status;
            if denied_above && seen.is_success() {
                wrong.push(format!(
                    "GET {pattern}: {name} got in, and a higher role did not"
                ));
            }
            if name == "owner" && seen == StatusCode::FORBIDDEN {
                wrong.push(format!("GET {pattern}: not even the owner"));
            }
            denied_above |= seen == StatusCode::FORBIDDEN;
        }
        if denied_above && viewer.get(&path).await.status.is_success() {
            let admins = admin.get(&path).await.status;
            if !admins.is_success() {
                wrong.push(format!(
                    "GET {pattern}: a viewer got in, and an admin {admins}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
