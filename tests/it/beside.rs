//! Commands beside a running server: the built program, without models.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

const SOCKET: &str = "frontdesk.sock";

/// A data folder, and nothing of this machine's settings.
pub struct Place {
    pub root: TempDir,
    data: PathBuf,
}

impl Place {
    pub fn new(name: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        let data = root.path().join(name);
        Self { root, data }
    }

    pub fn frontdesk(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_frontdesk"));
        command
            .args(args)
            .arg("--data")
            .arg(&self.data)
            .current_dir(self.root.path())
            .env_clear()
            .env("HOME", self.root.path());
        command
    }

    fn serve(&self) -> Server {
        self.serve_with(&[], "")
    }

    /// With more arguments, and this in `egress.allow`.
    pub fn serve_with(&self, more: &[&str], allow: &str) -> Server {
        let args = [&["serve", "--json", "--listen", "127.0.0.1:0"], more].concat();
        let mut command = self.frontdesk(&args);
        if !allow.is_empty() {
            command.env("FRONTDESK_EGRESS_ALLOW", allow);
        }
        let mut process = command
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut lines = BufReader::new(process.stdout.take().unwrap());
        lines.read_line(&mut line).unwrap();
        let started: Value = serde_json::from_str(&line).unwrap();
        let address = started["address"].as_str().unwrap();
        Server {
            process,
            address: address.strip_prefix("http://").unwrap().to_owned(),
        }
    }

    fn documents(&self) -> Value {
        json(self.frontdesk(&["documents", "list", "--json"]))
    }
}

/// What a command prints that must succeed.
pub fn json(mut command: Command) -> Value {
    let done = command.output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?}: {said}");
    serde_json::from_slice(&done.stdout).unwrap()
}

pub struct Server {
    process: Child,
    pub address: String,
}

impl Server {
    pub fn stop(mut self) {
        let asked = Command::new("kill")
            .arg(self.process.id().to_string())
            .status();
        assert!(asked.unwrap().success());
        assert!(self.process.wait().unwrap().success());
    }

    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Of a test that failed.
        let _ended = self.process.kill();
        let _ended = self.process.wait();
    }
}

/// The answer to `GET path` as text.
fn get(mut stream: impl Read + Write, path: &str, headers: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n{headers}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut all = String::new();
    stream.read_to_string(&mut all).unwrap();
    all
}

fn mode(path: &Path) -> u32 {
    path.symlink_metadata().unwrap().permissions().mode() & 0o777
}

#[test]
fn commands_go_over_a_socket_and_leave_no_key() {
    let place = Place::new("data");
    // What an earlier version left when it was killed.
    let key = json(place.frontdesk(&[
        "admin",
        "key",
        "create",
        "--all",
        "--json",
        "--name",
        "commands on this machine",
    ]));
    let key = key["key"].as_str().unwrap().to_owned();
    std::fs::write(place.data.join("local.key"), &key).unwrap();

    let server = place.serve();
    let socket = place.data.join(SOCKET);
    assert!(!place.data.join("local.key").exists());
    assert!(socket.symlink_metadata().unwrap().file_type().is_socket());
    assert_eq!((mode(&socket), mode(&place.data)), (0o600, 0o700));
    let network = || TcpStream::connect(&server.address).unwrap();
    let path = "/api/v1/documents";
    assert!(get(network(), path, "").starts_with("HTTP/1.1 401"));
    let old = format!("Authorization: Bearer {key}\r\n");
    assert!(get(network(), path, &old).starts_with("HTTP/1.1 401"));

    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    proxy.set_nonblocking(true).unwrap();
    let named = format!("http://ann:secret@{}", proxy.local_addr().unwrap());
    let beside = |args: &[&str]| {
        let mut command = place.frontdesk(args);
        for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
            command.env(name, &named);
        }
        json(command)
    };
    let file = place.root.path().join("prices.txt");
    std::fs::write(&file, "A full service costs 89 euros.").unwrap();
    beside(&["ingest", "--json", file.to_str().unwrap()]);
    let listed = beside(&["documents", "list", "--json"]);
    assert_eq!(listed[0]["name"], "prices.txt", "{listed}");
    let answer = beside(&["ask", "--json", "How much is a full service?"]);
    assert!(answer["rung"].is_string(), "{answer}");
    let seen = proxy.accept().unwrap_err();
    assert_eq!(seen.kind(), ErrorKind::WouldBlock);

    let keys = get(UnixStream::connect(&socket).unwrap(), "/api/v1/keys", "");
    let keys: Value = serde_json::from_str(keys.split("\r\n\r\n").nth(1).unwrap()).unwrap();
    let keys = keys["keys"].as_array().unwrap();
    assert!(
        keys.len() == 1 && keys[0]["revoked_at"].is_number(),
        "{keys:?}"
    );
    server.stop();
    assert!(!socket.exists() && !place.data.join("local.key").exists());
    assert_eq!(place.documents()[0]["name"], "prices.txt");
}

