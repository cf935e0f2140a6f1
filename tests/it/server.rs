//! The accept loop, over a real socket.

use std::time::{Duration, Instant};

use frontdesk::http::server::Limits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::app::{Server, TestApp, eventually};
use crate::fakes::Plan;

const CHAT: &str =
    r#"{"model":"default","stream":true,"messages":[{"role":"user","content":"Hi"}]}"#;

async fn connect(server: &Server) -> TcpStream {
    TcpStream::connect(server.address).await.unwrap()
}

/// Reads until the server closes, for at most five seconds.
async fn read_all(socket: &mut TcpStream) -> String {
    let mut all = Vec::new();
    let read = socket.read_to_end(&mut all);
    // A reset is a close, too.
    let _ = tokio::time::timeout(Duration::from_secs(5), read)
        .await
        .expect("closed in time");
    String::from_utf8_lossy(&all).into_owned()
}

async fn read_until(socket: &mut TcpStream, what: &str) -> String {
    let mut seen = String::new();
    let mut buffer = [0; 1024];
    while !seen.contains(what) {
        let read = tokio::time::timeout(Duration::from_secs(5), socket.read(&mut buffer));
        let n = read.await.expect("data in time").unwrap();
        assert!(n > 0, "closed before {what:?}: {seen}");
        seen.push_str(&String::from_utf8_lossy(&buffer[..n]));
    }
    seen
}

