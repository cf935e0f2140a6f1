//! One contact: making, reading, correcting, merging and erasing it.

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::view::{ContactView, MomentView, TimelineView};
use crate::app::privacy;
use crate::contacts::acts::{self, Change};
use crate::http::api::people::Erased;
use crate::http::api::place::{self, ApiPlace};
use crate::http::body::Json;
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::store::{ContactId, UnixMs};

/// Entries of a timeline at a time: the default, and the limit.
const USUAL: u32 = 50;
const MOST: u32 = 200;

/// What to write into a contact. What is absent stays as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct ContactRequest {
    name: Option<String>,
    /// ISO 639-1; empty for none.
    language: Option<String>,
    /// All e-mail addresses: others are removed.
    emails: Option<Vec<String>>,
    /// All telephone numbers, in any spelling: others are removed.
    phones: Option<Vec<String>>,
    /// Values by the name of the owner's field; empty ones are removed.
    #[schema(value_type = Object)]
    fields: Map<String, Value>,
    /// Whether it is kept until somebody deletes it; for a new contact true when absent.
    pinned: Option<bool>,
}

impl From<ContactRequest> for Change {
    fn from(request: ContactRequest) -> Self {
        Self {
            name: request.name,
            language: request.language,
            emails: request.emails,
            phones: request.phones,
            fields: request.fields,
            pinned: request.pinned,
        }
    }
}

/// Whom a contact is merged into.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ContactMergeRequest {
    /// Id of the contact that stays.
    into: String,
}

