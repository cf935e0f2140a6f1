//! Business facts: hours, exceptions, contact data.

use axum::extract::Path;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::place::{self, ApiPlace};
use crate::agent::fact_preview;
use crate::hours::acts::{self, ClockChange, Decision};
use crate::hours::{Entry, What, country, edit};
use crate::http::body::Json;
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::store::facts::HolidayRule;

/// All facts with clock and country.
#[derive(Debug, Serialize, ToSchema)]
pub struct FactList {
    /// Time zone by its IANA name.
    time_zone: String,
    /// Whether the owner chose it; else it is the machine's.
    time_zone_is_set: bool,
    /// ISO 3166 code of the country whose public holidays count.
    country: Option<String>,
    /// What holds on public holidays that no fact mentions: `unstated`, `closed` or `usual`.
    holidays: String,
    /// Newest document first.
    facts: Vec<FactView>,
}

/// A fact.
#[derive(Debug, Serialize, ToSchema)]
pub struct FactView {
    id: String,
    /// `weekly`, `special`, `address`, `phone`, `email` or `price`.
    kind: String,
    /// `proposed`, `confirmed` or `dismissed`.
    state: String,
    /// In a few words.
    summary: String,
    /// What it says, in the format of its kind.
    fact: Value,
    /// Id of the document that states it.
    document: Option<String>,
    /// Id of the document's version.
    version: Option<String>,
    /// The document's words.
    quote: String,
    /// Bytes of the quote in the version's text.
    span: Option<[usize; 2]>,
    /// The date since which the document says it holds, or the document's own.
    dated: Option<String>,
    /// A newer document says otherwise.
    superseded: bool,
    /// Its document no longer states it.
    changed: bool,
}

impl From<&Entry> for FactView {
    fn from(entry: &Entry) -> Self {
        let place = entry.data.place.as_ref();
        Self {
            id: entry.fact.id.to_string(),
            kind: entry.data.what.kind().to_owned(),
            state: entry.fact.state.to_string(),
            summary: edit::show(&entry.data.what),
            fact: serde_json::to_value(&entry.data.what).unwrap_or_default(),
            document: entry.fact.document.map(|id| id.to_string()),
            version: entry.fact.version.map(|id| id.to_string()),
            quote: entry.fact.quote.clone(),
            span: place.map(|p| p.span),
            dated: place.and_then(|p| p.dated).map(|d| d.to_string()),
            superseded: entry.superseded,
            changed: entry.data.changed,
        }
    }
}

/// Clock and country.
#[derive(Debug, Deserialize, ToSchema)]
pub struct FactSettings {
    /// IANA name; `null` for the machine's.
    time_zone: Option<String>,
    /// ISO 3166 code; `null` for the one of the time zone.
    country: Option<String>,
    /// `unstated`, `closed` or `usual`; what it was when absent.
    holidays: Option<String>,
}

/// How many.
#[derive(Debug, Serialize, ToSchema)]
pub struct Counted {
    count: usize,
}

/// A question to try.
#[derive(Debug, Deserialize, ToSchema)]
pub struct FactQuestion {
    question: String,
    /// The time at which it is asked, RFC 3339; the clock's when absent.
    now: Option<String>,
}

/// What the facts would answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct FactAnswer {
    /// `null` when they would pass the question on.
    answer: Option<String>,
}

/// The facts of a workspace.
#[utoipa::path(get, path = "/api/v1/facts", tag = "facts", operation_id = "listFacts",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = FactList)))]
pub(super) async fn list(place: ApiPlace) -> Result<axum::Json<FactList>, Problem> {
    let book = acts::open(&place.app.store, &place.member).await?;
    Ok(axum::Json(FactList {
        time_zone: book.zone().iana_name().unwrap_or("UTC").to_owned(),
        time_zone_is_set: book.settings.time_zone.is_some(),
        country: country(&book.settings),
        holidays: book.settings.holidays.as_str().to_owned(),
        facts: book.entries.iter().map(FactView::from).collect(),
    }))
}

