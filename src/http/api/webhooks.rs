//! Webhooks: other programs that are told what happens, and the log of what was sent to them.

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::openapi::schema::{Array, ArrayBuilder, ObjectBuilder, Type};
use utoipa::{IntoParams, ToSchema};

use super::place::{self, ApiPlace};
use crate::http::auth::Scope;
use crate::http::body::Json;
use crate::http::listing::{ListQuery, parse_id, refuse_field};
use crate::http::problem::{Problem, ProblemView};
use crate::store::webhooks::Webhook;
use crate::store::webhooks::deliveries::{Delivery, DeliveryFilter, DeliveryState};
use crate::store::{DeliveryId, WebhookId};
use crate::webhooks::{ALL, Change, KINDS, Made, NewWebhook};

/// The webhooks of a workspace, and what they can be told.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookList {
    /// Oldest first.
    webhooks: Vec<WebhookView>,
    /// Every kind of event.
    events: Vec<EventKindView>,
}

/// A kind of event.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventKindView {
    /// Name, such as `conversation.waiting`.
    name: &'static str,
    /// When it happens.
    text: &'static str,
}

/// A webhook, without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookView {
    id: String,
    url: String,
    #[schema(schema_with = events_schema)]
    events: Vec<String>,
    /// `active`, `paused` (by a person, or after five days without a success) or `off` (it answered 410 Gone).
    state: &'static str,
    /// Why it is not active; absent if a person paused it.
    reason: Option<String>,
    /// Since when no request has succeeded, in Unix milliseconds; absent after one that did.
    failing_since: Option<i64>,
    /// Until when the former secret signs as well, in Unix milliseconds.
    old_secret_until: Option<i64>,
    /// Unix milliseconds.
    created_at: i64,
}

/// A webhook to make.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewWebhookRequest {
    /// Begins with `https://`, or leads to a machine that the setting `egress.allow` names.
    url: String,
    #[schema(schema_with = events_schema)]
    events: Vec<String>,
}

/// What to change; what is absent stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct WebhookChange {
    url: Option<String>,
    #[schema(schema_with = events_schema)]
    events: Option<Vec<String>>,
    /// `false` pauses it: what waits is given up, and nothing new is queued. `true` makes it active again.
    active: Option<bool>,
}

/// A webhook with a new secret.
#[derive(Serialize, ToSchema)]
pub struct MadeWebhook {
    webhook: WebhookView,
    /// Checks the header `webhook-signature`, as Standard Webhooks says. It is not shown again.
    secret: String,
}

/// What was sent to webhooks, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryList {
    deliveries: Vec<DeliveryView>,
    /// Value of `before` for the next page; absent on the last one.
    next: Option<String>,
}

/// An event for a webhook.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryView {
    /// The header `webhook-id`, the same for every attempt.
    id: String,
    /// Id of the webhook.
    webhook: String,
    /// Kind of the event.
    event: String,
    /// Id of what it is about, such as a conversation or a task.
    about: Option<String>,
    /// The body.
    #[schema(value_type = Object)]
    payload: Value,
    /// `queued`, `sent` or `failed` (given up).
    state: &'static str,
    /// Since it was queued, or queued again.
    attempts: u32,
    /// When it is tried next, in Unix milliseconds; absent unless it is queued.
    next_at: Option<i64>,
    /// When it was last tried, in Unix milliseconds.
    tried_at: Option<i64>,
    /// HTTP status of the last answer.
    status: Option<u16>,
    /// Why the last attempt failed.
    error: Option<String>,
    /// Unix milliseconds.
    created_at: i64,
    /// When it was sent or given up, in Unix milliseconds.
    ended_at: Option<i64>,
}

/// From when on to send again what failed.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ReplayRequest {
    /// Unix milliseconds; 0 for everything that the log still has (30 days).
    since: i64,
}

/// How many deliveries were queued.
#[derive(Debug, Serialize, ToSchema)]
pub struct Replayed {
    queued: usize,
}

/// Filters of the log of a webhook.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeliveryQuery {
    /// `queued`, `sent` or `failed`.
    #[serde(default)]
    pub state: String,
    /// `next` of the page before.
    #[serde(default)]
    pub before: String,
    /// 1 to 200; 50 when absent.
    #[serde(default)]
    pub limit: String,
}

impl ListQuery for DeliveryQuery {
    type Filter = DeliveryFilter;

