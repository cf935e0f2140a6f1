//! Retention in two steps: hidden first, deleted a week later, and what brings it back in between.

use axum::http::StatusCode;
use frontdesk::access::Principal;
use frontdesk::app::{retention, sweep};
use serde_json::{Value, json};

use crate::app::{TestApp, now};
use crate::browser::{Browser, person};
use crate::calls::{self, json_put, made_up, record};
use crate::visit;

const DAY: i64 = 24 * 60 * 60 * 1000;

/// Lets the clock run and sweeps once a day until so many days from the start.
struct Days {
    start: i64,
    today: i64,
}

impl Days {
    fn new() -> Self {
        let start = now();
        Self {
            start,
            today: start,
        }
    }

    async fn until(&mut self, app: &TestApp, day: i64) {
        while self.today < self.start + day * DAY {
            self.today += DAY;
            sweep(&app.app.store, self.today).await.unwrap();
        }
    }
}

/// A visitor's question that nothing answers; the conversation's id.
async fn asked(app: &TestApp) -> String {
    let token = visit::token(app).await;
    let text = json!({"text": "Do you repair umbrellas?"});
    let said = app.post_as(&token, "/api/v1/visit/messages", text).await;
    assert_eq!(said.status, StatusCode::OK, "{}", said.text());
    let found = app.get("/api/v1/people?who=umbrellas").await.json();
    found["found"][0]["id"].as_str().unwrap().to_owned()
}

/// What lists show: conversations, receipts, gaps.
async fn shown(app: &TestApp) -> [usize; 3] {
    let mut all = [0; 3];
    for (n, what) in all.iter_mut().zip(["conversations", "receipts", "gaps"]) {
        let list = app.get(&format!("/api/v1/{what}")).await.json();
        *n = list[what]
            .as_array()
            .unwrap_or_else(|| panic!("{list}"))
            .len();
    }
    all
}

/// What the store holds: conversations, receipts, gaps.
async fn kept(app: &TestApp) -> [i64; 3] {
    let read = app.app.store.read(|conn| {
        let count = |table: &str| {
            conn.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| {
                row.get(0)
            })
        };
        Ok([count("conversations")?, count("receipts")?, count("gaps")?])
    });
    read.await.unwrap()
}

async fn keep_for(app: &TestApp, days: i64) -> Value {
    let body = json!({ "conversation_days": days });
    let set = app
        .send(calls::json_put(app, "/api/v1/retention", body))
        .await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.text());
    set.json()
}

#[tokio::test]
async fn what_is_over_its_time_is_hidden_and_deleted_a_week_later() {
    let app = TestApp::new().await;
    let id = asked(&app).await;
    keep_for(&app, 30).await;
    let mut days = Days::new();
    days.until(&app, 29).await;
    assert_eq!(shown(&app).await, [1, 1, 1]);
    days.until(&app, 31).await;
    assert_eq!(shown(&app).await, [0, 0, 0]);
    assert_eq!(kept(&app).await, [1, 1, 1]);
    let path = format!("/api/v1/conversations/{id}");
    assert_eq!(app.get(&path).await.status, StatusCode::NOT_FOUND);
    let waiting = app.get("/api/v1/retention").await.json()["waiting"].clone();
    assert_eq!(waiting["conversations"], 1, "{waiting}");
    let first = waiting["first_at"].as_i64().unwrap();
    assert!((36 * DAY..=38 * DAY).contains(&(first - days.start)));
    // Whoever asks what is kept of them is told of it.
    let found = app.get("/api/v1/people?who=umbrellas").await.json();
    assert_eq!(found["found"][0]["due_at"], first, "{found}");
    person(&app, "ann", "owner").await;
    let mut browser = Browser::new(&app);
    browser.password("ann").await;
    let page = browser.get("/privacy").await;
    assert!(page.text().contains("Hidden, and due to be deleted"));
    assert!(page.text().contains("1 conversation"), "{}", page.text());

    // A longer time brings it back at once.
    let set = keep_for(&app, 60).await;
    assert_eq!(set["waiting"]["conversations"], 0, "{set}");
    assert_eq!(shown(&app).await, [1, 1, 1]);
    days.until(&app, 59).await;
    assert_eq!(shown(&app).await, [1, 1, 1]);
    days.until(&app, 66).await;
    assert_eq!((shown(&app).await, kept(&app).await), ([0; 3], [1; 3]));
    days.until(&app, 69).await;
    assert_eq!(kept(&app).await, [0, 0, 0]);
}

