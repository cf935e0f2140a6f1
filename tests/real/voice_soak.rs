//! Calls that break off at every stage, one after the other: nothing is left of them, and the next call is
//! answered. The short form is one round; `SOAK_MINUTES=60 cargo test --release --test real --
//! real_model_soak --nocapture` goes on for an hour.

use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use frontdesk::speech::{AudioLimits, decode};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::server::{Server, model, models};

/// Samples of a frame of 20 ms.
const FRAME: usize = 320;

/// Where a caller leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The socket is open, nothing was said.
    Connected,
    /// The first message was sent.
    Started,
    /// The session answered.
    Ready,
    /// While the greeting is heard.
    Greeting,
    /// In mid-sentence.
    Speaking,
    /// The sentence was understood, the answer is being found.
    Heard,
    /// The answer's first sound has come.
    Answering,
    /// The caller broke into the answer.
    Interrupting,
    /// The answer was heard to its end.
    Answered,
}

const STAGES: [Stage; 9] = [
    Stage::Connected,
    Stage::Started,
    Stage::Ready,
    Stage::Greeting,
    Stage::Speaking,
    Stage::Heard,
    Stage::Answering,
    Stage::Interrupting,
    Stage::Answered,
];

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// A caller in the middle of a call.
struct Call {
    socket: Socket,
    sequence: u32,
    due: Instant,
    /// Names of the messages that came.
    seen: Vec<String>,
    /// Frames of sound that came since the last `answer`.
    sound: usize,
}

impl Call {
    /// Calls; an address that calls too often has to wait.
    async fn open(server: &Server) -> Self {
        let address = server
            .url("/api/v1/visit/voice")
            .replace("http://", "ws://");
        let mut request = address.into_client_request().unwrap();
        let origin = server.address.parse().unwrap();
        request.headers_mut().insert("origin", origin);
        let socket = loop {
            match connect_async(request.clone()).await {
                Ok((socket, _)) => break socket,
                Err(Error::Http(refusal)) if refusal.status() == 429 => {
                    tokio::time::sleep(Duration::from_secs(5)).await;
                }
                Err(error) => panic!("{error}"),
            }
        };
        Self {
            socket,
            sequence: 0,
            due: Instant::now(),
            seen: Vec::new(),
            sound: 0,
        }
    }

    async fn send(&mut self, message: Value) {
        let text = Message::text(message.to_string());
        self.socket.send(text).await.unwrap();
    }

    /// Sends 20 ms of sound in real time and takes what came meanwhile.
    async fn tick(&mut self, samples: &[i16]) {
        let mut frame = self.sequence.to_le_bytes().to_vec();
        self.sequence += 1;
        for n in 0..FRAME {
            let sample = samples.get(n).copied().unwrap_or(0);
            frame.extend(sample.to_le_bytes());
        }
        self.socket.send(Message::binary(frame)).await.unwrap();
        self.due += Duration::from_millis(20);
        let due = tokio::time::Instant::from_std(self.due);
        while let Ok(next) = tokio::time::timeout_at(due, self.socket.next()).await {
            let Some(next) = next else { return };
            let next = next.unwrap();
            match next {
                Message::Text(text) => {
                    let message: Value = serde_json::from_str(&text).unwrap();
                    let kind = message["type"].as_str().unwrap().to_owned();
                    assert!(kind != "ended", "{message}");
                    if kind == "answer" {
                        self.sound = 0;
                    }
                    self.seen.push(kind);
                }
                Message::Binary(_) => self.sound += 1,
                _ => {}
            }
        }
    }

    fn count(&self, kind: &str) -> usize {
        self.seen.iter().filter(|seen| *seen == kind).count()
    }

    /// Stays silent until something holds, at most 30 s.
    async fn silent_until(&mut self, what: &str, holds: impl FnMut(&Self) -> bool) {
        if !self.silence_until(holds).await {
            panic!("no {what} came within 30 s; {:?} did", self.seen);
        }
    }

    async fn silence_until(&mut self, mut holds: impl FnMut(&Self) -> bool) -> bool {
        for _ in 0..1500 {
            if holds(self) {
                return true;
            }
            self.tick(&[]).await;
        }
        false
    }

    async fn say(&mut self, samples: &[i16]) {
        for frame in samples.chunks(FRAME) {
            self.tick(frame).await;
        }
    }

