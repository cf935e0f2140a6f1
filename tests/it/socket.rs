//! The socket for commands: who may come in, and what they may do.

use std::path::PathBuf;

use frontdesk::http::server::{Limits, serve_local};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixListener, UnixStream};
use tokio_tungstenite::client_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_util::sync::CancellationToken;

use crate::app::TestApp;

/// A socket that serves an application until it is dropped.
struct Door {
    path: PathBuf,
    stop: CancellationToken,
    _folder: tempfile::TempDir,
}

impl Drop for Door {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Door {
    fn open(app: &TestApp, trusted: Vec<u32>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("desk.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let stop = CancellationToken::new();
        let router = app.router.clone();
        let limits = Limits::default();
        tokio::spawn(serve_local(listener, trusted, router, limits, stop.clone()));
        Self {
            path,
            stop,
            _folder: folder,
        }
    }

    async fn connect(&self) -> UnixStream {
        UnixStream::connect(&self.path).await.unwrap()
    }

    async fn get(&self, path: &str, headers: &str) -> String {
        answer(self.connect().await, &get(path, headers)).await
    }
}

fn own_user() -> u32 {
    let (own, _) = UnixStream::pair().unwrap();
    own.peer_cred().unwrap().uid()
}

fn get(path: &str, headers: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\n{headers}Connection: close\r\n\r\n")
}

/// All that comes back; nothing if the connection is closed.
async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, request: &str) -> String {
    // A connection that is closed at once may take nothing, and end in an error.
    let _closed = stream.write_all(request.as_bytes()).await;
    let mut all = Vec::new();
    let _closed = stream.read_to_end(&mut all).await;
    String::from_utf8_lossy(&all).into_owned()
}

#[tokio::test]
async fn a_command_needs_no_key_and_the_network_does() {
    let app = TestApp::new().await;
    app.workspace("hr").await;
    app.document("hr", "wages.txt", "Wages are paid on Fridays.")
        .await;
    let door = Door::open(&app, vec![own_user()]);
    let server = app.serve(Limits::default()).await;
    // Documents of any workspace, what is of the whole installation, and what is for this machine.
    for (path, holds) in [
        ("/api/v1/documents?workspace=hr", "wages.txt"),
        ("/api/v1/keys", "\"keys\""),
        ("/api/v1/accounts", "\"accounts\""),
        ("/metrics", "# EOF"),
    ] {
        let local = door.get(path, "").await;
        assert!(
            local.starts_with("HTTP/1.1 200") && local.contains(holds),
            "{path}: {local}"
        );
        let network = TcpStream::connect(server.address).await.unwrap();
        let forwarded = "X-Forwarded-For: 127.0.0.1\r\n";
        let network = answer(network, &get(path, forwarded)).await;
        assert!(network.starts_with("HTTP/1.1 401"), "{path}: {network}");
    }
    assert!(
        door.get("/documents", "").await.contains("403"),
        "pages are for people"
    );
}

#[tokio::test]
async fn another_user_is_kept_out() {
    let app = TestApp::new().await;
    let door = Door::open(&app, vec![own_user() + 1]);
    assert_eq!(door.get("/healthz", "").await, "");
}

#[tokio::test]
async fn browsers_and_proxies_are_sent_to_the_front() {
    let app = TestApp::new().await;
    let door = Door::open(&app, vec![own_user()]);
    let key = format!("Authorization: Bearer {}\r\n", app.key);
    assert!(
        door.get("/api/v1/keys", &key)
            .await
            .starts_with("HTTP/1.1 200")
    );
    for mark in [
        "Origin: http://x",
        "Cookie: frontdesk_session=1",
        "Sec-Fetch-Site: same-origin",
        "Referer: http://x/",
        "X-Forwarded-For: 203.0.113.9",
        "X-Forwarded-Proto: https",
        "Via: 1.1 proxy",
    ] {
        let refused = door.get("/api/v1/keys", &format!("{mark}\r\n{key}")).await;
        assert!(
            refused.starts_with("HTTP/1.1 403") && refused.contains("commands_only"),
            "{mark}: {refused}"
        );
    }
}

#[tokio::test]
async fn a_kiosk_talks_over_it() {
    let app = TestApp::new().await;
    let door = Door::open(&app, vec![own_user()]);
    let connection = door.connect().await;
    let (mut socket, _) = client_async("ws://frontdesk/api/v1/visit/voice", connection)
        .await
        .unwrap();
    let start = json!({"type": "start", "channel": "kiosk", "workspace": "default"});
    let start = Message::text(start.to_string());
    socket.send(start).await.unwrap();
    let first = loop {
        match socket.next().await.unwrap().unwrap() {
            Message::Text(text) => break serde_json::from_str::<Value>(&text).unwrap(),
            Message::Binary(_) | Message::Ping(_) => {}
            other => panic!("{other}"),
        }
    };
    assert_eq!(first["type"], "ready", "{first}");
}
