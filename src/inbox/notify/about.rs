//! What an event is about: the conversation, message, task, contact and people that its ids name.

use std::str::FromStr;

use serde_json::Value;

use crate::store::conversations::{self, Conversation};
use crate::store::events::Event;
use crate::store::messages::{self, Message};
use crate::store::notices::{self, ToldContact, ToldTask};
use crate::store::users::{self, User};
use crate::store::{Connection, ConversationId, Scoped, StoreError, UserId};

/// Each is `None` if the event names none, or it is gone.
#[derive(Debug, Clone, Default)]
pub(super) struct About {
    pub(super) conversation: Option<Conversation>,
    pub(super) message: Option<Message>,
    pub(super) task: Option<ToldTask>,
    pub(super) contact: Option<ToldContact>,
}

impl About {
    pub(super) fn load(conn: &Connection, event: &Event) -> Result<Self, StoreError> {
        let workspace = event.workspace;
        let task = match id_in(event, "task") {
            Some(id) => notices::find_task(conn, workspace, id)?,
            None => None,
        };
        let message = match id_in(event, "message") {
            Some(id) => if_there(messages::get(conn, workspace, id))?,
            None => None,
        };
        let of_task = task.as_ref().and_then(|task| task.conversation);
        let of_message = message.as_ref().map(|message| message.conversation);
        let is_contact = event.kind.starts_with("contact_");
        let named: Option<ConversationId> = event.subject.parse().ok().filter(|_| !is_contact);
        let mut conversation = None;
        for id in [of_task, of_message, named].into_iter().flatten() {
            conversation = if_there(conversations::get(conn, workspace, id))?;
            if conversation.is_some() {
                break;
            }
        }
        let contact = id_in(event, "contact")
            .or_else(|| event.subject.parse().ok().filter(|_| is_contact))
            .or(task.as_ref().and_then(|task| task.contact))
            .or(conversation.as_ref().and_then(|one| one.contact));
        let contact = match contact {
            Some(id) => notices::find_contact(conn, workspace, id)?,
            None => None,
        };
        Ok(Self {
            conversation,
            message,
            task,
            contact,
        })
    }

    /// The id of what is told: with that, what was queued is deleted.
    pub(super) fn id(&self, event: &Event) -> String {
        match (&self.task, &self.conversation) {
            (Some(task), _) => task.id.to_string(),
            (None, Some(conversation)) => conversation.id.to_string(),
            (None, None) => event.subject.clone(),
        }
    }
}

/// An id in the data of an event.
pub(super) fn id_in<T: FromStr>(event: &Event, field: &str) -> Option<T> {
    event.data.get(field).and_then(Value::as_str)?.parse().ok()
}

/// The people that a list in the data of an event names.
pub(super) fn people_in(event: &Event, field: &str) -> Vec<UserId> {
    let all = event.data.get(field).and_then(Value::as_array);
    let all = all.into_iter().flatten();
    all.filter_map(|one| one.as_str()?.parse().ok()).collect()
}

/// Somebody who signs in; `None` if they are gone.
pub(super) fn find_user(conn: &Connection, id: UserId) -> Result<Option<User>, StoreError> {
    match users::get(conn, id) {
        Ok(user) => Ok(Some(user)),
        Err(StoreError::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// `None` for what does not exist any more.
fn if_there<T>(found: Result<Scoped<T>, StoreError>) -> Result<Option<T>, StoreError> {
    match found {
        Ok(found) => Ok(Some(found.into_inner())),
        Err(StoreError::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
