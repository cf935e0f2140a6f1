//! What an update says, and what it restarts.

use crate::machine::Machine;

const CHANGES: &str = "\
# Changelog

## Unreleased

- Not yet.

## 0.3.0 - 2027-03-01

What is new.

- **Files** in `HEIC` are read,
  scanned ones too. A second sentence.
- Calls end! At once.

## 0.2.0

- Two

## 0.1.0

- One
";

#[test]
fn the_changes_between_two_versions_are_told_in_short() {
    let machine = Machine::new();
    machine.write("changes.md", CHANGES);
    let told = |old: &str, new: &str| {
        let script = format!(
            "source \"$INSTALL\"; CHANGELOG=\"$HOME/../changes.md\"; tell_update {old} {new}"
        );
        let run = machine.bash(&script);
        run.succeeds();
        run
    };
    let run = told("0.1.0", "0.3.0");
    run.says("Updated from version 0.1.0 to 0.3.0.");
    run.says(
        "What changed:\n  - Files in HEIC are read, scanned ones too.\n  - Calls end!\n  - Two\n",
    );
    run.says("frontdesk admin roll-back");
    for absent in ["One", "Not yet", "second sentence", "What is new"] {
        assert!(!run.output.contains(absent), "{absent}:\n{}", run.output);
    }
    let same = told("0.3.0", "0.3.0");
    same.says("version 0.3.0 as before");
    assert!(!same.output.contains("What changed:"));
}

#[test]
fn many_changes_are_cut_and_counted() {
    let machine = Machine::new();
    let many: String = (0..20).map(|n| format!("- Change {n}.\n")).collect();
    machine.write("changes.md", &format!("## 2.0.0\n\n{many}"));
    let run = machine
        .bash("source \"$INSTALL\"; CHANGELOG=\"$HOME/../changes.md\"; tell_update 1.0.0 2.0.0");
    run.says("Change 11.\n  and 8 more in CHANGELOG.md");
}

#[test]
fn an_installed_program_is_updated_and_its_changes_are_told() {
    let mut machine = Machine::new();
    machine.run(&["--no-start"]).succeeds();
    machine.write("changes.md", CHANGES);
    let changes = machine.path("changes.md");
    machine.set("CHANGELOG", changes.to_str().unwrap());
    let program =
        |version: &str| format!("#!/bin/sh\n[ \"$1\" != --version ] || echo frontdesk {version}\n");
    machine.write("prefix dir/bin/frontdesk", &program("0.2.0"));
    let build = format!(
        "[ \"$1\" = build ] || exit 0\ncat >\"$CARGO_TARGET_DIR/release/frontdesk\" <<'PROGRAM'\n{}PROGRAM",
        program("0.3.0")
    );
    machine.command("cargo", &build);
    machine
        .bash("chmod +x \"$HOME/../prefix dir/bin/frontdesk\"")
        .succeeds();
    let run = machine.run(&["--no-start"]);
    run.succeeds();
    run.says("Installed Frontdesk 0.3.0");
    run.says("Updated from version 0.2.0 to 0.3.0.");
    run.says("Calls end!");
}

#[test]
fn a_service_that_runs_the_program_of_before_is_restarted_if_that_is_wanted() {
    let machine = Machine::new();
    machine.command(
        "systemctl",
        "case $1 in is-active) exit 0;; show) echo 1;; *) echo \"systemctl $*\" >>\"$CALLS\";; esac",
    );
    let script = |link: &str, answer: &str| {
        format!(
            "source \"$INSTALL\"; is_root() {{ true; }}; PREFIX=/p; YES=0; \
             readlink() {{ echo '{link}'; }}; restart_what_runs <<<'{answer}' || echo nothing"
        )
    };
    let old = "/p/bin/frontdesk (deleted)";
    machine
        .bash(&script(old, "n"))
        .says("systemctl restart frontdesk");
    assert_eq!(machine.calls(), Vec::<String>::new());
    machine.bash(&script(old, "y")).says("was restarted");
    assert_eq!(machine.calls(), ["systemctl restart frontdesk"]);
    machine
        .bash(&script("/p/bin/frontdesk", "y"))
        .says("nothing");
    assert_eq!(machine.calls().len(), 1);
}
