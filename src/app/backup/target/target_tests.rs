//! Tests both kinds of targets against servers on this machine.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::s3::S3;
use super::s3_fixture::{ACCESS, BUCKET, REGION, SECRET, Storage};
use super::*;
use crate::egress::sftp_fixture::{PASSWORD, SftpServer, USER, client_key, rsa_key};
use crate::egress::{Allow, Reach, Secret, SystemLookup};
use crate::store::Store;
use crate::store::egress::{Rows, list};

fn gateway(store: &Store, reach: Reach, port: u16) -> Gateway {
    let allow = Allow::parse(&format!("127.0.0.1:{port}")).unwrap();
    Gateway::new(store.clone(), reach, allow, Arc::new(SystemLookup)).unwrap()
}

pub(in crate::app::backup) fn at_s3(port: u16) -> NewS3 {
    NewS3 {
        endpoint: format!("http://127.0.0.1:{port}"),
        region: REGION.into(),
        bucket: BUCKET.into(),
        prefix: "box one".into(),
        path_style: true,
        access_key: ACCESS.into(),
        secret_key: Secret::new(SECRET),
    }
}

pub(in crate::app::backup) fn at_sftp(port: u16) -> NewSftp {
    NewSftp {
        host: "127.0.0.1".into(),
        port,
        user: USER.into(),
        login: Some(NewLogin::Password(Secret::new(PASSWORD))),
        folder: "a/b".into(),
        host_key: String::new(),
    }
}

async fn put(target: &dyn Target, name: &str, bytes: &[u8]) -> Result<(), BackupError> {
    let upload = Upload {
        name,
        class: Class::Encrypted,
        size: bytes.len() as u64,
        from: &mut &bytes[..],
    };
    target.put(upload).await
}

async fn get(target: &dyn Target, name: &str, most: u64) -> Result<Vec<u8>, BackupError> {
    let mut all = Vec::new();
    let mut take = |piece: &[u8]| {
        all.extend_from_slice(piece);
        Ok(())
    };
    target.get(name, most, &mut take).await?;
    Ok(all)
}

/// Checks what every target has to do.
async fn keeps_files(target: &dyn Target) {
    assert_eq!(target.list().await.unwrap(), []);
    let bytes: Vec<u8> = (0..300_000_u32).map(|n| (n % 251) as u8).collect();
    put(target, "one.age", &bytes).await.unwrap();
    put(target, "two.age", b"").await.unwrap();
    assert!(get(target, "one.age", 300_000).await.unwrap() == bytes);
    assert_eq!(get(target, "two.age", 0).await.unwrap(), b"");
    put(target, "two.age", b"again").await.unwrap();
    assert_eq!(get(target, "two.age", 5).await.unwrap(), b"again");
    let mut there = target.list().await.unwrap();
    there.sort_by(|a, b| a.name.cmp(&b.name));
    let named: Vec<_> = there.iter().map(|s| (s.name.as_str(), s.size)).collect();
    assert_eq!(named, [("one.age", 300_000), ("two.age", 5)]);
    let missing = get(target, "three.age", 5).await;
    assert!(matches!(missing, Err(BackupError::Unknown)), "{missing:?}");
    target.delete("one.age").await.unwrap();
    target.delete("one.age").await.unwrap();
    assert_eq!(target.list().await.unwrap().len(), 1);
    let steps = try_out(target).await;
    assert!(steps.iter().all(|step| step.error.is_none()), "{steps:?}");
    let done: Vec<_> = steps.iter().map(|step| step.what).collect();
    assert_eq!(done, ["write", "list", "read", "delete"]);
    assert_eq!(
        target.list().await.unwrap().len(),
        1,
        "nothing of the try is left"
    );
}

