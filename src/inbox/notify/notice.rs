//! What a member of staff is told in their browser.

use super::about::{About, id_in, people_in};
use crate::store::events::Event;
use crate::store::{Connection, ConversationId, StoreError, TaskId, TeamId, UserId, notices};

/// Most characters of the text.
const LONGEST_TEXT: usize = 200;

/// A notice in the browser of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// `waiting`, `mention`, `lead`, `assigned` or `message`.
    pub kind: &'static str,
    pub conversation: Option<ConversationId>,
    pub task: Option<TaskId>,
    pub title: String,
    /// What was said or wished, shortened; may be empty.
    pub text: String,
}

/// The notice that this event is for this person; `None` if it does not concern them. The caller has checked that they may
/// read the conversations of the event's workspace.
pub fn notice(
    conn: &Connection,
    event: &Event,
    user: UserId,
) -> Result<Option<Notice>, StoreError> {
    let by: Option<UserId> = id_in(event, "by");
    if by == Some(user) {
        return Ok(None);
    }
    let kind = match event.kind.as_str() {
        "conversation_waiting" | "conversation_requeued" => "waiting",
        "lead_created" | "callback_requested" => "lead",
        "note_written" if people_in(event, "mentions").contains(&user) => "mention",
        "conversation_assigned" if is_for(conn, event, user)? => "assigned",
        "message_received" => "message",
        _ => return Ok(None),
    };
    let about = About::load(conn, event)?;
    let conversation = about.conversation.as_ref();
    if conversation.is_some_and(|one| one.spam) {
        return Ok(None);
    }
    if kind == "message" && conversation.is_none_or(|one| one.assigned_to != Some(user)) {
        return Ok(None);
    }
    let name = about.contact.as_ref().map(|contact| contact.name.as_str());
    let who = name.filter(|name| !name.is_empty()).unwrap_or("A visitor");
    let (title, text) = match kind {
        "waiting" => {
            let title = format!("{who} waits for a person");
            (title, conversation.map(|one| one.title.clone()))
        }
        "lead" => {
            let title = match event.kind.as_str() {
                "callback_requested" => format!("{who} asks for a call"),
                _ => format!("{who} left how to reach them"),
            };
            (title, about.task.as_ref().map(|task| task.wish.clone()))
        }
        "mention" => {
            let text = match id_in(event, "note") {
                Some(id) => notices::note_text(conn, event.workspace, id)?,
                None => None,
            };
            ("You were mentioned in a note".to_owned(), text)
        }
        "assigned" => {
            let title = "A conversation was assigned to you".to_owned();
            (title, conversation.map(|one| one.title.clone()))
        }
        _ => {
            let text = about.message.as_ref().map(|message| message.text.clone());
            (format!("{who} wrote"), text)
        }
    };
    Ok(Some(Notice {
        kind,
        conversation: conversation.map(|one| one.id),
        task: about.task.as_ref().map(|task| task.id),
        title,
        text: shorten(&text.unwrap_or_default()),
    }))
}

/// Whether a conversation was assigned to this person or to a team of theirs.
fn is_for(conn: &Connection, event: &Event, user: UserId) -> Result<bool, StoreError> {
    let to: Option<UserId> = id_in(event, "to");
    let team: Option<TeamId> = id_in(event, "team");
    match (to, team) {
        (Some(to), _) => Ok(to == user),
        (None, Some(team)) => Ok(notices::team_people(conn, team)?.contains(&user)),
        (None, None) => Ok(false),
    }
}

fn shorten(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line,
    }
}
