//! The database as a file: keys, encryption, damage, full disks.

use std::fs;
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::json;

use super::conversations::{Channel, NewConversation};
use super::documents::NewDocument;
use super::messages::{MessageState, NewMessage, Speaker};
use super::{
    DataLock, MasterKey, Store, StoreError, WorkspaceId, conversations, documents, events,
    messages, settings, workspaces,
};

pub(super) fn key() -> MasterKey {
    MasterKey::from_bytes([9; 32])
}

pub(super) fn count(store: &Store, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    store
        .read_blocking(|c| Ok(c.query_row(&sql, [], |row| row.get(0))?))
        .unwrap()
}

fn upload(store: &Store, name: &str, original: &[u8]) -> Result<WorkspaceId, StoreError> {
    store.write_blocking(|tx| {
        let workspace = workspaces::get_or_create(tx, "bluefin", "Bluefin", 1)?.id;
        let new = NewDocument {
            name,
            title: name,
            media_type: "text/plain",
            original,
        };
        documents::insert(tx, workspace, &new, 1)?;
        Ok(workspace)
    })
}

fn contains(dir: &Path, needle: &[u8]) -> Vec<String> {
    let mut hits = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        if bytes.windows(needle.len()).any(|window| window == needle) {
            hits.push(path.display().to_string());
        }
    }
    hits
}

#[test]
fn the_linked_sqlite_is_new_enough_and_encrypts() {
    assert!(
        rusqlite::version_number() >= 3_051_003,
        "{}",
        rusqlite::version()
    );
}

#[test]
fn a_closed_store_opens_again_with_its_key_only() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data").join("frontdesk.db");
    let store = Store::open(&path, &key()).unwrap();
    upload(&store, "prices.md", b"A cleaning costs 90.").unwrap();
    drop(store);
    let before = fs::read(&path).unwrap();

    let other = MasterKey::from_bytes([8; 32]);
    let refused = Store::open(&path, &other).unwrap_err();
    assert!(
        matches!(&refused, StoreError::WrongKey { path: p } if *p == path),
        "{refused}"
    );
    assert!(refused.to_string().contains("Use the key"), "{refused}");
    assert_eq!(
        fs::read(&path).unwrap(),
        before,
        "a wrong key must not change the file"
    );

    let store = Store::open(&path, &key()).unwrap();
    assert_eq!(count(&store, "documents"), 1);
    let mode = |p: &Path| p.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&path.with_extension("db-wal")), 0o600);
    assert_eq!(mode(path.parent().unwrap()), 0o700);
}

#[test]
fn nothing_that_is_written_can_be_read_from_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("frontdesk.db"), &key()).unwrap();
    let canary = "Zanzibar-Quokka-71";
    let workspace = upload(&store, canary, format!("{canary} ").repeat(500).as_bytes()).unwrap();
    store
        .write_blocking(|tx| {
            let new = NewConversation {
                assistant: None,
                channel: Channel::Chat,
                visitor: Some(canary),
                title: canary,
                begun_by: None,
                page: None,
            };
            let talk = conversations::create(tx, workspace, &new, 2)?;
            let new = NewMessage {
                role: Speaker::User,
                text: canary,
                state: MessageState::Complete,
                client_id: None,
                author: None,
            };
            messages::append(tx, &talk, &new, 2)?;
            events::append(tx, workspace, "said", canary, &json!({ "text": canary }), 2)?;
            settings::set(tx, "canary", &canary)
        })
        .unwrap();
    let utf16: Vec<u8> = canary.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let nowhere = |when: &str| {
        assert_eq!(
            contains(dir.path(), canary.as_bytes()),
            Vec::<String>::new(),
            "{when}"
        );
        assert_eq!(contains(dir.path(), &utf16), Vec::<String>::new(), "{when}");
        assert_eq!(
            contains(dir.path(), b"SQLite format 3"),
            Vec::<String>::new(),
            "{when}"
        );
    };
    // Make sure that the search works and that the log has rows to hide.
    fs::write(dir.path().join("control"), canary).unwrap();
    assert_eq!(contains(dir.path(), canary.as_bytes()).len(), 1);
    fs::remove_file(dir.path().join("control")).unwrap();
    assert!(
        dir.path()
            .join("frontdesk.db-wal")
            .metadata()
            .unwrap()
            .len()
            > 20_000
    );
    nowhere("in the log");
    store.checkpoint_blocking().unwrap();
    assert_eq!(
        dir.path()
            .join("frontdesk.db-wal")
            .metadata()
            .unwrap()
            .len(),
        0
    );
    nowhere("in the file");
    store.backup_blocking(&dir.path().join("copy.db")).unwrap();
    nowhere("in the backup");
}

#[test]
fn a_backup_is_a_whole_store_under_the_same_key() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("frontdesk.db"), &key()).unwrap();
    upload(&store, "a.md", &[b'a'; 50_000]).unwrap();
    let to = dir.path().join("copy.db");
    store.backup_blocking(&to).unwrap();
    assert!(matches!(
        store.backup_blocking(&to),
        Err(StoreError::Conflict(_))
    ));
    upload(&store, "b.md", b"after the backup").unwrap();
    let copy = Store::open(&to, &key()).unwrap();
    copy.check_blocking().unwrap();
    assert_eq!(
        (count(&copy, "documents"), count(&store, "documents")),
        (1, 2)
    );
}

