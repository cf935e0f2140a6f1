//! The lock on a data directory: one process at a time, and a note of where to reach it.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::StoreError;

const FILE: &str = "frontdesk.lock";
const TRIES: u32 = 5;
const BETWEEN_TRIES: Duration = Duration::from_millis(20);

/// The process that holds the lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    pub pid: u32,
    /// Its listening address (`127.0.0.1:8080`), once it listens.
    pub address: Option<String>,
}

/// An acquired lock. The kernel releases it when the process ends, even by a crash.
#[derive(Debug)]
pub struct DataLock {
    file: File,
}

impl DataLock {
    /// Takes the lock, creating the directory (mode 0700) if it is missing. `InUse` names the process that holds it.
    pub fn acquire(dir: &Path) -> Result<Self, StoreError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(|e| {
                StoreError::io(format!("making the data directory {}", dir.display()), e)
            })?;
        let path = dir.join(FILE);
        let what = || format!("locking {}", path.display());
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(|e| StoreError::io(what(), e))?;
        let mut tries = 0;
        while let Err(error) = file.try_lock() {
            match error {
                // Whoever asks who holds it has it for an instant.
                TryLockError::WouldBlock if tries < TRIES => {
                    tries += 1;
                    std::thread::sleep(BETWEEN_TRIES);
                }
                TryLockError::WouldBlock => {
                    let holder = read_note(&file);
                    let (pid, address) = holder.map_or((0, None), |h| (h.pid, h.address));
                    return Err(StoreError::InUse { pid, address });
                }
                TryLockError::Error(e) => return Err(StoreError::io(what(), e)),
            }
        }
        let lock = Self { file };
        lock.write_note(None)?;
        Ok(lock)
    }

    /// Records this process's listening address for [`DataLock::read_holder`].
    pub fn write_address(&self, address: &str) -> Result<(), StoreError> {
        self.write_note(Some(address.to_owned()))
    }

    /// Who holds the lock of this directory; `None` if nobody does.
    pub fn read_holder(dir: &Path) -> Option<Holder> {
        let file = File::open(dir.join(FILE)).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => Some(read_note(&file).unwrap_or(Holder {
                pid: 0,
                address: None,
            })),
            _ => None,
        }
    }

    fn write_note(&self, address: Option<String>) -> Result<(), StoreError> {
        let holder = Holder {
            pid: std::process::id(),
            address,
        };
        let write = || -> std::io::Result<()> {
            let text = serde_json::to_string(&holder)?;
            let mut file = &self.file;
            file.set_len(0)?;
            file.seek(SeekFrom::Start(0))?;
            file.write_all(text.as_bytes())
        };
        write().map_err(|e| StoreError::io("writing the lock file", e))
    }
}

/// The note in the lock file; `None` while its holder is writing it.
fn read_note(mut file: &File) -> Option<Holder> {
    let mut text = String::new();
    file.seek(SeekFrom::Start(0)).ok()?;
    file.read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_second_holder_learns_who_the_first_is() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("data");
        let lock = DataLock::acquire(&dir).unwrap();
        lock.write_address("127.0.0.1:8080").unwrap();
        let Err(StoreError::InUse { pid, address }) = DataLock::acquire(&dir) else {
            panic!("the lock was given twice");
        };
        assert_eq!(pid, std::process::id());
        assert_eq!(address.as_deref(), Some("127.0.0.1:8080"));
        let holder = DataLock::read_holder(&dir).unwrap();
        assert_eq!(holder.address.as_deref(), Some("127.0.0.1:8080"));
    }

    #[test]
    fn a_glance_at_the_holder_does_not_refuse_the_next_one() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("data");
        drop(DataLock::acquire(&dir).unwrap());
        let file = File::open(dir.join(FILE)).unwrap();
        file.try_lock_shared().unwrap();
        let glance = std::thread::spawn(move || {
            std::thread::sleep(BETWEEN_TRIES);
            drop(file);
        });
        DataLock::acquire(&dir).unwrap();
        glance.join().unwrap();
    }

    #[test]
    fn a_note_left_behind_is_no_holder() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("data");
        assert_eq!(DataLock::read_holder(&dir), None);
        drop(DataLock::acquire(&dir).unwrap());
        assert!(dir.join(FILE).exists());
        assert_eq!(DataLock::read_holder(&dir), None);
        DataLock::acquire(&dir).unwrap();
    }

    #[test]
    fn only_the_owner_may_look_inside() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("data");
        let _lock = DataLock::acquire(&dir).unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&dir), 0o700);
        assert_eq!(mode(&dir.join(FILE)), 0o600);
    }
}
