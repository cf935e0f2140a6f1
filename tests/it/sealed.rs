//! A sealed server: the built program, and a machine that must not be reached.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Stdio;

use serde_json::Value;

use crate::beside::{Place, json};

#[test]
fn a_sealed_server_reaches_no_target_says_so_and_notes_it() {
    let outside = TcpListener::bind("127.0.0.1:0").unwrap();
    outside.set_nonblocking(true).unwrap();
    let address = outside.local_addr().unwrap().to_string();
    let place = Place::new("data");
    let server = place.serve_with(&["--sealed"], &address);
    let secret = place.root.path().join("secret");
    std::fs::write(&secret, "hunter2-is-secret\n").unwrap();
    let endpoint = format!("http://{address}");
    let set = json(place.frontdesk(&[
        "backup",
        "target",
        "s3",
        &endpoint,
        "--bucket",
        "desk",
        "--path-style",
        "--access-key",
        "ann",
        "--secret-key",
        secret.to_str().unwrap(),
        "--json",
    ]));
    assert_eq!(set["place"], format!("{endpoint}/desk/"));
    let tried = place.frontdesk(&["backup", "target", "try"]).output();
    let tried = tried.unwrap();
    let said = String::from_utf8_lossy(&tried.stderr);
    assert!(
        tried.status.code() == Some(1) && said.contains("sealed"),
        "{said}"
    );

    let ledger = json(place.frontdesk(&["egress", "--json"]));
    let rows = ledger["requests"].as_array().unwrap();
    assert!(!rows.is_empty());
    for row in rows {
        assert_eq!(
            (&row["purpose"], &row["status"]),
            (&Value::from("backup"), &Value::Null)
        );
        assert_eq!(row["bytes_sent"], 0);
        assert!(row["error"].as_str().unwrap().contains("sealed"), "{row}");
    }
    let shown = place.frontdesk(&["egress"]).output().unwrap();
    let shown = String::from_utf8_lossy(&shown.stdout);
    assert!(
        shown.contains("PUT") && shown.contains("metadata"),
        "{shown}"
    );
    assert!(!shown.contains("hunter2"), "{shown}");
    let seen = outside.accept().unwrap_err();
    assert_eq!(seen.kind(), ErrorKind::WouldBlock);
    server.stop();
}

/// Sends a form, or asks for a page without one; the answer as text.
fn browse(address: &str, cookie: &str, path: &str, form: Option<&str>) -> String {
    let (method, body) = form.map_or(("GET", ""), |form| ("POST", form));
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\nCookie: {cookie}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut all = String::new();
    stream.read_to_string(&mut all).unwrap();
    all
}

#[test]
fn the_page_sets_a_target_up_tries_it_and_shows_no_secret() {
    let place = Place::new("data");
    let mut command = place.frontdesk(&[
        "admin",
        "user",
        "create",
        "--name",
        "Ann",
        "--email",
        "ann@example.com",
    ]);
    let mut creating = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut typed = creating.stdin.take().unwrap();
    typed.write_all(b"four plain words here\n").unwrap();
    drop(typed);
    assert!(creating.wait().unwrap().success());

    let server = place.serve_with(&["--sealed"], "127.0.0.1:9");
    let address = server.address.clone();
    let login = "email=ann%40example.com&password=four+plain+words+here";
    let entered = browse(&address, "", "/login", Some(login));
    let cookie = entered
        .lines()
        .filter_map(|line| line.strip_prefix("set-cookie: ")?.split(';').next())
        .find(|cookie| cookie.starts_with("frontdesk_session="))
        .unwrap_or_else(|| panic!("{entered}"));
    let page = |path: &str, form: Option<&str>| browse(&address, cookie, path, form);
    let before = page("/backups", None);
    assert!(before.contains("Copy to S3-compatible storage"), "{before}");
    let form = "kind=s3&endpoint=http%3A%2F%2F127.0.0.1%3A9&bucket=desk&style=path&access_key=ann\
                &secret_key=hunter2-is-secret";
    let set = page("/backups/target", Some(form));
    assert!(
        set.contains("The place was saved") && set.contains("http://127.0.0.1:9/desk/"),
        "{set}"
    );
    let bad = page("/backups/target", Some("kind=s3&endpoint=x&bucket=desk"));
    assert!(
        bad.starts_with("HTTP/1.1 400") && bad.contains("https://"),
        "{bad}"
    );
    let tried = page("/backups/target/try", Some(""));
    assert!(
        tried.contains("Writing a file: This machine is sealed"),
        "{tried}"
    );
    let ledger = page("/egress", None);
    assert!(ledger.contains("metadata, public, credential"), "{ledger}");
    for shown in [&set, &bad, &tried, &ledger] {
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    let removed = page("/backups/target/remove", Some(""));
    assert!(!removed.contains("127.0.0.1:9/desk"), "{removed}");
    server.stop();
}

#[test]
fn a_sealed_machine_fetches_no_models() {
    let place = Place::new("data");
    let mut command = place.frontdesk(&["models", "get", "--starter", "test"]);
    let fetched = command.env("FRONTDESK_SEALED", "true").output().unwrap();
    let said = String::from_utf8_lossy(&fetched.stderr);
    assert!(!fetched.status.success(), "{said}");
    assert!(said.contains("this machine is sealed"), "{said}");
}
