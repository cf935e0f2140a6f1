//! Conversations as staff work on them: the state machine of handing over, what is assigned to whom, who waits, and what
//! the widget and the inbox see live.
//!
//! Reading order: `state` (who answers, and what changes that), `turns` (a change within a transaction: row, event and notice
//! together), `acts` (what staff and visitors do), `staff/` (what staff note and sort), `desk` (when somebody is there), `watch`
//! (the clock; `attendance` knows who is there), `leads` (what visitors leave so that somebody gets back to them), `live` and `presence` (what is shown at
//! once), `notices/` (what visitors are told), `notify/` (what staff and other programs are told).

// So that paths look the same in every room: `crate::room::…`.
extern crate self as inbox;
use frontdesk_access as access;
use frontdesk_contacts as contacts;
use frontdesk_hours as hours;
use frontdesk_language as language;
use frontdesk_mail as mail;
use frontdesk_reason as reason;
use frontdesk_store as store;
use frontdesk_webhooks as webhooks;

pub mod acts;
pub mod attendance;
pub mod desk;
pub mod files;
#[cfg(test)]
mod fixtures;
pub mod leads;
pub mod live;
mod notices;
pub mod notify;
pub mod presence;
pub mod staff;
pub mod state;
#[cfg(test)]
mod states_tests;
pub mod turns;
pub mod watch;

pub use attendance::Attendance;
pub use live::Live;
pub use notices::offers_callback;
pub use presence::Presence;

use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::access::Denied;
use crate::reason::Reason;
use crate::store::{Store, StoreError, Transaction};

/// Why something cannot be done with a conversation.
#[derive(Debug, thiserror::Error)]
pub enum InboxError {
    /// Another person has the conversation.
    #[error("{by} has this conversation now")]
    Taken {
        /// Their name.
        by: String,
    },
    #[error("somebody has changed this conversation in the meantime; look at it again")]
    Changed,
    #[error("{0} was not found. It may have been deleted; reload the list")]
    NotFound(&'static str),
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("{0}")]
    Invalid(#[source] Reason),
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for InboxError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound(what) => Self::NotFound(what),
            StoreError::Conflict(_) => Self::Changed,
            other => Self::Store(other),
        }
    }
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Inbox {
    store: Store,
    live: Live,
    presence: Presence,
    attendance: Attendance,
}

impl Inbox {
    /// Starts what runs in the background: telling of changes, and the clock of the desk.
    pub fn start(store: Store, tasks: &TaskTracker, shutdown: CancellationToken) -> Self {
        let live = Live::default();
        let inbox = Self {
            presence: Presence::new(live.clone()),
            attendance: Attendance::default(),
            live: live.clone(),
            store: store.clone(),
        };
        // Before the task runs, so that it misses nothing from now on.
        let changes = store.changes();
        tasks.spawn(live.run(changes, shutdown.clone()));
        tasks.spawn(watch::run(inbox.clone(), shutdown));
        inbox
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    pub fn live(&self) -> &Live {
        &self.live
    }

    pub fn presence(&self) -> &Presence {
        &self.presence
    }

    pub fn attendance(&self) -> &Attendance {
        &self.attendance
    }

    /// Runs an act in one transaction; one that is refused leaves nothing.
    ///
    /// # Errors
    /// Those of the act, and of the store.
    pub async fn write<T: Send + 'static>(
        &self,
        act: impl FnOnce(&Transaction<'_>) -> Result<T, InboxError> + Send + 'static,
    ) -> Result<T, InboxError> {
        let refusal = Arc::new(Mutex::new(None));
        let refused = Arc::clone(&refusal);
        let done = self.store.write(move |tx| {
            act(tx).map_err(|error| match error {
                InboxError::Store(error) => error,
                // An error undoes the transaction; the store's own type has no place for this one.
                other => {
                    *refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(other);
                    StoreError::Busy
                }
            })
        });
        let done = done.await;
        let refusal = refusal
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        match (done, refusal) {
            (Err(_), Some(error)) => Err(error),
            (done, _) => Ok(done?),
        }
    }
}