#[tokio::test]
async fn what_was_hidden_can_be_taken_back_and_stays_for_thirty_days() {
    let app = TestApp::new().await;
    asked(&app).await;
    keep_for(&app, 1).await;
    let mut days = Days::new();
    days.until(&app, 9).await;
    assert_eq!((shown(&app).await, kept(&app).await), ([0; 3], [1; 3]));
    let workspace = app.workspace("default").await;
    let by = Principal::installation().in_workspace(workspace).unwrap();
    let back = retention::take_back(&app.app.store, &by, days.today);
    back.await.unwrap();
    assert_eq!(shown(&app).await, [1, 1, 1]);
    days.until(&app, 38).await;
    assert_eq!(shown(&app).await, [1, 1, 1]);
    days.until(&app, 45).await;
    assert_eq!((shown(&app).await, kept(&app).await), ([0; 3], [1; 3]));
    let taken = app.post("/api/v1/retention/take-back", json!({})).await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.text());
    assert!(taken.json()["respite_until"].is_i64());
    assert_eq!(shown(&app).await, [1, 1, 1]);
    for wrong in [0, 4000] {
        let body = json!({ "conversation_days": wrong });
        let set = app
            .send(calls::json_put(&app, "/api/v1/retention", body))
            .await;
        assert_eq!(set.status, StatusCode::BAD_REQUEST, "{}", set.text());
    }
}

#[tokio::test]
async fn a_clock_that_jumps_hides_and_deletes_nothing() {
    let app = TestApp::new().await;
    asked(&app).await;
    let mut days = Days::new();
    days.until(&app, 9).await;
    days.today += 400 * DAY;
    assert_eq!(sweep(&app.app.store, days.today).await.unwrap(), None);
    assert_eq!(shown(&app).await, [1, 1, 1]);
    // It was right: after a week it counts, and after another what it hid is deleted.
    days.start += 400 * DAY;
    days.until(&app, 15).await;
    assert_eq!(shown(&app).await, [1, 1, 1]);
    days.until(&app, 17).await;
    assert_eq!((shown(&app).await, kept(&app).await), ([0; 3], [1; 3]));
    // It was wrong: what it hid is shown again.
    days.today -= 400 * DAY;
    assert_eq!(sweep(&app.app.store, days.today).await.unwrap(), None);
    assert_eq!(shown(&app).await, [1, 1, 1]);
}

#[tokio::test]
async fn erasing_on_request_does_not_wait() {
    let app = TestApp::new().await;
    let id = asked(&app).await;
    keep_for(&app, 1).await;
    Days::new().until(&app, 9).await;
    assert_eq!(kept(&app).await, [1, 1, 1]);
    let erase = json!({ "conversations": [id] });
    let erased = app.post("/api/v1/people/erase", erase).await;
    assert_eq!(erased.status, StatusCode::OK, "{}", erased.text());
    assert_eq!(kept(&app).await, [0, 0, 0]);
}

async fn rows(app: &TestApp) -> Vec<(String, i64)> {
    let tables = [
        "calls",
        "call_lines",
        "call_turns",
        "call_events",
        "recordings",
        "recording_parts",
    ];
    let read = app.app.store.read(move |conn| {
        let mut all = Vec::new();
        for table in tables {
            let sql = format!("SELECT count(*) FROM {table}");
            all.push((
                table.to_owned(),
                conn.query_row(&sql, [], |row| row.get(0))?,
            ));
        }
        Ok(all)
    });
    read.await.unwrap()
}

#[tokio::test]
async fn a_deleted_call_and_one_over_its_time_leave_nothing() {
    let app = TestApp::new().await;
    let us = app.workspace("default").await;
    let now = now();
    let call = made_up(&app, us, "Hello?", now).await;
    record(&app, &call, now).await;
    assert_eq!(
        app.delete(&format!("/api/v1/calls/{}", call.id))
            .await
            .status,
        StatusCode::NO_CONTENT
    );
    assert!(rows(&app).await.iter().all(|(_, count)| *count == 0));
    let old = made_up(&app, us, "Hello?", now).await;
    record(&app, &old, now).await;
    // The clock runs day by day: one that jumps erases nothing.
    let mut today = now;
    let mut until = async |days: i64| {
        let mut gone = (0, 0);
        while today < now + days * DAY {
            today += DAY;
            let swept = sweep(&app.app.store, today)
                .await
                .unwrap()
                .unwrap_or_default();
            gone = (
                gone.0 + swept.deleted.calls,
                gone.1 + swept.deleted.recordings,
            );
        }
        gone
    };
    assert_eq!(until(29).await, (0, 0));
    // Hidden on the thirtieth day, deleted a week later.
    assert_eq!(until(31).await, (0, 0));
    let sound = app
        .get(&format!("/api/v1/calls/{}/recording", old.id))
        .await;
    assert_eq!(sound.status, StatusCode::NOT_FOUND);
    assert_eq!(until(38).await, (0, 1));
    let still = app.get(&format!("/api/v1/calls/{}", old.id)).await;
    assert_eq!(still.status, StatusCode::OK);
    let set = app
        .send(json_put(&app, "/api/v1/voice", json!({"record_days": 50})))
        .await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.text());
    assert_eq!(until(49).await, (0, 0));
    assert_eq!(until(52).await, (0, 0));
    let hidden = app.get(&format!("/api/v1/calls/{}", old.id)).await;
    assert_eq!(hidden.status, StatusCode::NOT_FOUND);
    assert_eq!(until(59).await, (1, 0));
    assert!(rows(&app).await.iter().all(|(_, count)| *count == 0));
}
