//! Fetches backups from the target, to list, check or restore them.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::off_thread;
use crate::app::backup::folder::{Backup, made_at};
use crate::app::backup::target::Target;
use crate::app::backup::{BackupError, Backups, Scratch, make_folder};
use crate::app::data::STORE;
use crate::app::{AppError, DataFolder, outside};
use crate::config::Config;
use crate::reason::Reason;
use crate::store::tombstones;

/// Folder in the data folder for fetched backups.
const FETCHED: &str = "backup-fetched";
/// Most bytes fetched of the list of erased people.
const MOST_TOMBSTONES: u64 = 64 << 20;

impl Backups {
    /// Lists the backups at the target, newest first.
    ///
    /// # Errors
    /// `NoTarget`, `Target`.
    pub async fn list_copies(&self) -> Result<Vec<Backup>, BackupError> {
        let (target, settings) = self.opened().await?;
        let copies = self.copies(&settings).await?;
        let copied_at = |name: &str| {
            let known = copies.made.iter().find(|copy| copy.name == name);
            known.map(|copy| copy.copied_at)
        };
        let there = target.list().await?.into_iter();
        let mut all: Vec<Backup> = there
            .filter_map(|stored| {
                Some(Backup {
                    made_at: made_at(&stored.name)?,
                    size: stored.size,
                    verified_at: copied_at(&stored.name),
                    rows: None,
                    name: stored.name,
                })
            })
            .collect();
        all.sort_by(|a, b| b.name.cmp(&a.name));
        Ok(all)
    }

    /// Fetches a backup from the target, opens it, and checks every database page and reference.
    ///
    /// # Errors
    /// `NoTarget`, `Unknown`, `Target`, `Broken`, `Busy`.
    pub async fn verify_copy(&self, name: &str) -> Result<Backup, BackupError> {
        let place = self.place()?;
        let (target, _) = self.opened().await?;
        let dir = Fetched::new(&place.data)?;
        let size = fetch_one(target.as_ref(), name, &dir.0).await?;
        let (backups, named) = (self.clone(), name.to_owned());
        let opened = off_thread(move || {
            let Ok(_at_work) = backups.inner.at_work.try_lock() else {
                return Err(BackupError::Busy);
            };
            let scratch = Scratch::new(&backups.place()?.data)?;
            backups.open(&dir.0.join(named), &scratch)
        });
        let note = opened.await?;
        Ok(Backup {
            name: name.to_owned(),
            made_at: made_at(name).unwrap_or_default(),
            size,
            verified_at: Some(note.verified_at),
            rows: Some(note.rows),
        })
    }
}

/// Fetches a backup into a folder and returns its size in bytes.
async fn fetch_one(target: &dyn Target, name: &str, dir: &Path) -> Result<u64, BackupError> {
    // Only a valid name of a backup may become a path.
    made_at(name).ok_or(BackupError::Unknown)?;
    let all = target.list().await?;
    let known = all.into_iter().find(|stored| stored.name == name);
    let size = known.ok_or(BackupError::Unknown)?.size;
    fetch(target, name, size, &dir.join(name)).await?;
    Ok(size)
}

/// Fetches the list of erased people, if there is one.
pub(super) async fn fetch_tombstones(target: &dyn Target, dir: &Path) -> Result<bool, BackupError> {
    let to = dir.join(tombstones::FILE);
    match fetch(target, tombstones::FILE, MOST_TOMBSTONES, &to).await {
        Ok(()) => Ok(true),
        Err(BackupError::Unknown) => Ok(false),
        Err(error) => Err(error),
    }
}

async fn fetch(target: &dyn Target, name: &str, most: u64, to: &Path) -> Result<(), BackupError> {
    let refused = |source| BackupError::io(to, source);
    let mut file = File::create(to).map_err(refused)?;
    let mut take = |piece: &[u8]| file.write_all(piece);
    let fetched = target.get(name, most, &mut take).await;
    if fetched.is_err() {
        // Do not leave half a file behind.
        let _ = fs::remove_file(to);
    }
    fetched
}

/// A backup fetched for restoring. Dropping this deletes its file.
pub struct FetchedBackup {
    dir: Fetched,
    name: String,
}

impl FetchedBackup {
    pub fn path(&self) -> PathBuf {
        self.dir.0.join(&self.name)
    }
}

/// Fetches a backup from the target of this data folder, with the list of erased people, for
/// [`restore`](crate::app::backup::restore). Frontdesk must not be running.
///
/// # Errors
/// When the server is running; `NoTarget`, `Unknown`, `Target`.
pub async fn fetch_copy(config: &Config, name: &str) -> Result<FetchedBackup, AppError> {
    let folder = DataFolder::open(config).map_err(|error| match error.is_damage() {
        true => {
            let told = format!(
                "the database here records where the copies are, but cannot be opened ({error}). Move {} away, \
                 set the place up again with `frontdesk backup target`, and restore with --recovery-key -",
                config.data_dir.join(STORE).display()
            );
            AppError::Settings(Reason::told(told, error))
        }
        false => error,
    })?;
    clear(&config.data_dir);
    let gateway = outside::gateway(config, folder.store.clone())?;
    let backups = Backups::new(folder.store.clone(), config, Some(&folder.key), gateway)?;
    let (target, _) = backups.opened().await?;
    let dir = Fetched::new(&config.data_dir)?;
    fetch_one(target.as_ref(), name, &dir.0).await?;
    fetch_tombstones(target.as_ref(), &dir.0).await?;
    Ok(FetchedBackup {
        dir,
        name: name.to_owned(),
    })
}

/// A folder for fetched files, deleted when this is dropped.
pub(super) struct Fetched(pub(super) PathBuf);

impl Fetched {
    pub(super) fn new(data: &Path) -> Result<Self, BackupError> {
        let dir = data.join(FETCHED).join(uuid::Uuid::new_v4().to_string());
        make_folder(&dir)?;
        Ok(Self(dir))
    }
}

/// Removes what a killed process left behind.
pub(super) fn clear(data: &Path) {
    let _ = fs::remove_dir_all(data.join(FETCHED));
}

impl Drop for Fetched {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, "fetched files could not be removed");
        }
    }
}
