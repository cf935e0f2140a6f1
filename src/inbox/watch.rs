//! The clock of the desk: nobody waits for somebody who does not come.
//!
//! - Somebody waits longer than the desk allows, or the desk is closed: they are told, and are back with the assistant.
//! - The person who has a conversation is silent for two minutes, suspended or deleted: it goes back into the queue. Whoever
//!   follows the inbox is not silent ([`super::attendance`]).
//! - A snoozed conversation comes back.
//!
//! A jump of the clock makes nobody late: times are moved by it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::Inbox;
use super::attendance::Here;
use super::desk::Desk;
use super::turns::{self, Expiry};
use crate::store::conversations::Conversation;
use crate::store::handover::{self, Awaited, Change};
use crate::store::users::{self, Role};
use crate::store::{
    AssistantId, Connection, ConversationId, Scoped, StoreError, Transaction, UnixMs, UserId,
    WorkspaceId, members,
};

/// Time between looks at the store.
const EVERY: Duration = Duration::from_secs(5);
/// Time between looks at who types.
const SWEEP_EVERY: Duration = Duration::from_secs(2);
/// After this long without a sign of the person who has it, a conversation goes back into the queue.
pub const AWAY_MS: i64 = 2 * 60 * 1000;
/// The same for somebody who answers by e-mail, from when the visitor waits.
pub const AWAY_BY_MAIL_MS: i64 = 30 * 60 * 1000;
/// A difference between wall clock and monotonic clock beyond this is a jump.
const JUMP_MS: i64 = 10_000;
/// Conversations changed in one go; those left over are next.
const AT_ONCE: u32 = 500;

/// What is to be done, found without a write.
#[derive(Debug, Clone, PartialEq)]
enum Due {
    Expire(Expiry),
    Requeue,
    /// The person was there until then, which the store does not know yet.
    Keep(UserId, UnixMs),
    Wake,
}

/// Does what is due at a time, as if nobody followed the inbox; returns how many conversations it touched.
pub fn settle(tx: &Transaction<'_>, now: UnixMs) -> Result<usize, StoreError> {
    settle_with(tx, &Here::new(), now)
}

/// Does what is due at a time.
fn settle_with(tx: &Transaction<'_>, here: &Here, now: UnixMs) -> Result<usize, StoreError> {
    let due = find_due(tx, here, now)?;
    for (conversation, due) in &due {
        match due {
            Due::Keep(person, seen_at) => {
                handover::keep_alive(tx, conversation, *person, *seen_at)?;
            }
            Due::Expire(why) => {
                let desk = Desk::of_conversation(tx, conversation, now)?;
                turns::expire(tx, conversation, &desk, *why, now)?;
            }
            Due::Requeue => {
                turns::requeue(tx, conversation, now)?;
            }
            Due::Wake => {
                let data = json!({ "by": null, "until": null });
                let wake = Change::new("conversation_snoozed", &data).snooze(None);
                handover::apply(tx, conversation, None, &wake, now)?;
            }
        }
    }
    Ok(due.len())
}

fn find_due(
    conn: &Connection,
    here: &Here,
    now: UnixMs,
) -> Result<Vec<(Scoped<Conversation>, Due)>, StoreError> {
    let mut due = Vec::new();
    // An assistant may have hours of its own.
    let mut desks: HashMap<(WorkspaceId, Option<AssistantId>), Desk> = HashMap::new();
    // All of them: a desk may close while others wait longer at desks that are open.
    for waiting in handover::list_awaited(conn, Awaited::Person, u32::MAX)? {
        let of = (waiting.workspace(), waiting.assistant);
        let desk = match desks.entry(of) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(Desk::of_conversation(conn, &waiting, now)?),
        };
        let longest = i64::from(desk.settings.wait_minutes) * 60_000;
        let is_late = waiting
            .waiting_since
            .is_none_or(|since| now - since >= longest);
        if !desk.is_open(now) {
            due.push((waiting, Due::Expire(Expiry::Closed)));
        } else if is_late {
            due.push((waiting, Due::Expire(Expiry::Timeout)));
        }
    }
    due.truncate(usize::try_from(AT_ONCE).unwrap_or(usize::MAX));
    let (seen_until, waiting_until) = (now - AWAY_MS, now - AWAY_BY_MAIL_MS);
    for held in handover::list_untended(conn, seen_until, waiting_until, AT_ONCE)? {
        let mut kept = None;
        let is_away = match held.agent_seen_at {
            Some(seen) if now - seen >= AWAY_MS => {
                kept = held.assigned_to.and_then(|holder| {
                    let at = *here.get(&(held.workspace(), holder))?;
                    (now - at < AWAY_MS).then_some((holder, at))
                });
                kept.is_none()
            }
            Some(_) => false,
            None => {
                let waits = |since| now - since >= AWAY_BY_MAIL_MS;
                held.waiting_since.is_some_and(waits)
            }
        };
        let is_gone = match held.assigned_to {
            Some(holder) if !is_away => !may_answer(conn, held.workspace(), holder)?,
            _ => true,
        };
        if is_gone {
            due.push((held, Due::Requeue));
        } else if let Some((holder, seen_at)) = kept {
            due.push((held, Due::Keep(holder, seen_at)));
        }
    }
    for snoozed in handover::list_awaited(conn, Awaited::Snoozed, AT_ONCE)? {
        // They are in the order of their times.
        if snoozed.snoozed_until.is_none_or(|until| until > now) {
            break;
        }
        due.push((snoozed, Due::Wake));
    }
    Ok(due)
}

