//! That the assistant writes an answer is told to a second tab and to the inbox, and ends with the answer.

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, StatusCode};
use frontdesk::store::{ConversationId, Transaction, conversations, workspaces};
use futures::StreamExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::app::{TestApp, eventually, request};
use crate::fakes::Plan;
use crate::visit;

const PATIENCE: Duration = Duration::from_secs(10);

async fn only_conversation(app: &TestApp) -> ConversationId {
    let workspace = app.workspace("default").await;
    let read = app
        .app
        .store
        .read(move |conn| conversations::list_recent(conn, workspace, None, 9, 0));
    let all = read.await.unwrap();
    assert_eq!(all.len(), 1);
    all[0].conversation.id
}

#[tokio::test]
async fn a_second_tab_sees_that_the_assistant_writes_until_it_has_answered() {
    let app = TestApp::new().await;
    let story = "The keeper was lonely, because ships seldom passed.";
    app.document("default", "story.txt", story).await;
    app.always_ask_the_model().await;
    let workspace = app.workspace("default").await;
    let hurry = move |tx: &Transaction<'_>| {
        let mut answers: Value = workspaces::section(tx, workspace, "answers")?;
        answers["deadline_seconds"] = json!(2);
        workspaces::set_section(tx, workspace, "answers", &answers)
    };
    app.app.store.write(hurry).await.unwrap();
    app.chat.script.set(Plan::Stall(vec!["Because".into()]));
    let token = visit::token(&app).await;
    let body = json!({"text": "Why was the keeper so lonely?", "client_id": "1"});
    let answered = app.post_as(&token, "/api/v1/visit/messages", body);
    let tab = async {
        eventually("the model is asked", || app.chat.script.count() > 0).await;
        let id = only_conversation(&app).await;
        let presence = app.app.inbox.presence();
        assert!(presence.of(id).composing);
        let detail = app.get(&format!("/api/v1/inbox/{id}")).await.json();
        assert_eq!(detail["presence"]["composing"], true, "{detail}");
        let events = request(Method::GET, "/api/v1/visit/events", &token);
        let events = events.body(Body::empty()).unwrap();
        let events = app.router.clone().oneshot(events).await.unwrap();
        assert_eq!(events.status(), StatusCode::OK);
        let (mut body, mut text) = (events.into_body().into_data_stream(), String::new());
        for part in [
            r#"{"who":"assistant","on":true}"#,
            r#"{"who":"assistant","on":false}"#,
        ] {
            while !text.contains(part) {
                let more = tokio::time::timeout(PATIENCE, body.next()).await;
                let more = more.expect(part).unwrap().unwrap();
                text.push_str(std::str::from_utf8(&more).unwrap());
            }
        }
        assert!(!presence.of(id).composing);
    };
    let (answered, ()) = tokio::join!(answered, tab);
    assert_eq!(answered.status, StatusCode::OK);
}
