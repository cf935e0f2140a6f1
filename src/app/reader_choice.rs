//! Chooses the reader, and the one that goes on if it fails.

use std::path::{Path, PathBuf};

use super::weights::{WeightsError, usable};
use crate::config::Config;
use crate::llm::local::protocol::{EmbedSetup, ReaderSetup};
use crate::llm::local::{ReaderWeights, Weights};
use crate::models::{self, Cache, Catalogue, Role};
use crate::reason::Reason;

/// The reader that comes with Frontdesk: what `auto` takes, and what goes on if another one fails.
pub(super) const AUTO_READER: &str = "frontdesk-reader";

const NO_READER: &str = "reading is turned off (reader.model = none)";

/// Tokens of question and passage that extractive models of SQuAD 2.0 were mostly trained with (`max_seq_len` in the cards
/// of deepset's). The worker takes fewer if a graph computes fewer.
const WINDOW: usize = 384;

/// A reader and its files.
pub(super) struct ReaderChoice {
    pub(super) setup: ReaderSetup,
    pub(super) file: ReaderWeights,
}

/// The readers that the process is given.
pub(super) struct ReaderChoices {
    pub(super) chosen: Result<ReaderChoice, WeightsError>,
    pub(super) spare: Option<ReaderChoice>,
    /// Why the one that the owner named does not read.
    pub(super) passed_over: Option<Reason>,
}

impl ReaderChoice {
    fn paths(&self) -> Vec<PathBuf> {
        match &self.setup {
            ReaderSetup::Own { model, .. } => vec![model.clone()],
            ReaderSetup::Onnx {
                model, tokenizer, ..
            } => vec![model.clone(), tokenizer.clone()],
        }
    }
}

impl ReaderChoices {
    /// The configured reader. If it is another than our own, our own is the spare one, and takes its place if its files
    /// cannot be used.
    pub(super) fn find(
        config: &Config,
        catalogue: &Catalogue,
        embed: Option<&(EmbedSetup, Weights)>,
    ) -> Self {
        let name = match config.reader_model.as_str() {
            "none" => return Self::only(Err(WeightsError::TurnedOff(NO_READER))),
            "auto" => AUTO_READER,
            named => named,
        };
        let base = embed.map(|(_, weights)| weights);
        let chosen = find(config, catalogue, name, base);
        // Our own shares the table of the packed embedding model, so it cannot stand in beside another one.
        let shares = matches!(embed, Some((EmbedSetup::Packed(_), _)));
        let own = (shares && name != AUTO_READER)
            .then(|| find(config, catalogue, AUTO_READER, base).ok())
            .flatten();
        match (chosen, own) {
            (Err(reason), Some(own)) => {
                let told = format!("{reason}; {AUTO_READER} reads instead");
                Self {
                    chosen: Ok(own),
                    spare: None,
                    passed_over: Some(Reason::told(told, reason)),
                }
            }
            (Err(reason), None) if name != AUTO_READER => Self {
                passed_over: Some(reason.to_string().into()),
                ..Self::only(Err(reason))
            },
            (chosen, spare) => Self {
                spare,
                ..Self::only(chosen)
            },
        }
    }

    fn only(chosen: Result<ReaderChoice, WeightsError>) -> Self {
        Self {
            chosen,
            spare: None,
            passed_over: None,
        }
    }

    /// All files that the process reads for them.
    pub(super) fn paths(&self) -> Vec<PathBuf> {
        let all = self.chosen.iter().chain(&self.spare);
        all.flat_map(ReaderChoice::paths).collect()
    }
}

