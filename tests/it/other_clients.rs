//! Faces for clients other than OpenAI's newest: stored chat completions, completions, translations, Anthropic's messages,
//! rerank, aliases, and what is not here.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use frontdesk::llm::{LlmError, Role};
use serde_json::{Value, json};

use crate::app::{Form, TestApp, request};
use crate::fakes::Plan;

async fn with_aliases(text: &str) -> TestApp {
    let file = format!("[openai]\naliases = \"{text}\"\n");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("frontdesk.toml");
    std::fs::write(&path, file).unwrap();
    let overrides = frontdesk::config::Overrides {
        file: Some(path),
        values: Vec::new(),
    };
    let loaded = frontdesk::config::load(&overrides).unwrap();
    TestApp::with(|config| config.openai_aliases = loaded.openai_aliases).await
}

fn message(model: &str) -> Value {
    json!({"model": model, "max_tokens": 16, "messages": [{"role": "user", "content": "Hi"}]})
}

#[tokio::test]
async fn chat_completions_are_kept_when_that_is_asked_for() {
    let app = TestApp::new().await;
    const PATH: &str = "/v1/chat/completions";
    let mut body = crate::chat::hello("default");
    let unkept = app.post(PATH, body.clone()).await.json();
    body["store"] = json!(true);
    body["metadata"] = json!({"team": "night"});
    let kept = app.post(PATH, body.clone()).await.json();
    body["stream"] = json!(true);
    body["metadata"] = json!({});
    assert_eq!(
        app.post(PATH, body.clone())
            .await
            .events()
            .last()
            .unwrap()
            .1,
        "[DONE]"
    );
    let of = |answer: &Value| format!("{PATH}/{}", answer["id"].as_str().unwrap());
    assert_eq!(app.get(&of(&unkept)).await.status, StatusCode::NOT_FOUND);
    let found = app.get(&of(&kept)).await.json();
    assert_eq!(found["choices"], kept["choices"]);
    assert_eq!(found["metadata"]["team"], "night");
    assert_eq!(
        app.get(PATH).await.json()["data"].as_array().unwrap().len(),
        2
    );
    let night = app
        .get(&format!("{PATH}?metadata%5Bteam%5D=night"))
        .await
        .json();
    assert_eq!(
        (
            night["data"].as_array().unwrap().len(),
            &night["data"][0]["id"]
        ),
        (1, &kept["id"])
    );
    assert!(
        app.get(&format!("{PATH}?model=other")).await.json()["data"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    let changed = app
        .post(&of(&kept), json!({"metadata": {"team": "day"}}))
        .await
        .json();
    assert_eq!(changed["metadata"]["team"], "day");
    let messages = app.get(&format!("{}/messages", of(&kept))).await.json();
    assert_eq!(
        (
            &messages["data"][0]["role"],
            &messages["data"][0]["content"]
        ),
        (&json!("user"), &json!("Hi"))
    );
    assert_eq!(
        app.delete(&of(&kept)).await.json()["object"],
        "chat.completion.deleted"
    );
    assert_eq!(app.get(&of(&kept)).await.status, StatusCode::NOT_FOUND);
    let wrong = app.get(&format!("{PATH}?order=sideways")).await;
    assert_eq!(wrong.json()["error"]["param"], "order");
}

#[tokio::test]
async fn older_clients_complete_texts() {
    let app = TestApp::new().await;
    const PATH: &str = "/v1/completions";
    let body = json!({"model": "default", "prompt": ["a", "b"], "echo": true, "max_tokens": 5});
    let made = app.post(PATH, body).await.json();
    assert_eq!(made["object"], "text_completion");
    assert_eq!(made["choices"][1]["text"], "bHello there.");
    assert_eq!(
        (&made["choices"][1]["index"], &made["usage"]["total_tokens"]),
        (&json!(1), &json!(30))
    );
    let streamed = json!({"model": "default", "prompt": "a", "stream": true});
    let events = app.post(PATH, streamed).await.events();
    let read = |at: usize| serde_json::from_str::<Value>(&events[at].1).unwrap();
    assert_eq!(read(0)["choices"][0]["text"], "Hello");
    assert_eq!(
        read(events.len() - 2)["choices"][0]["finish_reason"],
        "stop"
    );
    assert_eq!(events.last().unwrap().1, "[DONE]");
    for (field, value) in [
        ("prompt", json!([1, 2])),
        ("n", json!(2)),
        ("suffix", json!("x")),
        ("logprobs", json!(1)),
        ("stop", json!({})),
        ("max_tokens", json!(0)),
    ] {
        let mut body = json!({"model": "default", "prompt": "a"});
        body[field] = value;
        assert_eq!(app.post(PATH, body).await.json()["error"]["param"], field);
    }
}

#[tokio::test]
async fn recordings_are_translated() {
    let app = TestApp::new().await;
    let form = Form::new()
        .file("file", "a.wav", b"RIFFxxxx")
        .text("model", "whisper-1");
    let reply = app.post_form("/v1/audio/translations", form).await;
    assert_eq!(reply.json()["text"], "Hello there.", "{}", reply.text());
    let none = app
        .post_form(
            "/v1/audio/translations",
            Form::new().text("model", "whisper-1"),
        )
        .await;
    assert_eq!(none.json()["error"]["param"], "file");
}

#[tokio::test]
async fn messages_come_in_anthropics_shape() {
    let app = TestApp::new().await;
    const PATH: &str = "/v1/messages";
    // As Anthropic's clients send the key.
    let asked = axum::http::Request::post(PATH)
        .header("x-api-key", &app.key)
        .header("anthropic-version", "2023-06-01")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(message("default").to_string()))
        .unwrap();
    let reply = app.send(asked).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.text());
    let made = reply.json();
    assert_eq!(
        (&made["type"], &made["role"]),
        (&json!("message"), &json!("assistant"))
    );
    assert_eq!(made["content"][0]["text"], "Hello there.");
    assert_eq!(made["stop_reason"], "end_turn");
    assert_eq!(made["usage"]["input_tokens"], 7);

    let mut streamed = message("default");
    streamed["stream"] = json!(true);
    streamed["system"] = json!("Be brief.");
    let events = app.post(PATH, streamed).await.events();
    let names: Vec<_> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names[..3], ["message_start", "ping", "content_block_start"]);
    assert_eq!(
        names[names.len() - 3..],
        ["content_block_stop", "message_delta", "message_stop"]
    );
    assert_eq!(app.chat.script.last().messages[0].role, Role::System);

    app.chat.script.set(Plan::Call("f".into(), "{}".into()));
    let mut called = message("default");
    called["tools"] = json!([{"name": "f", "input_schema": {"type": "object"}}]);
    let made = app.post(PATH, called).await.json();
    assert_eq!(
        (&made["stop_reason"], &made["content"][0]["type"]),
        (&json!("tool_use"), &json!("tool_use"))
    );

    let mut counting = message("default");
    counting.as_object_mut().unwrap().remove("max_tokens");
    let counted = app.post("/v1/messages/count_tokens", counting).await.json();
    assert_eq!(counted, json!({"input_tokens": 12}));
}

