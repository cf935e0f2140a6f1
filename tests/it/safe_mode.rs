//! A database that cannot be opened: what the built program serves then, with and without HTTPS.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::beside::Place;
use crate::https::{ask, ask_plain, connect, files};

/// A program that is ended with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _ended = self.0.wait();
    }
}

/// A data folder whose database nobody can read.
fn damaged() -> Place {
    let place = Place::new("data");
    place.serve_with(&[], "").stop();
    let database = place.root.path().join("data/frontdesk.db");
    let length = std::fs::metadata(&database).unwrap().len();
    let junk = vec![0x5a; usize::try_from(length).unwrap()];
    std::fs::write(database, junk).unwrap();
    place
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Starts it under HTTPS on ports of its own: without TLS, and with it.
fn start(place: &Place, more: impl FnOnce(&mut Command)) -> (Running, u16, u16) {
    let (plain, tls) = (free_port(), free_port());
    let listen = format!("127.0.0.1:{plain}");
    let mut command =
        place.frontdesk(&["serve", "--listen", &listen, "--https", "desk.example.com"]);
    command
        .env("FRONTDESK_HTTPS_LISTEN", format!("127.0.0.1:{tls}"))
        .env("FRONTDESK_HTTPS_REDIRECT", "none")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    more(&mut command);
    (Running(command.spawn().unwrap()), plain, tls)
}

async fn until_it_listens(port: u16) {
    for _ in 0..500 {
        if tokio::net::TcpStream::connect(("127.0.0.1", port))
            .await
            .is_ok()
        {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("nothing listens on port {port}");
}

const HEAD: &str = "GET / HTTP/1.1\r\nHost: desk.example.com";

#[tokio::test]
async fn with_own_files_the_page_is_served_by_https() {
    let place = damaged();
    let root = files(place.root.path(), "desk.example.com");
    let file = |name: &str| place.root.path().join(name);
    let (_running, plain, tls) = start(&place, |command| {
        command
            .env("FRONTDESK_HTTPS_CERTIFICATE", file("cert.pem"))
            .env("FRONTDESK_HTTPS_KEY", file("key.pem"));
    });
    until_it_listens(tls).await;
    let stream = connect(tls, "desk.example.com", &root).await.unwrap();
    let answer = ask(stream, HEAD, "").await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains("The front desk is not open"), "{answer}");
    let answer = ask_plain(plain, HEAD).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(!answer.contains("HTTPS is not served"), "{answer}");
}

#[tokio::test]
async fn without_a_readable_certificate_it_is_on_this_machine_only_and_says_so() {
    let place = damaged();
    let (_running, plain, tls) = start(&place, |_| ());
    until_it_listens(plain).await;
    let answer = ask_plain(plain, HEAD).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.contains("HTTPS is not served meanwhile"), "{answer}");
    let encrypted = tokio::net::TcpStream::connect(("127.0.0.1", tls)).await;
    assert!(encrypted.is_err());
}
