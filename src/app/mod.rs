//! The composition root: builds everything from the settings, and shuts it down in order.
//!
//! Reading order: [`App::open`] takes the data folder and its key, `engines` starts the workers,
//! [`App::assemble`] puts the parts together. HTTP and the command line use the result alike.
//!
//! Then by subject: `weights`, `reader_choice` (which files); `first_run`, `welcome` (first steps), `doctor`; `accounts`, `members`,
//! `second_factor`; `assistants`; `assist` (for staff); `doing` (orders of workflows), `tools`; `privacy`, `retention`, `closing`,
//! `backup`, `integrity`; `plans`, `statement`; `crm`, `mail`, `telling`; `https`, `outside`.

pub mod accounts;
pub mod additions;
pub mod api_keys;
pub mod assist;
pub mod assistants;
pub mod backup;
pub mod closing;
pub mod crm;
mod data;
pub mod doctor;
mod doing;
mod engine_status;
mod engines;
mod error;
mod first_run;
mod following;
mod https;
mod integrity;
mod live_engine;
mod lost;
mod mail;
pub mod members;
pub mod naming;
mod outside;
pub mod person_copy;
pub mod plans;
pub mod privacy;
pub mod pronunciations;
mod protection;
mod proxies;
pub mod ratings;
mod reader_choice;
pub mod receipts;
pub mod retention;
pub mod second_factor;
pub mod statement;
mod swap;
mod telling;
mod tools;
pub mod transcribing;
pub mod voice_settings;
mod weights;
pub mod welcome;
pub mod workflow_runs;
pub mod workflows;
pub mod workspace_copy;
pub mod workspaces;

pub use data::{DataFolder, has_database, key_strength, roll_back};
pub use engine_status::WorkerStatus;
pub use engines::{Engines, Start, speech_only, voice_only};
pub use error::AppError;
pub use first_run::{
    SETUP_LINK_HOURS, default_assistant, default_workspace, ensure_defaults, ensure_workspace,
    load_demo, setup_token,
};
pub use https::{certificates_unkept, https_settings};
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
use crate::analysis::Analyst;
use crate::analytics::Analytics;
use crate::billing::Billing;
use crate::casework::Casework;
use crate::certificates::Certificates;
use crate::config::Config;
use crate::crm::kommo::Kommo;
use crate::egress::{Gateway, Limits};
use crate::eval::Runner;
use crate::inbox::Inbox;
use crate::inbox::staff::Undos;
use crate::knowledge::{Knowledge, Sources};
use crate::llm::{ChatModel, Embedder, Governed, Metered, Reader};
use crate::mail::Mail;
use crate::providers::Providers;
use crate::speech::{Ears, Synthesizer, Transcriber};
use crate::store::{KeyStrength, Store, calls};
use crate::tools::Tools;
use crate::usage::Budgets;
use crate::usage::quota::Quotas;
use crate::voice::{Parts, VoiceDesk};
use crate::webhooks::{Pace, Webhooks};
use crate::worker::Governor;

/// How long background work may take to stop.
const PATIENCE: Duration = Duration::from_secs(5);

