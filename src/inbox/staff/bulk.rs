//! One act on many conversations, and its undoing.

use super::assign::{self, Assignee, Before};
use super::undo::Was;
use super::{DAILY, StaffError, Undos, marks, tags};
use crate::access::Member;
use crate::store::conversations;
use crate::store::{ConversationId, UnixMs};

use super::super::{Inbox, acts};

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
        Act::Close => {
            let workspace = by.need(DAILY)?;
            let found = store
                .read(move |conn| conversations::get(conn, workspace, id))
                .await?;
            acts::close(inbox, by, id, None).await?;
            Was::Open(Before {
                user: found.assigned_to,
                team: found.team,
            })
        }
        Act::Spam(spam) => Was::Spam(marks::set_spam(store, by, id, *spam, now).await?),
        Act::Snooze(until) => Was::Snoozed(marks::snooze(store, by, id, *until, now).await?),
        Act::Assign(to) => Was::Assigned(assign::assign(store, by, id, *to, now).await?),
        Act::Tag { tags, add } => Was::Tagged(tags::adjust(store, by, id, tags, *add, now).await?),
        Act::Read(read) => Was::Read(marks::set_read(store, by, id, *read, now).await?),
    })
}

/// Puts things back as they were. What a visitor was told stays told.
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
    let store = inbox.store();
    match was {
        Was::Open(before) => {
            acts::reopen(inbox, by, id).await?;
            assign::restore(store, by, id, before, now).await
        }
        Was::Spam(spam) => marks::set_spam(store, by, id, spam, now).await.map(drop),
        Was::Snoozed(until) => {
            let until = until.filter(|until| *until > now);
            marks::snooze(store, by, id, until, now).await.map(drop)
        }
        Was::Assigned(before) => assign::restore(store, by, id, before, now).await,
        Was::Tagged(before) => tags::set(store, by, id, &before, now).await.map(drop),
        Was::Read(seq) => marks::restore_read(store, by, id, seq).await,
    }
}
