//! Web pages as knowledge: adds sources, fetches them in the background and keeps them up to date.
//!
//! A sync is a job that survives a restart (`sync`). Each page becomes a document named after its
//! address; the old version stays live until the new one is. If a site cannot be reached, what was
//! fetched before stays.

mod acts;
mod change;
mod end;
mod submit;
mod sync;
mod visit;
mod work;

pub use acts::SourceUpdate;
pub(super) use submit::reading_name;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::sync::Walk;
use super::ingest::now;
use super::{Documents, Extractor, KnowledgeError, Stage};
use crate::egress::{Gateway, Limits};
use crate::reason::Reason;
use crate::store::jobs::{self, NewJob, SYNC};
use crate::store::sources::{self, NewSource, Options, Report, Source, SourceKind, SourceState};
use crate::store::{DocumentId, Scoped, SourceId, Store, StoreError, Transaction, WorkspaceId};
use crate::web::address;

/// Per source.
pub const MOST_PAGES: u32 = 5_000;
/// Links from the start.
pub const MOST_DEPTH: u32 = 20;
/// Pages per second.
pub const MOST_PER_SECOND: f32 = 20.0;
/// A day, the default time between two syncs.
pub const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Sources to fetch at the same time.
const WORKERS: usize = 3;
/// How often the timer looks for due syncs.
const TICK: Duration = Duration::from_secs(5);
/// How long a sync may run without a checkpoint before it is leased again, in ms.
pub(super) const LEASE_MS: i64 = 15 * 60 * 1000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SyncProgress {
    /// Id.
    pub workspace: String,
    /// Id.
    pub source: String,
    pub url: String,
    #[serde(flatten)]
    pub stage: SyncStage,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum SyncStage {
    Queued,
    Fetching {
        /// Pages fetched.
        done: usize,
        /// Pages known so far.
        total: usize,
        /// The current page.
        page: String,
    },
    /// All pages are fetched, and the last ones are being read.
    Indexing {
        left: usize,
    },
    Done {
        report: Box<Report>,
    },
    /// The site could not be fetched; earlier documents stay.
    Failed {
        /// Why it failed, and what to do.
        reason: String,
    },
    Paused,
    /// Deleted with its documents.
    Deleted,
}

/// A source to add.
#[derive(Debug, Clone)]
pub struct SourceRequest {
    /// As typed.
    pub url: String,
    pub kind: SourceKind,
    pub options: Options,
    /// Time between two syncs in ms; `None`: only on request.
    pub every_ms: Option<i64>,
}

/// The stored state of a sync.
#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    source: SourceId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    walk: Option<Walk>,
}

/// The sources of all workspaces. Clones share the same state.
#[derive(Clone)]
pub struct Sources {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    documents: Documents,
    gateway: Gateway,
    extractor: Arc<dyn Extractor>,
    limits: Limits,
    progress: broadcast::Sender<SyncProgress>,
    wake: Notify,
    running: Mutex<HashMap<SourceId, CancellationToken>>,
}

impl Sources {
    /// Starts the workers and the timer as tasks on `tasks`, until shutdown. `limits` apply to each page.
    /// Must be called inside a tokio runtime.
    pub fn start(
        store: Store,
        documents: Documents,
        gateway: Gateway,
        extractor: Arc<dyn Extractor>,
        limits: Limits,
        tasks: &TaskTracker,
        shutdown: CancellationToken,
    ) -> Self {
        let (progress, _) = broadcast::channel(1024);
        let inner = Inner {
            store,
            documents,
            gateway,
            extractor,
            limits,
            progress,
            wake: Notify::new(),
            running: Mutex::default(),
        };
        let sources = Self {
            inner: Arc::new(inner),
        };
        tasks.spawn(sources.clone().run(shutdown));
        sources
    }

    /// Every step of every sync from now on.
    pub fn progress(&self) -> broadcast::Receiver<SyncProgress> {
        self.inner.progress.subscribe()
    }