/// The running application.
pub struct App {
    pub config: Arc<Config>,
    pub store: Store,
    pub chat: Arc<dyn ChatModel>,
    pub embedder: Arc<dyn Embedder>,
    /// Marks the words in a passage that answer a question.
    pub reader: Arc<dyn Reader>,
    pub transcriber: Arc<dyn Transcriber>,
    /// Recognises live speech.
    pub ears: Arc<dyn Ears>,
    pub synthesizer: Arc<dyn Synthesizer>,
    /// How much work visitors may ask for.
    pub budgets: Arc<Budgets>,
    /// What workspaces may use in a month.
    pub quotas: Quotas,
    /// Holds background work back during live turns.
    pub governor: Governor,
    /// Takes voice sessions.
    pub voice: VoiceDesk,
    /// Conversations as staff work on them.
    pub inbox: Inbox,
    pub knowledge: Knowledge,
    /// Fetches web pages as documents.
    pub sources: Sources,
    pub gateway: Gateway,
    /// Services beside the local engines, as owners turn them on.
    pub providers: Providers,
    /// Tells other programs what happens.
    pub webhooks: Webhooks,
    /// What assistants may do elsewhere.
    pub tools: Tools,
    /// What workspaces pay for.
    pub billing: Billing,
    /// For HTTPS of our own; `None` if a proxy does that, or nobody.
    pub certificates: Option<Certificates>,
    pub agent: Agent,
    pub kommo: Kommo,
    /// Work on the leads of CRMs.
    pub casework: Casework,
    /// What staff may undo.
    pub undos: Undos,
    /// Analyses conversations.
    pub analyst: Analyst,
    /// Figures, topics, the weekly digest.
    pub analytics: Analytics,
    /// Asks golden questions in the background.
    pub evals: Runner,
    /// Sends e-mail and takes answers.
    pub mail: Mail,
    /// Makes and keeps backups.
    pub backups: Backups,
    /// Proxies trusted to name the client of a request.
    pub proxies: Arc<Proxies>,
    /// When this process started serving, Unix ms.
    pub started_at_ms: i64,
    /// How well the store's key is protected; `None` for a store in memory.
    pub key_strength: Option<KeyStrength>,
    /// Whether the database is whole.
    checks: integrity::Checks,
    /// Whether the last attempt to write to the store succeeded.
    written: integrity::Written,
    /// Address of this process, once it listens.
    address: telling::Announced,
    workers: Box<dyn Fn() -> Vec<WorkerStatus> + Send + Sync>,
    tasks: TaskTracker,
    /// Fires first: no new requests are accepted.
    draining: CancellationToken,
    /// Fires after the last request has ended: engines and background work stop.
    shutdown: CancellationToken,
    /// Held until everything else has stopped.
    folder: Mutex<Option<DataFolder>>,
}

impl App {
    /// Builds the application and starts its background work. Call it inside a tokio runtime.
    ///
    /// # Errors
    /// When the index cannot be built or the store fails.
    pub async fn assemble(
        config: Arc<Config>,
        store: Store,
        engines: Engines,
    ) -> Result<Arc<Self>, AppError> {
        Self::put_together(config, store, engines, None, None).await
    }

