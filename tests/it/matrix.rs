//! Every route × every kind of caller: who is let in is what the route's policy says, and what belongs to another workspace
//! looks as if it were not there. The table is held in `wire/snapshots/matrix.snap`, for people to read.
//!
//! Routes, roles and scopes come from the lists of the product, so that what is added is walked too.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use axum::body::Body;
use axum::http::request::Builder;
use axum::http::{Method, Request, StatusCode, header};
use frontdesk::http::auth::{SESSION_COOKIE, Scope};
use frontdesk::http::route::{Policy, Route};
use frontdesk::http::routes;
use frontdesk::store::token::{Token, TokenKind};
use frontdesk::store::users::{self, NewUser, Role};
use frontdesk::store::{UserId, api_keys, sessions};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::app::{ALL_SCOPES, TestApp, now};
use crate::wire::seed::{self, ABSENT};
use crate::wire::settle::hold_text;

const VISITOR: &str = "token of a visitor";

/// Somebody, by what they send along.
struct Caller {
    name: String,
    /// Behind `Bearer`.
    bearer: String,
    /// The cookie of a session.
    session: String,
    is: Is,
}

/// What is expected of a caller.
#[derive(Clone, Copy, PartialEq)]
enum Is {
    /// No credential that counts.
    Nobody,
    /// A key with one scope, of the workspace that is asked for.
    Key(Scope),
    /// A key with all scopes, of another workspace.
    Elsewhere,
    Person(Role),
    /// The client secret of a visitor's browser.
    Secret,
}

/// How a request was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// It reached the handler.
    In,
    /// 401.
    Unknown,
    /// 403.
    Denied,
    /// 403: only for keys of the whole installation.
    Bound,
    /// 404, and it is the workspace that is not there.
    Nowhere,
}

impl Seen {
    fn mark(self) -> char {
        match self {
            Self::In => '+',
            Self::Unknown => '.',
            Self::Denied => '-',
            Self::Bound => 'i',
            Self::Nowhere => '0',
        }
    }
}

/// A path that fits a route's pattern, with `id` for its first parameter.
fn fill(pattern: &str, id: &str) -> String {
    let mut path = String::new();
    for (at, part) in pattern.split('/').skip(1).enumerate() {
        let is_first = at < 4;
        let value = match part {
            "{page}" | "{line}" => "1",
            "{*id}" => "fake-chat",
            "{id}" if is_first => id,
            part if part.starts_with('{') => ABSENT,
            part => part,
        };
        path.push('/');
        path.push_str(value);
    }
    path
}

fn dress(caller: &Caller, method: &Method, path: &str) -> Builder {
    let mut request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "desk.example")
        .header(header::ORIGIN, "http://desk.example")
        .header(header::CONTENT_TYPE, "application/json");
    if path.starts_with("/mcp") {
        // A key's program is no page; a page's origin is refused before anything else.
        request.headers_mut().unwrap().remove(header::ORIGIN);
    }
    if !caller.bearer.is_empty() {
        let value = format!("Bearer {}", caller.bearer);
        request = request.header(header::AUTHORIZATION, value);
    }
    if !caller.session.is_empty() {
        let cookie = format!("{SESSION_COOKIE}={}", caller.session);
        request = request.header(header::COOKIE, cookie);
    }
    request
}

/// Status and code of an answer, with its body if it is a refusal: streams do not end.
async fn send(app: &TestApp, request: Request<Body>) -> (StatusCode, Value) {
    let response = app.router.clone().oneshot(request).await.unwrap();
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return (status, Value::Null);
    }
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, serde_json::from_slice(&body).unwrap_or_default())
}

/// The envelope of `/v1` or ours, as code and sentence.
fn told(body: &Value) -> (&str, &str) {
    let ours = (body["code"].as_str(), body["detail"].as_str());
    let theirs = &body["error"];
    let code = ours.0.or(theirs["code"].as_str()).unwrap_or_default();
    let sentence = ours.1.or(theirs["message"].as_str()).unwrap_or_default();
    (code, sentence)
}

fn see(status: StatusCode, body: &Value) -> Seen {
    let (code, sentence) = told(body);
    match status {
        StatusCode::UNAUTHORIZED => Seen::Unknown,
        StatusCode::FORBIDDEN if code == "bound" => Seen::Bound,
        StatusCode::FORBIDDEN => Seen::Denied,
        StatusCode::NOT_FOUND if sentence == "there is no such workspace" => Seen::Nowhere,
        _ => Seen::In,
    }
}

