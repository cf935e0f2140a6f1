//! The inbox's stream of events.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::{Method, StatusCode};
use frontdesk::store::messages::Speaker;
use frontdesk::store::users::Role;
use futures::StreamExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::app::TestApp;
use crate::staff::{Staff, say, talk};

/// An open stream.
pub struct Events {
    body: BodyDataStream,
    text: String,
}

impl Events {
    pub async fn open(app: &TestApp, who: &Staff<'_>) -> Self {
        let request = who
            .request(Method::GET, "/api/v1/inbox/events")
            .body(Body::empty());
        let response = app.router.clone().oneshot(request.unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        Self {
            body: response.into_body().into_data_stream(),
            text: String::new(),
        }
    }

    /// Waits until the stream ends.
    pub async fn ends(mut self) {
        let ends = async { while self.body.next().await.is_some() {} };
        let ended = tokio::time::timeout(Duration::from_secs(5), ends).await;
        assert!(ended.is_ok(), "the stream goes on");
    }

    /// The next event of this name that fits.
    pub async fn next(&mut self, name: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let wait = async {
            loop {
                while let Some((block, rest)) = self.text.split_once("\n\n") {
                    let (block, rest) = (block.to_owned(), rest.to_owned());
                    self.text = rest;
                    let field = |key: &str| {
                        let line = block.lines().find_map(|line| line.strip_prefix(key));
                        line.map(|value| value.trim().to_owned())
                    };
                    if field("event:").as_deref() != Some(name) {
                        continue;
                    }
                    let data: Value = serde_json::from_str(&field("data:").unwrap()).unwrap();
                    if fits(&data) {
                        return data;
                    }
                }
                let chunk = self.body.next().await.expect("the stream goes on").unwrap();
                self.text.push_str(std::str::from_utf8(&chunk).unwrap());
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(10), wait).await;
        waited.unwrap_or_else(|_| panic!("no {name} came"))
    }
}

#[tokio::test]
async fn what_happens_is_told_to_those_whom_it_concerns() {
    let app = TestApp::new().await;
    let ann = Staff::new(&app, "Ann", Role::Agent).await;
    let ben = Staff::new(&app, "Ben", Role::Agent).await;
    let mut anns = Events::open(&app, &ann).await;
    let counts = anns.next("counts", |_| true).await;
    assert_eq!(
        counts,
        json!({"waiting": 0, "mine": 0, "unassigned": 0, "mentions": 0})
    );
    let id = talk(&app, "default", "Is anybody there?").await;
    let of = |id: String| move |row: &Value| row["id"] == json!(id);
    let row = anns.next("row", of(id.to_string())).await;
    assert_eq!(
        (&row["preview"], &row["unread"]),
        (&json!("Is anybody there?"), &json!(1))
    );
    ann.act(id, "take", json!({})).await;
    anns.next("row", |row| row["state"] == "human").await;
    anns.next("counts", |counts| counts["mine"] == 1).await;
    say(&app, id, Speaker::User, "Thank you").await;
    let notice = anns.next("notice", |_| true).await;
    assert_eq!(
        (&notice["kind"], &notice["text"]),
        (&json!("message_received"), &json!("Thank you"))
    );
    assert_eq!(notice["conversation"], json!(id.to_string()));
    ben.act(id, "notes", json!({"text": "@ann well done"}))
        .await;
    let notice = anns
        .next("notice", |notice| notice["kind"] == "note_written")
        .await;
    assert_eq!(
        (&notice["title"], &notice["text"]),
        (&json!("Ben mentioned you"), &json!("@ann well done"))
    );
    // Counts come no more often than four times a second.
    anns.next("counts", |counts| counts["mentions"] == 1).await;
    ben.act(id, "seen", json!({})).await;
    ben.act(id, "typing", json!({"on": true})).await;
    let around = anns
        .next("presence", |around| around["viewers"][0]["typing"] == true)
        .await;
    assert_eq!(
        (&around["conversation"], &around["viewers"][0]["name"]),
        (&json!(id.to_string()), &json!("Ben"))
    );
    let other = talk(&app, "default", "Another").await;
    ann.act(other, "merge", json!({"into": id.to_string()}))
        .await;
    anns.next("gone", of(other.to_string())).await;
    // Another workspace's conversations are not told.
    talk(&app, "other", "Elsewhere").await;
    let last = talk(&app, "default", "Here").await;
    let row = anns.next("row", |row| row["preview"] != "Another").await;
    assert!(
        row["id"] == json!(last.to_string()) || row["id"] == json!(id.to_string()),
        "{row}"
    );
}

#[tokio::test]
async fn an_open_stream_says_that_somebody_is_there() {
    let app = TestApp::new().await;
    let ann = Staff::new(&app, "Ann", Role::Agent).await;
    let id = talk(&app, "default", "Is anybody there?").await;
    ann.act(id, "take", json!({})).await;
    let mut events = Events::open(&app, &ann).await;
    events.next("counts", |_| true).await;
    let here = ann.post("/api/v1/inbox/here", json!({})).await;
    assert_eq!(here.status, StatusCode::NO_CONTENT, "{}", here.text());
    // A wish of a visitor in a conversation is told in the browser too.
    let workspace = app.workspace("default").await;
    let wish = app.app.store.write(move |tx| {
        let new = frontdesk::inbox::leads::NewLead {
            conversation: Some(id),
            email: Some("ada@example.com".into()),
            wish: "A blue bicycle".into(),
            ..Default::default()
        };
        let left = frontdesk::inbox::leads::leave(tx, workspace, &new, crate::app::now());
        left.map_err(|_| frontdesk::store::StoreError::Busy)
    });
    wish.await.unwrap();
    let notice = events
        .next("notice", |notice| notice["kind"] == "lead_created")
        .await;
    assert_eq!(notice["text"], "A blue bicycle");
    assert_eq!(notice["conversation"], json!(id.to_string()));
    // The page says that it showed it, and the owner sees that it arrived.
    let path = format!("/api/v1/tasks/{}/shown", notice["task"].as_str().unwrap());
    for _ in 0..2 {
        let shown = ann.post(&path, json!({})).await;
        assert_eq!(shown.status, StatusCode::NO_CONTENT, "{}", shown.text());
    }
    let tasks = app.get("/api/v1/tasks").await.json();
    let told = tasks["tasks"][0]["told"].as_array().unwrap();
    assert_eq!(told.len(), 1, "{tasks}");
    assert_eq!(
        (&told[0]["way"], &told[0]["to"], &told[0]["arrived"]),
        (&json!("browser"), &json!("Ann"), &json!(true))
    );
    // A program has no conversations that could stay with it.
    let program = app.post("/api/v1/inbox/here", json!({})).await;
    assert_eq!(program.status, StatusCode::BAD_REQUEST);
}
