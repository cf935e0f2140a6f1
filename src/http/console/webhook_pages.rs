//! The pages of webhooks: what they show.

use askama::Template;

use super::format::{Moment, moment};
use super::sentence;
use super::view::{Shell, filters};
use crate::store::webhooks::deliveries::{Delivery, DeliveryState};
use crate::store::webhooks::{Webhook, WebhookState};
use crate::webhooks::{ALL, KINDS};

/// All webhooks, and the form for a new one.
#[derive(Template)]
#[template(path = "webhooks.html")]
pub(super) struct WebhooksPage {
    pub(super) shell: Shell,
    pub(super) rows: Vec<WebhookRow>,
    /// The new one as it was entered, if something was wrong with it.
    pub(super) form: WebhookForm,
    pub(super) error: Option<String>,
}

/// One webhook with its log.
#[derive(Template)]
#[template(path = "webhook.html")]
pub(super) struct WebhookPage {
    pub(super) shell: Shell,
    pub(super) row: WebhookRow,
    pub(super) form: WebhookForm,
    /// A new secret, shown this once.
    pub(super) secret: Option<String>,
    /// What was done, as a sentence.
    pub(super) done: Option<String>,
    pub(super) error: Option<String>,
    pub(super) deliveries: Vec<DeliveryRow>,
    /// Which of them are shown: a state, or nothing for all.
    pub(super) wanted: String,
    /// Query of the next page.
    pub(super) next: Option<String>,
}

#[derive(Default)]
pub(super) struct WebhookForm {
    pub(super) url: String,
    /// Whether it is told of everything.
    pub(super) all: bool,
    pub(super) kinds: Vec<KindBox>,
}

/// A checkbox for a kind of event.
pub(super) struct KindBox {
    pub(super) name: &'static str,
    pub(super) told: &'static str,
    pub(super) checked: bool,
}

pub(super) struct WebhookRow {
    pub(super) id: String,
    pub(super) url: String,
    pub(super) events: String,
    pub(super) active: bool,
    /// For the badge.
    pub(super) state: &'static str,
    pub(super) label: &'static str,
    pub(super) reason: Option<String>,
    pub(super) failing_since: Option<Moment>,
    pub(super) old_secret_until: Option<Moment>,
}

pub(super) struct DeliveryRow {
    pub(super) id: String,
    pub(super) event: String,
    pub(super) made: Moment,
    /// When it was last tried.
    pub(super) tried: Option<Moment>,
    /// When it is tried next, while it is queued.
    pub(super) next: Option<Moment>,
    pub(super) attempts: u32,
    pub(super) state: &'static str,
    pub(super) label: &'static str,
    pub(super) status: Option<u16>,
    pub(super) error: Option<String>,
    /// The body, as it is sent.
    pub(super) payload: String,
    pub(super) queued: bool,
}

impl WebhookForm {
    pub(super) fn new(url: &str, events: &[String]) -> Self {
        let kinds = KINDS.iter().map(|kind| KindBox {
            name: kind.name,
            told: kind.told,
            checked: events.iter().any(|event| event == kind.name),
        });
        Self {
            url: url.to_owned(),
            all: events.iter().any(|event| event == ALL),
            kinds: kinds.collect(),
        }
    }
}

impl WebhookRow {
    /// `now` in Unix ms.
    pub(super) fn new(webhook: Webhook, now: i64) -> Self {
        let (state, label) = match (webhook.state, webhook.failing_since) {
            (WebhookState::Active, None) => ("ready", "Active"),
            (WebhookState::Active, Some(_)) => ("degraded", "Failing"),
            (WebhookState::Paused, _) => ("stopped", "Paused"),
            (WebhookState::Off, _) => ("stopped", "Off"),
        };
        let events = match webhook.events.iter().any(|event| event == ALL) {
            true => "everything".to_owned(),
            false => webhook.events.join(", "),
        };
        Self {
            id: webhook.id.to_string(),
            url: webhook.url,
            events,
            active: webhook.state == WebhookState::Active,
            state,
            label,
            reason: webhook.reason.as_deref().map(sentence),
            failing_since: webhook.failing_since.map(moment),
            old_secret_until: webhook
                .old_secret_until
                .filter(|until| *until > now)
                .map(moment),
        }
    }
}

impl From<Delivery> for DeliveryRow {
    fn from(delivery: Delivery) -> Self {
        let (state, label) = match delivery.state {
            DeliveryState::Queued if delivery.attempts > 0 => ("degraded", "Waits to be repeated"),
            DeliveryState::Queued => ("starting", "Waits"),
            DeliveryState::Sent => ("ready", "Arrived"),
            DeliveryState::Failed => ("failed", "Given up"),
        };
        let queued = delivery.state == DeliveryState::Queued;
        Self {
            id: delivery.id.to_string(),
            event: delivery.event,
            made: moment(delivery.created_at),
            tried: delivery.tried_at.map(moment),
            next: queued.then(|| moment(delivery.next_at)),
            attempts: delivery.attempts,
            state,
            label,
            status: delivery.status,
            error: delivery.error.as_deref().map(sentence),
            payload: delivery.payload,
            queued,
        }
    }
}