/// The broken body keeps what reads one from doing anything.
async fn knock(app: &TestApp, caller: &Caller, route: &Route) -> Seen {
    let path = format!("{}?workspace=default", fill(route.path(), ABSENT));
    let request = dress(caller, route.method(), &path).body(Body::from("["));
    let (status, body) = send(app, request.unwrap()).await;
    let label = format!("{}: {} {path}", caller.name, route.method());
    assert_ne!(status, StatusCode::INTERNAL_SERVER_ERROR, "{label}");
    see(status, &body)
}

/// Makes a person with a session that lasts so many milliseconds.
async fn person(app: &TestApp, name: &str, role: Role, lasts: i64) -> (UserId, String) {
    let token = Token::generate(TokenKind::Session).unwrap();
    let (hash, email) = (token.hash(), format!("{name}@example.com"));
    let made = app.app.store.write(move |tx| {
        let new = NewUser {
            email: &email,
            name: "Ann",
            password_hash: None,
            role,
        };
        let id = users::create(tx, &new, now())?;
        sessions::create(tx, id, &hash, now(), now() + lasts)?;
        Ok(id)
    });
    (made.await.unwrap(), token.reveal().to_owned())
}

async fn callers(app: &TestApp) -> Vec<Caller> {
    const HOUR: i64 = 3_600_000;
    let caller = |name: &str, bearer: &str, session: &str, is| Caller {
        name: name.to_owned(),
        bearer: bearer.to_owned(),
        session: session.to_owned(),
        is,
    };
    let home = app.workspace("default").await;
    let other = app.workspace("other").await;
    let mut all = vec![caller("nobody", "", "", Is::Nobody)];
    let mut owner = String::new();
    for role in Role::ALL {
        let (_, session) = person(app, role.as_str(), *role, HOUR).await;
        if *role == Role::Owner {
            owner.clone_from(&session);
        }
        all.push(caller(role.as_str(), "", &session, Is::Person(*role)));
    }
    for scope in Scope::ALL {
        let (key, _) = app.make_key(&[scope.as_str()], Some(home)).await;
        let name = format!("key: {}", scope.as_str());
        all.push(caller(&name, &key, "", Is::Key(scope)));
    }
    let (elsewhere, _) = app.make_key(&ALL_SCOPES, Some(other)).await;
    all.push(caller(
        "key of another workspace",
        &elsewhere,
        "",
        Is::Elsewhere,
    ));
    let (revoked, id) = app.make_key(&ALL_SCOPES, Some(home)).await;
    let revoke = app
        .app
        .store
        .write(move |tx| api_keys::revoke(tx, id, now()));
    revoke.await.unwrap();
    all.push(caller("revoked key", &revoked, "", Is::Nobody));
    let (id, suspended) = person(app, "suspended", Role::Admin, HOUR).await;
    let suspend = app.app.store.write(move |tx| users::suspend(tx, id, now()));
    suspend.await.unwrap();
    all.push(caller("suspended person", "", &suspended, Is::Nobody));
    let (_, expired) = person(app, "expired", Role::Owner, -1).await;
    all.push(caller("expired session", "", &expired, Is::Nobody));
    let secret = app.post("/v1/realtime/client_secrets", json!({})).await;
    let secret = secret.json()["value"].as_str().unwrap().to_owned();
    all.push(caller("client secret", &secret, "", Is::Secret));
    let visitor = crate::visit::token(app).await;
    all.push(caller(VISITOR, &visitor, "", Is::Nobody));
    all.push(caller("session as key", &owner, "", Is::Nobody));
    all.push(caller("key as session", "", &app.key, Is::Nobody));
    all
}

/// Any of these lets a key in; `None` where no credential is asked for.
fn wanted(policy: Policy) -> Option<Vec<Scope>> {
    match policy {
        Policy::Public | Policy::Visitor => None,
        Policy::Person => Some(Vec::new()),
        Policy::Scope(scope) | Policy::LoopbackOr(scope) => Some(vec![scope]),
        Policy::AnyOf(scopes) | Policy::Program(scopes) => Some(scopes.to_vec()),
        Policy::Realtime => Some(vec![Scope::Audio, Scope::Chat]),
    }
}

