//! Webhooks: setting them up, trying them, their log, sending again.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::format::plural;
use super::guard::SignedIn;
use super::view::{self, Section};
use super::webhook_pages::{DeliveryRow, WebhookForm, WebhookPage, WebhookRow, WebhooksPage};
use super::{Failure, sentence};
use crate::app::App;
use crate::http::api::webhooks::DeliveryQuery;
use crate::http::auth::Scope;
use crate::http::listing::ListQuery;
use crate::http::problem::Problem;
use crate::http::{now_ms, parse_id};
use crate::store::webhooks::deliveries::{DeliveryFilter, DeliveryState};
use crate::store::{DeliveryId, WebhookId};
use crate::webhooks::{ALL, Change, NewWebhook, WebhookError};

/// Fields in the order in which they stand in the form; a ticked box is a field named `event`.
type Fields = Vec<(String, String)>;

/// What to show above a webhook.
#[derive(Default)]
struct Told {
    done: Option<String>,
    error: Option<String>,
    secret: Option<String>,
    /// The form as it was entered.
    form: Option<WebhookForm>,
}

impl Told {
    fn done(done: impl Into<String>) -> Self {
        Self {
            done: Some(done.into()),
            ..Self::default()
        }
    }
}

/// How far back to send again.
#[derive(Deserialize)]
pub(super) struct Since {
    /// In hours; 0 for everything.
    hours: u32,
}

/// `GET /webhooks`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let form = WebhookForm::new("", &[ALL.to_owned()]);
    show_list(&app, &person, StatusCode::OK, form, None).await
}

/// `POST /webhooks`: the response is the only page that shows the secret.
pub(super) async fn create(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(fields): Form<Fields>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let (url, events) = read(fields);
    let new = NewWebhook {
        url: url.clone(),
        events: events.clone(),
    };
    match app.webhooks.create(person.member(), new).await {
        Ok(made) => {
            let told = Told {
                secret: Some(made.secret.reveal().to_owned()),
                ..Told::done(
                    "The webhook is set up. Copy its secret into the other program, then send a test.",
                )
            };
            let id = made.webhook.id;
            show_one(&app, &person, StatusCode::CREATED, id, told).await
        }
        Err(error) => {
            let error = mistake(error)?;
            let form = WebhookForm::new(&url, &events);
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            show_list(&app, &person, status, form, Some(error)).await
        }
    }
}

/// `GET /webhooks/{id}?state=&before=`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Query(query): Query<DeliveryQuery>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let page = page(&app, &person, webhook_id(&id)?, query, Told::default()).await?;
    Ok(view::page(StatusCode::OK, &page))
}

/// `POST /webhooks/{id}`
pub(super) async fn change(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let id = webhook_id(&id)?;
    let (url, events) = read(fields);
    let change = Change {
        url: Some(url.clone()),
        events: Some(events.clone()),
        active: None,
    };
    let (status, told) = match app.webhooks.change(person.member(), id, change).await {
        Ok(_) => (StatusCode::OK, Told::done("Saved.")),
        Err(error) => {
            let told = Told {
                error: Some(mistake(error)?),
                form: Some(WebhookForm::new(&url, &events)),
                ..Told::default()
            };
            (StatusCode::UNPROCESSABLE_ENTITY, told)
        }
    };
    show_one(&app, &person, status, id, told).await
}

/// `POST /webhooks/{id}/pause` and `/resume`
pub(super) async fn pause(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    set_active(&app, &person, &id, false).await
}

pub(super) async fn resume(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    set_active(&app, &person, &id, true).await
}

/// `POST /webhooks/{id}/test`
pub(super) async fn test(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let id = webhook_id(&id)?;
    let sent = app.webhooks.test(person.member(), id).await?;
    let told = match (sent.state, sent.error) {
        (DeliveryState::Sent, _) => Told::done("The test arrived."),
        (_, error) => {
            let why = error.unwrap_or_else(|| "no answer yet".into());
            Told {
                error: Some(format!("The test did not arrive: {}", sentence(&why))),
                ..Told::default()
            }
        }
    };
    show_one(&app, &person, StatusCode::OK, id, told).await
}

/// `POST /webhooks/{id}/rotate`: the response is the only page that shows the new secret.
pub(super) async fn rotate(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let made = app
        .webhooks
        .rotate(person.member(), webhook_id(&id)?)
        .await?;
    let told = Told {
        secret: Some(made.secret.reveal().to_owned()),
        ..Told::done(
            "There is a new secret. Copy it into the other program within a day; until then, both secrets sign.",
        )
    };
    show_one(&app, &person, StatusCode::OK, made.webhook.id, told).await
}

