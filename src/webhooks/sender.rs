//! Sends what is queued: a few requests to each webhook at once, one to a webhook that fails.

use std::collections::HashMap;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::attempt::{self, Answer};
use super::kinds::TEST;
use super::schedule::{self, Pace};
use super::{Webhooks, now};
use crate::store::webhooks::deliveries::{self, Delivery, Next};
use crate::store::webhooks::{self, WebhookState};
use crate::store::{DeliveryId, StoreError, Transaction, UnixMs, WebhookId};

/// Requests to one webhook at once.
const AT_ONCE: usize = 4;
/// How long the sender sleeps at least while something waits, and at most.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);
/// How long to wait after a fault of the store.
const AFTER_FAULT: Duration = Duration::from_secs(5);
/// How long requests may take to end once the server stops; the others are sent again at the next start.
const LAST_CALL: Duration = Duration::from_secs(3);

impl Webhooks {
    pub(super) async fn run(self, shutdown: CancellationToken) {
        let mut running = JoinSet::new();
        loop {
            let idle = match self.dispatch(&mut running).await {
                Ok(idle) => idle,
                Err(error) => {
                    tracing::error!(%error, "the queue of webhooks cannot be read");
                    AFTER_FAULT
                }
            };
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = self.inner.wake.notified() => {}
                Some(_) = running.join_next() => {}
                () = tokio::time::sleep(idle) => {}
            }
        }
        let ended = async { while running.join_next().await.is_some() {} };
        // What is cut off here is still queued.
        let _late = tokio::time::timeout(LAST_CALL, ended).await;
    }

    /// Starts the requests whose time has come; returns how long to sleep if nothing happens.
    async fn dispatch(&self, running: &mut JoinSet<()>) -> Result<Duration, StoreError> {
        let busy = self.busy().clone();
        let at = now();
        let (due, next) = self
            .inner
            .store
            .read(move |conn| {
                let mut at_work: HashMap<WebhookId, usize> = HashMap::new();
                for webhook in busy.values() {
                    *at_work.entry(*webhook).or_default() += 1;
                }
                let mut due: Vec<(DeliveryId, WebhookId)> = Vec::new();
                for (webhook, is_failing) in webhooks::list_ready(conn, at)? {
                    let most = if is_failing { 1 } else { AT_ONCE };
                    let at_work = at_work.get(&webhook).copied().unwrap_or(0);
                    let free = most.saturating_sub(at_work);
                    if free == 0 {
                        continue;
                    }
                    // Those that are being sent are still queued.
                    let limit = u32::try_from(free + at_work).unwrap_or(u32::MAX);
                    let found = deliveries::list_due(conn, webhook, at, limit)?;
                    let fresh = found.into_iter().filter(|id| !busy.contains_key(id));
                    due.extend(fresh.take(free).map(|id| (id, webhook)));
                }
                Ok((due, deliveries::next_due(conn)?))
            })
            .await?;
        for (id, webhook) in due {
            let (this, held) = (self.clone(), self.hold(id, webhook));
            running.spawn(async move {
                if let Err(error) = this.deliver(id).await {
                    tracing::error!(%error, "an attempt to reach a webhook could not be written down");
                    // It is still queued; do not try again at once.
                    tokio::time::sleep(AFTER_FAULT).await;
                }
                drop(held);
            });
        }
        let idle = next.map_or(LONGEST, |next| {
            Duration::from_millis(next.saturating_sub(at).unsigned_abs())
        });
        let is_past = next.is_some_and(|next| next <= at);
        Ok(match is_past {
            true => SHORTEST,
            false => idle.clamp(SHORTEST, LONGEST),
        })
    }

    /// Tries a queued delivery once, and writes down what came of it.
    pub(super) async fn deliver(&self, id: DeliveryId) -> Result<(), StoreError> {
        let at = now();
        let found = self.inner.store.read(move |conn| {
            let Some(delivery) = deliveries::find_queued(conn, id)? else {
                return Ok(None);
            };
            let keys = webhooks::keys(conn, delivery.webhook, at)?;
            let webhook = webhooks::get(conn, delivery.workspace, delivery.webhook)?;
            Ok(Some((delivery, keys, webhook.into_inner().url)))
        });
        let Some((delivery, keys, url)) = found.await? else {
            return Ok(());
        };
        let Pace { patience, .. } = self.inner.pace;
        let answer =
            attempt::send(&self.inner.gateway, &url, &keys, &delivery, patience, at).await?;
        let pace = self.inner.pace;
        self.inner
            .store
            .write(move |tx| settle(tx, &delivery, &answer, pace, now()))
            .await
    }
}

/// Writes down what came of an attempt, for the delivery and for its webhook.
pub(super) fn settle(
    tx: &Transaction<'_>,
    delivery: &Delivery,
    answer: &Answer,
    pace: Pace,
    now: UnixMs,
) -> Result<(), StoreError> {
    let (id, webhook) = (delivery.id, delivery.webhook);
    let Some(error) = answer.error.as_deref() else {
        deliveries::settle(tx, id, Next::Sent, answer.status, None, now)?;
        return webhooks::note_success(tx, webhook);
    };
    let attempts = delivery.attempts.saturating_add(1);
    let rest_until = answer.rest.map(|rest| now.saturating_add(rest));
    let is_test = delivery.event == TEST;
    let wait = pace
        .wait_after(attempts)
        .filter(|_| !is_test && !answer.is_gone());
    let next = wait.map_or(Next::GiveUp, |wait| {
        let at = now.saturating_add(wait);
        Next::RetryAt(rest_until.map_or(at, |rest| rest.max(at)))
    });
    deliveries::settle(tx, id, next, answer.status, Some(error), now)?;
    if answer.is_gone() {
        let told = "it was turned off, because it answered that it wants no more events";
        return webhooks::stop(tx, webhook, WebhookState::Off, Some(told), told, now);
    }
    if is_test {
        return Ok(());
    }
    let since = match webhooks::note_failure(tx, webhook, rest_until, now) {
        Ok(since) => since,
        // It was deleted meanwhile.
        Err(StoreError::NotFound(_)) => return Ok(()),
        Err(error) => return Err(error),
    };
    if schedule::is_hopeless(now.saturating_sub(since), attempts) {
        let told = "it was paused, because no request has succeeded for five days";
        webhooks::stop(tx, webhook, WebhookState::Paused, Some(told), told, now)?;
    }
    Ok(())
}
