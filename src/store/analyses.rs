//! What was found in conversations. A conversation has one analysis: a new one takes the place of the old.

use rusqlite::{Connection, OptionalExtension, ToSql, Transaction};
use serde_json::Value;

use super::listing::{Conditions, ListFilter};
use super::rows::{columns, insert};
use super::values::{Json, text_enum};
use super::{AnalysisId, ConversationId, Scoped, StoreError, UnixMs, WorkspaceId, conversations};

text_enum! {
    /// Where a conversation came from.
    pub enum Source {
        /// The inbox.
        Conversation = "conversation",
        /// A program that sent its turns.
        Turns = "turns",
        /// A file that another program exported.
        File = "file",
        /// A lead of a CRM.
        Crm = "crm",
    }
}

/// An analysis without what it found, for lists.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    pub id: AnalysisId,
    pub workspace: WorkspaceId,
    pub conversation: Option<ConversationId>,
    pub source: Source,
    /// What it is called elsewhere: a file, the id of a lead. Empty for conversations of the inbox.
    pub about: String,
    /// For lists.
    pub title: String,
    pub created_at: UnixMs,
    /// 0 to 100.
    pub score: u8,
    /// Without the owner's rules, 0 to 100.
    pub own_score: u8,
    /// What the owner's rules add.
    pub rule_points: i16,
    pub band: String,
    /// ISO 639-1.
    pub language: Option<String>,
    pub turns: u32,
    pub prompt_version: String,
    /// `None` if no model took part.
    pub model: Option<String>,
    pub weights_hash: Option<String>,
    pub took_ms: i64,
    pub tokens_read: i64,
    pub tokens_written: i64,
    /// SHA-256 of everything that the result follows from, as hex.
    pub digest: String,
    /// What was found.
    pub body: Value,
}

columns! {
    COLUMNS of Analysis as a {
        id, workspace, conversation, source, about, title, created_at, score, own_score, rule_points, band, language, turns,
        prompt_version, model, weights_hash, took_ms, tokens_read, tokens_written, digest, body: json
    }
}

#[derive(Debug, Clone)]
pub struct NewAnalysis {
    /// Must be of the same workspace.
    pub conversation: Option<ConversationId>,
    pub source: Source,
    pub about: String,
    pub title: String,
    pub score: u8,
    pub own_score: u8,
    pub rule_points: i16,
    pub band: String,
    pub language: Option<String>,
    pub turns: u32,
    pub prompt_version: String,
    pub model: Option<String>,
    pub weights_hash: Option<String>,
    pub took_ms: i64,
    pub tokens_read: i64,
    pub tokens_written: i64,
    pub digest: String,
    pub body: Value,
    /// The conversation itself, if it is kept.
    pub said: Option<Value>,
}

/// Keeps an analysis. Of a conversation, and of a lead of a CRM, an older one goes.
///
/// # Errors
/// `NotFound` if the conversation is not of this workspace.
pub fn keep(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    new: &NewAnalysis,
    now: UnixMs,
) -> Result<Scoped<Analysis>, StoreError> {
    if let Some(conversation) = new.conversation {
        conversations::get(tx, workspace, conversation)?;
        tx.prepare_cached("DELETE FROM analyses WHERE workspace = ? AND conversation = ?")?
            .execute((workspace, conversation))?;
    }
    if new.source == Source::Crm && !new.about.is_empty() {
        tx.prepare_cached("DELETE FROM analyses WHERE workspace = ? AND source = ? AND about = ?")?
            .execute((workspace, new.source, &new.about))?;
    }
    let id = AnalysisId::new();
    insert!(tx into analyses {
        id, workspace, conversation: new.conversation, source: new.source, about: new.about, title: new.title,
        created_at: now, score: new.score, own_score: new.own_score, rule_points: new.rule_points, band: new.band,
        language: new.language, turns: new.turns, prompt_version: new.prompt_version, model: new.model,
        weights_hash: new.weights_hash, took_ms: new.took_ms, tokens_read: new.tokens_read,
        tokens_written: new.tokens_written, digest: new.digest, body: Json(&new.body),
        said: new.said.as_ref().map(Json)
    })?;
    get(tx, workspace, id)
}

/// One of a conversation that waits for deletion counts as gone.
pub fn get(
    conn: &Connection,
    workspace: WorkspaceId,
    id: AnalysisId,
) -> Result<Scoped<Analysis>, StoreError> {
    conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM analyses a LEFT JOIN conversations c ON c.id = a.conversation
         WHERE a.workspace = ? AND a.id = ? AND c.due_at IS NULL"
    ))?
    .query_row((workspace, id), Analysis::from_row)
    .optional()?
    .map(|analysis| Scoped::proven(workspace, analysis))
    .ok_or(StoreError::NotFound("the analysis"))
}

