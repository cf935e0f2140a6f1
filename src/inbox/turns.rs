//! Changes of who answers a conversation, each within the caller's transaction: row, event and notice together.

use serde_json::{Value, json};

use super::InboxError;
use super::desk::{Desk, DeskSettings};
use super::notices::Notice;
use super::state::Act;
use crate::language::{self, Language};
use crate::store::conversations::{Channel, Conversation, ConversationState};
use crate::store::handover::{self, Change};
use crate::store::inbox::transcript;
use crate::store::messages::{self, Message, Speaker};
use crate::store::{Connection, Scoped, StoreError, Transaction, UnixMs, UserId, users};

/// Messages that are looked at for the visitor's language, and for a notice that they have read already.
const RECENT: u32 = 10;

/// A member of staff who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub id: UserId,
    pub name: String,
}

impl Person {
    /// What visitors see of the name.
    pub fn first_name(&self) -> &str {
        first_name(&self.name)
    }
}

/// The part of a name that visitors see.
pub fn first_name(name: &str) -> &str {
    name.split_whitespace().next().unwrap_or(name)
}

/// Why a conversation needs a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The visitor said so.
    Visitor,
    /// The visitor pressed the button.
    Button,
    /// A risky topic, and no sure answer.
    Risky,
    /// Several refusals in a row.
    Refusals,
    /// An answer was rated as bad.
    Rating,
    /// The assistant leaves the topic or the language to people.
    Topic,
}

impl Why {
    /// Name in the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::Button => "button",
            Self::Risky => "risky",
            Self::Refusals => "refusals",
            Self::Rating => "rating",
            Self::Topic => "topic",
        }
    }

    /// Whether the visitor asked, so that they must be told something.
    fn is_wish(self) -> bool {
        matches!(self, Self::Visitor | Self::Button)
    }
}

/// What became of a request for a person.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    pub conversation: Scoped<Conversation>,
    /// Whether the desk is open.
    pub open: bool,
    pub text: String,
    /// What the visitor was told now; `None` if they knew it already.
    pub notice: Option<Scoped<Message>>,
}

/// Calls a person, or says honestly that nobody is there.
pub fn ask(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    why: Why,
    now: UnixMs,
) -> Result<Asked, StoreError> {
    let conversation = match conversation.state {
        ConversationState::Waiting | ConversationState::Human => {
            return Ok(Asked {
                conversation: conversation.clone(),
                open: true,
                text: tell_who(tx, conversation)?,
                notice: None,
            });
        }
        ConversationState::Closed => reopen(tx, conversation, now)?,
        ConversationState::Open => conversation.clone(),
    };
    let desk = Desk::of_conversation(tx, &conversation, now)?;
    let language = language_of(tx, &conversation)?;
    if desk.is_open(now) {
        let text = Notice::Waiting.text(language);
        let data = json!({ "reason": why.as_str() });
        let wait = change(Act::Ask, &data)
            .waiting_since(Some(now))
            .assign(None);
        let conversation = go(tx, &conversation, Act::Ask, wait.notice(&text), now)?;
        return Ok(Asked {
            open: true,
            text,
            notice: last(tx, &conversation)?,
            conversation,
        });
    }
    let text = tell_nobody(&desk, language, now);
    let recent = messages::list(tx, &conversation, RECENT)?;
    let knows = |message: &Message| message.role == Speaker::System && message.text == text;
    if !why.is_wish() && recent.iter().any(knows) {
        return Ok(Asked {
            conversation,
            open: false,
            text,
            notice: None,
        });
    }
    let data = json!({ "reason": "closed" });
    let expire = change(Act::Expire, &data).notice(&text);
    let conversation = go(tx, &conversation, Act::Expire, expire, now)?;
    Ok(Asked {
        open: false,
        text,
        notice: last(tx, &conversation)?,
        conversation,
    })
}

/// Calls a person after a bad rating, if the desk wants it so.
pub fn after_bad_rating(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    now: UnixMs,
) -> Result<(), StoreError> {
    let rules = DeskSettings::of_conversation(tx, conversation)?.hand_over;
    let open = conversation.state == ConversationState::Open;
    if rules.bad_rating && open && conversation.channel == Channel::Chat {
        ask(tx, conversation, Why::Rating, now)?;
    }
    Ok(())
}

