//! What this installation knows of its copies elsewhere.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::backup::folder::{Backup, made_at, too_old};
use crate::app::backup::target::TargetSettings;
use crate::store::UnixMs;

/// The copies that this installation made at its target. Only these are ever deleted: others may use the same place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app::backup) struct Copies {
    pub(super) place: String,
    pub(super) made: Vec<Copy>,
    /// SHA-256 of the list of erased people at the target.
    pub(super) tombstones: Option<String>,
    /// When it was tried last, Unix ms.
    pub(super) tried_at: Option<UnixMs>,
    /// Why that failed, if it did.
    pub(super) error: Option<String>,
}

/// A backup that was copied, read back and found identical.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::app::backup) struct Copy {
    pub(super) name: String,
    pub(super) size: u64,
    pub(super) sha256: String,
    pub(super) copied_at: UnixMs,
}

/// How it is with the copies elsewhere.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TargetView)]
pub struct TargetState {
    /// `s3` or `sftp`.
    pub kind: &'static str,
    /// Where, for people; nothing secret.
    pub place: String,
    /// Fingerprint of the server's key, for SFTP.
    pub host_key: Option<String>,
    /// How many backups are there.
    pub copies: usize,
    /// Name of the newest backup that is there.
    pub newest: Option<String>,
    /// When a backup was copied last, in Unix milliseconds.
    #[schema(value_type = Option<i64>)]
    pub copied_at: Option<UnixMs>,
    /// When it was tried last, in Unix milliseconds.
    #[schema(value_type = Option<i64>)]
    pub tried_at: Option<UnixMs>,
    /// Why that failed, if it did.
    pub error: Option<String>,
}

/// What to copy and delete at the target.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::app::backup) struct Plan {
    /// Newest first.
    pub(in crate::app::backup) copy: Vec<Backup>,
    pub(in crate::app::backup) delete: Vec<String>,
}

impl Copies {
    pub(super) const SETTING: &'static str = "backup.copies";

    /// Plans which backups of the folder to copy, and which copies to delete.
    pub(in crate::app::backup) fn plan(
        &self,
        folder: &[Backup],
        now: UnixMs,
        keep_days: u32,
    ) -> Plan {
        let there = self.made.iter().filter_map(|copy| {
            Some(Backup {
                name: copy.name.clone(),
                made_at: made_at(&copy.name)?,
                size: copy.size,
                verified_at: None,
                rows: None,
            })
        });
        let mut all: Vec<Backup> = folder.iter().cloned().chain(there).collect();
        all.sort_by(|a, b| b.name.cmp(&a.name));
        all.dedup_by(|a, b| a.name == b.name);
        let over = too_old(&all, now, keep_days);
        let has = |name: &str| self.made.iter().any(|copy| copy.name == name);
        let missing = |backup: &&Backup| !has(&backup.name) && !over.contains(&backup.name);
        Plan {
            copy: folder.iter().filter(missing).cloned().collect(),
            delete: over.iter().filter(|name| has(name)).cloned().collect(),
        }
    }
}

impl TargetState {
    pub(super) fn of(settings: &TargetSettings, copies: Copies) -> Self {
        Self {
            kind: settings.kind(),
            place: settings.place(),
            host_key: settings.host_key(),
            copies: copies.made.len(),
            newest: copies.made.iter().map(|copy| copy.name.clone()).max(),
            copied_at: copies.made.iter().map(|copy| copy.copied_at).max(),
            tried_at: copies.tried_at,
            error: copies.error,
        }
    }
}
