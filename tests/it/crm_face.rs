//! What CRMs call, `/api/v1/crm` and the pages of CRMs. Kommo itself is asked in `tests/crm`.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode, header};
use frontdesk::config::PublicUrl;
use frontdesk::store::crm::accounts::{self, CrmKind, NewAccount, Tokens};
use frontdesk::store::crm::{hooks, integrations};
use frontdesk::store::users::Role;
use frontdesk::store::{CrmAccountId, crm};
use serde_json::json;

use crate::app::{Reply, TestApp, now, request};
use crate::auth::{sign_in, with_cookie};

const SECRET: &str = "fd_crm_of_the_account";
const OWN_PAGE: &str = "https://shop.kommo.com";
const CARD: &str = "/crm/kommo/widget/leads/7";

/// An app with an account that is connected.
async fn shop() -> (TestApp, CrmAccountId) {
    shop_that_is(false).await
}

async fn shop_that_is(sealed: bool) -> (TestApp, CrmAccountId) {
    let app = TestApp::with(|config| {
        config.public_url = PublicUrl(Some("https://desk.example".to_owned()));
        config.sealed = sealed;
    })
    .await;
    let workspace = app.workspace("default").await;
    let written = app.app.store.write(move |tx| {
        let redirect = "https://desk.example/crm/kommo/return";
        integrations::keep(tx, workspace, "c-1", "of the app", redirect, 1)?;
        let new = NewAccount {
            kind: CrmKind::Kommo,
            remote_id: "77",
            client_id: "c-1",
            user_id: None,
            name: "Shop of <b>Ines</b>",
            host: "shop.kommo.com",
            hook_secret: SECRET,
        };
        let tokens = Tokens {
            access: "the access token".to_owned(),
            refresh: Some("the refresh token".to_owned()),
            expires_at: None,
        };
        Ok(accounts::keep(tx, workspace, &new, Some(&tokens), 1)?.id)
    });
    let id = written.await.unwrap();
    (app, id)
}

async fn hook(app: &TestApp, secret: &str, body: &str) -> StatusCode {
    let request = Request::post(format!("/crm/hooks/{secret}"))
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let request = request.body(Body::from(body.to_owned())).unwrap();
    app.send(request).await.status
}

