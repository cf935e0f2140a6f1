//! Copies of the backups at a target: copied, read back and compared, and deleted there by the same rule as in the folder.

mod fetch;
mod record;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use sha2::{Digest, Sha256};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::folder::{Backup, list};
use super::schedule::LOOK;
use super::target::{self, NewTarget, Step, Stored, Target, TargetSettings, Upload, try_out};
use super::{BackupError, Backups, make_folder, now};
use crate::egress::Class;
use crate::reason::Reason;
use crate::store::{UnixMs, settings, tombstones};

pub use fetch::{FetchedBackup, fetch_copy};
pub use record::TargetState;

use fetch::{Fetched, fetch_tombstones};
use record::{Copies, Copy, Plan};

/// Milliseconds until the next attempt after a failure.
const RETRY_MS: i64 = 15 * 60 * 1000;

impl Backups {
    /// Sets the target for copies, replacing any earlier one. Copies nothing yet.
    ///
    /// # Errors
    /// `BadTarget`; `Target` if a server does not show its key.
    pub async fn set_target(&self, new: NewTarget) -> Result<TargetState, BackupError> {
        let kept = self.target_settings().await?;
        let gateway = &self.inner.gateway;
        let settings = TargetSettings::of(new, kept.as_ref(), gateway).await?;
        let store = &self.inner.store;
        let state = store.write(move |tx| {
            let known: Copies = settings::find(tx, Copies::SETTING)?.unwrap_or_default();
            let place = settings.place();
            let mut copies = match known.place == place {
                true => known,
                false => Copies::default(),
            };
            (copies.place, copies.error, copies.tried_at) = (place, None, None);
            settings::set(tx, TargetSettings::SETTING, &settings)?;
            settings::set(tx, Copies::SETTING, &copies)?;
            Ok(TargetState::of(&settings, copies))
        });
        Ok(state.await?)
    }

    /// Forgets the target. The copies there stay.
    pub async fn remove_target(&self) -> Result<(), BackupError> {
        let removed = self.inner.store.write(|tx| {
            settings::delete(tx, TargetSettings::SETTING)?;
            settings::delete(tx, Copies::SETTING)
        });
        Ok(removed.await?)
    }

    /// State of the copies; `None` if no target is set up.
    pub fn target(&self) -> Result<Option<TargetState>, BackupError> {
        let found = self.inner.store.read_blocking(|conn| {
            let settings: Option<TargetSettings> = settings::find(conn, TargetSettings::SETTING)?;
            let copies = settings::find(conn, Copies::SETTING)?.unwrap_or_default();
            Ok(settings.map(|settings| TargetState::of(&settings, copies)))
        });
        Ok(found?)
    }

    /// Writes a small file at the target, reads it back and removes it; returns the outcome of each step.
    pub async fn try_target(&self) -> Result<Vec<Step>, BackupError> {
        let (target, _) = self.opened().await?;
        Ok(try_out(target.as_ref()).await)
    }

    /// Copies missing backups to the target, deletes old ones there, and returns the new state.
    ///
    /// # Errors
    /// `NoTarget`, `Busy`, `Target`. A failure is recorded and retried automatically.
    pub async fn copy_out(&self) -> Result<TargetState, BackupError> {
        let (target, settings) = self.opened().await?;
        let Ok(_copying) = self.inner.copying.try_lock() else {
            return Err(BackupError::Busy);
        };
        let mut copies = self.copies(&settings).await?;
        let outcome = self.bring(target.as_ref(), &mut copies).await;
        copies.tried_at = Some(now());
        copies.error = outcome.as_ref().err().map(BackupError::to_string);
        self.keep(&copies).await?;
        if let Err(error) = outcome {
            tracing::error!(%error, "the backups could not be copied");
            return Err(error);
        }
        Ok(TargetState::of(&settings, copies))
    }

    async fn bring(&self, target: &dyn Target, copies: &mut Copies) -> Result<(), BackupError> {
        let folder = self.place()?.folder.clone();
        let there = target.list().await?;
        copies.made.retain(|copy| {
            let is_it = |stored: &Stored| (&stored.name, stored.size) == (&copy.name, copy.size);
            there.iter().any(is_it)
        });
        let is_there = there.iter().any(|stored| stored.name == tombstones::FILE);
        if !is_there {
            copies.tombstones = None;
        }
        self.bring_tombstones(target, copies).await?;
        let in_folder = folder.clone();
        let backups = off_thread(move || Ok(list(&in_folder))).await?;
        let plan = copies.plan(&backups, now(), self.inner.keep_days);
        for backup in plan.copy {
            let copy = copy_one(target, &folder.join(&backup.name), &backup).await?;
            tracing::info!(name = %copy.name, "a backup was copied and read back");
            copies.made.push(copy);
            self.keep(copies).await?;
        }
        // Delete only now: the newest copy has to be there first.
        for name in plan.delete {
            target.delete(&name).await?;
            copies.made.retain(|copy| copy.name != name);
            self.keep(copies).await?;
        }
        Ok(())
    }

