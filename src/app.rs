//! The composition root: builds everything from the settings, and shuts it down in order.
//!
//! Reading order: [`App::open`] takes the data folder and its key, `engines` starts the workers,
//! [`App::assemble`] puts the parts together. HTTP and the command line use the result alike.

pub mod accounts;
pub mod api_keys;
pub mod backup;
pub mod closing;
mod data;
mod engine_status;
mod engines;
mod first_run;
mod integrity;
mod live_engine;
mod outside;
pub mod person_copy;
pub mod privacy;
pub mod pronunciations;
mod protection;
mod proxies;
pub mod ratings;
pub mod receipts;
pub mod retention;
pub mod second_factor;
mod swap;
pub mod voice_settings;
mod weights;
pub mod workspace_copy;
pub mod workspaces;

pub use data::{DataFolder, has_database, key_strength, roll_back};
pub use engine_status::WorkerStatus;
pub use engines::{Engines, Start, speech_only, voice_only};
pub use first_run::{
    SETUP_LINK_HOURS, default_assistant, default_workspace, ensure_defaults, ensure_workspace,
    load_demo, setup_token,
};
pub use integrity::Integrity;

pub use protection::Protection;
pub use proxies::Proxies;
pub use retention::{RetentionSettings, Swept, sweep};

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use self::backup::Backups;
use crate::agent::Agent;
use crate::config::Config;
use crate::egress::{EgressError, Gateway, Limits};
use crate::eval::{EvalError, Runner};
use crate::knowledge::{Knowledge, KnowledgeError, Sources};
use crate::llm::{ChatModel, Embedder, Governed, Reader};
use crate::reason::Reason;
use crate::speech::{Ears, Synthesizer, Transcriber};
use crate::store::{KeyError, KeyStrength, Store, StoreError, calls};
use crate::usage::Budgets;
use crate::voice::{Parts, VoiceDesk};
use crate::worker::Governor;

