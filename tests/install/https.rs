//! `--https`: what is looked at before anything is changed, and what the service gets.

use std::net::TcpListener;

use crate::machine::Machine;

/// A machine whose administrator runs the installer, where names lead to one address and the ports are free.
fn machine() -> Machine {
    let mut machine = Machine::new();
    machine.remove("id");
    machine.command("id", "echo 0");
    machine.command(
        "getent",
        "case $2 in nowhere.*|desk.local) exit 2;; esac; echo '203.0.113.7 STREAM'",
    );
    machine.command("hostname", "echo '203.0.113.7 10.0.0.2 '");
    machine.set("SETTINGS", machine.path("settings.toml").to_str().unwrap());
    let (https, http) = (free_port(), free_port());
    machine.set("HTTPS_PORT", &https);
    machine.set("HTTP_PORT", &http);
    machine
}

fn free_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port().to_string()
}

#[test]
fn the_plan_says_who_vouches_and_the_name_is_passed_on() {
    let machine = machine();
    let run = machine.run(&["--https", "Desk.Example.com., www.example.com"]);
    run.succeeds();
    run.says("HTTPS      desk.example.com, www.example.com on port");
    run.says("Let's Encrypt");
    let calls = machine.calls();
    assert_eq!(
        calls.last().map(String::as_str),
        Some("frontdesk serve --demo --https desk.example.com,www.example.com")
    );
    let run = machine.run(&["--dry-run", "--https=desk.local"]);
    run.succeeds();
    run.says("its own authority");
    run.says("does not find the name desk.local");
    let run = machine.run(&["--dry-run", "--https", "8.8.8.8"]);
    run.succeeds();
    run.says("Let's Encrypt");
}

#[test]
fn what_is_no_name_of_a_server_is_refused_before_anything_is_changed() {
    let machine = machine();
    for (given, said) in [
        ("https://desk.example.com/", "leave out https://"),
        ("desk.example.com:8443", "has a port"),
        ("*.example.com", "stands for many names"),
        ("desk_1.example.com", "is no name of a server"),
        ("-desk.example.com", "is no name of a server"),
        ("desk..example.com", "is no name of a server"),
        ("a b$(reboot)", "is no name of a server"),
        ("1.2.3.999", "at most 255"),
        ("1.2.3", "is no name of a server"),
        (",", "needs a name"),
        ("desk.example.com,desk.local", "Name only one kind"),
        ("nowhere.example.com", "leads nowhere yet"),
    ] {
        let run = machine.run(&["--https", given]);
        run.fails();
        assert!(
            run.output.to_lowercase().contains(&said.to_lowercase()),
            "{said:?} is not in:\n{}",
            run.output
        );
    }
    for good in ["bücher.example.com", "fd00::1", "[2606:4700::1111]"] {
        machine.run(&["--dry-run", "--https", good]).succeeds();
    }
    assert_eq!(machine.calls(), Vec::<String>::new());
}

#[test]
fn taken_ports_and_missing_rights_are_told() {
    let mut machine = machine();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    machine.set("HTTP_PORT", &port);
    let run = machine.run(&["--dry-run", "--https", "desk.example.com"]);
    run.succeeds();
    run.says(&format!("already listens on port {port}"));
    machine.set("HTTPS_PORT", &port);
    let run = machine.run(&["--https", "desk.example.com"]);
    run.fails();
    run.says("which HTTPS needs");
    // Another port in the settings, so this one does not matter.
    machine.write("settings.toml", "[https]\nlisten = \"0.0.0.0:8443\"\n");
    machine
        .run(&["--dry-run", "--https", "desk.example.com"])
        .succeeds();
    machine.as_user();
    machine.set("FIRST_OPEN_PORT", machine.path("first").to_str().unwrap());
    machine.write("first", "65535\n");
    let run = machine.run(&["--https", "desk.example.com"]);
    run.fails();
    run.says("Add --service");
    machine.write("first", "0\n");
    machine
        .run(&["--dry-run", "--https", "desk.example.com"])
        .succeeds();
    assert_eq!(machine.calls(), Vec::<String>::new());
}

#[test]
fn a_name_that_leads_elsewhere_is_a_note() {
    let machine = machine();
    machine.command("hostname", "echo 192.168.1.5");
    let run = machine.run(&["--dry-run", "--https", "desk.example.com"]);
    run.succeeds();
    run.says("desk.example.com leads to 203.0.113.7, which is none of this machine's own");
}

#[test]
fn only_a_service_that_opens_low_ports_gets_the_right_to() {
    let machine = machine();
    let unit = |set: &str| {
        machine
            .bash(&format!(
                "source \"$INSTALL\"; PREFIX=/usr/local; {set} unit_text"
            ))
            .output
    };
    let right = "\nAmbientCapabilities=CAP_NET_BIND_SERVICE\n";
    let secure = unit("HTTPS=desk.example.com;");
    assert!(
        secure.contains(" serve --https desk.example.com\n"),
        "{secure}"
    );
    assert!(secure.contains(right), "{secure}");
    let plain = unit("LISTEN=0.0.0.0:8080;");
    assert!(plain.contains("\nCapabilityBoundingSet=\n"), "{plain}");
    assert!(!plain.contains("CAP_NET_BIND_SERVICE"), "{plain}");
    assert!(unit("LISTEN=0.0.0.0:80;").contains(right));
    assert!(unit("LOW_PORTS=1;").contains(right));
    machine.write("settings.toml", "https.names = \"desk.example.com\"\n");
    assert!(unit("").contains(right), "the settings ask for HTTPS");
}

#[test]
fn a_later_run_keeps_the_name_and_does_not_look_it_up() {
    let machine = machine();
    machine.command("getent", "exit 2");
    let script = "source \"$INSTALL\"; PREFIX=/usr/local HTTPS=desk.example.com; \
        unit_text >\"$HOME/unit\"; UNIT=$HOME/unit HTTPS=''; keep_service_options; SERVICE=1; check_https; \
        echo \"kept <$HTTPS> $CERTIFICATES\"";
    let run = machine.bash(script);
    run.succeeds();
    run.says("kept <desk.example.com> acme");
}
