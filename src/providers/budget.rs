//! What a provider may cost in a month: tokens and money are reserved before a request and counted after it.
//!
//! Like the quotas of workspaces (`usage::quota`): a reservation lives in this process alone, and reserving and counting
//! both run in write transactions, of which there is one at a time; this makes them exact. What is reserved is the most
//! that a request can use, so a budget is never passed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::error::ProviderError;
use crate::store::providers::{self, Provider, ProviderPrices, Spend};
use crate::store::{Store, UnixMs, WorkspaceId};

/// Of a request: what it uses, or the most that it may.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Amount {
    pub(super) tokens: u64,
    /// Millionths of the currency.
    pub(super) micro: u64,
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
    owed: Option<Amount>,
}

impl Reservation {
    /// The request goes out, or has used more by now: so much is counted if it breaks off.
    pub(super) fn owe(&mut self, amount: Amount) {
        self.owed = Some(amount);
    }

    /// Nothing is owed: the provider did not do it.
    pub(super) fn forget(mut self) {
        self.owed = None;
    }

    /// Counts what was used, and frees the rest.
    pub(super) async fn settle(mut self, used: Amount) -> Result<(), ProviderError> {
        self.owed = None;
        let (held, whose) = (Arc::clone(&self.purse.held), self.whose.clone());
        let (month, amount) = (self.month.clone(), std::mem::take(&mut self.held));
        let counted = self.purse.store.write(move |tx| {
            count(tx, &whose, &month, used)?;
            free(&held, &whose, amount);
            Ok(())
        });
        Ok(counted.await?)
    }
}

fn count(
    tx: &crate::store::Transaction<'_>,
    whose: &Whose,
    month: &str,
    used: Amount,
) -> Result<(), crate::store::StoreError> {
    let more = Spend {
        requests: 1,
        tokens: used.tokens,
        micro: used.micro,
    };
    providers::add_spend(tx, whose.0, month, &whose.1, more)
}

fn free(held: &Held, whose: &Whose, amount: Amount) {
    let mut held = held.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(held) = held.get_mut(whose) {
        held.tokens = held.tokens.saturating_sub(amount.tokens);
        held.micro = held.micro.saturating_sub(amount.micro);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let (held, whose) = (Arc::clone(&self.purse.held), self.whose.clone());
        let amount = std::mem::take(&mut self.held);
        let runtime = tokio::runtime::Handle::try_current();
        let (Some(owed), Ok(runtime)) = (self.owed.take(), runtime) else {
            free(&held, &whose, amount);
            return;
        };
        let (store, month) = (self.purse.store.clone(), std::mem::take(&mut self.month));
        // Held until it is counted, so that nothing slips in between.
        runtime.spawn(async move {
            let (key, of) = (whose.clone(), month);
            let counted = store.write(move |tx| count(tx, &key, &of, owed)).await;
            if let Err(error) = counted {
                tracing::warn!(%error, "what a provider was asked for could not be counted");
            }
            free(&held, &whose, amount);
        });
    }
}

#[cfg(test)]
#[path = "budget_tests.rs"]
mod tests;
