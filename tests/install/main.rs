//! `install.sh` on machines of every kind: the real script, with the machine around it made up.

// `cfg(test)` also tells the lints that this is test code.
#[cfg(test)]
mod https;
#[cfg(test)]
mod machine;
#[cfg(test)]
mod packages;
#[cfg(test)]
mod rust;
#[cfg(test)]
mod update;

use machine::Machine;

#[test]
fn a_dry_run_tells_everything_and_changes_nothing() {
    let machine = Machine::new();
    let run = machine.run(&["--dry-run", "--small", "--listen", "127.0.0.1:9999"]);
    run.succeeds();
    for part in [
        "Debian GNU/Linux 12",
        "Rust       1.99.0",
        "chat 490 MB",
        "bin/frontdesk",
    ] {
        run.says(part);
    }
    run.says("served on 127.0.0.1:9999");
    assert!(!machine.path("home/.local").exists());
    assert!(!machine.path("home/.cache").exists());
    assert_eq!(machine.calls(), Vec::<String>::new());
}

#[test]
fn a_first_run_builds_installs_fetches_and_serves() {
    let machine = Machine::new();
    let run = machine.run(&["--small", "--listen", "127.0.0.1:1", "--data", "/d d"]);
    run.succeeds();
    assert!(!run.output.contains("Stopped"), "{}", run.output);
    assert_eq!(
        machine.calls(),
        [
            "cargo build --release --locked",
            "frontdesk --version",
            "frontdesk models get --starter small",
            "frontdesk serve --demo --listen 127.0.0.1:1 --data /d d",
        ]
    );
    let left = std::fs::read_dir(machine.path("prefix dir/bin"))
        .unwrap()
        .count();
    assert_eq!(left, 1, "only the program itself is left there");
}

#[test]
fn a_second_run_leaves_what_is_right_alone() {
    let machine = Machine::new();
    machine.run(&["--no-start"]).succeeds();
    let installed = || {
        machine
            .path("prefix dir/bin/frontdesk")
            .metadata()
            .unwrap()
            .modified()
    };
    let before = installed().unwrap();
    let run = machine.run(&["--no-start"]);
    run.succeeds();
    run.says("is up to date");
    assert_eq!(installed().unwrap(), before);
}

#[test]
fn a_build_for_another_processor_is_not_run() {
    let machine = Machine::new();
    machine.write("home/.cache/frontdesk/target/.built-for", "deadbeef\n");
    machine.run(&["--no-start"]).succeeds();
    assert!(
        !machine
            .path("home/.cache/frontdesk/target/release")
            .exists()
    );
    machine.run(&["--no-start"]).says("is up to date");
}

#[test]
fn a_target_folder_of_the_users_own_is_kept() {
    let mut machine = Machine::new();
    let own = machine.path("own target");
    machine.set("CARGO_TARGET_DIR", own.to_str().unwrap());
    machine.run(&["--no-start"]).succeeds();
    assert!(own.join("release/frontdesk").exists());
}

#[test]
fn missing_packages_are_installed_by_apt() {
    let machine = Machine::new();
    machine.remove("cmake");
    let apt = "echo \"apt-get $*\" >>\"$CALLS\"
        printf '#!/bin/sh\\necho cmake version 3.25.1\\n' >\"$BIN/cmake\"; chmod +x \"$BIN/cmake\"";
    machine.command("apt-get", apt);
    let run = machine.run(&["--no-start"]);
    run.succeeds();
    run.says("to install: cmake");
    let calls = machine.calls();
    let install = calls
        .iter()
        .find(|call| call.contains(" install "))
        .unwrap();
    assert!(
        install.ends_with(" cmake"),
        "only what is missing: {install}"
    );
}

#[test]
fn someone_who_may_not_install_packages_gets_the_command_for_the_administrator() {
    let machine = Machine::new();
    machine.remove("cmake");
    machine.command("sudo", "exit 1");
    machine.as_user();
    let run = machine.run(&["--no-start"]);
    run.fails();
    run.says("apt-get update && apt-get install -y cmake");
}

