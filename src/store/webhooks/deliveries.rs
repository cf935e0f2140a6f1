//! What is sent to webhooks: the queue and its log.

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::{SENT_TO, Webhook};
use crate::store::listing::{Conditions, ListFilter};
use crate::store::rows::{columns, insert};
use crate::store::values::text_enum;
use crate::store::{DeliveryId, Scoped, StoreError, UnixMs, WebhookId, WorkspaceId};

text_enum! {
    pub enum DeliveryState {
        /// It waits for its first or next attempt.
        Queued = "queued",
        Sent = "sent",
        /// Given up.
        Failed = "failed",
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Sent along with each attempt, so that the receiver knows what it has already.
    pub id: DeliveryId,
    pub workspace: WorkspaceId,
    pub webhook: WebhookId,
    /// Kind of the event.
    pub event: String,
    /// Id of what it is about, such as a conversation or a task.
    pub about: Option<String>,
    /// The body, as JSON text.
    pub payload: String,
    pub state: DeliveryState,
    /// Since it was queued, or queued again.
    pub attempts: u32,
    /// When it is tried, while it is queued.
    pub next_at: UnixMs,
    /// When it was last tried.
    pub tried_at: Option<UnixMs>,
    /// HTTP status of the last answer.
    pub status: Option<u16>,
    /// Why the last attempt failed, as a sentence.
    pub error: Option<String>,
    pub created_at: UnixMs,
    pub ended_at: Option<UnixMs>,
}

columns! {
    COLUMNS of Delivery {
        id, workspace, webhook, event, about, payload, state, attempts, next_at, tried_at, status,
        error, created_at, ended_at
    }
}

#[derive(Debug, Clone)]
pub struct NewDelivery<'a> {
    pub webhook: WebhookId,
    pub event: &'a str,
    pub about: Option<&'a str>,
    /// JSON text.
    pub payload: &'a str,
}

pub fn create(
    tx: &Transaction<'_>,
    id: DeliveryId,
    workspace: WorkspaceId,
    new: &NewDelivery<'_>,
    now: UnixMs,
) -> Result<(), StoreError> {
    insert!(tx into webhook_deliveries {
        id, workspace, webhook: new.webhook, event: new.event, about: new.about,
        payload: new.payload, state: DeliveryState::Queued, next_at: now, created_at: now
    })?;
    Ok(())
}

pub fn get(
    conn: &Connection,
    workspace: WorkspaceId,
    id: DeliveryId,
) -> Result<Scoped<Delivery>, StoreError> {
    conn.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM webhook_deliveries WHERE workspace = ? AND id = ?"
    ))?
    .query_row((workspace, id), Delivery::from_row)
    .optional()?
    .map(|delivery| Scoped::proven(workspace, delivery))
    .ok_or(StoreError::NotFound("the delivery"))
}

/// A queued delivery for the sender; `None` once it is sent, given up or deleted.
pub fn find_queued(conn: &Connection, id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM webhook_deliveries WHERE id = ? AND state = 'queued'"
        ))?
        .query_row([id], Delivery::from_row)
        .optional()?)
}

/// The deliveries to a webhook whose time has come, those that wait longest first.
pub fn list_due(
    conn: &Connection,
    webhook: WebhookId,
    now: UnixMs,
    limit: u32,
) -> Result<Vec<DeliveryId>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT id FROM webhook_deliveries WHERE webhook = ? AND state = 'queued' AND next_at <= ?
         ORDER BY next_at LIMIT ?",
    )?;
    let rows = statement.query_map((webhook, now, limit), |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// When the next delivery is due, if any waits.
pub fn next_due(conn: &Connection) -> Result<Option<UnixMs>, StoreError> {
    // A webhook without queued deliveries has no minimum, and `max` of nothing is nothing.
    Ok(conn
        .prepare_cached(&format!(
            "SELECT min(max((SELECT min(d.next_at) FROM webhook_deliveries d
                             WHERE d.webhook = w.id AND d.state = 'queued'), coalesce(w.rest_until, 0)))
             FROM webhooks w WHERE {SENT_TO}"
        ))?
        .query_row([], |row| row.get(0))?)
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    Sent,
    RetryAt(UnixMs),
    GiveUp,
}

