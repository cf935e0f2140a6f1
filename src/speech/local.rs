//! Speech recognition in a worker process: the worker and its client.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use super::{
    AudioLimits, SpeechError, TranscribeOptions, Transcriber, Transcript, Whisper, decode,
};
use crate::reason::Reason;
use crate::worker::child::{self, Command, Port};
use crate::worker::sandbox::{self, Held, Kind, Limits};
use crate::worker::{Engine, EngineKind, Spec, Status};

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Setup {
    /// Models by catalogue name. The first is loaded at the start, the others on first use.
    pub models: Vec<(String, PathBuf)>,
    pub threads: u16,
    pub max_seconds: u64,
    pub max_bytes: u64,
    /// Limits that the process sets on itself.
    pub limits: Limits,
}

#[derive(Debug, Serialize, Deserialize)]
struct Request {
    audio: Bytes,
    file_name: Option<String>,
    model: String,
    options: TranscribeOptions,
}

#[derive(Debug, Serialize, Deserialize)]
enum Event {
    Done(Box<Transcript>),
    /// The recording is at fault; a sentence for the user.
    Rejected(Reason),
    /// The engine is at fault; a sentence for the user.
    Broken(Reason),
}

/// What the worker reports once it is ready.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Detail {
    pub held: Held,
}

/// Runs `frontdesk worker speech`: transcribes until the parent goes away.
pub fn run() -> std::io::Result<()> {
    let setup: Setup = child::init()?;
    let port = Port::default();
    let held = sandbox::enter(Kind::Speech, &setup.limits);
    let mut shelf = Shelf {
        setup,
        loaded: HashMap::new(),
    };
    let first = shelf.setup.models.first().map(|(name, _)| name.clone());
    if let Some(Err(reason)) = first.map(|name| shelf.get(&name).map(drop)) {
        return port.refused(reason);
    }
    let commands = child::listen::<Request>(&port)?;
    port.ready(serde_json::to_string(&Detail { held }).map_err(std::io::Error::other)?)?;
    while let Ok(command) = commands.recv() {
        serve(command, &port, &mut shelf)?;
    }
    Ok(())
}

/// The models, loaded on first use.
struct Shelf {
    setup: Setup,
    loaded: HashMap<String, Whisper>,
}

impl Shelf {
    fn get(&mut self, name: &str) -> Result<&mut Whisper, Reason> {
        if !self.loaded.contains_key(name) {
            let path = self
                .setup
                .models
                .iter()
                .find(|(n, _)| n == name)
                .map(|(_, path)| path);
            let path = path.ok_or_else(|| format!("there is no speech model named `{name}`"))?;
            let whisper = Whisper::load(path, self.setup.threads).map_err(Reason::of)?;
            self.loaded.insert(name.to_owned(), whisper);
        }
        self.loaded
            .get_mut(name)
            .ok_or_else(|| "the speech model was not loaded".into())
    }
}

