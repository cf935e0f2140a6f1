//! Conversations with visitors. Their messages are in [`super::messages`].

use rusqlite::{Connection, OptionalExtension, Row, Transaction};
use serde_json::json;

use super::assistants::Assistant;
use super::listing::ListFilter;
use super::values::text_enum;
use super::{
    ApiKeyId, AssistantId, ContactId, ConversationId, Scoped, StoreError, TeamId, UnixMs, UserId,
    WorkspaceId, events,
};

text_enum! {
    pub enum Channel {
        /// The chat widget on a website.
        Chat = "chat",
        /// A program.
        Api = "api",
        Cli = "cli",
        /// A call or the kiosk.
        Voice = "voice",
    }
}

text_enum! {
    pub enum ConversationState {
        /// The assistant answers.
        Open = "open",
        /// The visitor waits for a person, and the assistant is silent.
        Waiting = "waiting",
        /// A person answers, and the assistant is silent.
        Human = "human",
        Closed = "closed",
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Conversation {
    pub id: ConversationId,
    pub workspace: WorkspaceId,
    /// `None` once the assistant was removed.
    pub assistant: Option<AssistantId>,
    pub channel: Channel,
    /// The other side, as the channel knows it.
    pub visitor: Option<String>,
    pub state: ConversationState,
    pub started_at: UnixMs,
    /// Time of the last message.
    pub last_at: UnixMs,
    /// For lists.
    pub title: String,
    pub begun_by: Option<ApiKeyId>,
    /// Counts changes of state and of whom it is assigned to (see [`super::handover`]).
    pub revision: i64,
    pub assigned_to: Option<UserId>,
    pub team: Option<TeamId>,
    /// Since when the visitor waits for a person's word.
    pub waiting_since: Option<UnixMs>,
    /// When the browser of the person who has it was last heard of.
    pub agent_seen_at: Option<UnixMs>,
    pub snoozed_until: Option<UnixMs>,
    pub spam: bool,
    /// The conversation that it is shown in.
    pub merged_into: Option<ConversationId>,
    pub contact: Option<ContactId>,
    /// The page that the visitor wrote from, without its query.
    pub page: Option<String>,
    /// ISO 639-1.
    pub language: Option<String>,
    /// The id by which the business's website vouches for the visitor.
    pub identity: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ConversationSummary {
    pub conversation: Conversation,
    pub messages: i64,
    pub last_message: Option<String>,
}

#[derive(Debug, Clone)]
pub struct NewConversation<'a> {
    /// Must be of the same workspace.
    pub assistant: Option<AssistantId>,
    pub channel: Channel,
    /// The other side, as the channel knows it.
    pub visitor: Option<&'a str>,
    /// For lists.
    pub title: &'a str,
    pub begun_by: Option<ApiKeyId>,
    /// The page that the visitor writes from, without its query.
    pub page: Option<&'a str>,
}

/// Of the table `conversations c`.
pub(super) const COLUMNS: &str = "c.id, c.workspace, c.assistant, c.channel, c.visitor, c.state, c.started_at, c.last_at, \
     c.title, c.begun_by, c.revision, c.assigned_to, c.team, c.waiting_since, c.agent_seen_at, c.snoozed_until, \
     c.spam, c.merged_into, c.contact, c.page, c.language, c.identity";

impl Conversation {
    pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            id: row.get("id")?,
            workspace: row.get("workspace")?,
            assistant: row.get("assistant")?,
            channel: row.get("channel")?,
            visitor: row.get("visitor")?,
            state: row.get("state")?,
            started_at: row.get("started_at")?,
            last_at: row.get("last_at")?,
            title: row.get("title")?,
            begun_by: row.get("begun_by")?,
            revision: row.get("revision")?,
            assigned_to: row.get("assigned_to")?,
            team: row.get("team")?,
            waiting_since: row.get("waiting_since")?,
            agent_seen_at: row.get("agent_seen_at")?,
            snoozed_until: row.get("snoozed_until")?,
            spam: row.get("spam")?,
            merged_into: row.get("merged_into")?,
            contact: row.get("contact")?,
            page: row.get("page")?,
            language: row.get("language")?,
            identity: row.get("identity")?,
        })
    }
}

