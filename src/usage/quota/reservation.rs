//! An amount that is held for work that has begun.

use std::sync::PoisonError;

use serde_json::json;

use super::{Reserved, WARNINGS, share};
use crate::store::quota::{self, Elsewhere, Measure};
use crate::store::{Store, StoreError, Transaction, UnixMs, WorkspaceId, events};

#[must_use = "dropping it frees what it holds"]
pub struct Reservation {
    pub(super) store: Store,
    pub(super) reserved: Reserved,
    pub(super) workspace: WorkspaceId,
    pub(super) measure: Measure,
    pub(super) month: String,
    /// What is still held.
    pub(super) amount: u64,
    pub(super) limit: Option<u64>,
}

impl std::fmt::Debug for Reservation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reservation")
            .field("measure", &self.measure)
            .field("amount", &self.amount)
            .finish_non_exhaustive()
    }
}

impl Reservation {
    /// What is held.
    pub fn amount(&self) -> u64 {
        self.amount
    }

    pub fn is_limited(&self) -> bool {
        self.limit.is_some()
    }

    /// Counts what was used, in the transaction that stores its result, and frees the rest. Where there is a limit, never
    /// more than is held is counted: work that turns out to be larger has to reserve the rest first.
    pub fn count(
        &mut self,
        tx: &Transaction<'_>,
        used: u64,
        now: UnixMs,
    ) -> Result<(), StoreError> {
        let used = self.countable(used);
        let after = quota::add(tx, self.workspace, &self.month, self.measure, used)?;
        self.free();
        let Some(limit) = self.limit else {
            return Ok(());
        };
        let (before, now_at) = (
            share(after.saturating_sub(used), limit),
            share(after, limit),
        );
        for warning in WARNINGS {
            if before < warning && now_at >= warning {
                let data = json!({
                    "measure": self.measure, "month": self.month, "percent": warning,
                    "used": after, "limit": limit,
                });
                let subject = self.workspace.to_string();
                events::append(tx, self.workspace, "quota_warned", &subject, &data, now)?;
            }
        }
        Ok(())
    }

    /// Like [`count`](Self::count), for what a provider did: it told `told`, and `estimated` is what it did not tell.
    pub fn count_elsewhere(
        &mut self,
        tx: &Transaction<'_>,
        told: u64,
        estimated: u64,
        now: UnixMs,
    ) -> Result<(), StoreError> {
        let used = self.countable(told.saturating_add(estimated));
        self.count(tx, used, now)?;
        let more = Elsewhere {
            used,
            estimated: estimated.min(used),
        };
        quota::note_elsewhere(tx, self.workspace, &self.month, self.measure, more)
    }

    /// What of this may be counted.
    fn countable(&self, used: u64) -> u64 {
        match self.limit {
            Some(_) => used.min(self.amount),
            None => used,
        }
    }

    /// Counts what was used by work whose result is not stored.
    pub async fn settle(mut self, used: u64, now: UnixMs) -> Result<(), StoreError> {
        let store = self.store.clone();
        store.write(move |tx| self.count(tx, used, now)).await
    }

    fn free(&mut self) {
        let mut reserved = self.reserved.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = reserved.get_mut(&(self.workspace, self.measure)) {
            *held = held.saturating_sub(self.amount);
        }
        self.amount = 0;
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.free();
    }
}
