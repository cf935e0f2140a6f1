//! The ledger of what left, held against what arrived: at a provider that counts every byte.

use axum::http::StatusCode;
use frontdesk::store::egress::{Entry, list};
use serde_json::json;

use crate::app::{Form, TestApp};
use crate::chat_provider::{End, FakeChatProvider, Script, openai};
use crate::providers::put;

/// A desk whose chat, hearing and speaking go to the fake first.
async fn desk(fake: &FakeChatProvider) -> TestApp {
    let place = format!("127.0.0.1:{}", fake.port);
    let app = TestApp::with(|config| config.egress_allow = place.clone()).await;
    let provider = json!({
        "kind": "openai", "name": "Counted", "url": format!("http://{place}/v1"), "own": true, "key": "sk-counted",
        "models": {"chat": "small", "transcribe": "ears", "speak": "mouth", "voice": "alloy"},
        "classes": ["business", "customer"],
    });
    let made = app.post("/api/v1/providers", provider).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text());
    let id = made.json()["id"].clone();
    for purpose in ["chat", "transcribe", "speak"] {
        let path = format!("/api/v1/provider-uses/{purpose}");
        let set = put(
            &app,
            &path,
            json!({"mode": "provider", "provider": id, "tell": true}),
        )
        .await;
        assert_eq!(set.status, StatusCode::OK, "{}", set.text());
    }
    app
}

async fn rows(app: &TestApp) -> Vec<Entry> {
    // A row is closed a moment after its answer ends.
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    app.app
        .store
        .read(|conn| list(conn, None, 500))
        .await
        .unwrap()
}

#[tokio::test]
async fn every_byte_at_a_provider_is_in_the_ledger_with_whose_it_is() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let fake = FakeChatProvider::start_on(listener, true);
    let app = desk(&fake).await;
    let ask = |text: &'static str, stream: bool| {
        let messages = json!([{"role": "user", "content": text}]);
        app.post(
            "/v1/chat/completions",
            json!({"model": "default", "messages": messages, "stream": stream}),
        )
    };
    for (text, stream) in [("Hello", false), ("Grüße, 日本 🚲", true), ("Again", true)] {
        let answered = ask(text, stream).await;
        assert_eq!(answered.status, StatusCode::OK, "{}", answered.text());
    }
    // Nor is a call that breaks off forgotten.
    fake.then(Script::stream(openai::only("Well")).ending(End::CutOff));
    ask("Broken", false).await;
    fake.then(Script::error(400, "no"));
    ask("Refused", false).await;
    let form = Form::new().file("file", "call.wav", b"RIFF....WAVE");
    let heard = app.post_form("/v1/audio/transcriptions", form).await;
    assert_eq!(heard.status, StatusCode::OK, "{}", heard.text());

    let workspace = app.workspace("default").await;
    let (seen, rows) = (fake.seen(), rows(&app).await);
    assert!(seen.len() >= 6, "{}", seen.len());
    assert_eq!(rows.len(), seen.len(), "a row for each request");
    for row in &rows {
        assert_eq!(row.workspace, Some(workspace), "{row:?}");
        assert_eq!(row.provider.as_deref(), Some("Counted"), "{row:?}");
        assert!(!row.purpose.is_empty() && !row.data.is_empty(), "{row:?}");
    }
    let sent: u64 = rows
        .iter()
        .map(|row| row.outcome.bytes_sent.unsigned_abs())
        .sum();
    let arrived: usize = seen.iter().map(|seen| seen.bytes()).sum();
    assert_eq!(
        sent, arrived as u64,
        "bytes that left, and bytes that arrived"
    );
    let received: u64 = rows
        .iter()
        .map(|row| row.outcome.bytes_received.unsigned_abs())
        .sum();
    // Of what a failed call sent, the rest is not taken.
    assert!(
        (1..=fake.sent() as u64).contains(&received),
        "{received} bytes came back"
    );

    let statement = app.get("/api/v1/egress/statement").await.json();
    let told = statement["rows"].as_array().unwrap();
    let counted = |name: &str| {
        told.iter()
            .filter_map(|row| row[name].as_u64())
            .sum::<u64>()
    };
    assert_eq!(counted("bytes_sent"), sent, "{statement}");
    assert!(
        told.iter().all(|row| row["provider"] == "Counted"),
        "{statement}"
    );
}