#[test]
fn every_damaged_page_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("frontdesk.db");
    let store = Store::open(&path, &key()).unwrap();
    upload(&store, "a.md", &[b'a'; 200_000]).unwrap();
    store.check_blocking().unwrap();
    drop(store);
    let whole = fs::read(&path).unwrap();
    let pages = whole.len() / 4096;
    assert!(pages > 50);
    for page in (0..pages).step_by(7) {
        let mut bytes = whole.clone();
        bytes[page * 4096 + 1000] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let found = Store::open(&path, &key()).and_then(|store| store.check_blocking());
        let error = found.expect_err(&format!("page {page} is damaged and nobody noticed"));
        assert!(
            matches!(
                error,
                StoreError::Damaged { .. } | StoreError::WrongKey { .. }
            ),
            "page {page}: {error:?}"
        );
    }
    fs::write(&path, &whole).unwrap();
    Store::open(&path, &key())
        .unwrap()
        .check_blocking()
        .unwrap();
}

#[test]
fn a_damaged_page_that_is_read_is_called_damaged() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("frontdesk.db");
    let store = Store::open(&path, &key()).unwrap();
    let workspace = upload(&store, "a.md", &[b'a'; 200_000]).unwrap();
    drop(store);
    let mut bytes = fs::read(&path).unwrap();
    let near_end = bytes.len() - 5 * 4096;
    bytes[near_end] ^= 1;
    fs::write(&path, &bytes).unwrap();
    let store = Store::open(&path, &key()).unwrap();
    let read = store.read_blocking(|c| {
        let document = documents::find_by_name(c, workspace, "a.md")?.unwrap();
        let version = super::versions::latest(c, &document)?;
        super::versions::original(c, workspace, version.id)
    });
    assert!(
        matches!(read, Err(StoreError::Damaged { .. })),
        "{:?}",
        read.map(|b| b.len())
    );
    // SQLCipher refuses everything on the connection that met the page; the next query gets a new one.
    for _ in 0..8 {
        assert_eq!(count(&store, "documents"), 1);
    }
    assert!(store.damage().is_some(), "it is remembered");
}

#[test]
fn a_database_that_cannot_be_opened_can_be_peeked_into_and_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("frontdesk.db");
    let store = Store::open(&path, &key()).unwrap();
    store
        .write_blocking(|tx| settings::set(tx, "told", &"kept"))
        .unwrap();
    store.checkpoint_blocking().unwrap();
    drop(store);
    let before = fs::read(&path).unwrap();
    let told = Store::peek(&path, &key(), |conn| {
        assert!(conn.execute("DELETE FROM settings", []).is_err());
        settings::find::<String>(conn, "told")
    });
    assert_eq!(told.unwrap().as_deref(), Some("kept"));
    assert!(before == fs::read(&path).unwrap());
    let other = MasterKey::from_bytes([1; 32]);
    let wrong = Store::peek(&path, &other, |_| Ok(()));
    assert!(
        matches!(wrong, Err(StoreError::WrongKey { .. })),
        "{wrong:?}"
    );
    let none = dir.path().join("none.db");
    assert!(Store::peek(&none, &key(), |_| Ok(())).is_err());
    assert!(!none.exists());
}

#[test]
fn a_backup_that_meets_a_damaged_page_leaves_the_rest_readable() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("frontdesk.db");
    let store = Store::open(&path, &key()).unwrap();
    upload(&store, "a.md", &[b'a'; 200_000]).unwrap();
    store.checkpoint_blocking().unwrap();
    let mut file = fs::File::options().write(true).open(&path).unwrap();
    file.seek(SeekFrom::End(-10 * 4096 + 100)).unwrap();
    file.write_all(b"damage").unwrap();
    let copy = dir.path().join("copy.db");
    store.backup_blocking(&copy).unwrap();
    let checked = Store::open(&copy, &key()).and_then(|copy| copy.check_blocking());
    assert!(
        matches!(checked, Err(StoreError::Damaged { .. })),
        "{checked:?}"
    );
    for turn in 1..8 {
        assert_eq!(count(&store, "documents"), turn);
        upload(&store, &format!("{turn}.md"), b"goes on").unwrap();
    }
}

#[test]
fn a_full_disk_loses_nothing_that_was_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("frontdesk.db"), &key()).unwrap();
    upload(&store, "kept.md", b"kept").unwrap();
    let limit = |pages: i64| {
        let sql = format!("PRAGMA max_page_count = {pages}");
        store
            .write_blocking(|tx| Ok(tx.query_row(&sql, [], |row| row.get::<_, i64>(0))?))
            .unwrap()
    };
    let pages: i64 = store
        .read_blocking(|c| Ok(c.query_row("PRAGMA page_count", [], |row| row.get(0))?))
        .unwrap();
    limit(pages + 10);
    let full = upload(&store, "big.md", &[0; 500_000]).unwrap_err();
    assert!(matches!(full, StoreError::DiskFull { .. }), "{full:?}");
    assert_eq!(count(&store, "documents"), 1);
    upload(&store, "small.md", b"still fits").unwrap();
    limit(1_000_000);
    upload(&store, "big.md", &[0; 500_000]).unwrap();
    assert_eq!(count(&store, "documents"), 3);
    store.check_blocking().unwrap();
}

#[test]
fn two_memory_stores_are_two() {
    let (one, two) = (
        Store::open_in_memory().unwrap(),
        Store::open_in_memory().unwrap(),
    );
    upload(&one, "a.md", b"a").unwrap();
    assert_eq!((count(&one, "documents"), count(&two, "documents")), (1, 0));
}

#[test]
fn a_locked_directory_still_lets_its_holder_open_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let _lock = DataLock::acquire(dir.path()).unwrap();
    Store::open(&dir.path().join("frontdesk.db"), &key()).unwrap();
    let refused = DataLock::acquire(dir.path()).unwrap_err().to_string();
    assert!(
        refused.contains(&std::process::id().to_string()),
        "{refused}"
    );
}
