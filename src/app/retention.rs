//! What is kept for so many days only: call records and recordings.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::store::{Store, StoreError, UnixMs, calls, recordings, workspaces};
use crate::voice::VoiceSettings;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(60 * 60);
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Deletes what is over its time, at once and then hourly, until `shutdown`.
pub(super) fn start(store: Store, tasks: &TaskTracker, shutdown: CancellationToken) {
    tasks.spawn(async move {
        let mut hours = tokio::time::interval(EVERY);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = hours.tick() => {}
            }
            match sweep(&store, jiff::Timestamp::now().as_millisecond()).await {
                Ok((0, 0)) => {}
                Ok((calls, recordings)) => {
                    tracing::info!(calls, recordings, "what was over its time is deleted");
                }
                Err(error) => tracing::warn!(%error, "what is over its time could not be deleted"),
            }
        }
    });
}

/// Deletes what is over its time; how many calls and how many recordings.
///
/// # Errors
/// When the store refuses; the next hour tries again.
pub async fn sweep(store: &Store, now: UnixMs) -> Result<(usize, usize), StoreError> {
    let swept = store.write(move |tx| {
        let recordings = recordings::purge_due(tx, now)?;
        let mut gone = 0;
        for workspace in workspaces::list(tx)? {
            let settings: VoiceSettings =
                workspaces::section(tx, workspace.id, VoiceSettings::SECTION)?;
            let days = i64::from(settings.record_days);
            gone += calls::purge(tx, workspace.id, now.saturating_sub(days * DAY_MS))?;
        }
        Ok((gone, recordings))
    });
    swept.await
}