/// Works on one request while the reader thread keeps taking cancels; further requests wait in the
/// channel.
fn serve(command: Command<Request>, port: &Port, shelf: &mut Shelf) -> std::io::Result<()> {
    let Command::Request { id, body } = command else {
        return Ok(());
    };
    if port.is_cancelled(id) {
        return port.end(id);
    }
    let cancel = Arc::new(AtomicBool::new(false));
    let done = Arc::new(AtomicBool::new(false));
    let watcher = {
        let (cancel, done, port) = (Arc::clone(&cancel), Arc::clone(&done), port.clone());
        std::thread::spawn(move || {
            while !done.load(Ordering::Relaxed) {
                if port.is_cancelled(id) {
                    cancel.store(true, Ordering::Relaxed);
                    return;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        })
    };
    let event = transcribe(body, shelf, &cancel);
    done.store(true, Ordering::Relaxed);
    // The watcher ends within one sleep and cannot panic.
    let _ = watcher.join();
    if !cancel.load(Ordering::Relaxed) {
        port.event(id, &event)?;
    }
    port.end(id)
}

fn transcribe(request: Request, shelf: &mut Shelf, cancel: &AtomicBool) -> Event {
    let Request {
        audio,
        file_name,
        model,
        mut options,
    } = request;
    let most = shelf.setup.max_seconds;
    let limits = AudioLimits {
        max_seconds: options.max_seconds.map_or(most, |asked| asked.min(most)),
        max_bytes: shelf.setup.max_bytes,
    };
    let pcm = match decode(&audio, file_name.as_deref(), &limits, cancel) {
        Ok(pcm) => pcm,
        Err(error) => return Event::Rejected(Reason::of(error)),
    };
    // The file may be large and is no longer needed.
    drop(audio);
    options.threads = shelf.setup.threads;
    let whisper = match shelf.get(&model) {
        Ok(whisper) => whisper,
        Err(reason) => return Event::Broken(reason),
    };
    match whisper.transcribe(&pcm.samples, &options, cancel, &mut |_| {}, &mut |_| {}) {
        Ok(transcript) => Event::Done(Box::new(transcript)),
        Err(error @ (SpeechError::Engine { .. } | SpeechError::ModelInvalid { .. })) => {
            Event::Broken(Reason::of(error))
        }
        Err(error) => Event::Rejected(Reason::of(error)),
    }
}

#[derive(Debug, Clone)]
pub struct PreparedSpeech {
    pub spec: Spec,
    /// Names of the installed models; the first is for English.
    pub models: Vec<String>,
    /// The one of `models` for other languages.
    pub multilingual: Option<String>,
}

enum SpeechEngine {}

impl EngineKind for SpeechEngine {
    type Request = Request;
    type Event = Event;
    type Prepared = PreparedSpeech;
    type Detail = Detail;
    const CHECKING: &'static str = "the speech model is being checked";
    const LOADING: &'static str = "the speech model is being loaded";

    fn spec(prepared: &PreparedSpeech) -> Spec {
        prepared.spec.clone()
    }
}

/// The local recogniser, as seen from the main process. Clones share one worker.
#[derive(Clone)]
pub struct LocalTranscriber {
    engine: Engine<SpeechEngine>,
}

impl LocalTranscriber {
    /// Runs `prepare`, then starts the worker. Must be called inside a tokio runtime. The error of
    /// `prepare` is a sentence for the owner.
    pub fn start(
        prepare: BoxFuture<'static, Result<PreparedSpeech, Reason>>,
        shutdown: CancellationToken,
    ) -> Self {
        Self {
            engine: Engine::start(prepare, shutdown),
        }
    }

    /// State and figures of the worker, or why there is none; `None` while it is being prepared.
    pub fn status(&self) -> Option<Result<Status, Reason>> {
        self.engine.status()
    }

    /// Waits until the first model is loaded or has failed to load.
    pub async fn settled(&self) {
        self.engine.settled().await;
    }
}

#[async_trait]
impl Transcriber for LocalTranscriber {
    fn ready(&self) -> Result<(), SpeechError> {
        self.engine.ready()?;
        Ok(())
    }

    fn models(&self) -> Vec<String> {
        let prepared = self.engine.prepared();
        prepared.map_or_else(Vec::new, |prepared| prepared.models.clone())
    }

    async fn transcribe(
        &self,
        audio: Bytes,
        file_name: Option<String>,
        model: Option<String>,
        options: TranscribeOptions,
    ) -> Result<Transcript, SpeechError> {
        let (worker, prepared) = self.engine.serving().await?;
        let model = match model {
            Some(named) if prepared.models.contains(&named) => named,
            Some(named) => {
                let known = prepared.models.join(", ");
                return Err(SpeechError::InvalidOption {
                    option: "model",
                    reason: format!("cannot be `{named}`; there are: {known}"),
                });
            }
            None => choose_model(&prepared, &options)?,
        };
        let request = Request {
            audio,
            file_name,
            model,
            options,
        };
        let mut exchange = worker.call(request).await?;
        match exchange.next().await {
            Some(Ok(Event::Done(transcript))) => Ok(*transcript),
            Some(Ok(Event::Rejected(reason))) => Err(SpeechError::Rejected(reason)),
            Some(Ok(Event::Broken(reason))) => Err(SpeechError::Engine { reason }),
            Some(Err(error)) => Err(error.into()),
            None => Err(SpeechError::Cancelled),
        }
    }
}

/// Takes the English model for English, otherwise the multilingual one if there is any.
fn choose_model(
    prepared: &PreparedSpeech,
    options: &TranscribeOptions,
) -> Result<String, SpeechError> {
    let english = options
        .language
        .as_deref()
        .is_none_or(|l| matches!(l, "en" | "english"));
    if english && !options.translate {
        return prepared.models.first().cloned().ok_or_else(no_model);
    }
    prepared
        .multilingual
        .clone()
        .or_else(|| prepared.models.first().cloned())
        .ok_or_else(no_model)
}

fn no_model() -> SpeechError {
    SpeechError::Unavailable("there is no speech model; get one with `frontdesk models get`".into())
}
