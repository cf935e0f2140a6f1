//! `WS /api/v1/visit/voice` on a real socket: what is well behaved, and what is not.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::app::{Server, TestApp};
use crate::visit::{token, widget};
use frontdesk::http::server::Limits;
use frontdesk::store::users::Role;

/// Longer than any answer of the fakes.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Browser {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    number: u32,
    sound: usize,
}

impl Browser {
    pub async fn connect(server: &Server, headers: &[(&'static str, &str)]) -> Result<Self, Error> {
        let address = format!("ws://{}/api/v1/visit/voice", server.address);
        let mut request = address.into_client_request()?;
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let (socket, _) = connect_async(request).await?;
        Ok(Self {
            socket,
            number: 0,
            sound: 0,
        })
    }

    /// A call that is ready.
    async fn call(server: &Server, token: &str) -> Self {
        let mut browser = Self::connect(server, &[]).await.unwrap();
        browser.say(json!({"type": "start", "token": token})).await;
        browser.until("ready").await;
        browser
    }

    pub async fn say(&mut self, message: Value) {
        let text = Message::Text(message.to_string().into());
        self.socket.send(text).await.unwrap();
    }

    async fn frame(&mut self, number: u32, samples: &[i16]) -> Result<(), Error> {
        let mut frame = number.to_le_bytes().to_vec();
        frame.extend(samples.iter().flat_map(|s| s.to_le_bytes()));
        self.socket.send(Message::Binary(frame.into())).await
    }

    /// Sound in real time, 20 ms a frame.
    pub async fn speak(&mut self, ms: usize, loud: bool) {
        let mut clock = tokio::time::interval(Duration::from_millis(20));
        for _ in 0..ms / 20 {
            clock.tick().await;
            let at = self.number;
            let samples: Vec<i16> = (0..320)
                .map(|n| if loud { voice(at * 320 + n) } else { 0 })
                .collect();
            self.number += 1;
            self.frame(at, &samples).await.unwrap();
        }
    }

    /// The next message; binary ones are counted and passed over. None when the socket is closed.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.socket.next()).await;
            match next.expect("nothing came") {
                Some(Ok(Message::Text(text))) => return Some(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Binary(frame))) => {
                    assert!(frame.len() > 8 && frame.len() % 2 == 0);
                    self.sound += frame.len() - 8;
                }
                Some(Ok(Message::Close(_)) | Err(_)) | None => return None,
                Some(Ok(_)) => {}
            }
        }
    }

    async fn until(&mut self, kind: &str) -> Value {
        while let Some(message) = self.next().await {
            if message["type"] == kind {
                return message;
            }
        }
        panic!("closed before {kind}");
    }
}

/// Something between a hum and a voice.
fn voice(at: u32) -> i16 {
    let t = f64::from(at) / 16_000.0;
    let wave = |f: f64| (t * f * std::f64::consts::TAU).sin();
    let syllables = 0.55 + 0.45 * wave(4.0);
    (syllables
        * (wave(140.0) + 0.6 * wave(280.0) + 0.4 * wave(720.0) + 0.3 * wave(1440.0))
        * 7000.0) as i16
}

async fn served() -> (TestApp, Server) {
    let app = TestApp::new().await;
    let server = app.serve(Limits::default()).await;
    (app, server)
}

#[tokio::test]
async fn a_typed_turn_is_answered_in_text_and_sound() {
    let (app, server) = served().await;
    app.document("default", "prices.txt", "A full service costs 89 euros.")
        .await;
    let token = token(&app).await;
    let mut browser = Browser::call(&server, &token).await;
    browser
        .say(json!({"type": "text", "text": "How much is a full service?"}))
        .await;
    let answer = loop {
        let answer = browser.until("answer").await;
        if answer["turn"] != 0 {
            break answer;
        }
    };
    assert!(answer["text"].as_str().unwrap().contains("89"), "{answer}");
    let title = answer["citations"][0]["title"].as_str().unwrap();
    assert!(title.starts_with("prices"), "{answer}");
    assert!(answer["citations"][0].get("document").is_none() && answer.get("receipt").is_none());
    browser.until("audio_end").await;
    assert!(browser.sound > 0);
    browser.say(json!({"type": "hangup"})).await;
    let ended = browser.until("ended").await;
    assert_eq!(ended["reason"], "user_hangup");
    assert!(
        browser.next().await.is_none(),
        "the socket is closed after it"
    );
}

