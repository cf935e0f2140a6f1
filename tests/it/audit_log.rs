//! The audit log as an owner reads it: in words, by person and by kind of act, without a row for every look at a list, and with the
//! sign-ins of the workspace's people.

use std::sync::mpsc;
use std::time::Duration;

use axum::http::StatusCode;
use frontdesk::store::members;
use frontdesk::store::users::Role;
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::browser::{Browser, person};
use crate::staff::{Staff, talk};

/// The rows that a query finds, the newest first.
async fn rows(boss: &Staff<'_>, query: &str) -> Vec<Value> {
    let log = boss.get(&format!("/api/v1/audit?limit=200{query}")).await;
    assert_eq!(log.status, StatusCode::OK, "{}", log.text());
    log.json()["entries"].as_array().unwrap().clone()
}

/// A field of each.
fn each(rows: &[Value], field: &str) -> Vec<String> {
    let values = rows
        .iter()
        .map(|row| row[field].as_str().unwrap().to_owned());
    values.collect()
}

#[tokio::test]
async fn acts_are_told_in_words_and_found_by_them_by_person_and_by_kind() {
    let app = TestApp::new().await;
    let boss = Staff::new(&app, "Boss", Role::Owner).await;
    let ann = Staff::new(&app, "Ann", Role::Agent).await;
    let id = talk(&app, "default", "a secret wish").await;
    ann.get(&format!("/api/v1/inbox/{id}")).await;
    ann.act(id, "take", json!({})).await;
    boss.post("/api/v1/keys", json!({"name": "k", "scopes": ["chat"]}))
        .await;
    let refused = ann
        .post("/api/v1/keys", json!({"name": "k", "scopes": ["chat"]}))
        .await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);

    let took = rows(&boss, "&q=Took%20over").await;
    assert_eq!(each(&took, "act"), ["took over a conversation"]);
    assert_eq!(each(&took, "what"), ["POST /api/v1/inbox/{id}/take"]);
    let of_ann = rows(&boss, &format!("&who={}", ann.id)).await;
    assert_eq!(
        each(&of_ann, "act"),
        ["took over a conversation", "read a conversation"]
    );
    let reads = rows(&boss, "&sort=read").await;
    assert_eq!(each(&reads, "act"), ["read a conversation"]);
    let changes = rows(&boss, &format!("&sort=change&who={}", boss.id)).await;
    assert_eq!(each(&changes, "act"), ["made an API key"]);
    assert!(rows(&boss, "&sort=sign_in").await.is_empty());
    let nonsense = boss.get("/api/v1/audit?sort=nonsense").await;
    assert_eq!(nonsense.status, StatusCode::BAD_REQUEST);

    // The route stays in sight, and the page has the same filters.
    let page = boss.get("/audit").await;
    for shown in [
        "took over a conversation",
        "<code>POST /api/v1/inbox/{id}/take</code>",
        ">Ann</option>",
    ] {
        assert!(page.text().contains(shown), "{shown}: {}", page.text());
    }
    let page = boss.get("/audit?q=took+over&sort=change").await;
    assert!(page.text().contains("took over a conversation"));
    assert!(!page.text().contains("made an API key"), "{}", page.text());
    assert!(page.text().contains("Download these as CSV"));
    let none = boss.get(&format!("/audit?who={}&sort=read", boss.id)).await;
    assert!(none.text().contains("Nothing of this was noted"));

    let file = boss.get("/api/v1/audit/export?sort=read").await;
    let text = file.text();
    assert!(text.contains("\"name\",\"act\",\"what\""), "{text}");
    assert!(text.contains("read a conversation"), "{text}");
    assert!(!text.contains("took over"), "{text}");
    let file = boss.get("/audit/export?q=took+over").await;
    assert!(
        file.text().contains("took over a conversation"),
        "{}",
        file.text()
    );
    assert!(!file.text().contains("secret wish"));
}

#[tokio::test]
async fn a_form_that_names_an_act_is_noted_by_it() {
    let app = TestApp::new().await;
    let boss = Staff::new(&app, "Boss", Role::Owner).await;
    person(&app, "ann", "agent").await;
    let id = talk(&app, "default", "hello").await;
    let mut ann = Browser::new(&app);
    ann.password("ann").await;
    ann.post(&format!("/inbox/{id}/take"), "revision=0").await;
    ann.post(&format!("/inbox/{id}/made-up"), "revision=0")
        .await;
    let whats = each(&rows(&boss, "&sort=change&q=inbox").await, "what");
    assert_eq!(
        whats,
        ["POST /inbox/{id}/{verb}", "POST /inbox/{id}/take"],
        "what nobody knows is not taken over from the address"
    );
}

