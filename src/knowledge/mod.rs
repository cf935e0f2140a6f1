//! Knowledge: documents → text → passages → index → the passages that answer a question.
//!
//! An upload is stored first and read later, by a job that survives a restart. Documents are read in a
//! child process ([`reader`]); the index is in memory only (`live`) and rebuilt from the store at startup.
//! This module knows neither conversations nor HTTP, and writes no answers.
//!
//! Reading order: `receive`, `ingest`, `jobs` and `reader` (from an upload to a stored version), `layout` and `chunk` (text and
//! passages), `live` and `vectors` (how they get into the index), `search` with `query`, `index` and `rank` (how they are found
//! again). `looking` (pictures) and `seen` (lines that text recognition was not sure of), `dated` (of two documents in conflict the newer
//! counts), `faqs`, `sources`, `facts`, `gate`, `orders` and `unanswered` are subjects of their own; `acts` is what people do.

// So that paths look the same in every room: `crate::room::…`.
extern crate self as knowledge;
use frontdesk_access as access;
use frontdesk_egress as egress;
use frontdesk_extract as extract;
use frontdesk_hours as hours;
use frontdesk_language as language;
use frontdesk_llm as llm;
use frontdesk_reason as reason;
use frontdesk_store as store;
use frontdesk_web as web;
use frontdesk_worker as worker;

mod acts;
pub mod chunk;
pub mod dated;
pub mod diff;
mod documents;
mod facts;
mod faqs;
mod found;
mod gate;
pub mod index;
mod ingest;
mod jobs;
pub mod layout;
mod lists;
mod live;
mod looking;
pub mod orders;
pub mod query;
pub mod rank;
pub mod reader;
mod receive;
mod search;
mod seen;
pub mod snippets;
pub mod sources;
mod tags;
mod turns;
mod unanswered;
mod vectors;
mod versions;

pub use documents::Documents;
pub use faqs::{
    FAQ_SECTION, FaqDraft, FaqFile, FaqFileError, FaqImport, FaqMatch, FaqPair, FaqSkipped,
    FaqThresholds, Faqs, ImportFaqs, LONGEST_ANSWER, LONGEST_QUESTION, MOST_PHRASINGS,
    read_pairs as read_faq_pairs,
};
pub use found::{Audience, Found, Passage, RankBy, SearchOptions};
pub use gate::{Gate, View};
pub use ingest::Submitted;
pub use looking::{EyesSetup, TellPage};
pub use query::{QueryTerm, Synonyms, SynonymsError};
pub use rank::Signals;
pub use reader::{ExtractFailure, Extractor, ProcessExtractor, Read};
pub use receive::Received;
pub use search::{Search, content_words};
pub use seen::{LineDecision, LinePicture, LinesToCheck};
pub use sources::Sources;
pub use tags::tidy_tags;
pub use unanswered::{Cluster, GapQuestion, Gaps, clusters, groups};

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::live::LiveIndex;
use self::turns::Turns;
use crate::access::Denied;
use crate::llm::{Embedder, LlmError};
use crate::reason::Reason;
use crate::store::{DocumentId, Store, StoreError};

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Id.
    pub workspace: String,
    /// Id.
    pub document: String,
    pub name: String,
    #[serde(flatten)]
    pub stage: Stage,
}

/// The steps from upload to answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum Stage {
    /// Stored, waiting for its turn.
    Queued,
    Reading,
    /// The text in pictures of pages is being recognised.
    Looking {
        /// The page that comes next.
        page: u32,
        /// Pages that were looked at.
        done: u32,
        total: u32,
    },
    /// Passages are getting their vectors; searches by words find them already.
    Embedding {
        /// Passages that have a vector.
        done: u32,
        total: u32,
    },
    /// Can be searched.
    Ready {
        /// Number of passages.
        chunks: u32,
        /// What the owner should know about how it was read.
        notes: Vec<String>,
    },
    Failed {
        /// Why it failed, and what to do.
        reason: String,
    },
    Deleted,
}

