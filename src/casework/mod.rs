//! Work on the leads of a CRM: the conversation is gathered, voice messages are written out, the whole is analysed, and what
//! was found is written back as a note, a number, a tag and, if wanted, a task.
//!
//! This room knows neither HTTP nor how a CRM is spoken to (`crm`).
//!
//! Invariants:
//! - A lead is worked on in steps, and each is noted before the next begins. Killed between any two, the work goes on where it
//!   was, and nobody sees anything twice: a note that may have been written is looked for before it is written, and a task
//!   that may have been made is not made again.
//! - A recording lies in memory only, while it is written out; no path leaves it behind.
//! - An analysis is counted in the transaction that stores it. Nothing is analysed that nobody asked for, unless the owner
//!   turned that on ([`CaseSettings`]).
//! - What a hook brought is worked on in one transaction with the mark that it was, so none is lost or counted twice.
//! - What a CRM deleted is erased here, unless the owner keeps it, and nothing that comes late brings it back (`gone`): whatever is
//!   found of a lead is kept in a transaction that asks first whether it may (`lead::Wanted`).
//!
//! Reading order: `lead` (the steps), `progress`, `turns`, `voice`, `judge`, `write`; `backfill`; `hooks`; `work` (who runs all
//! this); `card` (what the widget shows), `acts` (what owners do).
//!
//! To add a language of notes: `words/<code>.toml`. A code of an error: `error`, and a sentence in each of those files.

// So that paths look the same in every room: `crate::room::…`.
extern crate self as casework;
use frontdesk_access as access;
use frontdesk_analysis as analysis;
use frontdesk_crm as crm;
use frontdesk_llm as llm;
use frontdesk_speech as speech;
use frontdesk_store as store;
use frontdesk_usage as usage;

mod acts;
mod backfill;
mod card;
mod error;
mod gone;
mod hooks;
mod judge;
mod lead;
mod length;
mod progress;
mod settings;
mod turns;
mod voice;
mod words;
mod work;
mod write;

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::acts::{AccountView, Disconnected, LeadRow};
pub use self::backfill::Backfilled;
pub use self::card::{Card, CardAnalysis, CardJob, Left};
pub use self::error::{CaseError, Code};
pub use self::progress::{Progress, Step};
pub use self::settings::{CaseSettings, Language, SettingsError};

use crate::crm::{Crm, CrmError};
use crate::llm::ChatModel;
use crate::speech::Transcriber;
use crate::store::crm::accounts::Account;
use crate::store::crm::messages::CrmMessage;
use crate::store::{Scoped, Store, StoreError, UnixMs, WorkspaceId};
use crate::usage::quota::Quotas;

/// How CRMs are reached. The composition root knows which client speaks to which kind.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// A client of a connected account.
    ///
    /// # Errors
    /// `Off` if it is not connected.
    async fn open(&self, account: &Scoped<Account>) -> Result<Arc<dyn Crm>, CrmError>;

    /// What a body that came to the account's address tells.
    ///
    /// # Errors
    /// `Input` for a body that is none of this CRM's; it is given up.
    fn read(&self, account: &Scoped<Account>, body: &[u8]) -> Result<Vec<News>, CrmError>;

    /// Asks the CRM where an account is, after a hook named another address, and keeps what it says.
    async fn look_where(&self, account: &Scoped<Account>);

    /// Notes beside the database that a lead is about to be erased, so that restoring an earlier backup erases it again.
    async fn note_erased(&self, account: &Scoped<Account>, lead: &str) -> Result<(), StoreError>;

    /// Takes our hooks out of the CRM, as far as it lets us, and deletes the tokens here and, unless they are to stay, the copies.
    /// Returns whether the CRM confirmed that the hooks are gone.
    async fn disconnect(
        &self,
        account: &Scoped<Account>,
        keep_copies: bool,
    ) -> Result<bool, CrmError>;
}

/// Something that happened in a CRM.
#[derive(Debug, Clone, PartialEq)]
pub enum News {
    Message(CrmMessage),
    /// Nobody works on this conversation any more.
    TalkClosed {
        talk: String,
        lead: Option<String>,
    },
    /// A lead came to a stage.
    Stage {
        lead: String,
        name: Option<String>,
        stage: String,
    },
    /// What a program tells of a lead that cannot be asked.
    Lead {
        lead: String,
        name: Option<String>,
        contact: Option<String>,
        facts: serde_json::Value,
    },
    Note {
        lead: String,
        note: String,
    },
    LeadDeleted {
        lead: String,
        /// When that was over there, if it is told.
        at: Option<UnixMs>,
    },
    LeadRestored {
        lead: String,
        at: Option<UnixMs>,
    },
    /// The account has another address now, or somebody pretends so.
    Elsewhere,
}

/// What the work needs.
pub struct Parts {
    pub store: Store,
    pub accounts: Arc<dyn Accounts>,
    pub chat: Arc<dyn ChatModel>,
    pub transcriber: TranscriberOf,
    pub quotas: Quotas,
    /// Whether the engines are loaded, or will not be. Until then leads wait: an analysis without the model would have less in it.
    pub settled: Settled,
}

/// What transcribes for a workspace: this machine, or the provider that its owner turned on.
pub type TranscriberOf = Arc<dyn Fn(WorkspaceId) -> Arc<dyn Transcriber> + Send + Sync>;

/// Tells whether something has come to rest.
pub type Settled = Arc<dyn Fn() -> bool + Send + Sync>;

/// A handle on the work; clones share it.
#[derive(Clone)]
pub struct Casework {
    inner: Arc<Inner>,
}

struct Inner {
    parts: Parts,
    wake_jobs: Notify,
    wake_hooks: Notify,
}

impl Casework {
    /// Begins to work on what waits, until `shutdown`.
    pub fn start(parts: Parts, tasks: &TaskTracker, shutdown: CancellationToken) -> Self {
        let this = Self::new(parts);
        tasks.spawn(this.clone().follow_jobs(shutdown.clone()));
        tasks.spawn(this.clone().follow_hooks(shutdown));
        this
    }

    /// Without anybody who works.
    fn new(parts: Parts) -> Self {
        Self {
            inner: Arc::new(Inner {
                parts,
                wake_jobs: Notify::new(),
                wake_hooks: Notify::new(),
            }),
        }
    }

    fn store(&self) -> &Store {
        &self.inner.parts.store
    }

    /// Tells the workers that a hook was kept or a job queued. Call it after the transaction that did.
    pub fn wake(&self) {
        self.inner.wake_hooks.notify_one();
        self.inner.wake_jobs.notify_one();
    }
}

/// Milliseconds since 1970.
fn now() -> store::UnixMs {
    jiff::Timestamp::now().as_millisecond()
}

#[cfg(test)]
mod casework_tests;
#[cfg(test)]
mod fixtures;
