//! Written sessions: items, responses, tools, and what goes wrong.

use frontdesk::llm::LlmError;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::client::{Client, order};
use crate::app::{TestApp, eventually};
use crate::fakes::Plan;

async fn written(app: &TestApp) -> Client {
    let mut client = Client::open(app).await;
    let session = client
        .update(
            json!({"type": "realtime", "output_modalities": ["text"], "instructions": "Be kind."}),
        )
        .await;
    assert_eq!(session["output_modalities"], json!(["text"]));
    client
}

const CREATE: &str = "response.create";

#[tokio::test]
async fn a_written_turn_has_openais_order() {
    let app = TestApp::new().await;
    let mut client = written(&app).await;
    client.write("Hi").await;
    client
        .send(json!({"type": CREATE, "response": {"metadata": {"topic": "x"}}}))
        .await;
    let events = client.until("response.done").await;
    assert_eq!(
        order(&events),
        [
            "conversation.item.added",
            "conversation.item.done",
            "response.created",
            "response.output_item.added",
            "conversation.item.added",
            "response.content_part.added",
            "response.output_text.delta",
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "conversation.item.done",
            "response.done",
        ]
    );
    let limits = events
        .iter()
        .find(|event| event["type"] == "rate_limits.updated")
        .unwrap();
    let limit = &limits["rate_limits"][0];
    assert_eq!(limit["name"], "requests");
    assert_eq!(
        limit["remaining"].as_u64().unwrap() + 1,
        limit["limit"].as_u64().unwrap()
    );
    let done = &events.last().unwrap()["response"];
    assert_eq!(done["status"], "completed");
    assert_eq!(done["output"][0]["content"][0]["text"], "Hello there.");
    assert_eq!(done["metadata"]["topic"], "x");
    assert_eq!(done["usage"]["total_tokens"], 15);
    assert_eq!(done["usage"]["input_token_details"]["cached_tokens"], 5);
    let request = app.chat.script.last();
    assert_eq!(request.messages[0].content, "Be kind.");
    assert_eq!(request.messages[1].content, "Hi");
    assert_eq!(request.claim.priority, frontdesk::llm::Priority::Voice);
}