fn post(key: &str, path: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

const GET: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

fn impatient() -> Limits {
    Limits {
        header: Duration::from_millis(300),
        ..Limits::default()
    }
}

#[tokio::test]
async fn a_request_is_answered_and_the_connection_kept() {
    let app = TestApp::new().await;
    let server = app.serve(Limits::default()).await;
    let mut socket = connect(&server).await;
    for _ in 0..2 {
        socket.write_all(GET).await.unwrap();
        assert!(
            read_until(&mut socket, "\"ok\"")
                .await
                .starts_with("HTTP/1.1 200")
        );
    }
}

#[tokio::test]
async fn a_silent_connection_is_closed() {
    let app = TestApp::new().await;
    let server = app.serve(impatient()).await;
    let started = Instant::now();
    assert_eq!(read_all(&mut connect(&server).await).await, "");
    assert!(started.elapsed() >= Duration::from_millis(250));
}

#[tokio::test]
async fn headers_that_dribble_are_cut_off() {
    let app = TestApp::new().await;
    let server = app.serve(impatient()).await;
    let mut socket = connect(&server).await;
    let started = Instant::now();
    socket
        .write_all(b"GET /healthz HTTP/1.1\r\n")
        .await
        .unwrap();
    let mut refused = false;
    while started.elapsed() < Duration::from_secs(4) && !refused {
        tokio::time::sleep(Duration::from_millis(50)).await;
        refused = socket.write_all(b"X: y\r\n").await.is_err();
    }
    assert!(
        refused,
        "the connection is still open after {:?}",
        started.elapsed()
    );
}

#[tokio::test]
async fn an_idle_kept_connection_is_closed() {
    let app = TestApp::new().await;
    let server = app.serve(impatient()).await;
    let mut socket = connect(&server).await;
    socket.write_all(GET).await.unwrap();
    assert!(read_all(&mut socket).await.contains("\"ok\""));
}

#[tokio::test]
async fn silent_connections_do_not_keep_others_out() {
    let app = TestApp::new().await;
    let server = app
        .serve(Limits {
            connections: 3,
            ..impatient()
        })
        .await;
    let silent = [
        connect(&server).await,
        connect(&server).await,
        connect(&server).await,
    ];
    let mut socket = connect(&server).await;
    socket.write_all(GET).await.unwrap();
    assert!(
        read_until(&mut socket, "\"ok\"")
            .await
            .starts_with("HTTP/1.1 200")
    );
    drop(silent);
}

#[tokio::test]
async fn one_peer_gets_so_many_connections_and_no_more() {
    let app = TestApp::new().await;
    let limits = Limits {
        per_peer: 2,
        exempt_loopback: false,
        ..Limits::default()
    };
    let server = app.serve(limits).await;
    let mut first = connect(&server).await;
    first.write_all(GET).await.unwrap();
    read_until(&mut first, "\"ok\"").await;
    let _second = connect(&server).await;
    let mut third = connect(&server).await;
    assert_eq!(read_all(&mut third).await, "");
    drop(first);
    for attempt in 0..50 {
        let mut again = connect(&server).await;
        let _ = again.write_all(GET).await;
        let mut buffer = [0; 12];
        if again.read_exact(&mut buffer).await.is_ok() {
            assert_eq!(&buffer, b"HTTP/1.1 200");
            return;
        }
        assert!(attempt < 49, "the place was not given back");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_client_that_leaves_in_mid_stream_cancels_the_answer() {
    let app = TestApp::new().await;
    app.chat.script.set(Plan::Stall(vec!["Hel".into()]));
    let server = app.serve(Limits::default()).await;
    let mut socket = connect(&server).await;
    let request = post(&app.key, "/v1/chat/completions", CHAT);
    socket.write_all(request.as_bytes()).await.unwrap();
    read_until(&mut socket, "Hel").await;
    drop(socket);
    eventually("the answer is cancelled", || app.chat.cancelled() == 1).await;
}

#[tokio::test]
async fn a_client_that_leaves_before_the_answer_cancels_it() {
    let app = TestApp::new().await;
    app.chat.script.set(Plan::Stall(vec!["Hel".into()]));
    let server = app.serve(Limits::default()).await;
    let mut socket = connect(&server).await;
    let body = CHAT.replace("true", "false");
    socket
        .write_all(post(&app.key, "/v1/chat/completions", &body).as_bytes())
        .await
        .unwrap();
    eventually("the model is asked", || app.chat.script.count() == 1).await;
    drop(socket);
    eventually("the answer is cancelled", || app.chat.cancelled() == 1).await;
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_off() {
    let app = TestApp::new().await;
    app.chat
        .script
        .set(Plan::Words(vec!["x".repeat(64 * 1024); 400]));
    let limits = Limits {
        write_stall: Duration::from_millis(300),
        ..Limits::default()
    };
    let server = app.serve(limits).await;
    let mut socket = connect(&server).await;
    let request = post(&app.key, "/v1/chat/completions", CHAT);
    socket.write_all(request.as_bytes()).await.unwrap();
    eventually("the answer is cancelled", || app.chat.cancelled() == 1).await;
}

#[tokio::test]
async fn two_gigabytes_are_refused_before_they_come() {
    let app = TestApp::new().await;
    let server = app.serve(Limits::default()).await;
    for path in [
        "/api/v1/documents",
        "/v1/audio/transcriptions",
        "/v1/chat/completions",
    ] {
        let mut socket = connect(&server).await;
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\
             Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 2147483648\r\n\r\n",
            app.key
        );
        socket.write_all(head.as_bytes()).await.unwrap();
        assert!(
            read_until(&mut socket, "\r\n")
                .await
                .starts_with("HTTP/1.1 413"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn metrics_are_open_to_this_machine_but_not_through_a_proxy() {
    let app = TestApp::new().await;
    let server = app.serve(Limits::default()).await;
    let mut socket = connect(&server).await;
    socket
        .write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        .await
        .unwrap();
    assert!(
        read_until(&mut socket, "\r\n")
            .await
            .starts_with("HTTP/1.1 200")
    );
    let mut socket = connect(&server).await;
    let proxied = b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n";
    socket.write_all(proxied).await.unwrap();
    assert!(
        read_until(&mut socket, "\r\n")
            .await
            .starts_with("HTTP/1.1 401")
    );
}

#[tokio::test]
async fn shutdown_lets_answers_finish_and_ends_what_does_not() {
    let app = TestApp::new().await;
    let mut server = app
        .serve(Limits {
            drain: Duration::from_secs(1),
            ..Limits::default()
        })
        .await;
    app.chat.script.set(Plan::Stall(vec!["Hel".into()]));
    let mut stalled = connect(&server).await;
    let request = post(&app.key, "/v1/chat/completions", CHAT);
    stalled.write_all(request.as_bytes()).await.unwrap();
    read_until(&mut stalled, "Hel").await;
    let mut idle = connect(&server).await;
    idle.write_all(GET).await.unwrap();
    read_until(&mut idle, "\"ok\"").await;

    let started = Instant::now();
    server.stop.cancel();
    assert_eq!(
        read_all(&mut idle).await,
        "",
        "an idle connection ends at once"
    );
    assert!(started.elapsed() < Duration::from_millis(900));
    (&mut server.running).await.unwrap();
    assert!(
        started.elapsed() >= Duration::from_millis(900),
        "{:?}",
        started.elapsed()
    );
    assert_eq!(app.chat.cancelled(), 1);
    assert!(TcpStream::connect(server.address).await.is_err());
}
