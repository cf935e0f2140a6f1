use super::folder::{DAY_MS, too_old};
use super::*;
use crate::app::DataFolder;
use crate::store::tombstones::{Done, Tombstone};
use crate::store::{conversations, workspaces};

fn config(dir: &Path) -> Config {
    Config {
        data_dir: dir.join("data"),
        key_file: dir.join("key/master.key"),
        backup_dir: dir.join("backups"),
        ..Config::default()
    }
}

fn backups(folder: &DataFolder, config: &Config) -> Backups {
    let gateway = crate::app::outside::gateway(config, folder.store.clone()).unwrap();
    Backups::new(folder.store.clone(), config, Some(&folder.key), gateway).unwrap()
}

/// A conversation in a workspace, made at this time.
fn a_conversation(store: &Store) -> Tombstone {
    let made = store.write_blocking(|tx| {
        let workspace = workspaces::get_or_create(tx, "one", "One", 1)?.id;
        let new = conversations::NewConversation {
            assistant: None,
            channel: conversations::Channel::Chat,
            visitor: None,
            title: "",
            begun_by: None,
            page: None,
        };
        let conversation = conversations::create(tx, workspace, &new, 1)?;
        Ok((workspace, conversation.id))
    });
    let (workspace, conversation) = made.unwrap();
    Tombstone {
        at: 5,
        workspace,
        done: Done::Erased(crate::store::erasure::Subject::Conversation(conversation)),
    }
}

fn count(store: &Store, table: &str) -> u64 {
    let rows = store.read_blocking(crate::store::snapshot::rows).unwrap();
    rows[table]
}

#[test]
fn a_backup_is_opened_on_an_empty_machine_with_the_recovery_key_only() {
    let (box_one, box_two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let config_one = config(box_one.path());
    let folder = DataFolder::open(&config_one).unwrap();
    let backups = backups(&folder, &config_one);
    let kept = a_conversation(&folder.store);
    let erased = a_conversation(&folder.store);
    assert!(matches!(backups.create(), Err(BackupError::NoRecoveryKey)));
    let key = backups.make_recovery_key(false).unwrap();
    assert!(matches!(
        backups.make_recovery_key(false),
        Err(BackupError::HasRecoveryKey)
    ));
    let backup = backups.create().unwrap();
    assert!(backup.verified_at.is_some() && backup.rows > Some(2));
    assert_eq!(backups.verify(&backup.name).unwrap().name, backup.name);

    // Erased after the backup; the record of it is beside the backup.
    folder.store.note_erased_blocking(&[erased]).unwrap();
    backups.carry_tombstones();
    let file = config_one.backup_path().join(&backup.name);

    let config_two = config(box_two.path());
    let without = restore(&config_two, &file, None).unwrap_err();
    assert!(without.to_string().contains("does not open"), "{without}");
    let restored = restore(&config_two, &file, Some(&key)).unwrap();
    assert_eq!(restored.erased.conversations, 1);
    assert_eq!(restored.kept, None);
    let other = DataFolder::open(&config_two).unwrap();
    assert_eq!(count(&other.store, "conversations"), 1);
    let Done::Erased(crate::store::erasure::Subject::Conversation(id)) = kept.done else {
        panic!("a conversation");
    };
    let there = other
        .store
        .read_blocking(|conn| conversations::get(conn, kept.workspace, id).map(drop));
    there.unwrap();
    assert!(!config_two.data_dir.join(SCRATCH).exists());
}

#[test]
fn without_the_list_of_what_was_erased_the_restore_says_so_and_with_it_the_new_machine_knows_it() {
    let (box_one, box_two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let config_one = config(box_one.path());
    let folder = DataFolder::open(&config_one).unwrap();
    let backups = backups(&folder, &config_one);
    let erased = a_conversation(&folder.store);
    let key = backups.make_recovery_key(false).unwrap();
    let backup = backups.create().unwrap();
    folder
        .store
        .note_erased_blocking(std::slice::from_ref(&erased))
        .unwrap();
    backups.carry_tombstones();

    // The file alone, as it is downloaded, and then with the list.
    let carried = box_two.path().join(&backup.name);
    fs::copy(config_one.backup_path().join(&backup.name), &carried).unwrap();
    let config_two = config(box_two.path());
    let alone = restore(&config_two, &carried, Some(&key)).unwrap();
    assert!(!alone.has_erased_list && alone.erased == Default::default());
    let list = carried.with_file_name(tombstones::FILE);
    let mut downloaded = backups.file(tombstones::FILE).unwrap();
    io::copy(&mut downloaded, &mut File::create(&list).unwrap()).unwrap();
    let both = restore(&config_two, &carried, Some(&key)).unwrap();
    assert!(both.has_erased_list);
    assert_eq!(both.erased.conversations, 1);
    let known = tombstones::read(&config_two.data_dir.join(tombstones::FILE));
    assert_eq!(known.unwrap(), [erased]);
}

#[test]
fn with_the_recovery_key_a_backup_is_restored_where_the_key_of_the_machine_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path());
    let folder = DataFolder::open(&config).unwrap();
    let backups = backups(&folder, &config);
    a_conversation(&folder.store);
    let key = backups.make_recovery_key(false).unwrap();
    let backup = backups.create().unwrap();
    let file = config.backup_path().join(&backup.name);
    drop((backups, folder));
    fs::remove_file(&config.key_file).unwrap();
    assert!(restore(&config, &file, None).is_err(), "nothing opens it");
    assert!(!config.key_file.exists());
    let restored = restore(&config, &file, Some(&key)).unwrap();
    assert!(restored.kept.unwrap().exists());
    let folder = DataFolder::open(&config).unwrap();
    assert_eq!(count(&folder.store, "conversations"), 1);
}