#[tokio::test]
async fn s3_keeps_files_and_the_ledger_no_signature() {
    let storage = Storage::start().await;
    let store = Store::open_in_memory().unwrap();
    let gateway = gateway(&store, Reach::NoWeb, storage.port);
    let target = S3::new(gateway, &at_s3(storage.port)).unwrap();
    keeps_files(&target).await;
    assert!(storage.inside().objects.contains_key("box one/two.age"));
    let rows = store.read(|conn| list(conn, Rows::All, 50)).await.unwrap();
    assert!(rows.len() > 10);
    for row in rows {
        assert_eq!(row.purpose, "backup");
        let told = format!("{row:?}");
        assert!(!told.contains("X-Amz") && !told.contains(ACCESS), "{told}");
        let encrypted = row.method == "PUT" && !row.url.contains("try");
        let kinds = match encrypted {
            true => "metadata, credential, encrypted",
            false if row.method == "PUT" => "metadata, public, credential",
            false => "metadata, credential",
        };
        assert_eq!(row.data, kinds, "{told}");
        assert!(row.outcome.bytes_sent > 0, "{told}");
    }
}

#[tokio::test]
async fn a_large_file_goes_to_s3_in_pieces_and_a_list_comes_in_pages() {
    let storage = Storage::start().await;
    let store = Store::open_in_memory().unwrap();
    let gateway = gateway(&store, Reach::Open, storage.port);
    let target = S3::new(gateway, &at_s3(storage.port)).unwrap();
    let target = target.in_pieces_of(1_000);
    let bytes: Vec<u8> = (0..10_500_u32).map(|n| (n % 241) as u8).collect();
    put(&target, "large.age", &bytes).await.unwrap();
    assert!(storage.inside().objects["box one/large.age"] == bytes);
    let puts = |storage: &Storage| {
        let asked = storage.inside().asked.clone();
        asked.iter().filter(|line| line.starts_with("PUT")).count()
    };
    assert_eq!(puts(&storage), 11);
    assert!(get(&target, "large.age", 10_500).await.unwrap() == bytes);

    for n in 0..5 {
        put(&target, &format!("{n}.age"), b"x").await.unwrap();
    }
    storage.inside().page = 2;
    assert_eq!(target.list().await.unwrap().len(), 6);
}

#[tokio::test]
async fn what_s3_says_is_told_with_what_to_do() {
    let storage = Storage::start().await;
    let store = Store::open_in_memory().unwrap();
    let gateway = gateway(&store, Reach::Open, storage.port);
    let told = async |change: &dyn Fn(&mut NewS3)| {
        let mut settings = at_s3(storage.port);
        change(&mut settings);
        let target = S3::new(gateway.clone(), &settings).unwrap();
        let steps = try_out(&target).await;
        assert_eq!(steps.len(), 1, "{steps:?}");
        steps[0].error.clone().unwrap()
    };
    let wrong_key = told(&|s| s.secret_key = Secret::new("wrong")).await;
    assert!(wrong_key.contains("check the access key"), "{wrong_key}");
    let bucket = told(&|s| s.bucket = "other".into()).await;
    assert!(bucket.contains("make the bucket"), "{bucket}");
    storage.inside().refuses = true;
    let denied = told(&|_| ()).await;
    assert!(denied.contains("allow this key"), "{denied}");
    let gone = told(&|s| s.endpoint = "http://127.0.0.1:1".into()).await;
    assert!(gone.contains("egress.allow"), "{gone}");
}

