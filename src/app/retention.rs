//! Data that is kept for a limited number of days. The days are in the settings of each workspace ([`RetentionSettings`],
//! `VoiceSettings`) and below.
//!
//! What people said goes in two steps: it is hidden, then deleted [`GRACE_DAYS`] later, unless the workspace keeps it longer by
//! then or its owner brought it back. Technical rows are deleted at once. A jump of the clock must not erase data: nothing is hidden or
//! deleted before the clock has run for `TRUST` without a jump.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::backup::Backups;
use super::closing;
use super::members::audit;
use super::privacy;
use super::second_factor::SET_UP_MS;
use crate::access::{Denied, Member, Scope};
use crate::knowledge::Knowledge;
use crate::store::due::{self, Count, Limits, Waiting};
use crate::store::{
    Connection, Store, StoreError, Transaction, UnixMs, WorkspaceId, api_answers, api_threads,
    assistants, billing, client_secrets, closures, crm, egress, events, invitations, jobs, mail,
    second_factors, sessions, settings, setup_tokens, sign_ins, tools, visitors, webhooks,
    workspaces,
};
use crate::voice::VoiceSettings;

/// Who may decide how long data is kept.
const MAY: &[Scope] = &[Scope::Admin];
/// Time between sweeps.
const EVERY: Duration = Duration::from_secs(60 * 60);
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// Days that events and the ledger of outgoing requests are kept.
const LEDGER_DAYS: i64 = 400;
/// Days that e-mail is kept after it was sent or came, and reply addresses after they expired.
const MAIL_DAYS: i64 = 30;
/// Days that jobs are kept after their end.
const JOB_DAYS: i64 = 30;
/// Days that calls of tools are kept that belong to no conversation.
const TOOL_DAYS: i64 = 90;
/// Days that the log of webhooks is kept.
const DELIVERY_DAYS: i64 = 30;
/// Days that what a CRM sent is kept.
const CRM_DAYS: i64 = 90;
/// Days between hiding and deleting.
pub const GRACE_DAYS: i64 = 7;
/// Days for which nothing is hidden after the owner brought data back: time to copy it or to change the settings.
pub const RESPITE_DAYS: i64 = 30;
/// How long the clock must run without a jump before anything is deleted.
const TRUST: i64 = 7 * DAY_MS;
/// A machine may be off over a long weekend; a larger gap may be a jump of the clock.
const JUMP: i64 = 4 * DAY_MS;
/// Setting that records how the clock ran.
pub(super) const CLOCK: &str = "retention.clock";

/// How long a workspace keeps what visitors said; the section "retention" of its settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RetentionSettings {
    /// Days after the last message that a conversation is kept, with its messages, receipts, ratings and gaps; also
    /// applies to receipts of questions outside conversations, and to contacts without conversation and open task.
    pub conversation_days: u32,
    /// Unix ms until which nothing is hidden or deleted, because the owner brought hidden data back.
    pub respite_until: Option<UnixMs>,
}

impl Default for RetentionSettings {
    fn default() -> Self {
        Self {
            conversation_days: 180,
            respite_until: None,
        }
    }
}

impl RetentionSettings {
    /// The section's name in the workspace's settings.
    pub const SECTION: &'static str = "retention";
    /// Range that the owner can choose from.
    pub const DAYS: std::ops::RangeInclusive<u32> = 1..=3650;
}

/// Result of a sweep.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Newly hidden items that people said.
    pub hidden: usize,
    /// Hidden items now deleted for good.
    pub deleted: Count,
    /// Deleted sessions, jobs, used links, absent visitors, e-mail, events and rows of the ledger.
    pub others: usize,
}

/// How long a workspace keeps data, and what waits to be deleted.
#[derive(Debug, Clone, Copy)]
pub struct Kept {
    /// Days of conversations.
    pub settings: RetentionSettings,
    /// Days of call records.
    pub record_days: u32,
    /// Days of recordings.
    pub recording_days: u32,
    pub waiting: Waiting,
}

