//! A copy of the database that another machine can open. The copy's key travels with it, so both belong in a container
//! that is itself encrypted.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::Connection;
use zeroize::Zeroizing;

use super::connection::{self, Access, Opener};
use super::{MasterKey, StoreError, migrate};

#[derive(Clone)]
pub struct SnapshotKey(Zeroizing<[u8; 32]>);

impl SnapshotKey {
    pub(super) fn of(opener: &Opener) -> Self {
        Self(opener.key().clone())
    }

    /// 64 hexadecimal digits.
    pub fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(self.0.as_slice()))
    }

    /// `None` if these are not 64 hexadecimal digits.
    pub fn from_hex(digits: &str) -> Option<Self> {
        let mut key = Zeroizing::new([0_u8; 32]);
        hex::decode_to_slice(digits.trim(), key.as_mut_slice()).ok()?;
        Some(Self(key))
    }
}

impl std::fmt::Debug for SnapshotKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SnapshotKey(…)")
    }
}

/// Number of rows by table.
pub type Rows = BTreeMap<String, u64>;

/// A copy of a database, made by [`Store::backup_blocking`](super::Store::backup_blocking).
pub struct Snapshot {
    opener: Opener,
}

impl Snapshot {
    /// `NotFound` if there is no such file.
    pub fn at(path: &Path, key: &SnapshotKey) -> Result<Self, StoreError> {
        if !path.is_file() {
            return Err(StoreError::NotFound("the copy of the database"));
        }
        let opener = Opener::with_key(path, key.0.clone());
        Ok(Self { opener })
    }

    /// Checks every page and every foreign key. Errors: `WrongKey`; `Damaged` with the first finding.
    pub fn check(&self) -> Result<(), StoreError> {
        connection::check(&self.opener.open(Access::Read)?)
    }

    /// The number of its schema. Errors: `WrongKey`; `NewerSchema` if this program does not know it.
    pub fn schema(&self) -> Result<u32, StoreError> {
        let found = migrate::version(&self.opener.open(Access::Read)?)?;
        let known = u32::try_from(migrate::MIGRATIONS.len()).unwrap_or(u32::MAX);
        if found > known {
            return Err(StoreError::NewerSchema { found, known });
        }
        Ok(found)
    }

    /// Counts the rows of each table. Errors: `WrongKey`, `Damaged`.
    pub fn rows(&self) -> Result<Rows, StoreError> {
        rows(&self.opener.open(Access::Read)?)
    }

    /// Copies everything into a new database file under a key of this master key, and waits until it is on the disk.
    /// Errors: `Conflict` if the file exists; `DiskFull`.
    pub fn install(&self, to: &Path, key: &MasterKey) -> Result<(), StoreError> {
        if to.exists() {
            let there = format!("{} is there already", to.display());
            return Err(StoreError::Conflict(there.into()));
        }
        let source = self.opener.open(Access::Write)?;
        let schema = migrate::version(&source)?;
        let target = Opener::file(to, key);
        // Let the opener create the file, so that it gets the right mode and journal.
        drop(target.open(Access::Write)?);
        let digits = Zeroizing::new(format!("x'{}'", hex::encode(target.key().as_slice())));
        let path = to.to_str().ok_or_else(|| {
            let odd = std::io::Error::other("its name is not UTF-8");
            StoreError::io(format!("restoring into {}", to.display()), odd)
        })?;
        source.execute("ATTACH DATABASE ?1 AS target KEY ?2", (path, &*digits))?;
        source.query_row("SELECT sqlcipher_export('target')", [], |_| Ok(()))?;
        source.execute_batch(&format!(
            "PRAGMA target.user_version = {schema}; DETACH DATABASE target;"
        ))?;
        let made = target.open(Access::Write)?;
        connection::check(&made)?;
        migrate::checkpoint(&made)?;
        drop(made);
        migrate::sync(to)
    }
}

/// Counts the rows of every table.
pub fn rows(conn: &Connection) -> Result<Rows, StoreError> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let tables: Vec<String> = conn
        .prepare(sql)?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    tables
        .into_iter()
        .map(|table| {
            let sql = format!("SELECT count(*) FROM \"{table}\"");
            let count: i64 = conn.query_row(&sql, [], |row| row.get(0))?;
            Ok((table, count.unsigned_abs()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Store, workspaces};

    #[test]
    fn a_copy_is_opened_by_its_key_and_installed_under_another() {
        let dir = tempfile::tempdir().unwrap();
        let place = |name: &str| dir.path().join(name);
        let store = Store::open(&place("frontdesk.db"), &MasterKey::from_bytes([1; 32])).unwrap();
        store
            .write_blocking(|tx| workspaces::get_or_create(tx, "hr", "HR", 1).map(drop))
            .unwrap();
        let key = store.backup_blocking(&place("copy")).unwrap();
        let key = SnapshotKey::from_hex(&key.to_hex()).unwrap();
        let snapshot = Snapshot::at(&place("copy"), &key).unwrap();
        snapshot.check().unwrap();
        assert_eq!(snapshot.rows().unwrap()["workspaces"], 1);
        let schema = snapshot.schema().unwrap();

        let other = MasterKey::from_bytes([2; 32]);
        snapshot.install(&place("new.db"), &other).unwrap();
        let there = snapshot.install(&place("new.db"), &other);
        assert!(matches!(there, Err(StoreError::Conflict(_))));
        let installed = Store::open(&place("new.db"), &other).unwrap();
        let found = installed
            .read_blocking(|conn| Ok((workspaces::list(conn)?.len(), migrate::version(conn)?)));
        assert_eq!(found.unwrap(), (1, schema));
        let by_old_key = Store::open(&place("new.db"), &MasterKey::from_bytes([1; 32]));
        assert!(matches!(by_old_key, Err(StoreError::WrongKey { .. })));
    }

    #[test]
    fn a_flipped_byte_of_a_copy_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let place = |name: &str| dir.path().join(name);
        let store = Store::open(&place("frontdesk.db"), &MasterKey::from_bytes([1; 32])).unwrap();
        let key = store.backup_blocking(&place("copy")).unwrap();
        let mut bytes = std::fs::read(place("copy")).unwrap();
        let at = bytes.len() / 2;
        bytes[at] ^= 1;
        std::fs::write(place("copy"), bytes).unwrap();
        let snapshot = Snapshot::at(&place("copy"), &key).unwrap();
        assert!(snapshot.check().is_err());
    }
}