/// Keeps a fact that a person knows; it counts as confirmed.
#[utoipa::path(post, path = "/api/v1/facts", tag = "facts", operation_id = "createFact",
    request_body = Value,
    responses((status = 201, body = FactView), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn create(
    place: ApiPlace,
    Json(what): Json<What>,
) -> Result<(StatusCode, axum::Json<FactView>), Problem> {
    let entered = acts::enter(&place.app.store, &place.member, vec![what], now_ms()).await?;
    let entered = entered.first().map(FactView::from);
    let entered = entered.ok_or_else(|| Problem::not_found("fact"))?;
    Ok((StatusCode::CREATED, axum::Json(entered)))
}

/// Changes what a fact says, and confirms it.
#[utoipa::path(put, path = "/api/v1/facts/{id}", tag = "facts", operation_id = "changeFact",
    params(("id" = String, Path, description = "Id of the fact")), request_body = Value,
    responses((status = 200, body = FactView), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn change(
    place: ApiPlace,
    Path(id): Path<String>,
    Json(what): Json<What>,
) -> Result<axum::Json<FactView>, Problem> {
    let (store, id) = (&place.app.store, place::parse_id(&id, "fact")?);
    let changed = acts::change(store, &place.member, id, vec![what], now_ms()).await?;
    Ok(axum::Json(FactView::from(&changed)))
}

/// Removes a fact. One that a document states is dismissed, or it would be proposed again.
#[utoipa::path(delete, path = "/api/v1/facts/{id}", tag = "facts", operation_id = "deleteFact",
    params(("id" = String, Path, description = "Id of the fact")),
    responses((status = 204), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn delete(place: ApiPlace, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let id = place::parse_id(&id, "fact")?;
    acts::remove(&place.app.store, &place.member, id, now_ms()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says that a fact is true.
#[utoipa::path(post, path = "/api/v1/facts/{id}/confirm", tag = "facts", operation_id = "confirmFact",
    params(("id" = String, Path, description = "Id of the fact")),
    responses((status = 200, body = FactView), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn confirm(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<FactView>, Problem> {
    decide(place, &id, Decision::Confirm).await
}

/// Says that a fact is not to be used.
#[utoipa::path(post, path = "/api/v1/facts/{id}/dismiss", tag = "facts", operation_id = "dismissFact",
    params(("id" = String, Path, description = "Id of the fact")),
    responses((status = 200, body = FactView), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn dismiss(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<FactView>, Problem> {
    decide(place, &id, Decision::Dismiss).await
}

async fn decide(
    place: ApiPlace,
    id: &str,
    decision: Decision,
) -> Result<axum::Json<FactView>, Problem> {
    let (store, id) = (&place.app.store, place::parse_id(id, "fact")?);
    let decided = acts::decide(store, &place.member, id, decision, now_ms()).await?;
    Ok(axum::Json(FactView::from(&decided)))
}

/// Confirms all proposals that no newer document overrules.
#[utoipa::path(post, path = "/api/v1/facts/confirm", tag = "facts", operation_id = "confirmAllFacts",
    responses((status = 200, body = Counted)))]
pub(super) async fn confirm_all(place: ApiPlace) -> Result<axum::Json<Counted>, Problem> {
    let count = acts::confirm_all(&place.app.store, &place.member, now_ms()).await?;
    Ok(axum::Json(Counted { count }))
}

/// Reads the facts of all documents again.
#[utoipa::path(post, path = "/api/v1/facts/propose", tag = "facts", operation_id = "proposeFacts",
    responses((status = 200, body = Counted)))]
pub(super) async fn propose(place: ApiPlace) -> Result<axum::Json<Counted>, Problem> {
    let count = place
        .app
        .knowledge
        .documents()
        .propose_facts(place.id())
        .await?;
    Ok(axum::Json(Counted { count }))
}

/// Sets clock and country.
#[utoipa::path(put, path = "/api/v1/facts/settings", tag = "facts", operation_id = "setFactSettings",
    request_body = FactSettings,
    responses((status = 204), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn settings(
    place: ApiPlace,
    Json(request): Json<FactSettings>,
) -> Result<StatusCode, Problem> {
    let rule = |name: &str| {
        HolidayRule::parse(name).ok_or_else(|| {
            Problem::invalid("holidays", "holidays must be unstated, closed or usual")
        })
    };
    let change = ClockChange {
        time_zone: request.time_zone,
        country: request.country,
        holidays: request.holidays.as_deref().map(rule).transpose()?,
    };
    acts::set_clock(&place.app.store, &place.member, change).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What the facts would answer to a question. Nothing is recorded.
#[utoipa::path(post, path = "/api/v1/facts/preview", tag = "facts", operation_id = "previewFacts",
    request_body = FactQuestion,
    responses((status = 200, body = FactAnswer), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn preview(
    place: ApiPlace,
    Json(request): Json<FactQuestion>,
) -> Result<axum::Json<FactAnswer>, Problem> {
    let now = match request.now.as_deref() {
        None => jiff::Timestamp::now(),
        Some(text) => text.parse().map_err(|_| {
            Problem::invalid("now", "now must be a time like 2026-12-24T10:00:00-05:00")
        })?,
    };
    let book = acts::open(&place.app.store, &place.member).await?;
    let answer = fact_preview(&book, &request.question, &place.workspace.title, now);
    Ok(axum::Json(FactAnswer { answer }))
}
