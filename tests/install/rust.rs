//! Where Rust comes from when it is missing or old.

use crate::machine::Machine;

const PLACE: &str = "/rustup/dist/x86_64-unknown-linux-gnu/rustup-init";
/// A toolchain that is new enough once something has put the file `new` beside the commands.
const RUSTC: &str = "[ -e \"$BIN/new\" ] && echo 'rustc 1.99.0' || echo 'rustc 1.70.0'";
/// Writes down the address, and serves the files of the folder `server` in the home.
const CURL: &str = r#"while [ $# -gt 1 ]; do
  [ "$1" != --output ] || to=$2
  shift
done
echo "curl $1" >>"$CALLS"
exec cat "$HOME/server/${1##*/}" >"$to""#;
const RUSTUP_INIT: &str = r#"#!/bin/sh
echo "rustup-init $*" >>"$CALLS"
mkdir -p "$HOME/.cargo/bin"
cp "$BIN/cargo" "$HOME/.cargo/bin/cargo"
printf '#!/bin/sh\necho rustc 1.99.0\n' >"$HOME/.cargo/bin/rustc"
chmod +x "$HOME/.cargo/bin/rustc"
"#;

/// A machine with an old Rust, no rustup, and a server that has `rustup-init` with this checksum.
fn without_rust(sha256: impl FnOnce(&str) -> String) -> Machine {
    let machine = Machine::new();
    machine.command("rustc", RUSTC);
    machine.command("curl", CURL);
    machine.write("home/server/rustup-init", RUSTUP_INIT);
    let sum = machine
        .bash("sha256sum \"$HOME/server/rustup-init\"")
        .output;
    machine.write("home/server/rustup-init.sha256", &sha256(&sum));
    machine
}

#[test]
fn a_rustup_that_is_there_brings_it_up_to_date() {
    let machine = Machine::new();
    machine.command("rustc", RUSTC);
    machine.command(
        "rustup",
        "echo \"rustup $*\" >>\"$CALLS\"; [ \"$2\" != install ] || touch \"$BIN/new\"",
    );
    machine.run(&["--no-start"]).succeeds();
    let installs = "rustup toolchain install 1.95 --profile minimal --no-self-update";
    assert!(machine.calls().contains(&installs.to_owned()));
}

#[test]
fn what_an_earlier_run_installed_is_found_again() {
    let machine = Machine::new();
    machine.command(
        "rustc",
        "[ \"$RUSTUP_TOOLCHAIN\" = 1.95 ] && echo 'rustc 1.95.0' || exit 1",
    );
    machine.command("rustup", "echo 1.95-x86_64-unknown-linux-gnu");
    let run = machine.run(&["--no-start"]);
    run.succeeds();
    run.says("Rust       1.95.0 is there");
}

#[test]
fn the_systems_rustup_comes_before_the_rust_projects() {
    let machine = without_rust(str::to_owned);
    machine.command("apt-cache", "echo '  Candidate: 1.27.1-3'");
    let rustup = "#!/bin/sh\necho \\\"rustup \\$*\\\" >>\\\"\\$CALLS\\\"; touch \\\"\\$BIN/new\\\"";
    let apt = format!(
        "echo \"apt-get $*\" >>\"$CALLS\"
        case $* in *' rustup') printf \"%b\" \"{rustup}\" >\"$BIN/rustup\"; chmod +x \"$BIN/rustup\";; esac"
    );
    machine.command("apt-get", &apt);
    machine.run(&["--no-start"]).succeeds();
    let calls = machine.calls();
    let install = calls.iter().find(|call| call.ends_with(" rustup")).unwrap();
    assert!(install.contains("--no-remove"), "{install}");
    assert!(
        calls
            .iter()
            .any(|call| call.contains("toolchain install 1.95"))
    );
    assert!(
        !calls.iter().any(|call| call.starts_with("curl")),
        "{calls:?}"
    );
}

