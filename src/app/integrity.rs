//! Checks the database in the background, after the start and weekly, so that a damaged
//! file is found before good backups have expired.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::App;
use crate::reason::Reason;
use crate::store::receipts::Ends;
use crate::store::{Store, StoreError, settings};

/// Time from the start to the first check, so that it does not slow the start.
const FIRST: Duration = Duration::from_secs(20);
/// How often the ends of the receipt chains are recorded.
const NOTED: Duration = Duration::from_secs(30);
/// Time between checks.
const EVERY: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Result of the last check.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Integrity {
    /// No check has finished yet.
    #[default]
    Unchecked,
    /// Every page and reference is right.
    Whole,
    /// Damage; describes the first problem.
    Damaged(String),
}

/// Results of the checks in this process.
#[derive(Debug, Clone, Default)]
pub(super) struct Checks(Arc<Mutex<Integrity>>, Arc<Mutex<Option<&'static str>>>);

impl Checks {
    pub(super) fn last(&self) -> Integrity {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// What is wrong with the ends of the receipt chains, if anything.
    pub(super) fn receipts(&self) -> Option<&'static str> {
        *self.1.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Compares the ends of the chains with what was recorded, and records them, until `shutdown`.
    pub(super) fn watch_receipts(
        &self,
        store: Store,
        tasks: &TaskTracker,
        shutdown: CancellationToken,
    ) {
        let checks = self.clone();
        tasks.spawn(async move {
            let mut ticks = tokio::time::interval(NOTED);
            loop {
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    _ = ticks.tick() => {}
                }
                let store = store.clone();
                let found = tokio::task::spawn_blocking(move || store.check_heads_blocking()).await;
                let wrong = match found {
                    Ok(Ok(Ends::Cut(what))) => Some(what),
                    Ok(Ok(_)) => None,
                    Ok(Err(error)) => {
                        tracing::warn!(%error, "the ends of the receipts could not be noted");
                        continue;
                    }
                    Err(_) => return,
                };
                let mut told = checks.1.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(what) = wrong.filter(|_| told.is_none()) {
                    tracing::error!(%what, "the receipts are not intact");
                }
                *told = wrong;
            }
        });
    }

    /// Checks until `shutdown`.
    pub(super) fn start(&self, store: Store, tasks: &TaskTracker, shutdown: CancellationToken) {
        let checks = self.clone();
        tasks.spawn(async move {
            let mut wait = FIRST;
            loop {
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    () = tokio::time::sleep(wait) => {}
                }
                wait = EVERY;
                checks.run(store.clone()).await;
            }
        });
    }

    async fn run(&self, store: Store) {
        let found = match tokio::task::spawn_blocking(move || store.check_blocking()).await {
            Ok(Ok(())) => Integrity::Whole,
            Ok(Err(StoreError::Damaged { detail })) => Integrity::Damaged(detail.into()),
            // Busy or shutting down: this says nothing about the file.
            Ok(Err(error)) => {
                tracing::warn!(%error, "the database could not be checked");
                return;
            }
            Err(_) => return,
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = found;
    }
}

/// How long the result of a write is cached.
const TRUSTED: Duration = Duration::from_secs(5);
/// The setting written to test writing.
const WRITTEN: &str = "ready.written_at";

/// Cached result of the last test write.
#[derive(Debug, Default)]
pub(super) struct Written(tokio::sync::Mutex<Option<(tokio::time::Instant, Result<(), Reason>)>>);

impl Written {
    pub(super) async fn ready(&self, store: &Store) -> Result<(), Reason> {
        let mut last = self.0.lock().await;
        match &*last {
            Some((at, said)) if at.elapsed() < TRUSTED => return said.clone(),
            _ => {}
        }
        let now = jiff::Timestamp::now().as_millisecond();
        let written = store
            .write(move |tx| settings::set(tx, WRITTEN, &now))
            .await;
        let said = match written {
            Err(full @ StoreError::DiskFull { .. }) => Err(Reason::told("the disk is full", full)),
            Err(error) => {
                tracing::error!(%error, "the store cannot be written to");
                Err(Reason::told(
                    "it cannot be written to; the log says why",
                    error,
                ))
            }
            Ok(()) => store.has_room().map_err(|full| {
                let told = "the disk is full; answers and sign-in still work in the reserved space";
                Reason::told(told, full)
            }),
        };
        *last = Some((tokio::time::Instant::now(), said.clone()));
        said
    }
}

impl App {
    /// Checks that the store can be read and written to. Cached for a few seconds, because anybody may ask.
    ///
    /// # Errors
    /// The store's error.
    pub async fn store_ready(&self) -> Result<(), Reason> {
        self.written.ready(&self.store).await
    }

    /// Result of the last check, or damage that reading or copying found since.
    pub fn integrity(&self) -> Integrity {
        match self.store.damage() {
            Some(what) => Integrity::Damaged(what.to_owned()),
            None => self.checks.last(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_whole_database_is_found_whole() {
        let checks = Checks::default();
        assert_eq!(checks.last(), Integrity::Unchecked);
        checks.run(Store::open_in_memory().unwrap()).await;
        assert_eq!(checks.last(), Integrity::Whole);
    }
}
