//! How many bytes a workspace has stored, and how many it may.

use rusqlite::Connection;
use serde::{Deserialize, Serialize};

use super::{StoreError, WorkspaceId, workspaces};

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
}

impl StorageSettings {
    /// Key in the workspace's settings.
    pub const SECTION: &'static str = "storage";
}

/// `LimitReached` if a workspace has used up its storage. Nobody checks this for messages: what visitors say is always
/// stored.
pub fn has_room(conn: &Connection, workspace: WorkspaceId) -> Result<(), StoreError> {
    let kept: StorageSettings = workspaces::section(conn, workspace, StorageSettings::SECTION)?;
    let Some(limit) = kept.limit_bytes else {
        return Ok(());
    };
    let used = bytes(conn, workspace)?.total();
    match used > limit {
        true => Err(StoreError::LimitReached { used, limit }),
        false => Ok(()),
    }
}
