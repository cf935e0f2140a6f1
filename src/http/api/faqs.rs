//! Approved questions and answers: list, write, approve, delete, import.

use axum::extract::{Path, Query, Request};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::place::{self, ApiPlace};
use crate::http::body::Json;
use crate::http::multipart;
use crate::http::problem::{Problem, ProblemView};
use crate::knowledge::{FaqDraft, FaqImport, KnowledgeError};
use crate::language::Language;
use crate::language::codes::is_code;
use crate::store::FaqId;
use crate::store::faqs::{Faq, FaqState};

/// Of a file to import.
const MOST_BYTES: u64 = 16 << 20;

/// Questions and answers of a workspace.
#[derive(Debug, Serialize, ToSchema)]
pub struct FaqList {
    /// The last changed first.
    faqs: Vec<FaqView>,
}

/// An answer with the ways to ask for it.
#[derive(Debug, Serialize, ToSchema)]
pub struct FaqView {
    id: String,
    /// Ways to ask, at least one.
    questions: Vec<String>,
    /// Given word for word.
    answer: String,
    /// `draft` or `approved`. Visitors get only what is approved and not expired.
    state: &'static str,
    /// The person in charge of it; may be empty.
    owner: String,
    /// ISO 639-1 code of the answer's language.
    language: Option<String>,
    /// Where it came from, such as a file name; may be empty.
    source: String,
    /// Unix milliseconds; from then on it is not given.
    expires_at: Option<i64>,
    /// How often it answered, by the receipts that are kept.
    answered: u64,
    /// Unix milliseconds.
    created_at: i64,
    /// Unix milliseconds.
    updated_at: i64,
    /// Unix milliseconds.
    approved_at: Option<i64>,
}

impl FaqView {
    fn new(faq: Faq, answered: u64) -> Self {
        Self {
            id: faq.id.to_string(),
            questions: faq.phrasings.into_iter().map(|p| p.question).collect(),
            answer: faq.answer,
            state: faq.state.as_str(),
            owner: faq.owner,
            language: faq.language,
            source: faq.source,
            expires_at: faq.expires_at,
            answered,
            created_at: faq.created_at,
            updated_at: faq.updated_at,
            approved_at: faq.approved_at,
        }
    }
}

/// A question with its answer, to make or to change one.
#[derive(Debug, Deserialize, ToSchema)]
pub struct FaqRequest {
    /// Ways to ask, 1 to 50.
    questions: Vec<String>,
    /// Given word for word; at most 4000 characters.
    answer: String,
    /// `draft` (default) or `approved`.
    state: Option<String>,
    /// The person in charge of it.
    owner: Option<String>,
    /// ISO 639-1 code of the answer's language; found out when absent.
    language: Option<String>,
    /// Unix milliseconds; from then on it is not given.
    expires_at: Option<i64>,
    /// Ids of receipts whose gaps it closes.
    #[serde(default)]
    gaps: Vec<String>,
}

/// Options of an import.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ImportParams {
    /// Whether the answers are given at once; else they are drafts.
    #[serde(default)]
    approved: bool,
}

/// The form of an import, as the OpenAPI document describes it.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes the form")]
pub struct ImportForm {
    /// CSV with columns `question` and `answer`, JSON, a web page with schema.org markup, or text.
    #[schema(value_type = Option<String>, format = Binary)]
    file: Vec<u8>,
    /// The same as text.
    text: Option<String>,
}

/// The questions and answers of the workspace.
#[utoipa::path(get, path = "/api/v1/faqs", tag = "faqs", operation_id = "listFaqs",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = FaqList)))]
pub(super) async fn list(place: ApiPlace) -> Result<axum::Json<FaqList>, Problem> {
    let found = place.app.knowledge.faqs().list(&place.member).await?;
    let faqs = found.into_iter();
    let faqs = faqs.map(|(faq, answered)| FaqView::new(faq, answered));
    Ok(axum::Json(FaqList {
        faqs: faqs.collect(),
    }))
}