#[tokio::test]
async fn errors_of_messages_come_in_anthropics_envelope() {
    let app = TestApp::new().await;
    const PATH: &str = "/v1/messages";
    let kind = |reply: &crate::app::Reply| {
        let body = reply.json();
        assert_eq!(body["type"], "error", "{body}");
        body["error"]["type"].as_str().unwrap().to_owned()
    };
    let nobody = app
        .post_as("fd_live_nothing", PATH, message("default"))
        .await;
    assert_eq!(
        (nobody.status.as_u16(), kind(&nobody)),
        (401, "authentication_error".into())
    );
    let (audio, _) = app.make_key(&["audio"], None).await;
    let denied = app.post_as(&audio, PATH, message("default")).await;
    assert_eq!(
        (denied.status.as_u16(), kind(&denied)),
        (403, "permission_error".into())
    );
    let unknown = app.post(PATH, message("claude-9")).await;
    assert_eq!(
        (unknown.status.as_u16(), kind(&unknown)),
        (404, "not_found_error".into())
    );
    let broken = app.post_raw(PATH, "{").await;
    assert_eq!(
        (broken.status.as_u16(), kind(&broken)),
        (400, "invalid_request_error".into())
    );
    assert_eq!(kind(&app.get(PATH).await), "invalid_request_error");
    assert_eq!(
        kind(&app.get("/v1/messages/batches").await),
        "not_found_error"
    );
    app.chat
        .script
        .set(Plan::Refuse(LlmError::Busy { waiting: 64 }));
    let busy = app.post(PATH, message("default")).await;
    assert_eq!(
        (busy.status.as_u16(), kind(&busy)),
        (429, "rate_limit_error".into())
    );
    app.chat.script.set(Plan::Break(
        vec!["Hel".into()],
        LlmError::Interrupted("killed".into()),
    ));
    let mut streamed = message("default");
    streamed["stream"] = json!(true);
    let events = app.post(PATH, streamed).await.events();
    assert_eq!(events.last().unwrap().0, "error");
}

