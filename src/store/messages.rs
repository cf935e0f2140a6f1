//! Messages of conversations.

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::conversations::Conversation;
use super::rows::{columns, insert};
use super::values::text_enum;
use super::{ConversationId, MessageId, ReceiptId, Scoped, StoreError, UnixMs, WorkspaceId};

text_enum! {
    pub enum Speaker {
        User = "user",
        /// The assistant's answer.
        Assistant = "assistant",
        /// A member of staff.
        Agent = "agent",
        /// Frontdesk itself, as in "a human was called".
        System = "system",
    }
}

text_enum! {
    /// Whether a message is complete.
    pub enum MessageState {
        Complete = "complete",
        /// Broken off. A streamed answer starts in this state, so that it is right after a crash.
        Interrupted = "interrupted",
        /// No answer could be given.
        Failed = "failed",
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    pub id: MessageId,
    pub conversation: ConversationId,
    pub workspace: WorkspaceId,
    pub role: Speaker,
    pub text: String,
    pub state: MessageState,
    pub created_at: UnixMs,
    /// For answers.
    pub receipt: Option<ReceiptId>,
    /// Chosen by the sender, so that a message sent twice is stored once.
    pub client_id: Option<String>,
}

#[derive(Debug, Clone)]
pub struct NewMessage<'a> {
    pub role: Speaker,
    pub text: &'a str,
    /// `Interrupted` for an answer that is about to be streamed.
    pub state: MessageState,
    /// Chosen by the sender.
    pub client_id: Option<&'a str>,
}

/// Result of [`append`].
#[derive(Debug, Clone, PartialEq)]
pub enum Appended {
    Stored(Scoped<Message>),
    /// The conversation already has a message with this client id.
    Known(Scoped<Message>),
}

impl Appended {
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

/// Sets text and state, both while an answer is streamed and at its end.
pub fn update(
    tx: &Transaction<'_>,
    message: &Scoped<Message>,
    text: &str,
    state: MessageState,
) -> Result<(), StoreError> {
    require_changed(
        tx.prepare_cached(
            "UPDATE messages SET text = ?, state = ? WHERE workspace = ? AND id = ?",
        )?
        .execute((text, state, message.workspace(), message.id))?,
    )
}

/// Links an answer to its receipt. `NotFound` if the receipt belongs to another workspace.
pub fn set_receipt(
    tx: &Transaction<'_>,
    message: &Scoped<Message>,
    receipt: ReceiptId,
) -> Result<(), StoreError> {
    super::receipts::get(tx, message.workspace(), receipt)?;
    require_changed(
        tx.prepare_cached("UPDATE messages SET receipt = ? WHERE workspace = ? AND id = ?")?
            .execute((receipt, message.workspace(), message.id))?,
    )
}

fn require_changed(changed: usize) -> Result<(), StoreError> {
    if changed == 0 {
        Err(StoreError::NotFound("the message"))
    } else {
        Ok(())
    }
}
