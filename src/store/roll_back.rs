//! Returning to the database from before an update.

use std::fs;
use std::path::Path;

use super::StoreError;
use super::migrate::{AFTER, BEFORE, beside, beside_it, parent, remove, remove_database, sync};

/// Suffix of a file that exists while a roll-back is under way.
const MARK: &str = ".rolling-back";

/// Replaces the database with the newest one from before a migration, and keeps the replaced one as `….after-NNNN`.
/// Returns the schema of the restored one. The store must not be open.
///
/// `NotFound` if none is kept; `Conflict` if there is an `….after-NNNN` already. Nothing is changed then.
pub(super) fn roll_back(path: &Path) -> Result<String, StoreError> {
    settle(path)?;
    let kept = beside_it(path)?
        .into_iter()
        .filter_map(|(left, file)| Some((left.strip_prefix(BEFORE)?.to_owned(), file)))
        .filter(|(schema, _)| is_schema(schema))
        .max();
    let (schema, file) = kept.ok_or(StoreError::NotFound("a database from before an update"))?;
    let after = beside(path, &format!("{AFTER}{schema}"));
    if after.exists() {
        return Err(StoreError::Conflict(
            format!(
                "{} is there already, from an earlier roll-back; move it away first",
                after.display()
            )
            .into(),
        ));
    }
    let what = || format!("putting {} back", file.display());
    let failed = |error| StoreError::io(what(), error);
    let mark = beside(path, MARK);
    fs::write(&mark, &schema).map_err(failed)?;
    sync(&mark)?;
    sync(parent(path))?;
    link(path, &after).map_err(failed)?;
    let log = beside(path, "-wal");
    if log.metadata().is_ok_and(|m| m.len() > 0) {
        link(&log, &beside(&after, "-wal")).map_err(failed)?;
        sync(parent(path))?;
        // The log belongs to the present database and would be replayed into the older one.
        remove(&log)?;
    }
    fs::rename(&file, path).map_err(failed)?;
    sync(parent(path))?;
    remove(&mark)?;
    Ok(schema)
}

/// Cleans up after a roll-back that was cut short: undoes it, unless the older database is already in place.
pub(super) fn settle(path: &Path) -> Result<(), StoreError> {
    let mark = beside(path, MARK);
    let Ok(schema) = fs::read_to_string(&mark) else {
        return Ok(());
    };
    if is_schema(&schema) && beside(path, &format!("{BEFORE}{schema}")).exists() {
        let after = beside(path, &format!("{AFTER}{schema}"));
        let (log, kept) = (beside(path, "-wal"), beside(&after, "-wal"));
        if kept.exists() && !log.exists() {
            fs::rename(&kept, &log)
                .map_err(|e| StoreError::io(format!("putting {} back", log.display()), e))?;
        }
        remove_database(&after)?;
        sync(parent(path))?;
    }
    remove(&mark)
}

fn is_schema(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// Hard-links a file, or copies it where the file system has no hard links.
fn link(from: &Path, to: &Path) -> std::io::Result<()> {
    if fs::hard_link(from, to).is_err() {
        fs::copy(from, to)?;
        fs::File::open(to)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{MasterKey, Store, workspaces};

    /// Makes the database from after an update, with its last changes in its log, and the one from before.
    fn make_updated(dir: &Path) -> std::path::PathBuf {
        let path = dir.join("frontdesk.db");
        let key = MasterKey::from_bytes([3; 32]);
        let store = Store::open(&path, &key).unwrap();
        let make = |name: &'static str| {
            let made = store.write_blocking(|tx| workspaces::get_or_create(tx, name, name, 7));
            made.unwrap();
        };
        make("before");
        store.checkpoint_blocking().unwrap();
        fs::copy(&path, beside(&path, ".before-0011")).unwrap();
        make("after");
        // Simulate a kill, because closing would move the log into the file.
        fs::copy(&path, dir.join("file")).unwrap();
        fs::copy(beside(&path, "-wal"), dir.join("log")).unwrap();
        drop(store);
        fs::rename(dir.join("file"), &path).unwrap();
        fs::rename(dir.join("log"), beside(&path, "-wal")).unwrap();
        path
    }

    fn names(path: &Path) -> Vec<String> {
        let store = Store::open(path, &MasterKey::from_bytes([3; 32])).unwrap();
        let all = store.read_blocking(workspaces::list).unwrap();
        let mut names: Vec<String> = all.into_iter().map(|workspace| workspace.name).collect();
        names.sort();
        names
    }

    #[test]
    fn a_refused_roll_back_leaves_the_log_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = make_updated(dir.path());
        let after = beside(&path, ".after-0011");
        fs::write(&after, "of an earlier one").unwrap();
        let log = fs::read(beside(&path, "-wal")).unwrap();
        assert!(!log.is_empty());
        assert!(matches!(roll_back(&path), Err(StoreError::Conflict(_))));
        assert_eq!(fs::read(beside(&path, "-wal")).unwrap(), log);
        assert_eq!(fs::read(&after).unwrap(), b"of an earlier one");
    }

    #[test]
    fn the_newer_database_is_kept_with_its_log() {
        let dir = tempfile::tempdir().unwrap();
        let path = make_updated(dir.path());
        assert_eq!(roll_back(&path).unwrap(), "0011");
        assert_eq!(names(&path), ["before"]);
        assert_eq!(names(&beside(&path, ".after-0011")), ["after", "before"]);
    }

    #[test]
    fn a_roll_back_that_was_cut_short_is_taken_back_or_ended_at_the_next_start() {
        // Cut short after only the log was renamed.
        let dir = tempfile::tempdir().unwrap();
        let path = make_updated(dir.path());
        let after = beside(&path, ".after-0011");
        fs::write(beside(&path, MARK), "0011").unwrap();
        link(&path, &after).unwrap();
        fs::rename(beside(&path, "-wal"), beside(&after, "-wal")).unwrap();
        assert_eq!(names(&path), ["after", "before"]);
        assert!(!after.exists() && !beside(&path, MARK).exists());
        assert_eq!(roll_back(&path).unwrap(), "0011");

        // Cut short before the mark was removed.
        let dir = tempfile::tempdir().unwrap();
        let path = make_updated(dir.path());
        roll_back(&path).unwrap();
        fs::write(beside(&path, MARK), "0011").unwrap();
        assert_eq!(names(&path), ["before"]);
        assert!(!beside(&path, MARK).exists() && beside(&path, ".after-0011").exists());
    }
}
