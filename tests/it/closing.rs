//! Closing a workspace or the account: who is shut out, what can be taken along, what is left.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use frontdesk::app::closing;
use frontdesk::store::pronunciations;
use serde_json::{Value, json};

use crate::app::{Form, Reply, TestApp, now, request};
use crate::browser::{Browser, leads_to, person};
use crate::calls::{made_up, record};
use crate::people::where_is;

const CANARY: &str = "kanarie7";
const DAY: i64 = 24 * 60 * 60 * 1000;
const HERE: &str = "workspace=branch";

async fn done(reply: Reply) -> Value {
    assert!(reply.status.is_success(), "{}", reply.text());
    reply.json()
}

async fn erase_due(app: &TestApp, days: i64) -> usize {
    let app = &app.app;
    let at = now() + days * DAY;
    closing::erase_due(&app.store, &app.knowledge, &app.backups, at)
        .await
        .unwrap()
}

async fn visit(app: &TestApp) -> Reply {
    let site = crate::visit::site(app, "branch").await;
    app.post_as("", "/api/v1/visit", json!({ "site": site }))
        .await
}

/// A workspace of everything, each with the canary in it; a key that is bound to it, and a visitor's token.
async fn branch(app: &TestApp) -> (String, String) {
    let id = app.workspace("branch").await;
    let text = format!("The {CANARY} service costs 89 euros.");
    app.document("branch", &format!("{CANARY}.txt"), &text)
        .await;
    let faq = json!({"questions": [format!("Is {CANARY} open?")], "answer": format!("{CANARY}: yes."), "state": "approved"});
    done(app.post(&format!("/api/v1/faqs?{HERE}"), faq).await).await;
    let begun = done(visit(app).await).await;
    let visitor = begun["token"].as_str().unwrap().to_owned();
    let said = json!({"text": format!("I am {CANARY}. Do you repair umbrellas?")});
    let said = app.post_as(&visitor, "/api/v1/visit/messages", said).await;
    assert_eq!(said.status, StatusCode::OK, "{}", said.text());
    let receipts = done(app.get(&format!("/api/v1/receipts?{HERE}")).await).await;
    let receipt = receipts["receipts"][0]["id"].as_str().unwrap();
    let golden = json!({ "receipt": receipt });
    done(app.post(&format!("/api/v1/golden?{HERE}"), golden).await).await;
    let call = made_up(app, id, &format!("This is {CANARY}"), now()).await;
    record(app, &call, now()).await;
    let set = app.app.store.write(move |tx| {
        pronunciations::set(tx, id, CANARY, "canary", 1)?;
        let settings = json!({ "title": CANARY, "enabled": true });
        frontdesk::store::workspaces::set_section(tx, id, "widget", &settings)
    });
    set.await.unwrap();
    let key =
        json!({"name": CANARY, "scopes": ["chat", "documents", "admin"], "workspace": "branch"});
    let key = done(app.post("/api/v1/keys", key).await).await;
    (key["key"].as_str().unwrap().to_owned(), visitor)
}

async fn get_as(app: &TestApp, key: &str, path: &str) -> StatusCode {
    let request = request(Method::GET, path, key);
    app.send(request.body(Body::empty()).unwrap()).await.status
}

async fn close(app: &TestApp) -> Value {
    let confirm = json!({"confirm": "branch"});
    done(app.post("/api/v1/workspaces/branch/close", confirm).await).await
}

fn of(list: &Value, name: &str) -> Value {
    let all = list["workspaces"].as_array().unwrap();
    all.iter().find(|w| w["name"] == name).unwrap().clone()
}

