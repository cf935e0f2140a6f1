//! Backups that are made by themselves.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Backups, list, now};

/// How often it is looked whether one is due, and whether something was erased.
pub(super) const LOOK: Duration = Duration::from_secs(60);
/// After a failure, hours until the next try.
const RETRY_HOURS: i64 = 1;
const HOUR_MS: i64 = 60 * 60 * 1000;

impl Backups {
    /// Makes a backup whenever one is due, and copies it elsewhere, until `shutdown`.
    pub(in crate::app) fn start(&self, tasks: &TaskTracker, shutdown: CancellationToken) {
        if self.inner.place.is_none() {
            return;
        }
        self.start_copying(tasks, shutdown.clone());
        let backups = self.clone();
        tasks.spawn(async move {
            let mut tried_at = None;
            loop {
                tokio::select! {
                    () = shutdown.cancelled() => return,
                    () = tokio::time::sleep(LOOK) => {}
                }
                let (look, at) = (backups.clone(), now());
                let due = tokio::task::spawn_blocking(move || {
                    look.carry_tombstones();
                    let due = look.is_due(at, tried_at);
                    if due {
                        // What went wrong is in the log, and on the page.
                        let _ = look.create();
                    }
                    due
                });
                if due.await.unwrap_or(false) {
                    tried_at = Some(at);
                }
            }
        });
    }

    /// Whether it is time for the next backup. The last try counts too: a full disk is not tried every minute.
    fn is_due(&self, now: i64, tried_at: Option<i64>) -> bool {
        let Some(place) = &self.inner.place else {
            return false;
        };
        let every = i64::from(self.inner.every_hours) * HOUR_MS;
        let has_key = matches!(self.recovery(), Ok(Some(_)));
        if every == 0 || !has_key {
            return false;
        }
        let waited = tried_at.is_none_or(|at| now - at >= RETRY_HOURS * HOUR_MS);
        let newest = list(&place.folder).first().map(|backup| backup.made_at);
        // A clock that was ahead must not stop backups for good.
        let is_old = newest.is_none_or(|at| !(0..every).contains(&(now - at)));
        waited && is_old
    }
}
