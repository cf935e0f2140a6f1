//! Who may reach the outside: the fences around everything that can open a connection, and the proof that no
//! dependency that can is left out.

#![allow(
    clippy::unwrap_used,
    reason = "a lock file that cannot be read fails the test"
)]

use std::collections::{BTreeMap, BTreeSet};

use super::{Fence, fence_violations};
use crate::paths::Source;

const REMEDY: &str = "the egress gateway is the only room that opens a connection to elsewhere, so that nothing leaves the \
                      machine unseen: send a request or open a stream there (`Gateway`)";

/// Names of addresses, and what listens or is handed out by a listener.
const STD_HARMLESS: &[(&str, &str)] = &[
    ("std::net::IpAddr", "an address"),
    ("std::net::Ipv4Addr", "an address"),
    ("std::net::Ipv6Addr", "an address"),
    ("std::net::SocketAddr", "an address"),
    ("std::net::TcpListener", "it listens"),
];
const TOKIO_HARMLESS: &[(&str, &str)] = &[
    ("tokio::net::TcpListener", "it listens"),
    ("tokio::net::UnixListener", "it listens"),
    ("tokio::net::UnixStream", "it stays on this machine"),
];

/// A fence around a name that these may name.
const fn fence(
    name: &'static str,
    allowed: &'static [&'static str],
    harmless: &'static [(&'static str, &'static str)],
) -> Fence {
    Fence {
        name,
        within: &[],
        allowed,
        harmless,
        remedy: REMEDY,
    }
}

/// Everything that could open a connection, and where it may be named.
pub(crate) const FENCES: &[Fence] = &[
    // `cli::remote` talks to the server of the same data folder, over a socket in it, and `cli::api` writes its requests;
    // `models::fetch` is a command of
    // its own, which says itself what it fetches.
    fence(
        "reqwest",
        &["models::fetch", "cli::remote", "cli::api", "egress"],
        &[],
    ),
    fence("russh", &["egress"], &[]),
    // It speaks over a stream that it is given; a test's server is in the gate's room.
    fence(
        "russh_sftp",
        &["app::backup::target", "egress::sftp_fixture"],
        &[],
    ),
    // It signs addresses and sends nothing.
    fence("rusty_s3", &["app::backup::target"], &[]),
    fence("std::net", &["egress"], STD_HARMLESS),
    // `http::server` takes the streams that its listeners accept.
    // A test's authority connects to the server whose name it checks.
    fence(
        "tokio::net",
        &["egress", "http::server", "certificates::authority_fixture"],
        TOKIO_HARMLESS,
    ),
    fence("hyper::client", &[], &[]),
    fence("hyper_util::client", &[], &[]),
    // `certificates` shakes hands on streams that the listener accepted.
    // A test's mail servers accept with it.
    fence(
        "tokio_rustls",
        &["egress", "certificates", "mail::servers_fixture"],
        &[],
    ),
    // It speaks over a stream that it is given, and builds messages.
    fence("lettre", &["mail"], &[]),
    fence("lettre::AsyncSmtpTransport", &[], &[]),
    fence("lettre::SmtpTransport", &[], &[]),
    // It is given a client, which sends through the gateway.
    fence("instant_acme", &["certificates::acme"], &[]),
    // It serves requests of our router; its clients are turned off.
    fence("rmcp", &["http::mcp"], &[]),
    // A WebSocket over the socket in the data folder, and one over a stream of the gateway.
    fence(
        "tokio_tungstenite",
        &["cli::talk::wire", "providers::sound"],
        &[],
    ),
    fence("tokio_tungstenite::connect_async", &[], &[]),
    // The sandbox tries whether it is refused.
    fence("libc::socket", &["worker::sandbox"], &[]),
    fence("libc::connect", &["worker::sandbox"], &[]),
    fence("libc::sendto", &["worker::sandbox"], &[]),
    // A child could connect in our place: workers are locked in, packages are fetched by a command of its own, and the
    // desktop is given an address of this machine.
    fence(
        "std::process::Command",
        &["worker", "models::fetch::python", "cli::open"],
        &[],
    ),
    fence("tokio::process", &["worker"], &[]),
];

