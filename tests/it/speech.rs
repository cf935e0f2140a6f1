//! `/v1/audio/speech`.

use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::app::{Reply, TestApp};

const PATH: &str = "/v1/audio/speech";

async fn say(app: &TestApp, more: Value) -> Reply {
    let mut body =
        json!({"model": "tts-1", "input": "Good morning. We open at nine.", "voice": "alloy"});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    app.post(PATH, body).await
}

#[tokio::test]
async fn every_format_comes_with_its_type_and_its_first_bytes() {
    let app = TestApp::new().await;
    let cases: [(Value, &str, &[u8]); 6] = [
        (json!({}), "audio/mpeg", &[0xff]),
        (json!({"response_format": "mp3"}), "audio/mpeg", &[0xff]),
        (json!({"response_format": "wav"}), "audio/wav", b"RIFF"),
        (json!({"response_format": "flac"}), "audio/flac", b"fLaC"),
        (
            json!({"response_format": "opus"}),
            "audio/ogg; codecs=opus",
            b"OggS",
        ),
        (
            json!({"response_format": "pcm"}),
            "audio/pcm; rate=24000; channels=1",
            &[],
        ),
    ];
    for (more, kind, magic) in cases {
        let reply = say(&app, more.clone()).await;
        assert_eq!(reply.status, StatusCode::OK, "{more}: {}", reply.text());
        assert_eq!(reply.header("content-type"), kind);
        assert!(reply.body.starts_with(magic), "{more}");
    }
    // Two words and four, 60 ms each, at 24 kHz and two bytes.
    let pcm = say(&app, json!({"response_format": "pcm"})).await;
    let expected = 6 * 60 * 24 * 2;
    assert!(pcm.body.len().abs_diff(expected) < 20, "{}", pcm.body.len());
}

#[tokio::test]
async fn events_hold_the_same_sound_and_end_with_the_usage() {
    let app = TestApp::new().await;
    let whole = say(&app, json!({"response_format": "pcm"})).await;
    let more = json!({"response_format": "pcm", "stream_format": "sse"});
    let reply = say(&app, more).await;
    let events: Vec<Value> = reply
        .events()
        .iter()
        .map(|(_, data)| serde_json::from_str(data).unwrap())
        .collect();
    let (last, deltas) = events.split_last().unwrap();
    assert_eq!(last["type"], "speech.audio.done");
    assert_eq!(last["usage"]["input_tokens"], 6);
    assert_eq!(last["usage"]["output_tokens"], 8, "{last}");
    assert!(deltas.len() >= 2, "clause by clause");
    let mut sound = Vec::new();
    for delta in deltas {
        assert_eq!(delta["type"], "speech.audio.delta");
        sound.extend(STANDARD.decode(delta["audio"].as_str().unwrap()).unwrap());
    }
    assert_eq!(sound, whole.body);
}

#[tokio::test]
async fn what_makes_no_sense_is_told_by_field() {
    let app = TestApp::new().await;
    let long = "a ".repeat(10_001);
    let cases = [
        (json!({"input": ""}), "input", "nothing that can be spoken"),
        (
            json!({"input": "👍🎉 …"}),
            "input",
            "nothing that can be spoken",
        ),
        (json!({"input": long}), "input", "at most 20000"),
        (
            json!({"response_format": "aac"}),
            "response_format",
            "mp3, opus, flac, wav, pcm",
        ),
        (
            json!({"response_format": "exe"}),
            "response_format",
            "mp3, opus, flac, wav, pcm",
        ),
        (json!({"voice": "nobody"}), "voice", "fake-voice"),
        (json!({"speed": 0.1}), "speed", "0.25 to 4"),
        (json!({"speed": 5}), "speed", "0.25 to 4"),
        (
            json!({"stream_format": "tape"}),
            "stream_format",
            "audio or sse",
        ),
    ];
    for (more, param, part) in cases {
        let reply = say(&app, more).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{param}");
        let error = &reply.json()["error"];
        assert_eq!(error["param"], param);
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(part), "{message}");
    }
    let unknown = say(&app, json!({"model": "tts-9"})).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    assert_eq!(unknown.json()["error"]["code"], "model_not_found");
}

#[tokio::test]
async fn names_of_openai_and_own_names_both_speak() {
    let app = TestApp::new().await;
    for (model, voice) in [
        ("tts-1-hd", "nova"),
        ("gpt-4o-mini-tts", "marin"),
        ("gpt-4o-mini-tts-2025-12-15", "coral"),
        ("default", "fake-voice"),
        ("fake-voice", "alloy"),
    ] {
        let reply = say(&app, json!({"model": model, "voice": voice})).await;
        assert_eq!(
            reply.status,
            StatusCode::OK,
            "{model} {voice}: {}",
            reply.text()
        );
    }
    let models = app.get("/v1/models").await.json();
    let ids: Vec<&str> = models["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["id"].as_str().unwrap())
        .collect();
    assert!(ids.contains(&"fake-voice"), "{ids:?}");
}

#[tokio::test]
async fn a_key_that_may_only_chat_may_not_speak() {
    let app = TestApp::new().await;
    let body = json!({"model": "tts-1", "input": "Hello."});
    let (key, _) = app.make_key(&["chat"], None).await;
    let reply = app.post_as(&key, PATH, body).await;
    assert_eq!(reply.status, StatusCode::FORBIDDEN);
}
