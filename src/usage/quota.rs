//! What a workspace may use in a month: work is reserved before it begins and counted in the transaction that stores its
//! result.
//!
//! A reservation lives in this process alone, and one process at a time has the store (`store::lock`). So one that was
//! never counted, because the work failed or the process was killed, is free again at once. Reserving and counting both
//! run in write transactions, of which there is one at a time; this makes them exact.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;

use crate::store::quota::{self, Measure};
use crate::store::{Store, StoreError, Transaction, UnixMs, WorkspaceId, events};

/// In percent of the limit; when one is passed, an event tells of it.
pub const WARNINGS: [u64; 2] = [80, 95];

#[derive(Debug, thiserror::Error)]
pub enum QuotaError {
    #[error(
        "this workspace has used up its {} of {month} ({} of {}). More is there on {}, or with another plan",
        name(*measure), told(*measure, *used), told(*measure, *limit), first_day(*resets_at)
    )]
    Exceeded {
        measure: Measure,
        month: String,
        limit: u64,
        /// Counted and reserved.
        used: u64,
        /// When the next month begins.
        resets_at: UnixMs,
    },
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The measure in words, for people.
pub fn name(measure: Measure) -> &'static str {
    match measure {
        Measure::Analyses => "analyses",
        Measure::TranscriptionMs => "minutes of transcription",
        Measure::VoiceMs => "minutes of calls",
        Measure::ModelTokens => "tokens of language models",
    }
}

/// An amount as people read it: times in minutes with one decimal.
pub fn told(measure: Measure, amount: u64) -> String {
    match measure {
        Measure::TranscriptionMs | Measure::VoiceMs => {
            let tenths = amount.div_ceil(6_000);
            format!("{}.{}", tenths / 10, tenths % 10)
        }
        Measure::Analyses | Measure::ModelTokens => amount.to_string(),
    }
}

fn first_day(at: UnixMs) -> String {
    Timestamp::from_millisecond(at)
        .map(|at| at.to_zoned(TimeZone::UTC).date().to_string())
        .unwrap_or_default()
}

/// A calendar month in UTC, and when the next one begins.
fn month(now: UnixMs) -> (String, UnixMs) {
    let date = Timestamp::from_millisecond(now)
        .unwrap_or_default()
        .to_zoned(TimeZone::UTC)
        .date();
    let month = format!("{:04}-{:02}", date.year(), date.month());
    let next = date
        .last_of_month()
        .tomorrow()
        .ok()
        .and_then(|day| day.to_zoned(TimeZone::UTC).ok())
        .map_or(UnixMs::MAX, |start| start.timestamp().as_millisecond());
    (month, next)
}

type Reserved = Arc<Mutex<HashMap<(WorkspaceId, Measure), u64>>>;

/// The quotas of all workspaces.
#[derive(Clone)]
pub struct Quotas {
    store: Store,
    reserved: Reserved,
}

/// How much of a measure is left in this month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub measure: Measure,
    pub used: u64,
    pub reserved: u64,
    pub limit: Option<u64>,
}

impl Standing {
    /// In percent of the limit.
    pub fn share(&self) -> Option<u64> {
        self.limit.map(|limit| share(self.used, limit))
    }
}

fn share(used: u64, limit: u64) -> u64 {
    if limit == 0 {
        return 100;
    }
    u64::try_from(u128::from(used) * 100 / u128::from(limit)).unwrap_or(u64::MAX)
}

/// What all workspaces have in a month: its name, when it ends, and each measure.
#[derive(Debug, Clone)]
pub struct Month {
    pub month: String,
    /// When the next one begins.
    pub resets_at: UnixMs,
    /// The name of the plan.
    pub plan: Option<String>,
    pub standings: Vec<Standing>,
}

impl Quotas {
    pub fn new(store: Store) -> Self {
        Self {
            store,
            reserved: Reserved::default(),
        }
    }

    /// Holds an amount for work that begins. It is free again when the reservation is dropped.
    ///
    /// # Errors
    /// [`QuotaError::Exceeded`] if what was counted and reserved would pass the limit.
    pub async fn reserve(
        &self,
        workspace: WorkspaceId,
        measure: Measure,
        amount: u64,
        now: UnixMs,
    ) -> Result<Reservation, QuotaError> {
        let reserved = Arc::clone(&self.reserved);
        let (month, resets_at) = month(now);
        let of = month.clone();
        let taken = self.store.write(move |tx| {
            let limit =
                quota::plan_of(tx, workspace)?.and_then(|plan| plan.limits.get(&measure).copied());
            let counted = quota::used(tx, workspace, &of, measure)?;
            let mut reserved = reserved.lock().unwrap_or_else(PoisonError::into_inner);
            let held = reserved.entry((workspace, measure)).or_default();
            let used = counted.saturating_add(*held);
            if let Some(limit) = limit
                && used.saturating_add(amount) > limit
            {
                return Ok(Err((limit, used)));
            }
            *held = held.saturating_add(amount);
            Ok(Ok(limit))
        });
        match taken.await? {
            Ok(limit) => Ok(Reservation {
                reserved: Arc::clone(&self.reserved),
                workspace,
                measure,
                month,
                amount,
                limit,
            }),
            Err((limit, used)) => Err(QuotaError::Exceeded {
                measure,
                month,
                limit,
                used,
                resets_at,
            }),
        }
    }

    /// What the workspace has used in this month.
    pub async fn standing(&self, workspace: WorkspaceId, now: UnixMs) -> Result<Month, StoreError> {
        let reserved = Arc::clone(&self.reserved);
        let (month, resets_at) = month(now);
        self.store
            .read(move |conn| {
                let plan = quota::plan_of(conn, workspace)?;
                let mut standings = Vec::new();
                for &measure in Measure::ALL {
                    let limit = plan
                        .as_ref()
                        .and_then(|plan| plan.limits.get(&measure).copied());
                    let held = *reserved
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .get(&(workspace, measure))
                        .unwrap_or(&0);
                    standings.push(Standing {
                        measure,
                        used: quota::used(conn, workspace, &month, measure)?,
                        reserved: held,
                        limit,
                    });
                }
                Ok(Month {
                    month,
                    resets_at,
                    plan: plan.map(|plan| plan.name),
                    standings,
                })
            })
            .await
    }
}

/// An amount that is held for work that has begun.
#[must_use = "dropping it frees what it holds"]
pub struct Reservation {
    reserved: Reserved,
    workspace: WorkspaceId,
    measure: Measure,
    month: String,
    /// What is still held.
    amount: u64,
    limit: Option<u64>,
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
    /// Counts what was used, in the transaction that stores its result, and frees the rest. Never counts more than is
    /// held: work that turns out to be larger has to reserve the rest first.
    pub fn count(
        &mut self,
        tx: &Transaction<'_>,
        used: u64,
        now: UnixMs,
    ) -> Result<(), StoreError> {
        let used = used.min(self.amount);
        let after = quota::add(tx, self.workspace, &self.month, self.measure, used)?;
        self.free();
        let Some(limit) = self.limit else {
            return Ok(());
        };
        let (before, now_at) = (share(after - used, limit), share(after, limit));
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

#[cfg(test)]
#[path = "quota_tests.rs"]
mod tests;
