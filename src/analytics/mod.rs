//! What happened at the front desk in a span of time: conversations and how they ended, calls for people, ratings, times, topics,
//! each beside the days before; and a weekly digest by e-mail.
//!
//! This room reads the store only, and asks the embedder about topics. It knows no pages: tables and charts are made of a
//! [`Report`] elsewhere.
//!
//! Invariants:
//! - A figure follows from what is kept. What is erased, or too old, is in none.
//! - A visitor who just leaves is not settled: that takes a word of theirs (`store::analytics::Outcome`).
//! - Days and hours are those of the business's time zone.
//! - Words of visitors are read from where they are kept; topics and the digest hold none.
//!
//! Reading order: `span` (which days), `count` (what is added up), `report` (everything together), `tables` (for people and
//! files), `topics`, `digest`.
//!
//! To add a figure: a column of `conversation_figures` with what makes it due (a migration that also fills `figures_due`), `Figures` and
//! `refresh` (`store::analytics`), `Totals` (`count`), a row in `tables`, a field in `http/api/analytics.rs`, and another query for it
//! in `report_tests`.

// So that paths look the same in every room: `crate::room::…`.
extern crate self as analytics;
use frontdesk_access as access;
use frontdesk_hours as hours;
use frontdesk_llm as llm;
use frontdesk_mail as mail;
use frontdesk_store as store;

mod count;
pub mod digest;
mod report;
mod span;
mod tables;
mod topics;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::count::{IDLE_MS, Totals};
pub use self::report::{OfAssistant, OfTopic, Report, Wanted, load};
pub use self::span::{Days, SpanError};
pub use self::tables::{
    TABLES, Table, WEEK, channel, course_of, ends, percent, rung, score, seconds, table,
};

use crate::access::{Denied, Member, Scope};
use crate::llm::Embedder;
use crate::store::conversations::Channel;
use crate::store::{AssistantId, Store, StoreError, UnixMs, analytics as figures, workspaces};

/// Who may see figures and topics.
pub const MAY: &[Scope] = &[Scope::Evaluate, Scope::Admin];
/// Conversations whose figures are made in one transaction, and how long a reader waits for those that are due.
const AT_ONCE: u32 = 200;
const PATIENCE: Duration = Duration::from_secs(2);
/// Time between looks at what is due, and the first one after the start.
const EVERY: Duration = Duration::from_secs(30);
const FIRST: Duration = Duration::from_secs(10);

/// The address that links in e-mails begin with, such as `https://desk.example.com`.
pub type Address = Arc<dyn Fn() -> String + Send + Sync>;

#[derive(Debug, thiserror::Error)]
pub enum AnalyticsError {
    #[error(transparent)]
    Span(#[from] SpanError),
    #[error("there is no table `{0}`; the tables are {names}", names = TABLES.join(", "))]
    Table(String),
    #[error("a digest is sent to people; sign in to the console to choose it")]
    People,
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What somebody asks for, as they wrote it.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// First and last day, such as `2026-12-31`; empty: the last four weeks.
    pub from: String,
    pub until: String,
    pub channel: Option<Channel>,
    pub assistant: Option<AssistantId>,
}

/// The figures of all workspaces.
#[derive(Clone)]
pub struct Analytics {
    store: Store,
    embedder: Arc<dyn Embedder>,
    address: Address,
}

impl Analytics {
    /// Keeps figures, topics and the digest up to date until `shutdown`.
    pub fn start(
        store: Store,
        embedder: Arc<dyn Embedder>,
        address: Address,
        tasks: &TaskTracker,
        shutdown: CancellationToken,
    ) -> Self {
        let this = Self {
            store,
            embedder,
            address,
        };
        let working = this.clone();
        tasks.spawn(async move {
            tokio::select! {
                () = working.work() => {}
                () = shutdown.cancelled() => {}
            }
        });
        this
    }

    async fn work(&self) {
        // Most commands are over by then.
        let first = tokio::time::Instant::now() + FIRST;
        let mut looks = tokio::time::interval_at(first, EVERY);
        let mut seen = topics::Seen::default();
        loop {
            looks.tick().await;
            if let Err(error) = self.look(&mut seen).await {
                tracing::warn!(%error, "figures could not be kept up to date");
            }
        }
    }

    async fn look(&self, seen: &mut topics::Seen) -> Result<(), StoreError> {
        self.catch_up(Duration::MAX).await?;
        let now = now_ms();
        for workspace in self.store.read(workspaces::list).await? {
            if workspace.closing.is_some() {
                continue;
            }
            topics::look(&self.store, self.embedder.as_ref(), workspace.id, seen).await?;
            digest::look(&self.store, &self.address, workspace.id, now).await?;
        }
        Ok(())
    }

    /// Makes the figures that are due, for at most so long.
    async fn catch_up(&self, patience: Duration) -> Result<(), StoreError> {
        let since = Instant::now();
        while self.store.read(figures::is_due).await? {
            self.store.write(|tx| figures::refresh(tx, AT_ONCE)).await?;
            if since.elapsed() >= patience {
                break;
            }
        }
        Ok(())
    }

    /// The figures that somebody asks for, as they stand at `now`.
    ///
    /// # Errors
    /// `Span` for days that make no sense.
    pub async fn report(
        &self,
        by: &Member,
        asked: &Asked,
        now: UnixMs,
    ) -> Result<Report, AnalyticsError> {
        let workspace = by.need(MAY)?;
        // What cannot be written, as the disk is full, is told as pending.
        if let Err(error) = self.catch_up(PATIENCE).await {
            tracing::warn!(%error, "figures could not be brought up to date");
        }
        let zone = self
            .store
            .read(move |conn| report::zone_of(conn, workspace));
        let today = report::day_of(now, &zone.await?);
        let wanted = Wanted {
            days: Days::parse(&asked.from, &asked.until, today)?,
            channel: asked.channel,
            assistant: asked.assistant,
        };
        let read = self
            .store
            .read(move |conn| load(conn, workspace, wanted, now));
        Ok(read.await?)
    }

    /// Whether somebody gets the weekly digest, and what became of the last one.
    ///
    /// # Errors
    /// `People` for a program.
    pub async fn digest(&self, by: &Member) -> Result<digest::Standing, AnalyticsError> {
        let workspace = by.need(MAY)?;
        let person = digest::person(by)?;
        let read = self
            .store
            .read(move |conn| digest::standing(conn, workspace, person));
        Ok(read.await?)
    }

    /// Begins or ends the weekly digest of somebody.
    ///
    /// # Errors
    /// `People` for a program.
    pub async fn set_digest(
        &self,
        by: &Member,
        wanted: bool,
    ) -> Result<digest::Standing, AnalyticsError> {
        let workspace = by.need(MAY)?;
        let person = digest::person(by)?;
        let write = self.store.write(move |tx| {
            digest::choose(tx, workspace, person, wanted)?;
            digest::standing(tx, workspace, person)
        });
        Ok(write.await?)
    }
}

/// The present, Unix ms.
fn now_ms() -> UnixMs {
    jiff::Timestamp::now().as_millisecond()
}

#[cfg(test)]
mod report_tests;