/// `NotFound` if the assistant is not of this workspace.
pub fn create(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    new: &NewConversation<'_>,
    now: UnixMs,
) -> Result<Scoped<Conversation>, StoreError> {
    if let Some(assistant) = new.assistant {
        super::assistants::get(tx, workspace, assistant)?;
    }
    let id = ConversationId::new();
    tx.prepare_cached(
        "INSERT INTO conversations (id, workspace, assistant, assistant_version, channel, visitor, state, started_at,
                                    last_at, title, begun_by, page)
         VALUES (?, ?, ?, (SELECT version FROM assistants WHERE id = ?3), ?, ?, 'open', ?, ?, ?, ?, ?)",
    )?
    .execute((
        id,
        workspace,
        new.assistant,
        new.channel,
        new.visitor,
        now,
        now,
        new.title,
        new.begun_by,
        new.page,
    ))?;
    let mut data = json!({ "channel": new.channel, "assistant": new.assistant });
    if let (Some(fields), Some(page)) = (data.as_object_mut(), new.page) {
        fields.insert("page".into(), json!(page));
    }
    let subject = id.to_string();
    events::append(tx, workspace, "conversation_started", &subject, &data, now)?;
    get(tx, workspace, id)
}

/// Finds a conversation of this workspace; one that waits for deletion counts as gone.
pub fn get(
    conn: &Connection,
    workspace: WorkspaceId,
    id: ConversationId,
) -> Result<Scoped<Conversation>, StoreError> {
    find(conn, workspace, id, "AND c.due_at IS NULL")
}

/// Like [`get`], but also finds one that waits for deletion: for copying and erasing a person's data.
pub fn get_even_due(
    conn: &Connection,
    workspace: WorkspaceId,
    id: ConversationId,
) -> Result<Scoped<Conversation>, StoreError> {
    find(conn, workspace, id, "")
}

fn find(
    conn: &Connection,
    workspace: WorkspaceId,
    id: ConversationId,
    and: &str,
) -> Result<Scoped<Conversation>, StoreError> {
    conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM conversations c WHERE c.workspace = ? AND c.id = ? {and}"
    ))?
    .query_row((workspace, id), Conversation::from_row)
    .optional()?
    .map(|conversation| Scoped::proven(workspace, conversation))
    .ok_or(StoreError::NotFound("the conversation"))
}

/// Which conversations to list, those with the latest message first; the default is all of them.
#[derive(Debug, Clone, Default)]
pub struct ConversationFilter {
    /// Only those that this key began.
    pub begun_by: Option<ApiKeyId>,
    /// How many to skip.
    pub offset: u32,
}

impl ListFilter for ConversationFilter {
    type Row = ConversationSummary;

    fn list(
        &self,
        conn: &Connection,
        workspace: WorkspaceId,
        limit: u32,
    ) -> Result<Vec<ConversationSummary>, StoreError> {
        list_recent(conn, workspace, self.begun_by, limit, self.offset)
    }

    fn after(&self, page: &[ConversationSummary]) -> Self {
        let shown = u32::try_from(page.len()).unwrap_or(u32::MAX);
        Self {
            offset: self.offset.saturating_add(shown),
            ..self.clone()
        }
    }
}

