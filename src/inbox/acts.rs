//! What staff and visitors do with a conversation: each act is one transaction.

use super::desk::DeskSettings;
use super::turns::{self, Asked, Person, Why};
use super::{Inbox, InboxError};
use crate::access::{Caller, Member, Scope};
use crate::store::conversations::{self, Conversation, ConversationState};
use crate::store::messages::{
    self, Appended, LONGEST_CLIENT_ID, Message, MessageState, NewMessage, Speaker,
};
use crate::store::visitors::{self, Visitor};
use crate::store::{
    ConversationId, Scoped, StoreError, Transaction, UnixMs, WorkspaceId, handover,
};

const MAY: &[Scope] = &[Scope::Conversations];
const MAY_SET: &[Scope] = &[Scope::Admin];
/// In characters.
pub const LONGEST_MESSAGE: usize = 16_000;

/// A message that a member of staff writes.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    pub text: String,
    /// Chosen by the sender, so that a message sent twice is stored once.
    pub client_id: Option<String>,
    /// The revision that they saw, to take the conversation from somebody else.
    pub revision: Option<i64>,
    /// They answer from elsewhere, such as by e-mail, and no browser shows that they are there.
    pub from_away: bool,
}

/// The person behind a member.
pub fn person(by: &Member) -> Result<Person, InboxError> {
    match by.principal().caller() {
        Caller::User(user) => Ok(Person {
            id: user.id,
            name: user.name.clone(),
        }),
        Caller::Key(_) | Caller::Secret | Caller::Installation => Err(InboxError::Invalid(
            "a conversation is answered by a person; sign in to the console to do this".into(),
        )),
    }
}

fn now() -> UnixMs {
    jiff::Timestamp::now().as_millisecond()
}

/// Calls a person for a visitor, or tells them honestly that nobody is there.
///
/// # Errors
/// `NotFound` if it is not the visitor's conversation.
pub async fn ask_person(
    inbox: &Inbox,
    visitor: &Visitor,
    conversation: ConversationId,
    why: Why,
) -> Result<Asked, InboxError> {
    let visitor = visitor.clone();
    let act = move |tx: &Transaction<'_>| -> Result<Asked, InboxError> {
        let own = visitors::find_conversation(tx, &visitor)?;
        let own = own.filter(|own| own.id == conversation);
        let own = own.ok_or(StoreError::NotFound("the conversation"))?;
        Ok(turns::ask(tx, &own, why, now())?)
    };
    inbox.write(act).await
}

/// Ends the visitor's own conversation; `None` if there is none.
///
/// # Errors
/// When the store fails.
pub async fn end(
    inbox: &Inbox,
    visitor: &Visitor,
) -> Result<Option<Scoped<Conversation>>, InboxError> {
    let visitor = visitor.clone();
    let act = move |tx: &Transaction<'_>| -> Result<_, InboxError> {
        let Some(own) = visitors::find_conversation(tx, &visitor)? else {
            return Ok(None);
        };
        turns::close(tx, &own, None, None, now()).map(Some)
    };
    inbox.write(act).await
}

/// A person takes a conversation: from the assistant, from the queue, or with the `revision` that they saw from another
/// person.
///
/// # Errors
/// `Taken` names who has it; `Changed` if the revision is an old one.
pub async fn take(
    inbox: &Inbox,
    by: &Member,
    conversation: ConversationId,
    revision: Option<i64>,
) -> Result<Scoped<Conversation>, InboxError> {
    on(inbox, by, conversation, move |tx, conversation, by| {
        turns::take(tx, conversation, by, revision, now())
    })
    .await
}

/// Gives a conversation back to the assistant.
///
/// # Errors
/// `Taken` if another person has it, `Changed` if no person has it.
pub async fn give_back(
    inbox: &Inbox,
    by: &Member,
    conversation: ConversationId,
    revision: Option<i64>,
) -> Result<Scoped<Conversation>, InboxError> {
    on(inbox, by, conversation, move |tx, conversation, by| {
        turns::give_back(tx, conversation, by, revision, now())
    })
    .await
}

/// Puts a conversation that a person has back into the queue.
///
/// # Errors
/// `Changed` if no person has it.
pub async fn requeue(
    inbox: &Inbox,
    by: &Member,
    conversation: ConversationId,
) -> Result<Scoped<Conversation>, InboxError> {
    on(inbox, by, conversation, move |tx, conversation, _| {
        if conversation.state != ConversationState::Human {
            return Err(InboxError::Changed);
        }
        Ok(turns::requeue(tx, conversation, now())?)
    })
    .await
}

/// Closes a conversation; the visitor opens it again by writing.
///
/// # Errors
/// `Taken` if another person has it.
pub async fn close(
    inbox: &Inbox,
    by: &Member,
    conversation: ConversationId,
    revision: Option<i64>,
) -> Result<Scoped<Conversation>, InboxError> {
    on(inbox, by, conversation, move |tx, conversation, by| {
        turns::close(tx, conversation, Some(by), revision, now())
    })
    .await
}

/// Opens a closed conversation again.
///
/// # Errors
/// When the store fails.
pub async fn reopen(
    inbox: &Inbox,
    by: &Member,
    conversation: ConversationId,
) -> Result<Scoped<Conversation>, InboxError> {
    on(inbox, by, conversation, move |tx, conversation, by| {
        Ok(turns::reopen_by(tx, conversation, Some(by.id), now())?)
    })
    .await
}