/// What somebody is told who asks again.
fn tell_who(conn: &Connection, conversation: &Scoped<Conversation>) -> Result<String, StoreError> {
    let language = language_of(conn, conversation)?;
    let holder = conversation.assigned_to;
    Ok(
        match holder.filter(|_| conversation.state == ConversationState::Human) {
            Some(holder) => {
                let name = users::get(conn, holder)?.name;
                let name = first_name(&name);
                Notice::Taken { name }.text(language)
            }
            None => Notice::Waiting.text(language),
        },
    )
}

fn tell_nobody(desk: &Desk, language: Language, now: UnixMs) -> String {
    let opens = desk.next_opening(now).map(|opens| (opens, desk.local(now)));
    let callback = desk.settings.callback;
    Notice::Nobody { opens, callback }.text(language)
}

/// A person takes a conversation. Whoever has it keeps it, unless the other one saw that: `revision` is the one that they
/// saw.
pub fn take(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    by: &Person,
    revision: Option<i64>,
    now: UnixMs,
) -> Result<Scoped<Conversation>, InboxError> {
    let conversation = match conversation.state {
        ConversationState::Closed => reopen_by(tx, conversation, Some(by.id), now)?,
        _ => conversation.clone(),
    };
    let language = language_of(tx, &conversation)?;
    let name = by.first_name();
    let seen = |change: Change<'_>| -> Result<Scoped<Conversation>, InboxError> {
        let change = change.assign(Some(by.id)).agent_seen_at(Some(now));
        Ok(handover::apply(tx, &conversation, None, &change, now)?)
    };
    if conversation.state != ConversationState::Human {
        let text = Notice::Taken { name }.text(language);
        let data = json!({ "by": by.id });
        // Who asked and was not answered waits on; who was with the assistant waits for nothing yet.
        let take = change(Act::Take, &data).state(to(Act::Take, conversation.state)?);
        return seen(take.notice(&text));
    }
    if conversation.assigned_to == Some(by.id) {
        handover::keep_alive(tx, &conversation, by.id, now)?;
        return Ok(conversation);
    }
    check_holder(tx, &conversation, by.id, revision)?;
    let text = Notice::TakenOver { name }.text(language);
    let data = json!({ "by": by.id, "from": conversation.assigned_to });
    seen(change(Act::TakeOver, &data).notice(&text))
}

/// Refuses an act on a conversation that another person has, unless they saw that.
fn check_holder(
    conn: &Connection,
    conversation: &Scoped<Conversation>,
    by: UserId,
    revision: Option<i64>,
) -> Result<(), InboxError> {
    let Some(holder) = conversation.assigned_to else {
        return Ok(());
    };
    let theirs = conversation.state == ConversationState::Human && holder != by;
    match revision {
        Some(seen) if seen != conversation.revision => Err(InboxError::Changed),
        None if theirs => Err(InboxError::Taken {
            by: users::get(conn, holder)?.name,
        }),
        _ => Ok(()),
    }
}

/// The person gives a conversation back to the assistant.
pub fn give_back(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    by: &Person,
    revision: Option<i64>,
    now: UnixMs,
) -> Result<Scoped<Conversation>, InboxError> {
    check_holder(tx, conversation, by.id, revision)?;
    let text = Notice::Returned.text(language_of(tx, conversation)?);
    let data = json!({ "by": by.id });
    let back = released(change(Act::Return, &data)).waiting_since(None);
    to(Act::Return, conversation.state)?;
    Ok(go(tx, conversation, Act::Return, back.notice(&text), now)?)
}

/// Puts a conversation back into the queue, because the person who had it is gone.
pub fn requeue(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    now: UnixMs,
) -> Result<Scoped<Conversation>, StoreError> {
    let name = match conversation.assigned_to {
        Some(id) => Some(users::get(tx, id)?.name),
        None => None,
    };
    let name = name.as_deref().map(first_name);
    let text = Notice::Requeued { name }.text(language_of(tx, conversation)?);
    let data = json!({ "by": conversation.assigned_to });
    let back = released(change(Act::Requeue, &data)).waiting_since(Some(now));
    go(tx, conversation, Act::Requeue, back.notice(&text), now)
}

