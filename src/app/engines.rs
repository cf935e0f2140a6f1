//! The engines: which model files there are, and the worker processes that run them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::AppError;
use super::engine_status::{WorkerStatus, llm_status, speech_status};
use crate::config::{Config, worker_environment};
use crate::knowledge::{Extractor, ProcessExtractor, extract};
use crate::llm::local::protocol::{ChatSetup, Setup};
use crate::llm::local::{Local, Prepared, Weights};
use crate::llm::{ChatModel, Embedder};
use crate::models::{self, Cache, Catalogue, Entry, State};
use crate::speech::Transcriber;
use crate::speech::local as speech;
use crate::speech::local::LocalTranscriber;
use crate::worker::Spec;
use crate::worker::sandbox::Limits;

/// Time for loading models on a slow disk.
const START: Duration = Duration::from_secs(120);
/// Dimensions of the starter embedding model.
const DIMENSIONS: usize = 384;
/// Chat models that `auto` tries, best first.
const AUTO: [&str; 3] = [
    "qwen2.5-coder-1.5b-instruct",
    "qwen2.5-coder-0.5b-instruct",
    "smollm2-135m-instruct",
];

/// The engines that an [`super::App`] runs on.
pub struct Engines {
    /// Answers.
    pub chat: Arc<dyn ChatModel>,
    /// Makes vectors.
    pub embedder: Arc<dyn Embedder>,
    /// Makes text of speech.
    pub transcriber: Arc<dyn Transcriber>,
    /// Makes text of documents.
    pub extractor: Arc<dyn Extractor>,
    /// What the worker processes are doing.
    pub workers: Box<dyn Fn() -> Vec<WorkerStatus> + Send + Sync>,
    /// Ends them all.
    pub shutdown: CancellationToken,
}

impl Engines {
    /// The local engines in worker processes, which check and load their models behind the start.
    ///
    /// # Errors
    /// When this program's own file cannot be found.
    pub fn local(config: &Arc<Config>, shutdown: CancellationToken) -> Result<Self, AppError> {
        let program = program()?;
        let llm = start_llm(config, program.clone(), shutdown.clone())?;
        let transcriber = start_speech(config, program.clone(), shutdown.clone());
        let extractor = extractor(config, program);
        let statuses = (llm.clone(), transcriber.clone());
        Ok(Self {
            chat: llm.chat_model(),
            embedder: llm.embedder(),
            transcriber: Arc::new(transcriber),
            extractor: Arc::new(extractor),
            workers: Box::new(move || {
                let (llm, transcriber) = &statuses;
                vec![llm_status(llm), speech_status(transcriber)]
            }),
            shutdown,
        })
    }
}

fn program() -> Result<PathBuf, AppError> {
    std::env::current_exe().map_err(|source| AppError::Io {
        what: "finding this program's own file".into(),
        source,
    })
}

/// Only the speech engine, for transcribing without a store.
///
/// # Errors
/// When this program's own file cannot be found.
pub fn speech_only(
    config: &Arc<Config>,
    shutdown: CancellationToken,
) -> Result<LocalTranscriber, AppError> {
    Ok(start_speech(config, program()?, shutdown))
}

fn extractor(config: &Config, program: PathBuf) -> ProcessExtractor {
    ProcessExtractor {
        program,
        env: worker_environment(config.spin),
        limits: extract::Limits {
            max_bytes_in: usize::try_from(config.upload_max_bytes).unwrap_or(usize::MAX),
            ..extract::Limits::default()
        },
        cpu_seconds: config.extract_seconds,
        memory_bytes: u64::from(config.extract_memory_mb) << 20,
    }
}

/// What a worker may read: its models, and what OpenMP asks of the system.
fn limits(models: &[PathBuf], gpu: bool) -> Limits {
    let mut readable = models.to_vec();
    readable.extend(["/proc", "/sys"].map(PathBuf::from));
    let writable = if gpu {
        vec![PathBuf::from("/dev")]
    } else {
        Vec::new()
    };
    Limits {
        readable,
        writable,
        ..Limits::default()
    }
}

/// A model that is there, is what it should be, and can be handed to native code.
fn usable(config: &Config, cache: &Cache, entry: &Entry) -> Result<(PathBuf, String), String> {
    let get = format!("get it with `frontdesk models get {}`", entry.name);
    let path = cache.path(entry);
    if config.models_verify {
        match cache.state(entry) {
            State::Present => {}
            State::Missing | State::Partial { .. } => {
                return Err(format!("the model {} is not there; {get}", entry.name));
            }
            State::Corrupt { reason } => {
                return Err(format!(
                    "the model {} cannot be used ({reason}); {get}",
                    entry.name
                ));
            }
        }
    } else if !path.exists() {
        return Err(format!("the model {} is not there; {get}", entry.name));
    }
    let hash = cache.manifest(entry).map(|m| m.sha256).unwrap_or_default();
    Ok((path, hash))
}

/// A GGUF model by catalogue name, or by the path of a file.
fn gguf(config: &Config, catalogue: &Catalogue, name: &str) -> Result<(PathBuf, Weights), String> {
    if name.ends_with(".gguf") {
        let path = PathBuf::from(name);
        models::inspect::gguf(&path).map_err(|e| e.to_string())?;
        let ignore = |_, _| {};
        let sha256 = models::cache::hash_file(&path, &ignore, &models::CancellationToken::new())
            .map_err(|e| e.to_string())?;
        let name = path
            .file_stem()
            .map_or(name.to_owned(), |s| s.to_string_lossy().into_owned());
        return Ok((path, Weights { name, sha256 }));
    }
    let entry = catalogue.get(name).map_err(|e| e.to_string())?;
    let cache = Cache::new(&config.models_dir);
    let (path, sha256) = usable(config, &cache, entry)?;
    models::inspect::gguf(&path).map_err(|e| e.to_string())?;
    Ok((
        path,
        Weights {
            name: entry.name.clone(),
            sha256,
        },
    ))
}

