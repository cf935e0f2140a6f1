//! HTTPS of our own, over real sockets: what visitors get with and without it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use frontdesk::app::App;
use frontdesk::certificates::authority_fixture::{Authority, Rules};
use frontdesk::config::{Config, HttpsHsts};
use frontdesk::http::redirects;
use frontdesk::http::server::{self, Limits};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_util::sync::CancellationToken;

use crate::app::{TestApp, eventually};
use crate::browser::{PASSWORD, person};

/// Both listeners of a server, until it is dropped.
struct Served {
    tls: u16,
    http: u16,
    stop: CancellationToken,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

struct Sockets {
    tls: TcpListener,
    http: TcpListener,
}

impl Sockets {
    async fn bind() -> Self {
        Self {
            tls: TcpListener::bind("127.0.0.1:0").await.unwrap(),
            http: TcpListener::bind("127.0.0.1:0").await.unwrap(),
        }
    }

    fn serve(self, app: &TestApp, limits: Limits) -> Served {
        let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
        let (tls, http) = (port(&self.tls), port(&self.http));
        let stop = CancellationToken::new();
        let certificates = app.app.certificates.clone().unwrap();
        let router = app.router.clone();
        let secure = server::serve_secure(
            self.tls,
            certificates.clone(),
            router,
            limits.clone(),
            stop.clone(),
        );
        tokio::spawn(secure);
        let plain = server::serve(
            self.http,
            redirects(certificates, tls),
            limits,
            stop.clone(),
        );
        tokio::spawn(plain);
        app.app.renew_certificates(true);
        Served { tls, http, stop }
    }
}

async fn serve(app: &TestApp) -> Served {
    Sockets::bind().await.serve(app, Limits::default())
}

pub async fn connect(port: u16, name: &str, root: &[u8]) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(root.to_vec())).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let stream = TcpStream::connect(("127.0.0.1", port)).await?;
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

/// Sends a request; the whole answer.
pub async fn ask(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    head: &str,
    body: &str,
) -> String {
    let length = body.len();
    let text = format!("{head}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}");
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let reading = stream.read_to_end(&mut answer);
    let _end = tokio::time::timeout(Duration::from_secs(10), reading)
        .await
        .expect("an answer in time");
    String::from_utf8_lossy(&answer).into_owned()
}

pub async fn ask_plain(port: u16, head: &str) -> String {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    ask(stream, head, "").await
}

fn header<'a>(answer: &'a str, name: &str) -> Option<&'a str> {
    let head = answer.split("\r\n\r\n").next()?;
    let pairs = head.lines().filter_map(|line| line.split_once(':'));
    let mut found = pairs.filter(|(found, _)| found.eq_ignore_ascii_case(name));
    found.next().map(|(_, value)| value.trim())
}

fn local(config: &mut Config) {
    config.https_names = "desk.local,127.0.0.1".to_owned();
}

fn root(app: &App) -> Vec<u8> {
    let certificates = app.certificates.as_ref().unwrap();
    certificates.root().unwrap().der.clone()
}

#[tokio::test]
async fn a_device_that_trusts_the_private_root_signs_in_with_a_secure_cookie() {
    let app = TestApp::with(local).await;
    person(&app, "mo", "owner").await;
    let served = serve(&app).await;
    let root = root(&app.app);
    let form = format!(
        "email=mo@example.com&password={}",
        PASSWORD.replace(' ', "+")
    );
    let head = "POST /login HTTP/1.1\r\nHost: desk.local\r\nSec-Fetch-Site: same-origin\r\n\
                Content-Type: application/x-www-form-urlencoded";
    let stream = connect(served.tls, "desk.local", &root).await.unwrap();
    let answer = ask(stream, head, &form).await;
    let cookie = header(&answer, "set-cookie").unwrap_or_default();
    assert!(
        cookie.starts_with("__Host-") && cookie.ends_with("; Secure"),
        "{answer}"
    );
    // No private authority binds browsers for a year.
    assert_eq!(header(&answer, "strict-transport-security"), None);
    let stream = connect(served.tls, "127.0.0.1", &root).await.unwrap();
    let page = format!("GET /status HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}");
    let page = ask(stream, &page, "").await;
    let certificates = app.app.certificates.as_ref().unwrap();
    let fingerprint = &certificates.root().unwrap().fingerprint;
    assert!(
        page.contains(fingerprint) && page.contains("https://127.0.0.1/v1"),
        "{page}"
    );
    // Without the root nothing is spoken.
    let key = KeyPair::generate().unwrap();
    let other = CertificateParams::default().self_signed(&key).unwrap();
    assert!(
        connect(served.tls, "desk.local", other.der())
            .await
            .is_err()
    );

    // A client that claims TLS on the port without it is not believed.
    let plain = app.serve(Limits::default()).await;
    let stream = TcpStream::connect(plain.address).await.unwrap();
    let answer = ask(stream, &format!("{head}\r\nX-Frontdesk-Tls: yes"), &form).await;
    let cookie = header(&answer, "set-cookie").unwrap_or_default();
    assert!(!cookie.is_empty() && !cookie.contains("Secure"), "{answer}");
}

