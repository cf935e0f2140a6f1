//! Plans and what each workspace has used in a month. Work that has begun but is not counted yet is known to
//! `usage::quota` alone.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Transaction};
use serde::Deserialize;

use super::rows::{columns, insert};
use super::values::{Json, text_enum};
use super::{PlanId, StoreError, UnixMs, WorkspaceId};

text_enum! {
    /// What is counted. Times are in ms.
    #[derive(PartialOrd, Ord, Deserialize)]
    #[serde(rename_all = "snake_case")]
    pub enum Measure {
        /// Conversations that were analysed.
        Analyses = "analyses",
        /// Recordings and voice messages that were made text.
        TranscriptionMs = "transcription_ms",
        /// Calls and voice sessions.
        VoiceMs = "voice_ms",
        /// Tokens that language models read and wrote.
        ModelTokens = "model_tokens",
    }
}

/// The most of each measure in a month; one that is missing has no limit.
pub type Limits = BTreeMap<Measure, u64>;

#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    pub id: PlanId,
    pub name: String,
    pub limits: Limits,
    pub created_at: UnixMs,
    pub changed_at: UnixMs,
}

columns! { COLUMNS of Plan { id, name, limits: json, created_at, changed_at } }

const TAKEN: &str = "there is a plan of this name";

/// # Errors
/// `Conflict` if there is a plan of this name.
pub fn create_plan(
    tx: &Transaction<'_>,
    name: &str,
    limits: &Limits,
    now: UnixMs,
) -> Result<Plan, StoreError> {
    refuse_name_of_another(tx, name, None)?;
    let plan = Plan {
        id: PlanId::new(),
        name: name.to_owned(),
        limits: limits.clone(),
        created_at: now,
        changed_at: now,
    };
    insert!(tx into plans { id: plan.id, name, limits: Json(limits), created_at: now, changed_at: now })?;
    Ok(plan)
}

fn refuse_name_of_another(
    tx: &Transaction<'_>,
    name: &str,
    own: Option<PlanId>,
) -> Result<(), StoreError> {
    let holder: Option<PlanId> = tx
        .prepare_cached("SELECT id FROM plans WHERE name = ?")?
        .query_row([name], |row| row.get(0))
        .optional()?;
    match holder {
        Some(holder) if Some(holder) != own => Err(StoreError::Conflict(TAKEN.into())),
        _ => Ok(()),
    }
}

