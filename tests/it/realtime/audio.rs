//! Spoken sessions: turns, sound, interruption, truncation, transcription.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::client::{Client, order, speech};
use crate::app::TestApp;
use crate::fakes::Plan;

const ANSWER: [&str; 10] = [
    "response.created",
    "response.output_item.added",
    "conversation.item.added",
    "response.content_part.added",
    "response.output_audio_transcript.delta",
    "response.output_audio.delta",
    "response.output_audio.done",
    "response.output_audio_transcript.done",
    "response.content_part.done",
    "response.output_item.done",
];

fn audio(events: &[Value]) -> Vec<u8> {
    let deltas = events
        .iter()
        .filter(|event| event["type"] == "response.output_audio.delta");
    deltas
        .flat_map(|event| STANDARD.decode(event["delta"].as_str().unwrap()).unwrap())
        .collect()
}

fn input(settings: Value) -> Value {
    json!({"type": "realtime", "audio": {"input": settings}})
}

#[tokio::test]
async fn a_spoken_turn_is_found_and_answered_in_openais_order() {
    let app = TestApp::new().await;
    app.ears.will_hear(&["What time is it?"]);
    let mut client = Client::open(&app).await;
    client.append(&speech(900)).await;
    let events = client.until("response.done").await;
    let mut expected = vec![
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
    ];
    expected.extend(ANSWER);
    expected.extend(["conversation.item.done", "response.done"]);
    assert_eq!(order(&events), expected);
    let started = &events[0];
    assert!(
        (400..=1300).contains(&started["audio_start_ms"].as_u64().unwrap()),
        "{started}"
    );
    assert_eq!(started["item_id"], events[2]["item_id"]);
    let done = &events.last().unwrap()["response"];
    assert_eq!(
        done["output"][0]["content"][0]["transcript"],
        "Hello there."
    );
    // Two words of 60 ms, at 24 kHz.
    assert!(
        audio(&events).len().abs_diff(24 * 2 * 120) < 100,
        "{}",
        audio(&events).len()
    );
    assert_eq!(
        app.chat.script.last().messages.last().unwrap().content,
        "What time is it?"
    );
}

#[tokio::test]
async fn manual_turns_wait_for_the_client() {
    let app = TestApp::new().await;
    let mut client = Client::open(&app).await;
    let settings = json!({"turn_detection": null, "transcription": {"model": "whisper-1"}});
    client.update(input(settings)).await;
    client.append(&speech(900)).await;
    client
        .send(json!({"type": "input_audio_buffer.commit"}))
        .await;
    let events = client
        .until("conversation.item.input_audio_transcription.completed")
        .await;
    assert_eq!(
        order(&events),
        [
            "input_audio_buffer.committed",
            "conversation.item.added",
            "conversation.item.done",
            "conversation.item.input_audio_transcription.delta",
            "conversation.item.input_audio_transcription.completed",
        ]
    );
    assert_eq!(events.last().unwrap()["transcript"], "Hello there.");
    client.send(json!({"type": "response.create"})).await;
    let events = client.until("response.done").await;
    assert_eq!(order(&events)[..10], ANSWER);
    client.append(&speech(100)).await;
    client
        .send(json!({"type": "input_audio_buffer.clear"}))
        .await;
    client.find("input_audio_buffer.cleared").await;
    let empty = client
        .fails(json!({"type": "input_audio_buffer.commit"}))
        .await;
    assert_eq!(empty["code"], "input_audio_buffer_commit_empty");
}

#[tokio::test]
async fn turns_without_create_response_are_only_committed() {
    let app = TestApp::new().await;
    let mut client = Client::open(&app).await;
    let off = json!({"type": "server_vad", "create_response": false});
    client
        .update(input(json!({"turn_detection": off, "transcription": {}})))
        .await;
    client.append(&speech(900)).await;
    client
        .find("conversation.item.input_audio_transcription.completed")
        .await;
    client
        .send(json!({"type": "input_audio_buffer.clear"}))
        .await;
    let events = client.until("input_audio_buffer.cleared").await;
    assert!(!order(&events).contains(&"response.created".to_owned()));
    assert_eq!(app.chat.script.count(), 0);
}

#[tokio::test]
async fn a_meaningful_pause_ends_a_semantic_turn_early() {
    let app = TestApp::new().await;
    let mut client = Client::open(&app).await;
    client
        .update(input(json!({"turn_detection": {"type": "semantic_vad"}})))
        .await;
    client.append(&speech(600)).await;
    client.find("response.done").await;
}

