//! The engines: finds the model files and starts the worker processes that run them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use super::AppError;
use super::engine_status::{WorkerStatus, extract_status, llm_status, speech_status, voice_status};
use super::live_engine::start_voice;
use super::reader_choice::{AUTO_READER, ReaderChoices};
use super::weights::{chat_weights, embed_weights, file_exists, whisper};
use crate::config::{Config, worker_environment};
use crate::extract;
use crate::knowledge::{Extractor, EyesSetup, ProcessExtractor};
use crate::llm::local::protocol::{ChatSetup, EmbedSetup, Setup};
use crate::llm::local::{Local, PreparedModels};
use crate::llm::{ChatModel, Embedder, Reader};
use crate::models::Catalogue;
use crate::models::chat::AUTO;
use crate::reason::Reason;
use crate::speech::live::LiveEngine;
use crate::speech::local as speech;
use crate::speech::local::{LocalTranscriber, PreparedSpeech};
use crate::speech::{Ears, Synthesizer, Transcriber};
use crate::usage::Budgets;
use crate::worker::Spec;
use crate::worker::sandbox::Limits;

/// Timeout for loading models, on a slow disk.
const START: Duration = Duration::from_secs(120);
/// Dimensions of the starter embedding model.
const DIMENSIONS: usize = 384;
/// The engines that an [`super::App`] runs on.
pub struct Engines {
    pub chat: Arc<dyn ChatModel>,
    pub embedder: Arc<dyn Embedder>,
    /// Marks the words in a passage that answer a question.
    pub reader: Arc<dyn Reader>,
    /// Transcribes speech.
    pub transcriber: Arc<dyn Transcriber>,
    pub ears: Arc<dyn Ears>,
    pub synthesizer: Arc<dyn Synthesizer>,
    /// Extracts text from documents.
    pub extractor: Arc<dyn Extractor>,
    /// Budgets that the engines' work is charged to.
    pub budgets: Arc<Budgets>,
    /// Status of the worker processes.
    pub workers: Box<dyn Fn() -> Vec<WorkerStatus> + Send + Sync>,
    /// Stops all engines.
    pub shutdown: CancellationToken,
}

/// Whether engines are started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Start them; models load in the background.
    Now,
    /// Do not start them, for a command that needs no model. Waiting for an engine then never ends.
    Never,
}

impl Start {
    /// Returns at once, or never if engines are not started.
    pub(super) async fn begun(self) {
        if self == Self::Never {
            std::future::pending::<()>().await;
        }
    }
}

/// Checks an engine's files off the async threads, once engines are started.
pub(super) fn checked<P: Send + 'static>(
    start: Start,
    files: &'static str,
    prepare: impl FnOnce() -> Result<P, Reason> + Send + 'static,
) -> BoxFuture<'static, Result<P, Reason>> {
    Box::pin(async move {
        start.begun().await;
        let prepared = tokio::task::spawn_blocking(prepare).await;
        prepared.unwrap_or_else(|error| {
            let told = format!("the {files} could not be checked: {error}");
            Err(Reason::told(told, error))
        })
    })
}

impl Engines {
    /// The local engines in worker processes.
    ///
    /// # Errors
    /// When this program's own file cannot be found.
    pub fn local(
        config: &Arc<Config>,
        start: Start,
        shutdown: CancellationToken,
    ) -> Result<Self, AppError> {
        let program = program()?;
        let budgets = Arc::<Budgets>::default();
        let llm = start_llm(config, start, program.clone(), shutdown.clone())?;
        let llm = llm.charging(Arc::clone(&budgets));
        let transcriber = start_speech(config, start, program.clone(), shutdown.clone());
        let live = start_voice(config, start, program.clone(), shutdown.clone());
        let extractor = extractor(config, program);
        let statuses = (
            llm.clone(),
            transcriber.clone(),
            live.clone(),
            extractor.clone(),
        );
        Ok(Self {
            chat: llm.chat_model(),
            embedder: llm.embedder(),
            reader: llm.reader(),
            transcriber: Arc::new(transcriber),
            ears: Arc::new(live.clone()),
            synthesizer: Arc::new(live),
            extractor: Arc::new(extractor),
            budgets,
            workers: Box::new(move || {
                let (llm, transcriber, live, extractor) = &statuses;
                let lasting = [
                    llm_status(llm),
                    speech_status(transcriber),
                    voice_status(live),
                ];
                lasting
                    .into_iter()
                    .chain(extract_status(extractor))
                    .collect()
            }),
            shutdown,
        })
    }
}

pub(super) fn program() -> Result<PathBuf, AppError> {
    std::env::current_exe().map_err(|source| AppError::Io {
        what: "finding this program's own file".into(),
        source,
    })
}

/// Only the voice process, for speaking and hearing without a store.
///
/// # Errors
/// When this program's own file cannot be found.
pub fn voice_only(
    config: &Arc<Config>,
    shutdown: CancellationToken,
) -> Result<LiveEngine, AppError> {
    Ok(start_voice(config, Start::Now, program()?, shutdown))
}

/// Only the speech engine, for transcribing without a store.
///
/// # Errors
/// When this program's own file cannot be found.
pub fn speech_only(
    config: &Arc<Config>,
    shutdown: CancellationToken,
) -> Result<LocalTranscriber, AppError> {
    Ok(start_speech(config, Start::Now, program()?, shutdown))
}

