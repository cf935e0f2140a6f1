//! What happens here, told to other programs: signed requests after the specification of Standard Webhooks
//! (<https://www.standardwebhooks.com>, version 1.0.0), with retries, a log and replay.
//!
//! Other rooms put an event into the outbox within the transaction that it tells of ([`enqueue`]); it goes out afterwards.
//!
//! Invariants:
//! - Whatever is queued is sent at least once or given up after the last attempt, and every attempt has the same id. A
//!   crash between sending and writing that down sends it again.
//! - Webhooks do not wait for each other, and their order is not promised.
//! - What other people could read on the way is not sent: it goes by HTTPS, or to a machine of the owner's own.
//!
//! Reading order: `kinds` (what is told), `outbox`, `sender` (who sends when), `attempt` (one request), `schedule`, `acts`
//! (what owners do).
//!
//! To add a kind: a line in `kinds`, named as the event in the log, with a dot; what it carries is in `inbox/notify/payload.rs`.

// So that paths look the same in every room: `crate::room::…`.
extern crate self as webhooks;
use frontdesk_access as access;
use frontdesk_egress as egress;
use frontdesk_reason as reason;
use frontdesk_store as store;

mod acts;
mod attempt;
mod error;
mod kinds;
mod outbox;
mod schedule;
mod sender;
mod signature;
mod verdict;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use self::acts::{Change, Made, NewWebhook};
pub use self::error::WebhookError;
pub use self::kinds::{ALL, KINDS, Kind, TEST, of_event};
pub use self::outbox::{enqueue, is_wanted, payload};
pub use self::schedule::Pace;
pub use self::signature::sign;

use crate::egress::{Gateway, Purpose};
use crate::store::{DeliveryId, Store, WebhookId};

/// A handle on the sender and on what owners do with webhooks; clones share it.
#[derive(Clone)]
pub struct Webhooks {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    gateway: Gateway,
    pace: Pace,
    wake: Notify,
    /// Deliveries that are being sent.
    busy: Mutex<HashMap<DeliveryId, WebhookId>>,
}

impl Webhooks {
    /// Starts sending what is queued, until `shutdown`. Nothing is sent where the settings let nothing out.
    pub fn start(
        store: Store,
        gateway: Gateway,
        pace: Pace,
        tasks: &TaskTracker,
        shutdown: CancellationToken,
    ) -> Self {
        let goes_out = gateway.may(Purpose::Webhook);
        let inner = Inner {
            store,
            gateway,
            pace,
            wake: Notify::new(),
            busy: Mutex::default(),
        };
        let this = Self {
            inner: Arc::new(inner),
        };
        if goes_out {
            tasks.spawn(this.clone().run(shutdown));
        }
        this
    }

    /// Tells the sender that something was queued. Call it after the transaction that did.
    pub fn wake(&self) {
        self.inner.wake.notify_one();
    }

    fn busy(&self) -> MutexGuard<'_, HashMap<DeliveryId, WebhookId>> {
        self.inner
            .busy
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Marks a delivery as being sent until the guard is dropped.
    fn hold(&self, delivery: DeliveryId, webhook: WebhookId) -> Held {
        self.busy().insert(delivery, webhook);
        Held {
            webhooks: self.clone(),
            delivery,
        }
    }
}

/// A delivery that is being sent.
struct Held {
    webhooks: Webhooks,
    delivery: DeliveryId,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.webhooks.busy().remove(&self.delivery);
    }
}

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

#[cfg(test)]
#[path = "webhooks_tests.rs"]
mod tests;