/// Writes down an attempt. Returns false if the delivery was given up or deleted meanwhile and did not arrive after all.
pub fn settle(
    tx: &Transaction<'_>,
    id: DeliveryId,
    next: Next,
    status: Option<u16>,
    error: Option<&str>,
    now: UnixMs,
) -> Result<bool, StoreError> {
    let (state, next_at, ended_at) = match next {
        Next::Sent => (DeliveryState::Sent, None, Some(now)),
        Next::RetryAt(at) => (DeliveryState::Queued, Some(at), None),
        Next::GiveUp => (DeliveryState::Failed, None, Some(now)),
    };
    let changed = tx
        .prepare_cached(
            "UPDATE webhook_deliveries SET state = ?2, attempts = attempts + 1,
                 next_at = coalesce(?3, next_at), ended_at = ?4, status = ?5, error = ?6, tried_at = ?7
             WHERE id = ?1 AND (state = 'queued' OR ?2 = 'sent')",
        )?
        .execute((id, state, next_at, ended_at, status, error, now))?;
    Ok(changed > 0)
}

/// Gives up everything that waits to be sent to a webhook.
pub(super) fn give_up_all(
    tx: &Transaction<'_>,
    webhook: WebhookId,
    told: &str,
    now: UnixMs,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE webhook_deliveries SET state = 'failed', ended_at = ?2, error = coalesce(error, ?3)
         WHERE webhook = ?1 AND state = 'queued'",
    )?
    .execute((webhook, now, told))?;
    Ok(())
}

/// Queues it again with its id, from the first attempt on.
pub fn requeue(
    tx: &Transaction<'_>,
    delivery: &Scoped<Delivery>,
    now: UnixMs,
) -> Result<(), StoreError> {
    tx.prepare_cached(
        "UPDATE webhook_deliveries SET state = 'queued', attempts = 0, next_at = ?2, ended_at = NULL
         WHERE id = ?1",
    )?
    .execute((delivery.id, now))?;
    Ok(())
}

/// Queues those again that were made at or after `since` and given up; returns how many.
pub fn requeue_failed(
    tx: &Transaction<'_>,
    webhook: &Scoped<Webhook>,
    since: UnixMs,
    now: UnixMs,
) -> Result<usize, StoreError> {
    Ok(tx
        .prepare_cached(
            "UPDATE webhook_deliveries SET state = 'queued', attempts = 0, next_at = ?3, ended_at = NULL
             WHERE webhook = ?1 AND state = 'failed' AND created_at >= ?2",
        )?
        .execute((webhook.id, since, now))?)
}

/// Removes deliveries made at or before `before`; returns how many.
pub fn purge(tx: &Transaction<'_>, before: UnixMs) -> Result<usize, StoreError> {
    Ok(tx.execute(
        "DELETE FROM webhook_deliveries WHERE created_at <= ?",
        [before],
    )?)
}

/// What was or is to be sent about something, oldest first, each with the address it goes to.
pub fn list_about(
    conn: &Connection,
    workspace: WorkspaceId,
    about: &str,
) -> Result<Vec<(Delivery, String)>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT d.*, w.url AS url FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook
         WHERE d.about = ? AND d.workspace = ? ORDER BY d.id",
    )?;
    let rows = statement.query_map((about, workspace), |row| {
        Ok((Delivery::from_row(row)?, row.get("url")?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Which deliveries to list, newest first; the default is all of the workspace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    pub webhook: Option<WebhookId>,
    pub state: Option<DeliveryState>,
    /// Only those made before this one.
    pub before: Option<DeliveryId>,
}

impl ListFilter for DeliveryFilter {
    type Row = Delivery;

    fn list(
        &self,
        conn: &Connection,
        workspace: WorkspaceId,
        limit: u32,
    ) -> Result<Vec<Delivery>, StoreError> {
        let mut wanted = Conditions::default();
        wanted.add("workspace = ?", &workspace);
        wanted.add_if_some("webhook = ?", self.webhook.as_ref());
        wanted.add_if_some("state = ?", self.state.as_ref());
        // Ids sort by the time they were made.
        wanted.add_if_some("id < ?", self.before.as_ref());
        let (conditions, values) = wanted.limited(&limit);
        let mut statement = conn.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM webhook_deliveries WHERE {conditions} ORDER BY id DESC LIMIT ?"
        ))?;
        let rows = statement.query_map(values.as_slice(), Delivery::from_row)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn after(&self, page: &[Delivery]) -> Self {
        Self {
            before: page.last().map(|delivery| delivery.id).or(self.before),
            ..self.clone()
        }
    }
}