#[tokio::test]
async fn speaking_breaks_into_an_answer() {
    let app = TestApp::new().await;
    let mut client = Client::open(&app).await;
    app.chat
        .script
        .set(Plan::Stall(vec!["This is a long story. ".into()]));
    client.write("Tell me a story").await;
    client.send(json!({"type": "response.create"})).await;
    client.find("response.output_audio.delta").await;
    client.append(&speech(300)).await;
    let events = client.until("response.done").await;
    let kinds = order(&events);
    let started = kinds
        .iter()
        .position(|kind| kind == "input_audio_buffer.speech_started");
    assert!(
        started.is_some() && kinds.last().unwrap() == "response.done",
        "{kinds:?}"
    );
    let response = &events.last().unwrap()["response"];
    assert_eq!(response["status"], "cancelled");
    assert_eq!(response["status_details"]["reason"], "turn_detected");
    let item = &response["output"][0];
    let truncate = |ms: i64| {
        json!({"type": "conversation.item.truncate", "item_id": item["id"],
        "content_index": 0, "audio_end_ms": ms})
    };
    let error = client.fails(truncate(60_000)).await;
    assert_eq!(error["param"], "audio_end_ms");
    client.send(truncate(150)).await;
    assert_eq!(
        client.find("conversation.item.truncated").await["audio_end_ms"],
        150
    );
    client
        .send(json!({"type": "conversation.item.retrieve", "item_id": item["id"]}))
        .await;
    let found = client.find("conversation.item.retrieved").await;
    let heard = found["item"]["content"][0]["transcript"].as_str().unwrap();
    assert!(
        "This is a long story.".starts_with(heard) && heard.len() < 15,
        "{heard}"
    );
}

#[tokio::test]
async fn silence_after_an_answer_is_noticed() {
    let app = TestApp::new().await;
    let mut client = Client::open(&app).await;
    let idle = json!({"type": "server_vad", "idle_timeout_ms": 500});
    client.update(input(json!({"turn_detection": idle}))).await;
    client.write("Hi").await;
    client.send(json!({"type": "response.create"})).await;
    client.find("response.done").await;
    let events = client.until("response.created").await;
    assert_eq!(
        order(&events),
        [
            "input_audio_buffer.timeout_triggered",
            "input_audio_buffer.committed",
            "conversation.item.added",
            "conversation.item.done",
            "response.created",
        ]
    );
}

#[tokio::test]
async fn telephone_sound_goes_both_ways() {
    let app = TestApp::new().await;
    for format in ["audio/pcmu", "audio/pcma"] {
        let mut client = Client::open(&app).await;
        let format = json!({"type": format});
        client
            .update(json!({"type": "realtime", "audio": {
                "input": {"format": format, "turn_detection": null}, "output": {"format": format}}}))
            .await;
        let sound = STANDARD.encode(vec![0x55; 8000]);
        client
            .send(json!({"type": "input_audio_buffer.append", "audio": sound}))
            .await;
        client
            .send(json!({"type": "input_audio_buffer.commit"}))
            .await;
        client.send(json!({"type": "response.create"})).await;
        let events = client.until("response.done").await;
        assert!(
            audio(&events).len().abs_diff(8 * 120) < 20,
            "{}",
            audio(&events).len()
        );
        client.close().await;
    }
}

#[tokio::test]
async fn a_transcription_session_only_transcribes() {
    let app = TestApp::new().await;
    app.ears.will_hear(&["Good morning."]);
    let mut client = Client::open(&app).await;
    let session = client.update(json!({"type": "transcription"})).await;
    assert_eq!(session["object"], "realtime.transcription_session");
    client.append(&speech(900)).await;
    let done = client
        .find("conversation.item.input_audio_transcription.completed")
        .await;
    assert_eq!(done["transcript"], "Good morning.");
    assert_eq!(done["usage"]["type"], "duration");
    let error = client.fails(json!({"type": "response.create"})).await;
    assert_eq!(error["code"], "response_not_supported");
    assert_eq!(app.chat.script.count(), 0);
}

#[tokio::test]
async fn an_unknown_voice_is_refused_and_a_used_one_stays() {
    let app = TestApp::new().await;
    let mut client = Client::open(&app).await;
    let voice = |name: &str| {
        json!({"type": "session.update", "session": {"type": "realtime",
        "audio": {"output": {"voice": name}}}})
    };
    let error = client.fails(voice("nobody")).await;
    assert_eq!(error["param"], "session.audio.output.voice");
    client.write("Hi").await;
    client.send(json!({"type": "response.create"})).await;
    client.find("response.done").await;
    assert_eq!(
        client.fails(voice("fake-voice")).await["code"],
        "cannot_update_voice"
    );
}