/// Crates that open connections; whatever is built on one of them could.
const SOCKETS: &[&str] = &[
    "mio",
    "socket2",
    "rustls",
    "native-tls",
    "openssl",
    "quinn",
    "curl",
    "ureq",
];

/// The dependencies that are built on those, each with what keeps it here.
const COULD_CONNECT: &[(&str, &str)] = &[
    ("axum", "it serves"),
    (
        "hyper",
        "only its server is turned on; `hyper::client` is fenced",
    ),
    (
        "hyper-util",
        "only its server is turned on; `hyper_util::client` is fenced",
    ),
    (
        "instant-acme",
        "fenced; its own client is turned off, and it is given one that goes through the gateway",
    ),
    (
        "lettre",
        "fenced; it speaks over a stream that it is given, and its own transports are named nowhere",
    ),
    ("reqwest", "fenced"),
    (
        "rmcp",
        "fenced; only its server is turned on, and it is a service of our router",
    ),
    ("russh", "fenced"),
    (
        "russh-sftp",
        "fenced; it speaks over a stream that it is given",
    ),
    ("tokio", "`tokio::net` and `tokio::process` are fenced"),
    ("tokio-stream", "it wraps what it is given"),
    (
        "tokio-rustls",
        "fenced; it speaks over a stream that it is given",
    ),
    (
        "tokio-tungstenite",
        "fenced; it speaks over a stream that it is given",
    ),
    ("tokio-util", "it wraps what it is given"),
    ("tower", "it wraps what it is given"),
    ("tower-http", "it wraps what it is given"),
];

/// A package of the lock file, as `name` or `name version`, with what it needs.
type Packages = BTreeMap<String, Vec<String>>;

fn packages(lock: &str) -> Packages {
    let lock: toml::Table = lock.parse().unwrap();
    let text = |value: &toml::Value| value.as_str().unwrap().to_owned();
    let mut all = Packages::new();
    for package in lock["package"].as_array().unwrap() {
        let (name, version) = (text(&package["name"]), text(&package["version"]));
        let needs = package.get("dependencies").and_then(toml::Value::as_array);
        let needs: Vec<String> = needs.into_iter().flatten().map(text).collect();
        // The lock file names the version where there is more than one.
        all.insert(format!("{name} {version}"), needs.clone());
        all.entry(name).or_default().extend(needs);
    }
    all
}

/// The names of everything that a dependency is built on, itself too.
fn built_on(packages: &Packages, dependency: &str) -> BTreeSet<String> {
    let (mut seen, mut left) = (BTreeSet::new(), vec![dependency.to_owned()]);
    while let Some(next) = left.pop() {
        if seen.insert(next.clone()) {
            left.extend(packages.get(&next).into_iter().flatten().cloned());
        }
    }
    let name = |package: &String| package.split(' ').next().unwrap().to_owned();
    seen.iter().map(name).collect()
}

/// Dependencies that could connect.
fn could_connect(manifest: &str, lock: &str) -> BTreeSet<String> {
    let manifest: toml::Table = manifest.parse().unwrap();
    let packages = packages(lock);
    let is_one = |name: &&String| {
        let all = built_on(&packages, name);
        SOCKETS.iter().any(|socket| all.contains(*socket))
    };
    let direct = manifest["workspace"]["dependencies"].as_table().unwrap();
    let foreign = direct
        .iter()
        .filter(|(_, wanted)| wanted.get("path").is_none());
    foreign
        .map(|(name, _)| name)
        .filter(is_one)
        .cloned()
        .collect()
}

