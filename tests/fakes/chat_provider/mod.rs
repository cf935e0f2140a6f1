//! Language models of providers, built from their protocols and not from our client: a server on loopback that answers each
//! request with the next script. It splits its bytes where it is told to, breaks off, stalls, and refuses.

mod usual;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// The head with its last empty line.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    /// Every byte of it.
    pub(crate) fn bytes(&self) -> usize {
        self.head.len() + self.body.len()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn path(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let of_line = |line: &'_ str| {
            let (found, _) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(())
        };
        let line = self.head.lines().find(|line| of_line(line).is_some())?;
        Some(line.split_once(": ")?.1)
    }
}

/// How an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// As it should.
    Whole,
    /// The connection closes although more was announced.
    CutOff,
    /// The connection is reset.
    Reset,
    /// Nothing more comes.
    Stall,
    /// Not even a head comes.
    Mute,
}

/// One answer.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    /// The body goes out in pieces of so many bytes.
    pub(crate) piece: usize,
    pub(crate) end: End,
}

impl Script {
    pub(crate) fn stream(body: impl Into<Vec<u8>>) -> Self {
        Self {
            status: 200,
            headers: vec![("content-type", "text/event-stream".to_owned())],
            body: body.into(),
            piece: usize::MAX,
            end: End::Whole,
        }
    }

    pub(crate) fn error(status: u16, told: &str) -> Self {
        Self {
            status,
            headers: vec![("content-type", "application/json".to_owned())],
            body: json!({"error": {"message": told, "type": "x"}})
                .to_string()
                .into_bytes(),
            ..Self::stream("")
        }
    }

    pub(crate) fn in_pieces(self, piece: usize) -> Self {
        Self { piece, ..self }
    }

    pub(crate) fn ending(self, end: End) -> Self {
        Self { end, ..self }
    }
}

#[derive(Clone, Default)]
struct State {
    seen: Arc<Mutex<Vec<Seen>>>,
    scripts: Arc<Mutex<VecDeque<Script>>>,
    sent: Arc<Mutex<usize>>,
    /// Whether a request without a script is answered all the same.
    usual: bool,
}

/// The server.
pub(crate) struct FakeChatProvider {
    pub(crate) port: u16,
    state: State,
}

impl FakeChatProvider {
    pub(crate) async fn start() -> Self {
        Self::start_on(TcpListener::bind("127.0.0.1:0").await.unwrap(), false)
    }

    /// With `usual`, requests for which no script is left get some words.
    pub(crate) fn start_on(listener: TcpListener, usual: bool) -> Self {
        let port = listener.local_addr().unwrap().port();
        let state = State {
            usual,
            ..State::default()
        };
        let serving = state.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(answer(socket, serving.clone()));
            }
        });
        Self { port, state }
    }

    pub(crate) fn then(&self, script: Script) -> &Self {
        self.state.scripts.lock().unwrap().push_back(script);
        self
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state.seen.lock().unwrap().clone()
    }

    /// Bytes of all bodies that were sent.
    pub(crate) fn sent(&self) -> usize {
        *self.state.sent.lock().unwrap()
    }
}

async fn answer(mut socket: TcpStream, state: State) {
    let Some(seen) = read(&mut socket).await else {
        return;
    };
    state.seen.lock().unwrap().push(seen.clone());
    let script = state.scripts.lock().unwrap().pop_front();
    let script = script.unwrap_or_else(|| match state.usual {
        true => usual::answer(&seen),
        false => Script::error(500, "no script is left"),
    });
    if script.end == End::Mute {
        return tokio::time::sleep(Duration::from_secs(120)).await;
    }
    let mut head = format!("HTTP/1.1 {} X\r\nconnection: close\r\n", script.status);
    for (name, value) in &script.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if script.end != End::Whole {
        head.push_str("content-length: 1000000\r\n");
    }
    head.push_str("\r\n");
    if socket.write_all(head.as_bytes()).await.is_err() {
        return;
    }
    for piece in script.body.chunks(script.piece.max(1)) {
        if socket.write_all(piece).await.is_err() || socket.flush().await.is_err() {
            return;
        }
        *state.sent.lock().unwrap() += piece.len();
        match script.piece {
            // Long ones are to arrive one by one.
            100..usize::MAX => tokio::time::sleep(Duration::from_millis(30)).await,
            _ => tokio::task::yield_now().await,
        }
    }
    match script.end {
        End::Stall => tokio::time::sleep(Duration::from_secs(120)).await,
        End::Reset => {
            // What was sent is to arrive before.
            tokio::time::sleep(Duration::from_millis(30)).await;
            socket.set_zero_linger().unwrap();
            return;
        }
        End::Whole | End::CutOff | End::Mute => {}
    }
    let _gone = socket.shutdown().await;
}

async fn read(socket: &mut TcpStream) -> Option<Seen> {
    let mut all = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let read = socket.read(&mut piece).await.ok()?;
        all.extend_from_slice(&piece[..read]);
        let end = all.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8(all[..end + 4].to_vec()).ok()?;
            let lower = head.to_lowercase();
            let length = lower
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.map_or(0, |length| length.parse().unwrap());
            if all.len() >= end + 4 + length {
                let body = all[end + 4..].to_vec();
                return Some(Seen { head, body });
            }
        }
        if read == 0 {
            return None;
        }
    }
}

/// Events of OpenAI's chat completions.
pub(crate) mod openai {
    use super::*;