/// `POST /webhooks/{id}/delete`
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    app.webhooks
        .delete(person.member(), webhook_id(&id)?)
        .await?;
    Ok(Redirect::to("/webhooks").into_response())
}

/// `POST /webhooks/{id}/replay`
pub(super) async fn replay_failed(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(since): Form<Since>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    const HOUR_MS: i64 = 60 * 60 * 1000;
    let id = webhook_id(&id)?;
    let since = match since.hours {
        0 => 0,
        hours => now_ms().saturating_sub(i64::from(hours) * HOUR_MS),
    };
    let queued = (app.webhooks).replay_failed(person.member(), id, since);
    let told = match queued.await {
        Ok(0) => Told::done("Nothing has failed in that time."),
        Ok(count) => {
            let count = u64::try_from(count).unwrap_or(u64::MAX);
            let events = plural(count, "event is", "events are");
            Told::done(format!("{events} sent again."))
        }
        Err(error) => Told {
            error: Some(mistake(error)?),
            ..Told::default()
        },
    };
    show_one(&app, &person, StatusCode::OK, id, told).await
}

/// `POST /webhooks/deliveries/{id}/replay`
pub(super) async fn replay(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let id: DeliveryId = parse_id(&id, "delivery")?;
    let queued = app.webhooks.replay(person.member(), id).await?;
    Ok(Redirect::to(&format!("/webhooks/{}", queued.webhook)).into_response())
}

async fn set_active(
    app: &App,
    person: &SignedIn,
    id: &str,
    active: bool,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let change = Change {
        active: Some(active),
        ..Change::default()
    };
    let id = webhook_id(id)?;
    app.webhooks.change(person.member(), id, change).await?;
    Ok(Redirect::to(&format!("/webhooks/{id}")).into_response())
}

async fn show_list(
    app: &App,
    person: &SignedIn,
    status: StatusCode,
    form: WebhookForm,
    error: Option<String>,
) -> Result<Response, Failure> {
    let webhooks = app.webhooks.list(person.member()).await?;
    let now = now_ms();
    let page = WebhooksPage {
        shell: person.shell(Section::Keys, "Webhooks"),
        rows: webhooks
            .into_iter()
            .map(|webhook| WebhookRow::new(webhook, now))
            .collect(),
        form,
        error,
    };
    Ok(view::page(status, &page))
}

async fn show_one(
    app: &App,
    person: &SignedIn,
    status: StatusCode,
    id: WebhookId,
    told: Told,
) -> Result<Response, Failure> {
    let page = page(app, person, id, DeliveryQuery::default(), told).await?;
    Ok(view::page(status, &page))
}

async fn page(
    app: &App,
    person: &SignedIn,
    id: WebhookId,
    query: DeliveryQuery,
    told: Told,
) -> Result<WebhookPage, Failure> {
    let webhook = app.webhooks.get(person.member(), id).await?;
    let filter = DeliveryFilter {
        webhook: Some(id),
        ..query.filter()?
    };
    let log = app.webhooks.log(person.member(), filter, query.limit());
    let log = log.await?;
    let form = told
        .form
        .unwrap_or_else(|| WebhookForm::new(&webhook.url, &webhook.events));
    Ok(WebhookPage {
        shell: person.shell(Section::Keys, "Webhook"),
        next: query.links(log.next.as_ref()).next,
        wanted: query.state,
        row: WebhookRow::new(webhook, now_ms()),
        form,
        secret: told.secret,
        done: told.done,
        error: told.error,
        deliveries: log.rows.into_iter().map(DeliveryRow::from).collect(),
    })
}

/// The address and the ticked events of a form.
fn read(fields: Fields) -> (String, Vec<String>) {
    let mut url = String::new();
    let mut events = Vec::new();
    for (name, value) in fields {
        match name.as_str() {
            "url" => url = value,
            "event" => events.push(value),
            _ => {}
        }
    }
    (url, events)
}

/// What is wrong with what was entered; other errors get a page of their own.
fn mistake(error: WebhookError) -> Result<String, Problem> {
    match error {
        WebhookError::NoEvents => Ok("Tick at least one event.".into()),
        WebhookError::Url(_)
        | WebhookError::Event(_)
        | WebhookError::Most
        | WebhookError::Stopped(_) => Ok(sentence(&error.to_string())),
        other => Err(other.into()),
    }
}

fn webhook_id(id: &str) -> Result<WebhookId, Problem> {
    parse_id(id, "webhook")
}