#[test]
fn every_dependency_that_could_connect_is_known() {
    let found = could_connect(
        include_str!("../../Cargo.toml"),
        include_str!("../../Cargo.lock"),
    );
    let known: BTreeSet<String> = COULD_CONNECT.iter().map(|(n, _)| (*n).to_owned()).collect();
    assert_eq!(
        found, known,
        "a dependency that could open a connection belongs into COULD_CONNECT, and a fence around it"
    );
}

#[test]
fn a_dependency_that_could_connect_is_found_through_others() {
    let manifest =
        "[workspace.dependencies]\nplain = \"1\"\nhidden = \"1\"\nown = { path = \"src/own\" }";
    let lock = "
        [[package]]\nname = \"plain\"\nversion = \"1.0.0\"\n
        [[package]]\nname = \"hidden\"\nversion = \"1.0.0\"\ndependencies = [\"middle 2.0.0\"]\n
        [[package]]\nname = \"middle\"\nversion = \"1.0.0\"\n
        [[package]]\nname = \"middle\"\nversion = \"2.0.0\"\ndependencies = [\"mio\"]\n
        [[package]]\nname = \"own\"\nversion = \"1.0.0\"\ndependencies = [\"mio\"]\n
        [[package]]\nname = \"mio\"\nversion = \"1.0.0\"\n";
    let found = could_connect(manifest, lock);
    assert_eq!(found, BTreeSet::from(["hidden".to_owned()]));
}

#[test]
fn a_connection_outside_of_the_gate_is_caught_in_every_spelling() {
    let lines = |file: &str, text: &str| -> Vec<usize> {
        let found = fence_violations(&Source::new(file, text));
        let mut lines: Vec<usize> = found.iter().map(|violation| violation.line).collect();
        lines.sort_unstable();
        lines
    };
    let text = "use std::net::TcpStream;\n\
                use tokio::net::{TcpListener, TcpStream};\n\
                use tokio::net;\n\
                fn f() { std::net::UdpSocket::bind(\"x\"); tokio::net::lookup_host(\"x\"); }\n\
                use russh::client;\n\
                use hyper_util::client::legacy::Client;\n\
                fn g() { unsafe { libc::socket(2, 1, 0) }; }\n\
                use std::process::{Command, Stdio};\n\
                fn h() { tokio_tungstenite::connect_async(\"x\"); }\n\
                use std::net::*;\n\
                use std::net::{IpAddr, TcpListener};";
    assert_eq!(
        lines("src/app/mail.rs", text),
        [1, 2, 3, 4, 4, 5, 6, 7, 8, 9, 9, 10]
    );
    let gate = "use tokio::net::TcpStream;\nuse russh::client;\nuse hyper::client::conn;";
    assert_eq!(lines("src/egress/tunnel.rs", gate), [3]);
}

#[test]
fn rooms_take_their_dependencies_from_the_list_of_all() {
    let src = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut rooms = 0;
    for entry in std::fs::read_dir(src).unwrap() {
        let manifest = entry.unwrap().path().join("Cargo.toml");
        let Ok(text) = std::fs::read_to_string(&manifest) else {
            continue;
        };
        rooms += 1;
        let manifest_table: toml::Table = text.parse().unwrap();
        let linux = manifest_table.get("target").into_iter();
        let linux = linux.flat_map(|t| t.as_table().unwrap().values());
        let tables = std::iter::once(&toml::Value::Table(manifest_table.clone()))
            .chain(linux)
            .flat_map(|t| [t.get("dependencies"), t.get("dev-dependencies")])
            .flatten()
            .flat_map(|t| t.as_table().unwrap().clone())
            .collect::<Vec<_>>();
        for (name, wanted) in tables {
            assert_eq!(
                wanted.get("workspace").and_then(toml::Value::as_bool),
                Some(true),
                "{}: `{name}` belongs into [workspace.dependencies] of the Cargo.toml above, where its version, \
                 features and reason stand",
                manifest.display()
            );
        }
    }
    assert!(rooms > 10, "only {rooms} rooms were found");
}
