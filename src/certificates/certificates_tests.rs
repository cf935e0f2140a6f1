//! Certificates from files and from the private authority, and what is spoken at the handshake.

use std::path::PathBuf;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{
    ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion, version,
};

use tokio_util::sync::DropGuard;

use super::check::provider;
use super::*;
use crate::egress::{Allow, Reach, SystemLookup};

pub(super) fn gateway(store: &Store, allow: &str) -> Gateway {
    let allow = Allow::parse(allow).unwrap();
    Gateway::new(store.clone(), Reach::Open, allow, Arc::new(SystemLookup)).unwrap()
}

fn names(list: &str) -> Vec<Name> {
    Name::parse_list(list).unwrap()
}

pub(super) async fn open(source: Source, names: &str, pace: Pace) -> Result<Certificates, String> {
    let store = Store::open_in_memory().unwrap();
    let gateway = gateway(&store, "");
    let settings = Settings {
        names: self::names(names),
        source,
        hsts: Hsts::On,
        pace,
    };
    let opened = Certificates::open(settings, store, gateway).await;
    opened.map_err(|error| error.to_string())
}

/// A client that trusts only this root, in DER.
pub(super) fn trusting(
    root: &[u8],
    versions: &[&'static SupportedProtocolVersion],
) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(root.to_vec())).unwrap();
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Arc::new(config)
}

/// Shakes hands as a client; the version that was agreed, or the client's error.
pub(super) async fn greet(
    certificates: &Certificates,
    client: &Arc<ClientConfig>,
    name: &str,
) -> Result<ProtocolVersion, String> {
    let (near, far) = tokio::io::duplex(16 << 10);
    let server = certificates.clone();
    let serving = tokio::spawn(async move { server.handshake(near).await.map(|_| ()) });
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let greeted = TlsConnector::from(Arc::clone(client))
        .connect(name, far)
        .await;
    let _ended = serving.await.unwrap();
    let stream = greeted.map_err(|error| error.to_string())?;
    let connection = stream.get_ref().1;
    assert_eq!(connection.alpn_protocol(), Some(&b"http/1.1"[..]));
    Ok(connection.protocol_version().unwrap())
}

const BOTH: &[&SupportedProtocolVersion] = &[&version::TLS12, &version::TLS13];

struct Folder {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: tempfile::TempDir,
}

