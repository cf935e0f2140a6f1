//! `/v1/chat/completions`, answered at once.

use axum::http::StatusCode;
use frontdesk::llm::{LlmError, OutputFormat, Role};
use serde_json::{Value, json};

use crate::app::TestApp;
use crate::fakes::Plan;

const PATH: &str = "/v1/chat/completions";

pub fn hello(model: &str) -> Value {
    json!({"model": model, "messages": [{"role": "user", "content": "Hi"}]})
}

fn with(field: &str, value: Value) -> Value {
    let mut body = hello("default");
    body[field] = value;
    body
}

#[tokio::test]
async fn the_model_answers_in_openais_shape() {
    let app = TestApp::new().await;
    for model in ["default", "frontdesk", "fake-chat"] {
        let reply = app.post(PATH, hello(model)).await;
        assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
        let body = reply.json();
        assert_eq!(body["object"], "chat.completion");
        assert_eq!(body["model"], "fake-chat");
        assert_eq!(body["choices"][0]["message"]["content"], "Hello there.");
        assert_eq!(body["choices"][0]["message"]["role"], "assistant");
        assert_eq!(body["choices"][0]["finish_reason"], "stop");
        assert_eq!(body["usage"]["total_tokens"], 15);
        assert_eq!(body["usage"]["prompt_tokens_details"]["cached_tokens"], 5);
        assert!(body.get("frontdesk").is_none());
    }
}

