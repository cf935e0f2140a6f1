//! A file that reserves disk space. It is deleted when the disk is full, so that reading, signing in, answering and
//! deleting keep working until the owner has made space.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::StoreError;

/// Size of the file in bytes: room for thousands of messages.
const SIZE: u64 = 32 << 20;
/// The file is only created while this many times its size is free.
const TIMES_FREE: u64 = 3;
/// With less free space than this, in bytes, any disk error counts as a full disk.
const FULL: u64 = 256 << 10;
/// Beside the database.
const FILE: &str = "reserve";

pub(super) struct Reserve {
    path: PathBuf,
    /// The disk was full, and has not regained enough space to create the file again.
    low: AtomicBool,
}

impl Reserve {
    pub(super) fn beside(database: &Path) -> Self {
        Self {
            path: database.with_file_name(FILE),
            low: AtomicBool::new(false),
        }
    }

    /// Creates the file if there is room for it, and updates `low`.
    pub(super) fn keep(&self) -> Result<(), StoreError> {
        if !self.path.parent().is_some_and(Path::exists) {
            // The folder of an in-memory store is already gone.
            return Ok(());
        }
        let there = fs::metadata(&self.path).is_ok_and(|m| m.len() == SIZE);
        if there {
            self.low.store(false, Ordering::Relaxed);
            return Ok(());
        }
        if free_beside(&self.path).is_some_and(|free| free < SIZE * TIMES_FREE) {
            self.low.store(true, Ordering::Relaxed);
            return Ok(());
        }
        let made = self.fill();
        if made.is_err() {
            let _ = fs::remove_file(&self.path);
        }
        self.low.store(made.is_err(), Ordering::Relaxed);
        let what = || format!("keeping {} free", self.path.display());
        made.map_err(|e| StoreError::io(what(), e))
    }

    /// Writes real data, because a sparse file would reserve nothing.
    fn fill(&self) -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&self.path)?;
        let piece = vec![0x5a_u8; 1 << 20];
        for _ in 0..SIZE >> 20 {
            file.write_all(&piece)?;
        }
        file.sync_all()
    }

    /// Deletes the file; returns whether there was one.
    pub(super) fn release(&self) -> bool {
        let gone = fs::remove_file(&self.path).is_ok();
        self.low.store(true, Ordering::Relaxed);
        if gone {
            tracing::warn!(
                "the disk is full; the reserve was released, so that answers, sign-in and deleting keep working. Free some space"
            );
        }
        gone
    }

    fn is_low(&self) -> bool {
        self.low.load(Ordering::Relaxed)
    }

    /// `DiskFull` if the disk was full and has not regained enough space.
    pub(super) fn has_room(&self) -> Result<(), StoreError> {
        if self.is_low() {
            return Err(self.full());
        }
        Ok(())
    }

    fn full(&self) -> StoreError {
        StoreError::DiskFull {
            folder: self.path.parent().map(Path::to_path_buf),
        }
    }

    /// Turns an error of a full disk into `DiskFull` and releases the reserve. SQLite may report another disk error, so
    /// free space decides.
    pub(super) fn recognise_full_disk(&self, error: StoreError) -> StoreError {
        let full = match &error {
            StoreError::DiskFull { .. } => true,
            StoreError::Io { .. } => free_beside(&self.path).is_some_and(|free| free < FULL),
            _ => false,
        };
        if !full {
            return error;
        }
        self.release();
        self.full()
    }
}

/// Free bytes on the disk of this file's folder; `None` if the folder is gone.
fn free_beside(path: &Path) -> Option<u64> {
    fs4::available_space(path.parent()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserve_is_let_go_when_the_disk_is_full_and_kept_again_when_there_is_room() {
        let dir = tempfile::tempdir().unwrap();
        let reserve = Reserve::beside(&dir.path().join("frontdesk.db"));
        reserve.keep().unwrap();
        let file = dir.path().join(FILE);
        assert_eq!(fs::metadata(&file).unwrap().len(), SIZE);
        assert!(!reserve.is_low());

        let other = reserve.recognise_full_disk(StoreError::Busy);
        assert!(matches!(other, StoreError::Busy) && file.exists());
        let full = reserve.recognise_full_disk(StoreError::DiskFull { folder: None });
        assert!(
            full.to_string().contains(dir.path().to_str().unwrap()),
            "{full}"
        );
        assert!(reserve.is_low() && !file.exists());
        assert!(reserve.has_room().is_err());

        reserve.keep().unwrap();
        assert!(!reserve.is_low() && file.exists());
    }
}
