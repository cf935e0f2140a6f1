//! What a workspace may use in a month: work is reserved before it begins and counted in the transaction that stores its
//! result.
//!
//! A reservation lives in this process alone, and one process at a time has the store (`store::lock`). So one that was
//! never counted, because the work failed or the process was killed, is free again at once. Reserving and counting both
//! run in write transactions, of which there is one at a time; this makes them exact.

mod reservation;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use jiff::tz::TimeZone;

pub use self::reservation::Reservation;
use super::Flow;
pub use crate::store::quota::{Elsewhere, Measure};
use crate::store::{
    Connection, Store, StoreError, UnixMs, WorkspaceId, billing, quota, workspaces,
};

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
    /// Nobody pays for the workspace any more (`store::billing`).
    #[error(
        "the subscription of this workspace has ended, so nothing new is begun. What is there stays and can be read; \
         work goes on as soon as the subscription is renewed"
    )]
    Ended,
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
pub fn month(now: UnixMs) -> (String, UnixMs) {
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

/// What is reserved now.
pub(super) type Reserved = Arc<Mutex<HashMap<(WorkspaceId, Measure), u64>>>;

/// What a workspace may do.
enum Terms {
    Ended,
    Unlimited,
    Limited(u64),
}

impl Terms {
    fn load(
        conn: &Connection,
        workspace: WorkspaceId,
        measure: Measure,
        now: UnixMs,
    ) -> Result<Self, StoreError> {
        if !billing::works(conn, workspace, now)? {
            return Ok(Self::Ended);
        }
        let plan = quota::plan_of(conn, workspace)?;
        let limit = plan.and_then(|plan| plan.limits.get(&measure).copied());
        Ok(limit.map_or(Self::Unlimited, Self::Limited))
    }
}

/// What came of trying to reserve.
enum Taken {
    Held(Reservation),
    Full { limit: u64, used: u64 },
    Ended,
}

/// The quotas of all workspaces.
#[derive(Clone)]
pub struct Quotas {
    store: Store,
    reserved: Reserved,
    /// Workspaces by the flow of their work; ids never change hands.
    names: Arc<Mutex<HashMap<Flow, WorkspaceId>>>,
}

/// How much of a measure is left in this month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub measure: Measure,
    pub used: u64,
    pub reserved: u64,
    pub limit: Option<u64>,
    /// Of what was used: what providers did.
    pub elsewhere: Elsewhere,
}

impl Standing {
    /// In percent of the limit.
    pub fn share(&self) -> Option<u64> {
        self.limit.map(|limit| share(self.used, limit))
    }

    /// The last of [`WARNINGS`] that was passed.
    pub fn warned(&self) -> Option<u64> {
        let share = self.share()?;
        WARNINGS.into_iter().rev().find(|warning| share >= *warning)
    }
}

pub(super) fn share(used: u64, limit: u64) -> u64 {
    if limit == 0 {
        return 100;
    }
    u64::try_from(u128::from(used) * 100 / u128::from(limit)).unwrap_or(u64::MAX)
}

/// What a workspace has in a month: its name, when it ends, and each measure.
#[derive(Debug, Clone)]
pub struct Month {
    pub month: String,
    /// When the next one begins.
    pub resets_at: UnixMs,
    /// The name of the plan.
    pub plan: Option<String>,
    /// Whether nothing new is begun, as nobody pays any more.
    pub ended: bool,
    pub standings: Vec<Standing>,
}

impl Quotas {
    pub fn new(store: Store) -> Self {
        Self {
            store,
            reserved: Reserved::default(),
            names: Arc::default(),
        }
    }

    /// Holds an amount for work that begins. It is free again when the reservation is dropped.
    ///
    /// # Errors
    /// [`QuotaError::Exceeded`] if what was counted and reserved would pass the limit, [`QuotaError::Ended`].
    pub async fn reserve(
        &self,
        workspace: WorkspaceId,
        measure: Measure,
        amount: u64,
        now: UnixMs,
    ) -> Result<Reservation, QuotaError> {
        self.reserve_between(workspace, measure, amount, amount, now)
            .await
    }

    /// Holds what is left, but no more than `most`: for work whose size is known only when it is done. What was held is
    /// in [`Reservation::amount`].
    ///
    /// # Errors
    /// [`QuotaError::Exceeded`] if nothing is left, [`QuotaError::Ended`].
    pub async fn reserve_up_to(
        &self,
        workspace: WorkspaceId,
        measure: Measure,
        most: u64,
        now: UnixMs,
    ) -> Result<Reservation, QuotaError> {
        self.reserve_between(workspace, measure, 1, most, now).await
    }

