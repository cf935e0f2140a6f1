//! A client of the Realtime API that collects events.

use std::collections::VecDeque;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use frontdesk::http::server::Limits;
use frontdesk::speech::{AudioLimits, Mono, decode};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::app::{Server, TestApp};

pub struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    _server: Option<Server>,
    seen: VecDeque<Value>,
}

impl Client {
    /// A session of the default model, opened with the key of the test.
    pub async fn open(app: &TestApp) -> Self {
        Self::of_model(app, "gpt-realtime").await
    }

    pub async fn of_model(app: &TestApp, model: &str) -> Self {
        let server = app.serve(Limits::default()).await;
        let headers = [("authorization", format!("Bearer {}", app.key))];
        let path = format!("/v1/realtime?model={model}");
        let mut client = Self::connect(server.address, &path, &headers)
            .await
            .unwrap();
        client._server = Some(server);
        assert_eq!(client.next().await["type"], "session.created");
        client
    }

    pub async fn connect(
        address: std::net::SocketAddr,
        path: &str,
        headers: &[(&'static str, String)],
    ) -> Result<Self, Error> {
        let mut request = format!("ws://{address}{path}").into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let (socket, _) = connect_async(request).await?;
        Ok(Self {
            socket,
            _server: None,
            seen: VecDeque::new(),
        })
    }

    pub async fn send(&mut self, event: Value) {
        self.raw(Message::text(event.to_string())).await;
    }

    pub async fn raw(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    /// The next event.
    pub async fn next(&mut self) -> Value {
        if let Some(event) = self.seen.pop_front() {
            return event;
        }
        loop {
            let message = tokio::time::timeout(Duration::from_secs(10), self.socket.next());
            match message.await.expect("an event in time").unwrap().unwrap() {
                Message::Text(text) => return serde_json::from_str(text.as_str()).unwrap(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("no event: {other:?}"),
            }
        }
    }

    /// All events up to one of this type.
    pub async fn until(&mut self, kind: &str) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            let event = self.next().await;
            let last = event["type"] == kind;
            events.push(event);
            if last {
                return events;
            }
            assert!(events.len() < 5000, "no {kind}");
        }
    }

    /// The last of the events up to one of this type.
    pub async fn find(&mut self, kind: &str) -> Value {
        self.until(kind).await.pop().unwrap()
    }

    /// Sends an event that must be answered with an error; the error.
    pub async fn fails(&mut self, event: Value) -> Value {
        self.send(event).await;
        self.find("error").await["error"].take()
    }

    pub async fn update(&mut self, session: Value) -> Value {
        self.send(json!({"type": "session.update", "session": session}))
            .await;
        self.find("session.updated").await["session"].take()
    }

    pub async fn write(&mut self, text: &str) {
        let content = json!([{"type": "input_text", "text": text}]);
        let item = json!({"type": "message", "role": "user", "content": content});
        self.send(json!({"type": "conversation.item.create", "item": item}))
            .await;
    }

    pub async fn append(&mut self, samples: &[i16]) {
        for piece in samples.chunks(4800) {
            let bytes: Vec<u8> = piece.iter().flat_map(|s| s.to_le_bytes()).collect();
            let audio = STANDARD.encode(bytes);
            self.send(json!({"type": "input_audio_buffer.append", "audio": audio}))
                .await;
        }
    }

    pub async fn close(mut self) {
        let _ = self.socket.close(None).await;
    }
}

/// Types of events, those that repeat once.
pub fn order(events: &[Value]) -> Vec<String> {
    let mut kinds: Vec<String> = events
        .iter()
        .map(|event| event["type"].as_str().unwrap().to_owned())
        .filter(|kind| kind != "rate_limits.updated")
        .collect();
    kinds.dedup();
    kinds
}

/// "Hello there" at 24 kHz, with silence before and behind it.
pub fn speech(silence_ms: usize) -> Vec<i16> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/audio/hello.wav"
    );
    let file = std::fs::read(path).unwrap();
    let pcm = decode(
        &file,
        None,
        &AudioLimits::default(),
        &AtomicBool::new(false),
    )
    .unwrap();
    let samples: Vec<i16> = pcm
        .samples
        .iter()
        .map(|sample| (sample * 32_767.0) as i16)
        .collect();
    let mut mono = Mono::live(24_000);
    let mut spoken = mono.convert(&samples, 16_000).unwrap();
    spoken.extend(mono.rest().unwrap());
    let silence = vec![0; 24 * silence_ms];
    [silence.clone(), spoken, silence].concat()
}
