//! Errands of those who speak, and beside a workflow.

use std::time::Duration;

use axum::body::Body;
use axum::http::header;
use axum::response::IntoResponse;
use frontdesk::agent::{Display, Rung, Turn};
use frontdesk::knowledge::Audience;
use frontdesk::llm::{Claim, LlmError};
use frontdesk::store::assistants::{self, AssistantSettings};
use frontdesk::store::workflows;
use frontdesk::tools::Errand;
use serde_json::json;

use crate::app::TestApp;
use crate::calls::json_put;
use crate::errands::{STATUS, begin, calls, cancel, make, say, status};
use crate::fakes::Plan;
use crate::site::Site;

/// What a caller says, as a call puts it to the assistant.
async fn spoken(app: &TestApp, id: &str, question: &str) -> Turn {
    let workspace = app.workspace("default").await;
    let found = app
        .app
        .store
        .read(move |conn| assistants::find_by_name(conn, workspace, "desk"));
    Turn {
        workspace,
        assistant: found.await.unwrap().unwrap().into_inner(),
        conversation: Some(id.parse().unwrap()),
        history: Vec::new(),
        question: question.to_owned(),
        client_id: None,
        claim: Claim::default(),
        sampling: None,
        now: None,
        audience: Audience::Visitors,
        display: Display::Spoken,
        evaluation: false,
        stays: false,
    }
}

#[tokio::test]
async fn a_look_up_that_is_prepared_twice_is_made_once() {
    let site = Site::start().await;
    site.otherwise(|_| Some(axum::Json(json!({ "state": "shipped" })).into_response()));
    let app = site.app().await;
    make(&app, status(&site)).await;
    let id = begin(&app).await;
    let now = jiff::Timestamp::now();
    for _ in 0..2 {
        let turn = Turn {
            now: Some(now),
            ..spoken(&app, &id, STATUS).await
        };
        let prepared = app.app.agent.prepare(turn).await.unwrap();
        assert_eq!(prepared.rung(), Rung::Tool);
        assert!(prepared.text().contains("shipped"), "{}", prepared.text());
    }
    assert_eq!(site.asked_paths(), ["/orders/1234"]);
    assert_eq!(calls(&app).await.len(), 1);
}

