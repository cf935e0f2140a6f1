//! `/api/v1/calls` with recordings and exports.

use std::io::{Cursor, Read};

use axum::body::Body;
use axum::http::{Method, StatusCode, header};
use frontdesk::store::call_log::{self, Line, LineState, Speaker};
use frontdesk::store::calls::{
    self, Call, CallChannel, CallCost, CallStatus, EndedReason, NewCall, RecordingState,
};
use frontdesk::store::{Scoped, WorkspaceId};
use frontdesk::voice::Recorder;
use serde_json::{Value, json};

use crate::app::{Reply, TestApp, request};

pub const EVIL: &str = "<script>alert(1)</script> =1+1, \"when\" are you open?";
const MINUTE: i64 = 60_000;
/// The beginning of the year 2100: what is old is purged as soon as the server starts.
const THEN: i64 = 4_102_444_800_000;
/// A minute of that year.
pub const FIRST: i64 = THEN + MINUTE;
const SECOND: i64 = THEN + 2 * MINUTE;

/// A call that is over, made up through the store as a session writes it.
pub async fn made_up(app: &TestApp, workspace: WorkspaceId, says: &str, at: i64) -> Scoped<Call> {
    let says = says.to_owned();
    let made = app.app.store.write(move |tx| {
        let new = NewCall {
            assistant: None,
            conversation: None,
            channel: CallChannel::Browser,
            caller: Some("visitor <7>"),
            status: CallStatus::InProgress,
        };
        let call = calls::create(tx, workspace, &new, at)?;
        let line = |speaker, text: &str, start_ms, end_ms, state| Line {
            speaker,
            text: text.into(),
            start_ms,
            end_ms,
            state,
            receipt: None,
        };
        use LineState::{Complete, Interrupted};
        for line in [
            line(Speaker::Agent, "Welcome to Bluefin. How may I help?", 200, 2_400, Complete),
            line(Speaker::Caller, &says, 3_100, 5_000, Complete),
            line(Speaker::Agent, "We are open from 8 to 5", 5_800, 7_200, Interrupted),
            line(Speaker::Caller, "And on Saturdays?", 7_000, 8_200, Complete),
            line(Speaker::Agent, "On Saturdays we are closed.", 9_100, 11_000, Complete),
        ] {
            call_log::append_line(tx, &call, &line)?;
        }
        let first = json!({"end_of_turn_ms": 240, "turn_model_ms": 60, "stt_ms": 310, "retrieve_ms": 14,
            "answer_ms": 40, "tts_first_ms": 120, "voice_to_voice_ms": 710, "interrupted_after_ms": 1400,
            "spoken_ms": 3000, "heard_ms": 1400});
        let second = json!({"end_of_turn_ms": 420, "stt_ms": 330, "answer_ms": 1900, "tts_first_ms": 130,
            "voice_to_voice_ms": 2780, "speculated": true});
        call_log::append_turn(tx, &call, 1, 3_100, Some("fact"), &first)?;
        call_log::append_turn(tx, &call, 2, 7_000, Some("model"), &second)?;
        for (ms, kind, detail) in [
            (0, "answered", json!({"channel": "browser"})),
            (5_010, "turn_ended", json!({"probability": 0.93, "why": "<b>model</b>"})),
            (7_010, "barge_in", json!({"words": ["and", "on"]})),
        ] {
            call_log::append_event(tx, &call, ms, kind, &detail)?;
        }
        let cost = CallCost {
            prompt_tokens: 812,
            completion_tokens: 40,
            heard_ms: 3_100,
            spoken_ms: 5_600,
        };
        let (status, reason) = (CallStatus::Completed, EndedReason::UserHangup);
        calls::finish(tx, &call, status, reason, &cost, at + 11_500)?;
        calls::get(tx, workspace, call.id)
    });
    made.await.unwrap()
}

/// Speech-like sound of so many ms: a tone that swells.
fn sound(ms: usize, hz: f32) -> Vec<u8> {
    let swell = |n: usize| (n as f32 / 2_400.0).sin().abs();
    (0..ms * 16)
        .flat_map(|n| ((9_000.0 * swell(n) * (n as f32 * hz / 2_546.0).sin()) as i16).to_le_bytes())
        .collect()
}

