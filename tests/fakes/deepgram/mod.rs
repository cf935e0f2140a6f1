//! Deepgram, built from its interface and not from our client: recordings, live sound over a WebSocket, and speech.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::accept_hdr_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

/// How it behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Well,
    /// `INVALID_AUTH`.
    BadKey,
    /// Too many at once.
    Busy,
    /// An answer that is not JSON.
    Nonsense,
    /// It closes a live connection in the middle, as after 10 s without sound.
    Idle,
    /// It accepts a live connection and says nothing.
    Silent,
}

#[derive(Clone)]
struct State {
    mood: Mood,
    seen: Arc<Mutex<Vec<(String, usize)>>>,
}

pub(crate) struct FakeDeepgram {
    pub(crate) port: u16,
    state: State,
}

impl FakeDeepgram {
    pub(crate) async fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = State {
            mood,
            seen: Arc::default(),
        };
        let serving = state.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, serving.clone()));
            }
        });
        Self { port, state }
    }

    /// The first line of each request, and the bytes of its sound or body.
    pub(crate) fn seen(&self) -> Vec<(String, usize)> {
        self.state.seen.lock().unwrap().clone()
    }
}

async fn serve(socket: TcpStream, state: State) {
    let mut head = [0; 4096];
    // A WebSocket's head must still be there for the handshake.
    let Ok(length) = socket.peek(&mut head).await else {
        return;
    };
    let text = String::from_utf8_lossy(&head[..length]).to_lowercase();
    match text.contains("upgrade: websocket") {
        true => live(socket, state).await,
        false => plain(socket, state).await,
    }
}

async fn plain(mut socket: TcpStream, state: State) {
    let mut all = Vec::new();
    let mut piece = [0; 4096];
    let (head, body) = loop {
        let Ok(read) = socket.read(&mut piece).await else {
            return;
        };
        all.extend_from_slice(&piece[..read]);
        let end = all.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8_lossy(&all[..end]).into_owned();
            let lower = head.to_lowercase();
            let length = lower
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.map_or(0, |length| length.parse().unwrap());
            if all.len() >= end + 4 + length {
                break (head, all[end + 4..].to_vec());
            }
        }
        if read == 0 {
            return;
        }
    };
    let line = head.lines().next().unwrap_or_default().to_owned();
    let has_key = head
        .to_lowercase()
        .contains("authorization: token k-secret");
    state.seen.lock().unwrap().push((line.clone(), body.len()));
    let (status, kind, answer) = match state.mood {
        Mood::BadKey => (401, "application/json", error("INVALID_AUTH")),
        _ if !has_key => (401, "application/json", error("INVALID_AUTH")),
        Mood::Busy => (429, "application/json", error("TOO_MANY_REQUESTS")),
        Mood::Nonsense => (200, "application/json", b"{\"results\":".to_vec()),
        _ if line.contains("/speak") => (200, "audio/l16", vec![0; 4_800]),
        _ => (200, "application/json", transcript()),
    };
    let length = answer.len();
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    let _gone = socket.write_all(head.as_bytes()).await;
    let _gone = socket.write_all(&answer).await;
    let _gone = socket.shutdown().await;
}

fn error(code: &str) -> Vec<u8> {
    json!({"err_code": code, "err_msg": "no", "request_id": "r"})
        .to_string()
        .into_bytes()
}

fn transcript() -> Vec<u8> {
    let words = json!([
        {"word": "hello", "start": 0.1, "end": 0.5, "confidence": 0.9, "punctuated_word": "Hello"},
        {"word": "there", "start": 0.6, "end": 1.0, "confidence": 0.8, "punctuated_word": "there."},
    ]);
    let body = json!({
        "metadata": {"request_id": "r", "duration": 1.25, "channels": 1, "models": ["m"]},
        "results": {
            "channels": [{
                "alternatives": [{"transcript": "Hello there.", "confidence": 0.9, "words": words}],
                "detected_language": "en",
            }],
            "utterances": [{
                "start": 0.1, "end": 1.0, "confidence": 0.9, "channel": 0, "transcript": "Hello there.",
                "words": words, "id": "u",
            }],
        },
    });
    body.to_string().into_bytes()
}

fn results(text: &str, is_final: bool, speech_final: bool) -> Message {
    let body = json!({
        "type": "Results", "channel_index": [0, 1], "duration": 1.0, "start": 0.0, "is_final": is_final,
        "speech_final": speech_final, "from_finalize": false,
        "channel": {"alternatives": [{"transcript": text, "confidence": 0.9, "words": []}]},
    });
    Message::text(body.to_string())
}

async fn live(socket: TcpStream, state: State) {
    let line = Arc::new(Mutex::new(String::new()));
    let noted = Arc::clone(&line);
    let check = move |request: &Request, response: Response| {
        *noted.lock().unwrap() = request.uri().to_string();
        Ok::<Response, ErrorResponse>(response)
    };
    let Ok(mut socket) = accept_hdr_async(socket, check).await else {
        return;
    };
    let mut sound = 0;
    let mut begun = false;
    while let Some(Ok(message)) = socket.next().await {
        match message {
            Message::Binary(bytes) => {
                sound += bytes.len();
                if state.mood == Mood::Idle {
                    let frame = CloseFrame {
                        code: CloseCode::Error,
                        reason: "NET-0001".into(),
                    };
                    let _gone = socket.send(Message::Close(Some(frame))).await;
                    return;
                }
                if !begun && state.mood == Mood::Well {
                    begun = true;
                    let _gone = socket.send(results("hel", false, false)).await;
                }
            }
            Message::Text(text) => {
                let read: Value = serde_json::from_str(text.as_str()).unwrap();
                if read["type"] == "CloseStream" {
                    break;
                }
            }
            _ => {}
        }
    }
    let path = line.lock().unwrap().clone();
    state.seen.lock().unwrap().push((path, sound));
    if state.mood == Mood::Silent {
        tokio::time::sleep(Duration::from_secs(60)).await;
        return;
    }
    let metadata = json!({
        "type": "Metadata", "transaction_key": "x", "request_id": "r", "sha256": "0", "created": "now",
        "duration": 1.0, "channels": 1,
    });
    let last = json!({"type": "UtteranceEnd", "channel": [0, 1], "last_word_end": 0.9});
    for message in [
        results("Hello", true, false),
        results("there.", true, true),
        Message::text(last.to_string()),
        Message::text(metadata.to_string()),
    ] {
        let _gone = socket.send(message).await;
    }
    let _gone = socket.close(None).await;
}
