//! What this installation can do, what it lacks, and what to do about it: for `frontdesk doctor` and for the pages.
//!
//! [`examine`] looks at machine and files without starting an engine; [`super::App::verdict_blocking`] tells what of a
//! running server works.

mod verdict;

pub use verdict::Part;

use serde::Serialize;

use super::{https_settings, key_strength};
use crate::certificates::Mode;
use crate::config::{Config, cpu_count};
use crate::models::{Cache, Catalogue, Entry, ModelError, Role as ModelRole, State};
use crate::reason::Reason;
use crate::store::KeyStrength;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Ok,
    /// It works, and could be better.
    Hint,
    Problem,
}

impl Level {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Hint => "hint",
            Self::Problem => "problem",
        }
    }
}

#[derive(Debug, Serialize)]
pub struct Finding {
    pub what: &'static str,
    pub level: Level,
    /// What was found, and what to do.
    pub text: String,
}

pub fn finding(what: &'static str, level: Level, text: impl Into<String>) -> Finding {
    Finding {
        what,
        level,
        text: text.into(),
    }
}

/// What the machine has and which files are there. It reads model files that nobody checked yet completely.
///
/// # Errors
/// When the catalogue of models cannot be read.
pub fn examine(config: &Config) -> Result<Vec<Finding>, ModelError> {
    let mut report = vec![processor(), memory(), disk(config)];
    report.extend(model_files(config)?);
    report.push(key(config));
    report.extend(https(config));
    Ok(report)
}

/// What it means that a reader is not calibrated.
pub fn uncalibrated(reader: &str, embedder: &str) -> String {
    format!(
        "{reader} has no calibration beside {embedder}: what it finds is shown as related, and given as an answer only \
         after `frontdesk eval calibrate FILE` chose a threshold for it"
    )
}

fn processor() -> Finding {
    let cores = cpu_count();
    let text = format!("{cores} cores; built for {}", built_for());
    finding(
        "processor",
        if cores >= 2 { Level::Ok } else { Level::Hint },
        text,
    )
}

fn built_for() -> &'static str {
    if cfg!(target_feature = "avx512f") {
        "AVX-512"
    } else if cfg!(target_feature = "avx2") {
        "AVX2"
    } else {
        std::env::consts::ARCH
    }
}

/// A line of the kernel's report on memory, such as `MemTotal:`, in MB.
pub fn memory_mb(field: &str) -> Option<u64> {
    let info = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = info.lines().find(|l| l.starts_with(field))?;
    line.split_whitespace()
        .nth(1)?
        .parse::<u64>()
        .ok()
        .map(|kb| kb / 1024)
}

fn memory() -> Finding {
    let (Some(total), Some(free)) = (memory_mb("MemTotal:"), memory_mb("MemAvailable:")) else {
        return finding("memory", Level::Hint, "the system does not report it");
    };
    let fits: Vec<String> = Catalogue::embedded()
        .map(|c| {
            c.list()
                .filter(|e| e.role == ModelRole::Chat && u64::from(e.memory_mb) + 800 <= free)
                .map(|e| e.name.clone())
                .collect()
        })
        .unwrap_or_default();
    if fits.is_empty() {
        let text = format!(
            "{total} MB, {free} MB free; no chat model fits: answers are quoted, and none is written"
        );
        return finding("memory", Level::Hint, text);
    }
    let text = format!(
        "{total} MB, {free} MB free; chat models that fit: {}",
        fits.join(", ")
    );
    finding("memory", Level::Ok, text)
}

fn disk(config: &Config) -> Finding {
    let place = config
        .data_dir
        .ancestors()
        .find(|p| p.exists())
        .unwrap_or(&config.data_dir);
    match fs4::available_space(place) {
        Ok(free) if free > 2 << 30 => finding("disk", Level::Ok, format!("{} GB free", free >> 30)),
        Ok(free) => finding(
            "disk",
            Level::Hint,
            format!(
                "only {} MB free at {}; models and documents need room",
                free >> 20,
                place.display()
            ),
        ),
        Err(e) => finding(
            "disk",
            Level::Hint,
            format!("{} cannot be examined: {e}", place.display()),
        ),
    }
}

fn damaged(entry: &Entry, reason: &Reason) -> Finding {
    let name = &entry.name;
    let text = format!("{name} is damaged ({reason}); get it again: frontdesk models get {name}");
    finding("model", Level::Problem, text)
}

/// Files that are there and are not the model that they are named after.
fn damaged_models(config: &Config) -> Result<Vec<Finding>, ModelError> {
    let catalogue = Catalogue::embedded()?;
    let cache = Cache::new(&config.models_dir);
    let found = catalogue
        .list()
        .filter_map(|entry| match cache.state(entry) {
            State::Corrupt { reason } => Some(damaged(entry, &reason)),
            State::Present | State::Missing | State::Partial { .. } => None,
        });
    Ok(found.collect())
}

fn model_files(config: &Config) -> Result<Vec<Finding>, ModelError> {
    let catalogue = Catalogue::embedded()?;
    let cache = Cache::new(&config.models_dir);
    let mut out = Vec::new();
    let mut roles_here = Vec::new();
    for entry in catalogue.list() {
        match cache.state(entry) {
            State::Present => {
                roles_here.push(entry.role);
                out.push(finding(
                    "model",
                    Level::Ok,
                    format!("{} ({})", entry.name, entry.licence),
                ));
            }
            State::Corrupt { reason } => out.push(damaged(entry, &reason)),
            State::Missing | State::Partial { .. } => {}
        }
    }
    if !roles_here.contains(&ModelRole::Chat) {
        let text = "there is no chat model: answers are quoted from documents, and none is written. To add one: \
                    frontdesk models get --starter default (or small)";
        out.push(finding("model", Level::Hint, text));
    }
    for (role, name) in [(ModelRole::Embed, "embedding"), (ModelRole::Stt, "speech")] {
        if !roles_here.contains(&role) {
            let text = format!("there is no {name} model: frontdesk models get --starter lite");
            out.push(finding("model", Level::Problem, text));
        }
    }
    if !roles_here.contains(&ModelRole::Reader) && config.reader_model == "auto" {
        let text = "there is no reader; without one, few questions are answered from documents: \
                    frontdesk models get frontdesk-reader";
        out.push(finding("model", Level::Problem, text));
    }
    Ok(out)
}

fn key(config: &Config) -> Finding {
    match key_strength(config) {
        Ok(KeyStrength::Strong) => {
            finding("key", Level::Ok, "the disk alone does not open the data")
        }
        Ok(KeyStrength::Weak(reason)) => finding("key", Level::Hint, reason),
        Err(_) => finding(
            "key",
            Level::Ok,
            "there is no store yet; its key is made at the first start",
        ),
    }
}

/// What the settings say about HTTPS; nothing without a name.
fn https(config: &Config) -> Option<Finding> {
    match https_settings(config) {
        Ok(None) => None,
        Ok(Some(settings)) => {
            let names: Vec<String> = settings.names.iter().map(ToString::to_string).collect();
            let source = match settings.source.mode() {
                Mode::Files => "your own files",
                Mode::Acme => "an authority on the internet",
                Mode::Private => "its own authority, which each device must be told to trust",
            };
            let text = format!(
                "for {}, with a certificate from {source}; the page Status says how it stands",
                names.join(", ")
            );
            Some(match settings.check_files() {
                Ok(()) => finding("https", Level::Ok, text),
                Err(error) => finding("https", Level::Problem, error.to_string()),
            })
        }
        Err(error) => Some(finding("https", Level::Problem, error.to_string())),
    }
}