/// The chat model of the settings; `auto` takes the best starter that is there and fits the memory.
fn chat_weights(config: &Config, catalogue: &Catalogue) -> Result<(PathBuf, Weights), String> {
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
                first.get_or_insert(format!("the model {name} does not fit the free memory"));
            }
            Err(reason) => {
                first.get_or_insert(reason);
            }
        }
    }
    Err(first.unwrap_or_else(|| "there is no chat model".into()))
}

/// `MemAvailable` of the kernel in MB, where there is one.
fn memory_available_mb() -> Option<u64> {
    let info = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = info.lines().find(|l| l.starts_with("MemAvailable:"))?;
    line.split_whitespace()
        .nth(1)?
        .parse::<u64>()
        .ok()
        .map(|kb| kb / 1024)
}

fn start_llm(
    config: &Arc<Config>,
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
    let config_for_worker = Arc::clone(config);
    let prepare = async move {
        let prepared = tokio::task::spawn_blocking(move || {
            prepare_llm(&config_for_worker, &catalogue, program)
        });
        match prepared.await {
            Ok(prepared) => prepared,
            Err(error) => failed_llm(&error.to_string()),
        }
    };
    let context = config.chat_context;
    Ok(Local::start(
        Box::pin(prepare),
        shown,
        &embed_name,
        context,
        DIMENSIONS,
        shutdown,
    ))
}

fn file_exists(config: &Config, catalogue: &Catalogue, name: &str) -> bool {
    catalogue
        .find(name)
        .is_some_and(|e| config.models_dir.join(&e.file).exists())
}

fn prepare_llm(config: &Config, catalogue: &Catalogue, program: PathBuf) -> Prepared {
    let chat = chat_weights(config, catalogue);
    let embed = gguf(config, catalogue, &config.embed_model);
    let paths: Vec<PathBuf> = [&chat, &embed]
        .into_iter()
        .filter_map(|m| Some(m.as_ref().ok()?.0.clone()))
        .collect();
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
        embed: embed.as_ref().ok().map(|(path, _)| path.clone()),
        dimensions: DIMENSIONS,
        threads: config.engine_threads(),
        limits: limits(&paths, config.chat_gpu_layers > 0),
    };
    let spec = spec(
        "llm",
        config,
        program,
        serde_json::to_string(&setup).unwrap_or_default(),
    );
    Prepared {
        spec,
        chat: chat.map(|(_, w)| w),
        embed: embed.map(|(_, w)| w),
    }
}

fn failed_llm(reason: &str) -> Prepared {
    let reason = format!("the models could not be checked: {reason}");
    Prepared {
        spec: Spec {
            name: "llm".into(),
            program: PathBuf::new(),
            args: Vec::new(),
            env: Vec::new(),
            init: String::new(),
            start_deadline: START,
            memory_cap: None,
        },
        chat: Err(reason.clone()),
        embed: Err(reason),
    }
}

fn spec(engine: &str, config: &Config, program: PathBuf, init: String) -> Spec {
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
    program: PathBuf,
    shutdown: CancellationToken,
) -> LocalTranscriber {
    let config = Arc::clone(config);
    let prepare = async move {
        tokio::task::spawn_blocking(move || prepare_speech(&config, program))
            .await
            .unwrap_or_else(|e| Err(format!("the speech models could not be checked: {e}")))
    };
    LocalTranscriber::start(Box::pin(prepare), shutdown)
}

fn prepare_speech(config: &Config, program: PathBuf) -> Result<speech::Prepared, String> {
    let catalogue = Catalogue::embedded().map_err(|e| e.to_string())?;
    let cache = Cache::new(&config.models_dir);
    let find = |name: &str| -> Result<(String, PathBuf), String> {
        let entry = catalogue.get(name).map_err(|e| e.to_string())?;
        let (path, _) = usable(config, &cache, entry)?;
        models::inspect::whisper(&path).map_err(|e| e.to_string())?;
        Ok((entry.name.clone(), path))
    };
    let english = find(&config.speech_model);
    let other = find(&config.speech_multilingual);
    let multilingual = other.as_ref().ok().map(|(name, _)| name.clone());
    let mut models: Vec<(String, PathBuf)> = Vec::new();
    for found in [&english, &other] {
        if let Ok(found) = found
            && !models.contains(found)
        {
            models.push(found.clone());
        }
    }
    if models.is_empty() {
        return Err(english.err().unwrap_or_default());
    }
    let names = models.iter().map(|(name, _)| name.clone()).collect();
    let paths: Vec<PathBuf> = models.iter().map(|(_, path)| path.clone()).collect();
    let setup = speech::Setup {
        models,
        threads: config.engine_threads(),
        max_seconds: u64::from(config.audio_max_seconds),
        max_bytes: config.audio_max_bytes,
        limits: limits(&paths, false),
    };
    let init = serde_json::to_string(&setup).map_err(|e| e.to_string())?;
    Ok(speech::Prepared {
        spec: spec("speech", config, program, init),
        models: names,
        multilingual,
    })
}