async fn from_page(app: &TestApp, method: Method, origin: &str, token: &str) -> Reply {
    let mut request = Request::builder().method(method).uri(CARD);
    if !origin.is_empty() {
        request = request.header(header::ORIGIN, origin);
    }
    if !token.is_empty() {
        request = request.header("x-auth-token", token);
    }
    app.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_hook_is_kept_once_and_answered() {
    let (app, id) = shop().await;
    let body = "message[add][0][id]=m1&message[add][0][talk_id]=1&message[add][0][text]=Hello\
                &message[add][0][created_at]=1700000000&message[add][0][type]=incoming\
                &message[add][0][entity_type]=lead&message[add][0][entity_id]=7";
    for _ in 0..3 {
        assert_eq!(hook(&app, SECRET, body).await, StatusCode::OK);
    }
    assert_eq!(
        hook(&app, "fd_crm_other", body).await,
        StatusCode::NOT_FOUND
    );
    let path = format!("/api/v1/crm/accounts/{id}");
    for _ in 0..500 {
        let waiting = app.app.store.read(hooks::count_waiting).await.unwrap();
        if waiting == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let held = app.get(&path).await.json()["held"].clone();
    assert_eq!((&held["messages"], &held["hooks"]), (&json!(1), &json!(0)));
    let leads = app.get(&format!("{path}/leads")).await.json();
    assert_eq!(leads["leads"][0]["id"], "7");
    assert_eq!(leads["leads"][0]["new_messages"], 1);
}

#[tokio::test]
async fn what_another_account_sends_to_this_address_is_not_kept() {
    let (app, id) = shop().await;
    let body = "message[add][0][id]=m1&message[add][0][talk_id]=1&message[add][0][text]=Zanzibar\
                &message[add][0][created_at]=1700000000&message[add][0][type]=incoming\
                &message[add][0][entity_type]=lead&message[add][0][entity_id]=7";
    // The same twice, once of another account: each body counts for itself.
    assert_eq!(
        hook(&app, SECRET, &format!("{body}&account[id]=78")).await,
        StatusCode::OK
    );
    let held = async || {
        for _ in 0..500 {
            if app.app.store.read(hooks::count_waiting).await.unwrap() == 0 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        let path = format!("/api/v1/crm/accounts/{id}");
        app.get(&path).await.json()["held"]["messages"].clone()
    };
    assert_eq!(held().await, 0);
    let nowhere = crate::people::where_is(&app, "Zanzibar").await;
    assert_eq!(nowhere, Vec::<String>::new());
    hook(&app, SECRET, &format!("{body}&account[id]=77")).await;
    assert_eq!(held().await, 1);
}

#[tokio::test]
async fn only_pages_of_the_connected_account_may_call() {
    let (app, _) = shop().await;
    let asked = from_page(&app, Method::OPTIONS, OWN_PAGE, "").await;
    assert_eq!(asked.status, StatusCode::NO_CONTENT);
    assert_eq!(asked.header("access-control-allow-origin"), OWN_PAGE);
    assert!(
        asked
            .header("access-control-allow-headers")
            .contains("x-auth-token")
    );
    for other in [
        "",
        "https://other.kommo.com",
        "http://shop.kommo.com",
        "https://evil.example",
        "https://shop.kommo.com.evil.example",
        "https://shop.kommo.com:444",
        "null",
    ] {
        for method in [Method::GET, Method::OPTIONS] {
            let refused = from_page(&app, method, other, "x").await;
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{other}");
            assert_eq!(refused.json()["code"], "origin_not_allowed");
            assert!(refused.headers.get("access-control-allow-origin").is_none());
        }
    }
    // Its page may read why a token is not taken.
    let none = "eyJhbGciOiJub25lIn0.eyJjbGllbnRfdXVpZCI6ImMtMSJ9.";
    for forged in ["", "x", none] {
        let refused = from_page(&app, Method::GET, OWN_PAGE, forged).await;
        assert_eq!(refused.status, StatusCode::UNAUTHORIZED, "{forged}");
        assert_eq!(refused.json()["code"], "token_invalid");
        assert_eq!(refused.header("access-control-allow-origin"), OWN_PAGE);
    }
}

#[tokio::test]
async fn settings_are_kept_and_secrets_are_shown_nowhere() {
    let (app, id) = shop().await;
    let path = format!("/api/v1/crm/accounts/{id}");
    let put = |body: serde_json::Value| {
        let request = request(Method::PUT, &path, &app.key)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body.to_string()));
        app.send(request.unwrap())
    };
    let saved = put(json!({"on_close": true, "stages": ["142"], "field": null})).await;
    assert_eq!(saved.status, StatusCode::OK, "{}", saved.text());
    assert_eq!(saved.json()["settings"]["on_close"], true);
    assert_eq!(saved.json()["settings"]["note"], true);
    for wrong in [
        json!({"language": "xx"}),
        json!({"task_hours": 0}),
        json!({"stages": ["won"]}),
    ] {
        assert_eq!(put(wrong).await.status, StatusCode::BAD_REQUEST);
    }
    let all = app.get("/api/v1/crm").await;
    assert_eq!(all.json()["integrations"], json!(["c-1"]));
    assert_eq!(
        all.json()["redirect_uri"],
        "https://desk.example/crm/kommo/return"
    );
    for secret in [
        SECRET,
        "of the app",
        "the access token",
        "the refresh token",
    ] {
        assert!(!all.text().contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn what_is_held_is_copied_and_erased_on_one_page() {
    let (app, id) = shop().await;
    let workspace = app.workspace("default").await;
    let written = app.app.store.write(move |tx| {
        let account = accounts::get(tx, workspace, id)?;
        crm::leads::keep(tx, &account, "7", Some("<i>Ines</i>"), None, None, now())
    });
    written.await.unwrap();
    let (_, cookie) = sign_in(&app, Role::Owner).await;
    let open = |path: &str| {
        let request = with_cookie(Method::GET, path, &cookie).body(Body::empty());
        app.send(request.unwrap())
    };
    let page = open("/crm").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text());
    assert!(page.text().contains("Connected") && !page.text().contains("<b>Ines"));
    let path = format!("/crm/accounts/{id}");
    let page = open(&path).await;
    assert!(page.text().contains("&#60;i&#62;Ines") || page.text().contains("&lt;i&gt;Ines"));
    let copy = app.get(&format!("/api/v1/crm/accounts/{id}/copy")).await;
    assert_eq!(copy.json()["leads"][0]["name"], "<i>Ines</i>");
    let erase = format!("/api/v1/crm/accounts/{id}/erase");
    let erased = app.post(&erase, json!({"lead": "7"})).await;
    assert_eq!(erased.status, StatusCode::NO_CONTENT);
    let copy = app.get(&format!("/api/v1/crm/accounts/{id}/copy")).await;
    assert_eq!(copy.json()["leads"], json!([]));
}

#[tokio::test]
async fn a_person_of_a_crm_is_found_copied_and_erased_and_told_that_the_crm_has_it_too() {
    let (app, id) = shop().await;
    let workspace = app.workspace("default").await;
    let body = "message[add][0][id]=m1&message[add][0][talk_id]=1&message[add][0][text]=I+am+zoe%40mail.example\
                &message[add][0][created_at]=1700000000&message[add][0][type]=incoming\
                &message[add][0][author][name]=Zoraida&message[add][0][entity_type]=lead&message[add][0][entity_id]=7123";
    assert_eq!(hook(&app, SECRET, body).await, StatusCode::OK);
    for _ in 0..500 {
        if app.app.store.read(hooks::count_waiting).await.unwrap() == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let written = app.app.store.write(move |tx| {
        let account = accounts::get(tx, workspace, id)?;
        crm::notes::keep(tx, &account, "n-1", "7123", None, now())
    });
    written.await.unwrap();
    let key = format!("{id}/lead/7123");
    for who in ["zoe%40mail", "Zoraida", "7123"] {
        let found = app.get(&format!("/api/v1/people?who={who}")).await.json();
        let found = found["found"].as_array().unwrap().clone();
        assert_eq!(found.len(), 1, "{who}: {found:?}");
        assert_eq!(
            (&found[0]["kind"], &found[0]["id"]),
            (&json!("crm"), &json!(key))
        );
        assert_eq!(found[0]["erases"]["crm_messages"], 1);
    }
    let (_, cookie) = sign_in(&app, Role::Owner).await;
    let page = with_cookie(Method::GET, "/privacy?who=zoraida", &cookie).body(Body::empty());
    let page = app.send(page.unwrap()).await;
    assert!(page.text().contains("Lead of a CRM"), "{}", page.text());
    assert!(
        page.text()
            .contains("erase the lead and its contact there first")
    );
    let copy = app.get("/api/v1/people/copy?who=zoraida").await;
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(copy.body.to_vec())).unwrap();
    let mut read = String::new();
    std::io::Read::read_to_string(&mut archive.by_name("person.html").unwrap(), &mut read).unwrap();
    for text in ["zoe@mail.example", "shop.kommo.com", "notes: 1"] {
        assert!(read.contains(text), "{text}: {read}");
    }
    assert!(!read.contains("given to nobody else"));
    let erased = app
        .post("/api/v1/people/erase", json!({ "crm": [key] }))
        .await;
    assert_eq!(erased.json()["erased"]["leads"], 1, "{}", erased.text());
    for text in ["zoe@mail.example", "zoe%40mail.example", "Zoraida"] {
        assert_eq!(
            crate::people::where_is(&app, text).await,
            Vec::<String>::new(),
            "{text}"
        );
    }
    let again = app
        .post("/api/v1/people/erase", json!({ "crm": [key] }))
        .await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
    let wrong = app
        .post("/api/v1/people/erase", json!({ "crm": ["7123"] }))
        .await;
    assert!(wrong.status.is_client_error());
}

#[tokio::test]
async fn a_round_trip_that_nobody_began_ends_nowhere() {
    let (app, _) = shop().await;
    for query in [
        "",
        "?code=1&referer=shop.kommo.com&client_id=c-1",
        "?code=1&state=unknown&referer=shop.kommo.com&client_id=c-1",
        "?code=1&from_widget=1&referer=evil.example&client_id=c-1",
        "?code=1&from_widget=1&referer=169.254.169.254&client_id=c-1",
    ] {
        let request = Request::get(format!("/crm/kommo/return{query}"));
        let reply = app.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{query}");
    }
    let secret = json!({"client_id": "c-2", "client_secret": "s", "state": "unknown"});
    let request = Request::post("/crm/kommo/secrets")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(secret.to_string()));
    let reply = app.send(request.unwrap()).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    let unsigned = "/crm/kommo/uninstall?client_uuid=c-1&account_id=77&signature=00";
    let request = Request::get(unsigned).body(Body::empty()).unwrap();
    assert_eq!(app.send(request).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_package_of_an_account_has_its_action() {
    let (app, id) = shop().await;
    let packed = app.get(&format!("/api/v1/crm/accounts/{id}/widget")).await;
    assert_eq!(packed.status, StatusCode::OK);
    assert_eq!(packed.header("content-type"), "application/zip");
    let (_, cookie) = sign_in(&app, Role::Owner).await;
    let page = with_cookie(Method::GET, "/crm/widget.zip", &cookie);
    let page = page.body(Body::empty()).unwrap();
    assert_eq!(app.send(page).await.status, StatusCode::OK);
    let wrong = format!("/api/v1/crm/accounts/{id}/widget?url=http://desk.example");
    assert_eq!(app.get(&wrong).await.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_stage_of_the_pipeline_asks_only_at_the_accounts_own_address() {
    let (app, id) = shop_that_is(true).await;
    let reached = |account: u64, lead: &str| {
        let data = json!({"id": lead, "element_type": 2, "status_id": 142, "pipeline_id": 10});
        json!({"event": {"type": 15, "data": data}, "account_id": account}).to_string()
    };
    let send = async |secret: &str, body: String| {
        let request = Request::post(format!("/crm/kommo/pipeline/{secret}"))
            .header(header::CONTENT_TYPE, "application/json");
        let request = request.body(Body::from(body)).unwrap();
        app.send(request).await.status
    };
    let unknown = send("fd_crm_of_nobody", reached(77, "7")).await;
    assert_eq!(unknown, StatusCode::NOT_FOUND);
    let foreign = send(SECRET, reached(78, "7")).await;
    assert_eq!(foreign, StatusCode::NOT_FOUND);
    for bad in [
        String::new(),
        "{".to_owned(),
        "[]".to_owned(),
        json!({"event": {"data": {"id": 9, "element_type": 1}}}).to_string(),
        reached(77, "../account"),
        reached(77, "7 or 1"),
    ] {
        let refused = send(SECRET, bad.clone()).await;
        assert!(refused.is_client_error(), "{bad}: {refused}");
    }
    let jobs = async || {
        let read = app.app.store.read(move |conn| {
            let count = "SELECT count(*) FROM crm_jobs WHERE account = ?";
            Ok(conn.query_row(count, [id], |row| row.get::<_, i64>(0))?)
        });
        read.await.unwrap()
    };
    assert_eq!(jobs().await, 0);
    for _ in 0..3 {
        assert_eq!(send(SECRET, reached(77, "7")).await, StatusCode::OK);
    }
    assert!(jobs().await >= 1);
}