    /// Merges the lists of erased people here and at the target: restoring a copy has to erase them again.
    async fn bring_tombstones(
        &self,
        target: &dyn Target,
        copies: &mut Copies,
    ) -> Result<(), BackupError> {
        let place = self.place()?;
        let own = place.folder.join(tombstones::FILE);
        let known = digest_of(&own);
        if known.is_some() && known == copies.tombstones {
            return Ok(());
        }
        let dir = Fetched::new(&place.data)?;
        if fetch_tombstones(target, &dir.0).await? {
            make_folder(&place.folder)?;
            tombstones::carry_over(&dir.0.join(tombstones::FILE), &own)?;
        }
        let Ok(bytes) = fs::read(&own) else {
            return Ok(());
        };
        let upload = Upload {
            name: tombstones::FILE,
            class: Class::Metadata,
            size: bytes.len() as u64,
            from: &mut bytes.as_slice(),
        };
        target.put(upload).await?;
        copies.tombstones = Some(hex::encode(Sha256::digest(&bytes)));
        self.keep(copies).await
    }

    /// Copies and deletes whenever needed, until `shutdown`.
    pub(super) fn start_copying(&self, tasks: &TaskTracker, shutdown: CancellationToken) {
        let Some(place) = &self.inner.place else {
            return;
        };
        fetch::clear(&place.data);
        let backups = self.clone();
        tasks.spawn(async move {
            loop {
                let turn = async {
                    tokio::time::sleep(LOOK).await;
                    if backups.copying_is_due(now()).await.unwrap_or(false) {
                        // The outcome is stored, and the page shows it.
                        let _ = backups.copy_out().await;
                    }
                };
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    () = turn => {}
                }
            }
        });
    }

    pub(super) async fn copying_is_due(&self, now: UnixMs) -> Result<bool, BackupError> {
        let Some(settings) = self.target_settings().await? else {
            return Ok(false);
        };
        let copies = self.copies(&settings).await?;
        let waited = |at: UnixMs| !(0..RETRY_MS).contains(&(now - at));
        if copies.error.is_some() && !copies.tried_at.is_none_or(waited) {
            return Ok(false);
        }
        let (folder, keep_days) = (self.place()?.folder.clone(), self.inner.keep_days);
        off_thread(move || {
            let plan = copies.plan(&list(&folder), now, keep_days);
            let erased = digest_of(&folder.join(tombstones::FILE));
            let is_new = erased.is_some() && erased != copies.tombstones;
            Ok(plan != Plan::default() || is_new)
        })
        .await
    }

    async fn target_settings(&self) -> Result<Option<TargetSettings>, BackupError> {
        let find = |conn: &_| settings::find(conn, TargetSettings::SETTING);
        Ok(self.inner.store.read(find).await?)
    }

    async fn opened(&self) -> Result<(Box<dyn Target>, TargetSettings), BackupError> {
        let settings = self.target_settings().await?.ok_or(BackupError::NoTarget)?;
        Ok((target::open(&self.inner.gateway, &settings)?, settings))
    }

    async fn copies(&self, target: &TargetSettings) -> Result<Copies, BackupError> {
        let find = |conn: &_| settings::find(conn, Copies::SETTING);
        let known: Option<Copies> = self.inner.store.read(find).await?;
        let place = target.place();
        let known = known.filter(|copies| copies.place == place);
        Ok(known.unwrap_or(Copies {
            place,
            ..Copies::default()
        }))
    }

    /// Saves the record, unless the target has been changed meanwhile.
    async fn keep(&self, copies: &Copies) -> Result<(), BackupError> {
        let copies = copies.clone();
        let kept = self.inner.store.write(move |tx| {
            let target: Option<TargetSettings> = settings::find(tx, TargetSettings::SETTING)?;
            if target.is_some_and(|target| target.place() == copies.place) {
                settings::set(tx, Copies::SETTING, &copies)?;
            }
            Ok(())
        });
        Ok(kept.await?)
    }
}

/// Copies a backup, reads it back and compares.
async fn copy_one(target: &dyn Target, file: &Path, backup: &Backup) -> Result<Copy, BackupError> {
    let refused = |source| BackupError::io(file, source);
    let path = file.to_owned();
    let sha256 = off_thread(move || {
        let mut hash = Hash::default();
        let hashed = File::open(&path).and_then(|mut file| io::copy(&mut file, &mut hash));
        hashed.map_err(|source| BackupError::io(&path, source))?;
        Ok(hash.digits())
    })
    .await?;
    let mut from = tokio::fs::File::open(file).await.map_err(refused)?;
    let upload = Upload {
        name: &backup.name,
        class: Class::Encrypted,
        size: backup.size,
        from: &mut from,
    };
    target.put(upload).await?;
    let mut back = Hash::default();
    let mut take = |piece: &[u8]| back.write_all(piece);
    target.get(&backup.name, backup.size, &mut take).await?;
    if back.digits() != sha256 {
        target.delete(&backup.name).await?;
        return Err(BackupError::Target(format!(
            "{} was copied, but what was read back is not the same; the copy was removed and will be made again",
            backup.name
        ).into()));
    }
    Ok(Copy {
        name: backup.name.clone(),
        size: backup.size,
        sha256,
        copied_at: now(),
    })
}

/// SHA-256 of a small file, if it exists.
fn digest_of(path: &Path) -> Option<String> {
    let bytes = fs::read(path).ok()?;
    Some(hex::encode(Sha256::digest(bytes)))
}

#[derive(Default)]
struct Hash(Sha256);

impl Hash {
    fn digits(&self) -> String {
        hex::encode(self.0.clone().finalize())
    }
}

impl Write for Hash {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BackupError> + Send + 'static,
) -> Result<T, BackupError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|error| {
        let told = format!("it was interrupted ({error})");
        Err(BackupError::Target(Reason::told(told, error)))
    })
}

#[cfg(test)]
#[path = "copies_tests.rs"]
mod tests;
