//! The way of conversations: which channel, page, assistant, rule and person they went through, newest first.

use rusqlite::Connection;

use crate::store::conversations::Channel;
use crate::store::events::Event;
use crate::store::listing::{Conditions, ListFilter};
use crate::store::{AssistantId, ConversationId, EventId, StoreError, UnixMs, UserId, WorkspaceId};

/// Kinds of events that belong to the way of a conversation.
pub const KINDS: [&str; 16] = [
    "conversation_started",
    "conversation_waiting",
    "conversation_taken",
    "conversation_assigned",
    "conversation_returned",
    "conversation_requeued",
    "conversation_expired",
    "conversation_closed",
    "conversation_reopened",
    "conversation_merged",
    "conversation_spam",
    "conversation_snoozed",
    "conversation_tagged",
    "conversation_rated",
    "answer_rated",
    "note_written",
];

#[derive(Debug, Clone, Default, PartialEq)]
pub struct RoutingFilter {
    pub conversation: Option<ConversationId>,
    /// One of [`KINDS`].
    pub kind: Option<String>,
    /// Of the conversation.
    pub channel: Option<Channel>,
    /// Of the conversation.
    pub assistant: Option<AssistantId>,
    /// A part of the address of the page on which the conversation began.
    pub page: Option<String>,
    /// Who did it, or whom it was given to or taken from.
    pub person: Option<UserId>,
    /// Inclusive.
    pub since: Option<UnixMs>,
    /// Exclusive.
    pub until: Option<UnixMs>,
    /// The last event of the page before.
    pub before: Option<EventId>,
}

impl ListFilter for RoutingFilter {
    type Row = Event;

    fn list(
        &self,
        conn: &Connection,
        workspace: WorkspaceId,
        limit: u32,
    ) -> Result<Vec<Event>, StoreError> {
        let subject = self.conversation.map(|id| id.to_string());
        let person = self.person.map(|id| id.to_string());
        let of = |condition: &str| {
            format!(
                "EXISTS (SELECT 1 FROM conversations c WHERE c.id = events.subject AND {condition})"
            )
        };
        let mut wanted = Conditions::default();
        let index = match subject {
            Some(_) => "events_subject",
            None => "events_workspace",
        };
        wanted.add("workspace = ?", &workspace);
        wanted.add_if_some("subject = ?", subject.as_ref());
        match &self.kind {
            Some(kind) => wanted.add("kind = ?", kind),
            None => wanted.add_with(&format!("kind IN ('{}')", KINDS.join("', '")), []),
        }
        wanted.add_if_some(&of("c.channel = ?"), self.channel.as_ref());
        wanted.add_if_some(&of("c.assistant = ?"), self.assistant.as_ref());
        wanted.add_if_some(&of("instr(c.page, ?) > 0"), self.page.as_ref());
        wanted.add_if_some(
            "? IN (json_extract(data, '$.by'), json_extract(data, '$.to'), json_extract(data, '$.from'))",
            person.as_ref(),
        );
        wanted.add_if_some("at >= ?", self.since.as_ref());
        wanted.add_if_some("at < ?", self.until.as_ref());
        wanted.add_if_some("id < ?", self.before.as_ref());
        let (conditions, values) = wanted.limited(&limit);
        let mut statement = conn.prepare_cached(&format!(
            "SELECT id, workspace, kind, subject, data, at FROM events INDEXED BY {index} WHERE {conditions} ORDER BY id DESC LIMIT ?"
        ))?;
        let rows = statement.query_map(values.as_slice(), Event::from_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn after(&self, page: &[Event]) -> Self {
        Self {
            before: page.last().map(|event| event.id).or(self.before),
            ..self.clone()
        }
    }
}
