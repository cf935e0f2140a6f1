//! The seal of a receipt: a digest of everything it says and of the digest of the receipt before it.
//!
//! The digest is the SHA-256 of the receipt as canonical JSON: sorted keys in every object, no spaces, and non-integers
//! with six digits after the point, so that the same receipt has the same digest however its JSON was stored.
//! `checks.digest` itself is left out.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{NewReceipt, Receipt};
use crate::store::values::Json;
use crate::store::{StoreError, UnixMs, WorkspaceId};

const DIGEST: &str = "digest";
const PREVIOUS: &str = "previous";

/// Whether a receipt still matches its digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Integrity {
    Intact,
    /// It was changed after it was written.
    Altered,
    /// It has no digest, because it is older than seals.
    Unsealed,
}

/// Relation of a receipt to the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// It names the digest of the receipt before it.
    Follows,
    /// It is the first.
    First,
    /// The receipt it names is gone, and a mark shows why: deleted with its conversation or by age.
    Gone,
    /// The receipt it names is gone, and nothing says why.
    Broken,
}

/// The checks of a new receipt with the seal added.
pub(super) fn add_seal(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    new: &NewReceipt<'_>,
    now: UnixMs,
) -> Result<Value, StoreError> {
    let Value::Object(checks) = new.checks else {
        return Ok(new.checks.clone());
    };
    let mut checks = checks.clone();
    let last = find_last(tx, workspace, i64::MAX)?.map(|(_, digest)| digest);
    checks.insert(PREVIOUS.into(), json!(last));
    let whole = json!({
        "id": new.id.to_string(), "workspace": workspace.to_string(),
        "conversation": new.conversation.map(|id| id.to_string()),
        "message": new.message.map(|id| id.to_string()),
        "question": new.question, "rung": new.rung, "answer": new.answer,
        "passages": new.passages, "model": new.model, "model_hash": new.model_hash,
        "prompt_hash": new.prompt_hash, "checks": checks, "timings": new.timings,
        "tokens": new.tokens, "created_at": now,
    });
    checks.insert(DIGEST.into(), json!(digest(&whole)));
    Ok(Value::Object(checks))
}

pub fn integrity(receipt: &Receipt) -> Integrity {
    let mut checks = receipt.checks.clone();
    let kept = checks
        .as_object_mut()
        .and_then(|checks| checks.shift_remove(DIGEST));
    let Some(Value::String(kept)) = kept else {
        return Integrity::Unsealed;
    };
    let whole = json!({
        "id": receipt.id.to_string(), "workspace": receipt.workspace.to_string(),
        "conversation": receipt.conversation.map(|id| id.to_string()),
        "message": receipt.message.map(|id| id.to_string()),
        "question": receipt.question, "rung": receipt.rung, "answer": receipt.answer,
        "passages": receipt.passages, "model": receipt.model, "model_hash": receipt.model_hash,
        "prompt_hash": receipt.prompt_hash, "checks": checks, "timings": receipt.timings,
        "tokens": receipt.tokens, "created_at": receipt.created_at,
    });
    if digest(&whole) == kept {
        Integrity::Intact
    } else {
        Integrity::Altered
    }
}

pub fn link(conn: &Connection, receipt: &Receipt) -> Result<Link, StoreError> {
    let Some(named) = receipt.checks.get(PREVIOUS).and_then(Value::as_str) else {
        return Ok(Link::First);
    };
    if find_receipt_before(conn, receipt.workspace, receipt.seq)?.is_some_and(|(_, d)| d == named) {
        return Ok(Link::Follows);
    }
    let marked = conn
        .prepare_cached("SELECT 1 FROM receipt_marks WHERE workspace = ? AND digest = ?")?
        .exists((receipt.workspace, named))?;
    Ok(if marked { Link::Gone } else { Link::Broken })
}

