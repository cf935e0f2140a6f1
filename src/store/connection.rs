//! Opening one connection: the key, the pragmas, and what must be true before anyone uses it.

use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};
use zeroize::Zeroizing;

use super::inbox::words;
use super::token::fill_random;
use super::{MasterKey, StoreError};

/// How long a connection waits for a lock that another one holds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// First SQLite without the write-ahead log reset bug that could corrupt a database (3.51.3).
const OLDEST_SQLITE: i32 = 3_051_003;

/// Set on every connection.
/// - `synchronous=FULL`: a commit that returned survives a power cut, even with a write-ahead log.
/// - `secure_delete`: deleted content is overwritten, not only unlinked.
/// - `temp_store=MEMORY`: sorting never writes plain text to a temporary file.
/// - `mmap_size=0`: encrypted pages cannot be mapped, and mapped I/O errors would be signals.
/// - `trusted_schema`, `cell_size_check`: a manipulated file is an error, not an attack.
const PRAGMAS: &str = "
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA secure_delete = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA mmap_size = 0;
    PRAGMA trusted_schema = OFF;
    PRAGMA cell_size_check = ON;
    PRAGMA journal_size_limit = 67108864;
";

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    Write,
    Read,
}

/// Path and key of a database.
pub(super) struct Opener {
    path: PathBuf,
    key: Zeroizing<[u8; 32]>,
    /// Whether a commit waits for the disk.
    durable: bool,
}

impl Opener {
    /// For a file whose key is derived from the master key.
    pub(super) fn file(path: &Path, key: &MasterKey) -> Self {
        Self {
            path: path.into(),
            key: key.subkey("store"),
            durable: true,
        }
    }

    /// For a database that nobody will open again: it has a random key and does not wait for the disk.
    pub(super) fn scratch(path: &Path) -> Result<Self, StoreError> {
        let mut key = Zeroizing::new([0_u8; 32]);
        fill_random(key.as_mut_slice())?;
        Ok(Self {
            path: path.into(),
            key,
            durable: false,
        })
    }

    pub(super) fn with_key(path: &Path, key: Zeroizing<[u8; 32]>) -> Self {
        Self {
            path: path.into(),
            key,
            durable: true,
        }
    }

    /// Derives a key for another purpose from the file's key.
    pub(super) fn subkey(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        MasterKey::from_bytes(*self.key).subkey(purpose)
    }

    pub(super) fn key(&self) -> &Zeroizing<[u8; 32]> {
        &self.key
    }

    /// For another file with the same key, such as a copy.
    pub(super) fn sibling(&self, path: &Path) -> Self {
        Self {
            path: path.into(),
            key: self.key.clone(),
            durable: self.durable,
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a connection and checks that the key fits.
    pub(super) fn open(&self, access: Access) -> Result<Connection, StoreError> {
        let connection = open_file(&self.path, &self.key)?;
        connection.execute_batch(PRAGMAS)?;
        let mode: String =
            connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
        if mode != "wal" {
            return Err(StoreError::Sqlite(
                format!("journal mode is {mode} instead of wal").into(),
            ));
        }
        if !self.durable {
            connection.execute_batch("PRAGMA synchronous = OFF")?;
        }
        if access == Access::Read {
            connection.execute_batch("PRAGMA query_only = ON")?;
        }
        connection.set_prepared_statement_cache_capacity(128);
        Ok(connection)
    }

    /// Opens a connection that leaves the file as it is, also if parts of it are damaged or the disk is full.
    pub(super) fn open_unchanged(&self) -> Result<Connection, StoreError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        unlock(&connection, &self.path, &self.key)?;
        connection.execute_batch(
            "PRAGMA query_only = ON; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0;
             PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;",
        )?;
        Ok(connection)
    }
}

fn open_file(path: &Path, key: &Zeroizing<[u8; 32]>) -> Result<Connection, StoreError> {
    if rusqlite::version_number() < OLDEST_SQLITE {
        return Err(StoreError::Sqlite(
            format!("SQLite {} is too old", rusqlite::version()).into(),
        ));
    }
    // SQLite gives the write-ahead log the mode of the database file.
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|e| StoreError::io(format!("opening {}", path.display()), e))?;
    let connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    unlock(&connection, path, key)?;
    Ok(connection)
}

/// Gives a new connection the key, and checks that it fits.
fn unlock(
    connection: &Connection,
    path: &Path,
    key: &Zeroizing<[u8; 32]>,
) -> Result<(), StoreError> {
    // A raw key: a passphrase would cost hundreds of milliseconds per connection.
    let digits = Zeroizing::new(hex::encode(key.as_slice()));
    let pragma = Zeroizing::new(format!("PRAGMA key = \"x'{}'\"", digits.as_str()));
    connection.execute_batch(&pragma)?;
    // We report what is wrong as our own error; SQLCipher need not also write it to standard error.
    connection.execute_batch("PRAGMA cipher_log_level = NONE")?;
    // Empty if SQLite was built without encryption: then write nothing.
    let cipher: String = connection
        .query_row("PRAGMA cipher_version", [], |row| row.get(0))
        .unwrap_or_default();
    if cipher.is_empty() {
        return Err(StoreError::Sqlite(
            "this build of SQLite cannot encrypt".into(),
        ));
    }
    connection.busy_timeout(BUSY_TIMEOUT)?;
    words::register(connection)?;
    // A wrong key shows at the first read.
    match connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| {
        row.get::<_, i64>(0)
    }) {
        Ok(_) => Ok(()),
        Err(rusqlite::Error::SqliteFailure(e, _)) if e.code == ErrorCode::NotADatabase => {
            Err(StoreError::WrongKey { path: path.into() })
        }
        Err(e) => Err(e.into()),
    }
}

/// Creates the directory of the database (mode 0700) if it is missing.
pub(super) fn make_parent(path: &Path) -> Result<(), StoreError> {
    match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(|e| StoreError::io(format!("making the directory {}", dir.display()), e)),
        _ => Ok(()),
    }
}

/// Checks the checksum of every page, then the structure and the foreign keys.
pub(super) fn check(connection: &Connection) -> Result<(), StoreError> {
    let mut found = Vec::new();
    let mut collect = |sql: &str, fine: &str| -> Result<(), StoreError> {
        let mut statement = connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let line = row.get::<_, String>(0)?;
            if line != fine {
                found.push(line);
            }
        }
        Ok(())
    };
    collect("PRAGMA cipher_integrity_check", "")?;
    collect("PRAGMA integrity_check(10)", "ok")?;
    collect("PRAGMA foreign_key_check", "")?;
    let detail = match found.as_slice() {
        [] => return Ok(()),
        [only] => only.clone(),
        [first, ..] => format!("{first}; {} findings", found.len()),
    };
    Err(StoreError::Damaged {
        detail: detail.into(),
    })
}
