//! Lines that text recognition was not sure of: the owner sees each beside its picture and decides.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::http::StatusCode;
use frontdesk::extract::ocr::{SeenLine, SeenPage, SeenWord};
use frontdesk::store::workspaces;
use serde_json::{Value, json};

use crate::app::{Form, Reply, TestApp};

/// A picture of two points, black and white; its page has 842 by 421 points.
pub const PNG: &[u8] = &[
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52,
    0x00, 0x00, 0x00, 0x02, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x00, 0x00, 0x00, 0xd1, 0x49, 0x20,
    0x56, 0x00, 0x00, 0x00, 0x0b, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x60, 0xf8, 0x0f, 0x00,
    0x01, 0x02, 0x01, 0x00, 0x42, 0xbe, 0xbc, 0x68, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44,
    0xae, 0x42, 0x60, 0x82,
];
pub const WRONG: &str = "A full colour costs 9O euros.";
pub const RIGHT: &str = "A full colour costs 90 euros.";
pub const DOGS: &str = "Dogs are welcome in the garden.";
pub const DIRT: &str = "~~ | ,";
/// What the picture says, and how sure that is.
const MENU: [(&str, f32); 4] = [
    ("Please ring the bell.", 0.99),
    (WRONG, 0.6),
    (DOGS, 0.75),
    (DIRT, 0.4),
];

fn line(at: usize, text: &str, confidence: f32) -> SeenLine {
    let y = 40.0 + 90.0 * at as f32;
    let mut x = 60.0;
    let words = text.split(' ').map(|word| {
        let x0 = x;
        let x1 = x0 + 5.0 * word.chars().count() as f32;
        x = x1 + 3.0;
        SeenWord {
            text: word.to_owned(),
            x0,
            x1,
        }
    });
    let words: Vec<SeenWord> = words.collect();
    SeenLine {
        words,
        y,
        size: 10.0,
        turn: 0,
        confidence,
        corners: [(60.0, y - 8.0), (x, y - 8.0), (x, y + 2.0), (60.0, y + 2.0)],
    }
}

fn page(lines: &[(&str, f32)]) -> SeenPage {
    let lines = lines.iter().enumerate();
    SeenPage {
        page: 1,
        width: 842.0,
        height: 421.0,
        grids: Vec::new(),
        lines: lines
            .map(|(at, (text, sure))| line(at, text, *sure))
            .collect(),
    }
}

async fn upload(app: &TestApp, name: &str) -> String {
    let form = Form::new().file("file", name, PNG);
    let reply = app.post_form("/api/v1/documents", form).await;
    let id = reply.json()["files"][0]["document"]
        .as_str()
        .unwrap()
        .to_owned();
    wait(app, &id).await;
    id
}

async fn wait(app: &TestApp, id: &str) {
    app.read("default", id).await;
}

pub async fn menu() -> (TestApp, String) {
    let app = TestApp::new().await;
    app.eyes.see(vec![page(&MENU)]);
    let id = upload(&app, "menu.png").await;
    (app, id)
}

pub async fn lines(app: &TestApp, id: &str) -> Vec<Value> {
    let reply = app.get(&format!("/api/v1/documents/{id}/lines")).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    reply.json()["lines"].as_array().unwrap().clone()
}

/// The id of the line with this text.
pub async fn id_of(app: &TestApp, id: &str, text: &str) -> String {
    let found = lines(app, id).await;
    let line = found.iter().find(|line| line["text"] == text);
    line.unwrap()["id"].as_str().unwrap().to_owned()
}

async fn decide(app: &TestApp, id: &str, body: Value) -> Reply {
    app.post(&format!("/api/v1/documents/{id}/lines"), body)
        .await
}

async fn say(app: &TestApp, id: &str, text: &str, decision: &str) -> Reply {
    let line = id_of(app, id, text).await;
    decide(app, id, json!({"lines": [line], "decision": decision})).await
}

async fn correct(app: &TestApp, id: &str) -> Reply {
    let line = id_of(app, id, WRONG).await;
    let body = json!({"lines": [line], "decision": "correct", "text": RIGHT});
    decide(app, id, body).await
}

