//! Backups: copies of the whole database in a folder of the owner's choice, encrypted for the owner's recovery key,
//! which is not on this machine, and for the machine itself, which opens each one before it counts. From the folder they
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

/// Folder in the data folder for copies that are being made or tried.
const SCRATCH: &str = "backup-scratch";

/// How it is with backups.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BackupState {
    /// When the recovery key was made, Unix ms; `None` without one, and then no backups are made.
    pub recovery_key_at: Option<UnixMs>,
    /// Newest first.
    pub backups: Vec<Backup>,
    /// Why the last one failed, if it did.
    pub error: Option<String>,
    /// Where they are.
    pub folder: PathBuf,
    /// Whether a list of what was erased lies beside them.
    pub has_erased_list: bool,
    /// Whether that is the disk that the data is on.
    pub same_disk: bool,
    /// Hours from one to the next; 0: none are made by themselves.
    pub every_hours: u32,
    /// Days that they are kept.
    pub keep_days: u32,
    /// Where they are copied to.
    pub target: Option<TargetState>,
}

/// Makes backups and looks after them. Clones share everything.
#[derive(Clone)]
pub struct Backups {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    gateway: Gateway,
    /// `None` for a store in memory.
    place: Option<Place>,
    every_hours: u32,
    keep_days: u32,
    /// Held while one is made or tried.
    at_work: Mutex<()>,
    /// Held while copies are made.
    copying: tokio::sync::Mutex<()>,
    /// Why the last one failed.
    error: Mutex<Option<String>>,
}

struct Place {
    data: PathBuf,
    folder: PathBuf,
    /// The settings file.
    settings: Option<PathBuf>,
    own: age::x25519::Identity,
}

impl Backups {
    /// Of the store in the data folder that the settings name.
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
            Some(master) => Some(Place {
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

    fn place(&self) -> Result<&Place, BackupError> {
        self.inner.place.as_ref().ok_or(BackupError::InMemory)
    }

    /// Makes the recovery key and gives it; only what is needed to encrypt for it stays here. Write it down: it is
    /// not shown again.
    ///
    /// # Errors
    /// `HasRecoveryKey` unless one is to be replaced.
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

    /// Makes a backup now, and opens it again to see that it is whole. Takes seconds for each GB; call it off the async threads.
    ///
    /// # Errors
    /// `NoRecoveryKey`, `Busy`; `Damaged` when the database is; when a disk is full.
    pub fn create(&self) -> Result<Backup, BackupError> {
        let made = self.create_at(now());
        let failed = match &made {
            Ok(_) => None,
            // That one is being made is no failure of it.
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
        // The room that is kept free on a full disk is for answers and sign-in.
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
        tracing::info!(%name, "a backup was made, opened and found whole");
        found(&path).ok_or(BackupError::Unknown)
    }

    /// Opens a backup and checks every page and every reference in it, and that it holds what it says.
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

    /// A backup in the folder by its name; nothing else can be named.
    fn named(&self, name: &str) -> Result<PathBuf, BackupError> {
        let place = self.place()?;
        let known = list(&place.folder).into_iter().find(|b| b.name == name);
        known.map_or(Err(BackupError::Unknown), |b| Ok(place.folder.join(b.name)))
    }

    /// The file of a backup, or the list of what was erased (`erased.jsonl`), to be copied elsewhere.
    ///
    /// # Errors
    /// `Unknown`.
    pub fn file(&self, name: &str) -> Result<File, BackupError> {
        let path = match name {
            tombstones::FILE => self.place()?.folder.join(name),
            name => self.named(name)?,
        };
        File::open(&path).map_err(|source| BackupError::io(&path, source))
    }

    /// How it is with backups.
    ///
    /// # Errors
    /// `InMemory`; when the store refuses.
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

    /// What was erased since is written down beside the backups too: they may be all that is left.
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

/// Whether a database file is whole and holds what the manifest says.
fn check(manifest: &container::Manifest, database: &Path) -> Result<(), BackupError> {
    let snapshot = Snapshot::at(database, &manifest.key()?)?;
    snapshot.check()?;
    let rows: Rows = snapshot.rows()?;
    if rows != manifest.rows {
        return Err(BackupError::Broken("it holds other rows than it says"));
    }
    Ok(())
}

/// A folder that is gone with everything in it when this is dropped.
struct Scratch(PathBuf);

impl Scratch {
    /// What a process that was killed left in it is removed.
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
            tracing::warn!(%error, "a copy that was tried could not be removed");
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