/// The conversation that an analysis from elsewhere was made of, if it is kept.
pub fn said(conn: &Connection, analysis: &Scoped<Analysis>) -> Result<Option<Value>, StoreError> {
    let said: Option<Option<Json<Value>>> = conn
        .prepare_cached("SELECT said FROM analyses WHERE workspace = ? AND id = ?")?
        .query_row((analysis.workspace(), analysis.id), |row| row.get(0))
        .optional()?;
    Ok(said.flatten().map(|said| said.0))
}

/// The analysis of a conversation.
pub fn of_conversation(
    conn: &Connection,
    workspace: WorkspaceId,
    conversation: ConversationId,
) -> Result<Option<Analysis>, StoreError> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM analyses a WHERE a.workspace = ? AND a.conversation = ?
             ORDER BY a.created_at DESC LIMIT 1"
        ))?
        .query_row((workspace, conversation), Analysis::from_row)
        .optional()?)
}

/// The newest analysis that followed from the same.
pub fn of_digest(
    conn: &Connection,
    workspace: WorkspaceId,
    digest: &str,
) -> Result<Option<Analysis>, StoreError> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM analyses a WHERE a.workspace = ? AND a.digest = ?
             ORDER BY a.created_at DESC LIMIT 1"
        ))?
        .query_row((workspace, digest), Analysis::from_row)
        .optional()?)
}

pub fn delete(tx: &Transaction<'_>, analysis: &Scoped<Analysis>) -> Result<(), StoreError> {
    let gone = tx
        .prepare_cached("DELETE FROM analyses WHERE workspace = ? AND id = ?")?
        .execute((analysis.workspace(), analysis.id))?;
    match gone {
        0 => Err(StoreError::NotFound("the analysis")),
        _ => Ok(()),
    }
}

/// Deletes what was made of conversations from elsewhere before a time.
pub fn purge_foreign(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    before: UnixMs,
) -> Result<usize, StoreError> {
    Ok(tx
        .prepare_cached(
            "DELETE FROM analyses WHERE workspace = ? AND conversation IS NULL AND created_at < ?",
        )?
        .execute((workspace, before))?)
}

/// Closed conversations of visitors without an analysis of their last message, the latest first. Those that ended before
/// `since` are left out.
pub fn not_analysed(
    conn: &Connection,
    workspace: WorkspaceId,
    since: UnixMs,
    limit: u32,
) -> Result<Vec<ConversationId>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT c.id FROM conversations c
         WHERE c.workspace = ?1 AND c.state = 'closed' AND c.last_at >= ?2 AND c.due_at IS NULL AND c.spam = 0
           AND c.merged_into IS NULL
           AND NOT EXISTS (SELECT 1 FROM analyses a WHERE a.conversation = c.id AND a.created_at >= c.last_at)
           AND EXISTS (SELECT 1 FROM messages m WHERE m.conversation = c.id AND m.role = 'user')
         ORDER BY c.last_at DESC LIMIT ?3",
    )?;
    let rows = statement.query_map((workspace, since, limit), |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Which analyses to list: those with the highest score first, of equal ones the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AnalysisFilter {
    pub band: Option<String>,
    pub source: Option<Source>,
    /// At least this score.
    pub least: Option<u8>,
    pub language: Option<String>,
    pub conversation: Option<ConversationId>,
    /// Made at this time or later.
    pub since: Option<UnixMs>,
    /// The last one of the page before.
    pub after: Option<(u8, UnixMs, AnalysisId)>,
}

impl ListFilter for AnalysisFilter {
    type Row = Analysis;

    fn list(
        &self,
        conn: &Connection,
        workspace: WorkspaceId,
        limit: u32,
    ) -> Result<Vec<Analysis>, StoreError> {
        let mut wanted = Conditions::default();
        wanted.add("a.workspace = ? AND c.due_at IS NULL", &workspace);
        wanted.add_if_some("a.band = ?", self.band.as_ref());
        wanted.add_if_some("a.source = ?", self.source.as_ref());
        wanted.add_if_some("a.score >= ?", self.least.as_ref());
        wanted.add_if_some("a.language = ?", self.language.as_ref());
        wanted.add_if_some("a.conversation = ?", self.conversation.as_ref());
        wanted.add_if_some("a.created_at >= ?", self.since.as_ref());
        if let Some((score, at, id)) = &self.after {
            wanted.add_with(
                "(a.score, a.created_at, a.id) < (?, ?, ?)",
                [score as &dyn ToSql, at as &dyn ToSql, id as &dyn ToSql],
            );
        }
        let (conditions, values) = wanted.limited(&limit);
        let mut statement = conn.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM analyses a LEFT JOIN conversations c ON c.id = a.conversation
             WHERE {conditions} ORDER BY a.score DESC, a.created_at DESC, a.id DESC LIMIT ?"
        ))?;
        let rows = statement.query_map(values.as_slice(), Analysis::from_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn after(&self, page: &[Analysis]) -> Self {
        let place = |last: &Analysis| (last.score, last.created_at, last.id);
        Self {
            after: page.last().map(place).or(self.after),
            ..self.clone()
        }
    }
}

#[cfg(test)]
#[path = "analyses_tests.rs"]
mod tests;