#[tokio::test]
async fn a_closed_workspace_is_shut_at_once_and_can_be_kept_for_a_week() {
    let app = TestApp::new().await;
    let (key, visitor) = branch(&app).await;
    let documents = "/api/v1/documents";
    let unbound = format!("{documents}?{HERE}");
    assert_eq!(get_as(&app, &key, documents).await, StatusCode::OK);
    // Whoever closes must say what.
    let wrong = app
        .post("/api/v1/workspaces/branch/close", json!({"confirm": "yes"}))
        .await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST, "{}", wrong.text());
    let bound = app
        .post_as(
            &key,
            "/api/v1/workspaces/branch/close",
            json!({"confirm": "branch"}),
        )
        .await;
    assert_eq!(bound.status, StatusCode::FORBIDDEN, "{}", bound.text());
    let preview = done(app.get("/api/v1/workspaces/branch/close").await).await;
    for (table, rows) in [
        ("documents", 1),
        ("faqs", 1),
        ("recordings", 1),
        ("gaps", 1),
    ] {
        assert_eq!(preview["erases"][table], rows, "{preview}");
    }

    let closed = close(&app).await;
    let erased_from = of(&closed, "branch")["erased_from"].as_i64().unwrap();
    assert!((6 * DAY..=7 * DAY).contains(&(erased_from - now())));
    assert!(of(&closed, "default")["erased_from"].is_null());
    assert_eq!(visit(&app).await.status, StatusCode::FORBIDDEN);
    let more = json!({"text": "Are you there?"});
    let more = app.post_as(&visitor, "/api/v1/visit/messages", more).await;
    assert_eq!(more.status, StatusCode::FORBIDDEN, "{}", more.text());
    assert_eq!(get_as(&app, &key, documents).await, StatusCode::FORBIDDEN);
    let refused = app.get(&unbound).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert_eq!(
        refused.json()["code"],
        "workspace_closed",
        "{}",
        refused.text()
    );
    assert_eq!(app.get(documents).await.status, StatusCode::OK);
    assert_eq!(erase_due(&app, 6).await, 0);

    done(app.post("/api/v1/workspaces/branch/keep", json!({})).await).await;
    assert_eq!(visit(&app).await.status, StatusCode::OK);
    assert_eq!(get_as(&app, &key, documents).await, StatusCode::OK);
    assert_eq!(app.get(&unbound).await.status, StatusCode::OK);
    assert_eq!(erase_due(&app, 30).await, 0);
    let again = app.post("/api/v1/workspaces/branch/keep", json!({})).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn nothing_of_a_closed_workspace_is_left_in_the_store() {
    let app = TestApp::new().await;
    app.document("default", "ours.txt", "A full service costs 89 euros.")
        .await;
    let (key, _) = branch(&app).await;
    let id = app.workspace("branch").await;
    let before = where_is(&app, CANARY).await;
    for table in [
        "workspaces",
        "documents",
        "document_versions",
        "chunks",
        "faqs",
        "faq_phrasings",
        "messages",
        "receipts",
        "gaps",
        "golden_questions",
        "call_lines",
        "pronunciations",
        "api_keys",
    ] {
        let there = before
            .iter()
            .any(|place| place.starts_with(&format!("{table}.")));
        assert!(there, "{table}: {before:?}");
    }
    close(&app).await;
    assert_eq!(erase_due(&app, 8).await, 1);
    assert_eq!(where_is(&app, CANARY).await, Vec::<String>::new());
    let named = where_is(&app, &id.to_string()).await;
    assert_eq!(named, ["closures.workspace"]);
    assert_eq!(
        get_as(&app, &key, "/api/v1/documents").await,
        StatusCode::UNAUTHORIZED
    );
    // What is left is the certificate.
    let list = done(app.get("/api/v1/workspaces").await).await;
    let erased = &list["erased"][0];
    assert_eq!(
        (&erased["name"], &erased["erased"]["documents"]),
        (&json!("branch"), &json!(1))
    );
    assert!(erased["in_backups_until"].as_i64() > erased["erased_at"].as_i64());
    // Nothing of it is found either, and others have what they had.
    let new = app.workspace("branch").await;
    assert_ne!(new, id);
    assert!(!app.app.knowledge.faqs().has_live(id, now()));
    let question = format!("What does the {CANARY} service cost?");
    let ask = json!({"question": question, "workspace": "branch"});
    let answer = done(app.post("/api/v1/ask", ask).await).await;
    assert_eq!(answer["citations"], json!([]), "{answer}");
    let documents = done(app.get("/api/v1/documents").await).await;
    assert_eq!(documents["documents"].as_array().unwrap().len(), 1);
    assert_eq!(erase_due(&app, 40).await, 0);
}

