//! Finding receipts: by time, rung, words, rating, document and conversation, a page at a time.

use rusqlite::{Connection, ToSql};

use super::{COLUMNS, Receipt};
use crate::store::listing::{Conditions, ListFilter};
use crate::store::{ConversationId, DocumentId, StoreError, UnixMs, WorkspaceId};

/// How an answer was rated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rated {
    /// Good.
    Good,
    /// Bad.
    Bad,
    /// Good or bad.
    Any,
    /// Not at all.
    Not,
}

/// Which receipts are wanted. The default is all of them but those of evaluations.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ReceiptFilter {
    /// From this moment on.
    pub from: Option<UnixMs>,
    /// Before this moment.
    pub until: Option<UnixMs>,
    /// Answered by this rung.
    pub rung: Option<String>,
    /// With these letters in question or answer; A to Z in either case.
    pub text: Option<String>,
    /// Rated so.
    pub rating: Option<Rated>,
    /// Citing this document.
    pub document: Option<DocumentId>,
    /// Of this conversation.
    pub conversation: Option<ConversationId>,
    /// Those of evaluations as well.
    pub evaluations: bool,
    /// Earlier than the receipt of this `seq`: where the page before ended.
    pub before: Option<i64>,
}

/// A receipt in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed {
    /// The receipt.
    pub receipt: Receipt,
    /// 1 for good, -1 for bad.
    pub rating: Option<i8>,
    /// What was said with the rating.
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

/// The receipts of a workspace that pass the filter, newest first, `limit` at most.
pub fn list(
    conn: &Connection,
    workspace: WorkspaceId,
    filter: &ReceiptFilter,
    limit: u32,
) -> Result<Vec<Listed>, StoreError> {
    // SQLite lowers A to Z only; a text of other letters is also sought as it was typed.
    let lower = filter.text.as_ref().map(|text| text.to_lowercase());
    let mut wanted = Conditions::default();
    wanted.add("r.due_at IS NULL AND r.workspace = ?", &workspace);
    wanted.maybe("r.seq < ?", filter.before.as_ref());
    wanted.maybe("r.created_at >= ?", filter.from.as_ref());
    wanted.maybe("r.created_at < ?", filter.until.as_ref());
    wanted.maybe("r.rung = ?", filter.rung.as_ref());
    wanted.maybe("r.conversation = ?", filter.conversation.as_ref());
    wanted.maybe(
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