    /// Calls, again while the visitor's last call is not over (a visitor has one at a time); waits until the
    /// session has answered, but if `at_once`.
    async fn started(server: &Server, token: &str, at_once: bool) -> Option<Self> {
        for _ in 0..50 {
            let mut call = Self::open(server).await;
            call.send(json!({"type": "start", "token": token})).await;
            call.due = Instant::now();
            if at_once {
                return Some(call);
            }
            let told = call
                .silence_until(|c| c.count("ready") + c.count("busy") > 0)
                .await;
            assert!(told, "the session does not answer");
            if call.count("ready") > 0 {
                return Some(call);
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        None
    }

    /// Calls and goes on until the stage is reached.
    async fn until(server: &Server, token: &str, question: &[i16], stage: Stage) -> Self {
        if stage == Stage::Connected {
            return Self::open(server).await;
        }
        let Some(mut call) = Self::started(server, token, stage == Stage::Started).await else {
            panic!("the visitor's last call is not over after 10 s");
        };
        if stage == Stage::Started {
            return call;
        }
        if stage == Stage::Ready {
            return call;
        }
        call.silent_until("greeting", |c| c.sound > 0).await;
        if stage == Stage::Greeting {
            return call;
        }
        call.silent_until("end of the greeting", |c| c.count("audio_end") > 0)
            .await;
        for _ in 0..100 {
            call.tick(&[]).await;
        }
        if stage == Stage::Speaking {
            call.say(&question[..question.len() / 2]).await;
            return call;
        }
        let answers = call.count("answer");
        call.say(question).await;
        call.silent_until("words", |c| c.count("heard") > 0).await;
        if stage == Stage::Heard {
            return call;
        }
        call.silent_until("answer", |c| c.count("answer") > answers && c.sound > 0)
            .await;
        if stage == Stage::Interrupting {
            call.say(question).await;
        }
        if stage == Stage::Answered {
            let ends = call.count("audio_end");
            call.silent_until("end of the answer", |c| c.count("audio_end") > ends)
                .await;
        }
        call
    }
}

/// What a process holds: descriptors and threads. Of the server, which hides them, only root sees the descriptors;
/// others see none, before and after.
fn held(pid: u32) -> (usize, usize) {
    let count = |what: &str| std::fs::read_dir(format!("/proc/{pid}/{what}")).map(Iterator::count);
    (count("fd").unwrap_or(0), count("task").unwrap())
}

/// Waits until no call is open.
async fn all_over(server: &Server) {
    for _ in 0..200 {
        let (status, list) = server.get("/api/v1/calls?status=in-progress").await;
        assert_eq!(status, 200, "{list}");
        if list["calls"].as_array().unwrap().is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("a call is still open 20 s after its caller left");
}

#[tokio::test(flavor = "multi_thread")]
async fn real_model_soak_of_calls_that_break_off_at_every_stage() {
    if models().is_none() || model("piper-en-us-joe-medium").is_none() {
        println!("left out: get the models with `frontdesk models get --starter test`");
        return;
    }
    let minutes: u64 = std::env::var("SOAK_MINUTES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(0);
    let server = Server::start(None);
    server.ready().await;
    let site = server.open_to_visitors().await;
    let (status, visit) = server
        .post_json("/api/v1/visit", json!({"site": site}))
        .await;
    assert_eq!(status, 200, "{visit}");
    let token = visit["token"].as_str().unwrap().to_owned();
    let limits = AudioLimits {
        max_seconds: 60,
        max_bytes: 1 << 24,
    };
    let sound = decode(&super::speech(), None, &limits, &AtomicBool::new(false)).unwrap();
    let question: Vec<i16> = sound
        .samples
        .iter()
        .map(|sample| (sample * 32_767.0) as i16)
        .collect();

    // Once along the whole way, so that everything is loaded.
    drop(Call::until(&server, &token, &question, Stage::Answered).await);
    all_over(&server).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    let voice = server.worker("voice").expect("the voice process runs");
    let before = (held(server.pid()), held(voice));

    let since = Instant::now();
    let mut calls = 0;
    loop {
        for stage in STAGES {
            for polite in [false, true] {
                if minutes == 0 && polite && stage != Stage::Answering {
                    continue;
                }
                let mut call = Call::until(&server, &token, &question, stage).await;
                if polite && stage != Stage::Connected {
                    call.send(json!({"type": "hangup"})).await;
                    let bye = call.socket.close(None).await;
                    println!("{stage:?}: {bye:?}");
                }
                drop(call);
                calls += 1;
            }
        }
        if since.elapsed() >= Duration::from_secs(minutes * 60) {
            break;
        }
    }
    all_over(&server).await;
    let last = Call::until(&server, &token, &question, Stage::Answered).await;
    drop(last);
    all_over(&server).await;
    assert_eq!(
        server.worker("voice"),
        Some(voice),
        "the voice process died"
    );

    // Connections that ended and threads of the pool go with a little delay.
    let mut after = (held(server.pid()), held(voice));
    for _ in 0..100 {
        if after.0.0 <= before.0.0 + 2 && after.0.1 <= before.0.1 + 4 && after.1 <= before.1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        after = (held(server.pid()), held(voice));
    }
    println!(
        "{calls} calls in {} s; descriptors and threads of the server {:?} before, {:?} after; of the voice \
         process {:?}, {:?}",
        since.elapsed().as_secs(),
        before.0,
        after.0,
        before.1,
        after.1
    );
    assert!(after.0.0 <= before.0.0 + 2, "descriptors leaked");
    // Idle threads of the blocking pool end by themselves after 10 s of rest.
    assert!(after.0.1 <= before.0.1 + 4, "threads leaked");
    assert!(after.1 <= before.1, "the voice process leaked");
}
