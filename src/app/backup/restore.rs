//! Restores a backup, on this machine or on an empty one.

use std::fs;
use std::path::{Path, PathBuf};

use age::x25519::Identity;

use super::{BackupError, Scratch, check, container, keys, now, sync};
use crate::app::AppError;
use crate::app::data::{STORE, master_key};
use crate::config::Config;
use crate::store::erasure::Traces;
use crate::store::snapshot::Snapshot;
use crate::store::tombstones::{self, Tombstone};
use crate::store::{DataLock, Store, UnixMs, receipts, sessions};

/// Result of a restore.
#[derive(Debug)]
pub struct Restored {
    /// When the backup was made, Unix ms.
    pub made_at: UnixMs,
    /// Rows in it.
    pub rows: u64,
    /// Data of people that was erased after the backup and has been erased again.
    pub erased: Traces,
    /// Number of workspaces that were erased after the backup and have been erased again.
    pub workspaces: u64,
    /// Whether a list of what was erased was beside the backup or in the data folder. Without one, what was erased after
    /// the backup was made is in the database again.
    pub has_erased_list: bool,
    /// Where the replaced database is kept.
    pub kept: Option<PathBuf>,
    /// Where the settings file from the backup was written, if there was one.
    pub settings: Option<PathBuf>,
}

/// Restores a backup into the configured data folder. Frontdesk must not be running. Without a recovery key
/// this machine's own key is used. What was erased after the backup is erased again. The present database stays
/// untouched until the last step, one rename; it is kept beside the restored one.
///
/// # Errors
/// When the key or the file is wrong, the server is running, or a disk is full; then nothing has changed.
pub fn restore(
    config: &Config,
    from: &Path,
    recovery_key: Option<&str>,
) -> Result<Restored, AppError> {
    let _lock = DataLock::acquire(&config.data_dir)?;
    let database = config.data_dir.join(STORE);
    // With a recovery key, the machine's own key may be lost: set aside the database that it opened.
    let needs_key = database.exists() && recovery_key.is_none();
    let master = master_key(config, needs_key)?;
    let identity: Identity = match recovery_key {
        Some(text) => keys::typed(text)?,
        None => keys::own(&master)?,
    };
    let scratch = Scratch::new(&config.data_dir)?;
    let copy = scratch.file("copy");
    let unpacked = container::unpack(from, &identity, &copy)?;
    let manifest = &unpacked.manifest;
    check(manifest, &copy)?;
    let snapshot = Snapshot::at(&copy, &manifest.key()?)?;
    snapshot.schema()?;
    let fresh = scratch.file("frontdesk.db");
    snapshot.install(&fresh, &master)?;

    let beside = from.parent().unwrap_or(Path::new("."));
    let lists = [beside, config.data_dir.as_path()].map(|dir| dir.join(tombstones::FILE));
    let has_erased_list = lists.iter().any(|list| list.exists());
    let [brought, own] = &lists;
    // Later backups need this list too.
    tombstones::carry_over(brought, own)?;
    let mut erased = tombstones::read(own)?;
    erased.sort_by_key(|tombstone: &Tombstone| tombstone.at);
    // Also brings the schema up to date.
    let store = Store::open(&fresh, &master)?;
    let again = store.write_blocking(|tx| {
        sessions::end_all(tx)?;
        tombstones::replay(tx, &erased)
    })?;
    store.checkpoint_blocking()?;
    drop(store);

    let kept = put_in_place(&fresh, &database)?;
    // The chain of receipts now ends earlier; forget where it ended.
    let _ = fs::remove_file(config.data_dir.join(receipts::HEAD_FILE));
    let settings = unpacked.settings.map(|text| {
        let to = config.data_dir.join("frontdesk.toml.restored");
        fs::write(&to, text).map(|()| to)
    });
    Ok(Restored {
        made_at: manifest.made_at,
        rows: manifest.rows.values().sum(),
        erased: again.traces,
        workspaces: again.workspaces,
        has_erased_list,
        kept,
        settings: settings.and_then(Result::ok),
    })
}

/// Renames the restored database into place, and sets the old one aside with its log.
fn put_in_place(fresh: &Path, database: &Path) -> Result<Option<PathBuf>, BackupError> {
    let refused = |source| BackupError::io(database, source);
    let with = |suffix: &str| {
        let mut name = database.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let mut kept = None;
    if database.exists() {
        // Treated like a database from before an update: removed after some days, and when a person is erased.
        let aside = with(&format!(".before-restore-{}", now()));
        let log = with("-wal");
        if log.metadata().is_ok_and(|m| m.len() > 0) {
            // The old write-ahead log would be replayed into the restored database.
            let mut name = aside.as_os_str().to_owned();
            name.push("-wal");
            fs::rename(&log, PathBuf::from(name)).map_err(refused)?;
        }
        if fs::hard_link(database, &aside).is_err() {
            fs::copy(database, &aside).map_err(refused)?;
        }
        kept = Some(aside);
    }
    let _ = fs::remove_file(with("-shm"));
    fs::rename(fresh, database).map_err(refused)?;
    sync(database.parent().unwrap_or(Path::new(".")))?;
    Ok(kept)
}