/// Why retention settings were not changed.
#[derive(Debug, thiserror::Error)]
pub enum RetentionError {
    /// Outside [`RetentionSettings::DAYS`].
    #[error("give 1 to 3650 days")]
    Days,
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// History of the machine's clock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Clock {
    /// Unix ms since which it has not jumped.
    since: UnixMs,
    /// When it was last read, Unix ms.
    last: UnixMs,
}

impl Clock {
    /// Updates the history at `now`, and tells whether the clock can be trusted.
    fn at(before: Option<Self>, now: UnixMs) -> (Self, bool) {
        let since = match before {
            Some(clock) if (clock.last..=clock.last + JUMP).contains(&now) => clock.since,
            _ => now,
        };
        (Self { since, last: now }, now - since >= TRUST)
    }
}

/// Time between checks of the room on the disk.
const LOOK: std::time::Duration = std::time::Duration::from_secs(30);

/// Keeps a reserve of disk space for when the disk is full, until `shutdown`.
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
                tracing::warn!(%error, "no disk space could be reserved");
            }
        }
    });
}

/// Sweeps at once and then hourly, until `shutdown`; also erases closed workspaces whose week is over.
pub(super) fn start(
    store: Store,
    knowledge: Knowledge,
    backups: Backups,
    tasks: &TaskTracker,
    shutdown: CancellationToken,
) {
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
                tracing::warn!(%error, "the database from before an update could not be removed");
            }
            let now = jiff::Timestamp::now().as_millisecond();
            match sweep(&store, now).await {
                Ok(None) => continue,
                Ok(Some(swept)) if swept == Swept::default() => {}
                Ok(Some(swept)) => {
                    tracing::info!(?swept, "expired data was hidden, to be deleted later");
                    privacy::empty_log(&store).await;
                }
                Err(error) => {
                    tracing::warn!(%error, "expired data could not be deleted");
                    continue;
                }
            }
            if let Err(error) = closing::erase_due(&store, &knowledge, &backups, now).await {
                tracing::error!(%error, "a closed workspace could not be erased yet");
            }
        }
    });
}

/// Hides expired data and deletes what was hidden long enough; `None` while the clock is not trusted. Data that is
/// no longer expired is always shown again.
///
/// # Errors
/// When the store fails; retried an hour later.
pub async fn sweep(store: &Store, now: UnixMs) -> Result<Option<Swept>, StoreError> {
    let swept = store.write(move |tx| {
        let (clock, trusted) = Clock::at(settings::find(tx, CLOCK)?, now);
        settings::set(tx, CLOCK, &clock)?;
        let mut swept = Swept::default();
        for workspace in workspaces::list(tx)? {
            let limits = limits(tx, workspace.id, now)?;
            due::show(tx, workspace.id, &limits)?;
            if trusted {
                let due_at = now.saturating_add(GRACE_DAYS * DAY_MS);
                swept.hidden += due::hide(tx, workspace.id, &limits, due_at)?;
            }
        }
        if !trusted {
            return Ok(None);
        }
        swept.deleted = due::delete(tx, now)?;
        swept.others = delete_others(tx, now)?;
        Ok(Some(swept))
    });
    swept.await
}

/// Times before which a workspace's data has expired.
fn limits(conn: &Connection, workspace: WorkspaceId, now: UnixMs) -> Result<Limits, StoreError> {
    let kept: RetentionSettings = workspaces::section(conn, workspace, RetentionSettings::SECTION)?;
    // If the clock was set back, an old respite must not last for ever.
    let respite = now..=now.saturating_add(RESPITE_DAYS * DAY_MS);
    if kept
        .respite_until
        .is_some_and(|until| respite.contains(&until))
    {
        return Ok(Limits::NONE);
    }
    let voice: VoiceSettings = workspaces::section(conn, workspace, VoiceSettings::SECTION)?;
    let before = |days: u32| now.saturating_sub(i64::from(days) * DAY_MS);
    Ok(Limits {
        conversations: before(kept.conversation_days),
        calls: before(voice.record_days),
        recordings: now,
    })
}