/// All plans, by name.
pub fn list_plans(conn: &Connection) -> Result<Vec<Plan>, StoreError> {
    let mut statement =
        conn.prepare_cached(&format!("SELECT {COLUMNS} FROM plans ORDER BY name"))?;
    let rows = statement.query_map([], Plan::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub fn get_plan(conn: &Connection, id: PlanId) -> Result<Plan, StoreError> {
    conn.prepare_cached(&format!("SELECT {COLUMNS} FROM plans WHERE id = ?"))?
        .query_row([id], Plan::from_row)
        .optional()?
        .ok_or(StoreError::NotFound("the plan"))
}

/// What it says holds from now on for each workspace that has it.
pub fn change_plan(
    tx: &Transaction<'_>,
    plan: &Plan,
    name: &str,
    limits: &Limits,
    now: UnixMs,
) -> Result<(), StoreError> {
    refuse_name_of_another(tx, name, Some(plan.id))?;
    tx.prepare_cached("UPDATE plans SET name = ?2, limits = ?3, changed_at = ?4 WHERE id = ?1")?
        .execute((plan.id, name, Json(limits), now))?;
    Ok(())
}

/// # Errors
/// `Conflict` while a workspace has it.
pub fn delete_plan(tx: &Transaction<'_>, plan: &Plan) -> Result<(), StoreError> {
    let users: u32 = tx
        .prepare_cached("SELECT count(*) FROM workspace_plans WHERE plan = ?")?
        .query_row([plan.id], |row| row.get(0))?;
    if users > 0 {
        let told = format!(
            "{users} workspace(s) have the plan \"{}\"; give them another one first",
            plan.name
        );
        return Err(StoreError::Conflict(told.into()));
    }
    tx.prepare_cached("DELETE FROM plans WHERE id = ?")?
        .execute([plan.id])?;
    Ok(())
}

/// The plan of a workspace; without one nothing is limited.
pub fn plan_of(conn: &Connection, workspace: WorkspaceId) -> Result<Option<Plan>, StoreError> {
    let id: Option<PlanId> = conn
        .prepare_cached("SELECT plan FROM workspace_plans WHERE workspace = ?")?
        .query_row([workspace], |row| row.get(0))
        .optional()?;
    id.map(|id| get_plan(conn, id)).transpose()
}

/// Gives the workspace a plan, or takes it away.
pub fn set_plan(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    plan: Option<&Plan>,
    now: UnixMs,
) -> Result<(), StoreError> {
    match plan {
        Some(plan) => tx
            .prepare_cached(
                "INSERT INTO workspace_plans (workspace, plan, since) VALUES (?, ?, ?)
                 ON CONFLICT (workspace) DO UPDATE SET plan = excluded.plan, since = excluded.since",
            )?
            .execute((workspace, plan.id, now))?,
        None => tx
            .prepare_cached("DELETE FROM workspace_plans WHERE workspace = ?")?
            .execute([workspace])?,
    };
    Ok(())
}

/// What was used of a measure in a month.
pub fn used(
    conn: &Connection,
    workspace: WorkspaceId,
    month: &str,
    measure: Measure,
) -> Result<u64, StoreError> {
    let used: Option<i64> = conn
        .prepare_cached(
            "SELECT used FROM quota_used WHERE workspace = ? AND month = ? AND measure = ?",
        )?
        .query_row((workspace, month, measure), |row| row.get(0))
        .optional()?;
    Ok(used.unwrap_or(0).unsigned_abs())
}

/// Counts an amount and returns the new sum.
pub fn add(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    month: &str,
    measure: Measure,
    amount: u64,
) -> Result<u64, StoreError> {
    let amount = i64::try_from(amount).unwrap_or(i64::MAX / 2);
    let sum: i64 = tx
        .prepare_cached(
            "INSERT INTO quota_used (workspace, month, measure, used) VALUES (?, ?, ?, ?)
             ON CONFLICT (workspace, month, measure) DO UPDATE SET used = used + excluded.used RETURNING used",
        )?
        .query_row((workspace, month, measure, amount), |row| row.get(0))?;
    Ok(sum.unsigned_abs())
}

/// Of what was used in a month: what providers did rather than this machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Elsewhere {
    pub used: u64,
    /// How much of that is an estimate, because the provider did not tell.
    pub estimated: u64,
}

/// What providers did of a measure in a month.
pub fn elsewhere(
    conn: &Connection,
    workspace: WorkspaceId,
    month: &str,
    measure: Measure,
) -> Result<Elsewhere, StoreError> {
    let found = conn
        .prepare_cached(
            "SELECT elsewhere, estimated FROM quota_used WHERE workspace = ? AND month = ? AND measure = ?",
        )?
        .query_row((workspace, month, measure), |row| elsewhere_in(row, 0))
        .optional()?;
    Ok(found.unwrap_or_default())
}

fn elsewhere_in(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<Elsewhere> {
    Ok(Elsewhere {
        used: row.get::<_, i64>(at)?.unsigned_abs(),
        estimated: row.get::<_, i64>(at + 1)?.unsigned_abs(),
    })
}

/// Says that this much of what was counted with [`add`] was done by a provider.
pub fn note_elsewhere(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    month: &str,
    measure: Measure,
    more: Elsewhere,
) -> Result<(), StoreError> {
    let number = |n: u64| i64::try_from(n).unwrap_or(i64::MAX / 2);
    tx.prepare_cached(
        "UPDATE quota_used SET elsewhere = elsewhere + ?4, estimated = estimated + ?5
         WHERE workspace = ?1 AND month = ?2 AND measure = ?3",
    )?
    .execute((
        workspace,
        month,
        measure,
        number(more.used),
        number(more.estimated),
    ))?;
    Ok(())
}

/// What was used of a measure in a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Past {
    pub month: String,
    pub measure: Measure,
    pub used: u64,
    pub elsewhere: Elsewhere,
}

/// What was used, by month and measure; the latest month first.
pub fn history(
    conn: &Connection,
    workspace: WorkspaceId,
    months: u32,
) -> Result<Vec<Past>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT month, measure, used, elsewhere, estimated FROM quota_used
         WHERE workspace = ?1 AND month IN
             (SELECT DISTINCT month FROM quota_used WHERE workspace = ?1 ORDER BY month DESC LIMIT ?2)
         ORDER BY month DESC, measure",
    )?;
    let rows = statement.query_map((workspace, months), |row| {
        Ok(Past {
            month: row.get(0)?,
            measure: row.get(1)?,
            used: row.get::<_, i64>(2)?.unsigned_abs(),
            elsewhere: elsewhere_in(row, 3)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
