//! Certificates from an authority, against the fixture, which really connects to this server.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::rustls::version;
use url::Url;

use super::authority_fixture::{Authority, Rules};
use super::tests::{gateway, greet, keep_up, trusting, until};
use super::*;

const NAMES: &str = "desk.example.com,www.example.com";

struct Bench {
    authority: Authority,
    store: Store,
    tls: Option<TcpListener>,
    http: Option<TcpListener>,
}

impl Bench {
    async fn new(lifetime: Duration) -> Self {
        let tls = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let http = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
        let authority = Authority::start(Rules {
            tls_port: port(&tls),
            http_port: port(&http),
            offers: vec!["dns-01", "tls-alpn-01", "http-01"],
            lifetime,
            busy: None,
        })
        .await;
        Self {
            authority,
            store: Store::open_in_memory().unwrap(),
            tls: Some(tls),
            http: Some(http),
        }
    }

    fn account(&self) -> Account {
        Account {
            directory: self.authority.directory.clone(),
            email: Some("owner@example.com".to_owned()),
            root: None,
        }
    }

    async fn open(&self, names: &str, account: Account) -> Certificates {
        let settings = Settings {
            names: Name::parse_list(names).unwrap(),
            source: Source::Acme(account),
            hsts: Hsts::On,
            pace: Pace {
                first_retry: Duration::from_millis(300),
                ..Pace::default()
            },
        };
        let gateway = gateway(&self.store, &self.authority.place);
        Certificates::open(settings, self.store.clone(), gateway)
            .await
            .unwrap()
    }

    /// Answers handshakes and plain requests from now on.
    fn serve(&mut self, certificates: &Certificates) {
        let (tls, http) = (self.tls.take().unwrap(), self.http.take().unwrap());
        let own = certificates.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = tls.accept().await {
                let own = own.clone();
                tokio::spawn(async move { own.handshake(socket).await.map(|_| ()) });
            }
        });
        let own = certificates.clone();
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = http.accept().await {
                let mut asked = [0; 2048];
                let read = socket.read(&mut asked).await.unwrap_or_default();
                let asked = String::from_utf8_lossy(&asked[..read]).into_owned();
                let path = asked.split(' ').nth(1).unwrap_or_default();
                let token = path.strip_prefix("/.well-known/acme-challenge/");
                let answer = token.and_then(|token| own.answer(token));
                let answer = match answer {
                    Some(answer) => format!("HTTP/1.1 200 OK\r\n\r\n{answer}"),
                    None => "HTTP/1.1 404 Not Found\r\n\r\n".to_owned(),
                };
                let _gone = socket.write_all(answer.as_bytes()).await;
            }
        });
    }
}

const LONG: Duration = Duration::from_secs(90 * 24 * 60 * 60);

fn is_real(state: &State) -> bool {
    !state.shown.is_stand_in
}

fn last_error(state: &State) -> String {
    let last = state.attempt.as_ref();
    last.and_then(|last| last.error.clone()).unwrap_or_default()
}

#[tokio::test]
async fn a_certificate_is_asked_for_proven_over_tls_and_kept() {
    let mut bench = Bench::new(LONG).await;
    let certificates = bench.open(NAMES, bench.account()).await;
    let (ok, told) = certificates.state().verdict(pace::now_ms());
    assert!(
        !ok && told.contains("no certificate for desk.example.com"),
        "{told}"
    );
    assert!(!certificates.wants_hsts());
    bench.serve(&certificates);
    let kept = keep_up(&certificates, true);
    let state = until(&certificates, "it has come", is_real).await;
    assert_eq!(state.shown.issuer, "Test authority");
    assert!(state.verdict(pace::now_ms()).0, "{state:?}");
    let terms = state.terms.unwrap();
    assert!(terms.ends_with("/terms"), "{terms}");
    assert!(certificates.wants_hsts());
    let root = check::read_chain(bench.authority.root.as_bytes()).unwrap();
    let client = trusting(&root[0], &[&version::TLS13]);
    for name in ["desk.example.com", "www.example.com"] {
        greet(&certificates, &client, name).await.unwrap();
    }
    assert_eq!(
        (bench.authority.accounts(), bench.authority.orders()),
        (1, 1)
    );
    assert_eq!(bench.authority.contacts()[0][0], "mailto:owner@example.com");
    assert_eq!(bench.authority.profiles(), [None]);

    // Without a store the same is shown, and for other names nothing.
    let peek = async |names: &str| {
        let settings = Settings {
            names: Name::parse_list(names).unwrap(),
            source: Source::Acme(bench.account()),
            hsts: Hsts::On,
            pace: Pace::default(),
        };
        let found = bench
            .store
            .read(move |conn| Ok(Certificates::open_unkept(settings, Some(conn)).unwrap()));
        found.await.unwrap().map(|found| found.state().shown)
    };
    assert_eq!(peek(NAMES).await, Some(certificates.state().shown));
    assert_eq!(peek("desk.example.com").await, None);

    // The next start shows the same without asking; other names are asked for with the same account.
    drop(kept);
    let again = bench.open(NAMES, bench.account()).await;
    assert!(is_real(&again.state()));
    assert_eq!(again.state().shown, certificates.state().shown);
    let other = bench.open("desk.example.com", bench.account()).await;
    assert!(!is_real(&other.state()));
    let ledger = bench
        .store
        .read(|conn| store::egress::list(conn, store::egress::Rows::All, 100));
    let ledger = ledger.await.unwrap();
    assert!(ledger.iter().all(|entry| entry.purpose == "certificate") && ledger.len() > 8);
}

