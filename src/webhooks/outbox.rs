//! Queues what is to be told, within the transaction of what happened.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::store::webhooks::deliveries::{self, NewDelivery};
use crate::store::{
    Connection, DeliveryId, StoreError, Transaction, UnixMs, WebhookId, WorkspaceId, webhooks,
};

/// The body of a request about an event ("Payload structure" in the specification).
pub fn payload(kind: &str, at: UnixMs, data: &Value) -> Value {
    let at = Timestamp::from_millisecond(at).unwrap_or_default();
    json!({ "type": kind, "timestamp": at.to_string(), "data": data })
}

/// Whether anybody is told of this kind of event, so that its payload is worth making.
pub fn is_wanted(
    conn: &Connection,
    workspace: WorkspaceId,
    kind: &str,
) -> Result<bool, StoreError> {
    Ok(!webhooks::list_wanting(conn, workspace, kind)?.is_empty())
}

/// Queues a delivery for each active webhook that wants this kind of event; returns how many. `about` is the id of what
/// it is about: the delivery is deleted with that. Wake the sender afterwards.
pub fn enqueue(
    tx: &Transaction<'_>,
    workspace: WorkspaceId,
    kind: &str,
    about: Option<&str>,
    payload: &Value,
    now: UnixMs,
) -> Result<usize, StoreError> {
    let wanting = webhooks::list_wanting(tx, workspace, kind)?;
    let text = payload.to_string();
    for webhook in &wanting {
        let id = DeliveryId::new();
        insert(tx, id, workspace, *webhook, kind, about, &text, now)?;
    }
    Ok(wanting.len())
}

#[expect(clippy::too_many_arguments, reason = "the columns of a row")]
pub(super) fn insert(
    tx: &Transaction<'_>,
    id: DeliveryId,
    workspace: WorkspaceId,
    webhook: WebhookId,
    event: &str,
    about: Option<&str>,
    payload: &str,
    now: UnixMs,
) -> Result<(), StoreError> {
    let new = NewDelivery {
        webhook,
        event,
        about,
        payload,
    };
    deliveries::create(tx, id, workspace, &new, now)
}
