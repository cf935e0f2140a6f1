//! TLS streams: which certificates are trusted, and what the ledger records.

use std::collections::BTreeSet;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use super::*;

/// An authority, and what a server needs that it vouches for as `name`.
pub(super) fn vouched(name: &str) -> (String, TlsAcceptor) {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    (authority.pem(), TlsAcceptor::from(Arc::new(config)))
}

/// An authority, and a server that it vouches for as `name`, which sends each byte back.
async fn vouched_for(name: &str) -> (String, u16) {
    let (authority, acceptor) = vouched(name);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(socket).await {
                    let (mut from, mut to) = tokio::io::split(stream);
                    let _gone = tokio::io::copy(&mut from, &mut to).await;
                }
            });
        }
    });
    (authority, port)
}

pub(super) fn place(host: &str, port: u16, authority: Option<String>) -> TlsPlace {
    TlsPlace {
        workspace: None,
        purpose: Purpose::Mail,
        provider: None,
        host: host.to_owned(),
        port,
        authority,
    }
}

pub(super) fn limits() -> StreamLimits {
    StreamLimits {
        sent: 10_000,
        received: 10_000,
        time: Duration::from_secs(5),
    }
}

pub(super) fn data() -> BTreeSet<Class> {
    BTreeSet::from([Class::Business])
}

#[tokio::test]
async fn a_server_that_its_authority_vouches_for_is_spoken_to() {
    let (authority, port) = vouched_for("mail.example").await;
    let own = bench(
        &format!("mail.example:{port}"),
        &[("mail.example", &["127.0.0.1"])],
    );
    let place = place("mail.example", port, Some(authority));
    let mut stream = own.gateway.tls(&place, data(), limits()).await.unwrap();
    stream.write_all(b"ping").await.unwrap();
    let mut back = [0; 4];
    stream.read_exact(&mut back).await.unwrap();
    assert_eq!(&back, b"ping");
    drop(stream);
    let row = own.ledger().await.remove(0);
    assert_eq!(row.url, format!("tls://mail.example:{port}"));
    assert_eq!(
        (row.method.as_str(), row.data.as_str()),
        ("TLS", "metadata, business")
    );
}

#[tokio::test]
async fn a_server_that_nobody_vouches_for_gets_nothing() {
    let (authority, port) = vouched_for("mail.example").await;
    let (of_another, _) = vouched_for("mail.example").await;
    let allow = format!("mail.example:{port}, other.example:{port}");
    let own = bench(
        &allow,
        &[
            ("mail.example", &["127.0.0.1"]),
            ("other.example", &["127.0.0.1"]),
        ],
    );
    for (host, authority) in [
        ("mail.example", None),
        ("mail.example", Some(of_another)),
        ("other.example", Some(authority)),
    ] {
        let place = place(host, port, authority);
        let error = own.gateway.tls(&place, data(), limits()).await.err();
        let error = error.unwrap();
        assert!(
            matches!(error, EgressError::Certificate { .. }),
            "{host}: {error}"
        );
        assert!(error.to_string().contains(host), "{error}");
    }
}

#[tokio::test]
async fn what_speaks_no_tls_and_what_is_no_authority_are_told() {
    let port = server("220 mail.example ESMTP\r\n", None).await;
    let own = bench(&format!("127.0.0.1:{port}"), &[]);
    let plain = place("127.0.0.1", port, None);
    let error = own.gateway.tls(&plain, data(), limits()).await.err();
    assert!(
        matches!(error, Some(EgressError::Failed { .. })),
        "{error:?}"
    );
    for text in [
        "",
        "no certificate",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        let place = place("127.0.0.1", port, Some(text.to_owned()));
        let error = own.gateway.tls(&place, data(), limits()).await.err();
        assert!(
            matches!(error, Some(EgressError::Settings(_))),
            "{text}: {error:?}"
        );
    }
}
