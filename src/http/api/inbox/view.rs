//! How conversations look to staff.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::inbox::presence::Presence;
use crate::inbox::staff::reading::Detail;
use crate::store::inbox::attachments::Attachment;
use crate::store::inbox::notes::Note;
use crate::store::inbox::transcript::{Linked, Said};
use crate::store::inbox::{Counts, InboxRow};
use crate::store::messages;

/// An id with a name.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Named {
    pub id: String,
    pub name: String,
}

impl Named {
    fn new(id: impl ToString, name: Option<String>) -> Self {
        Self {
            id: id.to_string(),
            name: name.unwrap_or_default(),
        }
    }
}

/// A conversation in a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RowView {
    pub id: String,
    pub title: String,
    /// `chat`, `api`, `cli` or `voice`.
    pub channel: &'static str,
    /// `open` (the assistant answers), `waiting`, `human` or `closed`.
    pub state: &'static str,
    /// Counts changes of state and assignment; send it with an act to notice that somebody was faster.
    pub revision: i64,
    /// If it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visitor_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<Named>,
    /// The visitor's id on the website, if its server vouches for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned_to: Option<Named>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team: Option<Named>,
    pub tags: Vec<String>,
    /// The last message, or the one that a search found; shortened.
    pub preview: String,
    /// Who said that: `user`, `assistant` or `agent`; empty if nothing was said.
    pub preview_role: &'static str,
    /// Time of the last message, Unix milliseconds.
    pub last_at: i64,
    /// Unix milliseconds.
    pub started_at: i64,
    /// Since when the visitor waits for a person's word, Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_since: Option<i64>,
    /// Messages of the visitor that you have not seen, up to 99.
    pub unread: u32,
    /// Unix milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub snoozed_until: Option<i64>,
    pub spam: bool,
    /// The page that the visitor wrote from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// ISO 639-1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The conversation that this one was merged into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<String>,
    /// Whether the visitor's page is open.
    pub online: bool,
}

impl RowView {
    pub fn new(row: InboxRow, presence: &Presence) -> Self {
        let of = row.conversation;
        let contact = of.contact.map(|id| Named::new(id, row.contact));
        let known = contact.as_ref().map(|contact| contact.name.clone());
        let (preview_role, preview) = match row.preview {
            Some((role, text)) => (role.as_str(), text),
            None => ("", String::new()),
        };
        Self {
            id: of.id.to_string(),
            title: of.title,
            channel: of.channel.as_str(),
            state: of.state.as_str(),
            revision: of.revision,
            visitor_name: known.filter(|name| !name.is_empty()),
            contact,
            identity: of.identity,
            assigned_to: of.assigned_to.map(|id| Named::new(id, row.assignee)),
            team: of.team.map(|id| Named::new(id, row.team)),
            tags: row.tags,
            preview,
            preview_role,
            last_at: of.last_at,
            started_at: of.started_at,
            waiting_since: of.waiting_since,
            unread: row.unread,
            snoozed_until: of.snoozed_until,
            spam: of.spam,
            page: of.page,
            language: of.language,
            merged_into: of.merged_into.map(|id| id.to_string()),
            online: presence.is_online(of.id),
        }
    }
}

/// How many conversations ask for somebody.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct CountsView {
    /// A visitor waits for a person.
    pub waiting: u32,
    /// Assigned to you.
    pub mine: u32,
    /// Waiting or with staff, but assigned to nobody.
    pub unassigned: u32,
    /// With a note that names you and that you have not seen.
    pub mentions: u32,
}

impl From<Counts> for CountsView {
    fn from(counts: Counts) -> Self {
        Self {
            waiting: counts.waiting,
            mine: counts.mine,
            unassigned: counts.unassigned,
            mentions: counts.mentions,
        }
    }
}

/// A page of conversations.
#[derive(Debug, Serialize, ToSchema)]
pub struct InboxList {
    pub conversations: Vec<RowView>,
    /// `before` of the next page; absent at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    pub counts: CountsView,
}

/// A file that somebody sent.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttachmentView {
    pub id: String,
    pub name: String,
    /// Found by looking at the bytes.
    pub media_type: String,
    pub bytes: i64,
}

impl From<Attachment> for AttachmentView {
    fn from(file: Attachment) -> Self {
        Self {
            id: file.id.to_string(),
            name: file.name,
            media_type: file.media_type,
            bytes: file.bytes,
        }
    }
}

/// Something that was said.
#[derive(Debug, Serialize, ToSchema)]
pub struct SaidView {
    pub id: String,
    /// Place in the order of all messages.
    pub seq: i64,
    /// `user`, `assistant`, `agent` or `system`.
    pub role: &'static str,
    /// The member of staff.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<Named>,
    pub text: String,
    /// `complete`, `interrupted` or `failed`.
    pub state: &'static str,
    /// Unix milliseconds.
    pub created_at: i64,
    /// Id of the receipt, for an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
    /// The sender's own id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    pub attachments: Vec<AttachmentView>,
}

