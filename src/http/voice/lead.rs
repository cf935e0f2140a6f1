//! What a visitor leaves so that somebody gets back to them: a wish with an address or a number, or a time for a call.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Guest;
use super::assistant::for_visitors;
use super::guest::plain_page;
use super::rate::Deed;
use crate::http::body::Json;
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::inbox::desk::Desk;
use crate::inbox::leads::{self, Agreed, LeadError, LeadSettings, NewLead, Slot};
use crate::store::StoreError;
use crate::store::conversations::Channel;

/// A time for a call.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
pub struct CallbackTime {
    /// Unix milliseconds.
    from: i64,
    /// Unix milliseconds.
    until: i64,
}

impl From<CallbackTime> for Slot {
    fn from(time: CallbackTime) -> Self {
        Self {
            from: time.from,
            until: time.until,
        }
    }
}

/// Consent to being contacted.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct LeadConsent {
    /// The text that the visitor saw.
    text: String,
    given: bool,
}

/// What a visitor leaves. An e-mail address or a telephone number is needed.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct LeadRequest {
    name: Option<String>,
    email: Option<String>,
    /// With country code, or as it is written in the country of the business.
    phone: Option<String>,
    /// What it is about; may be empty with `callback`.
    wish: String,
    /// Address of the page; its query is not kept.
    page: Option<String>,
    consent: Option<LeadConsent>,
    /// One of `GET /api/v1/visit/callback-times`; a telephone number is needed.
    callback: Option<CallbackTime>,
    /// Short name of the assistant, for the first words of a visit.
    assistant: Option<String>,
}

/// What was noted. It also stands in the conversation, as a message of the role `system`.
#[derive(Debug, Serialize, ToSchema)]
pub struct LeadView {
    /// For the visitor, in their language.
    text: String,
}

/// A time for a call on offer.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallbackSlot {
    /// Unix milliseconds.
    from: i64,
    /// Unix milliseconds.
    until: i64,
    /// The beginning in the time zone of the business, such as `2026-12-03T14:30`.
    local: String,
}

/// When somebody can call, and what a visitor must agree to.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallbackTimes {
    /// Time zone of the business by its IANA name.
    time_zone: String,
    /// In order; empty if the business has no hours, or is closed for a week.
    slots: Vec<CallbackSlot>,
    consent: ConsentWanted,
}

/// What a visitor is asked to agree to before they leave how to reach them.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsentWanted {
    /// Whether nothing is taken without it.
    required: bool,
    /// Empty for the widget's own words.
    text: String,
}

/// Leaves how to reach the visitor, for the team: it becomes a contact and a task.
#[utoipa::path(post, path = "/api/v1/visit/lead", tag = "visitors", operation_id = "leaveLead",
    request_body = LeadRequest,
    responses((status = 200, body = LeadView), (status = 400, body = ProblemView<'_>),
              (status = 401, body = ProblemView<'_>), (status = 429, body = ProblemView<'_>)))]
pub(in crate::http) async fn leave(
    guest: Guest,
    Json(request): Json<LeadRequest>,
) -> Result<axum::Json<LeadView>, Problem> {
    let (app, visitor) = (&guest.app, &guest.visitor);
    let workspace = visitor.workspace;
    let mut new = NewLead {
        conversation: None,
        name: request.name,
        email: request.email,
        phone: request.phone,
        wish: request.wish,
        page: request.page.as_deref().and_then(plain_page),
        consent: request.consent.map(|consent| Agreed {
            text: consent.text,
            given: consent.given,
        }),
        callback: request.callback.map(Slot::from),
    };
    // A slip of the pen costs nothing of what an address may leave.
    let checked = new.clone();
    let check = app
        .store
        .read(move |conn| in_transaction(leads::check(conn, workspace, &checked, now_ms())));
    check.await??;
    guest.count(Deed::Lead)?;
    let assistant = for_visitors(app, workspace, request.assistant, visitor.assistant).await?;
    let page = new.page.clone();
    let own =
        Guest::conversation(app, visitor, assistant.id, Channel::Chat, page.as_deref()).await?;
    new.conversation = Some(own.id);
    let taken = app
        .store
        .write(move |tx| in_transaction(leads::leave(tx, workspace, &new, now_ms())));
    let text = taken.await??.text;
    Ok(axum::Json(LeadView { text }))
}

/// A failure of the store undoes the transaction; a refusal came before anything was written.
fn in_transaction<T>(outcome: Result<T, LeadError>) -> Result<Result<T, LeadError>, StoreError> {
    match outcome {
        Err(LeadError::Store(error)) => Err(error),
        other => Ok(other),
    }
}

/// Times at which the team can call in the next seven days.
#[utoipa::path(get, path = "/api/v1/visit/callback-times", tag = "visitors", operation_id = "listCallbackTimes",
    responses((status = 200, body = CallbackTimes), (status = 401, body = ProblemView<'_>)))]
pub(in crate::http) async fn times(guest: Guest) -> Result<axum::Json<CallbackTimes>, Problem> {
    let workspace = guest.visitor.workspace;
    let read = guest.app.store.read(move |conn| {
        let now = now_ms();
        let desk = Desk::load(conn, workspace, now)?;
        let slots = leads::slots(&desk, now);
        let zone = desk.local(now).time_zone().clone();
        Ok((slots, zone, LeadSettings::load(conn, workspace)?))
    });
    let (slots, zone, settings) = read.await?;
    let slots = slots.into_iter().map(|slot| {
        let from = Timestamp::from_millisecond(slot.from).unwrap_or_default();
        let local = from.to_zoned(zone.clone());
        CallbackSlot {
            from: slot.from,
            until: slot.until,
            local: local.strftime("%Y-%m-%dT%H:%M").to_string(),
        }
    });
    Ok(axum::Json(CallbackTimes {
        slots: slots.collect(),
        time_zone: zone.iana_name().unwrap_or("UTC").to_owned(),
        consent: ConsentWanted {
            required: settings.consent_required,
            text: settings.consent_text,
        },
    }))
}
