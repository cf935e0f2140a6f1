//! The gate against servers on this machine and host names that resolve to private addresses.

use std::collections::HashMap;
use std::io::Write as _;
use std::net::IpAddr;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::time::Instant;

use super::*;
use crate::store::egress::{Entry, list};

/// A resolver whose answers the test sets.
#[derive(Default)]
struct Names(HashMap<&'static str, Vec<&'static str>>);

#[async_trait]
impl Lookup for Names {
    async fn lookup(&self, host: &str) -> std::io::Result<Vec<IpAddr>> {
        let found = self.0.get(host);
        found
            .map(|all| all.iter().map(|a| a.parse().unwrap()).collect())
            .ok_or_else(|| std::io::Error::other("no such name"))
    }
}

/// A server that sends the same bytes to every client, then repeats `tail` for ever if it is given.
async fn server(head: impl Into<Vec<u8>>, tail: Option<Vec<u8>>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let head = head.into();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let (head, tail) = (head.clone(), tail.clone());
            tokio::spawn(async move {
                let mut asked = [0; 4096];
                let _ = socket.read(&mut asked).await;
                if socket.write_all(&head).await.is_err() {
                    return;
                }
                while let Some(tail) = &tail {
                    if tail.is_empty() {
                        tokio::time::sleep(Duration::from_secs(60)).await;
                    } else if socket.write_all(tail).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    port
}

struct Bench {
    gateway: Gateway,
    store: Store,
}

fn bench(allow: &str, names: &[(&'static str, &[&'static str])]) -> Bench {
    let store = Store::open_in_memory().unwrap();
    let names = Names(names.iter().map(|(n, a)| (*n, a.to_vec())).collect());
    let allow = Allow::parse(allow).unwrap();
    let gateway = Gateway::new(store.clone(), Reach::Open, allow, Arc::new(names)).unwrap();
    Bench { gateway, store }
}

fn request(url: &str) -> Request {
    let limits = Limits {
        bytes: 1 << 20,
        sent: 1 << 20,
        time: Duration::from_secs(2),
        redirects: 3,
    };
    Request {
        limits,
        ..Request::new(Purpose::WebPage, Method::Get, url.parse().unwrap())
    }
}

impl Bench {
    async fn get(&self, url: &str) -> Result<Bytes, EgressError> {
        self.gateway.send(request(url)).await?.bytes().await
    }

    async fn ledger(&self) -> Vec<Entry> {
        self.store.read(|conn| list(conn, None, 50)).await.unwrap()
    }
}

fn ok(body: &[u8], headers: &str) -> Vec<u8> {
    let mut all = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n",
        body.len()
    )
    .into_bytes();
    all.extend_from_slice(body);
    all
}

#[tokio::test]
async fn every_spelling_of_an_own_address_is_refused_without_a_connection() {
    let bench = bench(
        "",
        &[
            ("rebind.example", &["127.0.0.1"]),
            ("mixed.example", &["1.1.1.1", "10.0.0.1"]),
            ("six.example", &["::ffff:127.0.0.1"]),
            ("metadata.google.internal", &["169.254.169.254"]),
        ],
    );
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "0",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "[fd00:ec2::254]",
        "169.254.169.254",
        "169.254.169.254.",
        "100.100.100.200",
        "192.168.0.1",
        "10.0.0.1",
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
        "rebind.example",
        "REBIND.example",
        "mixed.example",
        "six.example",
        "metadata.google.internal",
    ] {
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://{host}/latest/meta-data");
            let outcome = bench.get(&url).await;
            assert!(
                matches!(outcome, Err(EgressError::Blocked { .. })),
                "{url}: {outcome:?}"
            );
        }
    }
    for row in bench.ledger().await {
        assert!(
            row.outcome.error.is_some() && row.outcome.status.is_none(),
            "{row:?}"
        );
        assert!(row.outcome.address.is_some(), "{row:?}");
        assert_eq!(row.outcome.bytes_sent, 0, "{row:?}");
    }
}

