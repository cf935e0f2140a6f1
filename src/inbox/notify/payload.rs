//! What webhooks are told of an event: what the log says, with what its ids stand for.

use serde_json::{Map, Value, json};

use super::about::{About, find_user};
use crate::store::conversations::Conversation;
use crate::store::events::Event;
use crate::store::messages::Message;
use crate::store::notices::{self, ToldContact, ToldTask};
use crate::store::{Connection, StoreError, TeamId, UserId};

/// Most characters of a message; the specification recommends payloads below 20 kB.
const LONGEST_TEXT: usize = 8_000;

/// The field `data` of a payload: the fields of the event, and the objects `conversation`, `message`, `task` and `contact`
/// for what it is about. `address` is what links begin with.
pub(super) fn data(
    conn: &Connection,
    event: &Event,
    about: &About,
    address: &str,
) -> Result<Value, StoreError> {
    let mut data = Map::new();
    if let Some(fields) = event.data.as_object() {
        for (name, value) in fields {
            let value = match name.as_str() {
                // They follow below.
                "message" | "task" | "contact" => continue,
                "by" | "to" => person(conn, value)?,
                "team" => team(conn, value)?,
                // The log says who had it; times stay as they are.
                "from" if event.kind == "conversation_taken" => person(conn, value)?,
                _ => value.clone(),
            };
            data.insert(name.clone(), value);
        }
    }
    if let Some(conversation) = &about.conversation {
        let told = conversation_view(conn, conversation, address)?;
        data.insert("conversation".into(), told);
    }
    if let Some(message) = &about.message {
        data.insert("message".into(), message_view(message));
    }
    if let Some(task) = &about.task {
        data.insert("task".into(), task_view(task, address));
    }
    if let Some(contact) = &about.contact {
        data.insert("contact".into(), contact_view(contact, address));
    }
    // What is gone keeps its id.
    let named = ["message", "task", "contact"];
    for name in named {
        if !data.contains_key(name)
            && let Some(id) = event.data.get(name)
        {
            data.insert(name.into(), json!({ "id": id }));
        }
    }
    if about.conversation.is_none() && about.task.is_none() && about.contact.is_none() {
        data.insert("id".into(), json!(event.subject));
    }
    Ok(Value::Object(data))
}

/// A member of staff, or a program by its id.
fn person(conn: &Connection, id: &Value) -> Result<Value, StoreError> {
    let user: Option<UserId> = id.as_str().and_then(|id| id.parse().ok());
    let name = match user {
        Some(user) => find_user(conn, user)?.map(|user| user.name),
        None => None,
    };
    Ok(match id {
        Value::Null => Value::Null,
        id => json!({ "id": id, "name": name }),
    })
}

fn team(conn: &Connection, id: &Value) -> Result<Value, StoreError> {
    let team: Option<TeamId> = id.as_str().and_then(|id| id.parse().ok());
    Ok(match team {
        Some(team) => json!({ "id": id, "name": notices::team_name(conn, team)? }),
        None => Value::Null,
    })
}

fn conversation_view(
    conn: &Connection,
    of: &Conversation,
    address: &str,
) -> Result<Value, StoreError> {
    let assigned = match of.assigned_to {
        Some(user) => person(conn, &json!(user))?,
        None => Value::Null,
    };
    let team = match of.team {
        Some(id) => team(conn, &json!(id))?,
        None => Value::Null,
    };
    Ok(json!({
        "id": of.id,
        "title": of.title,
        "channel": of.channel,
        "state": of.state,
        "assigned_to": assigned,
        "team": team,
        "contact": of.contact,
        "language": of.language,
        "page": of.page,
        "spam": of.spam,
        "started_at": of.started_at,
        "waiting_since": of.waiting_since,
        "url": conversation_link(address, of),
    }))
}

fn message_view(message: &Message) -> Value {
    let text: String = message.text.chars().take(LONGEST_TEXT).collect();
    json!({
        "id": message.id,
        "role": message.role,
        "author": message.author,
        "is_cut": text.len() < message.text.len(),
        "text": text,
        "created_at": message.created_at,
    })
}

fn task_view(task: &ToldTask, address: &str) -> Value {
    json!({
        "id": task.id,
        "kind": task.kind,
        "state": task.state,
        "conversation": task.conversation,
        "contact": task.contact,
        "wish": task.wish,
        "page": task.page,
        "due_at": task.due_at,
        "call_from": task.call_from,
        "call_until": task.call_until,
        "created_at": task.created_at,
        "url": tasks_link(address),
    })
}

fn contact_view(contact: &ToldContact, address: &str) -> Value {
    json!({
        "id": contact.id,
        "name": contact.name,
        "emails": contact.emails,
        "phones": contact.phones,
        "external_ids": contact.external,
        "language": contact.language,
        "fields": contact.fields,
        "url": format!("{address}/contacts/{}", contact.id),
    })
}

/// The page of a conversation.
pub(super) fn conversation_link(address: &str, of: &Conversation) -> String {
    format!("{address}/inbox/{}", of.id)
}

/// The page of leads and calls to make.
pub(super) fn tasks_link(address: &str) -> String {
    format!("{address}/tasks")
}