#[test]
fn the_rust_projects_installer_is_checked_and_run() {
    let machine = without_rust(str::to_owned);
    let run = machine.run(&["--no-start"]);
    run.succeeds();
    let official = format!("https://static.rust-lang.org{PLACE}");
    run.says(&official);
    run.says("The checksum is right");
    // A machine without lists of packages gets them first.
    let calls = machine.calls();
    let calls: Vec<_> = calls
        .iter()
        .filter(|call| !call.starts_with("apt-get"))
        .collect();
    assert_eq!(
        calls[..3],
        [
            &format!("curl {official}"),
            &format!("curl {official}.sha256"),
            "rustup-init -y --no-modify-path --profile minimal --default-toolchain 1.95",
        ]
    );
    let left = std::fs::read_dir(machine.path("home/.cache/frontdesk")).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["target"], "nothing else is left there");
}

#[test]
fn a_mirror_takes_the_place_of_the_rust_projects_server() {
    let mut machine = without_rust(str::to_owned);
    machine.set("RUSTUP_DIST_SERVER", "https://mirror.example");
    machine.run(&["--until", "rust"]).succeeds();
    let mirror = format!("curl https://mirror.example{PLACE}");
    assert!(machine.calls().contains(&mirror), "{:?}", machine.calls());
    machine.set("RUSTUP_UPDATE_ROOT", "http://mirror.example/root");
    let script = "source \"$INSTALL\"; YES=1; look_at_distribution; get_official_rust";
    machine.bash(script).says("is not encrypted");
    let place = "curl http://mirror.example/root/dist/x86_64-unknown-linux-gnu/rustup-init";
    assert!(machine.calls().contains(&place.to_owned()));
}

#[test]
fn an_installer_that_is_not_the_published_one_is_not_run() {
    for (sum, said) in [
        (
            "0".repeat(64),
            "whose checksum is published, so it was not run",
        ),
        (
            "<html>Sign in</html>".to_owned(),
            "is no checksum, so rustup-init was not run",
        ),
    ] {
        let machine = without_rust(|_| sum);
        let run = machine.run(&["--no-start"]);
        run.fails();
        run.says(said);
        assert!(!machine.path("home/.cargo").exists());
        assert!(
            !machine
                .calls()
                .iter()
                .any(|call| call.starts_with("rustup-init"))
        );
    }
}

#[test]
fn a_server_out_of_reach_is_told_with_what_helps() {
    let machine = without_rust(str::to_owned);
    machine.command(
        "curl",
        "echo 'curl: (6) Could not resolve host' >&2; exit 6",
    );
    let run = machine.run(&["--no-start"]);
    run.fails();
    for part in [
        "rustup-init could not be fetched",
        "https_proxy=",
        "RUSTUP_DIST_SERVER=https://MIRROR",
        "https://static.rust-lang.org/dist/rust-1.95.0-x86_64-unknown-linux-gnu.tar.xz",
        "sudo rust-1.95.0-x86_64-unknown-linux-gnu/install.sh --prefix=/usr/local",
    ] {
        run.says(part);
    }
}

#[test]
fn without_curl_and_the_right_to_install_it_that_is_told() {
    let machine = without_rust(str::to_owned);
    machine.remove("curl");
    machine.command("sudo", "exit 1");
    machine.as_user();
    let run = machine.run(&["--no-start"]);
    run.fails();
    run.says("needs curl or wget, and neither is there");
}

#[test]
fn whoever_says_no_gets_no_installer() {
    let machine = without_rust(str::to_owned);
    let script = "source \"$INSTALL\"; YES=0; look_at_distribution; get_official_rust <<<n";
    let run = machine.bash(script);
    run.fails();
    run.says("Without Rust 1.95 or newer nothing can be built.");
    assert_eq!(machine.calls(), Vec::<String>::new());
}

#[test]
fn under_sudo_the_rust_of_who_called_it_is_not_fetched_again() {
    let mut machine = without_rust(str::to_owned);
    machine.set("SUDO_USER", "ann");
    machine.command("getent", "echo \"ann:x:1000:1000::$HOME/ann:/bin/sh\"");
    machine.remove("id");
    machine.command("id", "echo 0");
    machine.write("home/ann/.cargo/bin/cargo", "");
    let script =
        "chmod +x \"$HOME/ann/.cargo/bin/cargo\"; source \"$INSTALL\"; leave_rust_to_its_owner";
    let run = machine.bash(script);
    run.fails();
    run.says("ann has it: run this without sudo");
}