/// How long the parts have to finish what they are doing.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why Frontdesk could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The store's key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The index.
    #[error(transparent)]
    Knowledge(#[from] KnowledgeError),
    /// The runs of golden questions.
    #[error(transparent)]
    Eval(#[from] EvalError),
    /// The way to the outside.
    #[error(transparent)]
    Egress(#[from] EgressError),
    /// Backups.
    #[error(transparent)]
    Backup(#[from] backup::BackupError),
    /// The models.
    #[error(transparent)]
    Models(#[from] crate::models::ModelError),
    /// The settings do not fit together.
    #[error("{0}")]
    Settings(#[source] Reason),
    /// The operating system.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// Why it failed.
        source: std::io::Error,
    },
}

impl AppError {
    /// Whether the database or its disk is at fault, and trying again at once is of no use.
    pub fn is_damage(&self) -> bool {
        let store = match self {
            Self::Store(error)
            | Self::Knowledge(KnowledgeError::Store(error))
            | Self::Eval(EvalError::Store(error))
            | Self::Backup(backup::BackupError::Store(error)) => error,
            _ => return false,
        };
        matches!(
            store,
            StoreError::Damaged { .. }
                | StoreError::WrongKey { .. }
                | StoreError::DiskFull { .. }
                | StoreError::Io { .. }
        )
    }
}

/// Everything that runs, put together.
pub struct App {
    /// The settings.
    pub config: Arc<Config>,
    /// The encrypted store.
    pub store: Store,
    /// The chat model.
    pub chat: Arc<dyn ChatModel>,
    /// The embedding model.
    pub embedder: Arc<dyn Embedder>,
    /// Marks the words that answer.
    pub reader: Arc<dyn Reader>,
    /// The speech recogniser.
    pub transcriber: Arc<dyn Transcriber>,
    /// Ears for live speech.
    pub ears: Arc<dyn Ears>,
    /// The voice.
    pub synthesizer: Arc<dyn Synthesizer>,
    /// How much work visitors may ask for.
    pub budgets: Arc<Budgets>,
    /// Holds background work back during live turns.
    pub governor: Governor,
    /// Takes voice sessions.
    pub voice: VoiceDesk,
    /// Documents and their index.
    pub knowledge: Knowledge,
    /// Web pages that documents come from.
    pub sources: Sources,
    /// The way to the outside.
    pub gateway: Gateway,
    /// Answers questions.
    pub agent: Agent,
    /// Asks golden questions in the background.
    pub evals: Runner,
    /// Makes backups and looks after them.
    pub backups: Backups,
    /// Proxies whose word on where a request comes from is taken.
    pub proxies: Arc<Proxies>,
    /// When this process took up service, Unix ms.
    pub started_at_ms: i64,
    /// How well the store's key is kept; `None` for a store in memory.
    pub key_strength: Option<KeyStrength>,
    /// Whether the database is whole.
    checks: integrity::Checks,
    /// Whether it could be written to.
    written: integrity::Written,
    /// Where this process can be reached, once it listens.
    address: Mutex<Option<String>>,
    workers: Box<dyn Fn() -> Vec<WorkerStatus> + Send + Sync>,
    tasks: TaskTracker,
    /// Fires first: no new requests.
    draining: CancellationToken,
    /// Fires when the last request has ended: engines and background work stop.
    shutdown: CancellationToken,
    /// Held until the last part has stopped.
    folder: Mutex<Option<DataFolder>>,
}

impl App {
    /// Puts the parts together and starts the background work. Must be called inside a tokio runtime.
    ///
    /// # Errors
    /// When the index cannot be made or the store refuses.
    pub async fn assemble(
        config: Arc<Config>,
        store: Store,
        engines: Engines,
    ) -> Result<Arc<Self>, AppError> {
        Self::put_together(config, store, engines, None, None).await
    }

    /// Opens the data folder of the settings and runs on the local engines.
    ///
    /// # Errors
    /// When the folder is in use by another process, the key does not fit, or the store is damaged.
    pub async fn open(config: Arc<Config>, start: Start) -> Result<Arc<Self>, AppError> {
        let folder = DataFolder::open(&config)?;
        let store = folder.store.clone();
        let strength = folder.strength.clone();
        let engines = Engines::local(&config, start, CancellationToken::new())?;
        Self::put_together(config, store, engines, Some(folder), Some(strength)).await
    }

    async fn put_together(
        config: Arc<Config>,
        store: Store,
        engines: Engines,
        folder: Option<DataFolder>,
        key_strength: Option<KeyStrength>,
    ) -> Result<Arc<Self>, AppError> {
        ensure_defaults(&store).await?;
        let proxies = Arc::new(Proxies::parse(&config.http_trusted_proxies)?);
        let tasks = TaskTracker::new();
        let shutdown = engines.shutdown.clone();
        let Engines {
            chat,
            embedder,
            reader,
            transcriber,
            ears,
            synthesizer,
            extractor,
            budgets,
            workers,
            ..
        } = engines;
        let governor = Governor::default();
        let embedder: Arc<dyn Embedder> = Arc::new(Governed::new(embedder, governor.clone()));
        let knowledge = Knowledge::start(
            store.clone(),
            Arc::clone(&embedder),
            Arc::clone(&extractor),
            &tasks,
            shutdown.clone(),
        )?;
        let gateway = outside::gateway(&config, store.clone())?;
        let page = Limits {
            bytes: config.upload_max_bytes.min(Limits::default().bytes),
            ..Limits::default()
        };
        let sources = Sources::start(
            store.clone(),
            knowledge.documents().clone(),
            gateway.clone(),
            extractor,
            page,
            &tasks,
            shutdown.clone(),
        );
        let agent = Agent::new(
            store.clone(),
            knowledge.clone(),
            Arc::clone(&chat),
            Arc::clone(&reader),
        );
        let evals = Runner::new(
            agent.clone(),
            knowledge.clone(),
            store.clone(),
            tasks.clone(),
            shutdown.clone(),
        );
        evals.recover().await?;
        store
            .write(|tx| calls::close_left_open(tx, jiff::Timestamp::now().as_millisecond()))
            .await?;
        let voice = VoiceDesk::new(Parts {
            store: store.clone(),
            agent: agent.clone(),
            ears: Arc::clone(&ears),
            synthesizer: Arc::clone(&synthesizer),
            governor: governor.clone(),
            places: usize::from(config.voice_sessions),
            shutdown: shutdown.clone(),
            tasks: tasks.clone(),
        });
        retention::keep_room(store.clone(), &tasks, shutdown.clone());
        let master = folder.as_ref().map(|f| &f.key);
        let backups = Backups::new(store.clone(), &config, master, gateway.clone())?;
        backups.start(&tasks, shutdown.clone());
        retention::start(
            store.clone(),
            knowledge.clone(),
            backups.clone(),
            &tasks,
            shutdown.clone(),
        );
        let checks = integrity::Checks::default();
        checks.start(store.clone(), &tasks, shutdown.clone());
        checks.watch_receipts(store.clone(), &tasks, shutdown.clone());
        Ok(Arc::new(Self {
            config,
            store,
            chat,
            embedder,
            reader,
            transcriber,
            ears,
            synthesizer,
            budgets,
            governor,
            voice,
            knowledge,
            sources,
            gateway,
            agent,
            evals,
            backups,
            proxies,
            started_at_ms: jiff::Timestamp::now().as_millisecond(),
            key_strength,
            checks,
            written: integrity::Written::default(),
            address: Mutex::new(None),
            workers,
            tasks,
            draining: CancellationToken::new(),
            shutdown,
            folder: Mutex::new(folder),
        }))
    }

    /// What each worker process is doing.
    pub fn workers(&self) -> Vec<WorkerStatus> {
        (self.workers)()
    }

    /// Waits until the language models are loaded, or it is clear that they are not, but not longer than
    /// `patience`. Before that, questions are answered by words only.
    pub async fn models_settled(&self, patience: Duration) {
        let since = std::time::Instant::now();
        let starting = || {
            self.workers()
                .iter()
                .any(|w| w.name == "llm" && w.state == "starting")
        };
        while starting() && since.elapsed() < patience {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Fires when Frontdesk begins to shut down: what waits for events ends, answers are finished.
    pub fn cancel(&self) -> CancellationToken {
        self.draining.clone()
    }

    /// Makes [`App::stop`] wait (not for ever) for work that goes on outside of a request.
    pub fn hold(&self) -> TaskTrackerToken {
        self.tasks.token()
    }

    /// Notes in the data folder where this process can be reached.
    ///
    /// # Errors
    /// When the note cannot be written.
    pub fn announce(&self, address: &str) -> Result<(), AppError> {
        *self.address.lock().unwrap_or_else(PoisonError::into_inner) = Some(address.to_owned());
        match &*self.folder.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(folder) => Ok(folder.lock.write_address(address)?),
            None => Ok(()),
        }
    }

    /// Where this process can be reached, for example `http://127.0.0.1:8080`.
    pub fn address(&self) -> String {
        let announced = self
            .address
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        announced.unwrap_or_else(|| format!("http://{}", self.config.listen))
    }

    /// Stops the background work, then the workers, then lets the data folder go.
    pub async fn stop(&self) {
        self.draining.cancel();
        self.shutdown.cancel();
        self.tasks.close();
        if tokio::time::timeout(PATIENCE, self.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!("background work did not stop in time; it goes on at the next start");
        }
        let store = self.store.clone();
        let written = tokio::task::spawn_blocking(move || store.checkpoint_blocking()).await;
        if !matches!(written, Ok(Ok(()))) {
            tracing::warn!("the write-ahead log was left for the next start");
        }
        self.folder
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
    }
}