#[tokio::test]
async fn a_workspace_is_taken_along_in_one_file() {
    let app = TestApp::new().await;
    branch(&app).await;
    let file = app.get("/api/v1/workspaces/branch/export").await;
    assert_eq!(file.status, StatusCode::OK, "{}", file.status);
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(file.body.clone())).unwrap();
    let names: Vec<String> = archive
        .file_names()
        .map(|name| name.unwrap().into_owned())
        .collect();
    let name = |start: &str, end: &str| {
        let fits = |name: &&String| name.starts_with(start) && name.ends_with(end);
        let found = names.iter().find(fits);
        found
            .unwrap_or_else(|| panic!("{start}…{end}: {names:?}"))
            .clone()
    };
    let mut bytes = |name: &str| {
        let mut bytes = Vec::new();
        let mut entry = archive.by_name(name).unwrap();
        std::io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
        bytes
    };
    let mut text = |name: &str| String::from_utf8(bytes(name)).unwrap();
    let original = text(&name("documents/", &format!("-{CANARY}.txt")));
    assert!(original.contains("costs 89 euros"), "{original}");
    assert!(text(&name("conversations/", ".html")).contains(CANARY));
    assert!(text(&name("calls/", ".html")).contains(CANARY));
    let start = text("index.html");
    assert!(start.contains(&format!("{CANARY}: yes.")), "{start}");
    for table in [
        "messages",
        "receipts",
        "faqs",
        "documents",
        "call_lines",
        "workspaces",
    ] {
        let rows: Value = serde_json::from_str(&text(&format!("data/{table}.json"))).unwrap();
        assert!(!rows.as_array().unwrap().is_empty(), "{table}");
        assert!(rows.to_string().contains(CANARY), "{table}: {rows}");
    }
    // No secrets.
    for table in ["api_keys", "visitors"] {
        let rows = text(&format!("data/{table}.json"));
        assert!(rows.len() > 4 && !rows.contains("token_hash"), "{rows}");
    }
    assert!(
        !names.iter().any(|n| n.contains("client_secrets")),
        "{names:?}"
    );
    assert!(bytes(&name("calls/call-", ".ogg")).starts_with(b"OggS"));
}

#[tokio::test]
async fn staff_see_the_day_and_can_keep_it() {
    let app = TestApp::new().await;
    branch(&app).await;
    person(&app, "ann", "owner").await;
    person(&app, "ben", "admin").await;
    let mut ben = Browser::new(&app);
    ben.password("ben").await;
    let not_his = ben
        .post("/account/close", "confirm=close+the+account")
        .await;
    assert_eq!(not_his.status, StatusCode::FORBIDDEN);
    let mut ann = Browser::new(&app);
    ann.password("ann").await;
    let page = ann.get("/workspaces?close=branch").await;
    assert!(
        page.text().contains("1 document, 1 approved answer"),
        "{}",
        page.text()
    );
    let wrong = ann.post("/workspaces/branch/close", "confirm=no").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let closed = ann
        .post("/account/close", "confirm=close+the+account")
        .await;
    assert_eq!(leads_to(&closed), "/workspaces");
    let page = ben.get("/status").await;
    assert!(
        page.text().contains("The whole account is closed"),
        "{}",
        page.text()
    );
    let not_his = ben.post("/account/keep", "").await;
    assert_eq!(not_his.status, StatusCode::FORBIDDEN);
    let kept = ann.post("/account/keep", "").await;
    assert_eq!(leads_to(&kept), "/workspaces");
    let page = ann.get("/workspaces").await;
    assert!(
        !page.text().contains("account is closed"),
        "{}",
        page.text()
    );
    assert_eq!(erase_due(&app, 30).await, 0);
}