    /// Holds as much as there is from `least` to `most`: for work whose size is known only roughly before it is done.
    ///
    /// # Errors
    /// [`QuotaError::Exceeded`] if less than `least` is left, [`QuotaError::Ended`].
    pub async fn reserve_between(
        &self,
        workspace: WorkspaceId,
        measure: Measure,
        least: u64,
        most: u64,
        now: UnixMs,
    ) -> Result<Reservation, QuotaError> {
        let (month, resets_at) = month(now);
        // Most workspaces have no limit; they do not wait for the one who writes.
        let looked = self
            .store
            .read(move |conn| Terms::load(conn, workspace, measure, now));
        match looked.await? {
            Terms::Ended => return Err(QuotaError::Ended),
            Terms::Unlimited => {
                let mut held = self.reserved.lock().unwrap_or_else(PoisonError::into_inner);
                let all = held.entry((workspace, measure)).or_default();
                *all = all.saturating_add(most);
                drop(held);
                return Ok(Reservation {
                    store: self.store.clone(),
                    reserved: Arc::clone(&self.reserved),
                    workspace,
                    measure,
                    month,
                    amount: most,
                    limit: None,
                });
            }
            Terms::Limited(_) => {}
        }
        let (store, reserved, of) = (
            self.store.clone(),
            Arc::clone(&self.reserved),
            month.clone(),
        );
        // The transaction runs to its end although nobody waits for it any more: what it held is then freed with its result.
        let taken = self.store.write(move |tx| {
            let limit = match Terms::load(tx, workspace, measure, now)? {
                Terms::Ended => return Ok(Taken::Ended),
                Terms::Unlimited => None,
                Terms::Limited(limit) => Some(limit),
            };
            let counted = quota::used(tx, workspace, &of, measure)?;
            let mut held = reserved.lock().unwrap_or_else(PoisonError::into_inner);
            let all = held.entry((workspace, measure)).or_default();
            let used = counted.saturating_add(*all);
            let amount = match limit {
                Some(limit) => {
                    let left = limit.saturating_sub(used);
                    if left < least {
                        return Ok(Taken::Full { limit, used });
                    }
                    most.min(left)
                }
                None => most,
            };
            *all = all.saturating_add(amount);
            drop(held);
            Ok(Taken::Held(Reservation {
                store,
                reserved,
                workspace,
                measure,
                month: of,
                amount,
                limit,
            }))
        });
        match taken.await? {
            Taken::Held(reservation) => Ok(reservation),
            Taken::Ended => Err(QuotaError::Ended),
            Taken::Full { limit, used } => Err(QuotaError::Exceeded {
                measure,
                month,
                limit,
                used,
                resets_at,
            }),
        }
    }

    /// The workspace that work is done for; `None` for the machine's own work.
    pub async fn workspace_of(&self, flow: Flow) -> Result<Option<WorkspaceId>, StoreError> {
        if flow.is_house() {
            return Ok(None);
        }
        let key = flow.whole_workspace();
        let known = self.names().get(&key).copied();
        if known.is_some() {
            return Ok(known);
        }
        let all = self.store.read(workspaces::list).await?;
        let mut names = self.names();
        for workspace in all {
            names.insert(Flow::of_workspace(workspace.id), workspace.id);
        }
        Ok(names.get(&key).copied())
    }

    fn names(&self) -> MutexGuard<'_, HashMap<Flow, WorkspaceId>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the workspace has used in this month.
    pub async fn standing(&self, workspace: WorkspaceId, now: UnixMs) -> Result<Month, StoreError> {
        let reserved = Arc::clone(&self.reserved);
        let (month, resets_at) = month(now);
        self.store
            .read(move |conn| {
                let plan = quota::plan_of(conn, workspace)?;
                let ended = !billing::works(conn, workspace, now)?;
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
                        elsewhere: quota::elsewhere(conn, workspace, &month, measure)?,
                    });
                }
                Ok(Month {
                    month,
                    resets_at,
                    plan: plan.map(|plan| plan.name),
                    ended,
                    standings,
                })
            })
            .await
    }
}

#[cfg(test)]
#[path = "quota_tests.rs"]
mod tests;
