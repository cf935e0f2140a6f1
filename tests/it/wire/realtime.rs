//! The events of `/v1/realtime`.

use serde_json::{Value, json};

use super::seed::{PRICE_QUESTION, desk};
use super::settle::hold_messages;
use crate::app::TestApp;
use crate::fakes::Plan;
use crate::realtime::client::{Client, speech};
use frontdesk::http::server::Limits;

const CREATE: &str = "response.create";

/// The first of each run of events of one kind: how many deltas there are is a matter of time, and so is when the
/// limits are told.
fn first_of_each(events: Vec<Value>) -> Vec<Value> {
    let mut events: Vec<Value> = events
        .into_iter()
        .filter(|event| event["type"] != "rate_limits.updated")
        .collect();
    events.dedup_by(|next, kept| next["type"] == kept["type"]);
    events
}

async fn written(app: &TestApp) -> Client {
    let mut client = Client::open(app).await;
    let text =
        json!({"type": "realtime", "output_modalities": ["text"], "instructions": "Be kind."});
    client.update(text).await;
    client
}

#[tokio::test]
async fn sessions() {
    let desk = desk().await;
    let server = desk.app.serve(Limits::default()).await;
    let key = [("authorization", format!("Bearer {}", desk.app.key))];
    let path = "/v1/realtime?model=gpt-realtime";
    let mut client = Client::connect(server.address, path, &key).await.unwrap();
    hold_messages(
        "realtime_session_created",
        &client.until("session.created").await,
    );
    let session = json!({"type": "realtime", "output_modalities": ["text"], "instructions": "Be kind.",
        "tools": [{"type": "function", "name": "hours", "parameters": {"type": "object"}}]});
    let update = json!({"type": "session.update", "session": session});
    client.send(update).await;
    hold_messages(
        "realtime_session_updated",
        &client.until("session.updated").await,
    );
    let wrong = json!({"type": "session.update", "event_id": "e1",
        "session": {"type": "realtime", "modalities": ["text"]}});
    client.send(wrong).await;
    hold_messages("realtime_error", &client.until("error").await);
    client.send(json!({"type": "dance"})).await;
    hold_messages("realtime_error_unknown", &client.until("error").await);
    let hears = json!({"type": "session.update", "session": {"type": "transcription"}});
    let mut client = Client::connect(server.address, path, &key).await.unwrap();
    client.send(hears).await;
    let updated = client.until("session.updated").await;
    hold_messages(
        "realtime_transcription_session",
        &updated[updated.len() - 1..],
    );
}

#[tokio::test]
async fn written_responses() {
    let desk = desk().await;
    let mut client = written(&desk.app).await;
    client.write("Hi").await;
    client
        .send(json!({"type": CREATE, "response": {"metadata": {"topic": "x"}}}))
        .await;
    let events = client.until("response.done").await;
    let limits = |event: &&Value| event["type"] == "rate_limits.updated";
    let limits = events.iter().find(limits).cloned();
    let mut limits = limits.expect("the limits are told");
    for limit in limits["rate_limits"].as_array_mut().unwrap() {
        limit["reset_seconds"] = json!("[seconds]");
    }
    hold_messages("realtime_limits", &[limits]);
    hold_messages("realtime_text", &first_of_each(events));
    let hours = Plan::Call("hours".into(), r#"{"day":"Monday"}"#.into());
    desk.app.chat.script.set(hours);
    let tool = json!({"type": "function", "name": "hours", "parameters": {"type": "object"}});
    client
        .update(json!({"type": "realtime", "tools": [tool], "tool_choice": "auto"}))
        .await;
    client.send(json!({"type": CREATE})).await;
    let events = client.until("response.done").await;
    hold_messages("realtime_tool_call", &first_of_each(events));
}

#[tokio::test]
async fn an_assistants_response() {
    let desk = desk().await;
    let mut client = Client::of_model(&desk.app, "assistant:desk").await;
    client
        .update(json!({"type": "realtime", "output_modalities": ["text"]}))
        .await;
    client.write(PRICE_QUESTION).await;
    client.send(json!({"type": CREATE})).await;
    let done = client.find("response.done").await;
    hold_messages("realtime_assistant", &[done]);
}

#[tokio::test]
async fn a_spoken_response() {
    let desk = desk().await;
    desk.app.ears.will_hear(&["What time is it?"]);
    let mut client = Client::open(&desk.app).await;
    let hears = json!({"input": {"transcription": {"model": "whisper-1"}}});
    client
        .update(json!({"type": "realtime", "audio": hears}))
        .await;
    client.append(&speech(900)).await;
    let mut events = client.until("response.done").await;
    // What was heard is told beside the answer, before its end or after.
    let heard = "conversation.item.input_audio_transcription";
    let completed = format!("{heard}.completed");
    if !events.iter().any(|event| event["type"] == *completed) {
        events.extend(client.until(&completed).await);
    }
    let is_heard = |event: &Value| event["type"].as_str().unwrap().starts_with(heard);
    let (transcript, answer) = events.into_iter().partition(is_heard);
    hold_messages("realtime_audio", &first_of_each(answer));
    hold_messages("realtime_heard", &first_of_each(transcript));
}