#[tokio::test]
async fn what_the_client_sets_reaches_the_model() {
    let app = TestApp::new().await;
    let body = json!({
        "model": "default", "temperature": 0.2, "top_p": 0.9, "seed": 7, "stop": "END",
        "max_completion_tokens": 11, "presence_penalty": 0.5, "frequency_penalty": -0.5,
        "user": "ignored", "some_future_field": {"also": "ignored"},
        "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}},
        "messages": [
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
        ],
    });
    assert_eq!(app.post(PATH, body).await.status, StatusCode::OK);
    let seen = app.chat.script.last();
    assert_eq!(seen.messages[0].role, Role::System);
    assert_eq!(seen.messages[1].content, "Hi");
    assert_eq!(seen.sampling.max_tokens, Some(11));
    assert_eq!(seen.sampling.seed, Some(7));
    assert_eq!(seen.sampling.stop, ["END"]);
    assert!((seen.sampling.temperature - 0.2).abs() < 1e-6);
    assert_eq!(
        seen.format,
        OutputFormat::JsonSchema(r#"{"type":"object"}"#.into())
    );
}

#[tokio::test]
async fn a_tool_call_comes_back() {
    let app = TestApp::new().await;
    app.chat.script.set(Plan::Call(
        "opening_hours".into(),
        r#"{"day":"Mon"}"#.into(),
    ));
    let tool = json!({"type": "function", "function": {"name": "opening_hours", "parameters": {}}});
    let mut body = with("tools", json!([tool]));
    body["tool_choice"] = json!("required");
    let reply = app.post(PATH, body).await.json();
    let choice = &reply["choices"][0];
    assert_eq!(choice["finish_reason"], "tool_calls");
    assert_eq!(choice["message"]["content"], Value::Null);
    assert_eq!(
        choice["message"]["tool_calls"][0]["function"]["name"],
        "opening_hours"
    );
    assert_eq!(choice["message"]["tool_calls"][0]["type"], "function");
    let seen = app.chat.script.last();
    assert_eq!(seen.require_tool.as_deref(), Some("*"));
    assert!(seen.tools.unwrap().contains("opening_hours"));
}

#[tokio::test]
async fn what_is_wrong_is_named_in_openais_envelope() {
    let app = TestApp::new().await;
    let cases = [
        (json!({"messages": []}), "model"),
        (json!({"model": "default"}), "messages"),
        (json!({"model": 5, "messages": []}), "model"),
        (with("messages", json!("Hi")), "messages"),
        (
            with("messages", json!([{"role": "user", "content": 5}])),
            "messages[0].content",
        ),
        (with("temperature", json!("hot")), "temperature"),
        (with("max_tokens", json!(-1)), "max_tokens"),
        (with("stream", json!("yes")), "stream"),
        (with("n", json!(3)), "n"),
        (with("stop", json!({"a": 1})), "stop"),
        (with("tool_choice", json!("required")), "tool_choice"),
    ];
    for (body, param) in cases {
        let reply = app.post(PATH, body.clone()).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{body}");
        let error = &reply.json()["error"];
        assert_eq!(error["param"], param, "{body}: {error}");
        assert_eq!(error["type"], "invalid_request_error", "{body}");
        assert!(!error["message"].as_str().unwrap().is_empty());
    }
    assert_eq!(app.chat.script.count(), 0);
}

#[tokio::test]
async fn an_unknown_model_is_told_what_there_is() {
    let app = TestApp::new().await;
    for model in [
        "gpt-9",
        "assistant:nobody",
        "assistant:nowhere/desk",
        "fake-embedder",
    ] {
        let reply = app.post(PATH, hello(model)).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{model}");
        let error = &reply.json()["error"];
        assert_eq!(error["code"], "model_not_found");
        let message = error["message"].as_str().unwrap();
        assert!(
            message.contains("fake-chat") && message.contains("assistant:desk"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn every_failure_of_the_model_has_its_status() {
    let app = TestApp::new().await;
    let cases = [
        (
            LlmError::Busy { waiting: 64 },
            429,
            "rate_limit_error",
            json!("busy"),
        ),
        (
            LlmError::Unavailable("no model".into()),
            503,
            "server_error",
            json!("model_unavailable"),
        ),
        (
            LlmError::Invalid("bad schema".into()),
            400,
            "invalid_request_error",
            Value::Null,
        ),
        (
            LlmError::TooLong {
                tokens: 9000,
                window: 4096,
            },
            400,
            "invalid_request_error",
            json!("context_length_exceeded"),
        ),
    ];
    for (error, status, kind, code) in cases {
        let message = error.to_string();
        app.chat.script.set(Plan::Refuse(error));
        let reply = app.post(PATH, hello("default")).await;
        assert_eq!(reply.status.as_u16(), status, "{message}");
        assert_eq!(reply.json()["error"]["type"], kind);
        assert_eq!(reply.json()["error"]["code"], code);
        assert_eq!(reply.json()["error"]["message"], message);
        if status == 429 {
            assert_eq!(reply.header("retry-after"), "1");
        }
    }
    app.chat.script.set(Plan::Break(
        vec!["Hel".into()],
        LlmError::Interrupted("killed".into()),
    ));
    assert_eq!(
        app.post(PATH, hello("default")).await.status,
        StatusCode::BAD_GATEWAY
    );
}

#[tokio::test]
async fn an_assistant_answers_with_what_it_rests_on() {
    let app = TestApp::new().await;
    app.document(
        "default",
        "hours.txt",
        "We are open from 8:00 to 17:00 on Mondays.",
    )
    .await;
    let body = json!({
        "model": "assistant:desk",
        "messages": [
            {"role": "system", "content": "You are a pirate."},
            {"role": "user", "content": "When are you open on Mondays?"},
        ],
    });
    let reply = app.post(PATH, body).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    let body = reply.json();
    assert_eq!(body["model"], "assistant:desk");
    let grounds = &body["frontdesk"];
    assert!(grounds["rung"].is_string(), "{body}");
    assert!(grounds["citations"].is_array());
    assert!(grounds["timings_ms"]["total"].is_number());
    let receipt = app
        .get(&format!(
            "/api/v1/receipts/{}",
            grounds["receipt"].as_str().unwrap()
        ))
        .await;
    assert_eq!(receipt.json()["question"], "When are you open on Mondays?");
    assert_eq!(
        receipt.json()["answer"],
        body["choices"][0]["message"]["content"]
    );
}

#[tokio::test]
async fn an_assistant_needs_a_question() {
    let app = TestApp::new().await;
    let last = |role: &str, content: &str| json!({"model": "assistant:desk", "messages": [{"role": role, "content": content}]});
    for body in [last("assistant", "Hi"), last("user", "  ")] {
        let reply = app.post(PATH, body).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST);
        assert_eq!(reply.json()["error"]["param"], "messages");
    }
}

#[tokio::test]
async fn a_bound_key_reaches_only_its_own_assistants() {
    let app = TestApp::new().await;
    let mine = app.workspace("mine").await;
    app.workspace("theirs").await;
    let (key, _) = app.make_key(&["chat"], Some(mine)).await;
    for model in ["assistant:desk", "assistant:mine/desk"] {
        assert_eq!(
            app.post_as(&key, PATH, hello(model)).await.status,
            StatusCode::OK,
            "{model}"
        );
    }
    let reply = app
        .post_as(&key, PATH, hello("assistant:theirs/desk"))
        .await;
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    assert!(
        !reply
            .text()
            .contains("there are: fake-chat, assistant:theirs")
    );
    let named = reply.json()["error"]["message"]
        .as_str()
        .unwrap()
        .replace("theirs/desk\"", "");
    assert!(!named.contains("theirs"), "{named}");
}

#[tokio::test]
async fn a_panic_is_a_500_without_detail() {
    let app = TestApp::new().await;
    app.chat.script.set(Plan::Panic);
    let reply = app.post(PATH, hello("default")).await;
    assert_eq!(reply.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(reply.json()["error"]["type"], "server_error");
    assert!(!reply.text().contains("secret detail"));
    assert!(!reply.header("x-request-id").is_empty());
}
