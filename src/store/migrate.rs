//! The schema's history. Migrations are only ever appended; each is a file that states its reason.
//!
//! A new database gets all of them. An existing one is never changed in place: it is copied, the copy is migrated and
//! checked, and then renamed over the original. The original stays beside it as `….before-NNNN` for [`KEPT_DAYS`], or
//! until somebody is erased who is still in it, so that an update can be undone (`frontdesk admin roll-back`). If the
//! process is killed anywhere in between, the original is still there and valid, and the next start retries.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::connection::{self, Access, Opener};
use super::{StoreError, roll_back};

/// How long the database from before a migration is kept, in days.
pub(super) const KEPT_DAYS: u64 = 14;

/// One step of the schema.
pub(super) struct Migration {
    /// Runs in one transaction.
    pub(super) sql: &'static str,
}

/// All steps. A step's number is its position, from 1, so append only.
pub(super) const MIGRATIONS: &[Migration] = &[
    Migration {
        sql: include_str!("migrations/0001_initial.sql"),
    },
    Migration {
        sql: include_str!("migrations/0002_knowledge_and_proof.sql"),
    },
    Migration {
        sql: include_str!("migrations/0003_voice.sql"),
    },
    Migration {
        sql: include_str!("migrations/0004_hidden_parts.sql"),
    },
    Migration {
        sql: include_str!("migrations/0005_begun_by.sql"),
    },
    Migration {
        sql: include_str!("migrations/0006_staff_only.sql"),
    },
    Migration {
        sql: include_str!("migrations/0007_receipt_marks.sql"),
    },
    Migration {
        sql: include_str!("migrations/0008_second_factor.sql"),
    },
    Migration {
        sql: include_str!("migrations/0009_due.sql"),
    },
    Migration {
        sql: include_str!("migrations/0010_closures.sql"),
    },
    Migration {
        sql: include_str!("migrations/0011_egress_data.sql"),
    },
    Migration {
        sql: include_str!("migrations/0012_site_keys.sql"),
    },
    Migration {
        sql: include_str!("migrations/0013_secret_sessions.sql"),
    },
    Migration {
        sql: include_str!("migrations/0014_inbox.sql"),
    },
    Migration {
        sql: include_str!("migrations/0015_contacts.sql"),
    },
    Migration {
        sql: include_str!("migrations/0016_mail.sql"),
    },
    Migration {
        sql: include_str!("migrations/0017_webhooks.sql"),
    },
    Migration {
        sql: include_str!("migrations/0018_seen_lines.sql"),
    },
    Migration {
        sql: include_str!("migrations/0019_identity.sql"),
    },
    Migration {
        sql: include_str!("migrations/0020_quota.sql"),
    },
    Migration {
        sql: include_str!("migrations/0021_crm.sql"),
    },
    Migration {
        sql: include_str!("migrations/0022_analysis.sql"),
    },
    Migration {
        sql: include_str!("migrations/0023_casework.sql"),
    },
    Migration {
        sql: include_str!("migrations/0024_billing.sql"),
    },
    Migration {
        sql: include_str!("migrations/0025_providers.sql"),
    },
    Migration {
        sql: include_str!("migrations/0026_channel_index.sql"),
    },
    Migration {
        sql: include_str!("migrations/0027_analytics.sql"),
    },
    Migration {
        sql: include_str!("migrations/0028_tools.sql"),
    },
    Migration {
        sql: include_str!("migrations/0029_responses.sql"),
    },
    Migration {
        sql: include_str!("migrations/0030_assistants.sql"),
    },
    Migration {
        sql: include_str!("migrations/0031_members.sql"),
    },
    Migration {
        sql: include_str!("migrations/0032_workflows.sql"),
    },
    Migration {
        sql: include_str!("migrations/0033_key_makers.sql"),
    },
    Migration {
        sql: include_str!("migrations/0034_tokens_elsewhere.sql"),
    },
    Migration {
        sql: include_str!("migrations/0035_crm_deleted.sql"),
    },
    Migration {
        sql: include_str!("migrations/0036_workflow_runs.sql"),
    },
];

/// Brings the database to exactly these migrations, creating it if necessary.
pub(super) fn bring_up(opener: &Opener, migrations: &[Migration]) -> Result<(), StoreError> {
    let path = opener.path();
    roll_back::settle(path)?;
    let known = count(migrations);
    let existing = opener.open(Access::Write)?;
    let found = version(&existing)?;
    if found > known {
        return Err(StoreError::NewerSchema { found, known });
    }
    if found == 0 {
        // An empty database, or one whose first start was cut short and rolled back. A step may refer to a table that a later
        // one makes.
        existing.execute_batch("PRAGMA foreign_keys = OFF")?;
        return apply(&existing, migrations, 0);
    }
    if found == known {
        return discard_leftovers(path);
    }
    let copy = migrate_copy(opener, existing, migrations, found)?;
    swap_in(path, &copy, found)
}

/// Applies the steps after `from`, all of them or none.
fn apply(connection: &Connection, migrations: &[Migration], from: u32) -> Result<(), StoreError> {
    let tx = connection.unchecked_transaction()?;
    for (number, migration) in (1_u32..).zip(migrations) {
        if number > from {
            tx.execute_batch(migration.sql)?;
        }
    }
    tx.pragma_update(None, "user_version", count(migrations))?;
    Ok(tx.commit()?)
}