#[tokio::test]
async fn programs_on_this_machine_learn_how_it_stands() {
    let app = TestApp::with(local).await;
    let served = serve(&app).await;
    let root = root(&app.app);
    let stream = connect(served.tls, "127.0.0.1", &root).await.unwrap();
    let ready = ask(stream, "GET /readyz HTTP/1.1\r\nHost: 127.0.0.1", "").await;
    assert!(
        ready.contains(r#""mode":"private","names":["desk.local","127.0.0.1"]"#),
        "{ready}"
    );
    // Metrics are for this machine, over TLS too.
    let stream = connect(served.tls, "127.0.0.1", &root).await.unwrap();
    let metrics = ask(stream, "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1", "").await;
    assert!(metrics.starts_with("HTTP/1.1 200"), "{metrics}");
    let strange = app.get("/readyz").await.json();
    assert!(strange.get("https").is_none(), "{strange}");
    let status = app.get("/api/v1/status").await.json();
    assert_eq!(status["https"]["stand_in"], false);
    let protections = status["protections"].as_array().unwrap();
    let found = protections
        .iter()
        .find(|one| one["name"] == "certificate")
        .unwrap();
    assert_eq!(found["ok"], json!(true), "{found}");
}

#[tokio::test]
async fn visitors_without_https_are_sent_on_to_our_own_names_only() {
    let app = TestApp::with(local).await;
    let served = serve(&app).await;
    let port = served.tls;
    let get = |path: &str, host: &str| format!("GET {path} HTTP/1.1\r\nHost: {host}");
    let answer = ask_plain(served.http, &get("/chat?a=1&b=%20", "Desk.Local:80")).await;
    assert!(answer.starts_with("HTTP/1.1 308"), "{answer}");
    let target = format!("https://desk.local:{port}/chat?a=1&b=%20");
    assert_eq!(header(&answer, "location"), Some(target.as_str()));
    for host in [
        "evil.example",
        "desk.local.evil.example",
        "desk.local@evil.example",
        "",
    ] {
        for path in ["/", "/chat", "//evil.example/"] {
            let answer = ask_plain(served.http, &get(path, host)).await;
            assert!(
                answer.starts_with("HTTP/1.1 421"),
                "{host} {path}: {answer}"
            );
            assert_eq!(header(&answer, "location"), None);
        }
    }
    // A path cannot lead elsewhere.
    let answer = ask_plain(served.http, &get("//evil.example/x", "desk.local")).await;
    let target = format!("https://desk.local:{port}//evil.example/x");
    assert_eq!(header(&answer, "location"), Some(target.as_str()));
    // The first visit leads to the root, with its instructions.
    let answer = ask_plain(served.http, &get("/", "desk.local")).await;
    assert_eq!(header(&answer, "location"), Some("/certificate"));
    let page = ask_plain(served.http, &get("/certificate", "desk.local")).await;
    let own = app.app.certificates.as_ref().unwrap().root().unwrap();
    for told in [
        own.fingerprint.as_str(),
        "iPhone",
        "Android",
        "Windows",
        "macOS",
        "Linux",
        "Firefox",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
    assert!(header(&page, "content-security-policy").is_some());
    let mut stream = TcpStream::connect(("127.0.0.1", served.http))
        .await
        .unwrap();
    let request = format!(
        "{}\r\nConnection: close\r\n\r\n",
        get("/certificate/frontdesk.crt", "desk.local")
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    assert!(bytes.ends_with(&own.der));
    let nothing = get("/.well-known/acme-challenge/x", "desk.local");
    assert!(
        ask_plain(served.http, &nothing)
            .await
            .starts_with("HTTP/1.1 404")
    );
    assert!(
        app.get("/certificate")
            .await
            .text()
            .contains(&own.fingerprint)
    );
}

/// An authority, and files for a server that it vouches for.
pub fn files(folder: &std::path::Path, name: &str) -> Vec<u8> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let authority = CertifiedIssuer::self_signed(params, key).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    std::fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
    std::fs::write(folder.join("cert.pem"), certificate.pem()).unwrap();
    authority.der().to_vec()
}

#[tokio::test]
async fn own_files_are_served_with_hsts_and_replaced_while_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let first = files(folder.path(), "desk.example.com");
    let set = |hsts| {
        let path = folder.path().to_owned();
        move |config: &mut Config| {
            config.https_names = "desk.example.com".to_owned();
            config.https_certificate = path.join("cert.pem");
            config.https_key = path.join("key.pem");
            config.https_hsts = hsts;
        }
    };
    let app = TestApp::with(set(HttpsHsts::On)).await;
    let served = serve(&app).await;
    let hsts = async |port, root: &[u8], host: &str| {
        let stream = connect(port, "desk.example.com", root).await.unwrap();
        let answer = ask(
            stream,
            &format!("GET /healthz HTTP/1.1\r\nHost: {host}"),
            "",
        )
        .await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        header(&answer, "strict-transport-security").map(str::to_owned)
    };
    let year = Some("max-age=31536000".to_owned());
    assert_eq!(hsts(served.tls, &first, "desk.example.com").await, year);
    assert_eq!(hsts(served.tls, &first, "www.example.com").await, None);
    let plain = app.serve(Limits::default()).await;
    let head = "GET /healthz HTTP/1.1\r\nHost: desk.example.com";
    let answer = ask_plain(plain.address.port(), head).await;
    assert_eq!(header(&answer, "strict-transport-security"), None);

    let second = files(folder.path(), "desk.example.com");
    let started = Instant::now();
    while connect(served.tls, "desk.example.com", &second)
        .await
        .is_err()
    {
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "it was not replaced"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    drop(served);
    // What no public authority vouches for binds nobody by itself.
    let app = app.restart_with(set(HttpsHsts::Auto)).await;
    let served = serve(&app).await;
    assert_eq!(hsts(served.tls, &second, "desk.example.com").await, None);
}

#[tokio::test]
async fn who_shakes_no_hands_is_let_go_and_counts_before() {
    let app = TestApp::with(local).await;
    let limits = Limits {
        header: Duration::from_millis(400),
        per_peer: 1,
        exempt_loopback: false,
        ..Limits::default()
    };
    let served = Sockets::bind().await.serve(&app, limits);
    let mut silent = TcpStream::connect(("127.0.0.1", served.tls)).await.unwrap();
    // Half a hello, so that the server has begun.
    silent.write_all(&[22, 3, 1, 1, 0, 1]).await.unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let root = root(&app.app);
    assert!(
        connect(served.tls, "desk.local", &root).await.is_err(),
        "the place was given twice"
    );
    let started = Instant::now();
    let mut rest = Vec::new();
    let _reset = tokio::time::timeout(Duration::from_secs(5), silent.read_to_end(&mut rest))
        .await
        .expect("closed in time");
    assert!(started.elapsed() < Duration::from_secs(2));
    for attempt in 0.. {
        match connect(served.tls, "desk.local", &root).await {
            Ok(_) => break,
            Err(error) => assert!(attempt < 50, "the place was not given back: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // Words without TLS are no reason to stop either.
    let mut confused = TcpStream::connect(("127.0.0.1", served.tls)).await.unwrap();
    confused.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let mut rest = Vec::new();
    let _reset = confused.read_to_end(&mut rest).await;
}

#[tokio::test]
async fn a_certificate_of_an_authority_comes_by_itself() {
    let sockets = Sockets::bind().await;
    let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
    let authority = Authority::start(Rules {
        tls_port: port(&sockets.tls),
        http_port: port(&sockets.http),
        offers: vec!["http-01"],
        lifetime: Duration::from_secs(90 * 24 * 60 * 60),
        busy: None,
    })
    .await;
    let app = TestApp::with(|config| {
        config.https_names = "desk.example.com".to_owned();
        config.https_acme_directory = authority.directory.to_string();
        config.egress_allow = authority.place.clone();
    })
    .await;
    let before = app.get("/api/v1/status").await.json();
    assert_eq!(before["https"]["stand_in"], true, "{before}");
    let served = sockets.serve(&app, Limits::default());
    let certificates = app.app.certificates.clone().unwrap();
    eventually("the certificate has come", || {
        !certificates.state().shown.is_stand_in
    })
    .await;
    let root = CertificateDer::from_pem_slice(authority.root.as_bytes()).unwrap();
    let stream = connect(served.tls, "desk.example.com", &root)
        .await
        .unwrap();
    let answer = ask(
        stream,
        "GET /healthz HTTP/1.1\r\nHost: desk.example.com",
        "",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let after = app.get("/api/v1/status").await.json();
    assert_eq!(after["https"]["issuer"], "Test authority");
    assert!(
        after["https"]["terms"]
            .as_str()
            .unwrap()
            .ends_with("/terms"),
        "{after}"
    );
    let sent = app.get("/api/v1/egress").await;
    assert!(sent.text().contains("certificate"), "{}", sent.text());
}
