//! Whether the database is whole: checked in the background after the start and weekly, so that a damaged
//! file is known before its backups are.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::store::{Store, StoreError};

/// The first check comes this long after the start, when the start's own work is done.
const FIRST: Duration = Duration::from_secs(20);
/// From check to check.
const EVERY: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What the last check found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Integrity {
    /// None has ended yet.
    #[default]
    Unchecked,
    /// Every page and reference is right.
    Whole,
    /// Something is not; the first of it.
    Damaged(String),
}

/// What the checks find, as long as the process runs.
#[derive(Debug, Clone, Default)]
pub(super) struct Checks(Arc<Mutex<Integrity>>);

impl Checks {
    pub(super) fn last(&self) -> Integrity {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
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
            Ok(Err(StoreError::Damaged { detail })) => Integrity::Damaged(detail),
            // Busy or shutting down: it says nothing about the file.
            Ok(Err(error)) => {
                tracing::warn!(%error, "the database could not be checked");
                return;
            }
            Err(_) => return,
        };
        if let Integrity::Damaged(what) = &found {
            tracing::error!(%what, "the database is damaged; restore a backup");
        }
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = found;
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