/// What a policy asks for, in the table.
fn policy_name(policy: Policy) -> String {
    let Some(wanted) = wanted(policy).filter(|wanted| !wanted.is_empty()) else {
        return format!("{policy:?}").to_lowercase();
    };
    let wanted: Vec<&str> = wanted.into_iter().map(Scope::as_str).collect();
    let wanted = wanted.join("|");
    match policy {
        Policy::Program(_) => format!("key {wanted}"),
        Policy::Realtime => format!("{wanted}, secret"),
        Policy::LoopbackOr(_) => format!("{wanted}, this machine"),
        _ => wanted,
    }
}

/// Whether a caller was received as the policy says.
fn is_right(caller: &Caller, policy: Policy, seen: Seen) -> bool {
    let Some(wanted) = wanted(policy) else {
        return true;
    };
    // Some routes are about a workspace in their path, which is not there.
    let is_in = matches!(seen, Seen::In | Seen::Nowhere);
    match caller.is {
        Is::Nobody => seen == Seen::Unknown,
        Is::Secret if policy == Policy::Realtime => is_in,
        Is::Secret => seen == Seen::Unknown,
        Is::Key(scope) if wanted.contains(&scope) => is_in || seen == Seen::Bound,
        Is::Key(_) => seen == Seen::Denied,
        Is::Elsewhere if policy == Policy::Person => seen == Seen::Denied,
        // Routes that take no `?workspace=` act in the caller's own.
        Is::Elsewhere => is_in || seen == Seen::Bound,
        // Before their cookie is looked at, a post without an origin is refused.
        Is::Person(_) if matches!(policy, Policy::Program(_)) => {
            matches!(seen, Seen::Unknown | Seen::Denied)
        }
        Is::Person(Role::Owner) => is_in,
        // Other roles are held by the table, and by each other.
        Is::Person(_) => is_in || matches!(seen, Seen::Denied | Seen::Bound),
    }
}

#[tokio::test]
async fn every_route_lets_in_whom_its_policy_says() {
    let app = TestApp::new().await;
    let callers = callers(&app).await;
    let (mut table, mut wrong) = (String::new(), Vec::new());
    table += "+ reaches the handler   . 401   - 403   i 403: keys of the whole installation only   0 the workspace is not there\n\n";
    for (at, caller) in callers.iter().enumerate() {
        writeln!(table, "{}{}", "│".repeat(at), caller.name).unwrap();
    }
    let mut all = routes();
    all.sort_by_key(|route| (route.path(), route.method().to_string()));
    for route in &all {
        let mut marks = String::new();
        // An admin may all that an agent or a viewer may; of these two neither stands above the other.
        let mut admin = Seen::In;
        for caller in &callers {
            // A visitor may end their own visit.
            if route.policy() == Policy::Visitor && caller.name == VISITOR {
                marks.push(' ');
                continue;
            }
            let seen = knock(&app, caller, route).await;
            marks.push(seen.mark());
            let label = || {
                format!(
                    "{} {}: {} was {seen:?}",
                    route.method(),
                    route.path(),
                    caller.name
                )
            };
            if !is_right(caller, route.policy(), seen) {
                wrong.push(label());
            }
            match caller.is {
                Is::Person(Role::Admin) => admin = seen,
                Is::Person(_) if admin != Seen::In && seen == Seen::In => {
                    wrong.push(format!("{}, and an admin was not", label()));
                }
                _ => {}
            }
        }
        let (method, path) = (route.method().as_str(), route.path());
        writeln!(
            table,
            "{marks}  {method:6} {path}  ({})",
            policy_name(route.policy())
        )
        .unwrap();
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    hold_text("matrix", &table);
}

/// Ids of what there is in the workspace, by the beginning of their routes: the first of each list that has any.
async fn ids(app: &TestApp) -> BTreeMap<&'static str, String> {
    let starts: BTreeSet<&'static str> = routes()
        .iter()
        .filter_map(|route| Some(route.path().split_once("/{id}")?.0))
        .filter(|start| start.starts_with("/api/v1/"))
        .collect();
    let lists: BTreeSet<&'static str> = routes()
        .iter()
        .filter(|route| *route.method() == Method::GET)
        .map(|route| route.path())
        .collect();
    let mut found = BTreeMap::new();
    for start in starts.intersection(&lists) {
        let listed = app.get(start).await;
        if listed.status == StatusCode::OK
            && let Some(id) = first_id(&listed.json())
        {
            found.insert(*start, id);
        }
    }
    found
}