#[tokio::test]
async fn what_a_caller_agrees_to_is_done_once_the_turn_is_kept() {
    let site = Site::start().await;
    site.otherwise(|_| Some(axum::Json(json!({ "refund": "20.00" })).into_response()));
    let app = site.app().await;
    make(&app, cancel(&site, "visitor")).await;
    let id = begin(&app).await;
    let agent = &app.app.agent;
    let wish = spoken(&app, &id, "Please cancel order 1234").await;
    let told = agent.prepare(wish).await.unwrap();
    assert!(told.text().contains("Cancel an order"), "{}", told.text());
    agent.commit(told).await.unwrap();
    // The caller goes on talking, so nothing of the first yes is kept.
    let taken_back = agent.prepare(spoken(&app, &id, "yes").await).await.unwrap();
    drop(taken_back);
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert!(site.asked_paths().is_empty() && calls(&app).await.is_empty());
    let yes = agent.prepare(spoken(&app, &id, "yes").await).await.unwrap();
    assert!(yes.text().contains("passed that on"), "{}", yes.text());
    agent.commit(yes).await.unwrap();
    for _ in 0..50 {
        let log = calls(&app).await;
        if log.first().is_some_and(|call| call["state"] == "done") {
            assert_eq!(site.asked_paths(), ["/orders/1234/cancel"]);
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the order was not cancelled");
}

#[tokio::test]
async fn a_look_up_is_made_between_two_steps_of_a_workflow_and_nothing_else_begins() {
    let site = Site::start().await;
    site.otherwise(|_| Some(axum::Json(json!({ "state": "shipped" })).into_response()));
    let app = site.app().await;
    make(&app, status(&site)).await;
    make(&app, cancel(&site, "visitor")).await;
    let path = "/api/v1/workflows/callback";
    let kept = app.send(json_put(&app, path, json!({}))).await;
    assert!(kept.status.is_success(), "{}", kept.text());
    let id = begin(&app).await;
    say(&app, &id, "Please call me back").await;
    let (answer, _) = say(&app, &id, STATUS).await;
    assert!(answer.contains("state: shipped"), "{answer}");
    assert!(answer.contains("telephone number"), "it goes on: {answer}");
    assert_eq!(site.asked_paths(), ["/orders/1234"]);
    let (answer, _) = say(&app, &id, "Can you please cancel my order 1234?").await;
    assert!(answer.contains("telephone number"), "{answer}");
    let (answer, _) = say(&app, &id, "yes").await;
    assert!(!answer.contains("Cancel an order"), "{answer}");
    assert!(site.asked_paths().is_empty());
}

#[tokio::test]
async fn what_was_agreed_to_is_told_even_if_its_reader_leaves() {
    let site = Site::start().await;
    site.otherwise(|_| {
        let late = async {
            tokio::time::sleep(Duration::from_millis(500)).await;
            Ok::<_, std::io::Error>(r#"{"refund":"20.00"}"#)
        };
        let body = Body::from_stream(futures::stream::once(late));
        Some(([(header::CONTENT_TYPE, "application/json")], body).into_response())
    });
    let app = site.app().await;
    let mut slow = cancel(&site, "visitor");
    slow["timeout_ms"] = json!(10_000);
    make(&app, slow).await;
    let id = begin(&app).await;
    say(&app, &id, "Please cancel order 1234").await;
    let yes = Turn {
        display: Display::Whole,
        ..spoken(&app, &id, "yes").await
    };
    let answering = app.app.agent.reply(yes);
    let mut asked = Vec::new();
    for _ in 0..100 {
        asked.extend(site.asked_paths());
        if !asked.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(asked, ["/orders/1234/cancel"]);
    drop(answering);
    let mut told = String::new();
    for _ in 0..50 {
        let one = app.get(&format!("/api/v1/conversations/{id}")).await;
        told = one.text().to_owned();
        if told.contains("That is done") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(told.contains("That is done"), "{told}");
    let (after, _) = say(&app, &id, "no, forget it").await;
    assert!(!after.contains("Nothing was sent"), "{after}");
    assert!(site.asked_paths().is_empty());
}

#[tokio::test]
async fn nobody_is_told_that_nothing_was_done_after_a_yes_whose_turn_was_lost() {
    let site = Site::start().await;
    site.otherwise(|_| Some(axum::Json(json!({ "refund": "20.00" })).into_response()));
    let app = site.app().await;
    make(&app, cancel(&site, "visitor")).await;
    let id = begin(&app).await;
    say(&app, &id, "Please cancel order 1234").await;
    // What a turn does before its answer is kept.
    let workspace = app.workspace("default").await;
    let conversation = id.parse().unwrap();
    let run = app
        .app
        .store
        .read(move |conn| workflows::open_run(conn, workspace, conversation));
    let run = run.await.unwrap().unwrap();
    let errand = Errand {
        workspace,
        conversation: Some(conversation),
        tool: "cancel_order".to_owned(),
        texts: [("order".to_owned(), "1234".to_owned())].into(),
        key: format!("{}-0", run.id),
        agreed: true,
    };
    let own = AssistantSettings::default();
    app.app.tools.call_in_talk(&own, errand).await.unwrap();
    assert_eq!(site.asked_paths(), ["/orders/1234/cancel"]);
    let (told, _) = say(&app, &id, "no, forget it").await;
    assert!(told.contains("That is done"), "{told}");
    assert!(site.asked_paths().is_empty(), "it is done once");
}

#[tokio::test]
async fn a_caller_does_not_wait_as_long_as_a_tool_may_take() {
    let site = Site::start().await;
    site.otherwise(|_| {
        let never = futures::stream::pending::<Result<Vec<u8>, std::io::Error>>();
        Some(Body::from_stream(never).into_response())
    });
    let app = site.app().await;
    let mut slow = status(&site);
    slow["timeout_ms"] = json!(60_000);
    make(&app, slow).await;
    let id = begin(&app).await;
    let asks = spoken(&app, &id, STATUS).await;
    let prepared = tokio::time::timeout(Duration::from_secs(20), app.app.agent.prepare(asks));
    let prepared = prepared.await.unwrap().unwrap();
    assert!(prepared.failure().is_some(), "{}", prepared.text());
}

#[tokio::test]
async fn a_visitor_is_asked_for_what_is_missing_even_if_the_model_fails() {
    let site = Site::start().await;
    let app = site.app().await;
    make(&app, status(&site)).await;
    let busy = LlmError::Busy { waiting: 64 };
    app.chat.script.set(Plan::Refuse(busy));
    let id = begin(&app).await;
    let (asks, receipt) = say(&app, &id, "What is the status of my order?").await;
    assert!(asks.contains("order number"), "{asks}");
    assert_eq!(
        receipt["checks"]["tool"]["chosen_by"], "likeness",
        "{receipt}"
    );
}
