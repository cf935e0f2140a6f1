//! The folder of backups: their names, what is noted beside them, and which are kept.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::BackupError;
use crate::config::Config;
use crate::store::UnixMs;

/// What the file of a backup is called behind its time.
const SUFFIX: &str = ".zip.age";
/// The same while it is being written and was not opened yet.
pub(super) const PARTIAL: &str = ".partial";
const PREFIX: &str = "frontdesk-";
/// How its time is written: sorted by name is sorted by age.
const TIME: &str = "%Y-%m-%dT%H-%M-%SZ";
/// Of the last 24 hours all are kept, of each day before the newest.
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

/// What is noted beside a backup, in the clear: nothing of its content.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Note {
    pub(super) verified_at: UnixMs,
    pub(super) version: String,
    pub(super) schema: u32,
    pub(super) rows: u64,
}

/// Of these, newest first, those that are not kept.
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

/// Names of the backups in the folder of the settings, newest first; for when no database can be opened.
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

/// When the backup of this name was made, Unix ms; `None` if it is the name of no backup.
pub(super) fn made_at(name: &str) -> Option<UnixMs> {
    let time = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    // Two of the same second are told apart by a number behind it.
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
