//! Putting conversations aside, marking them as spam, and as read.

use serde_json::json;

use super::{StaffError, change, me};
use crate::access::Member;
use crate::store::conversations::Conversation;
use crate::store::handover::{self, Change};
use crate::store::inbox::{notes, reads};
use crate::store::{ConversationId, Scoped, Store, StoreError, Transaction, UnixMs, UserId};

/// One year.
const LONGEST_SNOOZE_MS: i64 = 366 * 24 * 60 * 60 * 1000;

/// Puts a conversation aside until then, or takes it back. Returns until when it was aside before.
pub async fn snooze(
    store: &Store,
    by: &Member,
    id: ConversationId,
    until: Option<UnixMs>,
    now: UnixMs,
) -> Result<Option<UnixMs>, StaffError> {
    let ahead = until.is_none_or(|until| until > now && until <= now + LONGEST_SNOOZE_MS);
    if !ahead {
        let detail = "until must be in the future, within a year";
        return Err(StaffError::wrong("until", detail));
    }
    let who = me(by);
    change(store, by, id, move |tx, of| {
        put_aside(tx, of, until, who, now)?;
        Ok(of.snoozed_until)
    })
    .await
}

pub(super) fn put_aside(
    tx: &Transaction<'_>,
    of: &Scoped<Conversation>,
    until: Option<UnixMs>,
    who: Option<UserId>,
    now: UnixMs,
) -> Result<(), StoreError> {
    let data = json!({ "by": who, "until": until });
    let change = Change::new("conversation_snoozed", &data).snooze(until);
    handover::apply(tx, of, None, &change, now).map(drop)
}

/// Marks a conversation as spam, or not. Returns what it was before.
pub async fn set_spam(
    store: &Store,
    by: &Member,
    id: ConversationId,
    spam: bool,
    now: UnixMs,
) -> Result<bool, StaffError> {
    let who = me(by);
    change(store, by, id, move |tx, of| {
        mark_spam(tx, of, spam, who, now)?;
        Ok(of.spam)
    })
    .await
}

pub(super) fn mark_spam(
    tx: &Transaction<'_>,
    of: &Scoped<Conversation>,
    spam: bool,
    who: Option<UserId>,
    now: UnixMs,
) -> Result<(), StoreError> {
    if of.spam == spam {
        return Ok(());
    }
    let data = json!({ "by": who, "value": spam });
    let change = Change::new("conversation_spam", &data).spam(spam);
    handover::apply(tx, of, None, &change, now).map(drop)
}

/// The person has seen everything in a conversation, or wants it to count as new. Returns the place up to which they had
/// read. A program reads nothing.
pub async fn set_read(
    store: &Store,
    by: &Member,
    id: ConversationId,
    read: bool,
    now: UnixMs,
) -> Result<i64, StaffError> {
    let who = me(by);
    change(store, by, id, move |tx, of| {
        let Some(who) = who else {
            return Ok(0);
        };
        if !read {
            return reads::mark_unread(tx, of, who);
        }
        notes::mark_mentions_seen(tx, of.id, who, now)?;
        reads::mark_read(tx, of, who)
    })
    .await
}
