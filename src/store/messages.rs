//! What was said in a conversation.

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::conversations::Conversation;
use super::rows::{columns, insert};
use super::values::text_enum;
use super::{ConversationId, MessageId, ReceiptId, Scoped, StoreError, UnixMs, WorkspaceId};

text_enum! {
    /// Who said it.
    pub enum Speaker {
        /// The visitor.
        User = "user",
        /// The assistant.
        Assistant = "assistant",
        /// A member of staff.
        Agent = "agent",
        /// Frontdesk itself ("a human was called").
        System = "system",
    }
}

text_enum! {
    /// Whether it was said to its end.
    pub enum MessageState {
        /// To its end.
        Complete = "complete",
        /// Broken off. A streamed answer begins in this state, so that a crash leaves it so.
        Interrupted = "interrupted",
        /// Nothing could be answered.
        Failed = "failed",
    }
}

/// A message.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Its id.
    pub id: MessageId,
    /// The conversation.
    pub conversation: ConversationId,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// Who said it.
    pub role: Speaker,
    /// What was said.
    pub text: String,
    /// Whether it was said to its end.
    pub state: MessageState,
    /// When it was said.
    pub created_at: UnixMs,
    /// The receipt, for an answer.
    pub receipt: Option<ReceiptId>,
    /// The sender's own id, so that a message sent twice is stored once.
    pub client_id: Option<String>,
}

/// What a new message needs.
#[derive(Debug, Clone)]
pub struct NewMessage<'a> {
    /// Who says it.
    pub role: Speaker,
    /// What is said.
    pub text: &'a str,
    /// Whether it is said to its end; `Interrupted` for an answer that is about to be streamed.
    pub state: MessageState,
    /// The sender's own id.
    pub client_id: Option<&'a str>,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Appended {
    /// It was stored.
    Stored(Scoped<Message>),
    /// The conversation has a message with this client id: this one.
    Known(Scoped<Message>),
}

impl Appended {
    /// The message, whatever happened.
    pub fn into_message(self) -> Scoped<Message> {
        match self {
            Self::Stored(message) | Self::Known(message) => message,
        }
    }
}

columns! {
    COLUMNS of Message {
        id, conversation, workspace, role, text, state, created_at, receipt, client_id
    }
}

/// Adds a message at the end of a conversation, once per client id.
pub fn append(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    new: &NewMessage<'_>,
    now: UnixMs,
) -> Result<Appended, StoreError> {
    let workspace = conversation.workspace();
    if let Some(client_id) = new.client_id {
        let known = tx
            .prepare_cached(&format!(
                "SELECT {COLUMNS} FROM messages WHERE conversation = ? AND client_id = ?"
            ))?
            .query_row((conversation.id, client_id), Message::from_row)
            .optional()?;
        if let Some(message) = known {
            return Ok(Appended::Known(Scoped::proven(workspace, message)));
        }
    }
    let changed = tx
        .prepare_cached("UPDATE conversations SET last_at = max(last_at, ?) WHERE id = ?")?
        .execute((now, conversation.id))?;
    if changed == 0 {
        return Err(StoreError::NotFound("the conversation"));
    }
    let id = MessageId::new();
    insert!(tx into messages {
        id, conversation: conversation.id, workspace, role: new.role, text: new.text,
        state: new.state, created_at: now, client_id: new.client_id
    })?;
    get(tx, workspace, id).map(Appended::Stored)
}

/// The message with this id, in this workspace.
pub fn get(
    conn: &Connection,
    workspace: WorkspaceId,
    id: MessageId,
) -> Result<Scoped<Message>, StoreError> {
    conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM messages WHERE workspace = ? AND id = ?"
    ))?
    .query_row((workspace, id), Message::from_row)
    .optional()?
    .map(|message| Scoped::proven(workspace, message))
    .ok_or(StoreError::NotFound("the message"))
}

/// The last `limit` messages of a conversation, oldest first.
pub fn list(
    conn: &Connection,
    conversation: &Scoped<Conversation>,
    limit: u32,
) -> Result<Vec<Message>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM messages WHERE conversation = ? ORDER BY seq DESC LIMIT ?"
    ))?;
    let rows = statement.query_map((conversation.id, limit), Message::from_row)?;
    let mut messages: Vec<_> = rows.collect::<Result<_, _>>()?;
    messages.reverse();
    Ok(messages)
}

/// Sets text and state: while an answer is streamed, and at its end.
pub fn update(
    tx: &Transaction<'_>,
    message: &Scoped<Message>,
    text: &str,
    state: MessageState,
) -> Result<(), StoreError> {
    changed_one(
        tx.prepare_cached(
            "UPDATE messages SET text = ?, state = ? WHERE workspace = ? AND id = ?",
        )?
        .execute((text, state, message.workspace(), message.id))?,
    )
}

/// Ties an answer to its receipt. `NotFound` if the receipt is another workspace's.
pub fn set_receipt(
    tx: &Transaction<'_>,
    message: &Scoped<Message>,
    receipt: ReceiptId,
) -> Result<(), StoreError> {
    super::receipts::get(tx, message.workspace(), receipt)?;
    changed_one(
        tx.prepare_cached("UPDATE messages SET receipt = ? WHERE workspace = ? AND id = ?")?
            .execute((receipt, message.workspace(), message.id))?,
    )
}

fn changed_one(changed: usize) -> Result<(), StoreError> {
    if changed == 0 {
        Err(StoreError::NotFound("the message"))
    } else {
        Ok(())
    }
}