    const SCOPES: &'static [Scope] = &[Scope::Admin];

    fn filter(&self) -> Result<DeliveryFilter, Problem> {
        let state = match self.state.trim() {
            "" => None,
            text => Some(
                DeliveryState::parse(text)
                    .ok_or_else(|| refuse_field("state", "queued, sent or failed"))?,
            ),
        };
        Ok(DeliveryFilter {
            webhook: None,
            state,
            before: parse_id("before", &self.before)?,
        })
    }

    fn limit_field(&self) -> &str {
        &self.limit
    }

    fn cursor_field(&mut self) -> &mut String {
        &mut self.before
    }

    fn cursor_of(filter: &DeliveryFilter) -> Option<String> {
        filter.before.map(|id| id.to_string())
    }
}

/// Names every kind of event with its sentence.
fn events_schema() -> Array {
    let told = KINDS
        .iter()
        .map(|kind| format!("- `{}`: {}", kind.name, kind.told));
    let told: Vec<String> = told.collect();
    let names = KINDS.iter().map(|kind| kind.name).chain([ALL]);
    let name = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(names));
    let told = format!(
        "Kinds of events to be told of; `*` for all, also those of later versions.\n\n{}",
        told.join("\n")
    );
    ArrayBuilder::new()
        .items(name.build())
        .description(Some(told))
        .build()
}

impl From<Webhook> for WebhookView {
    fn from(webhook: Webhook) -> Self {
        Self {
            id: webhook.id.to_string(),
            url: webhook.url,
            events: webhook.events,
            state: webhook.state.as_str(),
            reason: webhook.reason,
            failing_since: webhook.failing_since,
            old_secret_until: webhook.old_secret_until,
            created_at: webhook.created_at,
        }
    }
}

impl From<Made> for MadeWebhook {
    fn from(made: Made) -> Self {
        Self {
            webhook: made.webhook.into(),
            secret: made.secret.reveal().to_owned(),
        }
    }
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        let is_queued = delivery.state == DeliveryState::Queued;
        Self {
            id: delivery.id.to_string(),
            webhook: delivery.webhook.to_string(),
            event: delivery.event,
            about: delivery.about,
            payload: serde_json::from_str(&delivery.payload).unwrap_or_default(),
            state: delivery.state.as_str(),
            attempts: delivery.attempts,
            next_at: is_queued.then_some(delivery.next_at),
            tried_at: delivery.tried_at,
            status: delivery.status,
            error: delivery.error,
            created_at: delivery.created_at,
            ended_at: delivery.ended_at,
        }
    }
}

/// The webhooks, and every kind of event that they can be told of.
#[utoipa::path(get, path = "/api/v1/webhooks", tag = "webhooks", operation_id = "listWebhooks",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = WebhookList), (status = 403, body = ProblemView<'_>)))]
pub(super) async fn list(place: ApiPlace) -> Result<axum::Json<WebhookList>, Problem> {
    let webhooks = place.app.webhooks.list(&place.member).await?;
    let events = KINDS.iter().map(|kind| EventKindView {
        name: kind.name,
        text: kind.told,
    });
    Ok(axum::Json(WebhookList {
        webhooks: webhooks.into_iter().map(WebhookView::from).collect(),
        events: events.collect(),
    }))
}

/// Makes a webhook. Only this response shows its secret.
#[utoipa::path(post, path = "/api/v1/webhooks", tag = "webhooks", operation_id = "createWebhook",
    request_body = NewWebhookRequest,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 201, body = MadeWebhook), (status = 400, body = ProblemView<'_>),
              (status = 403, body = ProblemView<'_>), (status = 409, body = ProblemView<'_>)))]
pub(super) async fn create(
    place: ApiPlace,
    Json(request): Json<NewWebhookRequest>,
) -> Result<(StatusCode, axum::Json<MadeWebhook>), Problem> {
    let new = NewWebhook {
        url: request.url,
        events: request.events,
    };
    let made = place.app.webhooks.create(&place.member, new).await?;
    Ok((StatusCode::CREATED, axum::Json(made.into())))
}

