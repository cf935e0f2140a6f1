//! What was erased on request, kept apart from the database: a backup of before still holds it, and restoring one
//! erases it again. A line of JSON for each, with ids and no words.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rusqlite::Transaction;
use serde::{Deserialize, Serialize};

use super::erasure::{self, Subject, Traces};
use super::{Store, StoreError, UnixMs, WorkspaceId, migrate};

/// The file's name, beside the database and beside backups.
pub const FILE: &str = "erased.jsonl";

/// One erasure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    /// When it was asked for.
    pub at: UnixMs,
    /// Where it was.
    pub workspace: WorkspaceId,
    /// What it was.
    #[serde(flatten)]
    pub subject: Subject,
}

impl Store {
    /// Where what was erased is written down.
    pub fn tombstones(&self) -> PathBuf {
        self.path().with_file_name(FILE)
    }

    /// Writes down what is about to be erased, and waits until it is on the disk. A store that left no folder behind
    /// keeps nothing.
    pub fn note_erased_blocking(&self, erased: &[Tombstone]) -> Result<(), StoreError> {
        let path = self.tombstones();
        if !path.parent().is_some_and(Path::exists) {
            return Ok(());
        }
        append(&path, erased)
    }
}

/// Adds lines to a file of tombstones, which is made if it is not there.
fn append(path: &Path, erased: &[Tombstone]) -> Result<(), StoreError> {
    let mut lines = String::new();
    for tombstone in erased {
        let line =
            serde_json::to_string(tombstone).map_err(|e| StoreError::Sqlite(e.to_string()))?;
        lines.push_str(&line);
        lines.push('\n');
    }
    let what = || format!("writing {}", path.display());
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(path)
        .map_err(|e| StoreError::io(what(), e))?;
    file.write_all(lines.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(|e| StoreError::io(what(), e))?;
    migrate::sync(migrate::parent(path))
}

/// The tombstones in a file; none if it is not there. A line that is cut short, as by a power cut, is passed over.
pub fn read(path: &Path) -> Result<Vec<Tombstone>, StoreError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(StoreError::io(format!("reading {}", path.display()), e)),
    };
    Ok(text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect())
}

/// Adds to one file the lines that it lacks of another; whether there were any.
pub fn carry_over(from: &Path, to: &Path) -> Result<bool, StoreError> {
    let known = read(to)?;
    let mut missing = read(from)?;
    missing.retain(|tombstone| !known.contains(tombstone));
    if missing.is_empty() {
        return Ok(false);
    }
    append(to, &missing)?;
    Ok(true)
}

/// Erases again what is still there of these; how much that was.
pub fn replay(tx: &Transaction<'_>, erased: &[Tombstone]) -> Result<Traces, StoreError> {
    let mut again = Traces::default();
    for tombstone in erased {
        let done = erasure::erase_subject(tx, tombstone.workspace, tombstone.subject, tombstone.at);
        match done {
            Ok(traces) => again += traces,
            Err(StoreError::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(again)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ConversationId;

    fn tombstone(at: UnixMs) -> Tombstone {
        Tombstone {
            at,
            workspace: WorkspaceId::new(),
            subject: Subject::Conversation(ConversationId::new()),
        }
    }

    #[test]
    fn lines_are_carried_over_once_and_a_cut_line_does_no_harm() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (dir.path().join("one"), dir.path().join("two"));
        assert_eq!(read(&one).unwrap(), []);
        let all = [tombstone(1), tombstone(2)];
        append(&one, &all).unwrap();
        assert!(carry_over(&one, &two).unwrap());
        assert!(!carry_over(&one, &two).unwrap());
        let mut text = fs::read_to_string(&two).unwrap();
        text.push_str("{\"at\": 3, \"works");
        fs::write(&two, text).unwrap();
        assert_eq!(read(&two).unwrap(), all);
    }
}
