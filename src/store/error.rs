//! What can go wrong with the store, in words that say what to do.

use std::path::PathBuf;

use rusqlite::ErrorCode;
use rusqlite::ffi;

use crate::reason::Reason;

/// Each message says what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The key does not open this database, or its first page is destroyed: both look the same.
    #[error(
        "the key does not open {}. Use the key (or passphrase) this database was created with; \
         if you are sure it is the right one, the file is damaged: restore a backup",
        path.display()
    )]
    WrongKey { path: PathBuf },
    /// A page failed its checksum, or the structure is inconsistent.
    #[error(
        "the database is damaged ({detail}). Stop Frontdesk, keep the file, and restore the last backup"
    )]
    Damaged {
        #[source]
        detail: Reason,
    },
    /// The disk is full, or the database reached its page limit; nothing of this change was written.
    #[error(
        "the disk{} is full, so nothing was saved. Free some space and try again",
        folder.as_deref().map(|f| format!(" that holds {}", f.display())).unwrap_or_default()
    )]
    DiskFull {
        /// Any folder on that disk.
        folder: Option<PathBuf>,
    },
    #[error(
        "the database has schema {found}, but this Frontdesk knows only {known}. Start the newer version of Frontdesk, \
         go back to the database from before the update (`frontdesk admin roll-back`), or restore a backup made before it"
    )]
    NewerSchema {
        found: u32,
        /// Newest schema number that this binary knows.
        known: u32,
    },
    /// Another connection held a lock for longer than the busy timeout.
    #[error("the database is busy. Try again in a moment; if it stays busy, restart Frontdesk")]
    Busy,
    /// The row does not exist, or belongs to another workspace; deliberately the same error.
    #[error("{0} was not found. It may have been deleted; reload the list")]
    NotFound(&'static str),
    /// The change contradicts what is stored: a name in use, a state that has passed, a broken reference.
    #[error("this conflicts with what is stored: {0}. Reload and try again")]
    Conflict(#[source] Reason),
    /// The workspace has reached the storage limit that its owner set.
    #[error(
        "this workspace has reached its limit of {} MB (it would use {} MB), so nothing was saved. Delete documents or \
         recordings, or raise the limit on the page Workspaces",
        limit / 1_000_000, used.div_ceil(1_000_000)
    )]
    LimitReached {
        /// Bytes in use.
        used: u64,
        /// In bytes.
        limit: u64,
    },
    /// Nobody pays for the workspace any more (`store::billing`).
    #[error(
        "the subscription of this workspace has ended, so nothing new was taken in. What is there stays, and \
         it goes on as soon as the subscription is renewed"
    )]
    Unpaid,
    #[error(
        "another Frontdesk (process {pid}) uses this data directory{}. Stop it, or let it do the work",
        address.as_deref().map(|a| format!(" and listens on {a}")).unwrap_or_default()
    )]
    InUse {
        /// 0 while the holder has not written it yet.
        pid: u32,
        /// The holder's listening address, once it listens.
        address: Option<String>,
    },
    #[error("{what} failed: {source}. Check that the disk is there and the permissions are right")]
    Io {
        what: String,
        source: std::io::Error,
    },
    /// Anything else that SQLite reports: a bug in Frontdesk, not a mistake of its user.
    #[error(
        "the database refused a statement: {0}. This is a fault in Frontdesk; please report it"
    )]
    Sqlite(#[source] Reason),
}

impl StoreError {
    /// Adds what was attempted to an I/O error; a full disk keeps its own variant.
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
            // Writing on a read-only connection is our bug; a file that cannot be written is the user's problem.
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