#[tokio::test]
async fn texts_are_ordered_by_the_reader_or_the_embedder() {
    let app = TestApp::new().await;
    let documents =
        json!(["We sell bread.", {"text": "We are open on Mondays from eight."}, "Cats sleep."]);
    let body = json!({"query": "When are you open on Mondays?", "documents": documents, "return_documents": true});
    for (path, model) in [
        ("/v1/rerank", "default"),
        ("/v2/rerank", "fake-reader"),
        ("/v1/rerank", "fake-embedder"),
    ] {
        let mut body = body.clone();
        body["model"] = json!(model);
        body["top_n"] = json!(2);
        let ranked = app.post(path, body).await.json();
        let results = ranked["results"].as_array().unwrap();
        assert_eq!(
            (results.len(), &results[0]["index"]),
            (2, &json!(1)),
            "{model}: {ranked}"
        );
        assert_eq!(
            results[0]["document"]["text"],
            "We are open on Mondays from eight."
        );
        assert!(results[0]["relevance_score"].as_f64() > results[1]["relevance_score"].as_f64());
    }
    for (field, value) in [
        ("query", json!(" ")),
        ("documents", json!([])),
        ("top_n", json!(0)),
        ("model", json!("rerank-9")),
    ] {
        let mut wrong = body.clone();
        wrong[field] = value;
        assert_eq!(
            app.post("/v1/rerank", wrong).await.json()["error"]["param"],
            field
        );
    }
    let image = json!({"query": "x", "documents": ["a", {"image": "data:,"}]});
    assert_eq!(
        app.post("/v1/rerank", image).await.json()["error"]["param"],
        "documents[1]"
    );
}

#[tokio::test]
async fn names_of_others_stand_for_what_the_owner_says() {
    let app =
        with_aliases("text-embedding-3-small=default, gpt-*=default, claude-x=assistant:desk")
            .await;
    let embed = json!({"model": "text-embedding-3-small", "input": "x"});
    assert_eq!(
        app.post("/v1/embeddings", embed).await.status,
        StatusCode::OK
    );
    let chat = app
        .post("/v1/chat/completions", crate::chat::hello("gpt-4o-mini"))
        .await;
    assert_eq!(chat.json()["model"], "fake-chat");
    assert_eq!(app.get("/v1/models/gpt-6").await.json()["id"], "gpt-6");
    let listed = app.get("/v1/models").await;
    assert!(listed.text().contains("claude-x") && !listed.text().contains("gpt-*"));
    let made = app.post("/v1/messages", message("claude-x")).await.json();
    assert!(made["frontdesk"]["rung"].is_string(), "{made}");

    let theirs =
        request(Method::GET, "/v1/models", &app.key).header("anthropic-version", "2023-06-01");
    let theirs = app.send(theirs.body(Body::empty()).unwrap()).await.json();
    assert_eq!(
        (&theirs["data"][0]["type"], &theirs["has_more"]),
        (&json!("model"), &json!(false))
    );
}

#[tokio::test]
async fn what_is_not_here_says_what_to_do() {
    let app = TestApp::new().await;
    let images = app.post("/v1/images/generations", json!({})).await;
    assert_eq!(images.status, StatusCode::NOT_FOUND);
    assert_eq!(images.json()["error"]["code"], "not_supported");
    assert!(images.text().contains("no images"));
    let from_page = request(Method::GET, "/v1/files", "").header("origin", "http://localhost:3000");
    let reply = app.send(from_page.body(Body::empty()).unwrap()).await;
    assert_eq!(
        reply.header("access-control-allow-origin"),
        "http://localhost:3000"
    );
    // The other header counts for no other API.
    let own = axum::http::Request::get("/api/v1/documents").header("x-api-key", &app.key);
    let own = app.send(own.body(Body::empty()).unwrap()).await;
    assert_eq!(own.status, StatusCode::UNAUTHORIZED);
}
