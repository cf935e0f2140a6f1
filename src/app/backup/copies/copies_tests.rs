//! Copies of real backups, at storage on this machine.

use super::*;
use crate::app::backup::folder::DAY_MS;
use crate::app::backup::target::s3_fixture::{SECRET, Storage};
use crate::app::backup::target::tests::at_s3;
use crate::app::backup::{BackupState, restore};
use crate::app::{DataFolder, outside};
use crate::config::Config;
use crate::store::erasure::Subject;
use crate::store::tombstones::{Done, Tombstone};
use crate::store::{ConversationId, Store, WorkspaceId};

/// A machine with a data folder of its own.
struct Machine {
    config: Config,
    folder: DataFolder,
    backups: Backups,
    _dir: tempfile::TempDir,
}

fn machine(port: u16) -> Machine {
    let dir = tempfile::tempdir().unwrap();
    let config = Config {
        data_dir: dir.path().join("data"),
        key_file: dir.path().join("key/master.key"),
        backup_dir: dir.path().join("backups"),
        egress_allow: format!("127.0.0.1:{port}"),
        ..Config::default()
    };
    let folder = DataFolder::open(&config).unwrap();
    let gateway = outside::gateway(&config, folder.store.clone()).unwrap();
    let backups = Backups::new(folder.store.clone(), &config, Some(&folder.key), gateway);
    Machine {
        backups: backups.unwrap(),
        config,
        folder,
        _dir: dir,
    }
}

impl Machine {
    async fn create(&self) -> Backup {
        let backups = self.backups.clone();
        off_thread(move || backups.create()).await.unwrap()
    }

    async fn set_up(&self, storage: &Storage) {
        let new = NewTarget::S3(at_s3(storage.port));
        self.backups.set_target(new).await.unwrap();
    }

    fn state(&self) -> TargetState {
        self.backups.target().unwrap().unwrap()
    }
}

fn erased(at: i64) -> Tombstone {
    Tombstone {
        at,
        workspace: WorkspaceId::new(),
        done: Done::Erased(Subject::Conversation(ConversationId::new())),
    }
}

fn note(store: &Store, tombstone: Tombstone, beside: &Path) {
    store.note_erased_blocking(&[tombstone]).unwrap();
    make_folder(beside).unwrap();
    tombstones::carry_over(&store.tombstones(), &beside.join(tombstones::FILE)).unwrap();
}

