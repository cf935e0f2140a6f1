//! What is kept for so many days only. The days stand in the settings of each workspace ([`RetentionSettings`],
//! `VoiceSettings`) and below.
//!
//! A clock that jumps must not erase: nothing is deleted before the clock has run for [`TRUST`] without a jump.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::privacy;
use super::second_factor::SET_UP_MS;
use crate::store::{
    Store, StoreError, Transaction, UnixMs, calls, client_secrets, conversations, egress, events,
    jobs, receipts, recordings, second_factors, sessions, settings, setup_tokens, sign_ins,
    visitors, workspaces,
};
use crate::voice::VoiceSettings;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(60 * 60);
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Days that the ledger of what left the machine and the events are kept.
const LEDGER_DAYS: i64 = 400;
/// Days that jobs are kept after their end.
const JOB_DAYS: i64 = 30;
/// How long a clock must have run without a jump before anything is deleted.
const TRUST: i64 = 7 * DAY_MS;
/// A machine may be off over a long weekend; if more time seems to have passed, it may be the clock.
const JUMP: i64 = 4 * DAY_MS;
/// Where the store remembers how the clock ran.
const CLOCK: &str = "retention.clock";

/// How long a workspace keeps what visitors said; the section "retention" of its settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RetentionSettings {
    /// Days after the last message that a conversation is kept with its messages, receipts, ratings and gaps; the same
    /// for receipts of questions outside of conversations.
    pub conversation_days: u32,
}

impl Default for RetentionSettings {
    fn default() -> Self {
        Self {
            conversation_days: 180,
        }
    }
}

impl RetentionSettings {
    /// The section's name in the workspace's settings.
    pub const SECTION: &'static str = "retention";
    /// Fewest and most days.
    pub const DAYS: std::ops::RangeInclusive<u32> = 1..=3650;
}

/// How much was deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Conversations with all that belongs to them.
    pub conversations: usize,
    /// Receipts of questions outside of conversations.
    pub receipts: usize,
    /// Call records.
    pub calls: usize,
    /// Recordings.
    pub recordings: usize,
    /// Ended sessions, jobs, used links, visitors that do not come back, events, rows of the ledger.
    pub others: usize,
}

/// How the clock ran.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Clock {
    /// Since when it has not jumped, Unix ms.
    since: UnixMs,
    /// When it was looked at last.
    last: UnixMs,
}

impl Clock {
    /// The clock at `now`, and whether it can be trusted.
    fn at(before: Option<Self>, now: UnixMs) -> (Self, bool) {
        let since = match before {
            Some(clock) if (clock.last..=clock.last + JUMP).contains(&now) => clock.since,
            _ => now,
        };
        (Self { since, last: now }, now - since >= TRUST)
    }
}

/// How often it is looked whether there is still room on the disk.
const LOOK: std::time::Duration = std::time::Duration::from_secs(30);

/// Keeps some room on the disk free for the day when it is full, until `shutdown`.
pub(super) fn keep_room(store: Store, tasks: &TaskTracker, shutdown: CancellationToken) {
    tasks.spawn(async move {
        let mut ticks = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = ticks.tick() => {}
            }
            let store = store.clone();
            let kept = tokio::task::spawn_blocking(move || store.keep_reserve_blocking()).await;
            if let Ok(Err(error)) = kept {
                tracing::warn!(%error, "no room can be kept on the disk");
            }
        }
    });
}

/// Deletes what is over its time, at once and then hourly, until `shutdown`.
pub(super) fn start(store: Store, tasks: &TaskTracker, shutdown: CancellationToken) {
    tasks.spawn(async move {
        let mut hours = tokio::time::interval(EVERY);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                _ = hours.tick() => {}
            }
            let copies = store.clone();
            let discard = move || copies.discard_old_originals_blocking();
            if let Ok(Err(error)) = tokio::task::spawn_blocking(discard).await {
                tracing::warn!(%error, "the database of before an update could not be removed");
            }
            match sweep(&store, jiff::Timestamp::now().as_millisecond()).await {
                Ok(None) => {}
                Ok(Some(swept)) if swept == Swept::default() => {}
                Ok(Some(swept)) => {
                    tracing::info!(?swept, "what is over its time is deleted");
                    privacy::empty_log(&store).await;
                }
                Err(error) => tracing::warn!(%error, "what is over its time could not be deleted"),
            }
        }
    });
}

/// Deletes what is over its time; `None` while the clock is not trusted.
///
/// # Errors
/// When the store refuses; the next hour tries again.
pub async fn sweep(store: &Store, now: UnixMs) -> Result<Option<Swept>, StoreError> {
    let swept = store.write(move |tx| {
        let (clock, trusted) = Clock::at(settings::find(tx, CLOCK)?, now);
        settings::set(tx, CLOCK, &clock)?;
        trusted.then(|| delete(tx, now)).transpose()
    });
    swept.await
}

fn delete(tx: &Transaction<'_>, now: UnixMs) -> Result<Swept, StoreError> {
    let before = |days: i64| now.saturating_sub(days * DAY_MS);
    let mut swept = Swept {
        recordings: recordings::purge_due(tx, now)?,
        others: sessions::purge_expired(tx, now)?
            + sign_ins::purge_expired(tx, now)?
            + second_factors::purge_unconfirmed(tx, now.saturating_sub(SET_UP_MS))?
            + setup_tokens::purge(tx, now, false)?
            + client_secrets::purge_expired(tx, now)?
            + visitors::purge_expired(tx, now)?
            + jobs::purge_ended(tx, before(JOB_DAYS))?
            + events::purge(tx, before(LEDGER_DAYS))?
            + egress::purge(tx, before(LEDGER_DAYS))?,
        ..Swept::default()
    };
    for workspace in workspaces::list(tx)? {
        let id = workspace.id;
        let voice: VoiceSettings = workspaces::section(tx, id, VoiceSettings::SECTION)?;
        let kept: RetentionSettings = workspaces::section(tx, id, RetentionSettings::SECTION)?;
        let conversation_days = before(kept.conversation_days.into());
        swept.calls += calls::purge(tx, id, before(voice.record_days.into()))?;
        swept.conversations += conversations::purge(tx, id, conversation_days)?;
        swept.receipts += receipts::purge(tx, id, conversation_days)?;
    }
    Ok(swept)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The clock after being looked at on these days.
    fn looked_at(days: &[i64]) -> (Clock, bool) {
        let start = (None, false);
        let (clock, trusted) = days.iter().fold(start, |(clock, _), day| {
            let (clock, trusted) = Clock::at(clock, day * DAY_MS);
            (Some(clock), trusted)
        });
        (clock.unwrap_or_default(), trusted)
    }

    #[test]
    fn a_clock_is_trusted_after_a_week_without_a_jump() {
        assert!(!looked_at(&[100]).1);
        assert!(!looked_at(&[100, 103, 106]).1);
        assert!(looked_at(&[100, 103, 106, 107]).1);
        // Off over a long weekend.
        assert!(looked_at(&[100, 104, 107]).1);
    }

    #[test]
    fn a_jump_in_either_direction_begins_the_week_anew() {
        assert!(!looked_at(&[100, 103, 107, 500]).1);
        assert!(!looked_at(&[100, 103, 107, 500, 501, 106]).1);
        assert!(!looked_at(&[100, 103, 107, 106, 107]).1);
        assert!(looked_at(&[100, 103, 107, 500, 504, 507]).1);
    }
}
