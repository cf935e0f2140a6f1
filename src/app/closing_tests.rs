use std::fs;
use std::path::Path;

use super::*;
use crate::app::backup::{Backups, restore};
use crate::app::{DataFolder, outside};
use crate::config::Config;
use crate::store::documents::{self, NewDocument};
use crate::store::{closures, tombstones};

const CANARY: &str = "kanarie7";
const WEEK: i64 = closures::GRACE_MS;

fn config(dir: &Path) -> Config {
    Config {
        data_dir: dir.join("data"),
        key_file: dir.join("key/master.key"),
        backup_dir: dir.join("backups"),
        ..Config::default()
    }
}

/// A workspace with a document, and a person with a key.
fn filled(store: &Store, name: &str) -> WorkspaceId {
    let name = name.to_owned();
    store
        .write_blocking(|tx| {
            let id = workspaces::get_or_create(tx, &name, CANARY, 1)?.id;
            let new = NewDocument {
                name: CANARY,
                title: CANARY,
                media_type: "text/plain",
                original: CANARY.as_bytes(),
            };
            documents::insert(tx, id, &new, 1)?;
            Ok(id)
        })
        .unwrap()
}

fn a_person(store: &Store, email: &str, at: UnixMs) {
    let email = email.to_owned();
    store
        .write_blocking(|tx| {
            let new = users::NewUser {
                email: &email,
                name: "Ann",
                password_hash: None,
                role: users::Role::Owner,
            };
            users::create(tx, &new, at).map(drop)
        })
        .unwrap();
}

fn count(store: &Store, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    store
        .read_blocking(|conn| Ok(conn.query_row(&sql, [], |row| row.get(0))?))
        .unwrap()
}

/// Files below a folder that contain some bytes.
fn files_with(dir: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
        } else if fs::read(&path).is_ok_and(|bytes| {
            bytes
                .windows(text.len())
                .any(|part| part == text.as_bytes())
        }) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[tokio::test]
async fn no_copy_in_the_data_folder_holds_an_erased_workspace() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path());
    let folder = DataFolder::open(&config).unwrap();
    let (one, two) = (filled(&folder.store, "one"), filled(&folder.store, "two"));
    // What an update leaves behind.
    let left = config.data_dir.join("frontdesk.db.before-0001");
    fs::write(&left, CANARY).unwrap();
    close(&folder.store, one, 10).await.unwrap();
    let gone = erase_from_store(&folder.store, 9 + WEEK).await.unwrap();
    assert!(gone.workspaces.is_empty());
    let gone = erase_from_store(&folder.store, 10 + WEEK).await.unwrap();
    assert_eq!(
        (gone.workspaces, gone.documents.len(), gone.account),
        (vec![one], 1, false)
    );
    assert!(privacy::forget_copies(&folder.store).await);
    assert_eq!(files_with(&config.data_dir, CANARY), Vec::<String>::new());
    assert_eq!(count(&folder.store, "documents"), 1);
    let log = fs::metadata(config.data_dir.join("frontdesk.db-wal")).unwrap();
    assert_eq!(log.len(), 0);
    // Read without the store: every page under the key.
    let copy = dir.path().join("copy.db");
    folder.store.backup_blocking(&copy).unwrap();
    let noted = tombstones::read(&config.data_dir.join(tombstones::FILE)).unwrap();
    let done: Vec<Done> = noted.iter().map(|t| t.done.clone()).collect();
    let closed = Done::WorkspaceClosed { account: false };
    assert_eq!(done, [closed, Done::WorkspaceErased]);
    assert!(noted.iter().all(|t| t.workspace == one));
    let left = folder
        .store
        .read_blocking(|conn| workspaces::get(conn, two).map(|w| w.closing));
    assert_eq!(left.unwrap(), None);
}

#[tokio::test]
async fn a_backup_of_before_gives_nothing_back_of_what_was_erased_since() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path());
    let folder = DataFolder::open(&config).unwrap();
    let store = folder.store.clone();
    let gateway = outside::gateway(&config, store.clone()).unwrap();
    let backups = Backups::new(store.clone(), &config, Some(&folder.key), gateway).unwrap();
    let (one, two, three) = (
        filled(&store, "one"),
        filled(&store, "two"),
        filled(&store, "three"),
    );
    let key = backups.make_recovery_key(false).unwrap();
    let backup = backups.create().unwrap();
    close(&store, one, 10).await.unwrap();
    erase_from_store(&store, 10 + WEEK).await.unwrap();
    close(&store, two, 20 + WEEK).await.unwrap();
    close(&store, three, 20 + WEEK).await.unwrap();
    keep(&store, three, 30 + WEEK).await.unwrap();
    drop(folder);
    drop((store, backups));
    let file = config.backup_path().join(&backup.name);
    let restored = restore(&config, &file, Some(&key)).unwrap();
    assert_eq!(restored.workspaces, 1);
    let folder = DataFolder::open(&config).unwrap();
    let closing = |id| {
        let read = |conn: &_| workspaces::get(conn, id).map(|w| w.closing.map(|c| c.erase_at));
        folder.store.read_blocking(read)
    };
    assert!(matches!(closing(one), Err(StoreError::NotFound(_))));
    assert_eq!(closing(two).unwrap(), Some(20 + 2 * WEEK));
    assert_eq!(closing(three).unwrap(), None);
}

#[tokio::test]
async fn with_the_account_its_people_go_and_who_comes_later_stays_after_a_restore() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path());
    let folder = DataFolder::open(&config).unwrap();
    let store = folder.store.clone();
    let gateway = outside::gateway(&config, store.clone()).unwrap();
    let backups = Backups::new(store.clone(), &config, Some(&folder.key), gateway).unwrap();
    filled(&store, "one");
    a_person(&store, "ann@example.com", 1);
    let key = backups.make_recovery_key(false).unwrap();
    let old = backups.create().unwrap();
    // It outlives the account, on a stick.
    let stick = dir.path().join("stick");
    fs::create_dir(&stick).unwrap();
    fs::copy(config.backup_path().join(&old.name), stick.join(&old.name)).unwrap();
    close_account(&store, 10).await.unwrap();
    let gone = erase_from_store(&store, 10 + WEEK).await.unwrap();
    assert!(gone.account);
    assert_eq!(
        (count(&store, "users"), count(&store, "workspaces")),
        (0, 0)
    );
    assert_eq!(count(&store, "settings"), 0);
    backups.remove_all().unwrap();
    assert_eq!(backups.state().unwrap().backups.len(), 0);
    // The next customer.
    a_person(&store, "ben@example.com", 20 + WEEK);
    filled(&store, "default");
    let their_key = backups.make_recovery_key(false).unwrap();
    let new = backups.create().unwrap();
    drop(folder);
    drop((store, backups));
    let file = config.backup_path().join(&new.name);
    restore(&config, &file, Some(&their_key)).unwrap();
    let folder = DataFolder::open(&config).unwrap();
    assert_eq!(
        (
            count(&folder.store, "users"),
            count(&folder.store, "workspaces")
        ),
        (1, 1)
    );
    drop(folder);
    // And the old backup restores nothing.
    restore(&config, &stick.join(&old.name), Some(&key)).unwrap();
    let folder = DataFolder::open(&config).unwrap();
    assert_eq!(
        (
            count(&folder.store, "users"),
            count(&folder.store, "workspaces")
        ),
        (0, 0)
    );
}
