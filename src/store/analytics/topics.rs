//! Vectors of what visitors asked, and the topics that these form. Words are read from the receipts, so that a topic has none
//! of its own and is named anew when the question that named it is deleted.

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::Span;
use crate::store::{ReceiptId, StoreError, UnixMs, WorkspaceId};

/// A question without a vector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    pub receipt: ReceiptId,
    pub text: String,
    pub asked_at: UnixMs,
}

/// A question's vector, in the encoding of whoever stored it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vector {
    pub receipt: ReceiptId,
    pub asked_at: UnixMs,
    pub bytes: Vec<u8>,
}

/// Questions of one topic within a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// `None`: like few others.
    pub number: Option<i64>,
    pub questions: u64,
    /// How many of them got an answer.
    pub answered: u64,
    /// Before the span.
    pub earlier: u64,
}

/// The place of the newest receipt of a workspace; 0 without any.
pub fn newest(conn: &Connection, workspace: WorkspaceId) -> Result<i64, StoreError> {
    Ok(conn
        .prepare_cached("SELECT coalesce(max(seq), 0) FROM receipts WHERE workspace = ?")?
        .query_row([workspace], |row| row.get(0))?)
}

/// Of the newest `most` questions in conversations, up to `limit` that have no vector of this embedder, the newest first. Small
/// talk is no question.
pub fn list_bare(
    conn: &Connection,
    workspace: WorkspaceId,
    embedder: &str,
    most: u32,
    limit: u32,
) -> Result<Vec<Question>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT n.id, n.question, n.created_at FROM (
             SELECT seq, id, question, created_at FROM receipts
             WHERE workspace = ?1 AND conversation IS NOT NULL AND rung <> 'talk' AND due_at IS NULL
             ORDER BY seq DESC LIMIT ?3) n
         WHERE NOT EXISTS (SELECT 1 FROM question_topics q WHERE q.receipt = n.id AND q.embedder = ?2)
         ORDER BY n.seq DESC LIMIT ?4",
    )?;
    let rows = statement.query_map((workspace, embedder, most, limit), |row| {
        Ok(Question {
            receipt: row.get(0)?,
            text: row.get(1)?,
            asked_at: row.get(2)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Stores vectors, skipping questions that are gone, and drops those beyond the newest `most`.
pub fn keep(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    embedder: &str,
    vectors: &[Vector],
    most: u32,
) -> Result<(), StoreError> {
    let mut insert = tx.prepare_cached(
        "INSERT INTO question_topics (receipt, workspace, asked_at, embedder, embedding)
         SELECT id, workspace, ?3, ?4, ?5 FROM receipts WHERE id = ?1 AND workspace = ?2
         ON CONFLICT (receipt) DO UPDATE SET embedder = excluded.embedder, embedding = excluded.embedding,
             topic = NULL, closeness = NULL",
    )?;
    for one in vectors {
        insert.execute((one.receipt, workspace, one.asked_at, embedder, &one.bytes))?;
    }
    tx.prepare_cached(
        "DELETE FROM question_topics WHERE workspace = ?1 AND receipt IN (
             SELECT receipt FROM question_topics WHERE workspace = ?1
             ORDER BY asked_at DESC, receipt DESC LIMIT -1 OFFSET ?2)",
    )?
    .execute((workspace, most))?;
    Ok(())
}

/// All vectors of this embedder, the oldest question first.
pub fn list(
    conn: &Connection,
    workspace: WorkspaceId,
    embedder: &str,
) -> Result<Vec<Vector>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT receipt, asked_at, embedding FROM question_topics INDEXED BY question_topics_asked
         WHERE workspace = ? AND embedder = ? ORDER BY asked_at, receipt",
    )?;
    let rows = statement.query_map((workspace, embedder), |row| {
        Ok(Vector {
            receipt: row.get(0)?,
            asked_at: row.get(1)?,
            bytes: row.get(2)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Replaces the topics of a workspace: number and cosine to its centre, for each question that has one.
pub fn set(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    topics: &[(ReceiptId, Option<(i64, f64)>)],
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE question_topics SET topic = NULL, closeness = NULL WHERE workspace = ?",
    )?
    .execute([workspace])?;
    let mut update = tx.prepare_cached(
        "UPDATE question_topics SET topic = ?1, closeness = ?2 WHERE receipt = ?3 AND workspace = ?4",
    )?;
    for (receipt, topic) in topics {
        if let Some((number, closeness)) = topic {
            update.execute((number, closeness, receipt, workspace))?;
        }
    }
    Ok(())
}

/// The topics of the questions in conversations of a span, the largest first, and how many questions of each are in conversations
/// from `since` up to it.
pub fn in_span(
    conn: &Connection,
    workspace: WorkspaceId,
    span: &Span,
    since: UnixMs,
) -> Result<Vec<Topic>, StoreError> {
    // No question is older than its conversation.
    let mut statement = conn.prepare_cached(
        "SELECT q.topic, count(*) FILTER (WHERE f.started_at >= ?2),
                count(*) FILTER (WHERE f.started_at >= ?2 AND r.rung NOT IN ('refusal', 'related')),
                count(*) FILTER (WHERE f.started_at < ?2)
         FROM question_topics q JOIN receipts r ON r.id = q.receipt
              JOIN conversation_figures f ON f.conversation = r.conversation
         WHERE q.workspace = ?1 AND q.asked_at >= ?6 AND f.started_at >= ?6 AND f.started_at < ?3 AND f.is_test = 0
               AND (?4 IS NULL OR f.channel = ?4) AND (?5 IS NULL OR f.assistant = ?5)
         GROUP BY q.topic ORDER BY 2 DESC, q.topic",
    )?;
    let wanted = (
        workspace,
        span.from,
        span.until,
        span.channel,
        span.assistant,
        since,
    );
    let rows = statement.query_map(wanted, |row| {
        let count = |at: usize| row.get::<_, i64>(at).map(i64::unsigned_abs);
        Ok(Topic {
            number: row.get(0)?,
            questions: count(1)?,
            answered: count(2)?,
            earlier: count(3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The question closest to a topic's centre that is still kept, with its receipt.
pub fn name(
    conn: &Connection,
    workspace: WorkspaceId,
    number: i64,
) -> Result<Option<(ReceiptId, String)>, StoreError> {
    Ok(conn
        .prepare_cached(
            "SELECT r.id, r.question FROM question_topics q JOIN receipts r ON r.id = q.receipt
             WHERE q.workspace = ? AND q.topic = ? AND r.due_at IS NULL ORDER BY q.closeness DESC, q.receipt LIMIT 1",
        )?
        .query_row((workspace, number), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?)
}

/// When the oldest question with a vector was asked, and how many there are.
pub fn extent(
    conn: &Connection,
    workspace: WorkspaceId,
) -> Result<(Option<UnixMs>, u64), StoreError> {
    let (oldest, number): (Option<UnixMs>, i64) = conn
        .prepare_cached("SELECT min(asked_at), count(*) FROM question_topics WHERE workspace = ?")?
        .query_row([workspace], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok((oldest, number.unsigned_abs()))
}
