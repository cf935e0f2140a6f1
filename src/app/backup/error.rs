//! Errors of backups, copies and restores.

use std::io;
use std::path::Path;

use crate::reason::Reason;
use crate::store::StoreError;

/// Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Only this machine could read a backup without one.
    #[error(
        "there is no recovery key yet, and without one nobody could open a backup when this machine is lost. \
         Make one with `frontdesk backup recovery-key` or on the page Backups, and keep it elsewhere"
    )]
    NoRecoveryKey,
    /// A second one would not open the earlier backups.
    #[error(
        "there already is a recovery key. A new one opens only backups made from now on; say so (--replace) if the \
         old one is lost"
    )]
    HasRecoveryKey,
    /// The input does not have the form of a recovery key.
    #[error("this is not a recovery key, which begins with AGE-SECRET-KEY-1 and has 74 characters")]
    NoKey,
    /// The form is right, but the checksum is wrong.
    #[error("a character of this recovery key is wrong; compare it with what was written down")]
    MistypedKey,
    /// A valid key, but not for this backup.
    #[error(
        "this key does not open this backup. Try the recovery key that was made before it; if it is the right one, the \
         beginning of the file is damaged"
    )]
    WrongRecoveryKey,
    #[error("this backup cannot be used: {0}. Use another one")]
    Broken(&'static str),
    #[error("this backup was made by a later version of Frontdesk; install that one first")]
    NewerFormat,
    #[error("there is no backup with this name; `frontdesk backup list` shows their names")]
    Unknown,
    /// No target is set up.
    #[error(
        "no place is set up for copies of the backups; set one up with `frontdesk backup target` or on the \
         page Backups"
    )]
    NoTarget,
    /// The target's settings are invalid.
    #[error("this place cannot be used: {0}")]
    BadTarget(#[source] Reason),
    /// The target or the connection to it failed.
    #[error("{0}")]
    Target(#[source] Reason),
    /// A backup is being made, checked or copied.
    #[error("a backup is being made, checked or copied right now; try again when it is done")]
    Busy,
    /// The store is not in a folder, as in tests.
    #[error("this store is in memory only; there is nothing to back up")]
    InMemory,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{what}: {source}. Check that the disk is there, has room, and may be written to")]
    Io { what: String, source: io::Error },
}

impl BackupError {
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io {
            what: format!("{} cannot be used", path.display()),
            source,
        }
    }
}