/// Finds a reader by its catalogue name or its path.
fn find(
    config: &Config,
    catalogue: &Catalogue,
    name: &str,
    base: Option<&Weights>,
) -> Result<ReaderChoice, WeightsError> {
    if name.contains(['/', '\\']) || name.ends_with(".onnx") || name.ends_with(".safetensors") {
        return of_path(Path::new(name), base);
    }
    let entry = catalogue.get(name)?;
    if entry.role != Role::Reader {
        let what = format!("is not a reader; set reader.model to {AUTO_READER}");
        return Err(WeightsError::wrong_kind(name, what));
    }
    let cache = Cache::new(&config.models_dir);
    let (model, sha256) = usable(config, &cache, entry)?;
    let vocabulary = entry.companions.iter().find(|c| c.ends_with(".json"));
    let setup = match vocabulary {
        Some(vocabulary) => ReaderSetup::Onnx {
            model,
            tokenizer: cache.root().join(vocabulary),
            window: entry.context.map_or(WINDOW, |tokens| tokens as usize),
        },
        None => own(model, base),
    };
    let calibrated_with = entry.calibrated_with.as_deref();
    let is_calibrated =
        calibrated_with.is_some() && calibrated_with == base.map(|b| b.name.as_str());
    let weights = Weights {
        name: entry.name.clone(),
        sha256,
    };
    Ok(ReaderChoice {
        setup,
        file: ReaderWeights {
            weights,
            is_calibrated,
        },
    })
}

fn own(model: PathBuf, base: Option<&Weights>) -> ReaderSetup {
    let base = base.map(|b| b.sha256.clone()).unwrap_or_default();
    ReaderSetup::Own { model, base }
}

/// A reader of the owner's: a folder as model hubs have it, an ONNX file, or weights that `models/reader/` made.
fn of_path(path: &Path, base: Option<&Weights>) -> Result<ReaderChoice, WeightsError> {
    let failed = |reason: Reason| WeightsError::ReaderFile {
        path: path.to_path_buf(),
        reason,
    };
    let model = if path.is_dir() {
        ["model.onnx", "onnx/model.onnx"]
            .map(|name| path.join(name))
            .into_iter()
            .find(|model| model.is_file())
            .ok_or_else(|| failed("the folder has no model.onnx".into()))?
    } else {
        path.to_path_buf()
    };
    let ending = model.extension().and_then(|e| e.to_str());
    let setup = match ending {
        Some("onnx") => ReaderSetup::Onnx {
            tokenizer: find_tokenizer(&model).ok_or_else(|| {
                failed(
                    "it needs its vocabulary, the file tokenizer.json, in the same folder".into(),
                )
            })?,
            model: model.clone(),
            window: WINDOW,
        },
        Some("safetensors") => own(model.clone(), base),
        _ => return Err(failed("readers are .onnx or .safetensors files".into())),
    };
    let ignore = |_, _| {};
    let sha256 = models::cache::hash_file(&model, &ignore, &models::CancellationToken::new())
        .map_err(|e| failed(Reason::of(e)))?;
    let weights = Weights {
        name: name_of(&model),
        sha256,
    };
    Ok(ReaderChoice {
        setup,
        file: ReaderWeights {
            weights,
            is_calibrated: false,
        },
    })
}

/// `tokenizer.json` beside the model, or above its folder `onnx`, or with the model's name as fetched models have it.
fn find_tokenizer(model: &Path) -> Option<PathBuf> {
    let folder = model.parent()?;
    let mut all = vec![
        model.with_extension("tokenizer.json"),
        folder.join("tokenizer.json"),
    ];
    if folder.ends_with("onnx") {
        all.extend(folder.parent().map(|above| above.join("tokenizer.json")));
    }
    all.into_iter().find(|file| file.is_file())
}

/// The file's own name; the folder's where hubs name all alike.
fn name_of(model: &Path) -> String {
    let stem = |path: &Path| path.file_stem().map(|s| s.to_string_lossy().into_owned());
    let own = stem(model).unwrap_or_default();
    if !own.starts_with("model") {
        return own;
    }
    let mut folders = model.ancestors().skip(1).filter(|f| !f.ends_with("onnx"));
    let folder = folders.next().and_then(Path::file_name);
    folder.map_or(own, |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
#[path = "reader_choice_tests.rs"]
mod tests;