fn extractor(config: &Config, program: PathBuf) -> ProcessExtractor {
    ProcessExtractor {
        program,
        env: worker_environment(config.spin),
        limits: extract::Limits {
            max_bytes_in: usize::try_from(config.upload_max_bytes).unwrap_or(usize::MAX),
            ..extract::Limits::default()
        },
        held: Arc::default(),
        cpu_seconds: config.extract_seconds,
        memory_bytes: u64::from(config.extract_memory_mb) << 20,
        eyes: EyesSetup {
            folder: config.models_dir.clone(),
            threads: usize::from(config.engine_threads()),
        },
    }
}

/// Access that the language models need: their files, and a GPU if there is one.
fn llm_limits(config: &Config, models: &[PathBuf]) -> Limits {
    let limits = Limits::for_models(models);
    if config.chat_gpu_layers == 0 {
        return limits;
    }
    let folders = worker_environment(config.spin)
        .into_iter()
        .filter(|(name, _)| name == "LD_LIBRARY_PATH")
        .flat_map(|(_, folders)| {
            let folders = folders.split(':').filter(|folder| !folder.is_empty());
            folders.map(PathBuf::from).collect::<Vec<_>>()
        });
    limits.with_gpu(folders)
}

fn start_llm(
    config: &Arc<Config>,
    start: Start,
    program: PathBuf,
    shutdown: CancellationToken,
) -> Result<Local, AppError> {
    let catalogue = Catalogue::embedded()?;
    let shown = match config.chat_model.as_str() {
        "auto" => AUTO
            .into_iter()
            .find(|n| file_exists(config, &catalogue, n))
            .unwrap_or("auto"),
        named => named,
    };
    let embed_name = config.embed_model.clone();
    let reader_name = match config.reader_model.as_str() {
        "auto" => AUTO_READER.to_owned(),
        named => named.to_owned(),
    };
    let config_for_worker = Arc::clone(config);
    let prepare = checked(start, "models", move || {
        prepare_llm(&config_for_worker, &catalogue, program)
    });
    let context = config.chat_context;
    Ok(Local::start(
        prepare,
        shown,
        &embed_name,
        &reader_name,
        context,
        DIMENSIONS,
        shutdown,
    ))
}

fn prepare_llm(
    config: &Config,
    catalogue: &Catalogue,
    program: PathBuf,
) -> Result<PreparedModels, Reason> {
    let chat = chat_weights(config, catalogue);
    let embed = embed_weights(config, catalogue);
    let readers = ReaderChoices::find(config, catalogue, embed.as_ref().ok());
    let mut paths: Vec<PathBuf> = chat.iter().map(|(path, _)| path.clone()).collect();
    if let Ok((EmbedSetup::Gguf(path) | EmbedSetup::Packed(path), _)) = &embed {
        paths.push(path.clone());
    }
    paths.extend(readers.paths());
    // A missing model is not an error here: the process starts with those that are installed.
    let setup = Setup {
        chat: chat.as_ref().ok().map(|(path, _)| ChatSetup {
            path: path.clone(),
            context: config.chat_context,
            cells: config.chat_cells,
            parallel: config.chat_parallel,
            queue: config.chat_queue,
            max_tokens: config.chat_max_tokens,
            gpu_layers: config.chat_gpu_layers,
        }),
        embed: embed.as_ref().ok().map(|(setup, _)| setup.clone()),
        reader: readers.chosen.as_ref().ok().map(|r| r.setup.clone()),
        spare_reader: readers.spare.as_ref().map(|r| r.setup.clone()),
        dimensions: DIMENSIONS,
        threads: config.engine_threads(),
        limits: llm_limits(config, &paths),
    };
    let init = serde_json::to_string(&setup).map_err(Reason::of)?;
    Ok(PreparedModels {
        spec: spec("llm", config, program, init),
        chat: chat.map(|(_, w)| w).map_err(Reason::of),
        embed: embed.map(|(_, w)| w).map_err(Reason::of),
        reader: readers.chosen.map(|r| r.file).map_err(Reason::of),
        spare_reader: readers.spare.map(|r| r.file),
        passed_over: readers.passed_over,
    })
}

pub(super) fn spec(engine: &str, config: &Config, program: PathBuf, init: String) -> Spec {
    Spec {
        name: engine.into(),
        program,
        args: vec!["worker".into(), engine.into()],
        env: worker_environment(config.spin),
        init,
        start_deadline: START,
        memory_cap: None,
    }
}

fn start_speech(
    config: &Arc<Config>,
    start: Start,
    program: PathBuf,
    shutdown: CancellationToken,
) -> LocalTranscriber {
    let config = Arc::clone(config);
    let prepare = checked(start, "speech models", move || {
        prepare_speech(&config, program)
    });
    LocalTranscriber::start(prepare, shutdown)
}

fn prepare_speech(config: &Config, program: PathBuf) -> Result<PreparedSpeech, Reason> {
    let found = whisper(config).map_err(Reason::of)?;
    let (models, multilingual) = (found.models, found.multilingual);
    if models.is_empty() {
        let reason = found.trouble.map(Reason::of);
        return Err(reason.unwrap_or_else(|| "there is no speech model".into()));
    }
    let names = models.iter().map(|(name, _)| name.clone()).collect();
    let paths: Vec<PathBuf> = models.iter().map(|(_, path)| path.clone()).collect();
    let setup = speech::Setup {
        models,
        threads: config.engine_threads(),
        max_seconds: u64::from(config.audio_max_seconds),
        max_bytes: config.audio_max_bytes,
        limits: Limits::for_models(&paths),
    };
    let init = serde_json::to_string(&setup).map_err(Reason::of)?;
    Ok(PreparedSpeech {
        spec: spec("speech", config, program, init),
        models: names,
        multilingual,
    })
}