/// Records both sides of it.
pub async fn record(app: &TestApp, call: &Scoped<Call>, now: i64) {
    let given = call.clone();
    let noted = app
        .app
        .store
        .write(move |tx| calls::set_recording(tx, &given, RecordingState::On, Some(now)));
    noted.await.unwrap();
    let mut recorder = Recorder::start(app.app.store.clone(), call.clone(), 30, now);
    for (from, to, caller) in [
        (200, 2_400, false),
        (3_100, 5_000, true),
        (5_800, 7_200, false),
        (7_000, 8_200, true),
        (9_100, 11_000, false),
    ] {
        let sound = sound(to - from, if caller { 220.0 } else { 330.0 });
        match caller {
            true => recorder.caller(&sound, from as u64),
            false => recorder.agent(&sound, 16_000, from as u64),
        }
    }
    recorder.finish().await;
}

async fn ids(app: &TestApp, query: &str) -> Vec<String> {
    let reply = app.get(&format!("/api/v1/calls{query}")).await;
    assert_eq!(reply.status, StatusCode::OK, "{query}: {}", reply.text());
    let all = reply.json()["calls"].as_array().unwrap().clone();
    all.iter()
        .map(|call| call["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn calls_are_listed_a_page_at_a_time_and_by_what_is_known_of_them() {
    let app = TestApp::new().await;
    let us = app.workspace("default").await;
    let them = app.workspace("them").await;
    let first = made_up(&app, us, EVIL, FIRST).await.id.to_string();
    let second = made_up(&app, us, "Are dogs allowed?", SECOND).await;
    record(&app, &second, SECOND).await;
    let second = second.id.to_string();
    let foreign = made_up(&app, them, "Are dogs allowed?", FIRST).await.id;
    let (both, one, two) = (
        vec![second.clone(), first.clone()],
        vec![first.clone()],
        vec![second.clone()],
    );
    for (query, expected) in [
        ("", &both),
        ("?q=DOGS", &two),
        ("?recorded=yes", &two),
        ("?recorded=no", &one),
        (
            "?channel=browser&status=completed&reason=user_hangup&rung=model",
            &both,
        ),
        ("?channel=kiosk", &vec![]),
        ("?rung=faq", &vec![]),
        ("?until=2100-01-01T00:01:30Z", &one),
        ("?from=2100-01-01T00:01:30Z", &two),
        ("?limit=1", &two),
    ] {
        assert_eq!(&ids(&app, query).await, expected, "{query}");
    }
    let next = app.get("/api/v1/calls?limit=1").await.json()["next"].clone();
    let older = ids(&app, &format!("?limit=1&before={}", next.as_str().unwrap())).await;
    assert_eq!(older, one);
    for wrong in [
        "channel=fax",
        "status=x",
        "reason=x",
        "recorded=x",
        "from=x",
        "before=x",
    ] {
        let reply = app.get(&format!("/api/v1/calls?{wrong}")).await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST, "{wrong}");
        assert_eq!(reply.json()["param"], wrong.split('=').next().unwrap());
    }
    // Another workspace's call is as absent as none.
    for path in ["", "/recording", "/waveform", "/export"] {
        let reply = app.get(&format!("/api/v1/calls/{foreign}{path}")).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(
        app.delete(&format!("/api/v1/calls/{foreign}")).await.status,
        StatusCode::NOT_FOUND
    );
    // Who may chat may not read what others said.
    let (chatty, _) = app.make_key(&["chat", "evaluate"], None).await;
    let asked = request(Method::GET, "/api/v1/calls", &chatty)
        .body(Body::empty())
        .unwrap();
    assert_eq!(app.send(asked).await.status, StatusCode::FORBIDDEN);
}

async fn part(app: &TestApp, path: &str, range: &str) -> Reply {
    let asked = request(Method::GET, path, &app.key).header(header::RANGE, range);
    app.send(asked.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_recording_is_played_in_ranges_and_has_a_picture() {
    let app = TestApp::new().await;
    let us = app.workspace("default").await;
    let call = made_up(&app, us, "Hello?", FIRST).await;
    let path = format!("/api/v1/calls/{}/recording", call.id);
    let none = app.get(&path).await;
    assert_eq!(
        (none.status, none.json()["code"].as_str().unwrap()),
        (StatusCode::NOT_FOUND, "no_recording")
    );
    record(&app, &call, FIRST).await;
    let whole = app.get(&path).await;
    assert_eq!(whole.status, StatusCode::OK);
    assert_eq!(whole.header("content-type"), "audio/ogg; codecs=opus");
    assert_eq!(whole.header("content-length"), whole.body.len().to_string());
    assert_eq!(whole.header("accept-ranges"), "bytes");
    assert!(whole.body.starts_with(b"OggS"));
    let size = whole.body.len();
    for (range, from, to) in [
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, size),
        ("bytes=-50", size - 50, size),
    ] {
        let reply = part(&app, &path, range).await;
        assert_eq!(reply.status, StatusCode::PARTIAL_CONTENT, "{range}");
        assert_eq!(reply.body[..], whole.body[from..to], "{range}");
        assert_eq!(
            reply.header("content-range"),
            format!("bytes {from}-{}/{size}", to - 1)
        );
        assert_eq!(reply.header("content-length"), (to - from).to_string());
    }
    let beyond = part(&app, &path, &format!("bytes={size}-")).await;
    assert_eq!(beyond.status, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(beyond.header("content-range"), format!("bytes */{size}"));
    let wave = app
        .get(&format!("/api/v1/calls/{}/waveform", call.id))
        .await
        .json();
    assert_eq!(wave["caller"].as_array().unwrap().len(), 1000);
    assert!(
        wave["agent"]
            .as_array()
            .unwrap()
            .iter()
            .any(|p| p.as_u64().unwrap() > 10)
    );
    // What is deleted is gone, the call is not.
    assert_eq!(app.delete(&path).await.status, StatusCode::NO_CONTENT);
    assert_eq!(app.get(&path).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        app.get(&format!("/api/v1/calls/{}", call.id)).await.json()["audio"],
        Value::Null
    );
}

#[tokio::test]
async fn exports_parse_back() {
    let app = TestApp::new().await;
    let us = app.workspace("default").await;
    let call = made_up(&app, us, EVIL, FIRST).await;
    record(&app, &call, FIRST).await;
    let export = async |format: &str| {
        let reply = app
            .get(&format!("/api/v1/calls/{}/export?format={format}", call.id))
            .await;
        assert_eq!(reply.status, StatusCode::OK, "{format}: {}", reply.text());
        reply
    };
    let full = export("json").await.json();
    assert_eq!(full["lines"][1]["text"], EVIL);
    assert_eq!(full["turns"][0]["timings"]["voice_to_voice_ms"], 710);
    assert_eq!(full["events"][2]["kind"], "barge_in");
    assert_eq!(full["duration_ms"], 11_500);
    assert_eq!(
        full,
        app.get(&format!("/api/v1/calls/{}", call.id)).await.json()
    );
    let text = export("txt").await.text().to_owned();
    assert!(
        text.contains("[0:05] Front desk: We are open from 8 to 5 (interrupted)"),
        "{text}"
    );
    let srt = export("srt").await.text().to_owned();
    assert!(srt.contains("00:00:03,100 --> 00:00:05,000"), "{srt}");
    let vtt = export("vtt").await.text().to_owned();
    assert!(
        vtt.starts_with("WEBVTT") && !vtt.contains("<script>"),
        "{vtt}"
    );
    let table = export("csv").await;
    let mut reader =
        csv::Reader::from_reader(table.text().trim_start_matches('\u{feff}').as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 5);
    assert_eq!(&rows[1][3], EVIL);
    let mut archive = zip::ZipArchive::new(Cursor::new(export("zip").await.body.to_vec())).unwrap();
    assert_eq!(archive.len(), 6);
    let mut kept = String::new();
    let name = format!("call-{}.json", call.id);
    archive
        .by_name(&name)
        .unwrap()
        .read_to_string(&mut kept)
        .unwrap();
    assert_eq!(serde_json::from_str::<Value>(&kept).unwrap(), full);
    assert!(
        archive
            .by_name(&format!("call-{}.ogg", call.id))
            .unwrap()
            .size()
            > 1000
    );
    let many = app.get("/api/v1/calls/export?format=jsonl").await;
    let lines: Vec<Value> = many
        .text()
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert_eq!(lines, [full]);
    let many = app.get("/api/v1/calls/export?format=csv&q=open").await;
    assert_eq!(many.text().lines().count(), 2, "{}", many.text());
    assert!(!many.text().contains("\n="), "no formula");
    for wrong in ["xls", "jsonl"] {
        let reply = app
            .get(&format!("/api/v1/calls/{}/export?format={wrong}", call.id))
            .await;
        assert_eq!(reply.status, StatusCode::BAD_REQUEST);
    }
    assert_eq!(
        app.get("/api/v1/calls/export?format=zip").await.status,
        StatusCode::BAD_REQUEST
    );
}

/// A `PUT` with JSON.
pub fn json_put(app: &TestApp, path: &str, body: Value) -> axum::http::Request<Body> {
    request(Method::PUT, path, &app.key)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(body.to_string()))
        .unwrap()
}
