//! The voice process: finds its models and starts it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::engines::{Start, checked, spec};
use super::weights::{WeightsError, usable, whisper};
use crate::config::Config;
use crate::models::{Cache, Catalogue, Entry, Role};
use crate::reason::Reason;
use crate::speech::live::{LiveEngine, PreparedVoice, Setup, VoiceFiles};
use crate::worker::sandbox::Limits;

/// The voice that `auto` prefers.
const AUTO_VOICE: &str = "piper-en-us-joe-medium";

/// Turned off by the settings, which is not a problem to report.
const NO_TURNS: &str =
    "the model that detects ends of turns is turned off (voice.turn_model = none)";
const NO_VOICES: &str = "speaking is turned off (voice.model = none)";

/// Starts it; models are checked and loaded in the background.
pub(super) fn start_voice(
    config: &Arc<Config>,
    start: Start,
    program: PathBuf,
    shutdown: CancellationToken,
) -> LiveEngine {
    let config = Arc::clone(config);
    let prepare = checked(start, "voice models", move || prepare(&config, program));
    LiveEngine::start(prepare, shutdown)
}

fn prepare(config: &Config, program: PathBuf) -> Result<PreparedVoice, Reason> {
    let catalogue = Catalogue::embedded().map_err(Reason::of)?;
    let cache = Cache::new(&config.models_dir);
    let ears = whisper(config).map_err(Reason::of)?;
    let turn = turn_model(config, &catalogue, &cache);
    let voices = voices(config, &catalogue, &cache);
    // Ears or a voice alone are useful; without both there is nothing to start.
    if ears.models.is_empty()
        && let Err(no_voices) = voices
    {
        return Err(match ears.trouble {
            Some(no_ears) => Reason::told(format!("{no_ears}; {no_voices}"), no_ears),
            None => Reason::of(no_voices),
        });
    }
    let turned_off = |error: &&WeightsError| matches!(error, WeightsError::TurnedOff(_));
    let off = [turn.as_ref().err(), voices.as_ref().err()]
        .into_iter()
        .flatten();
    let chosen = off.filter(turned_off).map(|error| error.to_string().into());
    let chosen = chosen.collect();
    let names = ears.models.iter().map(|(name, _)| name.clone()).collect();
    let no_ears = ears.trouble.filter(|_| ears.models.is_empty());
    let (files, no_voices) = match voices {
        Ok(files) => (files, None),
        Err(error) => (Vec::new(), Some(Reason::of(error))),
    };
    let mut paths: Vec<PathBuf> = ears.models.iter().map(|(_, path)| path.clone()).collect();
    paths.extend(turn.iter().cloned());
    paths.extend(
        files
            .iter()
            .flat_map(|f| [f.model.clone(), f.config.clone()]),
    );
    let shown = files.iter().map(|f| f.voice.clone()).collect();
    let (turn, no_turns) = match turn {
        Ok(path) => (Some(path), None),
        Err(error) => (None, Some(Reason::of(error))),
    };
    let setup = Setup {
        models: ears.models,
        turn,
        voices: files,
        threads: config.engine_threads(),
        limits: Limits::for_models(&paths),
    };
    let init = serde_json::to_string(&setup).map_err(Reason::of)?;
    Ok(PreparedVoice {
        spec: spec("voice", config, program, init),
        models: names,
        multilingual: ears.multilingual,
        voices: shown,
        no_ears: no_ears.map(Reason::of),
        no_turns,
        no_voices,
        chosen,
    })
}

fn turn_model(
    config: &Config,
    catalogue: &Catalogue,
    cache: &Cache,
) -> Result<PathBuf, WeightsError> {
    let name = &config.voice_turn_model;
    if name == "none" {
        return Err(WeightsError::TurnedOff(NO_TURNS));
    }
    let entry = catalogue.get(name)?;
    if entry.role != Role::Turn {
        let what = "does not detect ends of turns; choose another voice.turn_model";
        return Err(WeightsError::wrong_kind(name, what));
    }
    usable(config, cache, entry).map(|(path, _)| path)
}

/// Installed voices, the configured one first.
fn voices(
    config: &Config,
    catalogue: &Catalogue,
    cache: &Cache,
) -> Result<Vec<VoiceFiles>, WeightsError> {
    let usual = match config.voice_model.as_str() {
        "none" => return Err(WeightsError::TurnedOff(NO_VOICES)),
        "auto" => AUTO_VOICE,
        named => named,
    };
    let named = catalogue.get(usual)?;
    if named.role != Role::Tts {
        let what = "is not a voice; choose another voice.model";
        return Err(WeightsError::wrong_kind(usual, what));
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

fn voice(config: &Config, cache: &Cache, entry: &Entry) -> Result<VoiceFiles, WeightsError> {
    let beside = entry.companions.iter().find(|c| c.ends_with(".json"));
    let (true, Some(beside)) = (entry.file.ends_with(".onnx"), beside) else {
        let what = "is not a voice that Frontdesk can run";
        return Err(WeightsError::wrong_kind(&entry.name, what));
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
    .map_err(WeightsError::Voice)
}
