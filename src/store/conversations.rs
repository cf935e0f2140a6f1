//! Conversations with visitors. What was said lies in [`super::messages`].

use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use super::listing::ListFilter;
use super::values::text_enum;
use super::{ApiKeyId, AssistantId, ConversationId, Scoped, StoreError, UnixMs, WorkspaceId};

text_enum! {
    /// How a conversation reached the front desk.
    pub enum Channel {
        /// The chat widget on a website.
        Chat = "chat",
        /// A program.
        Api = "api",
        /// The command line.
        Cli = "cli",
        /// A call or a kiosk.
        Voice = "voice",
    }
}

text_enum! {
    /// Whose turn it is.
    pub enum ConversationState {
        /// The assistant answers.
        Open = "open",
        /// A human was asked for.
        Waiting = "waiting",
        /// Over.
        Closed = "closed",
    }
}

/// A conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Conversation {
    /// Its id.
    pub id: ConversationId,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// The assistant, unless it was removed.
    pub assistant: Option<AssistantId>,
    /// How it reached the front desk.
    pub channel: Channel,
    /// Who is on the other side, as the channel knows them.
    pub visitor: Option<String>,
    /// Whose turn it is.
    pub state: ConversationState,
    /// When it began.
    pub started_at: UnixMs,
    /// When something was last said.
    pub last_at: UnixMs,
    /// Title for lists.
    pub title: String,
    /// The API key that began it.
    pub begun_by: Option<ApiKeyId>,
}

/// A conversation in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct ConversationSummary {
    /// The conversation.
    pub conversation: Conversation,
    /// How many messages it has.
    pub messages: i64,
    /// The last thing that was said.
    pub last_message: Option<String>,
}

/// What a new conversation needs.
#[derive(Debug, Clone)]
pub struct NewConversation<'a> {
    /// Which assistant answers; must be of the same workspace.
    pub assistant: Option<AssistantId>,
    /// How it reached the front desk.
    pub channel: Channel,
    /// Who is on the other side, as the channel knows them.
    pub visitor: Option<&'a str>,
    /// Title for lists.
    pub title: &'a str,
    /// The API key that begins it.
    pub begun_by: Option<ApiKeyId>,
}

const COLUMNS: &str = "c.id, c.workspace, c.assistant, c.channel, c.visitor, c.state, \
                       c.started_at, c.last_at, c.title, c.begun_by";

impl Conversation {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
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
        })
    }
}

/// Begins a conversation. `NotFound` if the assistant is not of this workspace.
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
        "INSERT INTO conversations (id, workspace, assistant, channel, visitor, state, started_at,
                                    last_at, title, begun_by)
         VALUES (?, ?, ?, ?, ?, 'open', ?, ?, ?, ?)",
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
    ))?;
    get(tx, workspace, id)
}

/// The conversation with this id, in this workspace; not while it waits to be deleted.
pub fn get(
    conn: &Connection,
    workspace: WorkspaceId,
    id: ConversationId,
) -> Result<Scoped<Conversation>, StoreError> {
    find(conn, workspace, id, "AND c.due_at IS NULL")
}

/// The same, also while it waits to be deleted: for copying and erasing what is kept of a person.
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

/// Which conversations a list shows: by default all of them, from the one with the latest message on.
#[derive(Debug, Clone, Default)]
pub struct ConversationFilter {
    /// Only those that this key began.
    pub begun_by: Option<ApiKeyId>,
    /// How many are passed over.
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

/// The conversations of a workspace, the one with the latest message first; of an API key only those
/// that it began.
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

/// Says whose turn it is.
pub fn set_state(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    state: ConversationState,
) -> Result<(), StoreError> {
    changed_one(tx.execute(
        "UPDATE conversations SET state = ? WHERE workspace = ? AND id = ?",
        (state, conversation.workspace(), conversation.id),
    )?)
}

/// Gives the conversation another title.
pub fn set_title(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    title: &str,
) -> Result<(), StoreError> {
    changed_one(tx.execute(
        "UPDATE conversations SET title = ? WHERE workspace = ? AND id = ?",
        (title, conversation.workspace(), conversation.id),
    )?)
}

/// Removes a conversation with its messages and receipts.
pub fn delete(tx: &Transaction<'_>, conversation: &Scoped<Conversation>) -> Result<(), StoreError> {
    changed_one(tx.execute(
        "DELETE FROM conversations WHERE workspace = ? AND id = ?",
        (conversation.workspace(), conversation.id),
    )?)
}

fn changed_one(changed: usize) -> Result<(), StoreError> {
    if changed == 0 {
        Err(StoreError::NotFound("the conversation"))
    } else {
        Ok(())
    }
}
