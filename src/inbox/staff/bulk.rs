//! One act on many conversations, and its undoing.

use super::assign::{self, Assignee, Holders};
use super::undo::Was;
use super::{DAILY, StaffError, Undos, change, marks, me, tags};
use crate::access::Member;
use crate::store::conversations::{self, Conversation, ConversationState};
use crate::store::inbox::{reads, tags as kept_tags};
use crate::store::{ConversationId, Scoped, StoreError, Transaction, UnixMs, UserId};

use super::super::{Inbox, InboxError, acts, turns};

/// At once.
pub const MOST: usize = 200;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    Close,
    Spam(bool),
    /// `None` takes it back.
    Snooze(Option<UnixMs>),
    Assign(Assignee),
    Tag {
        tags: Vec<String>,
        /// Otherwise they are taken off.
        add: bool,
    },
    Read(bool),
}

/// What became of each conversation.
#[derive(Debug, Default)]
pub struct Outcome {
    pub done: Vec<ConversationId>,
    pub failed: Vec<(ConversationId, StaffError)>,
    /// For [`undo`]; `None` if nothing was done.
    pub undo: Option<String>,
}

/// Does the same to each conversation, one after the other; those that cannot be changed are told.
///
/// # Errors
/// `Wrong` for too many, or an act that makes sense for none of them.
pub async fn act(
    inbox: &Inbox,
    undos: &Undos,
    by: &Member,
    ids: &[ConversationId],
    act: &Act,
    now: UnixMs,
) -> Result<Outcome, StaffError> {
    by.need(DAILY)?;
    if ids.is_empty() || ids.len() > MOST {
        let detail = format!("name 1 to {MOST} conversations at a time");
        return Err(StaffError::wrong("ids", detail));
    }
    if let Act::Tag { tags, .. } = act {
        tags::check(tags)?;
    }
    let mut outcome = Outcome::default();
    let mut was = Vec::new();
    for id in ids {
        if outcome.done.contains(id) {
            continue;
        }
        match act_on_one(inbox, by, *id, act, now).await {
            Ok(before) => {
                outcome.done.push(*id);
                was.push((*id, before));
            }
            // The act itself is at fault, so it is at fault for all.
            Err(wrong @ StaffError::Wrong { .. }) => return Err(wrong),
            Err(error) => outcome.failed.push((*id, error)),
        }
    }
    if !was.is_empty() {
        outcome.undo = Some(undos.keep(by, was, now));
    }
    Ok(outcome)
}

async fn act_on_one(
    inbox: &Inbox,
    by: &Member,
    id: ConversationId,
    act: &Act,
    now: UnixMs,
) -> Result<Was, StaffError> {
    let store = inbox.store();
    Ok(match act {
        Act::Close => close(inbox, by, id, now).await?,
        Act::Spam(spam) => Was::Spam {
            before: marks::set_spam(store, by, id, *spam, now).await?,
            left: *spam,
        },
        Act::Snooze(until) => Was::Snoozed {
            before: marks::snooze(store, by, id, *until, now).await?,
            left: *until,
        },
        Act::Assign(to) => {
            let (before, left) = assign::assign(store, by, id, *to, now).await?;
            Was::Assigned { before, left }
        }
        Act::Tag { tags, add } => {
            let wanted = tags::check(tags)?;
            let before = tags::adjust(store, by, id, &wanted, *add, now).await?;
            let had = |tag: &String| before.contains(tag);
            let (removed, added): (Vec<_>, Vec<_>) = wanted.into_iter().partition(had);
            match *add {
                true => Was::Tagged {
                    added,
                    removed: Vec::new(),
                },
                false => Was::Tagged {
                    added: Vec::new(),
                    removed,
                },
            }
        }
        Act::Read(read) => Was::Read(marks::set_read(store, by, id, *read, now).await?),
    })
}

async fn close(
    inbox: &Inbox,
    by: &Member,
    id: ConversationId,
    now: UnixMs,
) -> Result<Was, StaffError> {
    let workspace = by.need(DAILY)?;
    let person = acts::person(by)?;
    let close = move |tx: &Transaction<'_>| -> Result<Was, InboxError> {
        let of = conversations::get(tx, workspace, id)?;
        turns::close(tx, &of, Some(&person), None, now)?;
        Ok(match of.state {
            ConversationState::Closed => Was::Same,
            _ => Was::Open(Holders::of(&of)),
        })
    };
    Ok(inbox.write(close).await?)
}

/// Puts things back as they were. What a visitor was told stays told, and what somebody has changed since stays changed.
///
/// # Errors
/// `Wrong` for a token that is unknown, of somebody else, older than ten minutes, or from before a restart.
pub async fn undo(
    inbox: &Inbox,
    undos: &Undos,
    by: &Member,
    token: &str,
    now: UnixMs,
) -> Result<Outcome, StaffError> {
    by.need(DAILY)?;
    let Some(was) = undos.take(by, token, now) else {
        let detail = "this cannot be undone any more: it was done more than ten minutes ago, was undone already, or \
                      Frontdesk was restarted since";
        return Err(StaffError::wrong("token", detail));
    };
    let mut outcome = Outcome::default();
    for (id, was) in was {
        match put_back(inbox, by, id, was, now).await {
            Ok(()) => outcome.done.push(id),
            Err(error) => outcome.failed.push((id, error)),
        }
    }
    Ok(outcome)
}

async fn put_back(
    inbox: &Inbox,
    by: &Member,
    id: ConversationId,
    was: Was,
    now: UnixMs,
) -> Result<(), StaffError> {
    let who = me(by);
    change(inbox.store(), by, id, move |tx, of| {
        put_back_in(tx, of, was, who, now)
    })
    .await
}

fn put_back_in(
    tx: &Transaction<'_>,
    of: &Scoped<Conversation>,
    was: Was,
    who: Option<UserId>,
    now: UnixMs,
) -> Result<(), StoreError> {
    match was {
        Was::Same => Ok(()),
        Was::Open(before) => {
            check_left(of.state == ConversationState::Closed)?;
            let open = turns::reopen_by(tx, of, who, now)?;
            assign::restore(tx, &open, before, who, now)
        }
        Was::Spam { before, left } => {
            check_left(of.spam == left)?;
            marks::mark_spam(tx, of, before, who, now)
        }
        Was::Snoozed { before, left } => {
            check_left(of.snoozed_until == left)?;
            let until = before.filter(|until| *until > now);
            marks::put_aside(tx, of, until, who, now)
        }
        Was::Assigned { before, left } => {
            check_left(Holders::of(of) == left)?;
            assign::restore(tx, of, before, who, now)
        }
        Was::Tagged { added, removed } => {
            let mut wanted = kept_tags::of(tx, of.id)?;
            wanted.retain(|tag| !added.contains(tag) && !removed.contains(tag));
            wanted.extend(removed);
            kept_tags::set(tx, of, &wanted, who, now).map(drop)
        }
        Was::Read(seq) => match who {
            Some(who) => reads::set(tx, of, who, seq).map(drop),
            None => Ok(()),
        },
    }
}

/// Refuses to put back what is not as the act left it.
fn check_left(is_as_left: bool) -> Result<(), StoreError> {
    match is_as_left {
        true => Ok(()),
        false => Err(StoreError::Conflict(
            "somebody has changed this conversation since, so it stays as it is now".into(),
        )),
    }
}
