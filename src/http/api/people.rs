//! What is kept about a person: find it by what they said or by an id, copy it, erase it.

use std::str::FromStr;

use axum::extract::{Path, Query};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::place::{self, ApiPlace};
use crate::app::{App, person_copy, privacy};
use crate::http::auth::Member;
use crate::http::body::Json;
use crate::http::problem::{Problem, ProblemView};
use crate::store::erasure::{Found, Match, Subject, Traces};

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct PersonQuery {
    /// The beginning of a name or of a part of an e-mail address, a telephone number, or the id of a visitor, a call or a
    /// conversation.
    who: String,
}

/// What is kept about a person.
#[derive(Debug, Serialize, ToSchema)]
pub struct PersonFound {
    /// Newest first.
    found: Vec<MatchView>,
    /// There is more; erase these and search again.
    more: bool,
}

/// Something in which a person was found.
#[derive(Debug, Serialize, ToSchema)]
pub struct MatchView {
    /// `conversation`, `call` (without a conversation), `receipt` (outside of conversations), `golden_question`, `contact`,
    /// `task` (without contact and conversation), `analysis` (of a conversation from elsewhere) or `crm` (what a CRM told).
    kind: &'static str,
    /// Its id. Of what a CRM told: `ACCOUNT/lead/ID`, or `contact` or `message` where no lead is known.
    id: String,
    /// When it was, in Unix milliseconds.
    at: i64,
    /// What was said there, shortened; empty if it was found by an id.
    excerpt: String,
    /// What erasing it erases: `conversations`, `messages`, `receipts`, `calls`, `recordings`,
    /// `golden_questions`, `visitors`, `contacts`, `tasks`, `analyses`, and of CRMs `leads`, `crm_messages`, `transcripts`.
    #[schema(value_type = Object)]
    erases: Traces,
    /// When it is deleted because its retention ended, in Unix milliseconds; it is hidden until then.
    due_at: Option<i64>,
}

/// What to erase, by id.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct EraseRequest {
    /// Conversations with their calls.
    conversations: Vec<String>,
    /// Calls, with what was said in them.
    calls: Vec<String>,
    /// Receipts.
    receipts: Vec<String>,
    /// Golden questions, with their results.
    golden_questions: Vec<String>,
    /// Contacts with their consents and tasks; their conversations are named for themselves.
    contacts: Vec<String>,
    /// Tasks.
    tasks: Vec<String>,
    /// Analyses of conversations from elsewhere.
    analyses: Vec<String>,
    /// What CRMs told. It lies in the CRM itself too, and has to be erased there.
    crm: Vec<String>,
}

/// What was erased.
#[derive(Debug, Serialize, ToSchema)]
pub struct Erased {
    /// `erased_at` in Unix milliseconds, `erased`: how much of each kind, and `copies_erased`.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    certificate: privacy::Certificate,
}

impl From<privacy::Certificate> for Erased {
    fn from(certificate: privacy::Certificate) -> Self {
        Self { certificate }
    }
}

/// The kind and id of a subject, for the wire; [`parse_subject`] is the inverse.
pub(crate) fn name_subject(subject: &Subject) -> (&'static str, String) {
    match subject {
        Subject::Conversation(id) => ("conversation", id.to_string()),
        Subject::Call(id) => ("call", id.to_string()),
        Subject::Receipt(id) => ("receipt", id.to_string()),
        Subject::Golden(id) => ("golden_question", id.to_string()),
        Subject::Contact(id) => ("contact", id.to_string()),
        Subject::Task(id) => ("task", id.to_string()),
        Subject::Analysis(id) => ("analysis", id.to_string()),
        Subject::Crm(remote) => ("crm", remote.to_string()),
    }
}

/// `None` for an unknown kind or a malformed id.
pub(crate) fn parse_subject(kind: &str, id: &str) -> Option<Subject> {
    match kind {
        "conversation" => id.parse().ok().map(Subject::Conversation),
        "call" => id.parse().ok().map(Subject::Call),
        "receipt" => id.parse().ok().map(Subject::Receipt),
        "golden_question" => id.parse().ok().map(Subject::Golden),
        "contact" => id.parse().ok().map(Subject::Contact),
        "task" => id.parse().ok().map(Subject::Task),
        "analysis" => id.parse().ok().map(Subject::Analysis),
        "crm" => id.parse().ok().map(Subject::Crm),
        _ => None,
    }
}

