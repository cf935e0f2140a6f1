//! `frontdesk` alone and `frontdesk open`, with the built program and without models.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::beside::Place;

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn make_account(place: &Place) {
    let mut command = place.frontdesk(&["admin", "user", "create", "--name", "Ann"]);
    let mut child = command
        .args(["--email", "ann@example.com"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut password = child.stdin.take().unwrap();
    password.write_all(b"a long enough password\n").unwrap();
    drop(password);
    assert!(child.wait().unwrap().success());
}

/// A desktop that writes down what it is asked to open.
fn desktop(place: &Place) -> String {
    let program = place.root.path().join("xdg-open");
    std::fs::write(&program, "#!/bin/sh\necho \"$1\" >\"$HOME/opened\"\n").unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    format!("{}:/usr/bin:/bin", place.root.path().display())
}

#[test]
fn the_console_of_the_running_server_is_opened() {
    let place = Place::new("data");
    let path = desktop(&place);
    let open = |more: &[&str]| -> Output {
        let mut command = place.frontdesk(&[&["open"], more].concat());
        command.env("PATH", &path).env("DISPLAY", ":9");
        command.output().unwrap()
    };
    let opened = place.root.path().join("opened");

    let none = open(&[]);
    assert_eq!(none.status.code(), Some(1));
    assert!(text(&none.stderr).contains("frontdesk serve"));

    let server = place.serve_with(&[], "");
    let console = format!("http://{}", server.address);
    let first = open(&[]);
    let link = text(&first.stdout);
    assert!(
        link.starts_with(&format!("{console}/setup?token=")),
        "{link}"
    );
    assert!(
        !opened.exists(),
        "the link makes an owner, so no program gets it"
    );

    make_account(&place);
    assert_eq!(text(&open(&["--print"]).stdout), format!("{console}\n"));
    assert!(!opened.exists());
    assert!(text(&open(&[]).stderr).contains("Opened"));
    assert_eq!(
        std::fs::read_to_string(&opened).unwrap(),
        format!("{console}\n")
    );
    server.stop();
}

#[test]
fn alone_in_a_terminal_it_says_where_it_stands() {
    let place = Place::new("data");
    let data = place.root.path().join("data");
    let program = env!("CARGO_BIN_EXE_frontdesk");
    let run = |command: &mut Command| {
        let home = place.root.path();
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", home);
        command.env("FRONTDESK_DATA", &data).current_dir(home);
        command.output().unwrap()
    };
    let piped = run(&mut Command::new(program));
    assert_eq!(piped.status.code(), Some(2));
    assert!(piped.stdout.is_empty() && text(&piped.stderr).contains("Usage: frontdesk"));

    let told = || {
        // `script` gives it a terminal.
        let seen = run(Command::new("script")
            .args(["--quiet", "--return", "--command"])
            .args([program, "/dev/null"]));
        assert!(seen.status.success(), "{}", text(&seen.stdout));
        text(&seen.stdout)
    };
    if !Path::new("/usr/bin/script").exists() {
        eprintln!("left out: there is no command \"script\"");
        return;
    }
    let before = told();
    assert!(
        before.contains("Server   not running") && before.contains("(nothing yet)"),
        "{before}"
    );
    assert!(before.contains("Next     frontdesk models get"), "{before}");
    let server = place.serve_with(&[], "");
    make_account(&place);
    let running = told();
    assert_eq!(running.lines().count(), 6, "{running}");
    assert!(running.contains(&format!("runs at http://{}", server.address)));
    assert!(running.contains("0 documents, 0 questions"), "{running}");
    server.stop();
}
