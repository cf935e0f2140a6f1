//! Providers: services of others, or servers of the owner's own, that answer, hear or speak instead of this machine's
//! engines. None is used until the owner of a workspace turns it on, for one purpose at a time.
//!
//! Whoever needs a model gets [`RoutedChat`], or a [`Transcriber`] or [`Synthesizer`] of a workspace. They work here
//! unless the workspace's policy says otherwise, and fall back to this machine.
//!
//! Invariants:
//! - Everything goes through the gateway (`egress`), so it is in the ledger before it goes out and nothing goes out of a
//!   sealed machine. That is why no client library of a provider is used: each brings a connection of its own.
//! - What is sent holds only classes of data that the owner ticked; what the owner wants redacted is replaced first
//!   (`redact`), and put back into what comes.
//! - Every request asks the provider to keep as little as it offers (`promises`).
//! - Money and tokens are reserved before a request and counted after it, in the budget of the provider and in the
//!   quota of the workspace (`budget`).
//! - Nobody gets half an answer of one engine and half of another: the other one takes over only before the first word.
//! - A key is sent to its provider and shown to nobody.
//!
//! Reading order: `policy` (who works), `routed` (taking over), `chat/mod.rs` (one answer) with a file for each protocol,
//! `sound/`, `acts` (what owners do).
//!
//! To add a protocol: a variant of `ProviderKind` (`store/providers.rs`, its CHECK), a `Dialect` in `chat`, the header of its key
//! (`line`), what it keeps (`promises`), and a fake from its documentation in `tests/fakes/`.

// So that paths look the same in every room: `crate::room::…`.
extern crate self as providers;
use frontdesk_access as access;
use frontdesk_egress as egress;
use frontdesk_llm as llm;
use frontdesk_reason as reason;
use frontdesk_speech as speech;
use frontdesk_store as store;
use frontdesk_usage as usage;

mod acts;
mod breaker;
mod budget;
mod chat;
mod error;
mod line;
mod policy;
mod promises;
mod redact;
mod routed;
mod sound;
mod sse;
mod trial;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;

pub use self::acts::{NewProvider, Overview, Tried, UseChange, UseView};
pub use self::error::ProviderError;
pub use self::promises::{Promise, Subprocessor, promises, subprocessors};
pub use self::routed::RoutedChat;
pub use self::sound::{DeepgramEars, SpeakingFor, TranscribingFor};

use self::breaker::Breakers;
use self::budget::Purse;
use crate::egress::Gateway;
use crate::llm::ChatModel;
use crate::speech::{Ears, Synthesizer, Transcriber};
use crate::store::providers::{self as kept, Use};
use crate::store::{Store, StoreError, WorkspaceId};
use crate::usage::Budgets;
use crate::usage::quota::Quotas;

/// A handle on all providers; clones share it.
#[derive(Clone)]
pub struct Providers {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    gateway: Gateway,
    /// Tokens count against them, as this machine's own do (`llm::Metered`).
    quotas: Quotas,
    purse: Purse,
    breakers: Breakers,
    /// Held while a recording is transcribed here; who waits too long for it may go elsewhere.
    hearing: Semaphore,
    /// How long a provider may take until its answer begins, and how long it may then send nothing.
    patience: Duration,
    /// Whether any workspace lets a provider answer, so that an installation without a model of its own is ready.
    answers: AtomicBool,
    /// Whether any workspace lets a provider do anything.
    used: AtomicBool,
}

impl Providers {
    /// # Errors
    /// When the store fails.
    pub async fn start(store: Store, gateway: Gateway, quotas: Quotas) -> Result<Self, StoreError> {
        Self::start_with(store, gateway, quotas, line::PATIENCE).await
    }

    async fn start_with(
        store: Store,
        gateway: Gateway,
        quotas: Quotas,
        patience: Duration,
    ) -> Result<Self, StoreError> {
        let this = Self {
            inner: Arc::new(Inner {
                purse: Purse::new(store.clone()),
                store,
                gateway,
                quotas,
                breakers: Breakers::default(),
                hearing: Semaphore::new(1),
                patience,
                answers: AtomicBool::new(false),
                used: AtomicBool::new(false),
            }),
        };
        this.look_again().await?;
        Ok(this)
    }

    /// The language model that works here or at a provider, as each workspace wants.
    pub fn chat(&self, local: Arc<dyn ChatModel>, budgets: Arc<Budgets>) -> RoutedChat {
        RoutedChat::new(self.clone(), local, budgets)
    }

    /// Transcribes for a workspace, here or at its provider.
    pub fn transcriber(
        &self,
        workspace: WorkspaceId,
        local: Arc<dyn Transcriber>,
    ) -> TranscribingFor {
        TranscribingFor::new(self.clone(), workspace, local)
    }

    /// Speaks for a workspace, here or at its provider.
    pub fn synthesizer(&self, workspace: WorkspaceId, local: Arc<dyn Synthesizer>) -> SpeakingFor {
        SpeakingFor::new(self.clone(), workspace, local)
    }

    /// Speaks in a call, where nobody waits long for a provider.
    pub fn live_voice(&self, workspace: WorkspaceId, local: Arc<dyn Synthesizer>) -> SpeakingFor {
        SpeakingFor::new(self.clone(), workspace, local).in_a_call()
    }

    /// Hears in a call.
    pub fn ears(&self, workspace: WorkspaceId, local: Arc<dyn Ears>) -> DeepgramEars {
        DeepgramEars::new(self.clone(), workspace, local)
    }

    /// Whether any workspace lets a provider answer.
    fn answers(&self) -> bool {
        self.inner.answers.load(Ordering::Relaxed)
    }

    /// Whether any workspace lets a provider do anything.
    pub fn is_used(&self) -> bool {
        self.inner.used.load(Ordering::Relaxed)
    }

    /// Looks again what is turned on.
    async fn look_again(&self) -> Result<(), StoreError> {
        let read = self.inner.store.read(|conn| {
            let mut used = Vec::new();
            for purpose in Use::ALL {
                if !kept::uses_for(conn, *purpose)?.is_empty() {
                    used.push(*purpose);
                }
            }
            Ok(used)
        });
        let used = read.await?;
        let answers = used.contains(&Use::Chat);
        self.inner.answers.store(answers, Ordering::Relaxed);
        self.inner.used.store(!used.is_empty(), Ordering::Relaxed);
        Ok(())
    }
}

/// In Unix ms.
fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

#[cfg(test)]
#[path = "../../tests/fakes/chat_provider/mod.rs"]
mod chat_provider;
#[cfg(test)]
#[path = "../../tests/fakes/deepgram/mod.rs"]
mod deepgram;
#[cfg(test)]
mod providers_tests;
#[cfg(test)]
mod sound_tests;
