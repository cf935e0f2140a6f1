//! What a provider may cost in a month: tokens and money are reserved before a request and counted after it.
//!
//! Like the quotas of workspaces (`usage::quota`): a reservation lives in this process alone, and reserving and counting
//! both run in write transactions, of which there is one at a time; this makes them exact. What is reserved is the most
//! that a request can use, so a budget is never passed. Tokens count against the workspace's quota too, in the same
//! transaction: a request holds a place there beside this one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::error::ProviderError;
use super::now;
use crate::store::providers::{self, Provider, ProviderPrices, Spend};
use crate::store::{Store, StoreError, Transaction, UnixMs, WorkspaceId};
use crate::usage::quota;

/// Of a request: what it uses, or the most that it may.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Amount {
    pub(super) tokens: u64,
    /// Millionths of the currency.
    pub(super) micro: u64,
}

/// Tokens of a language model as the quota of a workspace counts them. Where the provider does not tell, the budget counts
/// the most that it can be; the quota counts an estimate, and says so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ModelUse {
    pub(super) told: u64,
    pub(super) estimated: u64,
}

/// What a request used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Used {
    pub(super) amount: Amount,
    pub(super) model: ModelUse,
}

impl From<Amount> for Used {
    fn from(amount: Amount) -> Self {
        Self {
            amount,
            model: ModelUse::default(),
        }
    }
}

/// A number of units at a price for a million of them, rounded up.
fn cost(units: u64, million: u64) -> u64 {
    let micro = (u128::from(units) * u128::from(million)).div_ceil(1_000_000);
    u64::try_from(micro).unwrap_or(u64::MAX)
}

impl Amount {
    pub(super) fn of_chat(prices: &ProviderPrices, read: u64, written: u64) -> Self {
        Self {
            tokens: read.saturating_add(written),
            micro: cost(read, prices.million_read)
                .saturating_add(cost(written, prices.million_written)),
        }
    }

    pub(super) fn of_hearing(prices: &ProviderPrices, ms: u64) -> Self {
        let micro = (u128::from(ms) * u128::from(prices.minute_heard)).div_ceil(60_000);
        Self {
            tokens: 0,
            micro: u64::try_from(micro).unwrap_or(u64::MAX),
        }
    }

    pub(super) fn of_speaking(prices: &ProviderPrices, characters: u64) -> Self {
        Self {
            tokens: 0,
            micro: cost(characters, prices.million_spoken),
        }
    }
}

/// A calendar month in UTC, such as `2026-12`.
pub(super) fn month(now: UnixMs) -> String {
    let date = Timestamp::from_millisecond(now)
        .unwrap_or_default()
        .to_zoned(TimeZone::UTC)
        .date();
    format!("{:04}-{:02}", date.year(), date.month())
}

/// Workspace and name of the provider, in lower case.
type Whose = (WorkspaceId, String);
type Held = Arc<Mutex<HashMap<Whose, Amount>>>;

/// The budgets of all providers.
#[derive(Clone)]
pub(super) struct Purse {
    store: Store,
    held: Held,
}

impl Purse {
    pub(super) fn new(store: Store) -> Self {
        Self {
            store,
            held: Held::default(),
        }
    }

    /// Holds the most that a request may use.
    ///
    /// # Errors
    /// [`ProviderError::Budget`] if what was counted and held would pass the budget.
    pub(super) async fn reserve(
        &self,
        provider: &Provider,
        most: Amount,
        now: UnixMs,
    ) -> Result<Reservation, ProviderError> {
        let (month, held) = (month(now), Arc::clone(&self.held));
        let whose = (provider.workspace, provider.name.to_lowercase());
        let (of, key, budget) = (month.clone(), whose.clone(), provider.budget);
        let taken = self.store.write(move |tx| {
            let spent = providers::spent(tx, key.0, &of, &key.1)?;
            let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
            let held = held.entry(key).or_default();
            let used = Amount {
                tokens: spent.tokens.saturating_add(held.tokens),
                micro: spent.micro.saturating_add(held.micro),
            };
            let over = |limit: Option<u64>, used: u64, more: u64| {
                limit.filter(|limit| used.saturating_add(more) > *limit)
            };
            if let Some(limit) = over(budget.tokens, used.tokens, most.tokens) {
                return Ok(Err((true, used.tokens, limit)));
            }
            if let Some(limit) = over(budget.micro, used.micro, most.micro) {
                return Ok(Err((false, used.micro, limit)));
            }
            held.tokens = held.tokens.saturating_add(most.tokens);
            held.micro = held.micro.saturating_add(most.micro);
            Ok(Ok(()))
        });
        match taken.await? {
            Ok(()) => Ok(Reservation {
                purse: self.clone(),
                whose,
                month,
                held: most,
                owed: None,
                quota: None,
            }),
            Err((is_tokens, used, limit)) => Err(ProviderError::Budget {
                provider: provider.name.clone(),
                month,
                of: match is_tokens {
                    true => "tokens".to_owned(),
                    false => format!("millionths of {}", provider.prices.currency),
                },
                used,
                limit,
            }),
        }
    }
}