#[tokio::test]
async fn messages_that_cannot_be_read_are_told_and_the_call_goes_on() {
    let (app, server) = served().await;
    let token = token(&app).await;
    let mut browser = Browser::call(&server, &token).await;
    for (bad, word) in [
        (Message::Binary(vec![1, 2, 3].into()), "4 bytes"),
        (Message::Binary(vec![0; 7].into()), "2 bytes"),
        (Message::Binary(vec![0; 65 * 1024].into()), "65536"),
        (Message::Text("rubbish".into()), "cannot be read"),
        (Message::Text(r#"{"type":"dance"}"#.into()), "dance"),
        (Message::Text(r#"{"type":"text","text":""}"#.into()), "text"),
    ] {
        browser.socket.send(bad).await.unwrap();
        let error = browser.until("error").await;
        assert!(error["message"].as_str().unwrap().contains(word), "{error}");
        // Complaints come at most once a second.
        tokio::time::sleep(Duration::from_millis(1050)).await;
    }
    browser.say(json!({"type": "text", "text": "Hello!"})).await;
    browser.until("answer").await;
}

#[tokio::test]
async fn frames_late_lost_and_out_of_order_do_no_harm() {
    let (app, server) = served().await;
    let token = token(&app).await;
    let mut browser = Browser::call(&server, &token).await;
    for number in [0, 1, 5, 3, 2, 6, 6, 4_000_000_000, 7, u32::MAX, 0, 1] {
        browser.frame(number, &[0; 320]).await.unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    browser.say(json!({"type": "text", "text": "Hello!"})).await;
    browser.until("answer").await;
}

#[tokio::test]
async fn sound_faster_than_time_is_dropped_then_the_socket_closes() {
    let (app, server) = served().await;
    let token = token(&app).await;
    let mut browser = Browser::call(&server, &token).await;
    let mut notice = false;
    let mut closed = false;
    for number in 0..600_u32 {
        if browser.frame(number, &[0; 1600]).await.is_err() {
            closed = true;
            break;
        }
        while let Ok(Some(message)) =
            tokio::time::timeout(Duration::from_millis(1), browser.socket.next()).await
        {
            match message {
                Ok(Message::Text(text)) => notice |= text.contains("faster than real time"),
                Ok(Message::Close(Some(frame))) => {
                    assert_eq!(u16::from(frame.code), 1008);
                    closed = true;
                }
                Ok(_) => {}
                Err(_) => closed = true,
            }
            if closed {
                break;
            }
        }
        if closed {
            break;
        }
    }
    assert!(notice, "it was not told");
    assert!(closed, "it was not closed");
}

#[tokio::test]
async fn other_sites_are_refused_at_the_handshake() {
    let (app, server) = served().await;
    widget(
        &app,
        "default",
        json!({"origins": ["https://shop.example"]}),
    )
    .await;
    widget(&app, "other", json!({"origins": ["https://other.example"]})).await;
    for origin in ["https://evil.example", "null", "http://localhost:1"] {
        let refused = Browser::connect(&server, &[("origin", origin)]).await.err();
        let Some(Error::Http(response)) = refused else {
            panic!("{origin}: {refused:?}")
        };
        assert_eq!(response.status(), 403, "{origin}");
    }
    let token = token(&app).await;
    // Another workspace's page passes the handshake and is refused with the token.
    let mut browser = Browser::connect(&server, &[("origin", "https://other.example")])
        .await
        .unwrap();
    browser.say(json!({"type": "start", "token": token})).await;
    assert_eq!(browser.until("error").await["code"], "origin_not_allowed");
    let mut browser = Browser::connect(&server, &[("origin", "https://shop.example")])
        .await
        .unwrap();
    browser.say(json!({"type": "start", "token": token})).await;
    browser.until("ready").await;
}

#[tokio::test]
async fn a_session_of_the_console_counts_on_own_pages_only() {
    let (app, server) = served().await;
    let cookie = format!(
        "frontdesk_session={}",
        crate::auth::sign_in(&app, Role::Owner).await.1
    );
    let own = format!("http://{}", server.address);
    // A page of the visitor's own machine may embed the widget, but has no part in a session.
    for (origin, fine) in [
        (Some(own.as_str()), true),
        (Some("http://localhost:3000"), false),
        (None, false),
    ] {
        let mut headers = vec![("cookie", cookie.as_str())];
        headers.extend(origin.map(|origin| ("origin", origin)));
        let mut browser = Browser::connect(&server, &headers).await.unwrap();
        browser.say(json!({"type": "start"})).await;
        if fine {
            let ready = browser.until("ready").await;
            assert!(ready["call"].is_string());
        } else {
            browser.until("error").await;
        }
    }
}

#[tokio::test]
async fn the_first_message_must_be_a_start_of_a_visitor() {
    let (app, server) = served().await;
    let token = token(&app).await;
    for first in [
        json!({"type": "text", "text": "hi"}),
        json!({"type": "start"}),
        json!({"type": "start", "token": "fd_visit_0000"}),
        json!({"type": "start", "token": app.key}),
        json!({"type": "start", "token": token, "assistant": "nobody"}),
    ] {
        let mut browser = Browser::connect(&server, &[]).await.unwrap();
        browser.say(first.clone()).await;
        let error = browser.next().await.unwrap();
        assert_eq!(error["type"], "error", "{first}");
        assert!(browser.next().await.is_none());
    }
    let mut silent = Browser::connect(&server, &[]).await.unwrap();
    assert_eq!(silent.next().await.unwrap()["type"], "error");
}

#[tokio::test]
async fn another_visitors_conversation_is_refused() {
    let (app, server) = served().await;
    let (ann, ben) = (token(&app).await, token(&app).await);
    let mut browser = Browser::connect(&server, &[]).await.unwrap();
    browser.say(json!({"type": "start", "token": ann})).await;
    let hers = browser.until("ready").await["conversation"].clone();
    let mut browser = Browser::connect(&server, &[]).await.unwrap();
    browser
        .say(json!({"type": "start", "token": ben, "conversation": hers}))
        .await;
    assert_eq!(browser.until("error").await["code"], "not_found");
}

#[tokio::test]
async fn beyond_the_places_callers_are_told_and_a_place_comes_free() {
    let (app, server) = served().await;
    let mut callers = Vec::new();
    let busy = loop {
        let token = token(&app).await;
        let mut browser = Browser::connect(&server, &[]).await.unwrap();
        browser.say(json!({"type": "start", "token": token})).await;
        let first = browser.next().await.unwrap();
        match first["type"].as_str().unwrap() {
            "busy" => break first,
            _ => callers.push(browser),
        }
        assert!(callers.len() < 10, "there is no limit");
    };
    assert!(busy["message"].as_str().unwrap().contains("chat"), "{busy}");
    // Gone without a word: the connection just ends.
    drop(callers);
    let token = token(&app).await;
    for _ in 0..100 {
        let mut browser = Browser::connect(&server, &[]).await.unwrap();
        browser.say(json!({"type": "start", "token": token})).await;
        let first = browser.next().await.unwrap();
        if first["type"] == "ready" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    panic!("no place came free");
}

#[tokio::test]
async fn a_kiosk_gets_through_when_visitors_hold_every_line() {
    let app = TestApp::with(|config| config.voice_sessions = 1).await;
    let server = app.serve(Limits::default()).await;
    let _holds_the_line = Browser::call(&server, &token(&app).await).await;
    let mut visitor = Browser::connect(&server, &[]).await.unwrap();
    let start = json!({"type": "start", "token": token(&app).await});
    visitor.say(start).await;
    visitor.until("busy").await;
    let key = format!("Bearer {}", app.key);
    let mut kiosks = Vec::new();
    for answer in ["ready", "busy"] {
        let headers = [("authorization", key.as_str())];
        let mut kiosk = Browser::connect(&server, &headers).await.unwrap();
        let start = json!({"type": "start", "channel": "kiosk"});
        kiosk.say(start).await;
        kiosk.until(answer).await;
        kiosks.push(kiosk);
    }
}

#[tokio::test]
async fn a_visitor_is_in_one_call_at_a_time() {
    let (app, server) = served().await;
    let token = token(&app).await;
    let mut first = Browser::call(&server, &token).await;
    let mut second = Browser::connect(&server, &[]).await.unwrap();
    second.say(json!({"type": "start", "token": token})).await;
    assert!(
        second.until("busy").await["message"]
            .as_str()
            .unwrap()
            .contains("already")
    );
    first.say(json!({"type": "hangup"})).await;
    first.until("ended").await;
}

#[tokio::test]
async fn a_spoken_turn_is_heard_and_answered() {
    let (app, server) = served().await;
    app.document("default", "prices.txt", "A full service costs 89 euros.")
        .await;
    app.ears.will_hear(&["How much is a full service?"]);
    let token = token(&app).await;
    let mut browser = Browser::call(&server, &token).await;
    // Push-to-talk: the turn ends with the button, whatever the detector of voices thinks of the hum.
    browser.speak(200, false).await;
    browser.say(json!({"type": "talk", "on": true})).await;
    browser.speak(1200, true).await;
    browser.say(json!({"type": "talk", "on": false})).await;
    browser.speak(1000, false).await;
    let heard = browser.until("heard").await;
    assert_eq!(heard["text"], "How much is a full service?");
    let answer = browser.until("answer").await;
    assert!(answer["text"].as_str().unwrap().contains("89"), "{answer}");
}