/// A person writes to the visitor, and takes the conversation with that. `also` runs in the same transaction, for files that
/// belong to the message; not for a message that is known already.
///
/// # Errors
/// `Taken` if another person has it, `Invalid` for a text that is empty or too long.
pub async fn write(
    inbox: &Inbox,
    by: &Member,
    conversation: ConversationId,
    reply: Reply,
    also: impl FnOnce(&Transaction<'_>, &Scoped<Message>) -> Result<(), StoreError> + Send + 'static,
) -> Result<(Scoped<Conversation>, Scoped<Message>), InboxError> {
    check(&reply)?;
    on(inbox, by, conversation, move |tx, conversation, by| {
        let known = match &reply.client_id {
            Some(id) => {
                let (role, author) = (Speaker::Agent, Some(by.id));
                messages::find_by_client_id(tx, conversation, id, role, author)?
            }
            None => None,
        };
        if let Some(known) = known {
            return Ok((conversation.clone(), known));
        }
        let taken = turns::take(tx, conversation, by, reply.revision, now())?;
        if reply.from_away {
            handover::let_go(tx, &taken)?;
        }
        let new = NewMessage {
            role: Speaker::Agent,
            text: &reply.text,
            state: MessageState::Complete,
            client_id: reply.client_id.as_deref(),
            author: Some(by.id),
        };
        let message = match messages::append(tx, &taken, &new, now())? {
            Appended::Stored(message) => message,
            Appended::Known(message) => return Ok((taken, message)),
        };
        also(tx, &message)?;
        let taken = conversations::get(tx, taken.workspace(), taken.id)?;
        Ok((taken, message))
    })
    .await
}

fn check(reply: &Reply) -> Result<(), InboxError> {
    let told = if reply.text.trim().is_empty() {
        "the message is empty".to_owned()
    } else if reply.text.chars().count() > LONGEST_MESSAGE {
        format!("a message may have at most {LONGEST_MESSAGE} characters")
    } else if reply
        .client_id
        .as_ref()
        .is_some_and(|id| id.chars().count() > LONGEST_CLIENT_ID)
    {
        format!("client_id may have at most {LONGEST_CLIENT_ID} characters")
    } else {
        return Ok(());
    };
    Err(InboxError::Invalid(told.into()))
}

/// Somebody's browser shows a conversation. If they have it, it stays with them.
///
/// # Errors
/// `NotFound`.
pub async fn heartbeat(
    inbox: &Inbox,
    by: &Member,
    conversation: ConversationId,
) -> Result<(), InboxError> {
    let workspace = by.need(MAY)?;
    let by = person(by)?;
    let find = move |conn: &_| conversations::get(conn, workspace, conversation);
    let shown = inbox.store().read(find).await?;
    inbox
        .presence()
        .look(workspace, conversation, by.id, &by.name);
    if shown.state == ConversationState::Human && shown.assigned_to == Some(by.id) {
        let keep = move |tx: &Transaction<'_>| handover::keep_alive(tx, &shown, by.id, now());
        inbox.store().write(keep).await?;
    }
    Ok(())
}

/// Somebody's page is there: all conversations that they have stay with them.
///
/// # Errors
/// For programs, which have none.
pub fn say_here(inbox: &Inbox, by: &Member) -> Result<(), InboxError> {
    let workspace = by.need(MAY)?;
    let by = person(by)?;
    inbox.attendance().say(workspace, by.id, now());
    Ok(())
}

/// Says that somebody types in a conversation, or has stopped.
///
/// # Errors
/// `NotFound`.
pub async fn typing(
    inbox: &Inbox,
    by: &Member,
    conversation: ConversationId,
    on: bool,
) -> Result<(), InboxError> {
    let workspace = by.need(MAY)?;
    let by = person(by)?;
    let find = move |conn: &_| conversations::get(conn, workspace, conversation);
    inbox.store().read(find).await?;
    let presence = inbox.presence();
    presence.type_as_staff(workspace, conversation, by.id, &by.name, on);
    Ok(())
}

/// The settings of the desk.
///
/// # Errors
/// `Denied` without the scope for conversations or for settings.
pub async fn desk_settings(inbox: &Inbox, by: &Member) -> Result<DeskSettings, InboxError> {
    let workspace = by.need(&[Scope::Conversations, Scope::Admin])?;
    let load = move |conn: &_| DeskSettings::load(conn, workspace);
    Ok(inbox.store().read(load).await?)
}

/// Sets them.
///
/// # Errors
/// `Invalid` says what cannot hold.
pub async fn set_desk_settings(
    inbox: &Inbox,
    by: &Member,
    settings: DeskSettings,
) -> Result<DeskSettings, InboxError> {
    let workspace = by.need(MAY_SET)?;
    settings.check().map_err(InboxError::Invalid)?;
    let kept = settings.clone();
    inbox.write(move |tx| Ok(kept.save(tx, workspace)?)).await?;
    Ok(settings)
}

/// Runs an act of a person on a conversation of their workspace.
async fn on<T: Send + 'static>(
    inbox: &Inbox,
    by: &Member,
    conversation: ConversationId,
    act: impl FnOnce(&Transaction<'_>, &Scoped<Conversation>, &Person) -> Result<T, InboxError>
    + Send
    + 'static,
) -> Result<T, InboxError> {
    let workspace: WorkspaceId = by.need(MAY)?;
    let by = person(by)?;
    let act = move |tx: &Transaction<'_>| {
        let conversation = conversations::get(tx, workspace, conversation)?;
        act(tx, &conversation, &by)
    };
    inbox.write(act).await
}

#[cfg(test)]
#[path = "acts_tests.rs"]
mod tests;