#[derive(Debug, thiserror::Error)]
pub enum KnowledgeError {
    #[error("the file has no name; give it one and upload it again")]
    NoName,
    /// Holds the file name.
    #[error("{0} is empty: check the file and upload it again")]
    Empty(String),
    /// The document or its owner is at fault; a retry cannot help.
    #[error("{0}")]
    Document(#[source] Reason),
    /// The machine is at fault; it is retried.
    #[error("{0}")]
    Machine(#[source] Reason),
    /// A question or its answer is invalid.
    #[error("{0}")]
    Faq(#[source] Reason),
    #[error("{0}")]
    Synonyms(#[source] Reason),
    /// What an owner wrote for a recognised line.
    #[error("{0}")]
    Line(#[source] Reason),
    #[error("{0}")]
    Tags(#[source] Reason),
    #[error("owner may have 200 characters")]
    FaqOwner,
    #[error(transparent)]
    Denied(#[from] Denied),
    /// A job written by another version of Frontdesk.
    #[error("a stored job cannot be read: {0}")]
    Unreadable(#[source] Reason),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Index(#[from] index::IndexError),
    #[error(transparent)]
    Embedder(#[from] LlmError),
}

impl From<ExtractFailure> for KnowledgeError {
    fn from(failure: ExtractFailure) -> Self {
        match failure {
            ExtractFailure::Document(reason) => Self::Document(reason),
            ExtractFailure::Machine(reason) => Self::Machine(reason),
        }
    }
}

impl KnowledgeError {
    /// Whether a retry is pointless.
    fn is_final(&self) -> bool {
        matches!(
            self,
            Self::Document(_)
                | Self::Faq(_)
                | Self::Line(_)
                | Self::Unreadable(_)
                | Self::NoName
                | Self::Empty(_)
                | Self::Store(StoreError::LimitReached { .. })
                | Self::Store(StoreError::Unpaid)
        )
    }
}

/// The documents, approved answers and open questions of all workspaces. Clones share the same state.
#[derive(Clone)]
pub struct Knowledge {
    inner: Arc<Inner>,
    documents: Documents,
    search: Search,
    faqs: Faqs,
    gaps: Gaps,
}

struct Inner {
    store: Store,
    embedder: Arc<dyn Embedder>,
    extractor: Arc<dyn Extractor>,
    index: LiveIndex,
    faqs: Arc<faqs::FaqIndex>,
    /// Held while a question is changed, so that store and index change in the same order.
    faq_changes: tokio::sync::Mutex<()>,
    /// Of a document, while its text and its place in the index change, so that both change in the same order.
    changing: Turns<DocumentId>,
    /// Pictures of recognised lines.
    pictures: seen::Pictures,
    progress: broadcast::Sender<Progress>,
    wake: Notify,
    /// Some passages have no vector yet.
    bare: Notify,
}

impl Knowledge {
    /// Starts filling the index and running jobs, as tasks on `tasks`, until shutdown. Must be called
    /// inside a tokio runtime.
    pub fn start(
        store: Store,
        embedder: Arc<dyn Embedder>,
        extractor: Arc<dyn Extractor>,
        tasks: &TaskTracker,
        shutdown: CancellationToken,
    ) -> Result<Self, KnowledgeError> {
        let index = LiveIndex::new(embedder.dimensions())?;
        let (progress, _) = broadcast::channel(1024);
        let inner = Arc::new(Inner {
            store,
            embedder,
            extractor,
            index,
            faqs: Arc::default(),
            faq_changes: tokio::sync::Mutex::default(),
            changing: Turns::default(),
            pictures: seen::Pictures::default(),
            progress,
            wake: Notify::new(),
            bare: Notify::new(),
        });
        let knowledge = Self {
            documents: Documents {
                inner: inner.clone(),
            },
            search: Search {
                inner: inner.clone(),
            },
            faqs: Faqs {
                inner: inner.clone(),
            },
            gaps: Gaps {
                inner: inner.clone(),
            },
            inner,
        };
        tasks.spawn(knowledge.clone().run(shutdown));
        Ok(knowledge)
    }

    async fn run(self, shutdown: CancellationToken) {
        let embedder = self.inner.embedder.name();
        let faqs = self.inner.faqs.fill(&self.inner.store, embedder.clone());
        if let Err(error) = faqs.await {
            tracing::error!(%error, "approved answers cannot be read; they will not be given");
        }
        if let Err(error) = self.inner.index.fill(&self.inner.store, embedder).await {
            tracing::error!(%error, "the index cannot be made; questions will not find everything");
        }
        tokio::select! {
            () = self.documents.clone().run_jobs(shutdown.clone()) => {}
            () = self.embed_missing() => {}
            () = shutdown.cancelled() => {}
        }
    }

    /// Embeds what was indexed while the embedding model was unavailable.
    async fn embed_missing(&self) {
        loop {
            if self.inner.embedder.ready().is_ok() {
                if let Err(error) = self.faqs.embed_missing().await {
                    tracing::warn!(%error, "phrasings without vectors are left for later");
                }
                if let Err(error) = self.documents.embed_missing().await {
                    tracing::warn!(%error, "passages without vectors are left for later");
                }
            }
            tokio::select! {
                () = self.inner.bare.notified() => {}
                () = tokio::time::sleep(Duration::from_secs(30)) => {}
            }
            if let Err(error) = self.gaps.embed_missing().await {
                tracing::warn!(%error, "unanswered questions are compared by their words only");
            }
        }
    }

    pub fn documents(&self) -> &Documents {
        &self.documents
    }

    pub fn search(&self) -> &Search {
        &self.search
    }

    pub fn faqs(&self) -> &Faqs {
        &self.faqs
    }

    pub fn gaps(&self) -> &Gaps {
        &self.gaps
    }

    /// Whether the index holds everything in the store.
    pub fn is_complete(&self) -> bool {
        self.inner.index.is_complete()
    }

    /// Drops erased workspaces and their documents from memory.
    pub fn forget(
        &self,
        workspaces: &[store::WorkspaceId],
        documents: &[DocumentId],
    ) -> Result<(), KnowledgeError> {
        for workspace in workspaces {
            self.inner.faqs.forget(*workspace);
        }
        for document in documents {
            self.inner.pictures.forget(*document);
            self.inner.index.remove(*document)?;
        }
        Ok(())
    }
}
