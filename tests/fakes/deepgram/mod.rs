//! Deepgram, built from its interface and not from our client: recordings, live sound over a WebSocket, and speech.

mod live;
mod plain;

use std::sync::{Arc, Mutex};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// The key that it takes.
pub(crate) const KEY: &str = "k-secret";

/// How it behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
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
    mood: Arc<Mutex<Mood>>,
    seen: Arc<Mutex<Vec<(String, usize)>>>,
}

impl State {
    fn mood(&self) -> Mood {
        *self.mood.lock().unwrap()
    }

    fn note(&self, line: String, bytes: usize) {
        self.seen.lock().unwrap().push((line, bytes));
    }
}

pub(crate) struct FakeDeepgram {
    pub(crate) port: u16,
    state: State,
}

impl FakeDeepgram {
    pub(crate) async fn start(mood: Mood) -> Self {
        Self::start_on(TcpListener::bind("127.0.0.1:0").await.unwrap(), mood)
    }

    pub(crate) fn start_on(listener: TcpListener, mood: Mood) -> Self {
        let port = listener.local_addr().unwrap().port();
        let state = State {
            mood: Arc::new(Mutex::new(mood)),
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

    #[allow(dead_code, reason = "by hand only")]
    pub(crate) fn set_mood(&self, mood: Mood) {
        *self.state.mood.lock().unwrap() = mood;
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
        true => live::serve(socket, state).await,
        false => plain::serve(socket, state).await,
    }
}

/// Whether the value of `Authorization` opens it: a key, or a token that was granted for a while.
fn opens(authorization: &str) -> bool {
    let known = ["token", "bearer"];
    authorization
        .split_once(' ')
        .is_some_and(|(kind, key)| known.contains(&kind.to_lowercase().as_str()) && key == KEY)
}

/// A parameter of an address such as `/v1/listen?model=nova-3`.
fn param(path: &str, name: &str) -> Option<String> {
    let url = Url::parse("http://here/").ok()?.join(path).ok()?;
    let found = url.query_pairs().find(|(key, _)| key == name);
    found.map(|(_, value)| value.into_owned())
}

fn words() -> Value {
    json!([
        {"word": "hello", "start": 0.1, "end": 0.5, "confidence": 0.9, "punctuated_word": "Hello"},
        {"word": "there", "start": 0.6, "end": 1.0, "confidence": 0.8, "punctuated_word": "there."},
    ])
}

fn model_info() -> Value {
    json!({"name": "general-nova-3", "version": "2026-01-01.0", "arch": "nova-3"})
}