/// Why waiting ends without a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// The desk is closed.
    Closed,
    /// Nobody came in time.
    Timeout,
}

/// Ends the waiting of a visitor whom nobody came to.
pub fn expire(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    desk: &Desk,
    why: Expiry,
    now: UnixMs,
) -> Result<Scoped<Conversation>, StoreError> {
    let language = language_of(tx, conversation)?;
    let (reason, text) = match why {
        Expiry::Closed => ("closed", tell_nobody(desk, language, now)),
        Expiry::Timeout => {
            let callback = desk.settings.callback;
            ("timeout", Notice::Timeout { callback }.text(language))
        }
    };
    let data = json!({ "reason": reason });
    let expire = released(change(Act::Expire, &data)).waiting_since(None);
    go(tx, conversation, Act::Expire, expire.notice(&text), now)
}

/// Ends a conversation; `None` is the visitor.
pub fn close(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    by: Option<&Person>,
    revision: Option<i64>,
    now: UnixMs,
) -> Result<Scoped<Conversation>, InboxError> {
    if conversation.state == ConversationState::Closed {
        return Ok(conversation.clone());
    }
    if let Some(by) = by {
        check_holder(tx, conversation, by.id, revision)?;
    }
    let text = Notice::Closed.text(language_of(tx, conversation)?);
    let data = json!({ "by": by.map(|by| by.id) });
    let close = change(Act::Close, &data)
        .waiting_since(None)
        .agent_seen_at(None)
        .notice(&text);
    Ok(go(tx, conversation, Act::Close, close, now)?)
}

/// Opens a closed conversation again, because the visitor writes.
pub fn reopen(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    now: UnixMs,
) -> Result<Scoped<Conversation>, StoreError> {
    reopen_by(tx, conversation, None, now)
}

pub(super) fn reopen_by(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    by: Option<UserId>,
    now: UnixMs,
) -> Result<Scoped<Conversation>, StoreError> {
    if conversation.state != ConversationState::Closed {
        return Ok(conversation.clone());
    }
    let data = by.map_or_else(|| json!({}), |by| json!({ "by": by }));
    let open = change(Act::Reopen, &data).assign(None);
    if conversation.merged_into.is_some() {
        // Its visitor was led to the other one; what is said here from now on must reach them.
        transcript::part(tx, conversation)?;
    }
    go(tx, conversation, Act::Reopen, open, now)
}

fn change<'a>(act: Act, data: &'a Value) -> Change<'a> {
    Change::new(act.event(), data)
}

fn released(change: Change<'_>) -> Change<'_> {
    change.assign(None).agent_seen_at(None)
}

fn to(act: Act, state: ConversationState) -> Result<ConversationState, InboxError> {
    act.from(state).ok_or(InboxError::Changed)
}

/// Carries out a change that the table of states allows.
fn go(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    act: Act,
    change: Change<'_>,
    now: UnixMs,
) -> Result<Scoped<Conversation>, StoreError> {
    let Some(state) = act.from(conversation.state) else {
        let told = "the conversation is not in a state in which this can be done";
        return Err(StoreError::Conflict(told.into()));
    };
    let from = [conversation.state];
    handover::apply(
        tx,
        conversation,
        None,
        &change.from(&from).state(state),
        now,
    )
}

fn last(
    conn: &Connection,
    conversation: &Scoped<Conversation>,
) -> Result<Option<Scoped<Message>>, StoreError> {
    let last = messages::list(conn, conversation, 1)?.pop();
    last.map(|last| messages::get(conn, conversation.workspace(), last.id))
        .transpose()
}

/// The language that the visitor writes in; English before they wrote.
pub fn language_of(
    conn: &Connection,
    conversation: &Scoped<Conversation>,
) -> Result<Language, StoreError> {
    if let Some(code) = &conversation.language {
        return Ok(Language::of_code(code).unwrap_or(Language::En));
    }
    let recent = messages::list(conn, conversation, RECENT)?;
    let said = recent
        .iter()
        .filter(|message| message.role == Speaker::User);
    let said: Vec<&str> = said.map(|message| message.text.as_str()).collect();
    Ok(match said.is_empty() {
        true => Language::En,
        false => language::of_question(&said.join("\n")),
    })
}
