//! Counts a call against the quota of its workspace: a minute is reserved at a time, and counted by the second.

use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::store::WorkspaceId;
use crate::usage::quota::{Measure, QuotaError, Quotas, Reservation};

/// In ms.
const SLICE: u64 = 60_000;
/// How long before the end of a slice the next one is reserved, in ms: time to say goodbye.
const AHEAD: u64 = 8_000;
const SECOND: u64 = 1_000;

/// Runs while a call does; dropping it counts what was used.
#[derive(Debug)]
pub(super) struct Meter {
    over: CancellationToken,
    spent: CancellationToken,
}

fn now() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

impl Meter {
    /// # Errors
    /// When nothing is left.
    pub(super) async fn start(
        quotas: Quotas,
        workspace: WorkspaceId,
        tasks: &TaskTracker,
    ) -> Result<Self, QuotaError> {
        let (over, spent) = (CancellationToken::new(), CancellationToken::new());
        let first = quotas
            .reserve_up_to(workspace, Measure::VoiceMs, SLICE, now())
            .await?;
        let of = Slices {
            quotas,
            workspace,
            over: over.clone(),
            spent: spent.clone(),
        };
        tasks.spawn(of.run(first));
        Ok(Self { over, spent })
    }

    /// Fires when the call has to end soon.
    pub(super) fn spent(&self) -> CancellationToken {
        self.spent.clone()
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.over.cancel();
    }
}

struct Slices {
    quotas: Quotas,
    workspace: WorkspaceId,
    over: CancellationToken,
    spent: CancellationToken,
}

impl Slices {
    async fn run(self, first: Reservation) {
        let mut held = first;
        loop {
            let (since, length) = (Instant::now(), held.amount());
            let alone = length.saturating_sub(AHEAD);
            if self.is_over_within(alone).await {
                return self.count(held, since).await;
            }
            let next = self
                .quotas
                .reserve_up_to(self.workspace, Measure::VoiceMs, SLICE, now())
                .await;
            if let Err(error) = &next {
                match error {
                    QuotaError::Store(error) => {
                        tracing::warn!(%error, "the minutes of a call cannot be reserved");
                    }
                    QuotaError::Exceeded { .. } | QuotaError::Ended => self.spent.cancel(),
                }
            }
            let over = self.is_over_within(length - alone).await;
            self.count(held, since).await;
            match next {
                Ok(next) if !over => held = next,
                // What was reserved ahead is free again.
                _ => return,
            }
        }
    }

    /// Waits this long, in ms, or until the call is over; returns whether it is.
    async fn is_over_within(&self, ms: u64) -> bool {
        tokio::select! {
            () = self.over.cancelled() => true,
            () = sleep(Duration::from_millis(ms)) => false,
        }
    }

    async fn count(&self, held: Reservation, since: Instant) {
        let used = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
        let used = used.div_ceil(SECOND).saturating_mul(SECOND);
        let used = used.min(held.amount());
        if let Err(error) = held.settle(used, now()).await {
            tracing::error!(%error, used, "the minutes of a call could not be counted");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::store::{Store, quota, workspaces};
    use crate::usage::quota::month;

    async fn with_limit(limit: u64) -> (Store, Quotas, WorkspaceId) {
        let store = Store::open_in_memory().unwrap();
        let made = store.write(move |tx| {
            let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
            let limits = BTreeMap::from([(Measure::VoiceMs, limit)]);
            let plan = quota::create_plan(tx, "Small", &limits, 1)?;
            quota::set_plan(tx, shop, Some(&plan), 1)?;
            Ok(shop)
        });
        let shop = made.await.unwrap();
        (store.clone(), Quotas::new(store), shop)
    }

    async fn used(store: &Store, shop: WorkspaceId) -> u64 {
        let of = month(now()).0;
        let read = move |conn: &_| quota::used(conn, shop, &of, Measure::VoiceMs);
        store.read(read).await.unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_is_counted_by_the_second_and_told_before_its_minutes_end() {
        let (store, quotas, shop) = with_limit(90_000).await;
        let tasks = TaskTracker::new();
        let meter = Meter::start(quotas.clone(), shop, &tasks).await.unwrap();
        sleep(Duration::from_millis(70_200)).await;
        assert!(!meter.spent().is_cancelled());
        meter.spent().cancelled().await;
        drop(meter);
        tasks.close();
        tasks.wait().await;
        let counted = used(&store, shop).await;
        assert!((82_000..=90_000).contains(&counted), "{counted}");
        assert_eq!(counted % SECOND, 0);
        let left = quotas
            .reserve_up_to(shop, Measure::VoiceMs, SLICE, now())
            .await
            .unwrap();
        assert_eq!(left.amount(), 90_000 - counted, "nothing stays reserved");
    }

    #[tokio::test]
    async fn no_call_begins_without_a_minute() {
        let (_, quotas, shop) = with_limit(0).await;
        let begun = Meter::start(quotas, shop, &TaskTracker::new()).await;
        assert!(matches!(begun, Err(QuotaError::Exceeded { .. })));
    }
}
