//! Webhooks: addresses of other programs that are told what happens. What is sent to them is in [`deliveries`].

pub mod deliveries;

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::rows::{columns, insert};
use super::values::{Json, text_enum};
use super::{Scoped, StoreError, UnixMs, WebhookId, WorkspaceId};

text_enum! {
    pub enum WebhookState {
        Active = "active",
        /// By a person, or after days of failure.
        Paused = "paused",
        /// The other program answered that it wants no more.
        Off = "off",
    }
}

/// Without its secrets, which only [`keys`] reads.
#[derive(Debug, Clone, PartialEq)]
pub struct Webhook {
    pub id: WebhookId,
    pub workspace: WorkspaceId,
    pub url: String,
    /// Kinds of events; `*` for all.
    pub events: Vec<String>,
    pub state: WebhookState,
    /// Why it is not active, as a sentence; `None` if a person paused it.
    pub reason: Option<String>,
    /// Since when no request has succeeded; `None` after one that did.
    pub failing_since: Option<UnixMs>,
    /// Until when the secret before the last one signs as well.
    pub old_secret_until: Option<UnixMs>,
    pub created_at: UnixMs,
}

columns! {
    COLUMNS of Webhook {
        id, workspace, url, events: json, state, reason, failing_since, old_secret_until, created_at
    }
}

#[derive(Clone)]
pub struct NewWebhook<'a> {
    pub url: &'a str,
    /// `whsec_` and base64.
    pub secret: &'a str,
    /// Kinds of events; `*` for all.
    pub events: &'a [String],
}

pub fn create(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    new: &NewWebhook<'_>,
    now: UnixMs,
) -> Result<Scoped<Webhook>, StoreError> {
    let id = WebhookId::new();
    insert!(tx into webhooks {
        id, workspace, url: new.url, secret: new.secret, events: Json(new.events),
        state: WebhookState::Active, created_at: now
    })?;
    get(tx, workspace, id)
}

pub fn get(
    conn: &Connection,
    workspace: WorkspaceId,
    id: WebhookId,
) -> Result<Scoped<Webhook>, StoreError> {
    conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM webhooks WHERE workspace = ? AND id = ?"
    ))?
    .query_row((workspace, id), Webhook::from_row)
    .optional()?
    .map(|webhook| Scoped::proven(workspace, webhook))
    .ok_or(StoreError::NotFound("the webhook"))
}

/// The webhooks of a workspace, oldest first.
pub fn list(conn: &Connection, workspace: WorkspaceId) -> Result<Vec<Webhook>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM webhooks WHERE workspace = ? ORDER BY created_at, id"
    ))?;
    let rows = statement.query_map([workspace], Webhook::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The webhooks of all workspaces that are failing, or that were paused or turned off without a person asking for it.
pub fn list_troubled(conn: &Connection) -> Result<Vec<Webhook>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM webhooks WHERE reason IS NOT NULL OR (state = 'active' AND failing_since IS NOT NULL)
         ORDER BY created_at, id"
    ))?;
    let rows = statement.query_map([], Webhook::from_row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether there is any webhook at all.
pub fn exist(conn: &Connection) -> Result<bool, StoreError> {
    Ok(conn
        .prepare_cached("SELECT 1 FROM webhooks LIMIT 1")?
        .exists([])?)
}

/// The active webhooks of a workspace that want this kind of event.
pub fn list_wanting(
    conn: &Connection,
    workspace: WorkspaceId,
    kind: &str,
) -> Result<Vec<WebhookId>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT id FROM webhooks WHERE workspace = ? AND state = 'active'
         AND EXISTS (SELECT 1 FROM json_each(webhooks.events) WHERE value IN ('*', ?)) ORDER BY created_at, id",
    )?;
    let rows = statement.query_map((workspace, kind), |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// SQL condition: webhooks `w` that are sent to. Nothing leaves a workspace that is closed.
const SENT_TO: &str = "w.state = 'active' AND NOT EXISTS
     (SELECT 1 FROM closures c WHERE c.workspace = w.workspace AND c.erased_at IS NULL)";

/// Active webhooks, with whether each is failing; those that asked to be left alone until later are left out.
pub fn list_ready(conn: &Connection, now: UnixMs) -> Result<Vec<(WebhookId, bool)>, StoreError> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT w.id, w.failing_since IS NOT NULL FROM webhooks w
         WHERE coalesce(w.rest_until, 0) <= ? AND {SENT_TO}"
    ))?;
    let rows = statement.query_map([now], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Secrets that sign what goes to a webhook.
#[derive(Clone)]
pub struct Keys {
    pub secret: String,
    /// The one before it, while that is valid too.
    pub old: Option<String>,
}

/// `NotFound` if the webhook was deleted.
pub fn keys(conn: &Connection, id: WebhookId, now: UnixMs) -> Result<Keys, StoreError> {
    conn.prepare_cached(
        "SELECT secret, CASE WHEN old_secret_until > ?2 THEN old_secret END FROM webhooks WHERE id = ?1",
    )?
    .query_row((id, now), |row| {
        Ok(Keys {
            secret: row.get(0)?,
            old: row.get(1)?,
        })
    })
    .optional()?
    .ok_or(StoreError::NotFound("the webhook"))
}

/// Sets another secret; the one before it signs as well until `old_until`.
pub fn rotate(
    tx: &Transaction<'_>,
    webhook: &Scoped<Webhook>,
    secret: &str,
    old_until: UnixMs,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE webhooks SET old_secret = secret, old_secret_until = ?2, secret = ?3 WHERE id = ?1",
    )?
    .execute((webhook.id, old_until, secret))?;
    Ok(())
}