#[tokio::test]
async fn a_backup_is_copied_once_read_back_and_restored_on_an_empty_machine() {
    let storage = Storage::start().await;
    let one = machine(storage.port);
    assert!(matches!(
        one.backups.try_target().await,
        Err(BackupError::NoTarget)
    ));
    assert!(!one.backups.copying_is_due(now()).await.unwrap());
    one.set_up(&storage).await;
    let key = one.backups.make_recovery_key(false).unwrap();
    let backup = one.create().await;
    note(&one.folder.store, erased(5), &one.config.backup_path());
    assert!(one.backups.copying_is_due(now()).await.unwrap());
    let state = one.backups.copy_out().await.unwrap();
    assert_eq!(
        (state.copies, state.newest.as_ref()),
        (1, Some(&backup.name))
    );
    assert!(!one.backups.copying_is_due(now()).await.unwrap());
    let path = format!("box one/{}", backup.name);
    let local = fs::read(one.config.backup_path().join(&backup.name)).unwrap();
    assert!(storage.inside().objects[&path] == local);
    let asked = storage.inside().asked.len();
    one.backups.copy_out().await.unwrap();
    assert_eq!(storage.inside().asked.len(), asked + 1, "only a list");

    let listed = one.backups.list_copies().await.unwrap();
    assert_eq!(
        (listed.len(), listed[0].name.as_str()),
        (1, backup.name.as_str())
    );
    let verified = one.backups.verify_copy(&backup.name).await.unwrap();
    assert_eq!(verified.rows, backup.rows);
    for name in [
        "../x",
        "frontdesk.db",
        "frontdesk-2020-01-01T00-00-00Z.zip.age",
    ] {
        let unknown = one.backups.verify_copy(name).await;
        assert!(matches!(unknown, Err(BackupError::Unknown)), "{name}");
    }

    let two = machine(storage.port);
    two.set_up(&storage).await;
    let Machine {
        config,
        folder,
        backups,
        _dir,
    } = two;
    drop((folder, backups));
    let fetched = fetch_copy(&config, &backup.name).await.unwrap();
    let config_two = config.clone();
    let restored = tokio::task::spawn_blocking(move || {
        let restored = restore(&config_two, &fetched.path(), Some(&key));
        let beside = fetched.path().with_file_name(tombstones::FILE);
        (restored, tombstones::read(&beside).unwrap().len())
    });
    let (restored, known) = restored.await.unwrap();
    assert_eq!(Some(restored.unwrap().rows), backup.rows);
    assert_eq!(known, 1, "who was erased since came along");
    let left = fs::read_dir(config.data_dir.join("backup-fetched")).unwrap();
    assert_eq!(left.count(), 0);
    // The restored database knows the target, and what opens it.
    let folder = DataFolder::open(&config).unwrap();
    let gateway = outside::gateway(&config, folder.store.clone()).unwrap();
    let again = Backups::new(folder.store.clone(), &config, Some(&folder.key), gateway);
    assert_eq!(again.unwrap().list_copies().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_failure_is_noted_told_and_tried_again() {
    let storage = Storage::start().await;
    let one = machine(storage.port);
    one.set_up(&storage).await;
    one.backups.make_recovery_key(false).unwrap();
    let backup = one.create().await;
    storage.inside().spoils = true;
    let error = one.backups.copy_out().await.unwrap_err().to_string();
    assert!(error.contains("not the same"), "{error}");
    let path = format!("box one/{}", backup.name);
    assert!(
        !storage.inside().objects.contains_key(&path),
        "it was removed"
    );
    let state = one.state();
    assert_eq!((state.copies, state.error), (0, Some(error)));
    let whole: BackupState = one.backups.state().unwrap();
    assert!(whole.target.unwrap().error.is_some());
    assert!(
        !one.backups.copying_is_due(now()).await.unwrap(),
        "not at once"
    );
    assert!(one.backups.copying_is_due(now() + RETRY_MS).await.unwrap());
    storage.inside().spoils = false;
    one.backups.copy_out().await.unwrap();
    assert_eq!((one.state().copies, one.state().error), (1, None));
    // Somebody deletes it there: it is copied again.
    storage.inside().objects.clear();
    one.backups.copy_out().await.unwrap();
    assert!(storage.inside().objects.contains_key(&path));
    one.backups.remove_target().await.unwrap();
    assert!(one.backups.target().unwrap().is_none());
    assert!(
        storage.inside().objects.contains_key(&path),
        "what is there stays"
    );
}

#[tokio::test]
async fn copies_are_deleted_by_the_rule_of_the_folder_and_those_of_others_never() {
    let storage = Storage::start().await;
    let one = machine(storage.port);
    one.set_up(&storage).await;
    one.backups.make_recovery_key(false).unwrap();
    let foreign = "box one/frontdesk-2020-01-01T00-00-00Z.zip.age".to_owned();
    storage.inside().objects.insert(foreign.clone(), vec![1]);
    let backup = one.create().await;
    // Made long ago, as its name says.
    let old = "frontdesk-2021-01-01T00-00-00Z.zip.age";
    let folder = one.config.backup_path();
    fs::copy(folder.join(&backup.name), folder.join(old)).unwrap();
    let mut copies = Copies {
        place: one.state().place,
        ..Copies::default()
    };
    let (target, _) = one.backups.opened().await.unwrap();
    let found = list(&folder).into_iter().find(|b| b.name == old).unwrap();
    let copy = copy_one(target.as_ref(), &folder.join(old), &found)
        .await
        .unwrap();
    copies.made.push(copy);
    one.backups.keep(&copies).await.unwrap();
    fs::remove_file(folder.join(old)).unwrap();
    assert_eq!(one.state().copies, 1);

    let state = one.backups.copy_out().await.unwrap();
    assert_eq!((state.copies, state.newest), (1, Some(backup.name.clone())));
    let there: Vec<String> = storage.inside().objects.keys().cloned().collect();
    assert_eq!(there, [foreign, format!("box one/{}", backup.name)]);
}

#[tokio::test]
async fn what_was_erased_is_brought_together_at_the_target() {
    let storage = Storage::start().await;
    let (one, two) = (machine(storage.port), machine(storage.port));
    let there = || {
        let inside = storage.inside();
        let bytes = inside.objects.get("box one/erased.jsonl").cloned();
        String::from_utf8(bytes.unwrap_or_default())
            .unwrap()
            .lines()
            .count()
    };
    for (machine, known) in [(&one, 1), (&two, 2)] {
        machine.set_up(&storage).await;
        note(
            &machine.folder.store,
            erased(known),
            &machine.config.backup_path(),
        );
        machine.backups.copy_out().await.unwrap();
        assert_eq!(there(), usize::try_from(known).unwrap());
    }
    note(&one.folder.store, erased(3), &one.config.backup_path());
    assert!(one.backups.copying_is_due(now()).await.unwrap());
    one.backups.copy_out().await.unwrap();
    assert_eq!(there(), 3, "the other's is not lost");

    // Somebody empties the place: the list is brought again with the next backup.
    one.backups.make_recovery_key(false).unwrap();
    storage.inside().objects.clear();
    one.create().await;
    one.backups.copy_out().await.unwrap();
    assert_eq!(there(), 3, "the list was not brought again");
}

#[test]
fn a_copy_that_is_over_is_not_made_again() {
    let named = |days: i64| {
        let at = jiff::Timestamp::from_millisecond(days * DAY_MS).unwrap();
        format!("frontdesk-{}.zip.age", at.strftime("%Y-%m-%dT%H-%M-%SZ"))
    };
    let backup = |days: i64| Backup {
        name: named(days),
        made_at: days * DAY_MS,
        size: 9,
        verified_at: None,
        rows: None,
    };
    let copies = Copies {
        made: [100, 70, 60]
            .map(|days| Copy {
                name: named(days),
                size: 9,
                sha256: String::new(),
                copied_at: 1,
            })
            .to_vec(),
        ..Copies::default()
    };
    let folder = [backup(101), backup(100), backup(75), backup(65)];
    let plan = copies.plan(&folder, 101 * DAY_MS, 30);
    assert_eq!(plan.copy, [backup(101), backup(75)]);
    assert_eq!(plan.delete, [named(70), named(60)]);
}

#[tokio::test]
async fn a_changed_place_begins_without_copies_and_shows_no_secret() {
    let storage = Storage::start().await;
    let one = machine(storage.port);
    one.set_up(&storage).await;
    one.backups.make_recovery_key(false).unwrap();
    one.create().await;
    one.backups.copy_out().await.unwrap();
    assert_eq!(one.state().copies, 1);
    let mut moved = at_s3(storage.port);
    moved.prefix = "box two".into();
    let state = one.backups.set_target(NewTarget::S3(moved)).await.unwrap();
    assert_eq!(state.copies, 0);
    let told = format!("{state:?} {:?}", one.backups.state().unwrap());
    assert!(
        !told.contains(SECRET) && told.contains("desk/box two"),
        "{told}"
    );
}