/// `seq` and digest of the last link before `seq`: a receipt, or the mark of a deleted one.
pub(super) fn find_last(
    conn: &Connection,
    workspace: WorkspaceId,
    seq: i64,
) -> Result<Option<(i64, String)>, StoreError> {
    let mark = conn
        .prepare_cached(
            "SELECT seq, digest FROM receipt_marks WHERE workspace = ? AND seq < ? ORDER BY seq DESC LIMIT 1",
        )?
        .query_row((workspace, seq), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(find_receipt_before(conn, workspace, seq)?.max(mark))
}

/// `seq` and digest of the last receipt before `seq`.
fn find_receipt_before(
    conn: &Connection,
    workspace: WorkspaceId,
    seq: i64,
) -> Result<Option<(i64, String)>, StoreError> {
    let found: Option<(i64, Json<Value>)> = conn
        .prepare_cached(
            "SELECT seq, checks FROM receipts WHERE workspace = ? AND seq < ? ORDER BY seq DESC LIMIT 1",
        )?
        .query_row((workspace, seq), |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(found.and_then(|(seq, checks)| Some((seq, checks.0.get(DIGEST)?.as_str()?.to_owned()))))
}

fn digest(whole: &Value) -> String {
    hex::encode(Sha256::digest(canonicalize(whole).to_string()))
}

/// Brings a value into the canonical form that is hashed.
fn canonicalize(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut keys: Vec<&String> = fields.keys().collect();
            keys.sort();
            let sorted: Map<String, Value> = keys
                .into_iter()
                .filter_map(|key| Some((key.clone(), canonicalize(fields.get(key)?))))
                .collect();
            Value::Object(sorted)
        }
        Value::Array(items) => Value::Array(items.iter().map(canonicalize).collect()),
        Value::Number(number) if number.is_f64() => {
            Value::String(format!("{:.6}", number.as_f64().unwrap_or_default()))
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{ReceiptId, Store, receipts, workspaces};

    async fn insert_three(store: &Store) -> Vec<(WorkspaceId, ReceiptId)> {
        let made = store.write(|tx| {
            let workspace = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
            let checks = json!({"b": 0.1 + 0.2, "a": {"z": 1, "y": [1.5, null]}});
            let mut ids = Vec::new();
            for answer in ["one", "two", "three"] {
                let new = NewReceipt {
                    id: ReceiptId::new(),
                    conversation: None,
                    message: None,
                    question: "?",
                    rung: "extract",
                    answer,
                    passages: &json!({"cited": [{"score": 0.300_000_011_920_928_96}]}),
                    model: None,
                    model_hash: None,
                    prompt_hash: None,
                    checks: &checks,
                    timings: &json!({}),
                    tokens: &json!({}),
                };
                receipts::insert(tx, workspace, &new, 7)?;
                ids.push((workspace, new.id));
            }
            Ok(ids)
        });
        made.await.unwrap()
    }

    #[tokio::test]
    async fn a_receipt_that_was_altered_does_not_fit_its_digest() {
        let store = Store::open_in_memory().unwrap();
        let ids = insert_three(&store).await;
        let (workspace, second) = ids[1];
        let outcome = store.write(move |tx| {
            let receipt = receipts::get(tx, workspace, second)?;
            assert_eq!(integrity(&receipt), Integrity::Intact);
            for change in [
                "answer = 'another'",
                "created_at = 8",
                "passages = json_set(passages, '$.cited[0].score', 0.4)",
                "checks = json_remove(checks, '$.a')",
                "checks = json_set(checks, '$.previous', 'x')",
            ] {
                tx.execute_batch("SAVEPOINT before_change")?;
                let sql = format!("UPDATE receipts SET {change} WHERE id = ?");
                tx.execute(&sql, [second])?;
                let changed = receipts::get(tx, workspace, second)?;
                assert_eq!(integrity(&changed), Integrity::Altered, "{change}");
                tx.execute_batch("ROLLBACK TO before_change")?;
            }
            tx.execute(
                "UPDATE receipts SET checks = json_remove(checks, '$.digest') WHERE id = ?",
                [second],
            )?;
            let unsealed = receipts::get(tx, workspace, second)?;
            assert_eq!(integrity(&unsealed), Integrity::Unsealed);
            Ok(())
        });
        outcome.await.unwrap();
    }

    #[tokio::test]
    async fn receipts_hang_together() {
        let store = Store::open_in_memory().unwrap();
        let ids = insert_three(&store).await;
        let links = store.write(move |tx| {
            let (workspace, first) = ids[0];
            let mut links = Vec::new();
            for (_, id) in &ids {
                links.push(link(tx, &*receipts::get(tx, workspace, *id)?)?);
            }
            tx.execute("DELETE FROM receipts WHERE id = ?", [first])?;
            links.push(link(tx, &*receipts::get(tx, workspace, ids[1].1)?)?);
            // A receipt that is gone without a mark breaks the chain.
            tx.execute("DELETE FROM receipt_marks WHERE workspace = ?", [workspace])?;
            links.push(link(tx, &*receipts::get(tx, workspace, ids[1].1)?)?);
            Ok(links)
        });
        let expected = [
            Link::First,
            Link::Follows,
            Link::Follows,
            Link::Gone,
            Link::Broken,
        ];
        assert_eq!(links.await.unwrap(), expected);
    }
}