/// The conversations of a workspace, those with the latest message first. An API key sees only those that it began.
pub fn list_recent(
    conn: &Connection,
    workspace: WorkspaceId,
    begun_by: Option<ApiKeyId>,
    limit: u32,
    offset: u32,
) -> Result<Vec<ConversationSummary>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS},
                (SELECT count(*) FROM messages m WHERE m.conversation = c.id) AS messages,
                (SELECT m.text FROM messages m WHERE m.conversation = c.id
                 ORDER BY m.seq DESC LIMIT 1) AS last_message
         FROM conversations c
         WHERE c.workspace = ?1 AND c.due_at IS NULL AND (?2 IS NULL OR c.begun_by = ?2)
         ORDER BY c.last_at DESC, c.id DESC LIMIT ?3 OFFSET ?4"
    ))?;
    let rows = statement.query_map((workspace, begun_by, limit, offset), |row| {
        Ok(ConversationSummary {
            conversation: Conversation::from_row(row)?,
            messages: row.get("messages")?,
            last_message: row.get("last_message")?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn set_title(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    title: &str,
) -> Result<(), StoreError> {
    require_changed(tx.execute(
        "UPDATE conversations SET title = ? WHERE workspace = ? AND id = ?",
        (title, conversation.workspace(), conversation.id),
    )?)
}

/// Notes which version of which assistant answered; what is noted already costs nothing.
pub fn set_answered_by(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    assistant: AssistantId,
    version: u32,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE conversations SET assistant = ?1, assistant_version = ?2
         WHERE workspace = ?3 AND id = ?4 AND (assistant IS NOT ?1 OR assistant_version IS NOT ?2)
           AND EXISTS (SELECT 1 FROM assistants WHERE id = ?1 AND workspace = ?3)",
    )?
    .execute((
        assistant,
        version,
        conversation.workspace(),
        conversation.id,
    ))?;
    Ok(())
}

/// The version of the assistant that answered last, or would have; `None` without an assistant.
pub fn assistant_version(
    conn: &Connection,
    conversation: &Scoped<Conversation>,
) -> Result<Option<u32>, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT assistant_version FROM conversations WHERE workspace = ? AND id = ?",
        )?
        .query_row((conversation.workspace(), conversation.id), |row| {
            row.get(0)
        })?)
}

/// How many conversations each version of an assistant answered, the newest version first.
pub fn count_by_version(
    conn: &Connection,
    assistant: &Scoped<Assistant>,
) -> Result<Vec<(u32, u64)>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT coalesce(assistant_version, 0) AS version, count(*) FROM conversations
         WHERE workspace = ? AND assistant = ? AND due_at IS NULL GROUP BY version ORDER BY version DESC",
    )?;
    let rows = statement.query_map((assistant.workspace(), assistant.id), |row| {
        let count: i64 = row.get(1)?;
        Ok((row.get(0)?, u64::try_from(count).unwrap_or(0)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Notes the language that the visitor writes in, an ISO 639-1 code.
pub fn set_language(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    language: &str,
) -> Result<(), StoreError> {
    require_changed(tx.execute(
        "UPDATE conversations SET language = ? WHERE workspace = ? AND id = ?",
        (language, conversation.workspace(), conversation.id),
    )?)
}

/// Makes a conversation that of the person with this id on the business's website, unless it is another's by the website's
/// word. What somebody claimed before does not count against it.
pub fn recognise(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    identity: &str,
    contact: Option<ContactId>,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE conversations SET identity = ?1, contact = coalesce(?2, contact)
         WHERE workspace = ?3 AND id = ?4 AND (identity IS NULL OR identity = ?1)",
    )?
    .execute((identity, contact, conversation.workspace(), conversation.id))?;
    Ok(())
}

/// Deletes a conversation with its messages and receipts.
pub fn delete(tx: &Transaction<'_>, conversation: &Scoped<Conversation>) -> Result<(), StoreError> {
    require_changed(tx.execute(
        "DELETE FROM conversations WHERE workspace = ? AND id = ?",
        (conversation.workspace(), conversation.id),
    )?)
}

fn require_changed(changed: usize) -> Result<(), StoreError> {
    if changed == 0 {
        Err(StoreError::NotFound("the conversation"))
    } else {
        Ok(())
    }
}
