//! What the commands about backups say when something is wrong: the built program, without models.

use std::os::unix::fs::PermissionsExt;

use crate::beside::{Place, json};

/// What a command says that has to fail with this exit code.
fn refused(place: &Place, args: &[&str], code: i32) -> String {
    let done = place.frontdesk(args).output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert_eq!(done.status.code(), Some(code), "{args:?}: {said}");
    said
}

/// A place with a recovery key, and a backup that was made with it: the key and the backup's file.
fn with_backup(place: &Place) -> (String, String) {
    let key = json(place.frontdesk(&["backup", "recovery-key", "--json"]));
    let made = json(place.frontdesk(&["backup", "create", "--json"]));
    let list = json(place.frontdesk(&["backup", "list", "--json"]));
    let (folder, name) = (
        list["folder"].as_str().unwrap(),
        made["name"].as_str().unwrap(),
    );
    let key = key["recovery_key"].as_str().unwrap().to_owned();
    (key, format!("{folder}/{name}"))
}

#[test]
fn a_restore_says_which_key_is_missing_or_mistyped() {
    let place = Place::new("data");
    let (key, file) = with_backup(&place);
    let empty = Place::new("data");
    let said = refused(&empty, &["backup", "restore", &file], 1);
    assert!(said.contains("--recovery-key -"), "{said}");

    let (kept, last) = key.split_at(key.len() - 1);
    let other = if last == "Q" { "P" } else { "Q" };
    let typed = empty.root.path().join("key");
    std::fs::write(&typed, format!("{kept}{other}\n")).unwrap();
    let with_key = [
        "backup",
        "restore",
        file.as_str(),
        "--recovery-key",
        typed.to_str().unwrap(),
    ];
    let said = refused(&empty, &with_key, 1);
    assert!(said.contains("a character of this recovery key"), "{said}");

    let missing = refused(&empty, &["backup", "restore", "no.zip.age"], 1);
    assert_eq!(missing.matches("No such file").count(), 1, "{missing}");

    std::fs::write(&typed, key).unwrap();
    let done = empty.frontdesk(&with_key).output().unwrap();
    assert!(done.status.success(), "{done:?}");
}

#[test]
fn what_a_server_cannot_do_says_that_it_has_to_be_stopped() {
    let place = Place::new("data");
    let (_, file) = with_backup(&place);
    let server = place.serve_with(&[], "");
    for args in [
        &["backup", "restore", file.as_str(), "--yes"][..],
        &["admin", "roll-back", "--yes"],
    ] {
        let said = refused(&place, args, 1);
        assert!(
            said.contains("stop it first") && said.contains(&server.address),
            "{said}"
        );
    }
    server.stop();
    let said = refused(&place, &["admin", "roll-back", "--yes"], 1);
    assert!(said.contains("no database from before an update"), "{said}");
}

#[test]
fn a_backup_that_cannot_be_made_is_told_once_and_without_colours() {
    let place = Place::new("data");
    let said = refused(&place, &["backup", "create"], 1);
    let times = said.matches("there is no recovery key yet").count();
    assert_eq!(times, 1, "{said}");
    assert!(!said.contains('\u{1b}'), "{said:?}");
}

#[test]
fn a_copy_of_a_workspace_is_for_its_owner_only() {
    let place = Place::new("data");
    // Makes the workspace.
    json(place.frontdesk(&["documents", "list", "--json"]));
    let export = ["admin", "workspace", "export", "default"];
    let done = place.frontdesk(&export).output().unwrap();
    assert!(done.status.success(), "{done:?}");
    let written = place.root.path().join("workspace.zip");
    let mode = written.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn copies_that_were_never_made_are_not_said_to_be_there() {
    let place = Place::new("data");
    let secret = place.root.path().join("secret");
    std::fs::write(&secret, "a-secret").unwrap();
    let set = place
        .frontdesk(&[
            "backup",
            "target",
            "s3",
            "https://s3.example",
            "--bucket",
            "desk",
            "--path-style",
            "--access-key",
            "ann",
            "--secret-key",
            secret.to_str().unwrap(),
        ])
        .output()
        .unwrap();
    let said = String::from_utf8(set.stdout).unwrap();
    assert!(
        said.contains("Copies go to: https://s3.example/desk/") && said.contains("none is there"),
        "{said}"
    );
}

#[test]
fn an_export_that_is_refused_leaves_the_file_of_that_name_alone() {
    let place = Place::new("data");
    let file = place.root.path().join("call.json");
    std::fs::write(&file, "of last year").unwrap();
    let unknown = "01a230d5-9f69-7563-a326-f13c234208ed";
    let export = ["calls", "export", file.to_str().unwrap(), "--call", unknown];
    refused(&place, &export, 1);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "of last year");
}
