//! Migrations of a database with rows from the version before, and what a kill leaves behind.

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use rusqlite::Connection;

use super::connection::{Access, Opener};
use super::migrate::{
    KEPT_DAYS, MIGRATIONS, Migration, bring_up, discard_originals, migrate_copy, version,
};
use super::roll_back::roll_back;
use super::{MasterKey, Store, StoreError, workspaces};

#[path = "migrate_rows_tests.rs"]
mod rows_of_before;

/// A step that a later release might add: it rebuilds a table that others refer to.
const NEXT: &str = "
    CREATE TABLE workspaces_new (
        id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL UNIQUE, title TEXT NOT NULL,
        created_at INTEGER NOT NULL, settings TEXT NOT NULL DEFAULT '{}',
        plan TEXT NOT NULL
    ) STRICT;
    INSERT INTO workspaces_new SELECT id, name, title, created_at, settings, 'free' FROM workspaces;
    DROP TABLE workspaces;
    ALTER TABLE workspaces_new RENAME TO workspaces;";

/// Breaks a foreign key although every statement succeeds.
const ORPHANING: &str = "DELETE FROM workspaces;";

fn steps(next: &'static str) -> Vec<Migration> {
    MIGRATIONS
        .iter()
        .map(|m| Migration { sql: m.sql })
        .chain([Migration { sql: next }])
        .collect()
}

fn opener(dir: &Path) -> Opener {
    Opener::file(&dir.join("frontdesk.db"), &MasterKey::from_bytes([3; 32]))
}

/// A database of the newest released schema, with rows.
fn old_database(dir: &Path) {
    let store = Store::open(&dir.join("frontdesk.db"), &MasterKey::from_bytes([3; 32])).unwrap();
    store
        .write_blocking(|tx| {
            let id = workspaces::get_or_create(tx, "bluefin", "Bluefin", 7)?.id;
            super::events::append(tx, id, "made", "bluefin", &serde_json::json!({}), 7)?;
            Ok(())
        })
        .unwrap();
}

fn rows(dir: &Path) -> (u32, i64, i64) {
    let connection = opener(dir).open(Access::Read).unwrap();
    let one = |sql: &str, c: &Connection| c.query_row(sql, [], |row| row.get(0)).unwrap();
    (
        version(&connection).unwrap(),
        one(
            "SELECT count(*) FROM workspaces WHERE title = 'Bluefin'",
            &connection,
        ),
        one("SELECT count(*) FROM events", &connection),
    )
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.ends_with("-wal") && !name.ends_with("-shm"))
        .collect();
    names.sort();
    names
}

fn count_released() -> u32 {
    u32::try_from(MIGRATIONS.len()).unwrap()
}

#[test]
fn old_rows_survive_and_the_old_file_is_kept_for_days() {
    let dir = tempfile::tempdir().unwrap();
    old_database(dir.path());
    let steps = steps(NEXT);
    bring_up(&opener(dir.path()), &steps).unwrap();
    assert_eq!(rows(dir.path()), (count_released() + 1, 1, 1));
    let kept = format!("frontdesk.db.before-{:04}", count_released());
    assert_eq!(names(dir.path()), ["frontdesk.db", &kept]);
    let plan: String = opener(dir.path())
        .open(Access::Read)
        .unwrap()
        .query_row("SELECT plan FROM workspaces", [], |row| row.get(0))
        .unwrap();
    assert_eq!(plan, "free");

    // It survives a crash and a restart.
    bring_up(&opener(dir.path()), &steps).unwrap();
    assert_eq!(names(dir.path()), ["frontdesk.db", &kept]);
    assert_eq!(rows(dir.path()), (count_released() + 1, 1, 1));
    let then = SystemTime::now() - Duration::from_secs((KEPT_DAYS + 1) * 24 * 60 * 60);
    let file = fs::File::options().write(true).open(dir.path().join(&kept));
    file.unwrap().set_modified(then).unwrap();
    bring_up(&opener(dir.path()), &steps).unwrap();
    assert_eq!(names(dir.path()), ["frontdesk.db"]);
}

