//! The last receipt of each workspace, recorded in a file beside the database and sealed with a key of its own. This
//! detects somebody who cuts receipts off the end or puts an older database in place.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use hmac::{Hmac, Mac};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::store::{Store, StoreError, WorkspaceId, migrate, workspaces};

pub const HEAD_FILE: &str = "receipts.head";
/// Purpose for deriving the sealing key from the database's key.
const PURPOSE: &str = "head of the receipts";

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Heads(BTreeMap<WorkspaceId, Head>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    seq: i64,
    digest: String,
}

#[derive(Serialize, Deserialize)]
struct File {
    heads: Heads,
    /// HMAC-SHA256 of `heads` as JSON, in hexadecimal.
    seal: String,
}

/// Result of comparing the ends of all chains with the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ends {
    /// There is no record yet.
    Unknown,
    /// Every chain still contains its recorded end.
    Whole,
    /// A recorded end is gone, or the record was changed; a sentence for the owner.
    Cut(&'static str),
}

impl Store {
    fn head_file(&self) -> PathBuf {
        self.path().with_file_name(HEAD_FILE)
    }

    /// Compares the chains with the record, then records their present ends. After a finding the record stays as it is
    /// until somebody removes its file.
    pub fn check_heads_blocking(&self) -> Result<Ends, StoreError> {
        let path = self.head_file();
        if !path.parent().is_some_and(Path::exists) {
            return Ok(Ends::Unknown);
        }
        let noted = match fs::read(&path) {
            Ok(bytes) => Some(bytes),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => None,
            Err(e) => return Err(StoreError::io(format!("reading {}", path.display()), e)),
        };
        let now = self.read_blocking(read_heads)?;
        let found = match noted {
            None => Ends::Unknown,
            Some(bytes) => self.compare_with_record(&bytes)?,
        };
        if !matches!(found, Ends::Cut(_)) {
            self.write_heads(&path, &now)?;
        }
        Ok(found)
    }

    fn compare_with_record(&self, bytes: &[u8]) -> Result<Ends, StoreError> {
        let Ok(file) = serde_json::from_slice::<File>(bytes) else {
            return Ok(Ends::Cut("the note of the last receipts is not readable"));
        };
        if self.compute_seal(&file.heads) != file.seal {
            return Ok(Ends::Cut(
                "the note of the last receipts was changed by somebody else",
            ));
        }
        let missing = self.read_blocking(move |conn| {
            for (workspace, head) in &file.heads.0 {
                let closed = !workspaces::list(conn)?.iter().any(|w| w.id == *workspace);
                if !closed && !still_exists(conn, *workspace, head)? {
                    return Ok(true);
                }
            }
            Ok(false)
        })?;
        Ok(match missing {
            false => Ends::Whole,
            true => Ends::Cut(
                "receipts are missing at the end: an older database was put in place, or they were cut off",
            ),
        })
    }

    fn write_heads(&self, path: &Path, heads: &Heads) -> Result<(), StoreError> {
        let file = File {
            heads: heads.clone(),
            seal: self.compute_seal(heads),
        };
        let bytes = serde_json::to_vec(&file).unwrap_or_default();
        if fs::read(path).is_ok_and(|there| there == bytes) {
            return Ok(());
        }
        let fresh = path.with_extension("head.new");
        let write = || -> std::io::Result<()> {
            let mut out = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&fresh)?;
            out.write_all(&bytes)?;
            out.sync_all()?;
            fs::rename(&fresh, path)
        };
        write().map_err(|e| StoreError::io(format!("writing {}", path.display()), e))?;
        migrate::sync(migrate::parent(path))
    }

    fn compute_seal(&self, heads: &Heads) -> String {
        let text = serde_json::to_vec(heads).unwrap_or_default();
        let key = self.subkey(PURPOSE);
        #[expect(clippy::expect_used, reason = "HMAC takes keys of every length")]
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_slice()).expect("a key of 32 bytes");
        mac.update(&text);
        hex::encode(mac.finalize().into_bytes())
    }
}

/// The last receipt of each workspace, or the mark of a deleted one.
fn read_heads(conn: &Connection) -> Result<Heads, StoreError> {
    let mut all = Heads::default();
    for workspace in workspaces::list(conn)? {
        if let Some((seq, digest)) = super::seal::find_last(conn, workspace.id, i64::MAX)? {
            all.0.insert(workspace.id, Head { seq, digest });
        }
    }
    Ok(all)
}

fn still_exists(
    conn: &Connection,
    workspace: WorkspaceId,
    head: &Head,
) -> Result<bool, StoreError> {
    let there = super::seal::find_last(conn, workspace, head.seq.saturating_add(1))?;
    Ok(there == Some((head.seq, head.digest.clone())))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::store::receipts::{self, NewReceipt};
    use crate::store::{MasterKey, ReceiptId};

    fn answer(store: &Store) {
        let written = store.write_blocking(|tx| {
            let workspace = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
            let new = NewReceipt {
                id: ReceiptId::new(),
                conversation: None,
                message: None,
                question: "?",
                rung: "read",
                answer: "!",
                passages: &json!({}),
                model: None,
                model_hash: None,
                prompt_hash: None,
                checks: &json!({}),
                timings: &json!({}),
                tokens: &json!({}),
            };
            receipts::insert(tx, workspace, &new, 7).map(drop)
        });
        written.unwrap();
    }

    #[test]
    fn what_is_cut_off_the_end_is_seen_and_what_is_deleted_is_not_held_against_anybody() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("frontdesk.db");
        let store = Store::open(&path, &MasterKey::from_bytes([1; 32])).unwrap();
        answer(&store);
        assert_eq!(store.check_heads_blocking().unwrap(), Ends::Unknown);
        answer(&store);
        assert_eq!(store.check_heads_blocking().unwrap(), Ends::Whole);
        // Deletion by age or on request leaves a mark.
        let all = |sql: &'static str| {
            store
                .write_blocking(move |tx| Ok(tx.execute(sql, []).map(drop)?))
                .unwrap();
        };
        all("DELETE FROM receipts");
        assert_eq!(store.check_heads_blocking().unwrap(), Ends::Whole);
        answer(&store);
        assert_eq!(store.check_heads_blocking().unwrap(), Ends::Whole);

        all("DELETE FROM receipts");
        all("DELETE FROM receipt_marks");
        assert!(matches!(
            store.check_heads_blocking().unwrap(),
            Ends::Cut(_)
        ));
        assert!(
            matches!(store.check_heads_blocking().unwrap(), Ends::Cut(_)),
            "it stays"
        );
        fs::remove_file(store.head_file()).unwrap();
        assert_eq!(store.check_heads_blocking().unwrap(), Ends::Unknown);
    }

    #[test]
    fn a_note_that_somebody_else_wrote_is_seen() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("frontdesk.db");
        let store = Store::open(&path, &MasterKey::from_bytes([1; 32])).unwrap();
        answer(&store);
        store.check_heads_blocking().unwrap();
        let file = store.head_file();
        let mut note: serde_json::Value =
            serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        note["heads"] = json!({});
        fs::write(&file, note.to_string()).unwrap();
        assert!(matches!(
            store.check_heads_blocking().unwrap(),
            Ends::Cut(_)
        ));
    }
}
