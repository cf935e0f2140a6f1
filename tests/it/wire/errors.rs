//! How each surface says that something is wrong.

use axum::body::Body;
use axum::http::{Method, Request, header};
use frontdesk::llm::LlmError;
use serde_json::json;

use super::seed::{ABSENT, Desk, desk};
use super::settle::{How, hold};
use crate::app::{Reply, json_request, request};
use crate::chat::hello;
use crate::fakes::Plan;

async fn send(desk: &Desk, name: &str, asked: Request<Body>) -> Reply {
    let line = format!("{} {}", asked.method(), asked.uri());
    let reply = desk.app.send(asked).await;
    hold(name, &line, &reply, How::Settled);
    reply
}

fn get(path: &str, key: &str) -> Request<Body> {
    request(Method::GET, path, key).body(Body::empty()).unwrap()
}

fn plain(path: &str, key: &str) -> Request<Body> {
    let asked = request(Method::POST, path, key).header(header::CONTENT_TYPE, "text/plain");
    asked.body("{}".into()).unwrap()
}

#[tokio::test]
async fn of_the_own_api() {
    let desk = desk().await;
    let key = desk.app.key.clone();
    let (chat, _) = desk.app.make_key(&["chat"], None).await;
    let empty = json!({"questions": [], "answer": "x"});
    desk.post("api_400_param", "/api/v1/faqs", empty).await;
    let broken = json_request(&key, "/api/v1/ask", "{\"question\":\n oops}");
    send(&desk, "api_400_json", broken).await;
    send(&desk, "api_401", get("/api/v1/documents", "")).await;
    send(&desk, "api_403_scope", get("/api/v1/documents", &chat)).await;
    desk.get("api_404", &format!("/api/v1/faqs/{ABSENT}")).await;
    desk.get("api_404_path", "/api/v1/nothing").await;
    desk.get("api_404_workspace", "/api/v1/faqs?workspace=nobody")
        .await;
    desk.get("api_405", "/api/v1/ask").await;
    desk.app.workspace("branch").await;
    let run = "/api/v1/evals/runs?workspace=branch";
    desk.post("api_409", run, json!({})).await;
    let large = json!({"question": "x".repeat(1 << 20)});
    desk.post("api_413", "/api/v1/ask", large).await;
    send(&desk, "api_415", plain("/api/v1/ask", &key)).await;
    let site = desk.app.get("/api/v1/widget").await.json()["site"].clone();
    let begin = || json_request("", "/api/v1/visit", json!({"site": site}).to_string());
    for _ in 0..40 {
        if desk.app.send(begin()).await.status == 429 {
            break;
        }
    }
    let refused = desk.app.send(begin()).await;
    assert!(!refused.header("retry-after").is_empty());
    hold(
        "api_429",
        "POST /api/v1/visit",
        &without_wait(refused),
        How::Settled,
    );
}

/// How long one has to wait depends on how fast the test ran.
fn without_wait(mut reply: Reply) -> Reply {
    let mut told = reply.json();
    let detail = told["detail"].as_str().unwrap().to_owned();
    let digits = regex::Regex::new(r"\d+").unwrap();
    told["detail"] = digits.replace_all(&detail, "[wait]").into();
    reply.body = told.to_string().into();
    let seconds = "[wait]".parse().unwrap();
    reply.headers.insert(header::RETRY_AFTER, seconds);
    reply
}

#[tokio::test]
async fn of_the_openai_api() {
    let desk = desk().await;
    let key = desk.app.key.clone();
    let chat = "/v1/chat/completions";
    let (documents, _) = desk.app.make_key(&["documents"], None).await;
    let mut hot = hello("default");
    hot["temperature"] = json!("hot");
    desk.post("v1_400_param", chat, hot).await;
    send(
        &desk,
        "v1_400_json",
        json_request(&key, chat, "{\"model\":"),
    )
    .await;
    send(&desk, "v1_401", get("/v1/models", "")).await;
    send(&desk, "v1_403", get("/v1/models", &documents)).await;
    desk.post("v1_404_model", chat, hello("gpt-9")).await;
    desk.get("v1_404_path", "/v1/nothing").await;
    desk.get("v1_405", "/v1/embeddings").await;
    let mut large = json_request(&key, chat, "");
    let length = "2147483648".parse().unwrap();
    large.headers_mut().insert(header::CONTENT_LENGTH, length);
    send(&desk, "v1_413", large).await;
    send(&desk, "v1_415", plain(chat, &key)).await;
    for (name, error) in [
        ("v1_429", LlmError::Busy { waiting: 64 }),
        ("v1_503", LlmError::Unavailable("no model".into())),
        (
            "v1_400_too_long",
            LlmError::TooLong {
                tokens: 9000,
                window: 4096,
            },
        ),
    ] {
        desk.app.chat.script.set(Plan::Refuse(error));
        desk.post(name, chat, hello("default")).await;
    }
    let broken = LlmError::Interrupted("killed".into());
    let broken = Plan::Break(vec!["Hel".into()], broken);
    desk.app.chat.script.set(broken);
    desk.post("v1_502", chat, hello("default")).await;
    let mut streamed = hello("default");
    streamed["stream"] = json!(true);
    desk.post("v1_broken_stream", chat, streamed).await;
    desk.app.chat.script.set(Plan::Panic);
    desk.post("v1_500", chat, hello("default")).await;
}
