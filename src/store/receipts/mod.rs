//! Receipts: what one answer rests on, so that it can be checked and replayed.
//!
//! Each is sealed when it is written (`seal`): its `checks` contain a digest of the whole receipt and the digest of the
//! receipt before it, so that a later change is detected.

mod head;
mod listing;
mod seal;

pub use head::{Ends, HEAD_FILE};
pub use listing::{Listed, Rated, ReceiptFilter, list};
pub use seal::{Integrity, Link, integrity, link};

use rusqlite::{Connection, OptionalExtension, Row, Transaction};
use serde_json::Value;

use super::conversations::Conversation;
use super::values::Json;
use super::{ConversationId, MessageId, ReceiptId, Scoped, StoreError, UnixMs, WorkspaceId};

/// The JSON fields are in the format of the code that answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt {
    /// Position among all receipts; later ones have larger numbers.
    pub seq: i64,
    pub id: ReceiptId,
    pub workspace: WorkspaceId,
    pub conversation: Option<ConversationId>,
    pub message: Option<MessageId>,
    pub question: String,
    /// The rung of the answer ladder that gave the answer.
    pub rung: String,
    pub answer: String,
    /// The passages that the answer rests on.
    pub passages: Value,
    /// The language model; `None` if none was used.
    pub model: Option<String>,
    /// Hash of the model's weights.
    pub model_hash: Option<String>,
    /// Hash of the prompt.
    pub prompt_hash: Option<String>,
    /// The checks of the answer and their results.
    pub checks: Value,
    /// In milliseconds.
    pub timings: Value,
    /// Tokens in the prompt and tokens generated.
    pub tokens: Value,
    pub created_at: UnixMs,
}

/// A receipt before it is sealed. The caller chooses the id, because a client may learn it before the answer ends.
#[derive(Debug, Clone)]
pub struct NewReceipt<'a> {
    pub id: ReceiptId,
    /// Must be of the same workspace.
    pub conversation: Option<ConversationId>,
    /// Must be of the same workspace.
    pub message: Option<MessageId>,
    pub question: &'a str,
    /// The rung of the answer ladder that gave the answer.
    pub rung: &'a str,
    pub answer: &'a str,
    /// The passages that the answer rests on.
    pub passages: &'a Value,
    /// The language model; `None` if none was used.
    pub model: Option<&'a str>,
    pub model_hash: Option<&'a str>,
    pub prompt_hash: Option<&'a str>,
    /// The checks of the answer and their results.
    pub checks: &'a Value,
    /// In milliseconds.
    pub timings: &'a Value,
    /// Tokens in the prompt and tokens generated.
    pub tokens: &'a Value,
}

const COLUMNS: &str = "r.seq, r.id, r.workspace, r.conversation, r.message, r.question, r.rung, \
                       r.answer, r.passages, r.model, r.model_hash, r.prompt_hash, r.checks, \
                       r.timings, r.tokens, r.created_at";

impl Receipt {
    /// Whether the question came from an evaluation or a replay instead of a visitor.
    pub fn of_evaluation(&self) -> bool {
        self.checks.get("evaluation").and_then(Value::as_bool) == Some(true)
    }

    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            seq: row.get("seq")?,
            id: row.get("id")?,
            workspace: row.get("workspace")?,
            conversation: row.get("conversation")?,
            message: row.get("message")?,
            question: row.get("question")?,
            rung: row.get("rung")?,
            answer: row.get("answer")?,
            passages: row.get::<_, Json<Value>>("passages")?.0,
            model: row.get("model")?,
            model_hash: row.get("model_hash")?,
            prompt_hash: row.get("prompt_hash")?,
            checks: row.get::<_, Json<Value>>("checks")?.0,
            timings: row.get::<_, Json<Value>>("timings")?.0,
            tokens: row.get::<_, Json<Value>>("tokens")?.0,
            created_at: row.get("created_at")?,
        })
    }
}

/// The rungs of a conversation's last answers, the newest first.
pub fn last_rungs(
    conn: &Connection,
    conversation: &Scoped<Conversation>,
    limit: u32,
) -> Result<Vec<String>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT rung FROM receipts WHERE conversation = ? ORDER BY seq DESC LIMIT ?",
    )?;
    let rows = statement.query_map((conversation.id, limit), |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Seals and stores a receipt, and links its message to it.
pub fn insert(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    new: &NewReceipt<'_>,
    now: UnixMs,
) -> Result<(), StoreError> {
    // A foreign key would accept a conversation of another workspace.
    if let Some(conversation) = new.conversation {
        super::conversations::get(tx, workspace, conversation)?;
    }
    let message = new
        .message
        .map(|id| super::messages::get(tx, workspace, id))
        .transpose()?;
    let checks = seal::add_seal(tx, workspace, new, now)?;
    tx.prepare_cached(
        "INSERT INTO receipts (id, workspace, conversation, message, question, rung, answer,
                               passages, model, model_hash, prompt_hash, checks, timings, tokens,
                               created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?
    .execute((
        new.id,
        workspace,
        new.conversation,
        new.message,
        new.question,
        new.rung,
        new.answer,
        Json(new.passages),
        new.model,
        new.model_hash,
        new.prompt_hash,
        Json(&checks),
        Json(new.timings),
        Json(new.tokens),
        now,
    ))?;
    match message {
        Some(message) => super::messages::set_receipt(tx, &message, new.id),
        None => Ok(()),
    }
}

/// Finds a receipt of this workspace; one that waits for deletion counts as gone.
pub fn get(
    conn: &Connection,
    workspace: WorkspaceId,
    id: ReceiptId,
) -> Result<Scoped<Receipt>, StoreError> {
    find(conn, workspace, id, "AND r.due_at IS NULL")
}

/// Like [`get`], but also finds one that waits for deletion: for copying and erasing a person's data.
pub fn get_even_due(
    conn: &Connection,
    workspace: WorkspaceId,
    id: ReceiptId,
) -> Result<Scoped<Receipt>, StoreError> {
    find(conn, workspace, id, "")
}

fn find(
    conn: &Connection,
    workspace: WorkspaceId,
    id: ReceiptId,
    and: &str,
) -> Result<Scoped<Receipt>, StoreError> {
    conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM receipts r WHERE r.workspace = ? AND r.id = ? {and}"
    ))?
    .query_row((workspace, id), Receipt::from_row)
    .optional()?
    .map(|receipt| Scoped::proven(workspace, receipt))
    .ok_or(StoreError::NotFound("the receipt"))
}
