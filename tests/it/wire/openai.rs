//! `/v1` without its sockets, and the list of what the OpenAPI document describes.

use std::collections::BTreeSet;

use frontdesk::http::openapi_document;
use frontdesk::store::workspaces;
use serde_json::{Value, json};

use super::seed::{Desk, PRICE_QUESTION, UNKNOWN, desk};
use super::settle::hold_text;
use crate::app::Form;
use crate::chat::hello;
use crate::fakes::Plan;

const CHAT: &str = "/v1/chat/completions";

fn asked(question: &str, stream: bool) -> Value {
    json!({"model": "assistant:desk", "stream": stream, "stream_options": {"include_usage": stream},
        "messages": [{"role": "user", "content": question}]})
}

/// Shows places instead of answering from them.
async fn only_related(desk: &Desk) {
    let workspace = desk.app.workspace("default").await;
    desk.app.reader.mark(&[("$89", 12.0)]);
    let answers = json!({"read_threshold": 1.1, "related_threshold": 0.0});
    let set = desk
        .app
        .app
        .store
        .write(move |tx| workspaces::set_section(tx, workspace, "answers", &answers));
    set.await.unwrap();
}

#[tokio::test]
async fn chat() {
    let desk = desk().await;
    desk.post("chat_model", CHAT, hello("default")).await;
    let mut streamed = hello("default");
    streamed["stream"] = json!(true);
    desk.post("chat_model_streamed", CHAT, streamed).await;
    for (name, question) in [("answer", PRICE_QUESTION), ("refusal", UNKNOWN)] {
        desk.post(&format!("chat_{name}"), CHAT, asked(question, false))
            .await;
        let name = format!("chat_{name}_streamed");
        desk.post(&name, CHAT, asked(question, true)).await;
    }
    only_related(&desk).await;
    desk.post("chat_related", CHAT, asked(PRICE_QUESTION, false))
        .await;
    desk.post("chat_related_streamed", CHAT, asked(PRICE_QUESTION, true))
        .await;
    let call = Plan::Call("hours".into(), r#"{"day":"Mon"}"#.into());
    desk.app.chat.script.set(call);
    let mut with_tool = hello("default");
    with_tool["tools"] = json!([{"type": "function", "function": {"name": "hours"}}]);
    desk.post("chat_tool_call", CHAT, with_tool.clone()).await;
    with_tool["stream"] = json!(true);
    desk.post("chat_tool_call_streamed", CHAT, with_tool).await;
}

#[tokio::test]
async fn models_and_vectors() {
    let desk = desk().await;
    desk.get("models", "/v1/models").await;
    desk.get("model", "/v1/models/assistant:desk").await;
    let texts = json!({"model": "default", "input": ["opening hours", "prices"]});
    desk.post("embeddings", "/v1/embeddings", texts).await;
    let packed = json!({"model": "default", "input": "prices", "encoding_format": "base64"});
    desk.post("embeddings_base64", "/v1/embeddings", packed)
        .await;
    let secret = json!({"session": {"type": "realtime", "model": "gpt-realtime"}});
    let path = "/v1/realtime/client_secrets";
    desk.post("realtime_client_secret", path, secret).await;
}

#[tokio::test]
async fn transcripts() {
    let desk = desk().await;
    let form = || {
        Form::new()
            .file("file", "call.wav", "RIFF....WAVE")
            .text("model", "whisper-1")
    };
    let path = "/v1/audio/transcriptions";
    for format in ["json", "text", "verbose_json", "srt", "vtt"] {
        let form = form().text("response_format", format);
        desk.form(&format!("transcription_{format}"), path, form)
            .await;
    }
    let words = form()
        .text("response_format", "verbose_json")
        .text("timestamp_granularities[]", "word");
    desk.form("transcription_words", path, words).await;
    desk.form("transcription_events", path, form().text("stream", "true"))
        .await;
}

#[tokio::test]
async fn speech() {
    let desk = desk().await;
    let path = "/v1/audio/speech";
    for format in ["mp3", "opus", "flac", "wav", "pcm"] {
        let body = json!({"model": "tts-1", "voice": "alloy", "input": "We open at nine.",
            "response_format": format});
        desk.post(&format!("speech_{format}"), path, body).await;
    }
    let events = json!({"model": "tts-1", "voice": "alloy", "input": "We open at nine.",
        "response_format": "pcm", "stream_format": "sse"});
    desk.post("speech_events", path, events).await;
}

/// Names of the schemas that something refers to.
fn schemas(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value.as_str() {
                    Some(name) if key == "$ref" => {
                        found.insert(name.rsplit('/').next().unwrap().to_owned());
                    }
                    _ => schemas(value, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| schemas(item, found)),
        _ => {}
    }
}

#[test]
fn what_the_openapi_document_describes() {
    let document = serde_json::to_value(openapi_document()).unwrap();
    let mut lines = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let of = |part: &Value| {
                let mut found = BTreeSet::new();
                schemas(part, &mut found);
                found.into_iter().collect::<Vec<_>>().join(", ")
            };
            let id = operation["operationId"].as_str().unwrap_or("?");
            let mut line = format!("{} {path} → {id}", method.to_uppercase());
            if operation.get("requestBody").is_some() {
                line += &format!("({})", of(&operation["requestBody"]));
            }
            for (status, response) in operation["responses"].as_object().unwrap() {
                line += format!(" {status} {}", of(response)).trim_end();
            }
            lines.insert(line);
        }
    }
    hold_text("openapi", &lines.into_iter().collect::<Vec<_>>().join("\n"));
}