    fn event(value: &Value) -> String {
        format!("data: {value}\n\n")
    }

    fn chunk(delta: &Value, finish: Option<&str>) -> String {
        event(&json!({
            "id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], "usage": null,
            "obfuscation": "x7",
        }))
    }

    fn usage() -> String {
        event(&json!({
            "id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [],
            "usage": {"prompt_tokens": 20, "completion_tokens": 5, "total_tokens": 25},
        }))
    }

    /// An answer of these words, with its usage.
    pub(crate) fn words(words: &[&str]) -> String {
        let mut all = chunk(&json!({"role": "assistant", "content": ""}), None);
        for word in words {
            all.push_str(&chunk(&json!({"content": word}), None));
        }
        all.push_str(&chunk(&json!({}), Some("stop")));
        all.push_str(&usage());
        all.push_str("data: [DONE]\n\n");
        all
    }

    /// A call of a function whose arguments come in two parts.
    pub(crate) fn call(name: &str, first: &str, second: &str) -> String {
        let begin = json!({"tool_calls": [{
            "index": 0, "id": "t1", "type": "function", "function": {"name": name, "arguments": first},
        }]});
        let more = json!({"tool_calls": [{"index": 0, "function": {"arguments": second}}]});
        let mut all = chunk(&begin, None);
        all.push_str(&chunk(&more, None));
        all.push_str(&chunk(&json!({}), Some("tool_calls")));
        all.push_str(&usage());
        all.push_str("data: [DONE]\n\n");
        all
    }

    pub(crate) fn refusal() -> String {
        let mut all = chunk(&json!({"refusal": "I can't help with that."}), None);
        all.push_str(&chunk(&json!({}), Some("stop")));
        all.push_str("data: [DONE]\n\n");
        all
    }

    /// A word, then an error in the stream.
    pub(crate) fn error_after(word: &str) -> String {
        let mut all = chunk(&json!({"content": word}), None);
        all.push_str(&event(
            &json!({"error": {"message": "overloaded", "type": "server_error"}}),
        ));
        all
    }

    /// One word without an end.
    pub(crate) fn only(word: &str) -> String {
        chunk(&json!({"content": word}), None)
    }
}

/// Events of Anthropic's messages.
pub(crate) mod anthropic {
    use super::*;

    fn event(name: &str, value: &Value) -> String {
        format!("event: {name}\ndata: {value}\n\n")
    }

    fn start() -> String {
        let usage = json!({"input_tokens": 11, "cache_read_input_tokens": 4, "output_tokens": 1});
        let message = json!({"id": "m", "type": "message", "role": "assistant", "content": [], "usage": usage});
        let mut all = event(
            "message_start",
            &json!({"type": "message_start", "message": message}),
        );
        all.push_str(&event("ping", &json!({"type": "ping"})));
        all
    }

    fn stop(reason: &str) -> String {
        let delta = json!({"stop_reason": reason, "stop_sequence": null});
        let body = json!({"type": "message_delta", "delta": delta, "usage": {"output_tokens": 9}});
        let mut all = event("message_delta", &body);
        all.push_str(&event("message_stop", &json!({"type": "message_stop"})));
        all
    }

    fn block(start: &Value, deltas: &[Value]) -> String {
        let begin = json!({"type": "content_block_start", "index": 0, "content_block": start});
        let mut all = event("content_block_start", &begin);
        for delta in deltas {
            let more = json!({"type": "content_block_delta", "index": 0, "delta": delta});
            all.push_str(&event("content_block_delta", &more));
        }
        let end = json!({"type": "content_block_stop", "index": 0});
        all.push_str(&event("content_block_stop", &end));
        all
    }

    pub(crate) fn words(words: &[&str]) -> String {
        let deltas: Vec<Value> = words
            .iter()
            .map(|word| json!({"type": "text_delta", "text": word}))
            .collect();
        let block = block(&json!({"type": "text", "text": ""}), &deltas);
        format!("{}{block}{}", start(), stop("end_turn"))
    }

    pub(crate) fn call(name: &str, parts: &[&str]) -> String {
        let deltas: Vec<Value> = parts
            .iter()
            .map(|part| json!({"type": "input_json_delta", "partial_json": part}))
            .collect();
        let begin = json!({"type": "tool_use", "id": "toolu_1", "name": name, "input": {}});
        format!("{}{}{}", start(), block(&begin, &deltas), stop("tool_use"))
    }

    pub(crate) fn refusal() -> String {
        format!("{}{}", start(), stop("refusal"))
    }
}

/// Events of Gemini's stream.
pub(crate) mod gemini {
    use super::*;

    pub(crate) fn words(words: &[&str]) -> String {
        let last = words.len().saturating_sub(1);
        let mut all = String::new();
        for (at, word) in words.iter().enumerate() {
            let finish = (at == last).then_some("STOP");
            let content = json!({"parts": [{"text": word}], "role": "model"});
            let chunk = json!({
                "candidates": [{"content": content, "finishReason": finish, "index": 0}],
                "usageMetadata": {"promptTokenCount": 8, "candidatesTokenCount": 3, "totalTokenCount": 11},
            });
            all.push_str(&format!("data: {chunk}\r\n\r\n"));
        }
        all
    }

    pub(crate) fn blocked() -> String {
        "data: {\"promptFeedback\":{\"blockReason\":\"SAFETY\"}}\r\n\r\n".to_owned()
    }
}
