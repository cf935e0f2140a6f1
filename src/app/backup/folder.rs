//! The folder of backups: file names, notes beside them, and which are kept.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::BackupError;
use crate::config::Config;
use crate::store::UnixMs;

/// Suffix of a backup's file name, after its time.
const SUFFIX: &str = ".zip.age";
/// Added to the name until the backup was written and checked.
pub(super) const PARTIAL: &str = ".partial";
const PREFIX: &str = "frontdesk-";
/// Format of the time in the name: sorting by name sorts by age.
const TIME: &str = "%Y-%m-%dT%H-%M-%SZ";
/// All backups of the last 24 hours are kept; for earlier days, the newest of each day.
const ALL_KEPT_MS: i64 = DAY_MS;
pub(super) const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// A backup in the folder. That it is there means that it was opened and was whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = BackupView)]
pub struct Backup {
    /// Name of its file.
    pub name: String,
    /// Unix milliseconds.
    #[schema(value_type = i64)]
    pub made_at: UnixMs,
    /// Bytes.
    pub size: u64,
    /// When it was opened last and found whole, in Unix milliseconds.
    #[schema(value_type = Option<i64>)]
    pub verified_at: Option<UnixMs>,
    /// Rows in it, if it says so.
    pub rows: Option<u64>,
}

/// An unencrypted note beside a backup; holds nothing of its content.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Note {
    pub(super) verified_at: UnixMs,
    pub(super) version: String,
    pub(super) schema: u32,
    pub(super) rows: u64,
}

/// Names of those that are too old to keep. `backups` is sorted newest first.
pub(super) fn too_old(backups: &[Backup], now: UnixMs, keep_days: u32) -> Vec<String> {
    let mut days = std::collections::BTreeSet::new();
    let mut gone = Vec::new();
    for (place, backup) in backups.iter().enumerate() {
        let age = now.saturating_sub(backup.made_at);
        let day_has_one = !days.insert(backup.made_at.div_euclid(DAY_MS));
        let over = age > i64::from(keep_days) * DAY_MS;
        if place > 0 && (over || (age > ALL_KEPT_MS && day_has_one)) {
            gone.push(backup.name.clone());
        }
    }
    gone
}

/// Names of the backups in the configured folder, newest first; works without a database.
pub fn names(config: &Config) -> Vec<String> {
    let all = list(&config.backup_path()).into_iter();
    all.map(|backup| backup.name).collect()
}

/// The backups in a folder, newest first.
pub(super) fn list(folder: &Path) -> Vec<Backup> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut all: Vec<Backup> = entries
        .filter_map(|entry| found(&entry.ok()?.path()))
        .collect();
    all.sort_by(|a, b| b.name.cmp(&a.name));
    all
}

/// Time of a backup from its name, Unix ms; `None` if it is not a backup's name.
pub(super) fn made_at(name: &str) -> Option<UnixMs> {
    let time = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    // Backups of the same second get a number after the time.
    let (time, number) = time.split_once('.').unwrap_or((time, "2"));
    number.parse::<u8>().ok()?;
    let made = jiff::civil::DateTime::strptime(TIME, time).ok()?;
    let made = made.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(made.timestamp().as_millisecond())
}

pub(super) fn found(path: &Path) -> Option<Backup> {
    let name = path.file_name()?.to_str()?;
    let note: Option<Note> = fs::read(note_of(path))
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok());
    Some(Backup {
        name: name.to_owned(),
        made_at: made_at(name)?,
        size: fs::metadata(path).ok()?.len(),
        verified_at: note.as_ref().map(|note| note.verified_at),
        rows: note.map(|note| note.rows),
    })
}

pub(super) fn free_name(folder: &Path, now: UnixMs) -> String {
    let time = jiff::Timestamp::from_millisecond(now).unwrap_or_default();
    let time = time.strftime(TIME).to_string();
    let names = std::iter::once(format!("{PREFIX}{time}{SUFFIX}"))
        .chain((2..100).map(|n| format!("{PREFIX}{time}.{n}{SUFFIX}")));
    let mut free = names.filter(|name| !folder.join(name).exists());
    free.next()
        .unwrap_or_else(|| format!("{PREFIX}{time}{SUFFIX}"))
}

pub(super) fn note_of(path: &Path) -> PathBuf {
    path.with_extension("json")
}

pub(super) fn keep_note(path: &Path, note: &Note) -> Result<(), BackupError> {
    let to = note_of(path);
    let text = serde_json::to_vec(note).unwrap_or_default();
    fs::write(&to, text).map_err(|source| BackupError::io(&to, source))
}

pub(super) fn is_same_disk(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let device = |path: &Path| {
        let mut there = path.ancestors();
        there.find_map(|p| fs::metadata(p).ok()).map(|m| m.dev())
    };
    device(one) == device(other)
}
