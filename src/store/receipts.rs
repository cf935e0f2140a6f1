//! Receipts: what one answer rested on, so that it can be checked and replayed.
//!
//! Each is sealed as it is written (`seal`): its `checks` carry a digest over all of it and the digest
//! of the receipt before it, so that a receipt that was altered afterwards does not fit any more.

mod head;
mod listing;
mod seal;

pub use head::{Ends, HEAD_FILE};
pub use listing::{Listed, Rated, ReceiptFilter, list};
pub use seal::{Integrity, Link, integrity, link};

use rusqlite::{Connection, OptionalExtension, Row, Transaction};
use serde_json::Value;

use super::values::Json;
use super::{ConversationId, MessageId, ReceiptId, Scoped, StoreError, UnixMs, WorkspaceId};

/// The receipt of one answer. The JSON fields are in the format of whoever answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt {
    /// Its place among all receipts: later ones have larger numbers.
    pub seq: i64,
    /// Its id.
    pub id: ReceiptId,
    /// Its workspace.
    pub workspace: WorkspaceId,
    /// The conversation, if the answer was part of one.
    pub conversation: Option<ConversationId>,
    /// The answer's message, if there is one.
    pub message: Option<MessageId>,
    /// What was asked.
    pub question: String,
    /// Which way the answer was found.
    pub rung: String,
    /// What was answered.
    pub answer: String,
    /// The passages it rests on.
    pub passages: Value,
    /// The model that wrote it, if one did.
    pub model: Option<String>,
    /// Hash of the model's weights.
    pub model_hash: Option<String>,
    /// Hash of the prompt.
    pub prompt_hash: Option<String>,
    /// What was checked, and how it came out.
    pub checks: Value,
    /// Durations in milliseconds.
    pub timings: Value,
    /// Tokens read and written.
    pub tokens: Value,
    /// When it was answered.
    pub created_at: UnixMs,
}

/// A receipt to keep. The id is the caller's, who may tell it to a client before the answer ends.
#[derive(Debug, Clone)]
pub struct NewReceipt<'a> {
    /// Its id.
    pub id: ReceiptId,
    /// The conversation; must be of the same workspace.
    pub conversation: Option<ConversationId>,
    /// The answer's message; must be of the same workspace.
    pub message: Option<MessageId>,
    /// What was asked.
    pub question: &'a str,
    /// Which way the answer was found.
    pub rung: &'a str,
    /// What was answered.
    pub answer: &'a str,
    /// The passages it rests on.
    pub passages: &'a Value,
    /// The model that wrote it, if one did.
    pub model: Option<&'a str>,
    /// Hash of the model's weights.
    pub model_hash: Option<&'a str>,
    /// Hash of the prompt.
    pub prompt_hash: Option<&'a str>,
    /// What was checked, and how it came out.
    pub checks: &'a Value,
    /// Durations in milliseconds.
    pub timings: &'a Value,
    /// Tokens read and written.
    pub tokens: &'a Value,
}

const COLUMNS: &str = "r.seq, r.id, r.workspace, r.conversation, r.message, r.question, r.rung, \
                       r.answer, r.passages, r.model, r.model_hash, r.prompt_hash, r.checks, \
                       r.timings, r.tokens, r.created_at";

impl Receipt {
    /// Whether no visitor asked: an evaluation or a replay did.
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

/// Keeps a receipt; with a message, that message points to it afterwards.
pub fn insert(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    new: &NewReceipt<'_>,
    now: UnixMs,
) -> Result<(), StoreError> {
    if let Some(conversation) = new.conversation {
        super::conversations::get(tx, workspace, conversation)?;
    }
    let message = new
        .message
        .map(|id| super::messages::get(tx, workspace, id))
        .transpose()?;
    let checks = seal::sealed(tx, workspace, new, now)?;
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

/// The receipt with this id, in this workspace; not while it waits to be deleted.
pub fn get(
    conn: &Connection,
    workspace: WorkspaceId,
    id: ReceiptId,
) -> Result<Scoped<Receipt>, StoreError> {
    find(conn, workspace, id, "AND r.due_at IS NULL")
}

/// The same, also while it waits to be deleted: for copying and erasing what is kept of a person.
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
