//! Live sound over a WebSocket: words that may still change, words that stay, the end of what was said.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

use super::{Mood, State, model_info, opens, param, words};

/// Without sound and without `KeepAlive` for so long, it closes.
const IDLE: Duration = Duration::from_secs(10);
/// Bytes of a second: 16 kHz, 16 bits.
const SECOND: f64 = 32_000.0;

type Socket = WebSocketStream<TcpStream>;

/// What a `Results` message says of itself.
#[derive(Clone, Copy, Default)]
struct Of {
    is_final: bool,
    speech_final: bool,
    from_finalize: bool,
}

fn results(text: &str, of: Of) -> Message {
    let all = words();
    let own = all.as_array().unwrap().iter();
    let own: Vec<&Value> = own.filter(|word| word["punctuated_word"] == text).collect();
    let body = json!({
        "type": "Results", "channel_index": [0, 1], "duration": 1.0, "start": 0.0, "is_final": of.is_final,
        "speech_final": of.speech_final, "from_finalize": of.from_finalize,
        "channel": {"alternatives": [{"transcript": text, "confidence": 0.9, "words": own}]},
        "metadata": {"request_id": "r", "model_info": model_info(), "model_uuid": "m"},
    });
    Message::text(body.to_string())
}

const KEPT: Of = Of {
    is_final: true,
    speech_final: false,
    from_finalize: false,
};

#[allow(
    clippy::result_large_err,
    reason = "the library's own type of a refused handshake"
)]
async fn accept(socket: TcpStream) -> Option<(Socket, String)> {
    let path = Arc::new(Mutex::new(String::new()));
    let noted = Arc::clone(&path);
    let check = move |request: &Request, response: Response| {
        *noted.lock().unwrap() = request.uri().to_string();
        let header = |name: &str| request.headers().get(name)?.to_str().ok();
        // Browsers can set no header: they name `token` and the key as protocols.
        let by_protocol = header("sec-websocket-protocol")
            .is_some_and(|named| opens(&named.replacen(", ", " ", 1)));
        if by_protocol || header("authorization").is_some_and(opens) {
            return Ok(response);
        }
        let mut refused = ErrorResponse::new(None);
        *refused.status_mut() = tokio_tungstenite::tungstenite::http::StatusCode::UNAUTHORIZED;
        Err(refused)
    };
    let socket = accept_hdr_async(socket, check).await.ok()?;
    let path = path.lock().unwrap().clone();
    Some((socket, path))
}

pub(super) async fn serve(socket: TcpStream, state: State) {
    let Some((mut socket, path)) = accept(socket).await else {
        return;
    };
    let mood = state.mood();
    let is_set = |name: &str| param(&path, name).as_deref() == Some("true");
    let mut sound = 0;
    loop {
        let Ok(next) = tokio::time::timeout(IDLE, socket.next()).await else {
            state.note(path, sound);
            return close_idle(&mut socket).await;
        };
        match next {
            Some(Ok(Message::Binary(bytes))) => {
                let first = sound == 0;
                sound += bytes.len();
                if mood == Mood::Idle {
                    return close_idle(&mut socket).await;
                }
                if first && mood == Mood::Well {
                    if is_set("vad_events") {
                        let begun =
                            json!({"type": "SpeechStarted", "channel": [0, 1], "timestamp": 0.1});
                        let _gone = socket.send(Message::text(begun.to_string())).await;
                    }
                    if is_set("interim_results") {
                        let _gone = socket.send(results("hel", Of::default())).await;
                    }
                }
            }
            Some(Ok(Message::Text(text))) => {
                let read: Value = serde_json::from_str(text.as_str()).unwrap_or(Value::Null);
                match read["type"].as_str() {
                    Some("CloseStream") => break,
                    Some("Finalize") if mood == Mood::Well => {
                        let of = Of {
                            from_finalize: true,
                            speech_final: true,
                            ..KEPT
                        };
                        let _gone = socket.send(results("", of)).await;
                    }
                    Some("KeepAlive" | "Finalize" | "Configure") => {}
                    _ => {
                        let told = json!({
                            "type": "Error", "variant": "UnknownMessage", "description": "a message of no known type",
                        });
                        let _gone = socket.send(Message::text(told.to_string())).await;
                    }
                }
            }
            Some(Ok(_)) => {}
            None | Some(Err(_)) => break,
        }
    }
    state.note(path, sound);
    if mood == Mood::Silent {
        tokio::time::sleep(Duration::from_secs(60)).await;
        return;
    }
    finish(&mut socket, sound).await;
}

async fn finish(socket: &mut Socket, sound: usize) {
    let metadata = json!({
        "type": "Metadata", "transaction_key": "deprecated", "request_id": "r", "sha256": "0",
        "created": "2026-12-01T10:00:00.000Z", "duration": sound as f64 / SECOND, "channels": 1,
    });
    let end = json!({"type": "UtteranceEnd", "channel": [0, 1], "last_word_end": 1.0});
    let last = Of {
        speech_final: true,
        ..KEPT
    };
    for message in [
        results("Hello", KEPT),
        results("there.", last),
        Message::text(end.to_string()),
        Message::text(metadata.to_string()),
    ] {
        let _gone = socket.send(message).await;
    }
    let _gone = socket.close(None).await;
}

async fn close_idle(socket: &mut Socket) {
    let frame = CloseFrame {
        code: CloseCode::Error,
        reason: "NET-0001".into(),
    };
    let _gone = socket.send(Message::Close(Some(frame))).await;
}