#[test]
fn another_linux_is_told_what_to_install_by_hand() {
    let machine = Machine::new();
    machine.write("os-release", "ID=void\nPRETTY_NAME=Void\n");
    machine.run(&["--no-start"]).succeeds();
    machine.remove("cmake");
    let run = machine.run(&["--no-start"]);
    run.fails();
    run.says("Void has no apt");
    run.says("- CMake 3.19 or newer");
}

#[test]
fn machines_that_cannot_run_it_are_refused_before_anything_is_changed() {
    for (command, body, said) in [
        (
            "uname",
            "[ \"$1\" = -m ] && echo armv7l || echo Linux",
            "\"armv7l\"",
        ),
        (
            "uname",
            "[ \"$1\" = -m ] && echo x86_64 || echo Darwin",
            "this is Darwin",
        ),
        ("getconf", "echo 32", "the installed system is 32-bit"),
        ("ldd", "echo 'musl libc (x86_64)' >&2; exit 1", "musl"),
        (
            "df",
            "printf 'h\\n/dev/x 100 50 50 50%% /\\n'",
            "has 50 MB free",
        ),
    ] {
        let machine = Machine::new();
        machine.command(command, body);
        let run = machine.run(&["--no-start"]);
        run.fails();
        run.says(said);
        assert_eq!(machine.calls(), Vec::<String>::new(), "{command}");
    }
}

#[test]
fn little_memory_gets_no_chat_model_unless_one_is_named() {
    for (arguments, set) in [
        (vec![], "lite"),
        (vec!["--small"], "lite"),
        (vec!["--starter", "small"], "small"),
        (vec!["--starter=default"], "default"),
    ] {
        let machine = Machine::new();
        machine.write("meminfo", "MemTotal:        2000000 kB\n");
        let run = machine.run(&[arguments, vec!["--no-start"]].concat());
        run.succeeds();
        let call = format!("frontdesk models get --starter {set}");
        assert!(machine.calls().contains(&call), "{:?}", machine.calls());
        if set == "lite" {
            run.says("This machine has 1953 MB of memory");
            run.says("--starter small");
        }
    }
    let machine = Machine::new();
    machine.run(&["--no-start", "--small"]).succeeds();
    let calls = machine.calls();
    assert!(calls.contains(&"frontdesk models get --starter small".to_owned()));
}

#[test]
fn it_stops_after_the_step_that_is_named() {
    for (step, calls) in [
        ("packages", vec![]),
        ("rust", vec![]),
        ("build", vec!["cargo build --release --locked"]),
        (
            "models",
            vec![
                "cargo build --release --locked",
                "frontdesk --version",
                "frontdesk models get --starter default",
            ],
        ),
    ] {
        let machine = Machine::new();
        let run = machine.run(&["--until", step]);
        run.succeeds();
        run.says(&format!("Stopped after the step \"{step}\""));
        assert_eq!(machine.calls(), calls);
    }
}

#[test]
fn a_failed_build_says_why_and_where_the_log_is() {
    for (said, remedy) in [
        ("ld: No space left on device", "The disk is full"),
        ("error: could not resolve host", "check the connection"),
        ("cc (signal: 9, SIGKILL: kill)", "CARGO_BUILD_JOBS=1"),
        ("Unable to find libclang", "libclang-dev"),
        (
            "error[E0308]: mismatched types",
            "the first \"error\" counts most",
        ),
    ] {
        let machine = Machine::new();
        machine.command(
            "cargo",
            &format!("[ \"$1\" = build ] || exit 0; echo '{said}' >&2; exit 101"),
        );
        let run = machine.run(&["--no-start"]);
        run.fails();
        run.says(remedy);
        run.says("install.log");
    }
}

#[test]
fn a_taken_port_is_told_before_the_server_starts() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let machine = Machine::new();
    let run = machine.run(&["--listen", &address]);
    run.fails();
    run.says(&format!("Something already listens on {address}"));
}