async fn text(app: &TestApp, id: &str) -> String {
    let reply = app.get(&format!("/api/v1/documents/{id}/text")).await;
    reply.json()["text"].as_str().unwrap_or_default().to_owned()
}

/// What a question finds, as one text.
async fn found(app: &TestApp, question: &str) -> String {
    let workspace = app.app.store.read(workspaces::list).await.unwrap()[0].id;
    let search = app.app.knowledge.search();
    let found = search.find(workspace, question, 10).await.unwrap();
    let texts: Vec<String> = found.passages.into_iter().map(|p| p.text).collect();
    texts.join("\n")
}

#[tokio::test]
async fn a_doubtful_line_is_quoted_once_the_owner_has_confirmed_or_corrected_it() {
    let (app, id) = menu().await;
    let listed = app.get("/api/v1/documents").await.json()["documents"][0].clone();
    assert_eq!(
        (&listed["lines_to_check"], &listed["state"]),
        (&json!(3), &json!("ready"))
    );
    let all = lines(&app, &id).await;
    assert_eq!(all.len(), 3);
    assert_eq!((&all[0]["page"], &all[0]["line"]), (&json!(1), &json!(1)));
    assert_eq!(
        (&all[0]["state"], &all[0]["corrected"]),
        (&json!("doubtful"), &Value::Null)
    );
    assert!(!found(&app, "full colour dogs").await.contains("colour"));

    let reply = correct(&app, &id).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    assert_eq!(reply.json()["left"], 2);
    assert!(found(&app, "full colour").await.contains(RIGHT));
    assert_eq!(say(&app, &id, DOGS, "confirm").await.status, StatusCode::OK);
    assert_eq!(say(&app, &id, DIRT, "leave_out").await.json()["left"], 0);
    let now = text(&app, &id).await;
    assert_eq!(now, format!("Please ring the bell.\n{RIGHT}\n{DOGS}"));
    assert!(found(&app, "dogs garden").await.contains(DOGS));
    assert_eq!(app.eyes.looks.load(Ordering::SeqCst), 1, "it looked again");

    // Twice the same changes nothing; another decision needs the first to be taken back.
    assert_eq!(say(&app, &id, DOGS, "confirm").await.status, StatusCode::OK);
    let other = say(&app, &id, DOGS, "leave_out").await;
    assert_eq!(other.status, StatusCode::CONFLICT);
    assert!(
        other.text().contains("confirmed it already"),
        "{}",
        other.text()
    );
    assert_eq!(say(&app, &id, DOGS, "undo").await.json()["left"], 1);
    assert!(!found(&app, "dogs garden").await.contains(DOGS));
    assert_eq!(
        say(&app, &id, DOGS, "leave_out").await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_receipt_of_before_shows_what_it_cited() {
    let (app, id) = menu().await;
    say(&app, &id, DOGS, "confirm").await;
    let question = json!({"question": "Are dogs welcome in the garden?"});
    let answer = app.post("/api/v1/ask", question).await.json();
    assert!(
        answer["answer"]
            .as_str()
            .unwrap()
            .contains("Dogs are welcome"),
        "{answer}"
    );
    let receipt = format!("/api/v1/receipts/{}", answer["receipt"].as_str().unwrap());
    let cited = async || app.get(&receipt).await.json()["cited"][0].clone();
    let before = cited().await;
    assert_eq!(before["standing"], "unchanged");
    tokio::time::sleep(Duration::from_millis(5)).await;

    // A line before it comes in, so it stands elsewhere.
    correct(&app, &id).await;
    let moved = cited().await;
    assert_eq!(
        (&moved["standing"], &moved["quote"]),
        (&json!("unchanged"), &before["quote"])
    );
    assert_ne!(moved["span"], before["span"]);
    // It is doubtful again, so the document says it no longer; the receipt does.
    say(&app, &id, DOGS, "undo").await;
    let gone = cited().await;
    assert_eq!(
        (&gone["standing"], &gone["quote"]),
        (&json!("read_again"), &before["quote"])
    );
    assert_eq!(app.get(&receipt).await.json()["integrity"], "intact");
    say(&app, &id, DOGS, "confirm").await;
    assert_eq!(cited().await["standing"], "unchanged");
}

#[tokio::test]
async fn a_picture_of_which_all_is_doubtful_waits_for_its_owner() {
    let app = TestApp::new().await;
    app.eyes.see(vec![page(&[(WRONG, 0.6), (DIRT, 0.4)])]);
    let id = upload(&app, "menu.png").await;
    assert_eq!(text(&app, &id).await, "");
    let all: Vec<Value> = lines(&app, &id)
        .await
        .iter()
        .map(|l| l["id"].clone())
        .collect();
    let body = json!({"lines": all, "decision": "leave_out"});
    assert_eq!(decide(&app, &id, body).await.json()["left"], 0);
    assert_eq!(text(&app, &id).await, "");
    let body = json!({"lines": all, "decision": "undo"});
    assert_eq!(decide(&app, &id, body).await.json()["left"], 2);
    let body = json!({"lines": all, "decision": "confirm"});
    assert_eq!(decide(&app, &id, body).await.json()["left"], 0);
    assert!(text(&app, &id).await.contains(WRONG));
}

#[tokio::test]
async fn a_decision_is_kept_when_the_document_is_read_again_and_old_lines_are_gone() {
    let (app, id) = menu().await;
    correct(&app, &id).await;
    let old = id_of(&app, &id, DOGS).await;
    // The second reading sees one line in another way.
    let mut again = MENU;
    again[2].0 = "Dogs are we1come.";
    app.eyes.see(vec![page(&again)]);
    app.post_raw(&format!("/api/v1/documents/{id}/reindex"), "")
        .await;
    wait(&app, &id).await;
    assert_eq!(app.eyes.looks.load(Ordering::SeqCst), 2);
    let all = lines(&app, &id).await;
    let states: Vec<&str> = all.iter().map(|l| l["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["corrected", "doubtful", "doubtful"]);
    assert!(text(&app, &id).await.contains(RIGHT));
    let gone = decide(&app, &id, json!({"lines": [old], "decision": "confirm"})).await;
    assert_eq!(gone.status, StatusCode::CONFLICT);
    assert!(gone.text().contains("this line is gone"), "{}", gone.text());
    // Confirming all that somebody saw before does not confirm what nobody saw.
    let mut stale: Vec<Value> = all.iter().map(|l| l["id"].clone()).collect();
    stale.push(json!(old));
    let refused = decide(&app, &id, json!({"lines": stale, "decision": "confirm"})).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(!text(&app, &id).await.contains("we1come"));
}

#[tokio::test]
async fn two_people_at_once_lose_nothing() {
    let (app, id) = menu().await;
    let (first, second) = tokio::join!(correct(&app, &id), say(&app, &id, DOGS, "confirm"));
    assert_eq!(
        (first.status, second.status),
        (StatusCode::OK, StatusCode::OK)
    );
    let now = text(&app, &id).await;
    assert!(now.contains(RIGHT) && now.contains(DOGS), "{now}");
    let (first, second) = tokio::join!(
        say(&app, &id, DIRT, "confirm"),
        say(&app, &id, DIRT, "leave_out")
    );
    let mut statuses = [first.status, second.status];
    statuses.sort();
    assert_eq!(statuses, [StatusCode::OK, StatusCode::CONFLICT]);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_a_sentence() {
    let (app, id) = menu().await;
    let line = id_of(&app, &id, DOGS).await;
    for (body, said) in [
        (json!({"lines": [line], "decision": "burn"}), "`confirm`"),
        (
            json!({"lines": [line], "decision": "correct"}),
            "write what the line says",
        ),
        (
            json!({"lines": [line], "decision": "correct", "text": " "}),
            "write what the line says",
        ),
        (
            json!({"lines": [line], "decision": "correct", "text": "x".repeat(501)}),
            "500 characters",
        ),
    ] {
        let reply = decide(&app, &id, body).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{}", reply.text());
        assert!(reply.text().contains(said), "{}", reply.text());
    }
    let nonsense = decide(
        &app,
        &id,
        json!({"lines": ["nonsense"], "decision": "confirm"}),
    )
    .await;
    assert_eq!(nonsense.status, StatusCode::NOT_FOUND);
    assert!(
        lines(&app, &id)
            .await
            .iter()
            .all(|line| line["state"] == "doubtful")
    );
}

#[tokio::test]
async fn nobody_reaches_the_lines_of_another_workspace_or_document() {
    let (app, id) = menu().await;
    let line = id_of(&app, &id, DOGS).await;
    let body = json!({"lines": [line], "decision": "confirm"});
    app.workspace("second").await;
    let path = format!("/api/v1/documents/{id}");
    for address in [
        format!("{path}/lines?workspace=second"),
        format!("{path}/pages/1/picture?line=1&workspace=second"),
    ] {
        let reply = app.get(&address).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{address}");
    }
    let address = format!("{path}/lines?workspace=second");
    assert_eq!(
        app.post(&address, body.clone()).await.status,
        StatusCode::NOT_FOUND
    );
    let other = app.document("default", "a.txt", "Something else.").await;
    assert_eq!(
        decide(&app, &other, body.clone()).await.status,
        StatusCode::CONFLICT
    );
    let empty = app
        .get(&format!("/api/v1/documents/{other}/lines"))
        .await
        .json();
    assert_eq!((&empty["left"], &empty["lines"]), (&json!(0), &json!([])));
    let (key, _) = app.make_key(&["chat"], None).await;
    let refused = app.post_as(&key, &format!("{path}/lines"), body).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(
        lines(&app, &id)
            .await
            .iter()
            .all(|line| line["state"] == "doubtful")
    );
}

#[tokio::test]
async fn a_damaged_version_changes_nothing_and_says_what_to_do() {
    let (app, id) = menu().await;
    let before = text(&app, &id).await;
    let path = lines(&app, &id).await[0]["picture"]
        .as_str()
        .unwrap()
        .to_owned();
    let damage = |sql: &'static str| {
        app.app.store.write(move |tx| {
            tx.execute(sql, [])?;
            Ok(())
        })
    };
    damage("UPDATE document_versions SET original = x'89504e470d0a1a0a00'")
        .await
        .unwrap();
    let shown = app.get(&path).await;
    assert_eq!(shown.status, StatusCode::BAD_REQUEST, "{:?}", shown.body);
    assert!(shown.text().contains("damaged"), "{}", shown.text());
    damage("UPDATE seen_pages SET seen = '{}'").await.unwrap();
    let refused = say(&app, &id, DOGS, "confirm").await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert!(
        refused.text().contains("read the document again"),
        "{}",
        refused.text()
    );
    assert_eq!(text(&app, &id).await, before);
    assert!(
        lines(&app, &id)
            .await
            .iter()
            .all(|line| line["state"] == "doubtful")
    );
}

#[tokio::test]
async fn lines_of_a_version_at_the_gate_are_checked_before_it_is_published() {
    let app = TestApp::new().await;
    app.post("/api/v1/gate", json!({"on": true})).await;
    app.eyes.see(vec![page(&MENU)]);
    let form = Form::new().file("file", "menu.png", PNG);
    let reply = app.post_form("/api/v1/documents", form).await.json();
    let id = reply["files"][0]["document"].as_str().unwrap().to_owned();
    for _ in 0..200 {
        if !lines(&app, &id).await.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(correct(&app, &id).await.status, StatusCode::OK);
    assert!(!found(&app, "full colour").await.contains(RIGHT));
    let published = app
        .post("/api/v1/gate/publish", json!({"anyway": true}))
        .await;
    assert!(published.status.is_success(), "{}", published.text());
    assert!(found(&app, "full colour").await.contains(RIGHT));
    assert_eq!(say(&app, &id, DOGS, "confirm").await.status, StatusCode::OK);
    assert!(found(&app, "dogs garden").await.contains(DOGS));
}

#[tokio::test]
async fn a_deleted_document_takes_its_lines_along() {
    let (app, id) = menu().await;
    app.delete(&format!("/api/v1/documents/{id}")).await;
    let counted = app.app.store.read(|conn| {
        let count = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, i64>(0));
        Ok((
            count("SELECT count(*) FROM seen_lines")?,
            count("SELECT count(*) FROM seen_pages")?,
        ))
    });
    assert_eq!(counted.await.unwrap(), (0, 0));
    let reply = app.get(&format!("/api/v1/documents/{id}/lines")).await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
}
