//! Golden questions: test questions that measure a workspace's answers.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::rows::{columns, insert};
use super::values::Json;
use super::{GoldenId, ReceiptId, Scoped, StoreError, UnixMs, WorkspaceId, receipts};

/// A question with what its answer must and must not say.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = GoldenView)]
pub struct GoldenQuestion {
    /// Its id.
    #[schema(value_type = String)]
    pub id: GoldenId,
    /// What is asked.
    pub question: String,
    /// What the answer must be, an object in the format of whoever grades: `answerable`, `must` (of each list one),
    /// `answers` (any of them), `must_not`, `source`, `quote`, `history`, `now`, `kind`, `lang`.
    pub expectation: Value,
    /// Id of the receipt of the answer that it was made from; gone when that receipt is.
    #[schema(value_type = Option<String>)]
    pub receipt: Option<ReceiptId>,
    /// When it was made, in Unix milliseconds.
    #[schema(value_type = i64)]
    pub created_at: UnixMs,
}

/// A golden question before it has an id.
#[derive(Debug, Clone)]
pub struct NewGolden<'a> {
    pub question: &'a str,
    /// A JSON object, as in [`GoldenQuestion::expectation`].
    pub expectation: &'a Value,
    /// Receipt of the answer it was made from; must be of the same workspace.
    pub receipt: Option<ReceiptId>,
}

columns! { COLUMNS of GoldenQuestion { id, question, expectation: json, receipt, created_at } }

/// The golden questions of a workspace, oldest first.
pub fn list(conn: &Connection, workspace: WorkspaceId) -> Result<Vec<GoldenQuestion>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM golden_questions WHERE workspace = ? ORDER BY created_at, rowid"
    ))?;
    let rows = statement.query_map([workspace], GoldenQuestion::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn get(
    conn: &Connection,
    workspace: WorkspaceId,
    id: GoldenId,
) -> Result<Scoped<GoldenQuestion>, StoreError> {
    conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM golden_questions WHERE workspace = ? AND id = ?"
    ))?
    .query_row((workspace, id), GoldenQuestion::from_row)
    .optional()?
    .map(|golden| Scoped::proven(workspace, golden))
    .ok_or(StoreError::NotFound("the golden question"))
}

/// The golden question made from this receipt, if any.
pub fn find_by_receipt(
    conn: &Connection,
    workspace: WorkspaceId,
    receipt: ReceiptId,
) -> Result<Option<Scoped<GoldenQuestion>>, StoreError> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM golden_questions WHERE workspace = ? AND receipt = ?
             ORDER BY rowid LIMIT 1"
        ))?
        .query_row((workspace, receipt), GoldenQuestion::from_row)
        .optional()?
        .map(|golden| Scoped::proven(workspace, golden)))
}

pub fn insert(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    new: &NewGolden<'_>,
    now: UnixMs,
) -> Result<Scoped<GoldenQuestion>, StoreError> {
    if let Some(receipt) = new.receipt {
        receipts::get(tx, workspace, receipt)?;
    }
    let id = GoldenId::new();
    insert!(tx into golden_questions {
        id, workspace, question: new.question, expectation: Json(new.expectation),
        receipt: new.receipt, created_at: now
    })?;
    get(tx, workspace, id)
}

pub fn update(
    tx: &Transaction<'_>,
    golden: &Scoped<GoldenQuestion>,
    question: &str,
    expectation: &Value,
) -> Result<(), StoreError> {
    let changed = tx
        .prepare_cached(
            "UPDATE golden_questions SET question = ?, expectation = ?
             WHERE workspace = ? AND id = ?",
        )?
        .execute((question, Json(expectation), golden.workspace(), golden.id))?;
    if changed == 0 {
        Err(StoreError::NotFound("the golden question"))
    } else {
        Ok(())
    }
}

pub fn delete(tx: &Transaction<'_>, golden: &Scoped<GoldenQuestion>) -> Result<(), StoreError> {
    tx.prepare_cached("DELETE FROM golden_questions WHERE workspace = ? AND id = ?")?
        .execute((golden.workspace(), golden.id))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::store::{Store, workspaces};

    #[tokio::test]
    async fn questions_stay_in_their_workspace() {
        let store = Store::open_in_memory().unwrap();
        let outcome = store.write(|tx| {
            let mine = workspaces::get_or_create(tx, "mine", "Mine", 1)?.id;
            let other = workspaces::get_or_create(tx, "other", "Other", 1)?.id;
            let expectation = json!({"answerable": true, "must": [["8 am"]]});
            let new = |question, receipt| NewGolden {
                question,
                expectation: &expectation,
                receipt,
            };
            let first = insert(tx, mine, &new("When do you open?", None), 2)?;
            let second = insert(tx, mine, &new("Do you sell cats?", None), 2)?;
            assert!(matches!(
                insert(tx, mine, &new("?", Some(ReceiptId::new())), 2),
                Err(StoreError::NotFound(_))
            ));
            assert!(matches!(
                get(tx, other, first.id),
                Err(StoreError::NotFound(_))
            ));
            update(tx, &first, "Opening?", &json!({"answerable": false}))?;
            delete(tx, &second)?;
            assert!(list(tx, other)?.is_empty());
            list(tx, mine)
        });
        let kept = outcome.await.unwrap();
        assert_eq!(kept.len(), 1);
        assert_eq!(kept[0].question, "Opening?");
        assert_eq!(kept[0].expectation, json!({"answerable": false}));
    }
}