    /// Adds a source and queues its first sync.
    ///
    /// # Errors
    /// When the address is invalid, a limit is too high, or the workspace has the source already.
    pub async fn add(
        &self,
        workspace: WorkspaceId,
        wanted: SourceRequest,
    ) -> Result<Scoped<Source>, KnowledgeError> {
        let url = address::typed(&wanted.url);
        let url = url.map_err(|error| KnowledgeError::Document(Reason::of(error)))?;
        check(&wanted.options)?;
        let added = self.inner.store.write(move |tx| {
            let new = NewSource {
                kind: wanted.kind,
                url: url.as_str(),
                options: wanted.options,
                every_ms: wanted.every_ms,
            };
            let source = sources::create(tx, workspace, &new, now())?;
            queue(tx, &source)?;
            Ok(source)
        });
        let source = added.await?;
        self.tell(&source, SyncStage::Queued);
        self.inner.wake.notify_one();
        Ok(source)
    }

    /// Queues a sync, unless one is queued or running.
    ///
    /// # Errors
    /// When the source is paused or gone.
    pub async fn sync(&self, source: &Scoped<Source>) -> Result<(), KnowledgeError> {
        if source.state == SourceState::Paused {
            let paused = "the source is paused; resume it to have it fetched";
            return Err(KnowledgeError::Document(paused.into()));
        }
        let wanted = source.clone();
        let queued = self.inner.store.write(move |tx| queue(tx, &wanted)).await?;
        if queued {
            self.tell(source, SyncStage::Queued);
            self.inner.wake.notify_one();
        }
        Ok(())
    }

    /// Waits until no sync of the source is queued or running; returns the source as it is then.
    ///
    /// # Errors
    /// When the source is gone.
    pub async fn wait(
        &self,
        workspace: WorkspaceId,
        id: SourceId,
    ) -> Result<Scoped<Source>, KnowledgeError> {
        loop {
            let source = self
                .inner
                .store
                .read(move |conn| sources::get(conn, workspace, id))
                .await?;
            if !matches!(source.state, SourceState::Queued | SourceState::Syncing) {
                return Ok(source);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Removes documents from the index that the store has deleted.
    fn forget(
        &self,
        source: &Scoped<Source>,
        gone: &[(DocumentId, String)],
    ) -> Result<(), KnowledgeError> {
        let ids: Vec<DocumentId> = gone.iter().map(|(id, _)| *id).collect();
        let documents = &self.inner.documents;
        documents.inner.index.remove_all(&ids)?;
        for (id, name) in gone {
            documents.report(source.workspace(), *id, name, Stage::Deleted);
        }
        Ok(())
    }

    fn stop(&self, id: SourceId) {
        let running = self.running().remove(&id);
        if let Some(token) = running {
            token.cancel();
        }
    }

    fn running(&self) -> MutexGuard<'_, HashMap<SourceId, CancellationToken>> {
        let running = self.inner.running.lock();
        running.unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, source: &Scoped<Source>, stage: SyncStage) {
        let progress = SyncProgress {
            workspace: source.workspace().to_string(),
            source: source.id.to_string(),
            url: source.url.clone(),
            stage,
        };
        // It is fine if nobody listens.
        let _ = self.inner.progress.send(progress);
    }
}

/// Queues a sync, unless one is queued or running; returns whether it did.
fn queue(tx: &Transaction<'_>, source: &Scoped<Source>) -> Result<bool, StoreError> {
    if jobs::is_open(tx, SYNC, &source.id.to_string())? {
        return Ok(false);
    }
    let payload = Payload {
        source: source.id,
        walk: None,
    };
    let payload = serde_json::to_value(payload).unwrap_or_default();
    let job = NewJob {
        workspace: Some(source.workspace()),
        kind: SYNC,
        payload: &payload,
        run_at: now(),
    };
    jobs::enqueue(tx, &job, now())?;
    sources::set_state(tx, source, SourceState::Queued, None)?;
    Ok(true)
}

fn check(options: &Options) -> Result<(), KnowledgeError> {
    let wrong = |what: String| Err(KnowledgeError::Document(what.into()));
    match () {
        () if !(1..=MOST_PAGES).contains(&options.pages) => {
            wrong(format!("a source has 1 to {MOST_PAGES} pages"))
        }
        () if options.depth > MOST_DEPTH => {
            wrong(format!("links are followed up to {MOST_DEPTH} deep"))
        }
        () if !(options.per_second > 0.0 && options.per_second <= MOST_PER_SECOND) => {
            wrong(format!(
                "a site is asked for more than 0 and at most {MOST_PER_SECOND} pages per second"
            ))
        }
        () => Ok(()),
    }
}