/// Copies the database, migrates the copy and checks it. Afterwards the original has no write-ahead log: if one were
/// left, it would be replayed into the file that replaces the original.
pub(super) fn migrate_copy(
    opener: &Opener,
    existing: Connection,
    migrations: &[Migration],
    found: u32,
) -> Result<PathBuf, StoreError> {
    let path = opener.path();
    let copy = beside(path, ".migrating");
    remove_database(&copy)?;
    let target = opener.sibling(&copy);
    checkpoint(&existing)?;
    self::copy(&existing, &target)?;
    close(existing)?;
    let log = beside(path, "-wal");
    if log.metadata().is_ok_and(|m| m.len() > 0) {
        return Err(StoreError::Busy);
    }

    let connection = target.open(Access::Write)?;
    // A step may rebuild a table that others refer to; the check below verifies the foreign keys.
    connection.execute_batch("PRAGMA foreign_keys = OFF")?;
    apply(&connection, migrations, found)?;
    connection::check(&connection)?;
    checkpoint(&connection)?;
    close(connection)?;
    sync(&copy)?;
    Ok(copy)
}

/// Keeps the original under another name, and atomically puts the copy in its place.
fn swap_in(path: &Path, copy: &Path, found: u32) -> Result<(), StoreError> {
    let kept = beside(path, &format!("{BEFORE}{found:04}"));
    remove_database(&kept)?;
    let what = || format!("replacing {} by its migrated copy", path.display());
    if fs::hard_link(path, &kept).is_err() {
        // Some file systems have no hard links.
        fs::copy(path, &kept).map_err(|e| StoreError::io(what(), e))?;
        sync(&kept)?;
    }
    // `KEPT_DAYS` count from now, not from the last change.
    let now = std::time::SystemTime::now();
    File::options()
        .write(true)
        .open(&kept)
        .and_then(|file| file.set_modified(now))
        .map_err(|e| StoreError::io(what(), e))?;
    fs::rename(copy, path).map_err(|e| StoreError::io(what(), e))?;
    sync(parent(path))?;
    tracing::info!(kept = %kept.display(), "the database was migrated; the old one is kept");
    Ok(())
}

/// Suffix of a database from before a migration; the schema number follows.
pub(super) const BEFORE: &str = ".before-";
/// Suffix of a newer database that a roll-back replaced.
pub(super) const AFTER: &str = ".after-";

/// Whether a file beside the database is the database from another time.
fn is_copy(left: &str) -> bool {
    left.starts_with(BEFORE) || left.starts_with(AFTER)
}

/// Removes copies of a migration that was cut short, and originals older than `KEPT_DAYS`.
pub(super) fn discard_leftovers(path: &Path) -> Result<(), StoreError> {
    for (left, file) in beside_it(path)? {
        let is_old = || {
            let age = file.metadata().ok()?.modified().ok()?.elapsed().ok()?;
            Some(age.as_secs() >= KEPT_DAYS * 24 * 60 * 60)
        };
        if left.starts_with(".migrating") || (is_copy(&left) && is_old() == Some(true)) {
            remove(&file)?;
        }
    }
    Ok(())
}

/// Removes all databases from before a migration or a roll-back.
pub(super) fn discard_originals(path: &Path) -> Result<(), StoreError> {
    for (left, file) in beside_it(path)? {
        if is_copy(&left) {
            remove(&file)?;
        }
    }
    Ok(())
}

/// The files whose names begin with the database's name, each with the rest of its name.
pub(super) fn beside_it(path: &Path) -> Result<Vec<(String, PathBuf)>, StoreError> {
    let Some(name) = path.file_name().and_then(|n| n.to_str()) else {
        return Ok(Vec::new());
    };
    let dir = parent(path);
    if !dir.exists() {
        // The folder of an in-memory store is already gone.
        return Ok(Vec::new());
    }
    let what = || format!("looking for old copies in {}", dir.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(|e| StoreError::io(what(), e))? {
        let entry = entry.map_err(|e| StoreError::io(what(), e))?;
        let left = entry.file_name().into_string().unwrap_or_default();
        let Some(rest) = left.strip_prefix(name) else {
            continue;
        };
        found.push((rest.to_owned(), entry.path()));
    }
    Ok(found)
}

/// Copies a whole database into a new file, in one step so that the copy shows one state. Thanks to the write-ahead log
/// this blocks no writer, and no writer makes it start over.
pub(super) fn copy(from: &Connection, target: &Opener) -> Result<(), StoreError> {
    let mut to = target.open(Access::Write)?;
    let backup = Backup::new(from, &mut to)?;
    if backup.step(-1)? != StepResult::Done {
        return Err(StoreError::Busy);
    }
    drop(backup);
    checkpoint(&to)?;
    close(to)?;
    sync(target.path())?;
    sync(parent(target.path()))
}

/// Moves the write-ahead log into the database file and empties it. `Busy` if a reader is in the way.
pub(super) fn checkpoint(connection: &Connection) -> Result<(), StoreError> {
    let blocked: i64 =
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
    if blocked == 0 {
        Ok(())
    } else {
        Err(StoreError::Busy)
    }
}

pub(super) fn version(connection: &Connection) -> Result<u32, StoreError> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

fn count(migrations: &[Migration]) -> u32 {
    u32::try_from(migrations.len()).unwrap_or(u32::MAX)
}

fn close(connection: Connection) -> Result<(), StoreError> {
    connection.close().map_err(|(_, e)| e.into())
}

pub(super) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir,
        _ => Path::new("."),
    }
}

/// Appends a suffix to a path: `frontdesk.db` and `-wal` make `frontdesk.db-wal`.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Waits until a file's contents or a directory's entries are on the disk.
pub(super) fn sync(path: &Path) -> Result<(), StoreError> {
    File::open(path)
        .and_then(|file| file.sync_all())
        .map_err(|e| StoreError::io(format!("writing {} to the disk", path.display()), e))
}

pub(super) fn remove_database(path: &Path) -> Result<(), StoreError> {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        remove(&beside(path, suffix))?;
    }
    Ok(())
}

pub(super) fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::io(format!("removing {}", path.display()), e))
        }
        _ => Ok(()),
    }
}
