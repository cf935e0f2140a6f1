//! Gaps: questions that got no good answer.

use rusqlite::{Connection, OptionalExtension, Row, Transaction};

use super::values::text_enum;
use super::{FaqId, ReceiptId, Scoped, StoreError, UnixMs, WorkspaceId};

text_enum! {
    pub enum GapReason {
        Refused = "refused",
        /// A person rated the answer bad.
        Rated = "rated",
    }
}

text_enum! {
    pub enum GapState {
        /// Nobody has dealt with it.
        Open = "open",
        /// The owner wrote an answer.
        Answered = "answered",
        /// The owner decided that it needs no answer.
        Dismissed = "dismissed",
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Gap {
    /// The receipt of the bad answer, or of the refusal; serves as the id of the gap.
    pub receipt: ReceiptId,
    pub question: String,
    pub reason: GapReason,
    /// Embedding of the question, in the encoding of the search.
    pub embedding: Option<Vec<u8>>,
    /// Name of the model that made the embedding.
    pub embedder: Option<String>,
    pub state: GapState,
    /// The answer that the owner wrote for it.
    pub faq: Option<FaqId>,
    /// When the question was asked.
    pub created_at: UnixMs,
}

const COLUMNS: &str =
    "g.receipt, g.question, g.reason, g.embedding, g.embedder, g.state, g.faq, g.created_at";

impl Gap {
    fn from_row(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            receipt: row.get("receipt")?,
            question: row.get("question")?,
            reason: row.get("reason")?,
            embedding: row.get("embedding")?,
            embedder: row.get("embedder")?,
            state: row.get("state")?,
            faq: row.get("faq")?,
            created_at: row.get("created_at")?,
        })
    }
}

/// Records a gap. One that exists already stays as it is.
pub fn note(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    receipt: ReceiptId,
    question: &str,
    reason: GapReason,
    now: UnixMs,
) -> Result<(), StoreError> {
    super::receipts::get(tx, workspace, receipt)?;
    tx.prepare_cached(
        "INSERT INTO gaps (receipt, workspace, question, reason, state, created_at)
         VALUES (?, ?, ?, ?, 'open', ?) ON CONFLICT (receipt) DO NOTHING",
    )?
    .execute((receipt, workspace, question, reason, now))?;
    Ok(())
}

/// A gap is hidden while its receipt waits for deletion.
const SHOWN: &str = "g.receipt NOT IN (SELECT id FROM receipts WHERE due_at IS NOT NULL)";

pub fn get(
    conn: &Connection,
    workspace: WorkspaceId,
    receipt: ReceiptId,
) -> Result<Scoped<Gap>, StoreError> {
    conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM gaps g WHERE g.workspace = ? AND g.receipt = ? AND {SHOWN}"
    ))?
    .query_row((workspace, receipt), Gap::from_row)
    .optional()?
    .map(|gap| Scoped::proven(workspace, gap))
    .ok_or(StoreError::NotFound("the gap"))
}

/// The latest gaps of a workspace in this state, newest first.
pub fn list(
    conn: &Connection,
    workspace: WorkspaceId,
    state: GapState,
    limit: u32,
) -> Result<Vec<Gap>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM gaps g WHERE g.workspace = ? AND g.state = ? AND {SHOWN}
         ORDER BY g.created_at DESC, g.receipt DESC LIMIT ?"
    ))?;
    let rows = statement.query_map((workspace, state, limit), Gap::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// `faq` is the answer that was written for it.
pub fn set_state(
    tx: &Transaction<'_>,
    gap: &Scoped<Gap>,
    state: GapState,
    faq: Option<FaqId>,
) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE gaps SET state = ?, faq = ? WHERE workspace = ? AND receipt = ?")?
        .execute((state, faq, gap.workspace(), gap.receipt))?;
    Ok(())
}

/// Removes a gap whose only reason was a bad rating, as long as nobody has dealt with it.
pub fn withdraw(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    receipt: ReceiptId,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "DELETE FROM gaps WHERE workspace = ? AND receipt = ? AND reason = 'rated'
                            AND state = 'open'",
    )?
    .execute((workspace, receipt))?;
    Ok(())
}

/// Up to `limit` open gaps of all workspaces without an embedding of this embedder, with the text to embed.
pub fn list_missing_embeddings(
    conn: &Connection,
    embedder: &str,
    limit: u32,
) -> Result<Vec<(ReceiptId, String)>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT receipt, question FROM gaps WHERE state = 'open' AND embedder IS NOT ?
         ORDER BY created_at LIMIT ?",
    )?;
    let rows = statement.query_map((embedder, limit), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Stores embeddings, skipping gaps that are gone.
pub fn set_embeddings(
    tx: &Transaction<'_>,
    embedder: &str,
    embeddings: &[(ReceiptId, Vec<u8>)],
) -> Result<(), StoreError> {
    let mut update =
        tx.prepare_cached("UPDATE gaps SET embedding = ?, embedder = ? WHERE receipt = ?")?;
    for (receipt, embedding) in embeddings {
        update.execute((embedding, embedder, receipt))?;
    }
    Ok(())
}