fn delete_others(tx: &Transaction<'_>, now: UnixMs) -> Result<usize, StoreError> {
    let before = |days: i64| now.saturating_sub(days * DAY_MS);
    Ok(sessions::purge_expired(tx, now)?
        + sign_ins::purge_expired(tx, now)?
        + second_factors::purge_unconfirmed(tx, now.saturating_sub(SET_UP_MS))?
        + setup_tokens::purge(tx, now, false)?
        + client_secrets::purge_expired(tx, now)?
        + visitors::purge_expired(tx, now)?
        + api_answers::purge_expired(tx, now)?
        + api_threads::purge_expired(tx, now)?
        + jobs::purge_ended(tx, before(JOB_DAYS))?
        + mail::purge(tx, before(MAIL_DAYS))?
        + mail::purge_old(tx, before(MAIL_DAYS))?
        + webhooks::deliveries::purge(tx, before(DELIVERY_DAYS))?
        + tools::calls::purge(tx, before(TOOL_DAYS))?
        + events::purge(tx, before(LEDGER_DAYS))?
        + billing::purge(tx, before(LEDGER_DAYS))?
        + invitations::purge(tx, before(MAIL_DAYS))?
        + audit::sweep(tx, now)?
        + egress::purge(tx, before(LEDGER_DAYS))?
        + crm::oauth_states::purge_expired(tx, now)?
        + crm::hooks::purge(tx, before(CRM_DAYS))?
        + crm::messages::purge(tx, before(CRM_DAYS))?
        + crm::jobs::purge(tx, before(CRM_DAYS))?
        + crm::deleted::purge(tx, before(CRM_DAYS))?
        + assistants::purge_deleted(tx, before(assistants::KEPT_DAYS))?
        + closures::purge(tx, before(LEDGER_DAYS))?)
}

/// How long a workspace keeps data, and what waits to be deleted.
pub async fn kept(store: &Store, by: &Member) -> Result<Kept, RetentionError> {
    let workspace = by.need(MAY)?;
    let read = store.read(move |conn| {
        let voice: VoiceSettings = workspaces::section(conn, workspace, VoiceSettings::SECTION)?;
        Ok(Kept {
            settings: workspaces::section(conn, workspace, RetentionSettings::SECTION)?,
            record_days: voice.record_days,
            recording_days: voice.recording_days,
            waiting: due::waiting(conn, workspace)?,
        })
    });
    Ok(read.await?)
}

/// Sets how many days conversations are kept. Hidden ones within that time are shown again at once.
///
/// # Errors
/// For days outside of [`RetentionSettings::DAYS`].
pub async fn keep_for(store: &Store, by: &Member, days: u32) -> Result<(), RetentionError> {
    let workspace = by.need(MAY)?;
    let now = jiff::Timestamp::now().as_millisecond();
    if !RetentionSettings::DAYS.contains(&days) {
        return Err(RetentionError::Days);
    }
    let changed = change(store, workspace, now, move |kept| {
        kept.conversation_days = days
    });
    Ok(changed.await?)
}

/// Shows everything that waits to be deleted again, and hides nothing for [`RESPITE_DAYS`].
pub async fn take_back(store: &Store, by: &Member, now: UnixMs) -> Result<(), RetentionError> {
    let workspace = by.need(MAY)?;
    let until = now.saturating_add(RESPITE_DAYS * DAY_MS);
    let changed = change(store, workspace, now, move |kept| {
        kept.respite_until = Some(until)
    });
    Ok(changed.await?)
}

async fn change(
    store: &Store,
    workspace: WorkspaceId,
    now: UnixMs,
    change: impl FnOnce(&mut RetentionSettings) + Send + 'static,
) -> Result<(), StoreError> {
    let changed = store.write(move |tx| {
        let section = RetentionSettings::SECTION;
        let mut kept: RetentionSettings = workspaces::section(tx, workspace, section)?;
        change(&mut kept);
        workspaces::set_section(tx, workspace, section, &kept)?;
        due::show(tx, workspace, &limits(tx, workspace, now)?).map(drop)
    });
    changed.await
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