#[test]
fn the_database_of_before_can_be_put_back_and_is_removed_where_somebody_was_erased() {
    let dir = tempfile::tempdir().unwrap();
    old_database(dir.path());
    let path = dir.path().join("frontdesk.db");
    assert!(matches!(roll_back(&path), Err(StoreError::NotFound(_))));
    bring_up(&opener(dir.path()), &steps(NEXT)).unwrap();
    let schema = format!("{:04}", count_released());
    assert_eq!(roll_back(&path).unwrap(), schema);
    assert_eq!(rows(dir.path()), (count_released(), 1, 1));
    let after = format!("frontdesk.db.after-{schema}");
    assert_eq!(names(dir.path()), ["frontdesk.db", &after]);
    discard_originals(&path).unwrap();
    assert_eq!(names(dir.path()), ["frontdesk.db"]);
}

#[test]
fn the_kept_file_is_a_valid_old_database() {
    let dir = tempfile::tempdir().unwrap();
    old_database(dir.path());
    bring_up(&opener(dir.path()), &steps(NEXT)).unwrap();
    let kept = dir
        .path()
        .join(format!("frontdesk.db.before-{:04}", count_released()));
    let old = Store::open(&kept, &MasterKey::from_bytes([3; 32])).unwrap();
    old.check_blocking().unwrap();
    assert_eq!(old.read_blocking(workspaces::list).unwrap().len(), 1);
}

#[test]
fn killed_before_the_swap_the_old_database_is_valid_and_the_next_start_succeeds() {
    let dir = tempfile::tempdir().unwrap();
    old_database(dir.path());
    let steps = steps(NEXT);
    let opener = opener(dir.path());
    // The process was killed after finishing the copy.
    let existing = opener.open(Access::Write).unwrap();
    migrate_copy(&opener, existing, &steps, count_released()).unwrap();
    assert_eq!(
        names(dir.path()),
        ["frontdesk.db", "frontdesk.db.migrating"]
    );
    assert_eq!(rows(dir.path()), (count_released(), 1, 1));
    // Killed while copying: half a file.
    let copy = dir.path().join("frontdesk.db.migrating");
    let half = fs::read(&copy).unwrap();
    fs::write(&copy, &half[..half.len() / 2]).unwrap();
    // Killed between keeping the old file and renaming.
    let kept = dir
        .path()
        .join(format!("frontdesk.db.before-{:04}", count_released()));
    fs::hard_link(dir.path().join("frontdesk.db"), &kept).unwrap();

    bring_up(&opener, &steps).unwrap();
    assert_eq!(rows(dir.path()), (count_released() + 1, 1, 1));
    assert_eq!(names(dir.path()).len(), 2);
}

#[test]
fn a_step_that_fails_or_breaks_references_leaves_the_old_database() {
    for (bad, what) in [("NOT SQL AT ALL;", "syntax"), (ORPHANING, "events")] {
        let dir = tempfile::tempdir().unwrap();
        old_database(dir.path());
        let error = bring_up(&opener(dir.path()), &steps(bad)).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
        assert_eq!(rows(dir.path()), (count_released(), 1, 1));
        bring_up(&opener(dir.path()), MIGRATIONS).unwrap();
        assert_eq!(
            names(dir.path()),
            ["frontdesk.db"],
            "what was left is cleaned up"
        );
    }
}

#[test]
fn an_older_program_refuses_a_newer_database() {
    let dir = tempfile::tempdir().unwrap();
    old_database(dir.path());
    bring_up(&opener(dir.path()), &steps(NEXT)).unwrap();
    let error = bring_up(&opener(dir.path()), MIGRATIONS).unwrap_err();
    let StoreError::NewerSchema { found, known } = error else {
        panic!("{error}")
    };
    assert_eq!((found, known), (count_released() + 1, count_released()));
}

#[test]
fn a_first_start_that_was_cut_short_begins_again() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("frontdesk.db"), b"").unwrap();
    old_database(dir.path());
    assert_eq!(rows(dir.path()), (count_released(), 1, 1));
}
