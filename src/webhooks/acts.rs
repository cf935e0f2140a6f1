//! What owners do with webhooks.

use serde_json::json;
use url::Url;

use super::error::{LONGEST_URL, MOST};
use super::{ALL, KINDS, TEST, WebhookError, Webhooks, attempt, now, outbox, signature};
use crate::access::{Member, Scope};
use crate::egress::Secret;
use crate::store::listing::{Listing, Page};
use crate::store::webhooks::deliveries::{self, Delivery, DeliveryFilter};
use crate::store::webhooks::{self, Webhook, WebhookState};
use crate::store::{Connection, DeliveryId, Scoped, StoreError, UnixMs, WebhookId, WorkspaceId};

/// Who may see and change webhooks.
const MAY: &[Scope] = &[Scope::Admin];
/// How long the former secret signs as well, in ms.
const OVERLAP: i64 = 24 * 60 * 60 * 1000;

#[derive(Debug, Clone)]
pub struct NewWebhook {
    pub url: String,
    /// Kinds of events; `*` for all.
    pub events: Vec<String>,
}

/// What to change; `None` leaves it as it is.
#[derive(Debug, Clone, Default)]
pub struct Change {
    pub url: Option<String>,
    pub events: Option<Vec<String>>,
    /// Whether anything is sent to it.
    pub active: Option<bool>,
}

/// A webhook with a new secret, which is shown this once.
#[derive(Debug)]
pub struct Made {
    pub webhook: Webhook,
    pub secret: Secret,
}

impl Webhooks {
    /// The webhooks of the workspace, oldest first.
    pub async fn list(&self, by: &Member) -> Result<Vec<Webhook>, WebhookError> {
        let workspace = by.need(MAY)?;
        let listed = self
            .inner
            .store
            .read(move |conn| webhooks::list(conn, workspace));
        Ok(listed.await?)
    }

    /// # Errors
    /// `NotFound`.
    pub async fn get(&self, by: &Member, id: WebhookId) -> Result<Webhook, WebhookError> {
        let workspace = by.need(MAY)?;
        let found = self
            .inner
            .store
            .read(move |conn| webhooks::get(conn, workspace, id));
        Ok(found.await?.into_inner())
    }

    /// # Errors
    /// For an address or events that cannot be used, and for too many webhooks.
    pub async fn create(&self, by: &Member, new: NewWebhook) -> Result<Made, WebhookError> {
        let workspace = by.need(MAY)?;
        let url = self.read_url(&new.url)?;
        let events = read_events(new.events)?;
        let secret = signature::generate()?;
        let keys = secret.clone();
        let made = self.inner.store.write(move |tx| {
            if webhooks::list(tx, workspace)?.len() >= MOST {
                return Ok(None);
            }
            let new = webhooks::NewWebhook {
                url: &url,
                secret: keys.reveal(),
                events: &events,
            };
            webhooks::create(tx, workspace, &new, now()).map(Some)
        });
        let webhook = made.await?.ok_or(WebhookError::Most)?.into_inner();
        Ok(Made { webhook, secret })
    }

    /// Turning it on again forgets its failures; turning it off gives up what waits to be sent to it.
    ///
    /// # Errors
    /// For an address or events that cannot be used, and `NotFound`.
    pub async fn change(
        &self,
        by: &Member,
        id: WebhookId,
        change: Change,
    ) -> Result<Webhook, WebhookError> {
        let workspace = by.need(MAY)?;
        let url = change.url.map(|url| self.read_url(&url)).transpose()?;
        let events = change.events.map(read_events).transpose()?;
        let changed = self.inner.store.write(move |tx| {
            let webhook = webhooks::get(tx, workspace, id)?;
            let url = url.as_deref().unwrap_or(&webhook.url);
            let events = events.as_deref().unwrap_or(&webhook.events);
            webhooks::change(tx, &webhook, url, events)?;
            let is_active = webhook.state == WebhookState::Active;
            match change.active {
                Some(true) if !is_active => webhooks::resume(tx, id)?,
                Some(false) if is_active => {
                    let told = "the webhook was paused before it was sent";
                    webhooks::stop(tx, id, WebhookState::Paused, None, told, now())?;
                }
                _ => {}
            }
            webhooks::get(tx, workspace, id)
        });
        let webhook = changed.await?.into_inner();
        self.wake();
        Ok(webhook)
    }