#[test]
fn wrong_options_are_named() {
    let machine = Machine::new();
    for (arguments, said) in [
        (vec!["--frob"], "no option \"--frob\""),
        (vec!["--prefix"], "--prefix needs a value"),
        (vec!["--listen", "8080"], "not an address"),
        (vec!["test", "--service"], "does not go with --service"),
        (vec!["--starter", "huge"], "no set of models \"huge\""),
        (vec!["--until=never"], "no step \"never\""),
    ] {
        let run = machine.run(&arguments);
        run.fails();
        run.says(said);
    }
    assert_eq!(machine.calls(), Vec::<String>::new());
}

#[test]
fn failed_models_can_be_tried_again() {
    let mut machine = Machine::new();
    machine.set("MODELS_FAIL", "1");
    let run = machine.run(&["--no-start"]);
    run.fails();
    run.says("run the same command again");
}

#[test]
fn the_unit_carries_the_options_and_a_later_run_keeps_them() {
    let machine = Machine::new();
    let script = "source \"$INSTALL\"; SETTINGS=/none; PREFIX=/usr/local LISTEN=0.0.0.0:80 DATA='/srv/a&b 100%'; \
        unit_text >\"$HOME/unit\"; UNIT=$HOME/unit LISTEN='' DATA=''; keep_service_options; \
        cat \"$UNIT\"; echo \"kept <$LISTEN> <$DATA>\"";
    let run = machine.bash(script);
    run.succeeds();
    run.says("\"/usr/local/bin/frontdesk\" serve --listen 0.0.0.0:80 --data \"/srv/a&b 100%%\"");
    run.says("AmbientCapabilities=CAP_NET_BIND_SERVICE");
    run.says("kept <0.0.0.0:80> </srv/a&b 100%>");
    for unfilled in ["@PROGRAM@", "@SERVE_OPTIONS@", "@CAPABILITIES@", "@EXTRA@"] {
        assert!(!run.output.contains(unfilled), "{unfilled} is left");
    }
}

#[test]
fn a_service_is_set_up_once_and_its_key_is_never_replaced() {
    let machine = Machine::new();
    machine.command("getent", "[ -e \"$HOME/user\" ]");
    machine.command("useradd", "echo useradd >>\"$CALLS\"; touch \"$HOME/user\"");
    machine.command(
        "runuser",
        "while [ \"$1\" != -- ]; do shift; done; shift; exec \"$@\"",
    );
    machine.remove("install");
    // The user does not exist on the machine that runs this test.
    machine.command(
        "install",
        "exec /usr/bin/install $(echo \"$@\" | sed 's/-[og] frontdesk//g')",
    );
    machine.command(
        "systemctl",
        "case $1 in is-active) [ -e \"$HOME/active\" ];; show) echo 1;;
        *) echo \"systemctl $*\" >>\"$CALLS\"; [ \"$1\" != start ] || touch \"$HOME/active\";; esac",
    );
    machine.command("frontdesk", "exit 0");
    let script = "source \"$INSTALL\"; is_root() { true; }; PREFIX=$HOME/prefix; \
        mkdir -p \"$PREFIX/bin\"; cp \"$BIN/frontdesk\" \"$PREFIX/bin/\"; \
        SERVICE_HOME=$HOME/state UNIT=$HOME/unit KEY=$HOME/etc/frontdesk-key; \
        is_port_taken() { [[ -e $HOME/active ]]; }; \
        readlink() { echo \"$PREFIX/bin/frontdesk\"; }; set_up_service; cat \"$KEY\"";
    let first = machine.bash(script);
    first.succeeds();
    first.says("http://127.0.0.1:8080");
    let set_up = ["systemctl daemon-reload", "systemctl start frontdesk"];
    let calls = machine.calls();
    assert_eq!(calls[0], "useradd");
    assert_eq!(calls[1..3], set_up);
    let key = |run: &machine::Run| {
        run.output
            .trim_end()
            .rsplit('\n')
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!(key(&first).len(), 64, "32 bytes in hexadecimal");

    let second = machine.bash(script);
    second.succeeds();
    assert_eq!(key(&second), key(&first));
    let again = &machine.calls()[calls.len()..];
    assert_eq!(
        again,
        ["systemctl enable --quiet frontdesk"],
        "it was not restarted"
    );
}