#[tokio::test]
async fn lists_and_stored_answers_are_noted_once_for_each_reader() {
    let app = TestApp::new().await;
    let boss = Staff::new(&app, "Boss", Role::Owner).await;
    let ann = Staff::new(&app, "Ann", Role::Agent).await;
    talk(&app, "default", "a secret wish").await;
    for _ in 0..3 {
        for path in ["/api/v1/inbox", "/api/v1/inbox?q=wish", "/inbox"] {
            assert_eq!(ann.get(path).await.status, StatusCode::OK, "{path}");
        }
        for path in [
            "/gaps",
            "/api/v1/gaps",
            "/receipts",
            "/api/v1/inbox",
            "/contacts",
            "/api/v1/contacts",
        ] {
            assert_eq!(boss.get(path).await.status, StatusCode::OK, "{path}");
        }
    }
    let of = async |who: &Staff<'_>| {
        let query = format!("&sort=read&who={}", who.id);
        let mut whats = each(&rows(&boss, &query).await, "what");
        whats.sort();
        whats
    };
    assert_eq!(of(&ann).await, ["GET /api/v1/inbox", "GET /inbox"]);
    assert_eq!(
        of(&boss).await,
        [
            "GET /api/v1/contacts",
            "GET /api/v1/gaps",
            "GET /api/v1/inbox",
            "GET /contacts",
            "GET /gaps",
            "GET /receipts"
        ]
    );

    let made = app.post("/v1/responses", json!({"input": "Hi"})).await;
    let first = made.json()["id"].as_str().unwrap().to_owned();
    let made = app.post("/v1/responses", json!({"input": "Hi"})).await;
    let second = made.json()["id"].as_str().unwrap().to_owned();
    for id in [&first, &second, &first] {
        let read = app.get(&format!("/v1/responses/{id}")).await;
        assert_eq!(read.status, StatusCode::OK, "{}", read.text());
    }
    app.get(&format!("/v1/responses/{first}/input_items")).await;
    let log = rows(&boss, "&q=/v1/responses").await;
    assert_eq!(
        each(&log, "act"),
        [
            "read what a stored answer replied to",
            "read a stored answer",
            "read a stored answer"
        ]
    );
    assert_eq!(each(&log, "subject"), [first.clone(), second, first]);
}

#[tokio::test]
async fn a_workspace_sees_the_sign_ins_of_its_own_people_only() {
    let app = TestApp::new().await;
    let clinic = app.workspace("clinic").await;
    let boss = Staff::new(&app, "Boss", Role::Owner).await;
    let home = app.workspace("default").await;
    for (name, out_of) in [("ann", Some(clinic)), ("eve", Some(home)), ("dan", None)] {
        let id = person(&app, name, "agent").await;
        if let Some(workspace) = out_of {
            let out = app
                .app
                .store
                .write(move |tx| members::remove(tx, workspace, id));
            assert!(out.await.unwrap());
        }
        let mut browser = Browser::new(&app);
        browser
            .post(
                "/login",
                &format!("email={name}%40example.com&password=wrong"),
            )
            .await;
        browser.password(name).await;
    }
    Browser::new(&app)
        .post("/login", "email=nobody%40example.com&password=wrong")
        .await;
    let signs = async |query: &str| {
        let rows = rows(&boss, &format!("&sort=sign_in{query}")).await;
        let told = rows.iter().map(|row| {
            let text = |field: &str| row[field].as_str().unwrap();
            format!("{} {}", text("name"), text("what"))
        });
        told.collect::<Vec<String>>()
    };
    let here = ["dan signed in", "dan failed to sign in"];
    let ann = ["ann signed in", "ann failed to sign in"];
    let eve = ["eve signed in", "eve failed to sign in"];
    assert_eq!(
        signs("&workspace=default").await,
        [&here[..], &ann[..]].concat()
    );
    assert_eq!(
        signs("&workspace=clinic").await,
        [&here[..], &eve[..]].concat()
    );
    let nobody = ["somebody failed to sign in"];
    assert_eq!(
        signs("&all=true").await,
        [&nobody[..], &here[..], &eve[..], &ann[..]].concat(),
        "once for the installation"
    );
    // The seal holds in each log.
    for workspace in ["default", "clinic"] {
        let path = format!("/api/v1/audit?verify=true&workspace={workspace}");
        assert!(boss.get(&path).await.json()["broken_at"].is_null());
    }
}

#[tokio::test]
async fn what_was_done_is_noted_even_if_nobody_waited_for_the_answer() {
    let app = TestApp::new().await;
    let boss = Staff::new(&app, "Boss", Role::Owner).await;
    // The database is busy, so the act waits for its turn there.
    let store = app.app.store.clone();
    let (begun, is_busy) = tokio::sync::oneshot::channel();
    let (free, freed) = mpsc::channel::<()>();
    let busy = std::thread::spawn(move || {
        store.write_blocking(|_| {
            begun.send(()).unwrap();
            freed.recv().unwrap();
            Ok(())
        })
    });
    is_busy.await.unwrap();
    let asked = boss.post("/api/v1/keys", json!({"name": "quick", "scopes": ["chat"]}));
    let answered = tokio::time::timeout(Duration::from_secs(1), asked).await;
    assert!(answered.is_err(), "it was answered");
    free.send(()).unwrap();
    busy.join().unwrap().unwrap();

    let mut found = Vec::new();
    for _ in 0..100 {
        found = rows(&boss, "&q=/api/v1/keys").await;
        if !found.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(each(&found, "what"), ["POST /api/v1/keys"]);
    assert_eq!(found[0]["outcome"], 499);
    // It was done, and the page calls it neither done nor refused.
    let keys = boss.get("/api/v1/keys").await;
    assert!(keys.text().contains("quick"), "{}", keys.text());
    let page = boss.get("/audit").await;
    assert!(page.text().contains("it may be done"), "{}", page.text());
    assert!(!page.text().contains("Refused or failed"));
}
