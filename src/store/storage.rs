//! How many bytes a workspace has stored, and how many it may.

use rusqlite::{Connection, Transaction};
use serde::{Deserialize, Serialize};

use super::{StoreError, UnixMs, WorkspaceId, events, workspaces};

/// In percent of the limit; when one is passed, an event tells of it.
const WARNINGS: [u64; 2] = [80, 95];

/// Storage used by a workspace, in bytes, before compression and encryption and without indexes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Bytes {
    /// Uploaded files of all versions.
    pub originals: u64,
    /// Texts of documents, chunks and embeddings.
    pub texts: u64,
    /// Messages, transcripts and receipts, with notes and files.
    pub conversations: u64,
    pub recordings: u64,
}

impl Bytes {
    pub fn total(&self) -> u64 {
        self.originals + self.texts + self.conversations + self.recordings
    }
}

/// Adds up the bytes of a workspace. SQLite knows the length of a value without reading it.
pub fn bytes(conn: &Connection, workspace: WorkspaceId) -> Result<Bytes, StoreError> {
    let sum = |sql: &str| -> Result<u64, StoreError> {
        let n: i64 = conn
            .prepare_cached(sql)?
            .query_row([workspace], |row| row.get(0))?;
        Ok(n.unsigned_abs())
    };
    Ok(Bytes {
        originals: sum(
            "SELECT coalesce(sum(octet_length(v.original)), 0) FROM document_versions v
             JOIN documents d ON d.id = v.document WHERE d.workspace = ?",
        )?,
        texts: sum(
            "SELECT coalesce(sum(octet_length(v.text) + coalesce(octet_length(v.blocks), 0)), 0)
             FROM document_versions v JOIN documents d ON d.id = v.document WHERE d.workspace = ?",
        )? + sum(
            "SELECT coalesce(sum(octet_length(text) + coalesce(octet_length(embedding), 0)), 0)
             FROM chunks WHERE workspace = ?",
        )? + sum(
            "SELECT coalesce(sum(octet_length(s.seen)), 0) FROM seen_pages s
             JOIN document_versions v ON v.id = s.version JOIN documents d ON d.id = v.document
             WHERE d.workspace = ?",
        )?,
        conversations: sum(
            "SELECT coalesce(sum(octet_length(text)), 0) FROM messages WHERE workspace = ?",
        )? + sum(
            "SELECT coalesce(sum(octet_length(question) + octet_length(answer) + octet_length(passages)
                                 + octet_length(checks)), 0) FROM receipts WHERE workspace = ?",
        )? + sum(
            "SELECT coalesce(sum(octet_length(l.text)), 0) FROM call_lines l JOIN calls c ON c.id = l.call
             WHERE c.workspace = ?",
        )? + sum("SELECT coalesce(sum(octet_length(text)), 0) FROM notes WHERE workspace = ?")?
            + sum("SELECT coalesce(sum(bytes), 0) FROM attachments WHERE workspace = ?")?
            + sum("SELECT coalesce(sum(octet_length(text)), 0) FROM crm_messages WHERE workspace = ?")?
            + sum("SELECT coalesce(sum(octet_length(text)), 0) FROM crm_transcripts WHERE workspace = ?")?
            + sum("SELECT coalesce(sum(octet_length(body) + coalesce(octet_length(said), 0)), 0) FROM analyses WHERE workspace = ?")?,
        recordings: sum(
            "SELECT coalesce(sum(octet_length(p.data)), 0) FROM recording_parts p
             JOIN calls c ON c.id = p.call WHERE c.workspace = ?",
        )?,
    })
}

/// Storage limit of a workspace, in the section "storage" of its settings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StorageSettings {
    /// Documents and recordings beyond it are refused; `None` allows as much as the disk holds.
    pub limit_bytes: Option<u64>,
    /// The last warning that was given, in percent; 0 for none.
    pub warned: u64,
}

impl StorageSettings {
    /// Key in the workspace's settings.
    pub const SECTION: &'static str = "storage";
}

/// `LimitReached` if a workspace has used up its storage; warns before. Call it after what is to be stored was written, in the same
/// transaction. Nobody checks this for messages: what visitors say is always stored.
pub fn has_room(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    now: UnixMs,
) -> Result<(), StoreError> {
    let kept: StorageSettings = workspaces::section(tx, workspace, StorageSettings::SECTION)?;
    let Some(limit) = kept.limit_bytes else {
        return Ok(());
    };
    let used = bytes(tx, workspace)?.total();
    if used > limit {
        return Err(StoreError::LimitReached { used, limit });
    }
    let share = u128::from(used) * 100 / u128::from(limit.max(1));
    let passed = WARNINGS.into_iter().filter(|at| share >= u128::from(*at));
    let warned = passed.max().unwrap_or(0);
    if warned == kept.warned {
        return Ok(());
    }
    let noted = StorageSettings { warned, ..kept };
    workspaces::set_section(tx, workspace, StorageSettings::SECTION, &noted)?;
    // Where something was deleted, the next rise warns again.
    if warned > kept.warned {
        let data = serde_json::json!({
            "measure": "storage", "percent": warned, "used": used, "limit": limit,
        });
        events::append(
            tx,
            workspace,
            "quota_warned",
            &workspace.to_string(),
            &data,
            now,
        )?;
    }
    Ok(())
}