fn first_id(value: &Value) -> Option<String> {
    match value {
        Value::Object(fields) => match fields.get("id").and_then(Value::as_str) {
            Some(id) => Some(id.to_owned()),
            None => fields.values().find_map(first_id),
        },
        Value::Array(items) => items.iter().find_map(first_id),
        _ => None,
    }
}

#[tokio::test]
async fn what_belongs_to_another_workspace_looks_as_if_it_were_not_there() {
    let desk = seed::desk().await;
    let app = &desk.app;
    let made = |path: &'static str, body: Value| async move {
        let made = app.post(path, body).await;
        assert!(made.status.is_success(), "{path}: {}", made.text());
    };
    made("/api/v1/teams", json!({"name": "Repairs"})).await;
    made(
        "/api/v1/canned-replies",
        json!({"shortcut": "hi", "text": "Hello {name}"}),
    )
    .await;
    made(
        "/api/v1/contacts",
        json!({"name": "Ann", "emails": ["ann@example.org"]}),
    )
    .await;
    let ids = ids(app).await;
    assert!(ids.len() >= 10, "only of {:?}", ids.keys());
    let other = app.workspace("other").await;
    let (key, _) = app.make_key(&ALL_SCOPES, Some(other)).await;
    let caller = Caller {
        name: "elsewhere".to_owned(),
        bearer: key,
        session: String::new(),
        is: Is::Elsewhere,
    };
    let before = contents(app, &ids).await;
    let mut wrong = Vec::new();
    for route in routes() {
        let Some((start, _)) = route.path().split_once("/{id}") else {
            continue;
        };
        let Some(id) = ids.get(start) else { continue };
        let ask = async |id: &str, query: &str| {
            let path = fill(route.path(), id) + query;
            let request = dress(&caller, route.method(), &path).body(Body::from("{}"));
            let (status, body) = send(app, request.unwrap()).await;
            // Some sentences name what was asked for.
            (status, body.to_string().replace(id, "ID"))
        };
        let theirs = ask(id, "").await;
        if theirs.0.is_success() || theirs != ask(ABSENT, "").await {
            wrong.push(format!("{} {} {theirs:?}", route.method(), route.path()));
        }
        let there = ask(id, "?workspace=default").await;
        if there.0.is_success() || there != ask(id, "?workspace=nobodys").await {
            wrong.push(format!(
                "{} {} there: {there:?}",
                route.method(),
                route.path()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(contents(app, &ids).await, before, "something was changed");
}

/// How many things the lists have, as their owner sees them.
async fn contents(
    app: &TestApp,
    ids: &BTreeMap<&'static str, String>,
) -> BTreeMap<&'static str, usize> {
    let mut all = BTreeMap::new();
    for start in ids.keys() {
        let listed = app.get(start).await.text().matches("\"id\":").count();
        all.insert(*start, listed);
    }
    all
}

#[tokio::test]
async fn a_workspace_of_others_is_told_like_one_that_is_not_there() {
    let app = TestApp::new().await;
    let other = app.workspace("other").await;
    let (key, _) = app.make_key(&ALL_SCOPES, Some(other)).await;
    let caller = Caller {
        name: "elsewhere".to_owned(),
        bearer: key,
        session: String::new(),
        is: Is::Elsewhere,
    };
    for route in routes() {
        if wanted(route.policy()).is_none() {
            continue;
        }
        let ask = async |workspace: &str| {
            let path = format!("{}?workspace={workspace}", fill(route.path(), ABSENT));
            let request = dress(&caller, route.method(), &path).body(Body::from("["));
            send(&app, request.unwrap()).await
        };
        let (theirs, absent) = (ask("default").await, ask("nobodys").await);
        let is_hidden = |seen: &(StatusCode, Value)| see(seen.0, &seen.1) == Seen::Nowhere;
        let label = format!("{} {}", route.method(), route.path());
        assert_eq!(is_hidden(&theirs), is_hidden(&absent), "{label}");
        if is_hidden(&theirs) {
            assert_eq!(theirs, absent, "{label}");
        }
    }
}