/// As long as Let's Encrypt's kind for addresses lasts: 160 hours.
const SHORT: Duration = Duration::from_secs(160 * 60 * 60);

#[tokio::test]
async fn addresses_get_a_short_certificate_that_is_renewed_in_time() {
    let mut bench = Bench::new(SHORT).await;
    let names = "203.0.113.7,2001:db8::7,desk.example.com";
    let certificates = bench.open(names, bench.account()).await;
    bench.serve(&certificates);
    let _kept = keep_up(&certificates, false);
    let state = until(&certificates, "the next is planned", |state| {
        is_real(state) && state.next_at.is_some()
    })
    .await;
    let root = check::read_chain(bench.authority.root.as_bytes()).unwrap();
    let client = trusting(&root[0], &[&version::TLS13]);
    for name in ["203.0.113.7", "2001:db8::7", "desk.example.com"] {
        greet(&certificates, &client, name).await.unwrap();
    }
    let short = Some("shortlived".to_owned());
    assert_eq!(bench.authority.profiles(), [short]);
    // With a third of its time left, or a little more; the warning comes after that, with a quarter left.
    let hour = 60 * 60 * 1000;
    let left = state.shown.until - state.next_at.unwrap();
    assert!((53 * hour..59 * hour).contains(&left), "{left}");
    assert!(state.verdict(state.shown.until - 41 * hour).0);
    assert!(!state.verdict(state.shown.until - 39 * hour).0);
}

#[tokio::test]
async fn an_address_is_proven_over_plain_http_as_well() {
    let mut bench = Bench::new(SHORT).await;
    bench
        .authority
        .change(|rules| rules.offers = vec!["http-01"]);
    let certificates = bench.open("203.0.113.7", bench.account()).await;
    bench.serve(&certificates);
    let _kept = keep_up(&certificates, true);
    until(&certificates, "it has come", is_real).await;
}

#[tokio::test]
async fn what_cannot_be_proven_over_tls_is_proven_over_plain_http() {
    let mut bench = Bench::new(LONG).await;
    bench.authority.change(|rules| rules.tls_port = 1);
    let certificates = bench.open(NAMES, bench.account()).await;
    bench.serve(&certificates);
    let _kept = keep_up(&certificates, true);
    until(&certificates, "it has come", is_real).await;
    assert_eq!(bench.authority.orders(), 2);
}

#[tokio::test]
async fn a_name_that_cannot_be_proven_is_told_and_tried_again() {
    let mut bench = Bench::new(LONG).await;
    let tls_port = bench.tls.as_ref().unwrap().local_addr().unwrap().port();
    bench.authority.change(|rules| {
        rules.tls_port = 1;
        rules.offers = vec!["tls-alpn-01"];
    });
    let certificates = bench.open("desk.example.com", bench.account()).await;
    bench.serve(&certificates);
    let _kept = keep_up(&certificates, false);
    let state = until(&certificates, "it has failed", |state| {
        state.attempt.is_some()
    })
    .await;
    let told = last_error(&state);
    assert!(
        told.contains("could not see this server as desk.example.com"),
        "{told}"
    );
    assert!(
        told.contains("connection to port 1 refused") && told.contains("port 443"),
        "{told}"
    );
    assert!(state.next_at.is_some() && !is_real(&state));
    bench.authority.change(|rules| rules.tls_port = tls_port);
    let state = until(&certificates, "it has come", is_real).await;
    assert_eq!(last_error(&state), "");
}