/// Whether somebody is still of the workspace's staff.
fn may_answer(conn: &Connection, workspace: WorkspaceId, user: UserId) -> Result<bool, StoreError> {
    let user = users::get(conn, user)?;
    let role = members::role_of(conn, workspace, &user)?;
    Ok(user.suspended_at.is_none() && role.is_some_and(|role| role != Role::Viewer))
}

/// What one look tells the next: how the clocks stood, and who waited.
#[derive(Debug)]
pub struct Rounds {
    wall: UnixMs,
    steady: Instant,
    queue: Vec<ConversationId>,
}

impl Rounds {
    pub fn new(wall: UnixMs, steady: Instant) -> Self {
        Self {
            wall,
            steady,
            queue: Vec::new(),
        }
    }

    /// By how much the wall clock jumped since the last call, in ms; 0 if it did not.
    fn jumped(&mut self, wall: UnixMs, steady: Instant) -> i64 {
        let passed = steady.saturating_duration_since(self.steady).as_millis();
        let passed = i64::try_from(passed).unwrap_or(i64::MAX);
        let jump = wall.saturating_sub(self.wall).saturating_sub(passed);
        (self.wall, self.steady) = (wall, steady);
        if jump.abs() >= JUMP_MS { jump } else { 0 }
    }
}

/// One look: moves times by a jump of the clock, then does what is due.
pub async fn pass(inbox: &Inbox, rounds: &mut Rounds, wall: UnixMs, steady: Instant) {
    let jump = rounds.jumped(wall, steady);
    let looked = async {
        if jump != 0 {
            inbox.attendance().shift_clock(jump);
            let shift = move |tx: &Transaction<'_>| handover::shift_clock(tx, jump);
            inbox.store().write(shift).await?;
        }
        let here = inbox.attendance().here(wall);
        let known = here.clone();
        // Mostly there is nothing to do, and a write waits for the disk.
        let look = move |conn: &Connection| find_due(conn, &known, wall);
        if !inbox.store().read(look).await?.is_empty() {
            let settle = move |tx: &Transaction<'_>| settle_with(tx, &here, wall);
            inbox.store().write(settle).await?;
        }
        // Places in the queue change when others leave it.
        let read = |conn: &Connection| handover::list_awaited(conn, Awaited::Person, u32::MAX);
        let waiting = inbox.store().read(read).await?;
        let queue: Vec<ConversationId> = waiting.iter().map(|one| one.id).collect();
        if queue != rounds.queue {
            for id in &queue {
                inbox.live().nudge(id.uuid());
            }
            rounds.queue = queue;
        }
        Ok::<(), StoreError>(())
    };
    if let Err(error) = looked.await {
        tracing::warn!(%error, "could not look after waiting conversations");
    }
}

fn now() -> UnixMs {
    jiff::Timestamp::now().as_millisecond()
}

pub(super) async fn run(inbox: Inbox, shutdown: CancellationToken) {
    // While this process was not running nobody could show a sign of life.
    let begun = now();
    let see = move |tx: &Transaction<'_>| handover::see_everybody(tx, begun);
    if let Err(error) = inbox.store().write(see).await {
        tracing::warn!(%error, "could not look after conversations that people have");
    }
    let mut rounds = Rounds::new(now(), Instant::now());
    let mut looked = tokio::time::Instant::now();
    loop {
        tokio::select! {
            () = tokio::time::sleep(SWEEP_EVERY) => {}
            () = shutdown.cancelled() => return,
        }
        inbox.presence().sweep();
        if looked.elapsed() >= EVERY {
            pass(&inbox, &mut rounds, now(), Instant::now()).await;
            looked = tokio::time::Instant::now();
        }
    }
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;
