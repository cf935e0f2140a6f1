//! Why there is no backup, copy or restore.

use std::io;
use std::path::Path;

use crate::reason::Reason;
use crate::store::StoreError;

/// Why there is no backup, or no restore. Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Nobody could read it but this machine.
    #[error(
        "there is no recovery key yet, and without one nobody could open a backup when this machine is lost. \
         Make one with `frontdesk backup recovery-key` or on the page Backups, and keep it elsewhere"
    )]
    NoRecoveryKey,
    /// There is one; a second would not open the backups of before.
    #[error(
        "there is a recovery key already. A new one opens only backups made from now on; say so (--replace) if the \
         old one is lost"
    )]
    HasRecoveryKey,
    /// What was typed is no recovery key.
    #[error("this is no recovery key: it begins with AGE-SECRET-KEY-1 and has 74 characters")]
    NoKey,
    /// It has the form of one, and its checksum is wrong.
    #[error("a character of this recovery key is wrong; compare it with what was written down")]
    MistypedKey,
    /// The key is one, but not of this backup.
    #[error(
        "this key does not open this backup. Try the recovery key that was made before it; if it is the right one, the \
         beginning of the file is damaged"
    )]
    WrongRecoveryKey,
    /// The file is damaged.
    #[error("this backup cannot be used: {0}. Use another one")]
    Broken(&'static str),
    /// A later version made it.
    #[error("this backup was made by a later version of Frontdesk; install that one first")]
    NewerFormat,
    /// No such backup.
    #[error("there is no backup of this name; `frontdesk backup list` names them")]
    Unknown,
    /// Nothing is set up.
    #[error(
        "no place elsewhere is set up for copies of the backups; set one up with `frontdesk backup target` or on the \
         page Backups"
    )]
    NoTarget,
    /// What was typed makes no target.
    #[error("this place cannot be used: {0}")]
    BadTarget(#[source] Reason),
    /// The target, or the way to it.
    #[error("{0}")]
    Target(#[source] Reason),
    /// One is being made or tried.
    #[error("a backup is being made, tried or copied just now; try again when it is done")]
    Busy,
    /// The store is not in a folder, as in tests.
    #[error("this store is in memory only; there is nothing to back up")]
    InMemory,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file or folder.
    #[error("{what}: {source}. Check that the disk is there, has room, and may be written to")]
    Io {
        /// What was tried.
        what: String,
        /// Why it failed.
        source: io::Error,
    },
}

impl BackupError {
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io {
            what: format!("{} cannot be used", path.display()),
            source,
        }
    }
}
