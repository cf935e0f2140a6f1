//! What the processes of the built binary cannot do, and what they do not hand on. No models are needed.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use frontdesk::config::worker_environment;
use frontdesk::extract;
use frontdesk::worker::sandbox::{Held, Limits};
use frontdesk::worker::{Spec, Worker};
use landlock::{ABI, Access, AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tokio_util::sync::DropGuard;

use crate::server::FRONTDESK;

/// A worker without any model; it ends with the guard.
fn start(engine: &str) -> (Worker<Value, Value>, DropGuard) {
    let limits = match engine {
        "extract" => Limits {
            memory_bytes: Some(1 << 30),
            cpu_seconds: Some(20),
            ..Limits::default()
        },
        _ => Limits::for_models(&[]),
    };
    let init = match engine {
        "llm" => {
            json!({"chat": null, "embed": null, "reader": null, "dimensions": 384, "threads": 2,
            "limits": limits})
        }
        "speech" => json!({"models": [], "threads": 2, "max_seconds": 60, "max_bytes": 1000,
            "limits": limits}),
        "voice" => {
            json!({"models": [], "turn": null, "voices": [], "threads": 2, "limits": limits})
        }
        _ => json!({"limits": extract::Limits::default(), "sandbox": limits}),
    };
    let spec = Spec {
        name: engine.into(),
        program: FRONTDESK.into(),
        args: vec!["worker".into(), engine.into()],
        env: worker_environment(0),
        init: init.to_string(),
        start_deadline: Duration::from_secs(60),
        memory_cap: None,
    };
    let shutdown = CancellationToken::new();
    let worker = Worker::start(spec, shutdown.clone());
    (worker, shutdown.drop_guard())
}

fn has_landlock() -> bool {
    let made = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1))
        .and_then(Ruleset::create);
    made.is_ok()
}

#[tokio::test]
async fn each_worker_is_refused_what_it_tries() {
    for engine in ["llm", "speech", "voice", "extract"] {
        let (worker, _ends) = start(engine);
        let detail = worker.ready().await.unwrap();
        let held = Held::told(&detail).unwrap();
        if engine == "extract" || has_landlock() {
            assert!(held.gaps().is_empty(), "{engine} can {:?}", held.gaps());
        } else {
            println!("left out for {engine}: this kernel has no Landlock");
        }
    }
}

#[tokio::test]
async fn a_worker_inherits_no_descriptor_and_may_open_few() {
    let null = std::fs::File::open("/dev/null").unwrap();
    #[expect(
        unsafe_code,
        reason = "the standard library opens none that children inherit"
    )]
    // SAFETY: the new descriptor is owned by nobody, and the process ends with it.
    let inheritable = unsafe { libc::dup(std::os::fd::AsRawFd::as_raw_fd(&null)) };
    assert!(inheritable > 2);
    let (worker, _ends) = start("speech");
    worker.ready().await.unwrap();
    let process = format!("/proc/{}", worker.status().pid.unwrap());
    let open: BTreeSet<String> = std::fs::read_dir(format!("{process}/fd"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(open, ["0", "1", "2"].map(str::to_owned).into());
    assert_eq!(limit(&process, "Max open files"), ["64", "64"]);
    assert_eq!(limit(&process, "Max core file size"), ["0", "0"]);
}

/// The two values of a limit of a process.
fn limit(process: &str, name: &str) -> [String; 2] {
    let limits = std::fs::read_to_string(format!("{process}/limits")).unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix(name));
    let mut values = line.unwrap().split_whitespace().map(str::to_owned);
    [values.next().unwrap(), values.next().unwrap()]
}

#[test]
fn the_passphrase_leaves_the_environment_of_the_server() {
    let passphrase = "five canaries sang in the garden";
    let data = tempfile::tempdir().unwrap();
    let mut server = Command::new(FRONTDESK)
        .args(["serve", "--json", "--listen", "127.0.0.1:0", "--data"])
        .arg(data.path())
        .env("FRONTDESK_PASSPHRASE", passphrase)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let out = server.stdout.take().unwrap();
    BufReader::new(out).read_line(&mut line).unwrap();
    let process = format!("/proc/{}", server.id());
    let seen = std::fs::read(Path::new(&process).join("environ"));
    let core = limit(&process, "Max core file size");
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(line.contains("address"), "it did not start: {line}");
    assert!(
        data.path().join("passphrase.salt").exists(),
        "it was not used"
    );
    assert_eq!(core, ["0", "0"]);
    match seen {
        Ok(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            assert!(text.contains("PATH=") && !text.contains(passphrase));
        }
        // Only the administrator may look at all.
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied),
    }
}