#[tokio::test]
async fn a_function_is_called_and_its_result_is_used() {
    let app = TestApp::new().await;
    let mut client = written(&app).await;
    let tool = json!({"type": "function", "name": "hours", "parameters": {"type": "object"}});
    client
        .update(json!({"type": "realtime", "tools": [tool], "tool_choice": "auto"}))
        .await;
    app.chat
        .script
        .set(Plan::Call("hours".into(), r#"{"day":"Monday"}"#.into()));
    client.write("When are you open?").await;
    client.send(json!({"type": CREATE})).await;
    let events = client.until("response.done").await;
    let kinds = order(&events);
    let from = kinds
        .iter()
        .position(|kind| kind == "response.output_item.added")
        .unwrap();
    assert_eq!(
        kinds[from..],
        [
            "response.output_item.added",
            "conversation.item.added",
            "response.function_call_arguments.delta",
            "response.function_call_arguments.done",
            "response.output_item.done",
            "conversation.item.done",
            "response.done",
        ]
    );
    let call = &events.last().unwrap()["response"]["output"][0];
    assert_eq!(
        (&call["name"], &call["arguments"]),
        (&json!("hours"), &json!(r#"{"day":"Monday"}"#))
    );
    let words = ["At", " nine."].map(str::to_owned).to_vec();
    app.chat.script.set(Plan::Words(words));
    let output =
        json!({"type": "function_call_output", "call_id": call["call_id"], "output": "9-17"});
    client
        .send(json!({"type": "conversation.item.create", "item": output}))
        .await;
    client.send(json!({"type": CREATE})).await;
    let done = client.find("response.done").await;
    assert_eq!(
        done["response"]["output"][0]["content"][0]["text"],
        "At nine."
    );
    let request = app.chat.script.last();
    assert!(request.tools.unwrap().contains("hours"));
    let last = request.messages.last().unwrap();
    assert_eq!(
        (last.content.as_str(), last.tool_call_id.as_deref()),
        ("9-17", Some("call_1"))
    );
}

#[tokio::test]
async fn items_are_made_found_and_deleted() {
    let app = TestApp::new().await;
    let mut client = written(&app).await;
    let item = |id: &str| {
        json!({"id": id, "type": "message", "role": "user",
        "content": [{"type": "input_text", "text": id}]})
    };
    let create = |id: &str, after: Value| json!({"type": "conversation.item.create", "previous_item_id": after, "item": item(id)});
    client.send(create("b", Value::Null)).await;
    client.find("conversation.item.done").await;
    client.send(create("a", json!("root"))).await;
    assert_eq!(
        client.find("conversation.item.added").await["previous_item_id"],
        Value::Null
    );
    client.send(create("c", json!("a"))).await;
    assert_eq!(
        client.find("conversation.item.added").await["previous_item_id"],
        "a"
    );
    let again = client.fails(create("a", Value::Null)).await;
    assert_eq!(again["code"], "item_create_duplicate_id");
    client
        .send(json!({"type": "conversation.item.retrieve", "item_id": "c"}))
        .await;
    let found = client.find("conversation.item.retrieved").await;
    assert_eq!(found["item"]["content"][0]["text"], "c");
    client
        .send(json!({"type": "conversation.item.delete", "item_id": "c"}))
        .await;
    assert_eq!(
        client.find("conversation.item.deleted").await["item_id"],
        "c"
    );
    for (kind, code) in [
        ("retrieve", "item_retrieve_invalid_item_id"),
        ("delete", "item_delete_invalid_item_id"),
    ] {
        let event = json!({"type": format!("conversation.item.{kind}"), "item_id": "c"});
        assert_eq!(client.fails(event).await["code"], code);
    }
    client.send(json!({"type": CREATE})).await;
    client.find("response.done").await;
    let texts: Vec<_> = app
        .chat
        .script
        .last()
        .messages
        .into_iter()
        .map(|m| m.content)
        .collect();
    assert_eq!(texts, ["Be kind.", "a", "b"]);
}

#[tokio::test]
async fn a_response_beside_the_conversation_leaves_no_trace_in_it() {
    let app = TestApp::new().await;
    let mut client = written(&app).await;
    client.write("Secret").await;
    let input = json!([{"type": "message", "role": "user",
        "content": [{"type": "input_text", "text": "Classify"}]}]);
    client
        .send(
            json!({"type": CREATE, "response": {"conversation": "none", "input": input,
            "instructions": "One word.", "max_output_tokens": 7}}),
        )
        .await;
    let events = client.until("response.done").await;
    let response = &events.last().unwrap()["response"];
    assert_eq!(response["conversation_id"], Value::Null);
    assert_eq!(response["max_output_tokens"], 7);
    let added = events
        .iter()
        .filter(|event| event["type"] == "conversation.item.added");
    assert_eq!(added.count(), 1, "only the user's item");
    let request = app.chat.script.last();
    let texts: Vec<_> = request
        .messages
        .iter()
        .map(|m| m.content.as_str())
        .collect();
    assert_eq!(texts, ["One word.", "Classify"]);
    assert_eq!(request.sampling.max_tokens, Some(7));
}

#[tokio::test]
async fn cancelling_ends_the_generation() {
    let app = TestApp::new().await;
    let mut client = written(&app).await;
    app.chat.script.set(Plan::Stall(vec!["I think".into()]));
    client.write("Hi").await;
    client.send(json!({"type": CREATE})).await;
    client.find("response.output_text.delta").await;
    let second = client
        .fails(json!({"type": CREATE, "event_id": "mine"}))
        .await;
    assert_eq!(second["code"], "conversation_already_has_active_response");
    assert_eq!(second["event_id"], "mine");
    client.send(json!({"type": "response.cancel"})).await;
    let done = client.find("response.done").await;
    assert_eq!(done["response"]["status"], "cancelled");
    assert_eq!(
        done["response"]["status_details"]["reason"],
        "client_cancelled"
    );
    assert_eq!(done["response"]["output"][0]["status"], "incomplete");
    eventually("the generation ended", || app.chat.cancelled() == 1).await;
    let none = client.fails(json!({"type": "response.cancel"})).await;
    assert_eq!(none["code"], "response_cancel_not_active");
}

#[tokio::test]
async fn a_failed_response_does_not_end_the_session() {
    let app = TestApp::new().await;
    let mut client = written(&app).await;
    client.write("Hi").await;
    let broken = || LlmError::Interrupted("gone".into());
    for plan in [
        Plan::Refuse(LlmError::Busy { waiting: 3 }),
        Plan::Break(vec!["Well".into()], broken()),
        Plan::Panic,
    ] {
        app.chat.script.set(plan.clone());
        client.send(json!({"type": CREATE})).await;
        let done = client.find("response.done").await;
        assert_eq!(done["response"]["status"], "failed", "{plan:?}");
        let error = &done["response"]["status_details"]["error"];
        assert!(
            !error["message"].as_str().unwrap().contains("secret"),
            "{error}"
        );
    }
    app.chat.script.set(Plan::Words(vec!["Fine.".into()]));
    client.send(json!({"type": CREATE})).await;
    assert_eq!(
        client.find("response.done").await["response"]["status"],
        "completed"
    );
}

#[tokio::test]
async fn nonsense_is_answered_with_an_error_and_the_socket_stays() {
    let app = TestApp::new().await;
    let mut client = Client::open(&app).await;
    let large = "A".repeat(16 << 20);
    for (message, code) in [
        (Message::text("{"), "invalid_json"),
        (Message::text("[1]"), "invalid_value"),
        (Message::text(r#"{"type":"dance"}"#), "invalid_value"),
        (
            Message::text(r#"{"type":"session.update"}"#),
            "missing_required_parameter",
        ),
        (Message::binary(vec![1, 2, 3]), "binary_frame"),
        (
            Message::text(format!(
                r#"{{"type":"input_audio_buffer.append","audio":"{large}"}}"#
            )),
            "event_too_large",
        ),
        (
            Message::text(r#"{"type":"input_audio_buffer.append","audio":"*"}"#),
            "invalid_value",
        ),
        (
            Message::text(r#"{"type":"input_audio_buffer.commit"}"#),
            "input_audio_buffer_commit_empty",
        ),
        (
            Message::text(r#"{"type":"output_audio_buffer.clear"}"#),
            "unsupported_event",
        ),
        (
            Message::text(
                r#"{"type":"conversation.item.create","item":{"type":"function_call_output",
                    "call_id":"call_unknown","output":"9-17"}}"#,
            ),
            "invalid_tool_call_id",
        ),
    ] {
        client.raw(message).await;
        let error = client.next().await;
        assert_eq!(error["type"], "error", "{code}");
        assert_eq!(error["error"]["code"], code, "{error}");
    }
    let beta = json!({"type": "session.update", "event_id": "e1",
        "session": {"type": "realtime", "modalities": ["text"]}});
    let error = client.fails(beta).await;
    assert_eq!(error["param"], "session.modalities");
    assert_eq!(error["event_id"], "e1");
    client
        .update(json!({"type": "realtime", "instructions": "Still here."}))
        .await;
}

#[tokio::test]
async fn an_assistant_answers_with_its_ladder() {
    let app = TestApp::new().await;
    let mut client = Client::of_model(&app, "assistant:desk").await;
    client
        .update(json!({"type": "realtime", "output_modalities": ["text"]}))
        .await;
    client.send(json!({"type": CREATE})).await;
    let greeting = client.find("response.done").await;
    assert_eq!(
        greeting["response"]["output"][0]["content"][0]["text"],
        "Hello"
    );
    client.write("What does the moon weigh?").await;
    client.send(json!({"type": CREATE})).await;
    let done = client.find("response.done").await;
    assert_eq!(done["response"]["status"], "completed", "{done}");
    assert_eq!(done["response"]["frontdesk"]["rung"], "refusal");
    assert!(done["response"]["frontdesk"]["receipt"].is_string());
    let tool = json!({"type": "function", "name": "f", "parameters": {}});
    let update =
        json!({"type": "session.update", "session": {"type": "realtime", "tools": [tool]}});
    assert_eq!(client.fails(update).await["param"], "session.tools");
}