#[tokio::test]
async fn with_the_account_everything_ends_and_the_installation_is_as_new() {
    let app = TestApp::new().await;
    branch(&app).await;
    person(&app, "ann", "owner").await;
    // One of them is closed on an earlier day.
    close(&app).await;
    let confirm = json!({"confirm": "close the account"});
    done(app.post("/api/v1/account/close", confirm).await).await;
    let mut ann = Browser::new(&app);
    ann.password("ann").await;
    assert!(ann.is_in().await);
    assert_eq!(erase_due(&app, 8).await, 2);
    assert_eq!(where_is(&app, CANARY).await, Vec::<String>::new());
    assert_eq!(
        where_is(&app, "ann@example.com").await,
        Vec::<String>::new()
    );
    assert!(!ann.is_in().await);
    assert_eq!(
        app.get("/api/v1/status").await.status,
        StatusCode::UNAUTHORIZED
    );
    let home = Browser::new(&app).get("/").await;
    assert_eq!(leads_to(&home), "/setup");
    let link = frontdesk::app::setup_token(&app.app.store).await.unwrap();
    assert!(link.is_some());
    let assistant = app.app.store.read(|conn| {
        let workspace = frontdesk::store::workspaces::find_by_name(conn, "default")?.unwrap();
        let all = frontdesk::store::assistants::list(conn, workspace.id)?;
        let closures = frontdesk::store::closures::list(conn)?;
        Ok((all.len(), closures))
    });
    let (assistants, closures) = assistant.await.unwrap();
    assert_eq!(assistants, 1);
    assert_eq!(closures.len(), 2);
    assert!(closures.iter().all(|c| c.account && c.erased.is_some()));
}

#[tokio::test]
async fn beyond_its_limit_a_workspace_takes_no_documents_and_no_recordings_but_every_message() {
    let app = TestApp::new().await;
    let (_, visitor) = branch(&app).await;
    let list = done(app.get("/api/v1/workspaces").await).await;
    let bytes = of(&list, "branch")["bytes"].clone();
    for part in ["originals", "texts", "conversations", "recordings"] {
        assert!(bytes[part].as_u64().unwrap() > 0, "{part}: {bytes}");
    }
    assert_eq!(of(&list, "default")["total_bytes"], 0, "{list}");
    let set = async |limit: Value| {
        let body = json!({ "limit_bytes": limit });
        done(
            app.send(crate::calls::json_put(
                &app,
                "/api/v1/workspaces/branch/limit",
                body,
            ))
            .await,
        )
        .await
    };
    let total = of(&list, "branch")["total_bytes"].as_u64().unwrap();
    set(json!(total + 10)).await;
    let path = format!("/api/v1/documents?{HERE}");
    let upload = async |text: &str| {
        let form = Form::new().file("file", "more.txt", text);
        app.post_form(&path, form).await
    };
    let refused = upload("Twelve letters and more.").await;
    assert_eq!(
        refused.status,
        StatusCode::INSUFFICIENT_STORAGE,
        "{}",
        refused.text()
    );
    assert!(
        refused.text().contains("raise the limit"),
        "{}",
        refused.text()
    );
    // Nothing of it was kept.
    let documents = done(app.get(&path).await).await;
    assert_eq!(documents["documents"].as_array().unwrap().len(), 1);
    let said = json!({"text": "A message is always taken, however long it may be."});
    let said = app.post_as(&visitor, "/api/v1/visit/messages", said).await;
    assert_eq!(said.status, StatusCode::OK, "{}", said.text());
    assert!(!where_is(&app, "A message is always taken").await.is_empty());
    let id = app.workspace("branch").await;
    let call = made_up(&app, id, "Hello?", now()).await;
    record(&app, &call, now()).await;
    let failed = where_is(&app, "recording_failed").await;
    assert_eq!(failed, ["call_events.kind"]);
    let warnings = async || {
        let read = app.app.store.read(move |conn| {
            let all = frontdesk::store::events::list(conn, id, frontdesk::store::EventId(0), 999)?;
            let of_storage = |event: &&frontdesk::store::events::Event| {
                event.kind == "quota_warned" && event.data["measure"] == "storage"
            };
            let told = all.iter().filter(of_storage);
            Ok(told
                .map(|event| event.data["percent"].clone())
                .collect::<Vec<_>>())
        });
        read.await.unwrap()
    };
    assert_eq!(
        warnings().await,
        [] as [Value; 0],
        "what was refused warns of nothing"
    );
    // Room again, and soon no more.
    let list = done(app.get("/api/v1/workspaces").await).await;
    let total = of(&list, "branch")["total_bytes"].as_u64().unwrap();
    set(json!((total + 24) * 100 / 88)).await;
    let taken = upload("Twelve letters and more.").await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.text());
    assert_eq!(warnings().await, [json!(80)]);
    set(Value::Null).await;
    let taken = upload("Twelve letters and some more.").await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.text());
}
