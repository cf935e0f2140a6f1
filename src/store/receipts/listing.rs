//! Searching receipts by time, rung, words, rating, document and conversation, one page at a time.

use rusqlite::{Connection, ToSql};

use super::{COLUMNS, Receipt};
use crate::store::listing::{Conditions, ListFilter};
use crate::store::{ConversationId, DocumentId, StoreError, UnixMs, WorkspaceId};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rated {
    Good,
    Bad,
    /// Good or bad.
    Any,
    /// Without a rating.
    Not,
}

/// Which receipts to list. The default is all of them except those of evaluations.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReceiptFilter {
    /// Inclusive.
    pub from: Option<UnixMs>,
    /// Exclusive.
    pub until: Option<UnixMs>,
    pub rung: Option<String>,
    /// Text in question or answer; ignores the case of A to Z only.
    pub text: Option<String>,
    pub rating: Option<Rated>,
    pub document: Option<DocumentId>,
    pub conversation: Option<ConversationId>,
    /// Whether to include those of evaluations.
    pub evaluations: bool,
    /// The `seq` of the last receipt of the page before.
    pub before: Option<i64>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    pub receipt: Receipt,
    /// 1 for good, -1 for bad.
    pub rating: Option<i8>,
    /// The comment of the rating; empty without one.
    pub comment: String,
}

impl ListFilter for ReceiptFilter {
    type Row = Listed;

    fn list(
        &self,
        conn: &Connection,
        workspace: WorkspaceId,
        limit: u32,
    ) -> Result<Vec<Listed>, StoreError> {
        list(conn, workspace, self, limit)
    }

    fn after(&self, page: &[Listed]) -> Self {
        let last = page.last();
        Self {
            before: last.map_or(self.before, |last| Some(last.receipt.seq)),
            ..self.clone()
        }
    }
}

pub fn list(
    conn: &Connection,
    workspace: WorkspaceId,
    filter: &ReceiptFilter,
    limit: u32,
) -> Result<Vec<Listed>, StoreError> {
    // SQLite's `lower` knows A to Z only, so text in other letters is also searched as it was typed.
    let lower = filter.text.as_ref().map(|text| text.to_lowercase());
    let mut wanted = Conditions::default();
    wanted.add("r.due_at IS NULL AND r.workspace = ?", &workspace);
    wanted.add_if_some("r.seq < ?", filter.before.as_ref());
    wanted.add_if_some("r.created_at >= ?", filter.from.as_ref());
    wanted.add_if_some("r.created_at < ?", filter.until.as_ref());
    wanted.add_if_some("r.rung = ?", filter.rung.as_ref());
    wanted.add_if_some("r.conversation = ?", filter.conversation.as_ref());
    wanted.add_if_some(
        "EXISTS (SELECT 1 FROM json_each(r.passages, '$.cited') c
                 WHERE json_extract(c.value, '$.document') = ?)",
        filter.document.as_ref(),
    );
    if let Some((lower, typed)) = lower.as_ref().zip(filter.text.as_ref()) {
        wanted.add_with(
            "(instr(lower(r.question), ?) OR instr(lower(r.answer), ?)
              OR instr(r.question, ?) OR instr(r.answer, ?))",
            [lower as &dyn ToSql, lower, typed, typed],
        );
    }
    if !filter.evaluations {
        wanted.add_with("json_extract(r.checks, '$.evaluation') IS NOT 1", []);
    }
    match filter.rating {
        None => {}
        Some(Rated::Good) => wanted.add_with("t.value = 1", []),
        Some(Rated::Bad) => wanted.add_with("t.value = -1", []),
        Some(Rated::Any) => wanted.add_with("t.value IS NOT NULL", []),
        Some(Rated::Not) => wanted.add_with("t.value IS NULL", []),
    }
    let (conditions, values) = wanted.limited(&limit);
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS}, t.value AS rating, t.comment AS comment
         FROM receipts r LEFT JOIN ratings t ON t.receipt = r.id
         WHERE {conditions} ORDER BY r.seq DESC LIMIT ?"
    ))?;
    let rows = statement.query_map(values.as_slice(), |row| {
        Ok(Listed {
            receipt: Receipt::from_row(row)?,
            rating: row.get("rating")?,
            comment: row.get::<_, Option<String>>("comment")?.unwrap_or_default(),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