#[test]
fn on_its_own_machine_a_backup_needs_no_recovery_key_and_the_database_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path());
    let folder = DataFolder::open(&config).unwrap();
    let backups = backups(&folder, &config);
    backups.make_recovery_key(false).unwrap();
    let backup = backups.create().unwrap();
    a_conversation(&folder.store);
    let file = config.backup_path().join(&backup.name);
    assert!(
        restore(&config, &file, None).is_err(),
        "the folder is in use"
    );
    drop((backups, folder));

    let restored = restore(&config, &file, None).unwrap();
    let kept = restored.kept.unwrap();
    assert!(kept.exists());
    let folder = DataFolder::open(&config).unwrap();
    assert_eq!(count(&folder.store, "conversations"), 0);
    assert!(kept.exists(), "an open does not remove it at once");
}

#[test]
fn a_changed_backup_is_refused_and_nothing_is_touched() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path());
    let folder = DataFolder::open(&config).unwrap();
    let backups = backups(&folder, &config);
    backups.make_recovery_key(false).unwrap();
    let backup = backups.create().unwrap();
    let file = config.backup_path().join(&backup.name);
    let whole = fs::read(&file).unwrap();
    drop(folder);
    for at in [10, 200, whole.len() / 2, whole.len() - 5] {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        fs::write(&file, &changed).unwrap();
        assert!(backups.verify(&backup.name).is_err(), "byte {at}");
        if at > whole.len() / 2 {
            let told = backups.verify(&backup.name).unwrap_err().to_string();
            assert!(told.contains("damaged at its end"), "{told}");
        }
    }
    fs::write(&file, &whole[..whole.len() - 3000]).unwrap();
    assert!(backups.verify(&backup.name).is_err(), "cut short");
    drop(backups);
    let before = fs::read(config.data_dir.join("frontdesk.db")).unwrap();
    assert!(restore(&config, &file, None).is_err());
    fs::write(&file, "hello").unwrap();
    assert!(restore(&config, &file, None).is_err());
    let after = fs::read(config.data_dir.join("frontdesk.db")).unwrap();
    assert!(after == before, "the database was touched");
}

#[test]
fn only_backups_in_the_folder_can_be_named() {
    let dir = tempfile::tempdir().unwrap();
    let config = config(dir.path());
    let folder = DataFolder::open(&config).unwrap();
    let backups = backups(&folder, &config);
    for name in [
        "../data/frontdesk.db",
        "frontdesk.db",
        "",
        "frontdesk-2026.zip.age",
    ] {
        assert!(matches!(backups.verify(name), Err(BackupError::Unknown)));
    }
}

#[test]
fn all_of_a_day_and_one_of_each_day_before_are_kept() {
    let hour = 60 * 60 * 1000;
    let now = 30 * DAY_MS;
    let at = |made_at: i64| Backup {
        name: format!("{made_at:015}"),
        made_at,
        size: 1,
        verified_at: None,
        rows: None,
    };
    let made: Vec<Backup> = (0..24 * 29).map(|hours| at(now - hours * hour)).collect();
    let gone = too_old(&made, now, 21);
    let kept: Vec<&Backup> = made.iter().filter(|b| !gone.contains(&b.name)).collect();
    assert_eq!(kept.len(), 25 + 20);
    assert!(kept.iter().all(|b| now - b.made_at <= 21 * DAY_MS));
    // However old it is, the last one stays.
    assert!(too_old(&[at(0)], now, 21).is_empty());
}
