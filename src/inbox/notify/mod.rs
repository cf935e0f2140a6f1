//! Tells people and programs what happens: follows the log of events, and queues webhooks and e-mails for it.
//!
//! An event is told in the transaction that moves the cursor past it, so that none is left out or told twice, whenever the
//! process ends. What was in the log before the first start is not told.
//!
//! Reading order: `about` (what an event is about), `payload` (webhooks), `mails`, `notice` (browsers), `arrivals`.

mod about;
mod arrivals;
mod mails;
mod notice;
mod payload;
mod quota;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast::Receiver;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::arrivals::{Arrival, Way, arrivals, note_shown};
pub use self::notice::{Notice, notices_since};

use self::about::About;
use crate::store::changes::{Change, Changes};
use crate::store::events::Event;
use crate::store::{EventId, Store, StoreError, Transaction, UnixMs, notices};
use crate::webhooks::{self, Webhooks};

/// Before the first event.
const BEGINNING: EventId = EventId(0);
/// Events that are told in one transaction.
const AT_ONCE: u32 = 100;
/// How long to wait after a fault of the store.
const AFTER_FAULT: Duration = Duration::from_secs(5);
/// How long to sleep at most, should a change have gone unnoticed.
const LONGEST: Duration = Duration::from_secs(60);

/// The address that links in e-mails begin with, such as `https://desk.example.com`.
pub type Address = Arc<dyn Fn() -> String + Send + Sync>;

/// Follows the log.
pub struct Notifier {
    store: Store,
    webhooks: Webhooks,
    address: Address,
}

impl Notifier {
    /// Begins to tell what happens from now on, or from where it was left, until `shutdown`.
    pub async fn start(
        store: Store,
        webhooks: Webhooks,
        address: Address,
        tasks: &TaskTracker,
        shutdown: CancellationToken,
    ) -> Result<(), StoreError> {
        // Before anything happens, so that nothing falls between.
        let changes = store.changes();
        store.write(begin).await?;
        let this = Self {
            store,
            webhooks,
            address,
        };
        tasks.spawn(async move {
            tokio::select! {
                () = this.follow(changes) => {}
                () = shutdown.cancelled() => {}
            }
        });
        Ok(())
    }

    async fn follow(&self, mut changes: Receiver<Changes>) {
        loop {
            match self.step().await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => {
                    tracing::error!(%error, "what happened could not be told yet");
                    tokio::time::sleep(AFTER_FAULT).await;
                    continue;
                }
            }
            let next_event = async {
                loop {
                    match changes.recv().await {
                        Ok(Changes::These(these)) => {
                            let is_event = |change: &Change| matches!(change, Change::Event { .. });
                            if these.iter().any(is_event) {
                                return;
                            }
                        }
                        // Something was missed: look.
                        Ok(Changes::Many) | Err(_) => return,
                    }
                }
            };
            let _woken = tokio::time::timeout(LONGEST, next_event).await;
        }
    }

    /// Tells the next events; returns whether there may be more.
    async fn step(&self) -> Result<bool, StoreError> {
        let there = self.store.read(|conn| {
            let cursor = notices::cursor(conn)?.unwrap_or(BEGINNING);
            Ok(notices::newest(conn)? > cursor)
        });
        if !there.await? {
            return Ok(false);
        }
        let address = (self.address)();
        let now = jiff::Timestamp::now().as_millisecond();
        let told = self.store.write(move |tx| tell_next(tx, &address, now));
        let told = told.await?;
        if told.queued {
            self.webhooks.wake();
        }
        Ok(told.more)
    }
}

/// What a step did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Told {
    /// There may be more events.
    more: bool,
    /// Something was queued for a webhook.
    queued: bool,
}

/// Starts at the end of the log, unless it was followed before.
fn begin(tx: &Transaction<'_>) -> Result<(), StoreError> {
    if notices::cursor(tx)?.is_none() {
        notices::set_cursor(tx, notices::newest(tx)?)?;
    }
    Ok(())
}

/// Tells the next events and moves the cursor past them.
fn tell_next(tx: &Transaction<'_>, address: &str, now: UnixMs) -> Result<Told, StoreError> {
    let Some(cursor) = notices::cursor(tx)? else {
        // It went with an account that was closed: what is in the log is old.
        begin(tx)?;
        return Ok(Told::default());
    };
    let events = notices::list_after(tx, cursor, AT_ONCE)?;
    let Some(last) = events.last() else {
        return Ok(Told::default());
    };
    let mut queued = false;
    for event in &events {
        match tell(tx, event, address, now) {
            Ok(any) => queued |= any,
            // It, or what it is about, is gone or makes no sense: the next ones are told nonetheless.
            Err(
                error @ (StoreError::NotFound(_) | StoreError::Conflict(_) | StoreError::Sqlite(_)),
            ) => {
                tracing::warn!(%error, kind = %event.kind, "an event could not be told");
            }
            Err(error) => return Err(error),
        }
    }
    notices::set_cursor(tx, last.id)?;
    Ok(Told {
        more: events.len() >= AT_ONCE as usize,
        queued,
    })
}

/// Queues what one event is told by; returns whether a webhook gets something.
fn tell(
    tx: &Transaction<'_>,
    event: &Event,
    address: &str,
    now: UnixMs,
) -> Result<bool, StoreError> {
    mails::queue(tx, event, address, now)?;
    quota::queue(tx, event, address, now)?;
    let Some(kind) = webhooks::of_event(&event.kind) else {
        return Ok(false);
    };
    if !webhooks::is_wanted(tx, event.workspace, kind.name)? {
        return Ok(false);
    }
    let about = About::load(tx, event)?;
    let data = payload::data(tx, event, &about, address)?;
    let body = webhooks::payload(kind.name, event.at, &data);
    let subject = about.id(event);
    let queued = webhooks::enqueue(tx, event.workspace, kind.name, Some(&subject), &body, now)?;
    Ok(queued > 0)
}

#[cfg(test)]
#[path = "notify_tests.rs"]
mod tests;
