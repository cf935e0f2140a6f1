//! `/v1/chat/completions`, streamed.

use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use frontdesk::llm::LlmError;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::app::{Reply, TestApp, eventually, json_request};
use crate::chat::hello;
use crate::fakes::Plan;

const PATH: &str = "/v1/chat/completions";

fn streamed(model: &str) -> Value {
    let mut body = hello(model);
    body["stream"] = json!(true);
    body
}

/// The chunks before `[DONE]`, which must be last.
fn chunks(reply: &Reply) -> Vec<Value> {
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    let mut events = reply.events();
    assert_eq!(events.pop().unwrap().1, "[DONE]");
    events
        .iter()
        .map(|(_, data)| serde_json::from_str(data).unwrap())
        .collect()
}

fn text(chunks: &[Value]) -> String {
    let deltas = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str());
    deltas.collect()
}

#[tokio::test]
async fn the_answer_comes_in_chunks() {
    let app = TestApp::new().await;
    let chunks = chunks(&app.post(PATH, streamed("default")).await);
    assert_eq!(text(&chunks), "Hello there.");
    assert_eq!(chunks[0]["choices"][0]["delta"]["role"], "assistant");
    let last = chunks.last().unwrap();
    assert_eq!(last["choices"][0]["finish_reason"], "stop");
    for chunk in &chunks {
        assert_eq!(chunk["object"], "chat.completion.chunk");
        assert_eq!(chunk["id"], chunks[0]["id"]);
        assert!(chunk.get("usage").is_none());
    }
}

#[tokio::test]
async fn usage_comes_last_when_it_is_asked_for() {
    let app = TestApp::new().await;
    let mut body = streamed("default");
    body["stream_options"] = json!({"include_usage": true});
    let chunks = chunks(&app.post(PATH, body).await);
    let (last, rest) = chunks.split_last().unwrap();
    assert_eq!(last["choices"], json!([]));
    assert_eq!(last["usage"]["prompt_tokens"], 12);
    assert_eq!(last["usage"]["completion_tokens"], 3);
    assert!(
        rest.iter()
            .all(|chunk| chunk["usage"] == Value::Null && chunk.get("usage").is_some())
    );
}

#[tokio::test]
async fn an_assistants_grounds_come_with_the_last_chunk() {
    let app = TestApp::new().await;
    for include_usage in [false, true] {
        let mut body = streamed("assistant:desk");
        body["stream_options"] = json!({"include_usage": include_usage});
        let chunks = chunks(&app.post(PATH, body).await);
        let (last, rest) = chunks.split_last().unwrap();
        assert!(last["frontdesk"]["rung"].is_string(), "{last}");
        assert!(last["frontdesk"]["receipt"].is_string(), "{last}");
        assert!(rest.iter().all(|chunk| chunk.get("frontdesk").is_none()));
    }
}

#[tokio::test]
async fn a_tool_call_is_one_delta() {
    let app = TestApp::new().await;
    app.chat.script.set(Plan::Call("f".into(), "{}".into()));
    let mut body = streamed("default");
    body["tools"] = json!([{"type": "function", "function": {"name": "f"}}]);
    let chunks = chunks(&app.post(PATH, body).await);
    let calls: Vec<_> = chunks
        .iter()
        .filter(|c| c["choices"][0]["delta"].get("tool_calls").is_some())
        .collect();
    assert_eq!(calls.len(), 1);
    let call = &calls[0]["choices"][0]["delta"]["tool_calls"][0];
    assert_eq!(
        (&call["index"], &call["function"]["name"]),
        (&json!(0), &json!("f"))
    );
    assert_eq!(
        chunks.last().unwrap()["choices"][0]["finish_reason"],
        "tool_calls"
    );
}

#[tokio::test]
async fn an_error_in_mid_stream_ends_it() {
    let app = TestApp::new().await;
    app.chat.script.set(Plan::Break(
        vec!["Hel".into()],
        LlmError::Interrupted("killed".into()),
    ));
    let reply = app.post(PATH, streamed("default")).await;
    assert_eq!(reply.status, StatusCode::OK);
    let events = reply.events();
    let last: Value = serde_json::from_str(&events.last().unwrap().1).unwrap();
    assert_eq!(last["error"]["type"], "server_error");
    assert_eq!(last["error"]["code"], "interrupted");
    assert!(events.iter().all(|(_, data)| data != "[DONE]"));
}

#[tokio::test]
async fn an_error_before_the_first_word_is_a_status() {
    let app = TestApp::new().await;
    app.chat
        .script
        .set(Plan::Refuse(LlmError::Busy { waiting: 64 }));
    let reply = app.post(PATH, streamed("default")).await;
    assert_eq!(reply.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test(start_paused = true)]
async fn a_waiting_client_gets_comments() {
    let app = TestApp::new().await;
    app.chat.script.set(Plan::Stall(Vec::new()));
    let request = json_request(&app.key, PATH, streamed("default").to_string());
    let response = app.router.clone().oneshot(request).await.unwrap();
    let mut body = response.into_body();
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert!(first.starts_with(b"data:"));
    let second = tokio::time::timeout(Duration::from_secs(11), body.frame())
        .await
        .unwrap();
    assert!(
        second
            .unwrap()
            .unwrap()
            .into_data()
            .unwrap()
            .starts_with(b":")
    );
}

#[tokio::test]
async fn dropping_the_response_cancels_the_answer() {
    let app = TestApp::new().await;
    let story =
        "The lighthouse keeper was lonely, because ships seldom passed the island in winter.";
    app.document("default", "story.txt", story).await;
    app.always_ask_the_model().await;
    app.chat.script.set(Plan::Stall(vec!["Hel".into()]));
    for model in ["default", "assistant:desk"] {
        let before = app.chat.cancelled();
        let mut asked = streamed(model);
        asked["messages"][0]["content"] = json!("Why was the lighthouse keeper so lonely?");
        let request = json_request(&app.key, PATH, asked.to_string());
        let response = app.router.clone().oneshot(request).await.unwrap();
        let mut body: Body = response.into_body();
        body.frame().await.unwrap().unwrap();
        eventually("the model is asked", || app.chat.script.count() > before).await;
        drop(body);
        eventually("the answer is cancelled", || {
            app.chat.cancelled() == before + 1
        })
        .await;
    }
}

#[tokio::test]
async fn a_stream_is_not_compressed() {
    let app = TestApp::new().await;
    let mut request = json_request(&app.key, PATH, streamed("default").to_string());
    request
        .headers_mut()
        .insert("accept-encoding", "gzip".parse().unwrap());
    let reply = app.send(request).await;
    assert_eq!(reply.header("content-encoding"), "");
    assert_eq!(text(&chunks(&reply)), "Hello there.");
}
