//! Backups: copies of the whole database in a folder that the owner chooses, encrypted for the owner's recovery key,
//! which is not on this machine, and for the machine itself, which opens and checks each one. From the folder they
//! are copied elsewhere, if a target is set up (`target`, `copies`).

mod container;
mod copies;
mod error;
mod folder;
mod keys;
mod removal;
mod restore;
mod schedule;
mod target;

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use zeroize::Zeroizing;

use crate::config::Config;
use crate::egress::Gateway;
use crate::store::snapshot::{Rows, Snapshot};
use crate::store::{MasterKey, Store, StoreError, UnixMs, settings, tombstones};

pub use copies::{FetchedBackup, TargetState, fetch_copy};
pub use error::BackupError;
pub use folder::{Backup, names};
pub use restore::{Restored, restore};
pub use target::{NewLogin, NewS3, NewSftp, NewTarget, Step};

use folder::{Note, PARTIAL, found, free_name, is_same_disk, keep_note, list};

/// Folder in the data folder for copies being made or checked.
const SCRATCH: &str = "backup-scratch";

/// State of the backups.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BackupState {
    /// When the recovery key was made, Unix ms. `None` without one; then no backups are made.
    pub recovery_key_at: Option<UnixMs>,
    /// Newest first.
    pub backups: Vec<Backup>,
    /// Why the last one failed, if it did.
    pub error: Option<String>,
    pub folder: PathBuf,
    /// Whether a list of what was erased is beside them.
    pub has_erased_list: bool,
    /// Whether the folder is on the same disk as the data.
    pub same_disk: bool,
    /// Hours between automatic backups; 0 turns them off.
    pub every_hours: u32,
    /// Days that backups are kept.
    pub keep_days: u32,
    pub target: Option<TargetState>,
}

/// Makes and keeps backups. Clones share their state.
#[derive(Clone)]
pub struct Backups {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    gateway: Gateway,
    /// `None` for a store in memory.
    place: Option<BackupPlace>,
    every_hours: u32,
    keep_days: u32,
    /// Held while a backup is made or checked.
    at_work: Mutex<()>,
    /// Held while backups are copied to the target.
    copying: tokio::sync::Mutex<()>,
    /// Why the last backup failed.
    error: Mutex<Option<String>>,
}

struct BackupPlace {
    data: PathBuf,
    folder: PathBuf,
    settings: Option<PathBuf>,
    own: age::x25519::Identity,
}

impl Backups {
    /// Backups of the store in the configured data folder.
    ///
    /// # Errors
    /// When the master key cannot be used.
    pub(super) fn new(
        store: Store,
        config: &Config,
        master: Option<&MasterKey>,
        gateway: Gateway,
    ) -> Result<Self, BackupError> {
        let place = match master {
            Some(master) => Some(BackupPlace {
                data: config.data_dir.clone(),
                folder: config.backup_path(),
                settings: config.file.clone(),
                own: keys::own(master)?,
            }),
            None => None,
        };
        Ok(Self {
            inner: Arc::new(Inner {
                store,
                gateway,
                place,
                every_hours: config.backup_hours,
                keep_days: config.backup_days,
                at_work: Mutex::new(()),
                copying: tokio::sync::Mutex::new(()),
                error: Mutex::new(None),
            }),
        })
    }

    fn place(&self) -> Result<&BackupPlace, BackupError> {
        self.inner.place.as_ref().ok_or(BackupError::InMemory)
    }

    /// Makes the recovery key and returns it; only its public half stays here. Write it down: it is
    /// not shown again.
    ///
    /// # Errors
    /// `HasRecoveryKey` if there is one and `replace` is false.
    pub fn make_recovery_key(&self, replace: bool) -> Result<Zeroizing<String>, BackupError> {
        self.place()?;
        let (secret, recovery) = keys::fresh(now());
        let made = self.inner.store.write_blocking(|tx| {
            let known: Option<keys::Recovery> = settings::find(tx, keys::Recovery::SETTING)?;
            if known.is_some() && !replace {
                return Ok(false);
            }
            settings::set(tx, keys::Recovery::SETTING, &recovery)?;
            Ok(true)
        })?;
        made.then_some(secret).ok_or(BackupError::HasRecoveryKey)
    }

    fn recovery(&self) -> Result<Option<keys::Recovery>, BackupError> {
        let find = |conn: &_| settings::find(conn, keys::Recovery::SETTING);
        Ok(self.inner.store.read_blocking(find)?)
    }

    /// Makes a backup and opens it again to check it. Takes seconds per GB; call it off the async threads.
    ///
    /// # Errors
    /// `NoRecoveryKey`, `Busy`; `Damaged` if the database is damaged; when a disk is full.
    pub fn create(&self) -> Result<Backup, BackupError> {
        let made = self.create_at(now());
        let failed = match &made {
            Ok(_) => None,
            // `Busy` does not count as a failed backup.
            Err(BackupError::Busy) => return made,
            Err(error) => {
                if let BackupError::Store(StoreError::Damaged { detail }) = error {
                    self.inner.store.note_damage(detail);
                }
                tracing::error!(%error, "no backup could be made");
                Some(error.to_string())
            }
        };
        *lock(&self.inner.error) = failed;
        made
    }

