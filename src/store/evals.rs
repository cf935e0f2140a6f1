//! Runs of golden questions: how good the answers were at the time.

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::rows::columns;
use super::values::{Json, text_enum};
use super::{EvalRunId, Scoped, StoreError, UnixMs, WorkspaceId};

text_enum! {
    /// What a run is for.
    pub enum RunKind {
        /// Somebody asked for it.
        Manual = "manual",
        /// To decide about changes that wait at the gate.
        Gate = "gate",
        /// To choose thresholds.
        Calibrate = "calibrate",
    }
}

text_enum! {
    pub enum RunState {
        Running = "running",
        Done = "done",
        /// The run itself failed, whatever the answers were.
        Failed = "failed",
    }
}

/// A run in a list, without its questions.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[schema(as = EvalRunView)]
pub struct EvalRun {
    /// Its id.
    #[schema(value_type = String)]
    pub id: EvalRunId,
    /// What was asked; runs of one name are compared with each other.
    pub name: String,
    /// What it was for: `manual`, `gate` or `calibrate`.
    #[schema(value_type = String)]
    pub kind: RunKind,
    /// `running`, `done` or `failed`.
    #[schema(value_type = String)]
    pub state: RunState,
    /// Its figures; while it runs, how far it is.
    pub summary: Value,
    /// When it began, in Unix milliseconds.
    #[schema(value_type = i64)]
    pub created_at: UnixMs,
    /// When it ended, in Unix milliseconds.
    #[schema(value_type = Option<i64>)]
    pub ended_at: Option<UnixMs>,
}

columns! { COLUMNS of EvalRun { id, name, kind, state, summary: json, created_at, ended_at } }

pub fn begin(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    name: &str,
    kind: RunKind,
    now: UnixMs,
) -> Result<EvalRunId, StoreError> {
    let id = EvalRunId::new();
    tx.prepare_cached(
        "INSERT INTO eval_runs (id, workspace, name, kind, state, summary, results, created_at)
         VALUES (?, ?, ?, ?, ?, '{}', '[]', ?)",
    )?
    .execute((id, workspace, name, kind, RunState::Running, now))?;
    Ok(id)
}

/// Stores the progress of a run.
pub fn set_summary(
    tx: &Transaction<'_>,
    run: &Scoped<EvalRun>,
    summary: &Value,
) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE eval_runs SET summary = ? WHERE id = ? AND state = 'running'")?
        .execute((Json(summary), run.id))?;
    Ok(())
}

/// Ends a run with its figures and its results per question.
pub fn end(
    tx: &Transaction<'_>,
    run: &Scoped<EvalRun>,
    state: RunState,
    summary: &Value,
    results: &Value,
    now: UnixMs,
) -> Result<(), StoreError> {
    let changed = tx
        .prepare_cached(
            "UPDATE eval_runs SET state = ?, summary = ?, results = ?, ended_at = ? WHERE id = ?",
        )?
        .execute((state, Json(summary), Json(results), now, run.id))?;
    if changed == 0 {
        Err(StoreError::NotFound("the run"))
    } else {
        Ok(())
    }
}

/// Marks runs that a stopped process left open as failed; returns how many.
pub fn fail_left_behind(
    tx: &Transaction<'_>,
    summary: &Value,
    now: UnixMs,
) -> Result<usize, StoreError> {
    Ok(tx.execute(
        "UPDATE eval_runs SET state = 'failed', summary = ?, ended_at = ? WHERE state = 'running'",
        (Json(summary), now),
    )?)
}

pub fn get(
    conn: &Connection,
    workspace: WorkspaceId,
    id: EvalRunId,
) -> Result<Scoped<EvalRun>, StoreError> {
    conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM eval_runs WHERE workspace = ? AND id = ?"
    ))?
    .query_row((workspace, id), EvalRun::from_row)
    .optional()?
    .map(|run| Scoped::proven(workspace, run))
    .ok_or(StoreError::NotFound("the run"))
}

/// Results per question, in the format of the code that ran them.
pub fn results(conn: &Connection, run: &Scoped<EvalRun>) -> Result<Value, StoreError> {
    conn.prepare_cached("SELECT results FROM eval_runs WHERE id = ?")?
        .query_row([run.id], |row| row.get::<_, Json<Value>>(0))
        .optional()?
        .map(|json| json.0)
        .ok_or(StoreError::NotFound("the run"))
}

/// The runs of a workspace, newest first; with `name`, only those of that name.
pub fn list(
    conn: &Connection,
    workspace: WorkspaceId,
    name: Option<&str>,
    limit: u32,
) -> Result<Vec<EvalRun>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM eval_runs
         WHERE workspace = ?1 AND (?2 IS NULL OR name = ?2)
         ORDER BY created_at DESC, rowid DESC LIMIT ?3"
    ))?;
    let rows = statement.query_map((workspace, name, limit), EvalRun::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The newest completed run of a name.
pub fn find_latest(
    conn: &Connection,
    workspace: WorkspaceId,
    name: &str,
) -> Result<Option<Scoped<EvalRun>>, StoreError> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM eval_runs WHERE workspace = ? AND name = ? AND state = 'done'
             ORDER BY created_at DESC, rowid DESC LIMIT 1"
        ))?
        .query_row((workspace, name), EvalRun::from_row)
        .optional()?
        .map(|run| Scoped::proven(workspace, run)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::store::{Store, workspaces};

    #[tokio::test]
    async fn the_newest_complete_run_of_a_name_is_found() {
        let store = Store::open_in_memory().unwrap();
        let outcome = store.write(|tx| {
            let shop = workspaces::get_or_create(tx, "shop", "Shop", 1)?.id;
            let other = workspaces::get_or_create(tx, "other", "Other", 1)?.id;
            let mut ids = Vec::new();
            for (at, name) in [(2, "a"), (3, "a"), (4, "b"), (5, "a")] {
                ids.push(begin(tx, shop, name, RunKind::Manual, at)?);
            }
            for id in ids.get(..2).unwrap() {
                let run = get(tx, shop, *id)?;
                end(tx, &run, RunState::Done, &json!({"n": 1}), &json!([7]), 9)?;
            }
            assert!(matches!(
                get(tx, other, ids[0]),
                Err(StoreError::NotFound(_))
            ));
            let latest = find_latest(tx, shop, "a")?.unwrap();
            assert_eq!((latest.id, latest.ended_at), (ids[1], Some(9)));
            assert_eq!(results(tx, &latest)?, json!([7]));
            assert!(find_latest(tx, shop, "b")?.is_none());
            assert_eq!(fail_left_behind(tx, &json!({}), 10)?, 2);
            Ok((
                list(tx, shop, Some("a"), 9)?.len(),
                list(tx, shop, None, 3)?.len(),
            ))
        });
        assert_eq!(outcome.await.unwrap(), (3, 3));
    }
}