impl From<Match> for MatchView {
    fn from(found: Match) -> Self {
        let (kind, id) = name_subject(&found.subject);
        Self {
            kind,
            id,
            at: found.at,
            excerpt: found.excerpt,
            erases: found.traces,
            due_at: found.due_at,
        }
    }
}

impl From<Found> for PersonFound {
    fn from(found: Found) -> Self {
        Self {
            found: found.matches.into_iter().map(MatchView::from).collect(),
            more: found.more,
        }
    }
}

/// Finds what is kept about a person.
#[utoipa::path(get, path = "/api/v1/people", tag = "privacy", operation_id = "findPerson",
    params(PersonQuery, ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = PersonFound), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn find(
    place: ApiPlace,
    Query(query): Query<PersonQuery>,
) -> Result<axum::Json<PersonFound>, Problem> {
    let found = privacy::find(&place.app.store, &place.member, query.who).await?;
    Ok(axum::Json(found.into()))
}

/// Everything that is kept about a person, as a ZIP for them: JSON, the same as an HTML page, and recordings.
#[utoipa::path(get, path = "/api/v1/people/copy", tag = "privacy", operation_id = "copyPerson",
    params(PersonQuery, ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, description = "The file", content_type = "application/zip"),
              (status = 400, body = ProblemView<'_>), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn copy(
    place: ApiPlace,
    Query(query): Query<PersonQuery>,
) -> Result<Response, Problem> {
    send_copy(&place.app, &place.member, query.who).await
}

/// Sends everything that is kept about a person, as a ZIP.
///
/// # Errors
/// 404 when nothing is found.
pub(in crate::http) async fn send_copy(
    app: &App,
    by: &Member,
    who: String,
) -> Result<Response, Problem> {
    let made = person_copy::copy(&app.store, by, who).await?;
    let bytes = made.ok_or_else(|| Problem::not_found("person"))?;
    let headers = [
        (header::CONTENT_TYPE, "application/zip"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"person.zip\"",
        ),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, bytes).into_response())
}

/// Erases conversations with their messages, receipts, ratings, gaps, calls, recordings and golden questions, and things
/// outside of conversations, at once and for good. If one of them does not exist, nothing is erased.
#[utoipa::path(post, path = "/api/v1/people/erase", tag = "privacy", operation_id = "erasePerson",
    request_body = EraseRequest,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = Erased), (status = 400, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn erase(
    place: ApiPlace,
    Json(request): Json<EraseRequest>,
) -> Result<axum::Json<Erased>, Problem> {
    let mut subjects = parse_subjects(
        &request.conversations,
        "conversation",
        Subject::Conversation,
    )?;
    subjects.extend(parse_subjects(&request.calls, "call", Subject::Call)?);
    subjects.extend(parse_subjects(
        &request.receipts,
        "receipt",
        Subject::Receipt,
    )?);
    subjects.extend(parse_subjects(
        &request.golden_questions,
        "golden question",
        Subject::Golden,
    )?);
    subjects.extend(parse_subjects(
        &request.contacts,
        "contact",
        Subject::Contact,
    )?);
    subjects.extend(parse_subjects(&request.tasks, "task", Subject::Task)?);
    subjects.extend(parse_subjects(
        &request.analyses,
        "analysis",
        Subject::Analysis,
    )?);
    subjects.extend(parse_subjects(&request.crm, "lead", Subject::Crm)?);
    let certificate = privacy::erase(&place.app.store, &place.member, subjects).await?;
    Ok(axum::Json(Erased { certificate }))
}

fn parse_subjects<T: FromStr>(
    ids: &[String],
    what: &str,
    subject: fn(T) -> Subject,
) -> Result<Vec<Subject>, Problem> {
    ids.iter()
        .map(|id| place::parse_id::<T>(id, what).map(subject))
        .collect()
}

/// Erases one conversation in the same way.
#[utoipa::path(delete, path = "/api/v1/conversations/{id}", tag = "privacy",
    operation_id = "eraseConversation",
    params(("id" = String, Path, description = "Id of the conversation"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = Erased), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn erase_one(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<Erased>, Problem> {
    let subject = Subject::Conversation(place::parse_id(&id, "conversation")?);
    let certificate = privacy::erase(&place.app.store, &place.member, vec![subject]).await?;
    Ok(axum::Json(Erased { certificate }))
}
