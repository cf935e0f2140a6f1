//! What wants the attention of one person: somebody waits, writes to them, names them, or left a wish.

use serde_json::Value;

use super::super::turns::first_name;
use crate::store::conversations;
use crate::store::events::{self, Event};
use crate::store::inbox::{InboxRow, list, notes, transcript};
use crate::store::messages::{self, Speaker};
use crate::store::{
    Connection, ConversationId, EventId, StoreError, TaskId, UserId, WorkspaceId, users,
};

/// Events that are looked at in one go.
const AT_ONCE: u32 = 200;
/// So often at most; what is left comes with the next event.
const MOST_ROUNDS: usize = 10;
/// In characters.
const LONGEST: usize = 160;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Kind of the event.
    pub kind: String,
    pub conversation: Option<ConversationId>,
    pub task: Option<TaskId>,
    pub title: String,
    pub text: String,
}

/// What is new for a person since an event, and the last event that was looked at. A program is told of visitors who wait and
/// of wishes only.
pub fn since(
    conn: &Connection,
    workspace: WorkspaceId,
    me: Option<UserId>,
    after: EventId,
) -> Result<(Vec<Notice>, EventId), StoreError> {
    let (mut last, mut notices) = (after, Vec::new());
    for _ in 0..MOST_ROUNDS {
        let events = events::list(conn, workspace, last, AT_ONCE)?;
        for event in &events {
            notices.extend(notice(conn, workspace, me, event)?);
            last = event.id;
        }
        if events.len() < AT_ONCE as usize {
            break;
        }
    }
    Ok((notices, last))
}

fn notice(
    conn: &Connection,
    workspace: WorkspaceId,
    me: Option<UserId>,
    event: &Event,
) -> Result<Option<Notice>, StoreError> {
    let field = |name: &str| event.data.get(name).and_then(Value::as_str);
    let user = |name: &str| field(name).and_then(|id| id.parse::<UserId>().ok());
    let of_me = |name: &str| me.is_some() && user(name) == me;
    // Nobody is told what they did themselves.
    if of_me("by") {
        return Ok(None);
    }
    let by = || -> Result<String, StoreError> {
        let found = user("by").map(|id| users::get(conn, id)).transpose();
        Ok(match found {
            Ok(Some(user)) => first_name(&user.name).to_owned(),
            _ => "Somebody".to_owned(),
        })
    };
    let title = match event.kind.as_str() {
        "lead_created" | "callback_requested" => {
            return of_task(conn, workspace, event);
        }
        "conversation_waiting" => "A visitor waits for a person".to_owned(),
        "conversation_requeued" => "A visitor waits again".to_owned(),
        "message_received" => "A visitor wrote to you".to_owned(),
        "conversation_assigned" if of_me("to") => {
            format!("{} assigned a conversation to you", by()?)
        }
        "conversation_taken" if of_me("from") => format!("{} took your conversation over", by()?),
        "note_written" if names(event, me) => format!("{} mentioned you", by()?),
        _ => return Ok(None),
    };
    let Ok(id) = event.subject.parse::<ConversationId>() else {
        return Ok(None);
    };
    // It may be gone by now.
    let Some(row) = list::find(conn, workspace, id, me)? else {
        return Ok(None);
    };
    if row.conversation.spam {
        return Ok(None);
    }
    let mine = me.is_some() && row.conversation.assigned_to == me;
    if event.kind == "message_received" && !mine {
        return Ok(None);
    }
    let text = match event.kind.as_str() {
        "note_written" => match field("note").and_then(|id| id.parse().ok()) {
            Some(note) => shorten(&notes::get(conn, workspace, note)?.text),
            None => String::new(),
        },
        _ => said(conn, &row)?,
    };
    Ok(Some(Notice {
        kind: event.kind.clone(),
        conversation: Some(id),
        task: None,
        title,
        text,
    }))
}

fn names(event: &Event, me: Option<UserId>) -> bool {
    let named = event.data.get("mentions").and_then(Value::as_array);
    let me = me.map(|me| me.to_string());
    me.is_some_and(|me| named.is_some_and(|all| all.iter().any(|one| one.as_str() == Some(&me))))
}

/// The visitor's last words, or else the title.
fn said(conn: &Connection, row: &InboxRow) -> Result<String, StoreError> {
    let of = conversations::get(conn, row.conversation.workspace, row.conversation.id)?;
    let last = messages::list(conn, &of, 10)?;
    let words = last
        .into_iter()
        .rev()
        .find(|message| message.role == Speaker::User)
        .map(|message| message.text);
    Ok(shorten(words.as_deref().unwrap_or(&of.title)))
}

fn of_task(
    conn: &Connection,
    workspace: WorkspaceId,
    event: &Event,
) -> Result<Option<Notice>, StoreError> {
    let Ok(task) = event.subject.parse::<TaskId>() else {
        return Ok(None);
    };
    let Some((wish, conversation)) = transcript::wish(conn, workspace, task)? else {
        return Ok(None);
    };
    let title = match event.kind.as_str() {
        "callback_requested" => "Somebody wants to be called",
        _ => "Somebody left a wish",
    };
    Ok(Some(Notice {
        kind: event.kind.clone(),
        conversation,
        task: Some(task),
        title: title.to_owned(),
        text: shorten(&wish),
    }))
}

fn shorten(text: &str) -> String {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match flat.char_indices().nth(LONGEST) {
        None => flat,
        Some((end, _)) => format!("{}…", flat.get(..end).unwrap_or_default()),
    }
}
