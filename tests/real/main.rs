//! The built binary with real models: the whole path once, and what happens when a worker is killed.
//!
//! Without the test models in the cache these tests say so and do nothing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test ends at the first surprise, and says what it leaves out"
)]

#[cfg(target_os = "linux")]
mod confined;
mod json_object;
mod meaning;
mod orders;
mod pictures;
mod reader;
mod server;
mod understood;
mod voice;
mod voice_soak;

use std::time::Duration;

use futures::StreamExt;
use serde_json::{Value, json};

use server::{Server, models};

fn speech() -> Vec<u8> {
    std::fs::read(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/audio/hello.wav"
    ))
    .unwrap()
}

/// The fixture's sound many times over, as one long recording.
fn long_speech(times: usize) -> Vec<u8> {
    let once = speech();
    let at = once.windows(4).position(|w| w == b"data").unwrap();
    let sound = &once[at + 8..];
    let mut sound = sound.repeat(times);
    sound.truncate(sound.len() / 4 * 4);
    let mut out = once[..at + 4].to_vec();
    out.extend(u32::try_from(sound.len()).unwrap().to_le_bytes());
    out.extend(&sound);
    let size = u32::try_from(out.len() - 8).unwrap().to_le_bytes();
    out[4..8].copy_from_slice(&size);
    out
}

fn recording(bytes: Vec<u8>) -> reqwest::multipart::Form {
    let file = reqwest::multipart::Part::bytes(bytes).file_name("hello.wav");
    reqwest::multipart::Form::new()
        .text("model", "whisper-1")
        .part("file", file)
}

fn chat(text: &str, tokens: u32) -> Value {
    json!({"model": "default", "max_tokens": tokens, "messages": [{"role": "user", "content": text}]})
}

async fn upload(server: &Server, name: &str, bytes: Vec<u8>) -> String {
    let part = reqwest::multipart::Part::bytes(bytes).file_name(name.to_owned());
    let form = reqwest::multipart::Form::new().part("file", part);
    let answer = server
        .post("/api/v1/documents")
        .multipart(form)
        .send()
        .await
        .unwrap();
    let body: Value = answer.json().await.unwrap();
    body["files"][0]["document"]
        .as_str()
        .unwrap_or_else(|| panic!("{body}"))
        .to_owned()
}