    /// Opens the configured data folder and uses the local engines.
    ///
    /// # Errors
    /// When another process uses the folder, the key is wrong, or the store is damaged.
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
        let quotas = Quotas::new(store.clone());
        let chat: Arc<dyn ChatModel> = Arc::new(Metered::new(chat, quotas.clone()));
        let embedder: Arc<dyn Embedder> = Arc::new(Governed::new(embedder, governor.clone()));
        let knowledge = Knowledge::start(
            store.clone(),
            Arc::clone(&embedder),
            Arc::clone(&extractor),
            &tasks,
            shutdown.clone(),
        )?;
        let inbox = Inbox::start(store.clone(), &tasks, shutdown.clone());
        let gateway = outside::gateway(&config, store.clone())?;
        let providers = Providers::start(store.clone(), gateway.clone(), quotas.clone()).await?;
        let chat: Arc<dyn ChatModel> = Arc::new(providers.chat(chat, Arc::clone(&budgets)));
        let mail = Mail::start(
            store.clone(),
            gateway.clone(),
            mail::write(store.clone(), inbox.clone()),
            &tasks,
            shutdown.clone(),
        );
        let webhooks = Webhooks::start(
            store.clone(),
            gateway.clone(),
            Pace::default(),
            &tasks,
            shutdown.clone(),
        );
        let tools = Tools::start(
            store.clone(),
            gateway.clone(),
            Arc::new(tools::Hours::new(store.clone())),
        )
        .await?;
        let billing = Billing::start(store.clone(), gateway.clone(), &tasks, shutdown.clone());
        let address = telling::Announced::default();
        let links = telling::address(&config, &address);
        telling::start(&store, &webhooks, Arc::clone(&links), &tasks, &shutdown).await?;
        let analytics = Analytics::start(
            store.clone(),
            Arc::clone(&embedder),
            links,
            &tasks,
            shutdown.clone(),
        );
        let certificates = https::certificates(&config, &store, &gateway).await?;
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
        )
        .with_presence(inbox.presence().clone())
        .with_tools(tools.clone());
        let evals = Runner::new(
            agent.clone(),
            knowledge.clone(),
            store.clone(),
            tasks.clone(),
            shutdown.clone(),
        );
        let analyst = Analyst::new(store.clone(), Arc::clone(&chat), quotas.clone());
        analyst.start(&tasks, shutdown.clone());
        // A crash may have left runs and calls open: close them before new ones begin.
        evals.recover().await?;
        store
            .write(|tx| calls::close_left_open(tx, jiff::Timestamp::now().as_millisecond()))
            .await?;
        let kommo = crm::kommo(&config, store.clone(), gateway.clone())?;
        let clients = crm::Clients {
            kommo: kommo.clone(),
            store: store.clone(),
            gateway: gateway.clone(),
            address: telling::public_address(&config),
        };
        let workers = Arc::new(workers);
        let told = Arc::clone(&workers);
        // Never so where engines are not started, for a command beside no server.
        let settled = move || {
            let is_needed =
                |worker: &&WorkerStatus| matches!(worker.name.as_str(), "llm" | "speech");
            let all = (**told)();
            all.iter()
                .filter(is_needed)
                .all(|worker| worker.state != "starting")
        };
        let casework = Casework::start(
            crate::casework::Parts {
                store: store.clone(),
                accounts: Arc::new(clients),
                chat: Arc::clone(&chat),
                transcriber: outside::transcriber_of(&providers, &transcriber),
                quotas: quotas.clone(),
                settled: Arc::new(settled),
            },
            &tasks,
            shutdown.clone(),
        );
        let voice = VoiceDesk::new(Parts {
            store: store.clone(),
            inbox: inbox.clone(),
            agent: agent.clone(),
            ears: Arc::clone(&ears),
            synthesizer: Arc::clone(&synthesizer),
            providers: Some(providers.clone()),
            governor: governor.clone(),
            quotas: quotas.clone(),
            places: usize::from(config.voice_sessions),
            shutdown: shutdown.clone(),
            tasks: tasks.clone(),
        });
        doing::start(store.clone(), tools.clone(), &tasks, shutdown.clone());
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
            quotas,
            governor,
            voice,
            inbox,
            knowledge,
            sources,
            gateway,
            providers,
            webhooks,
            tools,
            billing,
            certificates,
            agent,
            analyst,
            analytics,
            kommo,
            casework,
            undos: Undos::default(),
            evals,
            mail,
            backups,
            proxies,
            started_at_ms: jiff::Timestamp::now().as_millisecond(),
            key_strength,
            checks,
            written: integrity::Written::default(),
            address,
            workers: Box::new(move || (**workers)()),
            tasks,
            draining: CancellationToken::new(),
            shutdown,
            folder: Mutex::new(folder),
        }))
    }

    pub fn workers(&self) -> Vec<WorkerStatus> {
        (self.workers)()
    }

    /// Waits until the language models are loaded or have failed to load, but no longer than
    /// `patience`. Until they are loaded, search matches words only.
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

    /// Fires when shutdown begins: event streams end, answers are finished.
    pub fn cancel(&self) -> CancellationToken {
        self.draining.clone()
    }

    /// Makes [`App::stop`] wait, for a limited time, for work outside a request.
    pub fn hold(&self) -> TaskTrackerToken {
        self.tasks.token()
    }

    /// Writes this process's address into the data folder.
    pub fn announce(&self, address: &str) -> Result<(), AppError> {
        *self.address.lock().unwrap_or_else(PoisonError::into_inner) = Some(address.to_owned());
        match &*self.folder.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(folder) => Ok(folder.lock.write_address(address)?),
            None => Ok(()),
        }
    }

    /// For example `http://127.0.0.1:8080`.
    pub fn address(&self) -> String {
        let announced = self
            .address
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        announced.unwrap_or_else(|| format!("http://{}", self.config.listen))
    }

    /// Stops the background work, then the workers, then releases the data folder.
    pub async fn stop(&self) {
        self.draining.cancel();
        self.shutdown.cancel();
        self.tasks.close();
        if tokio::time::timeout(PATIENCE, self.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!("background work did not stop in time; it continues at the next start");
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