    /// Deletes it with its log.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn delete(&self, by: &Member, id: WebhookId) -> Result<(), WebhookError> {
        let workspace = by.need(MAY)?;
        let deleted = self.inner.store.write(move |tx| {
            let webhook = webhooks::get(tx, workspace, id)?;
            webhooks::delete(tx, &webhook)
        });
        Ok(deleted.await?)
    }

    /// Makes a new secret. The former one signs as well for a day.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn rotate(&self, by: &Member, id: WebhookId) -> Result<Made, WebhookError> {
        let workspace = by.need(MAY)?;
        let secret = signature::generate()?;
        let keys = secret.clone();
        let changed = self.inner.store.write(move |tx| {
            let webhook = webhooks::get(tx, workspace, id)?;
            webhooks::rotate(tx, &webhook, keys.reveal(), now().saturating_add(OVERLAP))?;
            webhooks::get(tx, workspace, id)
        });
        let webhook = changed.await?.into_inner();
        Ok(Made { webhook, secret })
    }

    /// Sends a test event, once, and waits for the answer. It does not matter whether the webhook is active.
    ///
    /// # Errors
    /// `NotFound`. An answer that is no success is no error: see the delivery.
    pub async fn test(&self, by: &Member, id: WebhookId) -> Result<Delivery, WebhookError> {
        let workspace = by.need(MAY)?;
        let delivery = DeliveryId::new();
        // Before it is queued, so that the sender leaves it to us.
        let held = self.hold(delivery, id);
        let queued = self.inner.store.write(move |tx| {
            let webhook = webhooks::get(tx, workspace, id)?;
            let data = json!({
                "text": "This is a test. If you can read it, the webhook works.",
                "webhook": webhook.id.to_string(),
            });
            let text = outbox::payload(TEST, now(), &data).to_string();
            outbox::insert(tx, delivery, workspace, id, TEST, None, &text, now())
        });
        queued.await?;
        self.deliver(delivery).await?;
        drop(held);
        let sent = self
            .inner
            .store
            .read(move |conn| deliveries::get(conn, workspace, delivery));
        Ok(sent.await?.into_inner())
    }

    /// A page of the log, newest first.
    ///
    /// # Errors
    /// `NotFound` if the filter names a webhook that does not exist.
    pub async fn log(
        &self,
        by: &Member,
        filter: DeliveryFilter,
        limit: u32,
    ) -> Result<Page<DeliveryFilter>, WebhookError> {
        let workspace = by.need(MAY)?;
        let page = self.inner.store.read(move |conn| {
            if let Some(webhook) = filter.webhook {
                webhooks::get(conn, workspace, webhook)?;
            }
            let listing = Listing {
                workspace,
                filter,
                limit,
            };
            listing.page(conn)
        });
        Ok(page.await?)
    }

    /// Sends a delivery again, with its id.
    ///
    /// # Errors
    /// `Stopped` if the webhook is not active, and `NotFound`.
    pub async fn replay(&self, by: &Member, id: DeliveryId) -> Result<Delivery, WebhookError> {
        let workspace = by.need(MAY)?;
        let queued = self.inner.store.write(move |tx| {
            let delivery = deliveries::get(tx, workspace, id)?;
            let webhook = match active(tx, workspace, delivery.webhook)? {
                Ok(webhook) => webhook,
                Err(state) => return Ok(Err(state)),
            };
            deliveries::requeue(tx, &delivery, now())?;
            let delivery = deliveries::get(tx, webhook.workspace(), id)?;
            Ok(Ok(delivery))
        });
        let delivery = queued.await?.map_err(stopped)?;
        self.wake();
        Ok(delivery.into_inner())
    }

    /// Sends everything again that was made at or after `since` and given up; returns how many.
    ///
    /// # Errors
    /// `Stopped` if the webhook is not active, and `NotFound`.
    pub async fn replay_failed(
        &self,
        by: &Member,
        id: WebhookId,
        since: UnixMs,
    ) -> Result<usize, WebhookError> {
        let workspace = by.need(MAY)?;
        let queued = self.inner.store.write(move |tx| {
            Ok(match active(tx, workspace, id)? {
                Ok(webhook) => Ok(deliveries::requeue_failed(tx, &webhook, since, now())?),
                Err(state) => Err(state),
            })
        });
        let count = queued.await?.map_err(stopped)?;
        self.wake();
        Ok(count)
    }

    /// Checks an address, and writes it in the usual way.
    fn read_url(&self, text: &str) -> Result<String, WebhookError> {
        let wrong = |told: &str| WebhookError::Url(told.into());
        let text = text.trim();
        if text.len() > LONGEST_URL {
            return Err(wrong("it is longer than 2000 bytes"));
        }
        let mut url = Url::parse(text)
            .map_err(|_| wrong("write it in full, such as https://example.com/frontdesk"))?;
        url.set_fragment(None);
        attempt::check_url(&self.inner.gateway, &url).map_err(|told| wrong(&told))?;
        Ok(url.to_string())
    }
}

/// The webhook if it is active, else its state.
fn active(
    conn: &Connection,
    workspace: WorkspaceId,
    id: WebhookId,
) -> Result<Result<Scoped<Webhook>, WebhookState>, StoreError> {
    let webhook = webhooks::get(conn, workspace, id)?;
    Ok(match webhook.state {
        WebhookState::Active => Ok(webhook),
        state => Err(state),
    })
}

fn stopped(state: WebhookState) -> WebhookError {
    WebhookError::Stopped(state.as_str())
}

/// Checks kinds of events and drops duplicates; `*` alone stands for all.
fn read_events(events: Vec<String>) -> Result<Vec<String>, WebhookError> {
    let mut read: Vec<String> = Vec::new();
    for event in events {
        let event = event.trim().to_owned();
        if event == ALL {
            return Ok(vec![event]);
        }
        if !KINDS.iter().any(|kind| kind.name == event) {
            return Err(WebhookError::Event(event));
        }
        if !read.contains(&event) {
            read.push(event);
        }
    }
    match read.is_empty() {
        true => Err(WebhookError::NoEvents),
        false => Ok(read),
    }
}