/// Changes address and kinds of events. Another address has not failed yet.
pub fn change(
    tx: &Transaction<'_>,
    webhook: &Scoped<Webhook>,
    url: &str,
    events: &[String],
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE webhooks SET
             failing_since = CASE WHEN url = ?2 THEN failing_since END,
             rest_until = CASE WHEN url = ?2 THEN rest_until END,
             url = ?2, events = ?3
         WHERE id = ?1",
    )?
    .execute((webhook.id, url, Json(events)))?;
    Ok(())
}

/// Makes it active again, as if it had never failed.
pub fn resume(tx: &Transaction<'_>, id: WebhookId) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE webhooks SET state = 'active', reason = NULL, failing_since = NULL, rest_until = NULL
         WHERE id = ?",
    )?
    .execute([id])?;
    Ok(())
}

/// Stops it, and gives up what waits to be sent to it with the sentence `told`.
pub fn stop(
    tx: &Transaction<'_>,
    id: WebhookId,
    state: WebhookState,
    reason: Option<&str>,
    told: &str,
    now: UnixMs,
) -> Result<(), StoreError> {
    tx.prepare_cached("UPDATE webhooks SET state = ?, reason = ? WHERE id = ?")?
        .execute((state, reason, id))?;
    deliveries::give_up_all(tx, id, told, now)
}

/// Notes that a request succeeded.
pub fn note_success(tx: &Transaction<'_>, id: WebhookId) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE webhooks SET failing_since = NULL, rest_until = NULL
         WHERE id = ? AND (failing_since IS NOT NULL OR rest_until IS NOT NULL)",
    )?
    .execute([id])?;
    Ok(())
}

/// Notes that a request failed, and until when to leave the webhook alone; returns since when it fails.
pub fn note_failure(
    tx: &Transaction<'_>,
    id: WebhookId,
    rest_until: Option<UnixMs>,
    now: UnixMs,
) -> Result<UnixMs, StoreError> {
    tx.prepare_cached(
        // A beginning in the future means that the clock was set back.
        "UPDATE webhooks SET failing_since = min(coalesce(failing_since, ?2), ?2),
             rest_until = coalesce(?3, rest_until)
         WHERE id = ?1 RETURNING failing_since",
    )?
    .query_row((id, now, rest_until), |row| row.get(0))
    .optional()?
    .ok_or(StoreError::NotFound("the webhook"))
}

/// Deletes it with its log.
pub fn delete(tx: &Transaction<'_>, webhook: &Scoped<Webhook>) -> Result<(), StoreError> {
    tx.execute("DELETE FROM webhooks WHERE id = ?", [webhook.id])?;
    Ok(())
}

#[cfg(test)]
#[path = "webhooks_tests.rs"]
mod tests;