async fn settled(server: &Server, document: &str) -> Value {
    for _ in 0..600 {
        let (_, state) = server.get(&format!("/api/v1/documents/{document}")).await;
        if ["ready", "failed"].contains(&state["state"].as_str().unwrap_or_default()) {
            return state;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the document was never settled");
}

#[tokio::test]
async fn real_model_documents_answers_embeddings_and_transcripts() {
    if models().is_none() {
        return;
    }
    let server = Server::start(None);
    server.ready().await;
    let page = "# Opening hours\n\nThe bakery opens at 6:30 in the morning and closes at 14:00.\n";
    let document = upload(&server, "hours.md", page.into()).await;
    assert_eq!(settled(&server, &document).await["state"], "ready");
    let asked = json!({"question": "When does the bakery open in the morning?"});
    let (status, answer) = server.post_json("/api/v1/ask", asked).await;
    assert_eq!(status, 200, "{answer}");
    assert!(
        ["model", "refusal", "read", "related"].contains(&answer["rung"].as_str().unwrap()),
        "{answer}"
    );
    for citation in answer["citations"].as_array().unwrap() {
        let span = citation["span"].as_array().unwrap();
        let (from, to) = (
            span[0].as_u64().unwrap() as usize,
            span[1].as_u64().unwrap() as usize,
        );
        let (_, text) = server
            .get(&format!("/api/v1/documents/{document}/text"))
            .await;
        assert_eq!(
            &text["text"].as_str().unwrap()[from..to],
            citation["quote"].as_str().unwrap()
        );
    }
    let schema = json!({"type": "object", "properties": {"city": {"type": "string", "maxLength": 12}},
        "required": ["city"], "additionalProperties": false});
    let mut request = chat("Name a city.", 48);
    request["response_format"] =
        json!({"type": "json_schema", "json_schema": {"name": "city", "schema": schema}});
    let (status, reply) = server.post_json("/v1/chat/completions", request).await;
    assert_eq!(status, 200, "{reply}");
    let content = reply["choices"][0]["message"]["content"].as_str().unwrap();
    let made: Value = serde_json::from_str(content).unwrap_or_else(|e| panic!("{e}: {content}"));
    assert!(made["city"].is_string());
    let mut same = chat("Say something about rain.", 24);
    same["seed"] = json!(7);
    let first = server
        .post_json("/v1/chat/completions", same.clone())
        .await
        .1;
    let again = server.post_json("/v1/chat/completions", same).await.1;
    assert_eq!(first["choices"], again["choices"]);
    let again = server
        .post_json(
            "/v1/chat/completions",
            chat("Say something about rain.", 24),
        )
        .await
        .1;
    assert!(
        again["usage"]["prompt_tokens_details"]["cached_tokens"]
            .as_u64()
            .unwrap()
            > 0,
        "{again}"
    );
    let vectors = json!({"model": "default", "input": ["a dog", "a puppy", "tax law"]});
    let (status, vectors) = server.post_json("/v1/embeddings", vectors).await;
    assert_eq!(status, 200, "{vectors}");
    let vector = |i: usize| -> Vec<f64> {
        serde_json::from_value(vectors["data"][i]["embedding"].clone()).unwrap()
    };
    let cosine = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(x, y)| x * y).sum::<f64>();
    assert!(cosine(&vector(0), &vector(1)) > cosine(&vector(0), &vector(2)) + 0.04);
    let heard = server
        .post("/v1/audio/transcriptions")
        .multipart(recording(speech()))
        .send()
        .await;
    let heard: Value = heard.unwrap().json().await.unwrap();
    assert!(
        heard["text"]
            .as_str()
            .unwrap()
            .to_lowercase()
            .contains("hello"),
        "{heard}"
    );
}

#[tokio::test]
async fn real_model_a_killed_engine_ends_one_answer_and_serves_the_next() {
    if models().is_none() {
        return;
    }
    let server = Server::start(None);
    server.ready().await;
    let mut body = chat("Count from one to one thousand in words.", 1000);
    body["stream"] = json!(true);
    let answer = server
        .post("/v1/chat/completions")
        .json(&body)
        .send()
        .await
        .unwrap();
    let mut stream = answer.bytes_stream();
    let mut seen = String::new();
    let mut killed = false;
    while let Some(Ok(piece)) = stream.next().await {
        seen.push_str(&String::from_utf8_lossy(&piece));
        if !killed && seen.contains("\"content\":") {
            killed = server.kill_worker("llm");
            assert!(killed);
        }
    }
    assert!(killed && seen.contains("\"error\""), "{seen}");
    assert_eq!(server.get("/healthz").await.0, 200);
    let (status, next) = server
        .post_json("/v1/chat/completions", chat("Say hi.", 4))
        .await;
    assert_eq!(status, 200, "{next}");
}

/// The newest message of a conversation.
async fn last_message(server: &Server, conversation: &str) -> serde_json::Value {
    let (_, kept) = server
        .get(&format!("/api/v1/conversations/{conversation}"))
        .await;
    let messages = kept["transcript"]
        .as_array()
        .unwrap_or_else(|| panic!("{kept}"));
    messages.last().unwrap().clone()
}

#[tokio::test]
async fn real_model_a_killed_answer_of_a_conversation_is_whole_or_marked_as_failed() {
    if models().is_none() {
        return;
    }
    let server = Server::start(None);
    server.ready().await;
    let text =
        "The ferry to Port Ellery leaves at eight. It takes an hour. Tickets cost nine euros.";
    let document = upload(&server, "ferry.txt", text.repeat(3).into()).await;
    settled(&server, &document).await;
    let (status, _) = server
        .post_json("/api/v1/evals/thresholds", json!({"read_threshold": 0.0}))
        .await;
    assert_eq!(status, 204);
    let (_, conversation) = server.post_json("/api/v1/conversations", json!({})).await;
    let id = conversation["id"]
        .as_str()
        .unwrap_or_else(|| panic!("{conversation}"))
        .to_owned();
    let path = format!("/api/v1/conversations/{id}/messages");
    let ask = || {
        let question = json!({"text": "When does the ferry to Port Ellery leave?"});
        server.post(&path).json(&question).send()
    };
    let asked = ask();
    let killed = async {
        // By then passages are searched or read.
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert!(server.kill_worker("llm"));
    };
    let (answer, ()) = tokio::join!(asked, killed);
    let seen = answer.unwrap().text().await.unwrap();
    let last = last_message(&server, &id).await;
    assert_eq!(last["role"], "assistant");
    let text = last["text"].as_str().unwrap();
    match last["state"].as_str().unwrap() {
        "failed" => assert!(text.is_empty() && seen.contains("failed"), "{last} {seen}"),
        // Killed before it was read: refused, or quoted.
        "complete" => assert!(!text.is_empty(), "{last} {seen}"),
        other => panic!("{other}: {last} {seen}"),
    }
    server.ready().await;
    ask().await.unwrap().text().await.unwrap();
    let next = last_message(&server, &id).await;
    assert_eq!(next["state"], "complete", "{next}");
    assert!(next["text"].as_str().unwrap().contains("eight"), "{next}");
}

#[tokio::test]
async fn real_model_a_killed_recogniser_fails_one_recording_and_serves_the_next() {
    if models().is_none() {
        return;
    }
    let server = Server::start(None);
    server.ready().await;
    let long = server
        .post("/v1/audio/transcriptions")
        .multipart(recording(long_speech(400)));
    let long = tokio::spawn(async move { long.send().await.unwrap().status().as_u16() });
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(
        !long.is_finished(),
        "the recording is too short for this test"
    );
    assert!(server.kill_worker("speech"));
    let status = long.await.unwrap();
    assert!([500, 502, 503].contains(&status), "{status}");
    let next = server
        .post("/v1/audio/transcriptions")
        .multipart(recording(speech()))
        .send()
        .await;
    assert_eq!(next.unwrap().status(), 200);
}

#[tokio::test]
async fn real_model_a_killed_reader_is_started_again_for_the_document() {
    if models().is_none() {
        return;
    }
    let server = Server::start(None);
    server.ready().await;
    let rows: String = (0..400_000)
        .map(|i| format!("item {i},{},\"note, {i}\"\n", i % 97))
        .collect();
    let document = upload(
        &server,
        "rows.csv",
        format!("name,price,note\n{rows}").into(),
    )
    .await;
    let mut killed = false;
    for _ in 0..400 {
        if server.kill_worker("extract") {
            killed = true;
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(killed, "the reader was never seen");
    // Reading is tried again; vectors of so many passages would take long and are not waited for.
    for _ in 0..600 {
        let (_, state) = server.get(&format!("/api/v1/documents/{document}")).await;
        match state["state"].as_str() {
            Some("ready") => return,
            Some("failed") => {
                // Too large is a fair end as well, if it says so.
                assert!(state["error"].as_str().unwrap().len() > 20, "{state}");
                return;
            }
            _ => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
    panic!("the document was never settled");
}

#[tokio::test]
async fn real_model_a_damaged_model_is_refused_with_a_sentence_and_the_server_stays() {
    let Some([chat_model, embed_model, speech_model]) = models() else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    for path in [&embed_model, &speech_model] {
        let name = path.file_name().unwrap();
        std::fs::copy(path, dir.path().join(name)).unwrap();
        let beside = format!("{}.verified.json", path.display());
        if std::fs::copy(
            &beside,
            dir.path().join(format!("{}.verified.json", name.display())),
        )
        .is_err()
        {
            println!("without the record of the check the copy is hashed again");
        }
    }
    let whole = std::fs::read(&chat_model).unwrap();
    let cut = dir.path().join(chat_model.file_name().unwrap());
    std::fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    let server = Server::start(Some(dir.path()));
    let mut reason = String::new();
    for _ in 0..200 {
        let (status, ready) = server.get("/readyz").await;
        reason = ready.to_string();
        if status == 503 && reason.contains("cannot be used") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(
        reason.contains("smollm2") && reason.contains("models get"),
        "{reason}"
    );
    assert_eq!(server.get("/healthz").await.0, 200);
    let (status, refused) = server
        .post_json("/v1/chat/completions", chat("hi", 4))
        .await;
    assert_eq!(status, 503, "{refused}");
    assert!(
        refused["error"]["message"]
            .as_str()
            .unwrap()
            .contains("smollm2"),
        "{refused}"
    );
    assert!(server.pid() > 0 && server.data.path().exists());
}
