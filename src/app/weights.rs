//! Chooses the model file for each engine.

use std::path::PathBuf;

use crate::config::Config;
use crate::llm::local::Weights;
use crate::llm::local::protocol::EmbedSetup;
use crate::models::chat::AUTO;
use crate::models::{self, Cache, Catalogue, Entry, ModelError, Role, State};
use crate::reason::Reason;

/// Why an engine gets no model file. Each message is written for the owner.
#[derive(Debug, thiserror::Error)]
pub(super) enum WeightsError {
    #[error("the model {0} is not installed; get it with `frontdesk models get {0}`")]
    Missing(String),
    #[error(
        "the model {name} cannot be used ({reason}); get it with `frontdesk models get {name}`"
    )]
    Corrupt {
        name: String,
        #[source]
        reason: Reason,
    },
    #[error("the model {0} does not fit into free memory")]
    TooLarge(&'static str),
    #[error("there is no chat model")]
    NoChat,
    /// A model of another kind; `what` says what to do.
    #[error("{name} {what}")]
    WrongKind { name: String, what: String },
    /// A file that the owner named.
    #[error("the reader {} cannot be used: {reason}", .path.display())]
    ReaderFile {
        path: PathBuf,
        #[source]
        reason: Reason,
    },
    /// The owner's choice, not a problem.
    #[error("{0}")]
    TurnedOff(&'static str),
    #[error(transparent)]
    Model(#[from] ModelError),
    #[error("{0}")]
    Voice(#[source] Reason),
}

impl WeightsError {
    pub(super) fn wrong_kind(name: &str, what: impl Into<String>) -> Self {
        Self::WrongKind {
            name: name.to_owned(),
            what: what.into(),
        }
    }
}

/// Checks that a model is installed and undamaged, and safe to hand to native code.
pub(super) fn usable(
    config: &Config,
    cache: &Cache,
    entry: &Entry,
) -> Result<(PathBuf, String), WeightsError> {
    let path = cache.path(entry);
    let name = entry.name.clone();
    if config.models_verify {
        match cache.state(entry) {
            State::Present => {}
            State::Missing | State::Partial { .. } => return Err(WeightsError::Missing(name)),
            State::Corrupt { reason } => return Err(WeightsError::Corrupt { name, reason }),
        }
    } else if !path.exists() {
        return Err(WeightsError::Missing(name));
    }
    let hash = cache.manifest(entry).map(|m| m.sha256).unwrap_or_default();
    Ok((path, hash))
}

/// Finds a GGUF model by catalogue name or by file path.
pub(super) fn gguf(
    config: &Config,
    catalogue: &Catalogue,
    name: &str,
) -> Result<(PathBuf, Weights), WeightsError> {
    if name.ends_with(".gguf") {
        let path = PathBuf::from(name);
        models::inspect::gguf(&path)?;
        let ignore = |_, _| {};
        let sha256 = models::cache::hash_file(&path, &ignore, &models::CancellationToken::new())?;
        let name = path
            .file_stem()
            .map_or(name.to_owned(), |s| s.to_string_lossy().into_owned());
        return Ok((path, Weights { name, sha256 }));
    }
    let entry = catalogue.get(name)?;
    let cache = Cache::new(&config.models_dir);
    let (path, sha256) = usable(config, &cache, entry)?;
    models::inspect::gguf(&path)?;
    Ok((
        path,
        Weights {
            name: entry.name.clone(),
            sha256,
        },
    ))
}

/// The configured chat model; `auto` takes the best installed one that fits into memory.
pub(super) fn chat_weights(
    config: &Config,
    catalogue: &Catalogue,
) -> Result<(PathBuf, Weights), WeightsError> {
    if config.chat_model != "auto" {
        return gguf(config, catalogue, &config.chat_model);
    }
    let free = memory_available_mb();
    let mut first = None;
    for name in AUTO {
        let fits = catalogue
            .find(name)
            .is_some_and(|e| free.is_none_or(|f| u64::from(e.memory_mb) <= f));
        match gguf(config, catalogue, name) {
            Ok(found) if fits => return Ok(found),
            Ok(_) => {
                first.get_or_insert(WeightsError::TooLarge(name));
            }
            Err(reason) => {
                first.get_or_insert(reason);
            }
        }
    }
    Err(first.unwrap_or(WeightsError::NoChat))
}

/// The kernel's `MemAvailable` in MB, if it reports one.
fn memory_available_mb() -> Option<u64> {
    let info = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = info.lines().find(|l| l.starts_with("MemAvailable:"))?;
    line.split_whitespace()
        .nth(1)?
        .parse::<u64>()
        .ok()
        .map(|kb| kb / 1024)
}

pub(super) fn file_exists(config: &Config, catalogue: &Catalogue, name: &str) -> bool {
    catalogue
        .find(name)
        .is_some_and(|e| config.models_dir.join(&e.file).exists())
}

/// The configured embedding model, or why it cannot be used.
pub(super) fn embed_weights(
    config: &Config,
    catalogue: &Catalogue,
) -> Result<(EmbedSetup, Weights), WeightsError> {
    let name = config.embed_model.as_str();
    let packed = catalogue.find(name).filter(|e| e.file.ends_with(".e5s"));
    let Some(entry) = packed else {
        let (path, weights) = gguf(config, catalogue, name)?;
        return Ok((EmbedSetup::Gguf(path), weights));
    };
    if entry.role != Role::Embed {
        return Err(WeightsError::wrong_kind(name, "is not an embedding model"));
    }
    let (path, sha256) = usable(config, &Cache::new(&config.models_dir), entry)?;
    let name = entry.name.clone();
    Ok((EmbedSetup::Packed(path), Weights { name, sha256 }))
}

/// The models for transcribing speech.
pub(super) struct Whispers {
    /// By catalogue name; the first is for English.
    pub(super) models: Vec<(String, PathBuf)>,
    /// Name of the one for other languages.
    pub(super) multilingual: Option<String>,
    /// Why the English one is missing.
    pub(super) trouble: Option<WeightsError>,
}

/// The configured speech models that are installed.
pub(super) fn whisper(config: &Config) -> Result<Whispers, WeightsError> {
    let catalogue = Catalogue::embedded()?;
    let cache = Cache::new(&config.models_dir);
    let find = |name: &str| -> Result<(String, PathBuf), WeightsError> {
        let entry = catalogue.get(name)?;
        let (path, _) = usable(config, &cache, entry)?;
        models::inspect::whisper(&path)?;
        Ok((entry.name.clone(), path))
    };
    let english = find(&config.speech_model);
    let other = find(&config.speech_multilingual);
    let mut models: Vec<(String, PathBuf)> = Vec::new();
    for found in [&english, &other] {
        if let Ok(found) = found
            && !models.contains(found)
        {
            models.push(found.clone());
        }
    }
    Ok(Whispers {
        models,
        multilingual: other.ok().map(|(name, _)| name),
        trouble: english.err(),
    })
}
