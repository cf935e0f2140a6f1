//! The voice process: which of its models are there, and how it is started.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::engines::{Start, spec};
use super::weights::{usable, whisper};
use crate::config::Config;
use crate::models::{Cache, Catalogue, Entry, Role};
use crate::speech::live::{LiveEngine, Prepared, Setup, VoiceFiles};
use crate::worker::sandbox::Limits;

/// The voice that `auto` takes if it is there.
const AUTO_VOICE: &str = "piper-en-us-joe-medium";

/// What is turned off by the settings is no trouble.
const NO_TURNS: &str = "the model of the ends of turns is turned off (voice.turn_model = none)";
const NO_VOICES: &str = "speaking is turned off (voice.model = none)";

/// Starts it; its models are checked and loaded behind the start.
pub(super) fn start_voice(
    config: &Arc<Config>,
    start: Start,
    program: PathBuf,
    shutdown: CancellationToken,
) -> LiveEngine {
    let config = Arc::clone(config);
    let prepare = async move {
        start.begun().await;
        tokio::task::spawn_blocking(move || prepare(&config, program))
            .await
            .unwrap_or_else(|e| Err(format!("the voice models could not be checked: {e}")))
    };
    LiveEngine::start(Box::pin(prepare), shutdown)
}

fn prepare(config: &Config, program: PathBuf) -> Result<Prepared, String> {
    let catalogue = Catalogue::embedded().map_err(|e| e.to_string())?;
    let cache = Cache::new(&config.models_dir);
    let ears = whisper(config)?;
    let turn = turn_model(config, &catalogue, &cache);
    let voices = voices(config, &catalogue, &cache);
    if ears.models.is_empty() && voices.is_err() {
        let reasons = [ears.trouble, voices.err()];
        return Err(reasons.into_iter().flatten().collect::<Vec<_>>().join("; "));
    }
    let names = ears.models.iter().map(|(name, _)| name.clone()).collect();
    let no_ears = ears.models.is_empty().then_some(ears.trouble).flatten();
    let (files, no_voices) = match voices {
        Ok(files) => (files, None),
        Err(reason) => (Vec::new(), Some(reason)),
    };
    let mut paths: Vec<PathBuf> = ears.models.iter().map(|(_, path)| path.clone()).collect();
    paths.extend(turn.as_ref().ok().cloned());
    paths.extend(
        files
            .iter()
            .flat_map(|f| [f.model.clone(), f.config.clone()]),
    );
    let shown = files.iter().map(|f| f.voice.clone()).collect();
    let no_turns = turn.as_ref().err().cloned();
    let setup = Setup {
        models: ears.models,
        turn: turn.ok(),
        voices: files,
        threads: config.engine_threads(),
        limits: Limits::for_models(&paths),
    };
    let init = serde_json::to_string(&setup).map_err(|e| e.to_string())?;
    Ok(Prepared {
        spec: spec("voice", config, program, init),
        models: names,
        multilingual: ears.multilingual,
        voices: shown,
        no_ears,
        no_turns,
        no_voices,
        chosen: [NO_TURNS, NO_VOICES].map(str::to_owned).to_vec(),
    })
}

fn turn_model(config: &Config, catalogue: &Catalogue, cache: &Cache) -> Result<PathBuf, String> {
    let name = &config.voice_turn_model;
    if name == "none" {
        return Err(NO_TURNS.into());
    }
    let entry = catalogue.get(name).map_err(|e| e.to_string())?;
    if entry.role != Role::Turn {
        return Err(format!(
            "{name} tells no ends of turns; choose another voice.turn_model"
        ));
    }
    usable(config, cache, entry).map(|(path, _)| path)
}

/// The voices that are there, the one of the settings first.
fn voices(
    config: &Config,
    catalogue: &Catalogue,
    cache: &Cache,
) -> Result<Vec<VoiceFiles>, String> {
    let usual = match config.voice_model.as_str() {
        "none" => return Err(NO_VOICES.into()),
        "auto" => AUTO_VOICE,
        named => named,
    };
    let named = catalogue.get(usual).map_err(|e| e.to_string())?;
    if named.role != Role::Tts {
        return Err(format!("{usual} is no voice; choose another voice.model"));
    }
    let first = voice(config, cache, named);
    let others = catalogue
        .list()
        .filter(|e| e.role == Role::Tts && e.name != named.name && cache.path(e).exists());
    let mut found: Vec<VoiceFiles> = first.iter().cloned().collect();
    found.extend(others.filter_map(|entry| voice(config, cache, entry).ok()));
    match first {
        Err(reason) if found.is_empty() || config.voice_model != "auto" => Err(reason),
        _ => Ok(found),
    }
}

fn voice(config: &Config, cache: &Cache, entry: &Entry) -> Result<VoiceFiles, String> {
    let beside = entry.companions.iter().find(|c| c.ends_with(".json"));
    let (true, Some(beside)) = (entry.file.ends_with(".onnx"), beside) else {
        return Err(format!("{} is no voice that Frontdesk can run", entry.name));
    };
    let (model, _) = usable(config, cache, entry)?;
    let description: &Path = &cache.root().join(beside);
    VoiceFiles::read(
        &entry.name,
        &entry.title,
        &entry.licence,
        &model,
        description,
    )
}
