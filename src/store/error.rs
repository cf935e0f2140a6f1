//! What can go wrong with the store, in words that say what to do.

use std::path::PathBuf;

use rusqlite::ErrorCode;
use rusqlite::ffi;

use crate::reason::Reason;

/// An error of the store. Each message names the remedy.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The key does not open this database (or its first page is destroyed: both look alike).
    #[error(
        "the key does not open {}. Use the key (or passphrase) this database was created with; \
         if it is surely the right one, the file is damaged: restore a backup",
        path.display()
    )]
    WrongKey {
        /// The database file.
        path: PathBuf,
    },
    /// A page failed its checksum or the file is inconsistent.
    #[error(
        "the database is damaged ({detail}). Stop Frontdesk, keep the file, and restore the last backup"
    )]
    Damaged {
        /// What SQLite said.
        #[source]
        detail: Reason,
    },
    /// The disk (or the page limit of the database) is full; nothing of this change was written.
    #[error(
        "the disk{} is full, so nothing was saved. Free some space and try again",
        folder.as_deref().map(|f| format!(" that holds {}", f.display())).unwrap_or_default()
    )]
    DiskFull {
        /// A folder on that disk.
        folder: Option<PathBuf>,
    },
    /// The file was written by a newer Frontdesk.
    #[error(
        "the database has schema {found}, this Frontdesk knows {known}. Start the newer version of Frontdesk, go back \
         to the database of before the update (`frontdesk admin roll-back`), or restore a backup made before it"
    )]
    NewerSchema {
        /// Schema number in the file.
        found: u32,
        /// Newest schema number this binary knows.
        known: u32,
    },
    /// Another connection held the database longer than the busy timeout.
    #[error("the database is busy. Try again in a moment; if it stays so, restart Frontdesk")]
    Busy,
    /// The row is not there, or belongs to another workspace (the two are not told apart).
    #[error("{0} was not found. It may have been deleted; reload the list")]
    NotFound(&'static str),
    /// The change contradicts what is stored: a name in use, a state passed by, a broken reference.
    #[error("this conflicts with what is stored: {0}. Reload and try again")]
    Conflict(#[source] Reason),
    /// The workspace takes as many bytes as its owner allows.
    #[error(
        "this workspace may take {} MB, and that is reached (it would be {} MB), so nothing was saved. Delete documents or \
         recordings, or raise the limit on the page Workspaces",
        limit / 1_000_000, used.div_ceil(1_000_000)
    )]
    LimitReached {
        /// Bytes that it takes.
        used: u64,
        /// Bytes that it may take.
        limit: u64,
    },
    /// Another Frontdesk process uses this data directory.
    #[error(
        "another Frontdesk (process {pid}) uses this data directory{}. Stop it, or let it do the work",
        address.as_deref().map(|a| format!(" and listens on {a}")).unwrap_or_default()
    )]
    InUse {
        /// Process id of the holder; 0 when it has not written it yet.
        pid: u32,
        /// Where the holder listens, when it does.
        address: Option<String>,
    },
    /// The operating system refused a file operation.
    #[error("{what} failed: {source}. Check that the disk is there and the permissions are right")]
    Io {
        /// What was attempted.
        what: String,
        /// The operating system's reason.
        source: std::io::Error,
    },
    /// Anything else SQLite reports: a mistake in Frontdesk rather than of its user.
    #[error(
        "the database refused a statement: {0}. This is a fault in Frontdesk; please report it"
    )]
    Sqlite(#[source] Reason),
}

impl StoreError {
    /// Wraps an I/O error with what was attempted; a full disk keeps its own variant.
    pub(super) fn io(what: impl Into<String>, source: std::io::Error) -> Self {
        if source.kind() == std::io::ErrorKind::StorageFull
            || source.kind() == std::io::ErrorKind::QuotaExceeded
        {
            return Self::DiskFull { folder: None };
        }
        Self::Io {
            what: what.into(),
            source,
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let failure = match &error {
            rusqlite::Error::SqliteFailure(failure, _) => *failure,
            rusqlite::Error::QueryReturnedNoRows => return Self::NotFound("the entry"),
            _ => return Self::Sqlite(Reason::of(error)),
        };
        match failure.code {
            ErrorCode::DiskFull => Self::DiskFull { folder: None },
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Self::Damaged {
                detail: Reason::of(error),
            },
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Self::Busy,
            ErrorCode::ConstraintViolation => match failure.extended_code {
                ffi::SQLITE_CONSTRAINT_DATATYPE => Self::Sqlite(Reason::of(error)),
                _ => Self::Conflict(Reason::of(error)),
            },
            // A reader that was asked to write, as opposed to a file that cannot be written.
            ErrorCode::ReadOnly if failure.extended_code == ffi::SQLITE_READONLY => {
                Self::Sqlite(Reason::of(error))
            }
            ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::ReadOnly
            | ErrorCode::PermissionDenied => Self::Io {
                what: "using the database file".into(),
                source: std::io::Error::other(Reason::of(error)),
            },
            _ => Self::Sqlite(Reason::of(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    #[test]
    fn what_sqlite_says_is_told_and_kept() {
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        let refused = connection.execute_batch("SELECT * FROM nowhere");
        let error = StoreError::from(refused.unwrap_err());
        assert!(error.to_string().contains("no such table: nowhere"));
        let reason = error.source().and_then(|reason| reason.source());
        assert!(reason.is_some_and(|cause| cause.is::<rusqlite::Error>()));
    }
}
