//! Recordings and speech: one request, one answer.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use url::Url;

use super::{Mood, State, model_info, opens, param, words};

/// Most characters of a text to speak.
const LONGEST_TEXT: usize = 2_000;
const JSON: &str = "application/json";

struct Asked {
    /// `POST /v1/listen?… HTTP/1.1`
    line: String,
    head: String,
    body: Vec<u8>,
}

impl Asked {
    fn path(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or_default()
    }

    fn header(&self, name: &str) -> Option<&str> {
        let pairs = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut found = pairs.filter(|(key, _)| key.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value)
    }
}

type Answer = (u16, &'static str, Vec<u8>);

pub(super) async fn serve(mut socket: TcpStream, state: State) {
    let Some(asked) = read(&mut socket).await else {
        return;
    };
    state.note(asked.line.clone(), asked.body.len());
    let (status, kind, answer) = answer(&asked, state.mood());
    let length = answer.len();
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    let _gone = socket.write_all(head.as_bytes()).await;
    let _gone = socket.write_all(&answer).await;
    let _gone = socket.shutdown().await;
}

async fn read(socket: &mut TcpStream) -> Option<Asked> {
    let mut all = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let read = socket.read(&mut piece).await.ok()?;
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
                let line = head.lines().next().unwrap_or_default().to_owned();
                let body = all[end + 4..].to_vec();
                return Some(Asked { line, head, body });
            }
        }
        if read == 0 {
            return None;
        }
    }
}

fn answer(asked: &Asked, mood: Mood) -> Answer {
    match mood {
        Mood::BadKey => return (401, JSON, error("INVALID_AUTH")),
        _ if !asked.header("authorization").is_some_and(opens) => {
            return (401, JSON, error("INVALID_AUTH"));
        }
        Mood::Busy => return (429, JSON, error("TOO_MANY_REQUESTS")),
        Mood::Nonsense => return (200, JSON, b"{\"results\":".to_vec()),
        _ => {}
    }
    match asked.path().split('?').next().unwrap_or_default() {
        "/v1/speak" => speak(asked),
        "/v1/listen" => listen(asked),
        "/v1/auth/grant" => {
            let granted = json!({"access_token": super::KEY, "expires_in": 30.0});
            (200, JSON, granted.to_string().into_bytes())
        }
        _ => (404, JSON, error("NOT_FOUND")),
    }
}

fn error(code: &str) -> Vec<u8> {
    json!({"err_code": code, "err_msg": "no", "request_id": "r"})
        .to_string()
        .into_bytes()
}

fn listen(asked: &Asked) -> Answer {
    let kind = asked.header("content-type").unwrap_or_default();
    if kind.starts_with(JSON) {
        let body: Value = serde_json::from_slice(&asked.body).unwrap_or(Value::Null);
        let is_address = body["url"]
            .as_str()
            .is_some_and(|url| Url::parse(url).is_ok());
        if !is_address {
            return (400, JSON, error("Bad Request"));
        }
    } else if asked.body.is_empty() {
        return (400, JSON, error("Bad Request"));
    }
    let body = transcript(asked.path()).to_string().into_bytes();
    let Some(to) = param(asked.path(), "callback") else {
        return (200, JSON, body);
    };
    tokio::spawn(call_back(to, body));
    (
        200,
        JSON,
        json!({"request_id": "r"}).to_string().into_bytes(),
    )
}

fn transcript(path: &str) -> Value {
    let is_set = |name: &str| param(path, name).as_deref() == Some("true");
    let mut body = json!({
        "metadata": {
            "transaction_key": "deprecated", "request_id": "r", "sha256": "0", "created": "2026-12-01T10:00:00.000Z",
            "duration": 1.25, "channels": 1, "models": ["m"], "model_info": {"m": model_info()},
        },
        "results": {
            "channels": [{
                "alternatives": [{"transcript": "Hello there.", "confidence": 0.9, "words": words()}],
            }],
        },
    });
    let channel = &mut body["results"]["channels"][0];
    if is_set("detect_language") {
        channel["detected_language"] = "en".into();
        channel["language_confidence"] = 0.9.into();
    }
    if param(path, "language").as_deref() == Some("multi") {
        channel["alternatives"][0]["languages"] = json!(["en"]);
    }
    if is_set("utterances") {
        body["results"]["utterances"] = json!([{
            "start": 0.1, "end": 1.0, "confidence": 0.9, "channel": 0, "transcript": "Hello there.",
            "words": words(), "id": "u",
        }]);
    }
    body
}

/// Tells an address that a transcript is ready, without TLS.
async fn call_back(to: String, body: Vec<u8>) {
    let Ok(url) = Url::parse(&to) else { return };
    let Ok(places) = url.socket_addrs(|| None) else {
        return;
    };
    let Ok(mut socket) = TcpStream::connect(&*places).await else {
        return;
    };
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: {}\r\ncontent-type: {JSON}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        url.path(),
        url.host_str().unwrap_or_default(),
        body.len()
    );
    let _gone = socket.write_all(head.as_bytes()).await;
    let _gone = socket.write_all(&body).await;
    let mut rest = Vec::new();
    let _gone = socket.read_to_end(&mut rest).await;
}

fn speak(asked: &Asked) -> Answer {
    let body: Value = serde_json::from_slice(&asked.body).unwrap_or(Value::Null);
    let Some(text) = body["text"].as_str().filter(|text| !text.is_empty()) else {
        return (400, JSON, error("Bad Request"));
    };
    if text.chars().count() > LONGEST_TEXT {
        return (413, JSON, error("PAYLOAD_ERROR"));
    }
    let kind = match param(asked.path(), "encoding").as_deref() {
        Some("linear16") => "audio/l16",
        Some("mulaw") => "audio/mulaw",
        Some("opus") => "audio/ogg",
        Some("flac") => "audio/flac",
        _ => "audio/mpeg",
    };
    (200, kind, vec![0; 4_800])
}