/// Changes a webhook, pauses it, or makes it active again, which forgets its failures.
#[utoipa::path(put, path = "/api/v1/webhooks/{id}", tag = "webhooks", operation_id = "changeWebhook",
    request_body = WebhookChange,
    params(("id" = String, Path, description = "Id of the webhook"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = WebhookView), (status = 400, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn change(
    place: ApiPlace,
    Path(id): Path<String>,
    Json(request): Json<WebhookChange>,
) -> Result<axum::Json<WebhookView>, Problem> {
    let change = Change {
        url: request.url,
        events: request.events,
        active: request.active,
    };
    let changed = (place.app.webhooks).change(&place.member, webhook_id(&id)?, change);
    Ok(axum::Json(changed.await?.into()))
}

/// Deletes a webhook with its log.
#[utoipa::path(delete, path = "/api/v1/webhooks/{id}", tag = "webhooks", operation_id = "deleteWebhook",
    params(("id" = String, Path, description = "Id of the webhook"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 204), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn delete(place: ApiPlace, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    (place.app.webhooks)
        .delete(&place.member, webhook_id(&id)?)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a test event (`webhook.test`) once, also to a webhook that is not active, and waits for the answer.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/test", tag = "webhooks", operation_id = "testWebhook",
    params(("id" = String, Path, description = "Id of the webhook"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = DeliveryView, description = "What came of it; `state` tells whether it arrived"),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn test(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<DeliveryView>, Problem> {
    let sent = (place.app.webhooks).test(&place.member, webhook_id(&id)?);
    Ok(axum::Json(sent.await?.into()))
}

/// Makes a new secret, which only this response shows. For a day, each request is signed with the former one as well.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/rotate", tag = "webhooks", operation_id = "rotateWebhookSecret",
    params(("id" = String, Path, description = "Id of the webhook"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = MadeWebhook), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn rotate(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<MadeWebhook>, Problem> {
    let made = (place.app.webhooks).rotate(&place.member, webhook_id(&id)?);
    Ok(axum::Json(made.await?.into()))
}

/// What was sent to a webhook, newest first.
#[utoipa::path(get, path = "/api/v1/webhooks/{id}/deliveries", tag = "webhooks", operation_id = "listWebhookDeliveries",
    params(("id" = String, Path, description = "Id of the webhook"), DeliveryQuery,
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = DeliveryList), (status = 400, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn deliveries(
    place: ApiPlace,
    Path(id): Path<String>,
    Query(query): Query<DeliveryQuery>,
) -> Result<axum::Json<DeliveryList>, Problem> {
    let filter = DeliveryFilter {
        webhook: Some(webhook_id(&id)?),
        ..query.filter()?
    };
    let page = (place.app.webhooks).log(&place.member, filter, query.limit());
    let page = page.await?;
    Ok(axum::Json(DeliveryList {
        next: page.next.as_ref().and_then(DeliveryQuery::cursor_of),
        deliveries: page.rows.into_iter().map(DeliveryView::from).collect(),
    }))
}

/// Sends a delivery again, with its id.
#[utoipa::path(post, path = "/api/v1/webhooks/deliveries/{id}/replay", tag = "webhooks",
    operation_id = "replayWebhookDelivery",
    params(("id" = String, Path, description = "Id of the delivery"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = DeliveryView), (status = 404, body = ProblemView<'_>),
              (status = 409, body = ProblemView<'_>)))]
pub(super) async fn replay(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<DeliveryView>, Problem> {
    let id: DeliveryId = place::parse_id(&id, "delivery")?;
    let queued = place.app.webhooks.replay(&place.member, id).await?;
    Ok(axum::Json(queued.into()))
}

/// Sends everything again that failed since a time.
#[utoipa::path(post, path = "/api/v1/webhooks/{id}/replay", tag = "webhooks", operation_id = "replayWebhook",
    request_body = ReplayRequest,
    params(("id" = String, Path, description = "Id of the webhook"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = Replayed), (status = 404, body = ProblemView<'_>),
              (status = 409, body = ProblemView<'_>)))]
pub(super) async fn replay_failed(
    place: ApiPlace,
    Path(id): Path<String>,
    Json(request): Json<ReplayRequest>,
) -> Result<axum::Json<Replayed>, Problem> {
    let (id, since) = (webhook_id(&id)?, request.since);
    let queued = (place.app.webhooks).replay_failed(&place.member, id, since);
    Ok(axum::Json(Replayed {
        queued: queued.await?,
    }))
}

fn webhook_id(id: &str) -> Result<WebhookId, Problem> {
    place::parse_id(id, "webhook")
}