/// What is held for a request. Dropping it frees it, and counts what is owed by then.
#[must_use = "dropping it frees what it holds"]
pub(super) struct Reservation {
    purse: Purse,
    whose: Whose,
    month: String,
    held: Amount,
    /// Once the request went out: what it used so far, as far as it is known.
    owed: Option<Used>,
    /// What is held of the workspace's quota.
    quota: Option<quota::Reservation>,
}

impl Reservation {
    /// Counts this against the workspace's quota too.
    pub(super) fn beside(&mut self, quota: quota::Reservation) {
        self.quota = Some(quota);
    }

    /// The request goes out, or has used more by now: so much is counted if it breaks off.
    pub(super) fn owe(&mut self, used: impl Into<Used>) {
        self.owed = Some(used.into());
    }

    /// Nothing is owed: the provider did not do it.
    pub(super) fn forget(mut self) {
        self.owed = None;
    }

    /// Counts what was used, and frees the rest; also if nobody waits for it to the end.
    pub(super) async fn settle(mut self, used: impl Into<Used>) -> Result<(), ProviderError> {
        self.owed = None;
        match tokio::spawn(self.counting(used.into())).await {
            Ok(counted) => Ok(counted?),
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            // The program ends.
            Err(_) => Err(StoreError::Busy.into()),
        }
    }

    /// Takes over what is held, and frees it in the transaction that counts, so that nothing slips in between.
    fn counting(
        &mut self,
        used: Used,
    ) -> impl Future<Output = Result<(), StoreError>> + Send + use<> {
        let (store, month) = (self.purse.store.clone(), std::mem::take(&mut self.month));
        let (hold, quota) = (self.take_hold(), self.quota.take());
        async move {
            let counted = store.write(move |tx| {
                count(tx, &hold.whose, &month, used, quota)?;
                drop(hold);
                Ok(())
            });
            counted.await
        }
    }

    fn take_hold(&mut self) -> Hold {
        Hold {
            held: Arc::clone(&self.purse.held),
            whose: self.whose.clone(),
            amount: std::mem::take(&mut self.held),
        }
    }
}

/// A part of a budget; dropping it frees it.
struct Hold {
    held: Held,
    whose: Whose,
    amount: Amount,
}

impl Drop for Hold {
    fn drop(&mut self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = held.get_mut(&self.whose) {
            held.tokens = held.tokens.saturating_sub(self.amount.tokens);
            held.micro = held.micro.saturating_sub(self.amount.micro);
        }
    }
}

fn count(
    tx: &Transaction<'_>,
    whose: &Whose,
    month: &str,
    used: Used,
    quota: Option<quota::Reservation>,
) -> Result<(), StoreError> {
    let more = Spend {
        requests: 1,
        tokens: used.amount.tokens,
        micro: used.amount.micro,
    };
    providers::add_spend(tx, whose.0, month, &whose.1, more)?;
    let Some(mut quota) = quota else {
        return Ok(());
    };
    quota.count_elsewhere(tx, used.model.told, used.model.estimated, now())
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let runtime = tokio::runtime::Handle::try_current();
        let (Some(owed), Ok(runtime)) = (self.owed.take(), runtime) else {
            drop(self.take_hold());
            return;
        };
        let counting = self.counting(owed);
        runtime.spawn(async move {
            if let Err(error) = counting.await {
                tracing::warn!(%error, "what a provider was asked for could not be counted");
            }
        });
    }
}

#[cfg(test)]
#[path = "budget_tests.rs"]
mod tests;