impl From<Said> for SaidView {
    fn from(said: Said) -> Self {
        let message = said.message;
        Self {
            id: message.id.to_string(),
            seq: message.seq,
            role: message.role.as_str(),
            author: message.author.map(|id| Named::new(id, said.author)),
            text: message.text,
            state: message.state.as_str(),
            created_at: message.created_at,
            receipt: message.receipt.map(|id| id.to_string()),
            client_id: message.client_id.map(messages::as_sent),
            attachments: said.attachments.into_iter().map(Into::into).collect(),
        }
    }
}

/// What staff noted. No visitor sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoteView {
    pub id: String,
    /// `null` for a program, or somebody whose account is gone.
    pub author: Option<Named>,
    pub text: String,
    /// Unix milliseconds.
    pub created_at: i64,
    /// Ids of the people that it names.
    pub mentions: Vec<String>,
}

impl From<Note> for NoteView {
    fn from(note: Note) -> Self {
        Self {
            id: note.id.to_string(),
            author: note.author.map(|id| Named::new(id, note.author_name)),
            text: note.text,
            created_at: note.created_at,
            mentions: note.mentions.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Something that happened to a conversation.
#[derive(Debug, Serialize, ToSchema)]
pub struct StepView {
    pub id: String,
    /// Such as `conversation_taken`.
    pub kind: String,
    /// Unix milliseconds.
    pub at: i64,
    /// Ids and figures.
    #[schema(value_type = Object)]
    pub data: Value,
    /// The same in words.
    pub text: String,
}

/// Something to be done for the visitor.
#[derive(Debug, Serialize, ToSchema)]
pub struct LinkedTaskView {
    pub id: String,
    /// `lead`, `callback` or `todo`.
    pub kind: String,
    /// `open`, `done` or `dropped`.
    pub state: String,
    pub wish: String,
    /// Unix milliseconds.
    pub due_at: i64,
    /// Unix milliseconds.
    pub call_from: Option<i64>,
    /// Unix milliseconds.
    pub call_until: Option<i64>,
}

impl From<Linked> for LinkedTaskView {
    fn from(task: Linked) -> Self {
        Self {
            id: task.id.to_string(),
            kind: task.kind,
            state: task.state,
            wish: task.wish,
            due_at: task.due_at,
            call_from: task.call_from,
            call_until: task.call_until,
        }
    }
}

/// An assistant.
#[derive(Debug, Serialize, ToSchema)]
pub struct AssistantOf {
    pub name: String,
    pub title: String,
}

/// A member of staff who looks at a conversation.
#[derive(Debug, Serialize, ToSchema)]
pub struct ViewerView {
    pub id: String,
    pub name: String,
    pub typing: bool,
}

/// The visitor's side of a conversation.
#[derive(Debug, Serialize, ToSchema)]
pub struct VisitorAround {
    /// Whether the visitor's page is open.
    pub online: bool,
    pub typing: bool,
}

/// Who is around a conversation.
#[derive(Debug, Serialize, ToSchema)]
pub struct PresenceView {
    pub conversation: String,
    pub viewers: Vec<ViewerView>,
    pub visitor: VisitorAround,
    /// Whether the assistant is writing an answer.
    pub composing: bool,
}

impl PresenceView {
    pub fn new(id: crate::store::ConversationId, presence: &Presence) -> Self {
        let around = presence.of(id);
        let viewers = around.viewers.into_iter().map(|viewer| ViewerView {
            id: viewer.id.to_string(),
            name: viewer.name,
            typing: viewer.typing,
        });
        Self {
            conversation: id.to_string(),
            viewers: viewers.collect(),
            visitor: VisitorAround {
                online: around.online,
                typing: around.typing,
            },
            composing: around.composing,
        }
    }
}

/// A conversation with everything about it.
#[derive(Debug, Serialize, ToSchema)]
pub struct DetailView {
    #[serde(flatten)]
    pub row: RowView,
    /// `null` once it was removed.
    pub assistant: Option<AssistantOf>,
    /// Oldest first; at most 50.
    pub transcript: Vec<SaidView>,
    /// Whether there are messages before these (`?before=` the first one's `seq`).
    pub older: bool,
    /// Oldest first.
    pub notes: Vec<NoteView>,
    /// Oldest first.
    pub log: Vec<StepView>,
    pub tasks: Vec<LinkedTaskView>,
    pub presence: PresenceView,
}

impl DetailView {
    pub fn new(detail: Detail, presence: &Presence) -> Self {
        let log = detail.log.into_iter().map(|(event, text)| StepView {
            id: event.id.to_string(),
            kind: event.kind,
            at: event.at,
            data: event.data,
            text,
        });
        Self {
            presence: PresenceView::new(detail.row.conversation.id, presence),
            row: RowView::new(detail.row, presence),
            assistant: detail
                .assistant
                .map(|(name, title)| AssistantOf { name, title }),
            transcript: detail.transcript.said.into_iter().map(Into::into).collect(),
            older: detail.transcript.older,
            notes: detail.notes.into_iter().map(Into::into).collect(),
            log: log.collect(),
            tasks: detail.tasks.into_iter().map(Into::into).collect(),
        }
    }
}
