//! Records of what was erased on request and which workspaces were closed. They are apart from the database, because an
//! older backup still has what was erased; restoring one erases it again. One line of JSON each, with ids and no words.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rusqlite::Transaction;
use serde::{Deserialize, Serialize};

use super::erasure::{self, Subject, Traces};
use super::{
    Store, StoreError, UnixMs, WorkspaceId, closures, holdings, migrate, users, workspaces,
};
use crate::reason::Reason;

/// Beside the database and beside backups.
pub const FILE: &str = "erased.jsonl";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Done {
    /// Closed alone, or with the whole account.
    WorkspaceClosed {
        /// Whether the whole account was closed.
        account: bool,
    },
    /// Somebody reopened it before it was erased.
    WorkspaceReopened,
    WorkspaceErased,
    /// The customer left: all users and API keys of that time were erased.
    AccountErased,
    /// Part of a person's data was erased.
    #[serde(untagged)]
    Erased(Subject),
}

/// One erasure or closing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    /// When it was requested.
    pub at: UnixMs,
    pub workspace: WorkspaceId,
    #[serde(flatten)]
    pub done: Done,
}

/// What [`replay`] erased.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Replayed {
    /// Data of persons.
    pub traces: Traces,
    /// Number of workspaces.
    pub workspaces: u64,
}

impl Store {
    /// Path of the file.
    pub fn tombstones(&self) -> PathBuf {
        self.path().with_file_name(FILE)
    }

    /// Records what is about to be erased, and waits until it is on the disk. Does nothing for an in-memory store,
    /// whose folder is gone.
    pub fn note_erased_blocking(&self, erased: &[Tombstone]) -> Result<(), StoreError> {
        let path = self.tombstones();
        if !path.parent().is_some_and(Path::exists) {
            return Ok(());
        }
        append(&path, erased)
    }
}

/// Adds lines to a file of tombstones, creating it if it is missing.
fn append(path: &Path, erased: &[Tombstone]) -> Result<(), StoreError> {
    let mut lines = String::new();
    for tombstone in erased {
        let line =
            serde_json::to_string(tombstone).map_err(|e| StoreError::Sqlite(Reason::of(e)))?;
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

/// The tombstones in a file; empty if it is missing. Skips a line that was cut short, as by a power cut.
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

/// Adds the tombstones to `to` that only `from` has; returns whether there were any.
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

/// Repeats erasures and closings, ordered by time, wherever their subject is back; returns how much was erased.
pub fn replay(tx: &Transaction<'_>, done: &[Tombstone]) -> Result<Replayed, StoreError> {
    let mut again = Replayed::default();
    for tombstone in done {
        match replay_one(tx, tombstone, &mut again) {
            Ok(()) | Err(StoreError::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(again)
}

fn replay_one(
    tx: &Transaction<'_>,
    tombstone: &Tombstone,
    again: &mut Replayed,
) -> Result<(), StoreError> {
    let Tombstone {
        at,
        workspace,
        done,
    } = tombstone.clone();
    match done {
        Done::Erased(subject) => {
            again.traces += erasure::erase_subject(tx, workspace, subject, at)?;
        }
        Done::WorkspaceClosed { account } => {
            let there = workspaces::get(tx, workspace)?;
            closures::close(tx, &there, account, at)?;
        }
        Done::WorkspaceReopened => closures::reopen(tx, workspace)?,
        Done::WorkspaceErased => {
            let rows = holdings::rows(tx, workspace)?;
            workspaces::purge(tx, workspace)?;
            closures::set_erased(tx, workspace, &rows, at)?;
            again.workspaces += 1;
        }
        // Users and keys from after the customer left stay.
        Done::AccountErased => users::purge_all(tx, at)?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::erasure::{Remote, RemoteKey};
    use crate::store::{ConversationId, CrmAccountId};

    fn tombstone(at: UnixMs) -> Tombstone {
        Tombstone {
            at,
            workspace: WorkspaceId::new(),
            done: Done::Erased(Subject::Conversation(ConversationId::new())),
        }
    }

    #[test]
    fn each_kind_is_read_back_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("erased.jsonl");
        let kinds = [
            Done::WorkspaceClosed { account: true },
            Done::WorkspaceReopened,
            Done::WorkspaceErased,
            Done::AccountErased,
            Done::Erased(Subject::Conversation(ConversationId::new())),
            Done::Erased(Subject::Crm(Remote {
                account: CrmAccountId::new(),
                key: RemoteKey::Lead("77/a".into()),
            })),
        ];
        let all = kinds.map(|done| Tombstone {
            done,
            ..tombstone(7)
        });
        append(&path, &all).unwrap();
        assert_eq!(read(&path).unwrap(), all);
        // A line from an earlier version.
        let (workspace, id) = (WorkspaceId::new(), ConversationId::new());
        let old = format!(
            "{{\"at\":1,\"workspace\":\"{workspace}\",\"kind\":\"conversation\",\"id\":\"{id}\"}}\n"
        );
        fs::write(&path, old).unwrap();
        let done = Done::Erased(Subject::Conversation(id));
        let at = 1;
        assert_eq!(
            read(&path).unwrap(),
            [Tombstone {
                at,
                workspace,
                done
            }]
        );
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