impl Folder {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        Self {
            issuer: CertifiedIssuer::self_signed(params, key).unwrap(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    fn source(&self) -> Source {
        Source::Files {
            certificate: self.path("cert.pem"),
            key: self.path("key.pem"),
        }
    }

    /// Writes a certificate that ends after so many seconds, and its key.
    fn write(&self, names: &str, seconds: u64) {
        let (certificate, key) = self.made(names, seconds);
        std::fs::write(self.path("key.pem"), key).unwrap();
        std::fs::write(self.path("cert.pem"), certificate).unwrap();
    }

    fn made(&self, names: &str, seconds: u64) -> (String, String) {
        let mut params = made::server(&Name::parse_list(names).unwrap()).unwrap();
        made::set_time(&mut params, pace::now_ms(), Duration::from_secs(seconds));
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    fn client(&self) -> Arc<ClientConfig> {
        trusting(self.issuer.der(), BOTH)
    }
}

fn quick() -> Pace {
    Pace {
        look: Duration::from_millis(20),
        ..Pace::default()
    }
}

/// Keeps certificates renewed until the guard is dropped.
pub(super) fn keep_up(certificates: &Certificates, http: bool) -> DropGuard {
    let stop = CancellationToken::new();
    certificates.keep_renewed(http, &TaskTracker::new(), stop.clone());
    stop.drop_guard()
}

pub(super) async fn until(
    certificates: &Certificates,
    what: &str,
    is_so: impl Fn(&State) -> bool,
) -> State {
    for _ in 0..1000 {
        let state = certificates.state();
        if is_so(&state) {
            return state;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("not in time: {what}: {:?}", certificates.state());
}

#[tokio::test]
async fn files_are_read_again_when_they_change_and_broken_ones_change_nothing() {
    let files = Folder::new();
    files.write("desk.example.com", 1_000_000);
    let certificates = open(files.source(), "desk.example.com", quick())
        .await
        .unwrap();
    let _kept = keep_up(&certificates, false);
    greet(&certificates, &files.client(), "desk.example.com")
        .await
        .unwrap();
    let first = certificates.state().shown.until;

    std::fs::write(files.path("cert.pem"), "rubbish").unwrap();
    let failed = |state: &State| {
        state
            .attempt
            .as_ref()
            .is_some_and(|last| last.error.is_some())
    };
    let state = until(&certificates, "the broken file is told", failed).await;
    assert_eq!(state.shown.until, first);
    let (ok, told) = state.verdict(pace::now_ms());
    assert!(
        !ok && told.contains("cert.pem cannot be used as the certificate"),
        "{told}"
    );
    greet(&certificates, &files.client(), "desk.example.com")
        .await
        .unwrap();

    // Whoever renews writes one file after the other.
    let (certificate, key) = files.made("desk.example.com", 2_000_000);
    std::fs::write(files.path("cert.pem"), certificate).unwrap();
    let mismatch = |state: &State| {
        let last = state
            .attempt
            .as_ref()
            .and_then(|last| last.error.as_deref());
        last.is_some_and(|error| error.contains("not the one of the certificate"))
    };
    until(&certificates, "the wrong key is told", mismatch).await;
    std::fs::write(files.path("key.pem"), key).unwrap();
    let state = until(&certificates, "the new one is shown", |s| {
        s.shown.until != first
    })
    .await;
    assert!(state.verdict(pace::now_ms()).0, "{state:?}");
    greet(&certificates, &files.client(), "desk.example.com")
        .await
        .unwrap();

    // A new one that is over already, or for another name, changes nothing either.
    for (names, told) in [
        ("desk.example.com", "is over already"),
        ("other.example.com", "not for desk"),
    ] {
        let seconds = if names.starts_with("desk") {
            0
        } else {
            3_000_000
        };
        files.write(names, seconds);
        let is_told = |state: &State| {
            let last = state
                .attempt
                .as_ref()
                .and_then(|last| last.error.as_deref());
            last.is_some_and(|error| error.contains(told))
        };
        let after = until(&certificates, told, is_told).await;
        assert_eq!(after.shown, state.shown);
    }
}

#[tokio::test]
async fn files_that_cannot_be_used_are_told_at_the_start() {
    let files = Folder::new();
    let refused = async |names: &str| open(files.source(), names, quick()).await.err().unwrap();
    let missing = refused("desk.example.com").await;
    assert!(
        missing.contains("cert.pem cannot be used as the certificate"),
        "{missing}"
    );
    files.write("a.example.com,192.168.1.5", 1_000_000);
    let other = refused("desk.example.com,a.example.com").await;
    let told = "the certificate is for a.example.com, 192.168.1.5, not for desk.example.com";
    assert!(other.contains(told), "{other}");
    std::fs::write(
        files.path("key.pem"),
        KeyPair::generate().unwrap().serialize_pem(),
    )
    .unwrap();
    let key = refused("a.example.com").await;
    assert!(
        key.contains(
            "key.pem cannot be used as the key of the certificate: the key is not the one"
        ),
        "{key}"
    );
    let locked =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    std::fs::write(files.path("key.pem"), locked).unwrap();
    let key = refused("a.example.com").await;
    assert!(key.contains("without"), "{key}");
    // One that is over still opens the door; the verdict says so.
    files.write("a.example.com", 0);
    let over = open(files.source(), "a.example.com", quick())
        .await
        .unwrap();
    let (ok, told) = over.state().verdict(pace::now_ms());
    assert!(!ok && told.contains("is over since"), "{told}");
}

#[tokio::test]
async fn only_a_client_that_trusts_the_private_root_is_content() {
    let certificates = open(Source::Private, "desk.local,192.168.1.5", Pace::default())
        .await
        .unwrap();
    let root = certificates.root().unwrap();
    let client = trusting(&root.der, BOTH);
    for name in ["desk.local", "192.168.1.5"] {
        greet(&certificates, &client, name).await.unwrap();
    }
    assert!(greet(&certificates, &client, "other.local").await.is_err());
    let stranger = Folder::new().client();
    let error = greet(&certificates, &stranger, "desk.local")
        .await
        .unwrap_err();
    assert!(error.contains("UnknownIssuer"), "{error}");
    assert!(!certificates.wants_hsts());
    assert!(root.pem.starts_with("-----BEGIN CERTIFICATE-----\n"));
    assert_eq!(
        check::read_chain(root.pem.as_bytes()).unwrap()[0].as_ref(),
        root.der
    );
    assert_eq!(root.fingerprint.len(), 95);
}

#[tokio::test]
async fn the_private_root_vouches_for_local_names_only() {
    let store = Store::open_in_memory().unwrap();
    let names = Name::parse_list("desk.local").unwrap();
    let private = Private::open(&store, &names).await.unwrap();
    let client = trusting(&private.root().der, BOTH);
    // With the root's key, as if it had been stolen.
    for (name, is_believed) in [
        ("desk.local", true),
        ("other.lan", true),
        ("bank.com", false),
        ("8.8.8.8", false),
    ] {
        let names = Name::parse_list(name).unwrap();
        let stolen = private.issue(&names, Duration::from_secs(1000)).unwrap();
        let certificates = open(Source::Private, name, Pace::default()).await.unwrap();
        certificates.inner.showcase.show(stolen);
        let greeted = greet(&certificates, &client, name).await;
        assert_eq!(greeted.is_ok(), is_believed, "{name}: {greeted:?}");
    }
}

#[tokio::test]
async fn a_private_certificate_is_renewed_before_its_end() {
    let pace = Pace {
        private: Duration::from_secs(3),
        ..Pace::default()
    };
    let certificates = open(Source::Private, "desk.local", pace).await.unwrap();
    let _kept = keep_up(&certificates, false);
    let first = certificates.state().shown.until;
    let later = until(&certificates, "it is renewed", |state| {
        state.shown.until > first
    })
    .await;
    assert!(pace::now_ms() < first, "it was renewed too late");
    assert_eq!(later.attempt.unwrap().error, None);
}

#[tokio::test]
async fn both_versions_are_spoken_and_nothing_older() {
    let certificates = open(Source::Private, "desk.local", Pace::default())
        .await
        .unwrap();
    let root = certificates.root().unwrap().der.clone();
    for (version, expected) in [
        (&version::TLS12, ProtocolVersion::TLSv1_2),
        (&version::TLS13, ProtocolVersion::TLSv1_3),
    ] {
        let client = trusting(&root, &[version]);
        assert_eq!(
            greet(&certificates, &client, "desk.local").await,
            Ok(expected)
        );
    }
    // Ephemeral keys with authenticated encryption, and one weak suite beside them.
    let good = [0xc0_2b_u16, 0xc0_2f, 0xc0_2c, 0xc0_30, 0xcc_a9, 0xcc_a8];
    assert_eq!(
        first_answer(&certificates, 0x0303, &good).await.0,
        HANDSHAKE
    );
    // TLS 1.0 and 1.1: alert 70, "protocol version".
    for old in [0x0301, 0x0302] {
        assert_eq!(
            first_answer(&certificates, old, &good).await,
            (ALERT, 70),
            "{old:x}"
        );
    }
    // RSA key exchange, CBC, RC4, 3DES, export and NULL: alert 40, "handshake failure".
    for weak in [
        0x002f, 0x0035, 0x009c, 0xc0_09, 0xc0_0a, 0xc0_13, 0x0005, 0x000a, 0x0003, 0x0001,
    ] {
        assert_eq!(
            first_answer(&certificates, 0x0303, &[weak]).await,
            (ALERT, 40),
            "{weak:x}"
        );
    }
}

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;

/// Sends a ClientHello by hand (RFC 5246, section 7.4.1.2); the type of the first record that comes back and, for an
/// alert, what it says.
async fn first_answer(certificates: &Certificates, version: u16, suites: &[u16]) -> (u8, u8) {
    let lengthened = |bytes: Vec<u8>| [(bytes.len() as u16).to_be_bytes().to_vec(), bytes].concat();
    let extension =
        |kind: u16, bytes: Vec<u8>| [kind.to_be_bytes().to_vec(), lengthened(bytes)].concat();
    let suites: Vec<u8> = suites
        .iter()
        .flat_map(|suite| suite.to_be_bytes())
        .collect();
    let host = [vec![0], lengthened(b"desk.local".to_vec())].concat();
    let extensions = [
        extension(0, lengthened(host)),
        // x25519, secp256r1; ecdsa_secp256r1_sha256, rsa_pss_rsae_sha256, rsa_pkcs1_sha256; uncompressed points.
        extension(10, lengthened(vec![0, 29, 0, 23])),
        extension(13, lengthened(vec![4, 3, 8, 4, 4, 1])),
        extension(11, vec![1, 0]),
    ];
    let body = [
        version.to_be_bytes().to_vec(),
        vec![7; 32],
        vec![0],
        lengthened(suites),
        vec![1, 0],
        lengthened(extensions.concat()),
    ]
    .concat();
    let hello = [vec![1, 0], lengthened(body)].concat();
    let record = [vec![HANDSHAKE, 3, 1], lengthened(hello)].concat();
    let (near, mut far) = tokio::io::duplex(16 << 10);
    let server = certificates.clone();
    let serving = tokio::spawn(async move { server.handshake(near).await.map(|_| ()) });
    far.write_all(&record).await.unwrap();
    let mut answer = [0; 7];
    far.read_exact(&mut answer).await.unwrap();
    drop(far);
    let _ended = serving.await.unwrap();
    (answer[0], answer[6])
}

#[test]
fn a_chain_is_public_only_if_a_public_authority_vouches_for_it() {
    let files = Folder::new();
    let (certificate, _) = files.made("desk.example.com", 1_000_000);
    let chain = check::read_chain(certificate.as_bytes()).unwrap();
    let names = |list: &str| Name::parse_list(list).unwrap();
    assert!(!check::is_public(&chain, &names("desk.example.com")));
    let roots = || {
        let mut roots = RootCertStore::empty();
        roots.add(files.issuer.der().clone()).unwrap();
        roots
    };
    let now = tokio_rustls::rustls::pki_types::UnixTime::now();
    assert!(check::is_vouched_for(
        &chain,
        &names("desk.example.com"),
        roots(),
        now
    ));
    assert!(!check::is_vouched_for(
        &chain,
        &names("other.example.com"),
        roots(),
        now
    ));
    assert!(!check::is_vouched_for(&chain, &[], roots(), now));
}

#[tokio::test]
async fn without_a_store_the_files_and_the_private_root_still_hold() {
    let settings = |source, list: &str| Settings {
        names: names(list),
        source,
        hsts: Hsts::Auto,
        pace: quick(),
    };
    let files = Folder::new();
    files.write("desk.example.com", 1_000_000);
    let shown =
        Certificates::open_unkept(settings(files.source(), "desk.example.com"), None).unwrap();
    greet(&shown.unwrap(), &files.client(), "desk.example.com")
        .await
        .unwrap();

    let store = Store::open_in_memory().unwrap();
    let find = async || {
        let settings = settings(Source::Private, "desk.local");
        let found =
            store.read(move |conn| Ok(Certificates::open_unkept(settings, Some(conn)).unwrap()));
        found.await.unwrap()
    };
    assert!(find().await.is_none(), "no root was made");
    let made = Private::open(&store, &names("desk.local")).await.unwrap();
    let found = find().await.unwrap();
    let root = found.root().unwrap();
    assert_eq!(root.fingerprint, made.root().fingerprint);
    greet(&found, &trusting(&root.der, BOTH), "desk.local")
        .await
        .unwrap();
    let blind = settings(Source::Private, "desk.local");
    assert!(Certificates::open_unkept(blind, None).unwrap().is_none());
}
