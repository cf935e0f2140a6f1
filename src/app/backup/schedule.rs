//! Makes backups on schedule.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Backups, list, now};

/// How often to check whether a backup is due, and whether something was erased.
pub(super) const LOOK: Duration = Duration::from_secs(60);
/// Hours until the next attempt after a failure.
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
                        // Errors are logged and shown on the page.
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

    /// Whether the next backup is due. Failed attempts count too, so that a full disk is not tried every minute.
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
        // A clock that once was ahead must not stop backups for good.
        let is_old = newest.is_none_or(|at| !(0..every).contains(&(now - at)));
        waited && is_old
    }
}
