//! Tests of reading a chat request.

use serde_json::{Value, json};

use super::*;
use crate::http::openai::chat::sampling::DEFAULT_TEMPERATURE;

fn parse(body: Value) -> Result<Parsed, ApiError> {
    serde_json::from_value::<ChatCompletionRequest>(body)
        .unwrap()
        .parse()
}

fn with(field: &str, value: Value) -> Value {
    let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "hi"}]});
    body[field] = value;
    body
}

fn param(body: Value) -> String {
    let error = serde_json::to_value(parse(body).unwrap_err().envelope()).unwrap();
    error["error"]["param"].as_str().unwrap().to_owned()
}

#[test]
fn what_is_out_of_range_is_named() {
    assert_eq!(param(with("n", json!(2))), "n");
    assert_eq!(param(with("temperature", json!(2.5))), "temperature");
    assert_eq!(param(with("top_p", json!(0))), "top_p");
    assert_eq!(param(with("max_tokens", json!(0))), "max_tokens");
    assert_eq!(
        param(with("stop", json!(["a", "b", "c", "d", "e"]))),
        "stop"
    );
    assert_eq!(param(with("messages", json!([]))), "messages");
    assert_eq!(
        param(with("messages", json!([{"role": "king", "content": "x"}]))),
        "messages[0].role"
    );
    assert_eq!(
        param(with("messages", json!([{"role": "user"}]))),
        "messages[0].content"
    );
    let image = json!([{"role": "user", "content": [{"type": "image_url", "image_url": {}}]}]);
    assert_eq!(param(with("messages", image)), "messages[0].content[0]");
    assert_eq!(
        param(with("response_format", json!({"type": "xml"}))),
        "response_format.type"
    );
}

#[test]
fn what_is_not_here_is_refused_and_not_ignored() {
    for (field, value) in [
        ("audio", json!({"voice": "alloy", "format": "wav"})),
        ("modalities", json!(["text", "audio"])),
        ("logprobs", json!(true)),
        ("functions", json!([{"name": "f"}])),
        ("web_search_options", json!({})),
    ] {
        assert_eq!(param(with(field, value)), field);
    }
    let mut harmless = with("modalities", json!(["text"]));
    harmless["logprobs"] = json!(false);
    harmless["user"] = json!("somebody");
    assert!(parse(harmless).is_ok());
}

#[test]
fn only_what_is_to_be_kept_needs_orderly_metadata() {
    let mut body = with("metadata", json!({"team": 5}));
    assert!(parse(body.clone()).unwrap().keep.is_none());
    body["store"] = json!(true);
    assert_eq!(param(body.clone()), "metadata.team");
    body["metadata"] = json!({"team": "night"});
    assert_eq!(parse(body).unwrap().keep.unwrap()["team"], "night");
}

#[test]
fn nulls_count_as_absent() {
    let mut body = with("temperature", Value::Null);
    for field in [
        "stream",
        "stop",
        "tools",
        "tool_choice",
        "response_format",
        "stream_options",
    ] {
        body[field] = Value::Null;
    }
    let parsed = parse(body).unwrap();
    assert!(!parsed.ask.stream);
    let warmth = parsed.ask.request.sampling.temperature;
    assert!((warmth - DEFAULT_TEMPERATURE).abs() < f32::EPSILON);
}

#[test]
fn text_parts_become_one_text() {
    let parts = json!([{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]);
    let parsed = parse(with(
        "messages",
        json!([{"role": "user", "content": parts}]),
    ))
    .unwrap();
    assert_eq!(parsed.ask.request.messages[0].content, "a\nb");
}

#[test]
fn a_tool_conversation_is_read() {
    let call = json!({"id": "c1", "type": "function",
                      "function": {"name": "f", "arguments": "{}"}});
    let parsed = parse(with(
        "messages",
        json!([
            {"role": "user", "content": "x"},
            {"role": "assistant", "content": null, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "42"},
        ]),
    ))
    .unwrap();
    assert_eq!(parsed.ask.request.messages[1].tool_calls[0].name, "f");
    assert_eq!(
        parsed.ask.request.messages[2].tool_call_id.as_deref(),
        Some("c1")
    );
}

#[test]
fn an_assistant_gets_the_question_and_what_was_said_before() {
    let parsed = parse(with(
        "messages",
        json!([
            {"role": "system", "content": "you are a pirate"},
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": "two"},
            {"role": "user", "content": "three"},
        ]),
    ))
    .unwrap();
    let (question, history) = parsed.ask.into_question().unwrap();
    assert_eq!(question, "three");
    let said: Vec<_> = history
        .messages
        .iter()
        .map(|m| m.content.as_str())
        .collect();
    assert_eq!(said, ["one", "two"]);
    assert!(history.sampling.is_none());

    let unanswerable = parse(with(
        "messages",
        json!([{"role": "assistant", "content": "x"}]),
    ));
    assert!(unanswerable.unwrap().ask.into_question().is_err());
}

#[test]
fn a_seed_may_be_any_integer() {
    assert_eq!(
        parse(with("seed", json!(-1)))
            .unwrap()
            .ask
            .request
            .sampling
            .seed,
        Some(u32::MAX)
    );
}
