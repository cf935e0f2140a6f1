//! `/v1/audio/transcriptions`.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};

use crate::app::{FILE_LIMIT, Form, Reply, TestApp, json_request, request};

const PATH: &str = "/v1/audio/transcriptions";
const WAV: &[u8] = b"RIFF....WAVE";

async fn post(app: &TestApp, fields: &[(&str, &str)]) -> Reply {
    let form = Form::new()
        .file("file", "call.wav", WAV)
        .text("model", "whisper-1");
    let form = fields
        .iter()
        .fold(form, |form, (name, value)| form.text(name, value));
    app.post_form(PATH, form).await
}

#[tokio::test]
async fn every_form_of_a_transcript() {
    let app = TestApp::new().await;
    let json = post(&app, &[]).await;
    assert_eq!(json.status, StatusCode::OK, "{}", json.text());
    assert_eq!(json.json()["text"], "Hello there.");
    let text = post(&app, &[("response_format", "text")]).await;
    assert_eq!(text.text(), "Hello there.\n");
    assert_eq!(text.header("content-type"), "text/plain; charset=utf-8");
    let srt = post(&app, &[("response_format", "srt")]).await;
    assert!(
        srt.text()
            .starts_with("1\n00:00:00,000 --> 00:00:00,700\nHello"),
        "{}",
        srt.text()
    );
    let vtt = post(&app, &[("response_format", "vtt")]).await;
    assert!(vtt.text().starts_with("WEBVTT\n"), "{}", vtt.text());
    let verbose = post(&app, &[("response_format", "verbose_json")])
        .await
        .json();
    assert_eq!(verbose["duration"], 1.5);
    assert_eq!(verbose["segments"][1]["start"], 0.7);
    assert!(verbose.get("words").is_none());
    let words = [
        ("response_format", "verbose_json"),
        ("timestamp_granularities[]", "word"),
    ];
    let verbose = post(&app, &words).await.json();
    assert_eq!(verbose["words"][0]["word"], "Hello");
    assert!(verbose.get("segments").is_none());
}

#[tokio::test]
async fn a_stream_has_a_delta_per_segment_and_the_whole() {
    let app = TestApp::new().await;
    let events = post(&app, &[("stream", "true")]).await.events();
    let datas: Vec<serde_json::Value> = events
        .iter()
        .map(|(_, data)| serde_json::from_str(data).unwrap())
        .collect();
    let (last, deltas) = datas.split_last().unwrap();
    let text: String = deltas
        .iter()
        .map(|event| event["delta"].as_str().unwrap())
        .collect();
    assert!(
        deltas
            .iter()
            .all(|event| event["type"] == "transcript.text.delta")
    );
    assert_eq!(last["type"], "transcript.text.done");
    assert_eq!(
        (last["text"].as_str(), text.as_str()),
        (Some("Hello there."), "Hello there.")
    );
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let app = TestApp::new().await;
    type Case<'a> = (&'a [(&'a str, &'a str)], u16, &'a str);
    let cases: [Case<'_>; 6] = [
        (&[("response_format", "docx")], 400, "response_format"),
        (&[("temperature", "hot")], 400, "temperature"),
        (
            &[("timestamp_granularities[]", "word")],
            400,
            "timestamp_granularities[]",
        ),
        (&[("language", "xx")], 400, "language"),
        (&[("model", "whisper-9")], 404, "model"),
        (
            &[("timestamp_granularities[]", "letter")],
            400,
            "timestamp_granularities[]",
        ),
    ];
    for (fields, status, param) in cases {
        let reply = post(&app, fields).await;
        assert_eq!(
            reply.status.as_u16(),
            status,
            "{fields:?}: {}",
            reply.text()
        );
        assert_eq!(reply.json()["error"]["param"], param, "{fields:?}");
    }
}

#[tokio::test]
async fn a_file_that_is_no_audio_is_told_so() {
    let app = TestApp::new().await;
    let reply = app
        .post_form(PATH, Form::new().file("file", "x.wav", b"%PDF-1.7"))
        .await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    assert_eq!(reply.json()["error"]["param"], "file");
    assert!(reply.text().contains("a PDF file"), "{}", reply.text());
    let missing = app
        .post_form(PATH, Form::new().text("model", "whisper-1"))
        .await;
    assert_eq!(missing.json()["error"]["param"], "file");
}

#[tokio::test]
async fn too_much_is_413_and_no_form_is_415() {
    let app = TestApp::new().await;
    let large = vec![b'x'; FILE_LIMIT as usize + 1];
    let reply = app
        .post_form(PATH, Form::new().file("file", "x.wav", large))
        .await;
    assert_eq!(reply.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(reply.json()["error"]["code"], "too_large");
    let declared = request(Method::POST, PATH, &app.key)
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
        .header(header::CONTENT_LENGTH, "2147483648")
        .body(Body::empty());
    assert_eq!(
        app.send(declared.unwrap()).await.status,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    let json = app.send(json_request(&app.key, PATH, "{}")).await;
    assert_eq!(json.status, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

#[tokio::test]
async fn a_broken_form_is_a_400() {
    let app = TestApp::new().await;
    let cut = request(Method::POST, PATH, &app.key)
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x")
        .body(Body::from(
            "--x\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nRIFF",
        ));
    let reply = app.send(cut.unwrap()).await;
    assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    assert_eq!(reply.json()["error"]["type"], "invalid_request_error");
}