#[test]
fn the_socket_of_a_killed_server_is_in_nobodys_way() {
    let place = Place::new("data");
    place.serve().kill();
    assert!(place.data.join(SOCKET).symlink_metadata().is_ok());
    // Without a server the command opens the folder itself, and leaves the socket to the next server.
    assert_eq!(place.documents(), Value::Array(Vec::new()));
    let server = place.serve();
    assert_eq!(mode(&place.data.join(SOCKET)), 0o600);
    assert_eq!(place.documents(), Value::Array(Vec::new()));
    server.stop();
}

#[test]
fn a_folder_with_a_long_path_has_a_socket_too() {
    let place = Place::new(&"long".repeat(50));
    let server = place.serve();
    assert_eq!(mode(&place.data.join(SOCKET)), 0o600);
    assert_eq!(place.documents(), Value::Array(Vec::new()));
    server.stop();
    assert!(!place.data.join(SOCKET).exists());
}

#[test]
fn a_command_that_does_not_get_through_says_what_to_do() {
    let place = Place::new("data");
    let server = place.serve();
    std::fs::remove_file(place.data.join(SOCKET)).unwrap();
    let refused = place.frontdesk(&["documents", "list"]).output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(
        refused.status.code() == Some(1)
            && said.contains(&server.address)
            && said.contains("stop the server first"),
        "{said}"
    );
    server.stop();
}

#[test]
fn the_command_opens_a_workspace_and_renews_its_key() {
    let place = Place::new("data");
    let said = |args: &[&str]| {
        let done = place.frontdesk(args).output().unwrap();
        assert!(done.status.success(), "{args:?}: {done:?}");
        String::from_utf8(done.stdout).unwrap().trim().to_owned()
    };
    let visit = |server: &Server, site: &str| {
        let body = format!("{{\"site\":\"{site}\"}}");
        let request = format!(
            "POST /api/v1/visit HTTP/1.1\r\nHost: {}\r\nX-Forwarded-For: 198.51.100.7\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            server.address,
            body.len()
        );
        let mut stream = TcpStream::connect(&server.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut all = String::new();
        stream.read_to_string(&mut all).unwrap();
        all.split(' ').nth(1).unwrap().to_owned()
    };
    let first = said(&["admin", "site-key"]);
    assert!(first.starts_with("fd_site_"), "{first}");
    let server = place.serve();
    assert_eq!(visit(&server, &first), "403");
    said(&["admin", "visitors"]);
    assert_eq!(visit(&server, &first), "200");
    let second = said(&["admin", "site-key", "--renew", "--old-days", "7"]);
    assert_eq!(
        [&first, &second].map(|key| visit(&server, key)),
        ["200", "200"]
    );
    let third = said(&["admin", "site-key", "--renew"]);
    assert_eq!(third, said(&["admin", "site-key"]));
    assert_eq!(
        [&first, &second, &third].map(|key| visit(&server, key)),
        ["404", "404", "200"]
    );
    server.stop();
}

#[test]
fn mail_is_set_up_at_the_command_line_and_its_password_is_never_printed() {
    let place = Place::new("mail");
    let run = |args: &[&str]| {
        place
            .frontdesk(&[&["mail"], args].concat())
            .output()
            .unwrap()
    };
    let out = |args: &[&str]| {
        let done = run(args);
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{args:?}: {said}");
        String::from_utf8(done.stdout).unwrap()
    };
    assert!(out(&[]).contains("nobody is told by e-mail"));
    let early = run(&[
        "mailbox",
        "imap.example",
        "--user",
        "ann",
        "--address",
        "desk@example.com",
    ]);
    assert_eq!(early.status.code(), Some(2));
    let file = place.root.path().join("password");
    std::fs::write(&file, "canary-7731\n").unwrap();
    let file = file.to_str().unwrap();
    let set = [
        "set",
        "mail.example",
        "--user",
        "ann",
        "--password",
        file,
        "--from",
        "desk@example.com",
        "--name",
        "Desk",
    ];
    let shown = out(&set);
    assert!(
        shown.contains("mail.example:465 as ann") && shown.contains("not tried yet"),
        "{shown}"
    );
    // The same server keeps its password, another one does not get it.
    out(&[
        "set",
        "mail.example",
        "--user",
        "ann",
        "--name",
        "Front desk",
    ]);
    let moved = run(&["set", "evil.example", "--user", "ann"]);
    assert_eq!(moved.status.code(), Some(1));
    let status = json(place.frontdesk(&["mail", "--json"]));
    assert_eq!(
        status["sender"],
        serde_json::json!({"name": "Front desk", "address": "desk@example.com"})
    );
    assert!(!status.to_string().contains("canary-7731"));
    let unknown = run(&["again", "00000000-0000-0000-0000-000000000000"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert_eq!(
        out(&["again", "--failed"]).trim(),
        "0 messages wait and will be sent when Frontdesk runs (`frontdesk serve`)."
    );
    out(&["off"]);
    assert!(out(&["status"]).contains("nobody is told by e-mail"));
}
