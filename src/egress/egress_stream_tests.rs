//! Streams, and what a sealed machine lets out.

use std::collections::BTreeSet;

use super::out::{at, to};
use super::*;
use crate::egress::tunnel::Opening;
use crate::egress::{Clear, Login, SshPlace, TlsPlace};

/// A server that sends each byte back.
async fn echo() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = socket.split();
                let _gone = tokio::io::copy(&mut from, &mut to).await;
            });
        }
    });
    port
}

fn opening(host: &str, port: u16) -> Opening<'_> {
    Opening {
        workspace: None,
        purpose: Purpose::Backup,
        provider: None,
        protocol: "SSH",
        host,
        port,
        usual_ports: &[22],
        data: BTreeSet::from([Class::Metadata, Class::Encrypted]),
        limits: StreamLimits {
            sent: 100,
            received: 100,
            time: Duration::from_secs(2),
        },
    }
}

#[tokio::test]
async fn a_stream_is_counted_bounded_and_in_the_ledger() {
    let port = echo().await;
    let own = bench(&format!("127.0.0.1:{port}"), &[]);
    let mut tunnel = own
        .gateway
        .tunnel(opening("127.0.0.1", port))
        .await
        .unwrap();
    tunnel.write_all(b"ping").await.unwrap();
    let mut back = [0; 4];
    tunnel.read_exact(&mut back).await.unwrap();
    drop(tunnel);
    let ended = |row: &Entry| (row.outcome.bytes_sent, row.outcome.bytes_received);
    for turn in 0.. {
        let row = own.ledger().await.remove(0);
        if ended(&row) == (4, 4) {
            assert_eq!(row.url, format!("ssh://127.0.0.1:{port}"));
            assert_eq!(
                (row.method.as_str(), row.data.as_str()),
                ("SSH", "metadata, encrypted")
            );
            assert_eq!(
                (row.outcome.error, row.outcome.address.as_deref()),
                (None, Some("127.0.0.1"))
            );
            break;
        }
        assert!(turn < 100, "{row:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }

    let mut full = own
        .gateway
        .tunnel(opening("127.0.0.1", port))
        .await
        .unwrap();
    full.write_all(&[0; 100]).await.unwrap();
    let error = full.write_all(&[0; 1]).await.unwrap_err();
    assert!(error.to_string().contains("more than 100 bytes"), "{error}");
    let mut slow = own
        .gateway
        .tunnel(opening("127.0.0.1", port))
        .await
        .unwrap();
    let error = slow.read(&mut back).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
}

#[tokio::test]
async fn a_stream_goes_to_no_address_that_was_not_checked() {
    let port = echo().await;
    let names: &[(&'static str, &[&'static str])] = &[
        ("inside.example", &["127.0.0.1"]),
        ("mixed.example", &["1.1.1.1", "10.0.0.1"]),
    ];
    let closed = bench("", names);
    for (host, at) in [
        ("127.0.0.1", 22),
        ("[::1]", 22),
        ("inside.example", 22),
        ("mixed.example", 22),
        ("1.1.1.1", port),
        ("a b", 22),
    ] {
        let error = closed
            .gateway
            .tunnel(opening(host, at))
            .await
            .err()
            .unwrap();
        assert!(
            matches!(
                error,
                EgressError::Blocked { .. } | EgressError::Place { .. }
            ),
            "{host}: {error}"
        );
        assert!(error.to_string().contains("is not connected to"), "{error}");
    }
    let rows = closed.ledger().await;
    assert_eq!(rows.len(), 6);
    for row in rows {
        assert!(
            row.outcome.error.is_some() && row.outcome.bytes_sent == 0,
            "{row:?}"
        );
    }
}

#[tokio::test]
async fn a_sealed_machine_lets_out_neither_requests_nor_streams() {
    let port = echo().await;
    let store = Store::open_in_memory().unwrap();
    let allow = Allow::parse(&format!("127.0.0.1:{port}")).unwrap();
    let sealed =
        Gateway::new(store.clone(), Reach::Nothing, allow, Arc::new(SystemLookup)).unwrap();
    for method in [Method::Get, Method::Put] {
        let outcome = sealed.send(to(method, at(port, "/"))).await;
        assert!(matches!(outcome.err().unwrap(), EgressError::Sealed));
    }
    let outcome = sealed.tunnel(opening("127.0.0.1", port)).await;
    assert!(matches!(outcome.err().unwrap(), EgressError::Sealed));
    let rows = store.read(|conn| list(conn, None, 9)).await.unwrap();
    assert_eq!(rows.len(), 3);
    assert!(
        rows.iter()
            .all(|row| row.outcome.bytes_sent == 0 && row.outcome.error.is_some())
    );
}

/// Whatever it is for, and in whichever way: names are not looked up either.
#[tokio::test]
async fn a_sealed_machine_lets_nothing_out_for_any_purpose_in_any_way() {
    let outside = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = outside.local_addr().unwrap().port();
    let store = Store::open_in_memory().unwrap();
    let allow = Allow::parse(&format!("127.0.0.1:{port}")).unwrap();
    let sealed =
        Gateway::new(store.clone(), Reach::Nothing, allow, Arc::new(SystemLookup)).unwrap();
    let refused = |way: &str, error: Option<EgressError>| {
        assert!(
            matches!(error, Some(EgressError::Sealed)),
            "{way}: {error:?}"
        );
    };
    let limits = || opening("127.0.0.1", port).limits;
    let data = || BTreeSet::from([Class::Metadata]);
    let names: BTreeSet<&str> = Purpose::ALL.iter().map(|of| of.name()).collect();
    assert_eq!(names.len(), Purpose::ALL.len());
    for purpose in Purpose::ALL {
        let name = purpose.name();
        assert!(!sealed.may(purpose), "{name}");
        let url = at(port, "/");
        refused(name, sealed.check(purpose, &url).err());
        let request = Request::new(purpose, Method::Get, url);
        refused(name, sealed.send(request).await.err());
        let host = "127.0.0.1".to_owned();
        let place = TlsPlace {
            workspace: None,
            purpose,
            provider: None,
            host: host.clone(),
            port,
            authority: None,
        };
        refused(name, sealed.tls(&place, data(), limits()).await.err());
        refused(name, sealed.own(&place, data(), limits()).await.err());
        for clear in [Clear::Smtp { hello: "desk" }, Clear::Imap] {
            let turned = sealed.starttls(&place, clear, data(), limits()).await;
            refused(name, turned.err());
        }
        let place = SshPlace {
            purpose,
            host,
            port,
        };
        refused(name, sealed.host_key(&place).await.err());
        let login = Login::Password(Secret::new("hunter2"));
        let signed = sealed.ssh(&place, "SHA256:x", ("ann", &login), data(), limits());
        refused(name, signed.await.err());
    }
    let knocked = tokio::time::timeout(Duration::from_millis(50), outside.accept()).await;
    assert!(knocked.is_err(), "somebody connected");
}
