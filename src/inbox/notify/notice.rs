//! What a member of staff is told in their browser: somebody waits, writes to them, names them, or left a wish.

use super::about::{About, find_user, id_in, people_in};
use crate::inbox::turns::first_name;
use crate::store::conversations::{self, Conversation};
use crate::store::events::{self, Event};
use crate::store::messages::{self, Speaker};
use crate::store::{
    Connection, ConversationId, EventId, StoreError, TaskId, TeamId, UserId, WorkspaceId, notices,
};

/// Events that are looked at in one go.
const AT_ONCE: u32 = 200;
/// So often at most; what is left comes with the next event.
const MOST_ROUNDS: usize = 10;
/// Most characters of the text.
const LONGEST_TEXT: usize = 200;
/// Messages in which the visitor's last words are looked for.
const RECENT: u32 = 10;

/// A notice in the browser of one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// That of the event, such as `conversation_waiting`.
    pub kind: String,
    pub conversation: Option<ConversationId>,
    pub task: Option<TaskId>,
    pub title: String,
    /// What was said or wished, shortened; may be empty.
    pub text: String,
}

/// What is new for a person since an event, and the last event that was looked at. A program is told of visitors who wait and of
/// wishes only. The caller has checked that they may read the conversations of the workspace.
pub fn notices_since(
    conn: &Connection,
    workspace: WorkspaceId,
    me: Option<UserId>,
    after: EventId,
) -> Result<(Vec<Notice>, EventId), StoreError> {
    let (mut last, mut told) = (after, Vec::new());
    for _ in 0..MOST_ROUNDS {
        let events = events::list(conn, workspace, last, AT_ONCE)?;
        for event in &events {
            told.extend(notice(conn, event, me)?);
            last = event.id;
        }
        if events.len() < AT_ONCE as usize {
            break;
        }
    }
    Ok((told, last))
}

/// What an event means for one person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Waiting,
    Lead,
    Mention,
    Assigned,
    /// Somebody else took their conversation over.
    Lost,
    Message,
}

/// The notice that this event is for this person; `None` if it does not concern them, or is about what is gone.
pub(super) fn notice(
    conn: &Connection,
    event: &Event,
    me: Option<UserId>,
) -> Result<Option<Notice>, StoreError> {
    let by: Option<UserId> = id_in(event, "by");
    let is_me = |id: Option<UserId>| me.is_some() && id == me;
    // Nobody is told what they did themselves.
    if is_me(by) {
        return Ok(None);
    }
    let what = match event.kind.as_str() {
        "conversation_waiting" | "conversation_requeued" => What::Waiting,
        "lead_created" | "callback_requested" => What::Lead,
        "note_written" if me.is_some_and(|me| people_in(event, "mentions").contains(&me)) => {
            What::Mention
        }
        "conversation_assigned" if is_for(conn, event, me)? => What::Assigned,
        "conversation_taken" if is_me(id_in(event, "from")) => What::Lost,
        "message_received" => What::Message,
        _ => return Ok(None),
    };
    let about = About::load(conn, event)?;
    let conversation = about.conversation.as_ref();
    if conversation.is_some_and(|one| one.spam) {
        return Ok(None);
    }
    let is_gone = match what {
        What::Lead => about.task.is_none(),
        _ => conversation.is_none(),
    };
    if is_gone || (what == What::Message && !is_me(conversation.and_then(|one| one.assigned_to))) {
        return Ok(None);
    }
    let name = about.contact.as_ref().map(|contact| contact.name.as_str());
    let who = name.filter(|name| !name.is_empty()).unwrap_or("A visitor");
    let colleague = || -> Result<String, StoreError> {
        let found = match by {
            Some(by) => find_user(conn, by)?,
            None => None,
        };
        let name = found.map(|user| first_name(&user.name).to_owned());
        Ok(name.unwrap_or_else(|| "Somebody".to_owned()))
    };
    let title = match (what, event.kind.as_str()) {
        (What::Waiting, "conversation_requeued") => format!("{who} waits again"),
        (What::Waiting, _) => format!("{who} waits for a person"),
        (What::Lead, "callback_requested") => format!("{who} asks for a call"),
        (What::Lead, _) => format!("{who} left how to reach them"),
        (What::Mention, _) => format!("{} mentioned you", colleague()?),
        (What::Assigned, _) => format!("{} assigned a conversation to you", colleague()?),
        (What::Lost, _) => format!("{} took your conversation over", colleague()?),
        (What::Message, _) => format!("{who} wrote"),
    };
    let text = match what {
        What::Lead => about.task.as_ref().map(|task| task.wish.clone()),
        What::Mention => match id_in(event, "note") {
            Some(id) => notices::note_text(conn, event.workspace, id)?,
            None => None,
        },
        What::Message => about.message.as_ref().map(|message| message.text.clone()),
        What::Waiting | What::Assigned | What::Lost => match conversation {
            Some(of) => Some(last_words(conn, event.workspace, of)?),
            None => None,
        },
    };
    Ok(Some(Notice {
        kind: event.kind.clone(),
        conversation: conversation.map(|one| one.id),
        task: about.task.as_ref().map(|task| task.id),
        title,
        text: shorten(&text.unwrap_or_default()),
    }))
}

/// The visitor's last words, or else the title.
fn last_words(
    conn: &Connection,
    workspace: WorkspaceId,
    of: &Conversation,
) -> Result<String, StoreError> {
    let found = conversations::get(conn, workspace, of.id)?;
    let recent = messages::list(conn, &found, RECENT)?;
    let words = recent
        .into_iter()
        .rev()
        .find(|message| message.role == Speaker::User)
        .map(|message| message.text);
    Ok(words.unwrap_or_else(|| of.title.clone()))
}

/// Whether a conversation was assigned to this person or to a team of theirs.
fn is_for(conn: &Connection, event: &Event, me: Option<UserId>) -> Result<bool, StoreError> {
    let Some(me) = me else {
        return Ok(false);
    };
    let to: Option<UserId> = id_in(event, "to");
    let team: Option<TeamId> = id_in(event, "team");
    match (to, team) {
        (Some(to), _) => Ok(to == me),
        (None, Some(team)) => Ok(notices::team_people(conn, team)?.contains(&me)),
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