#[tokio::test]
async fn other_schemes_ports_and_credentials_are_refused() {
    let bench = bench("", &[("a.example", &["1.1.1.1"])]);
    for url in [
        "ftp://a.example/",
        "file:///etc/passwd",
        "gopher://a.example:80/",
        "http://a.example:22/",
        "https://a.example:8443/",
        "http://user@a.example/",
        "http://user:secret@a.example/",
        "http://a.example@127.0.0.1/",
    ] {
        let error = bench.get(url).await.unwrap_err();
        assert!(matches!(error, EgressError::Url { .. }), "{url}: {error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    let rows = bench.ledger().await;
    assert!(
        rows.iter().all(|row| !row.url.contains("secret")),
        "{rows:?}"
    );
}

#[tokio::test]
async fn an_allowed_host_is_fetched_and_written_down() {
    let port = server(ok(b"hello", "etag: \"1\"\r\n"), None).await;
    let bench = bench(&format!("127.0.0.1:{port}"), &[]);
    let response = bench
        .gateway
        .send(request(&format!("http://127.0.0.1:{port}/x?y=1#z")))
        .await
        .unwrap();
    assert_eq!(
        (response.status, response.header("etag")),
        (200, Some("\"1\""))
    );
    assert_eq!(response.bytes().await.unwrap(), "hello");
    let rows = bench.ledger().await;
    let row = &rows[0];
    assert_eq!(row.url, format!("http://127.0.0.1:{port}/x?y=1"));
    assert_eq!(row.outcome.address.as_deref(), Some("127.0.0.1"));
    assert_eq!(row.outcome.bytes_received, 5);
    assert!((50..500).contains(&row.outcome.bytes_sent), "{row:?}");
    assert_eq!((row.outcome.status, &row.outcome.error), (Some(200), &None));
}

#[tokio::test]
async fn a_name_allowed_for_one_port_opens_no_other() {
    let port = server(ok(b"inside", ""), None).await;
    let names: &[(&'static str, &[&'static str])] = &[("wiki.example", &["127.0.0.1"])];
    let bench = bench(&format!("wiki.example:{port}"), names);
    let inside = bench.get(&format!("http://wiki.example:{port}/")).await;
    assert_eq!(inside.unwrap(), "inside");
    let outcome = bench.get("http://wiki.example/").await;
    assert!(
        matches!(outcome, Err(EgressError::Blocked { .. })),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn each_redirect_is_checked_again() {
    for target in [
        "http://127.0.0.1/",
        "http://[::1]/",
        "//169.254.169.254/latest",
        "http://rebind.example/",
        "file:///etc/passwd",
        "http://127.0.0.1:1/",
    ] {
        let head = format!(
            "HTTP/1.1 302 Found\r\nlocation: {target}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        );
        let port = server(head, None).await;
        let bench = bench(
            &format!("127.0.0.1:{port}"),
            &[("rebind.example", &["127.0.0.1"])],
        );
        let error = bench
            .get(&format!("http://127.0.0.1:{port}/"))
            .await
            .unwrap_err();
        assert!(
            matches!(error, EgressError::Blocked { .. } | EgressError::Url { .. }),
            "{target}: {error}"
        );
        let rows = bench.ledger().await;
        assert_eq!(rows.len(), 2, "{rows:?}");
        assert_eq!(rows[1].outcome.status, Some(302));
        assert_eq!(rows[0].outcome.status, None);
    }
}

#[tokio::test]
async fn a_redirect_loop_ends() {
    let head =
        "HTTP/1.1 301 Moved\r\nlocation: /again\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let port = server(head, None).await;
    let bench = bench(&format!("127.0.0.1:{port}"), &[]);
    let error = bench
        .get(&format!("http://127.0.0.1:{port}/"))
        .await
        .unwrap_err();
    assert!(matches!(error, EgressError::Redirects(_)), "{error}");
    assert_eq!(bench.ledger().await.len(), 4);
}

#[tokio::test]
async fn an_endless_body_stops_at_the_limit() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 10737418240\r\n\r\n";
    let port = server(head, Some(vec![b'x'; 1 << 16])).await;
    let bench = bench(&format!("127.0.0.1:{port}"), &[]);
    let error = bench
        .get(&format!("http://127.0.0.1:{port}/"))
        .await
        .unwrap_err();
    assert!(matches!(error, EgressError::TooLarge { .. }), "{error}");
    let row = &bench.ledger().await[0];
    assert!(row.outcome.bytes_received < 3 << 20, "{row:?}");
    assert!(row.outcome.error.is_some());
}

#[tokio::test]
async fn a_gzip_bomb_stops_at_the_limit() {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..200 {
        packer.write_all(&vec![0; 1 << 20]).unwrap();
    }
    let bomb = packer.finish().unwrap();
    assert!(bomb.len() < 1 << 20, "{} bytes", bomb.len());
    let port = server(ok(&bomb, "content-encoding: gzip\r\n"), None).await;
    let bench = bench(&format!("127.0.0.1:{port}"), &[]);
    let error = bench
        .get(&format!("http://127.0.0.1:{port}/"))
        .await
        .unwrap_err();
    assert!(matches!(error, EgressError::TooLarge { .. }), "{error}");
}

#[tokio::test]
async fn a_compressed_body_is_unpacked_and_a_damaged_one_is_told() {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer
        .write_all("Grüße ".repeat(50_000).as_bytes())
        .unwrap();
    let packed = packer.finish().unwrap();
    let port = server(ok(&packed, "content-encoding: gzip\r\n"), None).await;
    let whole = bench(&format!("127.0.0.1:{port}"), &[]);
    let body = whole
        .get(&format!("http://127.0.0.1:{port}/"))
        .await
        .unwrap();
    assert_eq!(body.len(), 8 * 50_000);
    let row = &whole.ledger().await[0];
    assert_eq!(
        row.outcome.bytes_received,
        i64::try_from(packed.len()).unwrap()
    );

    let cut = &packed[..packed.len() - 20];
    let port = server(ok(cut, "content-encoding: gzip\r\n"), None).await;
    let broken = bench(&format!("127.0.0.1:{port}"), &[]);
    let error = broken
        .get(&format!("http://127.0.0.1:{port}/"))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("damaged"), "{error}");
}

#[tokio::test]
async fn a_name_that_nobody_has_says_so_and_nothing_was_sent() {
    let bench = bench("", &[("empty.example", &[])]);
    for host in ["unknown.example", "empty.example"] {
        let error = bench.get(&format!("http://{host}/")).await.unwrap_err();
        assert!(matches!(error, EgressError::Failed { .. }), "{error}");
    }
    for row in bench.ledger().await {
        assert_eq!(row.outcome.bytes_sent, 0, "{row:?}");
    }
}

#[tokio::test]
async fn a_silent_server_is_left() {
    let port = server("HTTP/1.1 200 OK\r\n\r\nbegin", Some(Vec::new())).await;
    let bench = bench(&format!("127.0.0.1:{port}"), &[]);
    let started = Instant::now();
    let error = bench
        .get(&format!("http://127.0.0.1:{port}/"))
        .await
        .unwrap_err();
    assert!(matches!(error, EgressError::Slow { .. }), "{error}");
    assert!(started.elapsed() < Duration::from_secs(4));
}

#[tokio::test]
async fn with_the_cable_pulled_nothing_goes_out() {
    let store = Store::open_in_memory().unwrap();
    let port = server(ok(b"hello", ""), None).await;
    let allow = Allow::parse(&format!("127.0.0.1:{port}")).unwrap();
    let names = Arc::new(Names::default());
    let gateway = Gateway::new(store.clone(), Reach::NoWeb, allow, names).unwrap();
    let url = format!("http://127.0.0.1:{port}/");
    let error = gateway.send(request(&url)).await.err().unwrap();
    assert!(error.to_string().contains("egress.web"), "{error}");
    let rows = store.read(|conn| list(conn, None, 5)).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].outcome.bytes_sent, 0);
}

#[tokio::test]
async fn an_answer_that_is_dropped_is_closed_in_the_ledger() {
    let port = server(ok(&[b'x'; 100_000], ""), None).await;
    let bench = bench(&format!("127.0.0.1:{port}"), &[]);
    let url = format!("http://127.0.0.1:{port}/");
    drop(bench.gateway.send(request(&url)).await.unwrap());
    for _ in 0..100 {
        if bench.ledger().await[0].outcome.error.is_some() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the row stayed open");
}

#[path = "egress_led_tests.rs"]
mod led;
#[path = "egress_out_tests.rs"]
mod out;
#[path = "egress_starttls_tests.rs"]
mod starttls;
#[path = "egress_stream_tests.rs"]
mod streams;
#[path = "egress_tls_tests.rs"]
mod tls;