    fn create_at(&self, now: UnixMs) -> Result<Backup, BackupError> {
        let place = self.place()?;
        let recovery = self.recovery()?.ok_or(BackupError::NoRecoveryKey)?;
        let Ok(_at_work) = self.inner.at_work.try_lock() else {
            return Err(BackupError::Busy);
        };
        // The reserve on a full disk is for answers and sign-in, not for backups.
        self.inner.store.has_room()?;
        make_folder(&place.folder)?;
        let scratch = Scratch::new(&place.data)?;
        let copy = scratch.file("copy");
        let key = self.inner.store.backup_blocking(&copy)?;
        let snapshot = Snapshot::at(&copy, &key)?;
        let manifest =
            container::Manifest::of(&copy, &key, snapshot.schema()?, snapshot.rows()?, now)
                .map_err(|source| BackupError::io(&copy, source))?;
        let name = free_name(&place.folder, now);
        let partial = place.folder.join(format!("{name}{PARTIAL}"));
        let recipients = [recovery.recipient()?, place.own.to_public()];
        let settings = place.settings.as_ref();
        let settings = settings.and_then(|path| fs::read_to_string(path).ok());
        let tried = container::pack(&partial, &copy, settings.as_deref(), &manifest, &recipients)
            .and_then(|()| self.open(&partial, &scratch));
        let note = match tried {
            Ok(note) => note,
            Err(error) => {
                let _ = fs::remove_file(&partial);
                return Err(error);
            }
        };
        let path = place.folder.join(&name);
        fs::rename(&partial, &path).map_err(|source| BackupError::io(&path, source))?;
        sync(&place.folder)?;
        keep_note(&path, &note)?;
        self.carry_tombstones();
        self.thin_out(now)?;
        tracing::info!(%name, "a backup was made, opened and found complete");
        found(&path).ok_or(BackupError::Unknown)
    }

    /// Opens a backup and checks every database page and reference, and that the content matches its manifest.
    ///
    /// # Errors
    /// `Unknown`, `Broken`, `Busy`.
    pub fn verify(&self, name: &str) -> Result<Backup, BackupError> {
        let place = self.place()?;
        let path = self.named(name)?;
        let Ok(_at_work) = self.inner.at_work.try_lock() else {
            return Err(BackupError::Busy);
        };
        let scratch = Scratch::new(&place.data)?;
        let note = self.open(&path, &scratch)?;
        keep_note(&path, &note)?;
        found(&path).ok_or(BackupError::Unknown)
    }

    /// Restores a backup into the scratch folder.
    fn open(&self, path: &Path, scratch: &Scratch) -> Result<Note, BackupError> {
        let to = scratch.file("tried");
        let unpacked = container::unpack(path, &self.place()?.own, &to)?;
        check(&unpacked.manifest, &to)?;
        Ok(Note {
            verified_at: now(),
            version: unpacked.manifest.version.clone(),
            schema: unpacked.manifest.schema,
            rows: unpacked.manifest.rows.values().sum(),
        })
    }

    /// Path of a backup in the folder. Refuses every name that is not a backup's.
    fn named(&self, name: &str) -> Result<PathBuf, BackupError> {
        let place = self.place()?;
        let known = list(&place.folder).into_iter().find(|b| b.name == name);
        known.map_or(Err(BackupError::Unknown), |b| Ok(place.folder.join(b.name)))
    }

    /// Opens the file of a backup, or the list of what was erased (`erased.jsonl`), for downloading.
    pub fn file(&self, name: &str) -> Result<File, BackupError> {
        let path = match name {
            tombstones::FILE => self.place()?.folder.join(name),
            name => self.named(name)?,
        };
        File::open(&path).map_err(|source| BackupError::io(&path, source))
    }

    /// State of the backups.
    ///
    /// # Errors
    /// `InMemory`.
    pub fn state(&self) -> Result<BackupState, BackupError> {
        let place = self.place()?;
        Ok(BackupState {
            recovery_key_at: self.recovery()?.map(|recovery| recovery.made_at),
            backups: list(&place.folder),
            error: lock(&self.inner.error).clone(),
            has_erased_list: place.folder.join(tombstones::FILE).exists(),
            folder: place.folder.clone(),
            same_disk: is_same_disk(&place.folder, &place.data),
            every_hours: self.inner.every_hours,
            keep_days: self.inner.keep_days,
            target: self.target()?,
        })
    }

    /// Writes the list of what was erased beside the backups too: after a loss of the disk they may be all that is left.
    fn carry_tombstones(&self) {
        let Some(place) = &self.inner.place else {
            return;
        };
        if !place.folder.is_dir() {
            return;
        }
        let to = place.folder.join(tombstones::FILE);
        if let Err(error) = tombstones::carry_over(&self.inner.store.tombstones(), &to) {
            tracing::warn!(%error, "what was erased could not be noted beside the backups");
        }
    }
}

/// Checks that a database file is undamaged and matches the manifest.
fn check(manifest: &container::Manifest, database: &Path) -> Result<(), BackupError> {
    let snapshot = Snapshot::at(database, &manifest.key()?)?;
    snapshot.check()?;
    let rows: Rows = snapshot.rows()?;
    if rows != manifest.rows {
        return Err(BackupError::Broken("its rows do not match its description"));
    }
    Ok(())
}

/// A folder that is deleted when this is dropped.
struct Scratch(PathBuf);

impl Scratch {
    /// Also removes what a killed process left in it.
    fn new(data: &Path) -> Result<Self, BackupError> {
        let dir = data.join(SCRATCH);
        let refused = |source| BackupError::io(&dir, source);
        match fs::remove_dir_all(&dir) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(refused(e)),
            _ => {}
        }
        make_folder(&dir)?;
        Ok(Self(dir))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, "a temporary copy could not be removed");
        }
    }
}

fn make_folder(dir: &Path) -> Result<(), BackupError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|source| BackupError::io(dir, source))
}

fn sync(dir: &Path) -> Result<(), BackupError> {
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(|source| BackupError::io(dir, source))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn now() -> UnixMs {
    jiff::Timestamp::now().as_millisecond()
}

#[cfg(test)]
#[path = "backup_tests.rs"]
mod tests;