#[tokio::test]
async fn sftp_keeps_files_whole_under_their_names() {
    let root = tempfile::tempdir().unwrap();
    let server = SftpServer::start(root.path(), 1, 0).await;
    let store = Store::open_in_memory().unwrap();
    let gateway = gateway(&store, Reach::NoWeb, server.port);
    let new = NewTarget::Sftp(at_sftp(server.port));
    let settings = TargetSettings::of(new, None, &gateway).await.unwrap();
    assert_eq!(settings.host_key(), Some(server.print.clone()));
    assert_eq!(server.sign_ins.load(Ordering::Relaxed), 0, "only looked at");
    let target = open(&gateway, &settings).unwrap();
    keeps_files(target.as_ref()).await;
    let left = std::fs::read_dir(root.path().join("a/b")).unwrap();
    assert_eq!(left.count(), 1, "no half file is left");
    for row in store.read(|conn| list(conn, Rows::All, 50)).await.unwrap() {
        assert_eq!(
            (row.method.as_str(), row.purpose.as_str()),
            ("SSH", "backup")
        );
        assert!(!format!("{row:?}").contains(PASSWORD), "{row:?}");
    }

    let mut with_key = at_sftp(server.port);
    with_key.login = Some(NewLogin::PrivateKey(Secret::new(client_key())));
    with_key.host_key = server.print.clone();
    let new = NewTarget::Sftp(with_key);
    let settings = TargetSettings::of(new, None, &gateway).await.unwrap();
    let target = open(&gateway, &settings).unwrap();
    assert_eq!(target.list().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_folder_that_is_none_is_told() {
    let root = tempfile::tempdir().unwrap();
    let server = SftpServer::start(root.path(), 1, 0).await;
    let store = Store::open_in_memory().unwrap();
    let gateway = gateway(&store, Reach::NoWeb, server.port);
    let new = NewTarget::Sftp(at_sftp(server.port));
    let settings = TargetSettings::of(new, None, &gateway).await.unwrap();
    let target = open(&gateway, &settings).unwrap();
    std::fs::create_dir(root.path().join("a")).unwrap();
    std::fs::write(root.path().join("a/b"), "a file").unwrap();
    let steps = try_out(target.as_ref()).await;
    let error = steps[0].error.clone().unwrap_or_default();
    assert!(error.contains("a/b is no folder"), "{steps:?}");
    let error = target.list().await.unwrap_err().to_string();
    assert!(error.contains("a/b is no folder"), "{error}");
}

#[tokio::test]
async fn a_server_with_another_host_key_gets_nothing() {
    let root = tempfile::tempdir().unwrap();
    let store = Store::open_in_memory().unwrap();
    let server = SftpServer::start(root.path(), 1, 0).await;
    let port = server.port;
    let gateway = gateway(&store, Reach::Open, port);
    let new = NewTarget::Sftp(at_sftp(port));
    let settings = TargetSettings::of(new, None, &gateway).await.unwrap();
    let noted = server.print.clone();
    drop(server);
    tokio::task::yield_now().await;
    let other = loop {
        // Until the port is free again.
        match tokio::net::TcpListener::bind(("127.0.0.1", port)).await {
            Ok(free) => {
                drop(free);
                break SftpServer::start(root.path(), 2, port).await;
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    };
    let target = open(&gateway, &settings).unwrap();
    let error = put(target.as_ref(), "x", b"x")
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(&noted) && error.contains(&other.print),
        "{error}"
    );
    assert_eq!(
        other.sign_ins.load(Ordering::Relaxed),
        0,
        "nothing was sent"
    );
    // When the same place is set up again, the noted key still holds; only the owner can replace it.
    let again = TargetSettings::of(NewTarget::Sftp(at_sftp(port)), Some(&settings), &gateway).await;
    assert_eq!(again.unwrap().host_key(), Some(noted));
    let mut wrong = at_sftp(port);
    wrong.login = Some(NewLogin::Password(Secret::new("wrong")));
    wrong.host_key = other.print.clone();
    let settings = TargetSettings::of(NewTarget::Sftp(wrong), None, &gateway)
        .await
        .unwrap();
    let target = open(&gateway, &settings).unwrap();
    let error = target.list().await.unwrap_err().to_string();
    assert!(error.contains("refused to let ann in"), "{error}");
}

#[tokio::test]
async fn a_sealed_machine_reaches_no_target() {
    let storage = Storage::start().await;
    let root = tempfile::tempdir().unwrap();
    let server = SftpServer::start(root.path(), 1, 0).await;
    let store = Store::open_in_memory().unwrap();
    let mut sftp = at_sftp(server.port);
    sftp.host_key = server.print.clone();
    for (settings, port) in [
        (TargetSettings::S3(at_s3(storage.port)), storage.port),
        (TargetSettings::Sftp(sftp), server.port),
    ] {
        let gateway = gateway(&store, Reach::Nothing, port);
        let target = open(&gateway, &settings).unwrap();
        let steps = try_out(target.as_ref()).await;
        let error = steps[0].error.as_deref().unwrap_or_default();
        assert!(error.contains("sealed"), "{steps:?}");
    }
    assert!(storage.inside().asked.is_empty());
    assert_eq!(server.sign_ins.load(Ordering::Relaxed), 0);
    let rows = store.read(|conn| list(conn, Rows::All, 50)).await.unwrap();
    // For each, one write and one attempt to remove it.
    assert_eq!(rows.len(), 4);
    assert!(
        rows.iter()
            .all(|row| row.outcome.bytes_sent == 0 && row.outcome.error.is_some())
    );
}

#[tokio::test]
async fn what_is_set_up_is_checked_and_a_kept_secret_stays_with_its_place() {
    let store = Store::open_in_memory().unwrap();
    let gateway = gateway(&store, Reach::Open, 1);
    let of = async |new: NewTarget, kept: Option<&TargetSettings>| {
        TargetSettings::of(new, kept, &gateway).await
    };
    let s3 = |change: &dyn Fn(&mut NewS3)| {
        let mut new = at_s3(9000);
        change(&mut new);
        NewTarget::S3(new)
    };
    let sftp = |change: &dyn Fn(&mut NewSftp)| {
        let mut new = at_sftp(22);
        new.host_key = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU".into();
        change(&mut new);
        NewTarget::Sftp(new)
    };
    for bad in [
        s3(&|s| s.endpoint = "ftp://x".into()),
        s3(&|s| s.endpoint = String::new()),
        s3(&|s| s.bucket = " ".into()),
        s3(&|s| s.prefix = "../other".into()),
        s3(&|s| s.access_key = String::new()),
        s3(&|s| s.secret_key = Secret::default()),
        s3(&|s| s.path_style = false),
        sftp(&|s| s.host = String::new()),
        sftp(&|s| s.user = String::new()),
        sftp(&|s| s.port = 0),
        sftp(&|s| s.folder = "a//b".into()),
        sftp(&|s| s.folder = "/".into()),
        sftp(&|s| s.login = None),
        sftp(&|s| s.host_key = "SHA256:no".into()),
    ] {
        let told = format!("{bad:?}");
        let error = of(bad, None).await.unwrap_err();
        assert!(
            matches!(error, BackupError::BadTarget(_)),
            "{told}: {error}"
        );
    }
    for key in ["x".to_owned(), rsa_key()] {
        let login = NewLogin::PrivateKey(Secret::new(key));
        let unusable = sftp(&|s| s.login = Some(login.clone()));
        let error = of(unusable, None).await.unwrap_err().to_string();
        assert!(error.contains("Ed25519 or ECDSA"), "{error}");
    }
    let place = async |folder: &str| {
        let new = sftp(&|s| s.folder = folder.into());
        of(new, None).await.unwrap().place()
    };
    assert_eq!(place("a/b/").await, "sftp://ann@127.0.0.1:22/a/b");
    assert_eq!(place("/a/b").await, "sftp://ann@127.0.0.1:22//a/b");
    assert_eq!(place("").await, "sftp://ann@127.0.0.1:22/");

    let named_before = s3(&|s| {
        s.endpoint = "https://s3.eu-central-1.amazonaws.com".into();
        s.path_style = false;
        s.prefix = "/box/".into();
    });
    assert_eq!(
        of(named_before, None).await.unwrap().place(),
        "https://desk.s3.eu-central-1.amazonaws.com/box"
    );
    let kept = of(s3(&|_| ()), None).await.unwrap();
    assert!(!format!("{kept:?}").contains(SECRET));
    let same = of(s3(&|s| s.secret_key = Secret::default()), Some(&kept)).await;
    assert_eq!(same.unwrap(), kept);
    let elsewhere = s3(&|s| {
        s.secret_key = Secret::default();
        s.endpoint = "https://elsewhere.example".into();
    });
    assert!(of(elsewhere, Some(&kept)).await.is_err());
    let kept = of(sftp(&|_| ()), None).await.unwrap();
    let same = of(sftp(&|s| s.login = None), Some(&kept)).await;
    assert_eq!(same.unwrap(), kept);
    let elsewhere = sftp(&|s| {
        s.login = None;
        s.host = "elsewhere.example".into();
    });
    assert!(of(elsewhere, Some(&kept)).await.is_err());
}
