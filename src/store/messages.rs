//! Messages of conversations.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde_json::json;

use super::conversations::{Conversation, ConversationState};
use super::rows::{columns, insert};
use super::values::text_enum;
use super::{
    ConversationId, MessageId, ReceiptId, Scoped, StoreError, UnixMs, UserId, WorkspaceId, events,
};

/// Of the id that a sender gives a message, in characters.
pub const LONGEST_CLIENT_ID: usize = 100;

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
    /// Its place in the order of all messages; later ones have larger numbers.
    pub seq: i64,
    pub id: MessageId,
    pub conversation: ConversationId,
    pub workspace: WorkspaceId,
    pub role: Speaker,
    pub text: String,
    pub state: MessageState,
    pub created_at: UnixMs,
    /// For answers.
    pub receipt: Option<ReceiptId>,
    /// Chosen by the sender, so that a message sent twice is stored once; for others through [`as_sent`].
    pub client_id: Option<String>,
    /// The member of staff who wrote it.
    pub author: Option<UserId>,
}

#[derive(Debug, Clone)]
pub struct NewMessage<'a> {
    pub role: Speaker,
    pub text: &'a str,
    /// `Interrupted` for an answer that is about to be streamed.
    pub state: MessageState,
    /// Chosen by the sender.
    pub client_id: Option<&'a str>,
    /// The member of staff who wrote it.
    pub author: Option<UserId>,
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
        seq, id, conversation, workspace, role, text, state, created_at, receipt, client_id, author
    }
}

/// Between a sender's own id and who they are, where somebody else of the conversation had that id first.
const APART: char = '\u{1f}';

/// The name under which a sender's id is kept where somebody else had it first.
fn name_apart(client_id: &str, role: Speaker, author: Option<UserId>) -> String {
    let author = author.map_or_else(String::new, |id| id.to_string());
    format!("{client_id}{APART}{role}{author}")
}

/// A sender's id as they sent it.
pub fn as_sent(kept: String) -> String {
    match kept.split_once(APART) {
        Some((sent, _)) => sent.to_owned(),
        None => kept,
    }
}

/// Whether a message of the conversation is kept under this id.
fn is_taken(
    conn: &Connection,
    conversation: &Scoped<Conversation>,
    client_id: &str,
) -> Result<bool, StoreError> {
    Ok(conn
        .prepare_cached("SELECT 1 FROM messages WHERE conversation = ? AND client_id = ?")?
        .exists((conversation.id, client_id))?)
}

/// Adds a message at the end of a conversation, once per client id of its sender. What a visitor writes to a person, and what a
/// person answers, is an event too, and tells since when the visitor waits.
pub fn append(
    tx: &Transaction<'_>,
    conversation: &Scoped<Conversation>,
    new: &NewMessage<'_>,
    now: UnixMs,
) -> Result<Appended, StoreError> {
    let workspace = conversation.workspace();
    let mut client_id = new.client_id.map(str::to_owned);
    if let Some(sent) = new.client_id {
        let known = find_by_client_id(tx, conversation, sent, new.role, new.author)?;
        if let Some(message) = known {
            return Ok(Appended::Known(message));
        }
        if is_taken(tx, conversation, sent)? {
            let apart = name_apart(sent, new.role, new.author);
            // Nobody but somebody who wants to do harm takes that one as well.
            client_id = match is_taken(tx, conversation, &apart)? {
                true => None,
                false => Some(apart),
            };
        }
    }
    // Not by what the caller read before: the state may have changed since.
    let state: ConversationState = tx
        .prepare_cached(
            "UPDATE conversations SET last_at = max(last_at, ?1), waiting_since = CASE
                WHEN ?2 = 'user' AND state IN ('waiting', 'human') THEN coalesce(waiting_since, ?1)
                WHEN ?2 = 'agent' THEN NULL ELSE waiting_since END
             WHERE id = ?3 RETURNING state",
        )?
        .query_row((now, new.role, conversation.id), |row| row.get(0))
        .optional()?
        .ok_or(StoreError::NotFound("the conversation"))?;
    let id = MessageId::new();
    insert!(tx into messages {
        id, conversation: conversation.id, workspace, role: new.role, text: new.text,
        state: new.state, created_at: now, client_id, author: new.author
    })?;
    let silent = matches!(state, ConversationState::Waiting | ConversationState::Human);
    let event = match new.role {
        Speaker::User if silent => Some(("message_received", json!({ "message": id }))),
        Speaker::Agent => Some(("message_sent", json!({ "message": id, "by": new.author }))),
        _ => None,
    };
    if let Some((kind, data)) = event {
        let subject = conversation.id.to_string();
        events::append(tx, workspace, kind, &subject, &data, now)?;
    }
    get(tx, workspace, id).map(Appended::Stored)
}

/// The message that its sender, of this role and account, gave this id.
pub fn find_by_client_id(
    conn: &Connection,
    conversation: &Scoped<Conversation>,
    client_id: &str,
    role: Speaker,
    author: Option<UserId>,
) -> Result<Option<Scoped<Message>>, StoreError> {
    let found = conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM messages
             WHERE conversation = ? AND client_id IN (?, ?) AND role = ? AND author IS ?"
        ))?
        .query_row(
            (
                conversation.id,
                client_id,
                name_apart(client_id, role, author),
                role,
                author,
            ),
            Message::from_row,
        )
        .optional()?;
    Ok(found.map(|message| Scoped::proven(conversation.workspace(), message)))
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

/// The first `limit` messages of a conversation after a place in it, oldest first.
pub fn list_after(
    conn: &Connection,
    conversation: &Scoped<Conversation>,
    after: i64,
    limit: u32,
) -> Result<Vec<Message>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM messages WHERE conversation = ? AND seq > ? ORDER BY seq LIMIT ?"
    ))?;
    let rows = statement.query_map((conversation.id, after, limit), Message::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether a message of this conversation has this place.
pub fn is_place(
    conn: &Connection,
    conversation: &Scoped<Conversation>,
    seq: i64,
) -> Result<bool, StoreError> {
    Ok(conn
        .prepare_cached("SELECT 1 FROM messages WHERE conversation = ? AND seq = ?")?
        .exists((conversation.id, seq))?)
}

/// The last `limit` messages of a conversation before a place in it, oldest first.
pub fn list_before(
    conn: &Connection,
    conversation: &Scoped<Conversation>,
    before: i64,
    limit: u32,
) -> Result<Vec<Message>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM messages WHERE conversation = ? AND seq < ? ORDER BY seq DESC LIMIT ?"
    ))?;
    let rows = statement.query_map((conversation.id, before, limit), Message::from_row)?;
    let mut messages: Vec<_> = rows.collect::<Result<_, _>>()?;
    messages.reverse();
    Ok(messages)
}

/// How far somebody of staff has read; 0 if nobody has.
pub fn read_up_to(
    conn: &Connection,
    conversation: &Scoped<Conversation>,
) -> Result<i64, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT coalesce(max(seq), 0) FROM conversation_reads WHERE conversation = ?",
        )?
        .query_row([conversation.id], |row| row.get(0))?)
}

/// Deletes a message that nobody has seen.
pub fn remove(tx: &Transaction<'_>, message: &Scoped<Message>) -> Result<(), StoreError> {
    require_changed(
        tx.prepare_cached("DELETE FROM messages WHERE workspace = ? AND id = ?")?
            .execute((message.workspace(), message.id))?,
    )
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
