//! Deletes backups: old ones, and all of them when an account is erased.

use std::fs;

use super::folder::{list, note_of, too_old};
use super::{BackupError, Backups};
use crate::store::UnixMs;

impl Backups {
    /// Deletes every backup in the folder and all records of them, when the account is erased.
    pub(in crate::app) fn remove_all(&self) -> Result<(), BackupError> {
        let Some(place) = &self.inner.place else {
            return Ok(());
        };
        for backup in list(&place.folder) {
            let path = place.folder.join(&backup.name);
            fs::remove_file(&path).map_err(|source| BackupError::io(&path, source))?;
            let _ = fs::remove_file(note_of(&path));
        }
        self.carry_tombstones();
        Ok(())
    }

    /// Deletes backups that are too old, but never the newest.
    pub(super) fn thin_out(&self, now: UnixMs) -> Result<(), BackupError> {
        let place = self.place()?;
        for name in too_old(&list(&place.folder), now, self.inner.keep_days) {
            let path = place.folder.join(&name);
            fs::remove_file(&path).map_err(|source| BackupError::io(&path, source))?;
            let _ = fs::remove_file(note_of(&path));
        }
        Ok(())
    }
}