/// One question with its answer.
#[utoipa::path(get, path = "/api/v1/faqs/{id}", tag = "faqs", operation_id = "getFaq",
    params(("id" = String, Path, description = "Id of the question")),
    responses((status = 200, body = FaqView), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn get(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<FaqView>, Problem> {
    load_view(&place, parse_id(&id)?).await
}

/// Makes a question with its answer; an approved one is given from now on.
#[utoipa::path(post, path = "/api/v1/faqs", tag = "faqs", operation_id = "createFaq",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    request_body = FaqRequest,
    responses((status = 201, body = FaqView), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn create(
    place: ApiPlace,
    Json(request): Json<FaqRequest>,
) -> Result<(StatusCode, axum::Json<FaqView>), Problem> {
    let (faqs, by) = (place.app.knowledge.faqs(), &place.member);
    let id = faqs.write(by, None, draft(request)?).await?;
    Ok((StatusCode::CREATED, load_view(&place, id).await?))
}

/// Replaces a question and its answer.
#[utoipa::path(put, path = "/api/v1/faqs/{id}", tag = "faqs", operation_id = "updateFaq",
    params(("id" = String, Path, description = "Id of the question")),
    request_body = FaqRequest,
    responses((status = 200, body = FaqView), (status = 400, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn update(
    place: ApiPlace,
    Path(id): Path<String>,
    Json(request): Json<FaqRequest>,
) -> Result<axum::Json<FaqView>, Problem> {
    let (faqs, id) = (place.app.knowledge.faqs(), parse_id(&id)?);
    let draft = draft(request)?;
    faqs.write(&place.member, Some(id), draft).await?;
    load_view(&place, id).await
}

/// Approves an answer: visitors get it from now on.
#[utoipa::path(post, path = "/api/v1/faqs/{id}/approve", tag = "faqs", operation_id = "approveFaq",
    params(("id" = String, Path, description = "Id of the question")),
    responses((status = 200, body = FaqView), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn approve(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<FaqView>, Problem> {
    let (faqs, id) = (place.app.knowledge.faqs(), parse_id(&id)?);
    faqs.decide(&place.member, id, FaqState::Approved).await?;
    load_view(&place, id).await
}

/// Deletes a question; its answer is not given any more.
#[utoipa::path(delete, path = "/api/v1/faqs/{id}", tag = "faqs", operation_id = "deleteFaq",
    params(("id" = String, Path, description = "Id of the question")),
    responses((status = 204), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn delete(place: ApiPlace, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let (faqs, id) = (place.app.knowledge.faqs(), parse_id(&id)?);
    faqs.remove(&place.member, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Imports questions and answers from a file or from text. Those that exist already are skipped; new
/// questions for an existing answer become phrasings of it.
#[utoipa::path(post, path = "/api/v1/faqs/import", tag = "faqs", operation_id = "importFaqs",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace"),
           ImportParams),
    request_body(content = ImportForm, content_type = "multipart/form-data"),
    responses((status = 200, body = FaqImport), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn import(
    place: ApiPlace,
    Query(params): Query<ImportParams>,
    request: Request,
) -> Result<axum::Json<FaqImport>, Problem> {
    let mut form = multipart::open(request, MOST_BYTES).await?;
    let mut given = None;
    while let Some(mut field) = multipart::next(&mut form).await? {
        let name = field.file_name().unwrap_or_default().to_owned();
        let wanted = matches!(field.name(), Some("file" | "text"));
        let bytes = multipart::collect(&mut field, MOST_BYTES).await??;
        if wanted && !bytes.is_empty() {
            given = Some((name, bytes));
        }
    }
    let Some((name, bytes)) = given else {
        let detail = "there is nothing to import; choose a file or paste the questions";
        return Err(Problem::invalid("file", detail));
    };
    let state = match params.approved {
        true => FaqState::Approved,
        false => FaqState::Draft,
    };
    let faqs = place.app.knowledge.faqs();
    let taken = faqs.take(&place.member, bytes, name, state).await;
    let report = taken.map_err(|error| match error {
        wrong @ KnowledgeError::Faq(_) => Problem::invalid("file", wrong.to_string()),
        other => other.into(),
    })?;
    Ok(axum::Json(report))
}

fn parse_id(id: &str) -> Result<FaqId, Problem> {
    place::parse_id(id, "question")
}

async fn load_view(place: &ApiPlace, id: FaqId) -> Result<axum::Json<FaqView>, Problem> {
    let found = place.app.knowledge.faqs().find(&place.member, id).await?;
    Ok(axum::Json(FaqView::new(found.0.into_inner(), found.1)))
}

fn draft(request: FaqRequest) -> Result<FaqDraft, Problem> {
    let state = match request.state.as_deref() {
        None => FaqState::Draft,
        Some(state) => FaqState::parse(state)
            .ok_or_else(|| Problem::invalid("state", "state must be `draft` or `approved`"))?,
    };
    let language = request.language.as_deref().unwrap_or_default();
    let language = language.trim().to_ascii_lowercase();
    // What was found out may be that it is none of the known ones.
    if !(language.is_empty() || language == Language::Other.code() || is_code(&language)) {
        let detail =
            "language must be a code of ISO 639-1, such as `en`; without one it is found out";
        return Err(Problem::invalid("language", detail));
    }
    let gaps = request.gaps.iter().map(|id| id.parse());
    let gaps = gaps
        .collect::<Result<_, _>>()
        .map_err(|_| Problem::invalid("gaps", "gaps must be ids of receipts"))?;
    Ok(FaqDraft {
        questions: request.questions,
        answer: request.answer,
        state,
        owner: request.owner.unwrap_or_default(),
        language: Some(language).filter(|code| !code.is_empty()),
        expires_at: request.expires_at,
        gaps,
    })
}