/// What somebody agreed to or took back, as they told staff.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ConsentRequest {
    /// What for, in a word or two.
    purpose: String,
    given: bool,
    /// The text that they agreed to, or what they said.
    text: String,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct DeleteQuery {
    /// Whether the conversations with them are erased too; `false` when absent.
    #[serde(default)]
    conversations: bool,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct TimelineQuery {
    /// `next` of the part before.
    before: Option<String>,
    /// 1 to 200; 50 when absent.
    limit: Option<u32>,
}

pub(super) fn parse(id: &str) -> Result<ContactId, Problem> {
    place::parse_id(id, "contact")
}

/// Makes a contact.
#[utoipa::path(post, path = "/api/v1/contacts", tag = "contacts", operation_id = "createContact",
    request_body = ContactRequest,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 201, body = ContactView), (status = 400, body = ProblemView<'_>),
              (status = 409, body = ProblemView<'_>)))]
pub(super) async fn create(
    place: ApiPlace,
    Json(request): Json<ContactRequest>,
) -> Result<(StatusCode, axum::Json<ContactView>), Problem> {
    let made = acts::create(&place.app.store, &place.member, request.into(), now_ms()).await?;
    Ok((StatusCode::CREATED, axum::Json(made.into())))
}

/// A contact with how it is reached, its fields, and its consents.
#[utoipa::path(get, path = "/api/v1/contacts/{id}", tag = "contacts", operation_id = "getContact",
    params(("id" = String, Path, description = "Id of the contact"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = ContactView), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn get(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<ContactView>, Problem> {
    let found = acts::get(&place.app.store, &place.member, parse(&id)?).await?;
    Ok(axum::Json(found.into()))
}

/// Corrects a contact.
#[utoipa::path(put, path = "/api/v1/contacts/{id}", tag = "contacts", operation_id = "changeContact",
    request_body = ContactRequest,
    params(("id" = String, Path, description = "Id of the contact"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = ContactView), (status = 400, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>), (status = 409, body = ProblemView<'_>)))]
pub(super) async fn change(
    place: ApiPlace,
    Path(id): Path<String>,
    Json(request): Json<ContactRequest>,
) -> Result<axum::Json<ContactView>, Problem> {
    let (store, by) = (&place.app.store, &place.member);
    let changed = acts::change(store, by, parse(&id)?, request.into(), now_ms()).await?;
    Ok(axum::Json(changed.into()))
}

/// Erases a contact with its consents and tasks, at once and for good; with `conversations`, everything that was said with them
/// too.
#[utoipa::path(delete, path = "/api/v1/contacts/{id}", tag = "contacts", operation_id = "eraseContact",
    params(("id" = String, Path, description = "Id of the contact"), DeleteQuery,
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = Erased), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn delete(
    place: ApiPlace,
    Path(id): Path<String>,
    Query(query): Query<DeleteQuery>,
) -> Result<axum::Json<Erased>, Problem> {
    let (store, by) = (&place.app.store, &place.member);
    let done = privacy::remove_contact(store, by, parse(&id)?, query.conversations).await?;
    Ok(axum::Json(done.into()))
}

/// Moves everything of a contact to another one, which keeps what it knows itself. It cannot be undone.
#[utoipa::path(post, path = "/api/v1/contacts/{id}/merge", tag = "contacts", operation_id = "mergeContact",
    request_body = ContactMergeRequest,
    params(("id" = String, Path, description = "Id of the contact that goes"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = ContactView), (status = 400, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn merge(
    place: ApiPlace,
    Path(id): Path<String>,
    Json(request): Json<ContactMergeRequest>,
) -> Result<axum::Json<ContactView>, Problem> {
    let (store, by) = (&place.app.store, &place.member);
    let (from, into) = (parse(&id)?, parse(&request.into)?);
    let one = acts::merge(store, by, from, into, now_ms()).await?;
    Ok(axum::Json(one.into()))
}

/// Notes that somebody agreed to something or took it back. Nothing of the history is ever removed.
#[utoipa::path(post, path = "/api/v1/contacts/{id}/consents", tag = "contacts", operation_id = "addConsent",
    request_body = ConsentRequest,
    params(("id" = String, Path, description = "Id of the contact"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 201, body = ContactView), (status = 400, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn add_consent(
    place: ApiPlace,
    Path(id): Path<String>,
    Json(request): Json<ConsentRequest>,
) -> Result<(StatusCode, axum::Json<ContactView>), Problem> {
    let ConsentRequest {
        purpose,
        given,
        text,
    } = request;
    let (store, by, id) = (&place.app.store, &place.member, parse(&id)?);
    let noted = acts::note_consent(store, by, id, purpose, given, text, now_ms()).await?;
    Ok((StatusCode::CREATED, axum::Json(noted.into())))
}

/// What happened with a contact, newest first: conversations, calls, tasks, consents and changes.
#[utoipa::path(get, path = "/api/v1/contacts/{id}/timeline", tag = "contacts", operation_id = "readTimeline",
    params(("id" = String, Path, description = "Id of the contact"), TimelineQuery,
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = TimelineView), (status = 400, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn timeline(
    place: ApiPlace,
    Path(id): Path<String>,
    Query(query): Query<TimelineQuery>,
) -> Result<axum::Json<TimelineView>, Problem> {
    let before = match query.before.as_deref().filter(|text| !text.is_empty()) {
        None => None,
        Some(text) => Some(parse_cursor(text).ok_or_else(|| {
            Problem::invalid("before", "before must be `next` of the part before")
        })?),
    };
    let limit = query.limit.unwrap_or(USUAL).clamp(1, MOST);
    let (store, by) = (&place.app.store, &place.member);
    let page = acts::timeline(store, by, parse(&id)?, before, limit).await?;
    let next = page.next.and_then(|filter| filter.before);
    Ok(axum::Json(TimelineView {
        entries: page.rows.into_iter().map(MomentView::from).collect(),
        next: next.map(|(at, kind, id)| format!("{at}_{kind}_{id}")),
    }))
}

pub(in crate::http) fn parse_cursor(text: &str) -> Option<(UnixMs, String, String)> {
    let (at, rest) = text.split_once('_')?;
    let (kind, id) = rest.split_once('_')?;
    Some((at.parse().ok()?, kind.to_owned(), id.to_owned()))
}