#[tokio::test]
async fn a_short_certificate_is_renewed_and_a_failure_keeps_the_old_one() {
    let mut bench = Bench::new(Duration::from_secs(6)).await;
    let certificates = bench.open("desk.example.com", bench.account()).await;
    bench.serve(&certificates);
    let _kept = keep_up(&certificates, true);
    let first = until(&certificates, "it has come", is_real).await;
    bench.authority.change(|rules| rules.busy = Some(1));
    let failed = until(&certificates, "renewing failed", |state| {
        !last_error(state).is_empty()
    })
    .await;
    assert_eq!(failed.shown, first.shown);
    assert!(
        last_error(&failed).contains("too many orders"),
        "{failed:?}"
    );
    // The authority's word counts, although the first waiting time is shorter.
    let wait = failed.next_at.unwrap() - failed.attempt.as_ref().unwrap().at;
    assert!(wait >= 1000, "{wait}");
    bench.authority.change(|rules| {
        rules.busy = None;
        rules.lifetime = LONG;
    });
    let renewed = until(&certificates, "it is renewed", |s| {
        s.shown.until > first.shown.until
    })
    .await;
    assert_eq!(last_error(&renewed), "");
    assert_eq!(bench.authority.accounts(), 1);
}

#[tokio::test]
async fn an_authority_that_is_down_or_none_is_told() {
    let bench = Bench::new(LONG).await;
    let at = |address: &str| Account {
        directory: Url::parse(address).unwrap(),
        ..bench.account()
    };
    let wrong = format!("http://{}/account", bench.authority.place);
    // The first is not named in `egress.allow`: the gateway refuses.
    for (address, expected) in [
        ("http://127.0.0.1:1/directory", "127.0.0.1"),
        (wrong.as_str(), "check https.acme_directory"),
    ] {
        let certificates = bench.open("desk.example.com", at(address)).await;
        let _kept = keep_up(&certificates, false);
        let state = until(&certificates, "it has failed", |state| {
            state.attempt.is_some()
        })
        .await;
        let told = last_error(&state);
        assert!(
            told.contains("gave no certificate") && told.contains(expected),
            "{told}"
        );
        assert!(!is_real(&state));
    }
}

#[tokio::test]
async fn a_stranger_gets_no_proof() {
    let bench = Bench::new(LONG).await;
    let certificates = bench.open("desk.example.com", bench.account()).await;
    assert_eq!(certificates.answer("token-0-0-x"), None);
    let config = trusting(
        &check::read_chain(bench.authority.root.as_bytes()).unwrap()[0],
        &[&version::TLS13],
    );
    let mut config = (*config).clone();
    config.alpn_protocols = vec![b"acme-tls/1".to_vec()];
    let (near, far) = tokio::io::duplex(16 << 10);
    let server = certificates.clone();
    let serving = tokio::spawn(async move { server.handshake(near).await.map(|_| ()) });
    let name = tokio_rustls::rustls::pki_types::ServerName::try_from("desk.example.com").unwrap();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    assert!(connector.connect(name, far).await.is_err());
    assert!(serving.await.unwrap().is_err());
}

/// Against pebble, on each way: `benches/acme_pebble.sh`.
#[tokio::test]
#[ignore = "needs pebble: benches/acme_pebble.sh"]
async fn pebble_gives_a_certificate_on_each_way() {
    let root = std::env::temp_dir().join("frontdesk-pebble/root.pem");
    let account = Account {
        directory: Url::parse("https://127.0.0.1:14000/dir").unwrap(),
        email: None,
        root: Some(std::fs::read_to_string(root).unwrap().into()),
    };
    let mut bench = Bench::new(LONG).await;
    "127.0.0.1:14000".clone_into(&mut bench.authority.place);
    // Where pebble looks for the server; a port without a listener fails its way.
    let ways = [
        ("127.0.0.1:5001", "127.0.0.1:0"),
        ("127.0.0.1:0", "127.0.0.1:5002"),
    ];
    for (names, (tls, http)) in [NAMES, "other.example.com"].into_iter().zip(ways) {
        bench.tls = Some(TcpListener::bind(tls).await.unwrap());
        bench.http = Some(TcpListener::bind(http).await.unwrap());
        let certificates = bench.open(names, account.clone()).await;
        bench.serve(&certificates);
        let kept = keep_up(&certificates, true);
        let state = until(&certificates, "it has come", is_real).await;
        assert!(state.shown.issuer.contains("Pebble"), "{state:?}");
        drop(kept);
    }
}
