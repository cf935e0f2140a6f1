//! Approved questions and answers: list, write, approve, delete, import.

use axum::extract::{Path, Query, Request};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::super::body::Json;
use super::super::multipart;
use super::super::problem::{Problem, ProblemView};
use super::place::{self, Place};
use crate::knowledge::{FaqImport, ImportFaqs, KnowledgeError};
use crate::store::faqs::{self, Faq, FaqState, NewFaq};
use crate::store::{FaqId, ReceiptId, Scoped};

/// Largest file of an import, in bytes.
const MOST_BYTES: u64 = 16 << 20;
/// Longest name of an owner or a source, in characters.
const LONGEST_NAME: usize = 200;

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
    /// Who looks after it; may be empty.
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
    /// Who looks after it.
    owner: Option<String>,
    /// ISO 639-1 code of the answer's language; found out when absent.
    language: Option<String>,
    /// Unix milliseconds; from then on it is not given.
    expires_at: Option<i64>,
    /// Ids of receipts whose gaps it closes.
    #[serde(default)]
    gaps: Vec<String>,
}

/// How an import is done.
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
#[utoipa::path(get, path = "/api/faqs", tag = "faqs", operation_id = "listFaqs",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = FaqList)))]
pub(super) async fn list(place: Place) -> Result<axum::Json<FaqList>, Problem> {
    let workspace = place.id();
    let found = place.app.store.read(move |conn| {
        Ok((
            faqs::list(conn, workspace)?,
            faqs::answered(conn, workspace)?,
        ))
    });
    let (found, answered) = found.await?;
    let count = |id| answered.get(&id).copied().unwrap_or(0);
    let views = found.into_iter().map(|faq| {
        let count = count(faq.id);
        FaqView::new(faq, count)
    });
    Ok(axum::Json(FaqList {
        faqs: views.collect(),
    }))
}

/// One question with its answer.
#[utoipa::path(get, path = "/api/faqs/{id}", tag = "faqs", operation_id = "getFaq",
    params(("id" = String, Path, description = "Id of the question")),
    responses((status = 200, body = FaqView), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn get(
    place: Place,
    Path(id): Path<String>,
) -> Result<axum::Json<FaqView>, Problem> {
    let faq = find(&place, &id).await?;
    view(&place, faq).await
}

/// Makes a question with its answer; an approved one is given from now on.
#[utoipa::path(post, path = "/api/faqs", tag = "faqs", operation_id = "createFaq",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    request_body = FaqRequest,
    responses((status = 201, body = FaqView), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn create(
    place: Place,
    Json(request): Json<FaqRequest>,
) -> Result<(StatusCode, axum::Json<FaqView>), Problem> {
    let (new, gaps) = new(request, "")?;
    let faq = place.app.knowledge.create_faq(place.id(), new).await?;
    place.app.knowledge.close_gaps(&faq, gaps).await?;
    Ok((StatusCode::CREATED, view(&place, faq).await?))
}

/// Replaces a question and its answer.
#[utoipa::path(put, path = "/api/faqs/{id}", tag = "faqs", operation_id = "updateFaq",
    params(("id" = String, Path, description = "Id of the question")),
    request_body = FaqRequest,
    responses((status = 200, body = FaqView), (status = 400, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn update(
    place: Place,
    Path(id): Path<String>,
    Json(request): Json<FaqRequest>,
) -> Result<axum::Json<FaqView>, Problem> {
    let faq = find(&place, &id).await?;
    let (new, gaps) = new(request, &faq.source)?;
    let faq = place.app.knowledge.update_faq(faq, new).await?;
    place.app.knowledge.close_gaps(&faq, gaps).await?;
    view(&place, faq).await
}

/// Approves an answer: visitors get it from now on.
#[utoipa::path(post, path = "/api/faqs/{id}/approve", tag = "faqs", operation_id = "approveFaq",
    params(("id" = String, Path, description = "Id of the question")),
    responses((status = 200, body = FaqView), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn approve(
    place: Place,
    Path(id): Path<String>,
) -> Result<axum::Json<FaqView>, Problem> {
    let faq = find(&place, &id).await?;
    let knowledge = &place.app.knowledge;
    let faq = knowledge.set_faq_state(faq, FaqState::Approved).await?;
    view(&place, faq).await
}

/// Deletes a question; from this moment its answer is not given.
#[utoipa::path(delete, path = "/api/faqs/{id}", tag = "faqs", operation_id = "deleteFaq",
    params(("id" = String, Path, description = "Id of the question")),
    responses((status = 204), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn delete(place: Place, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let faq = find(&place, &id).await?;
    place.app.knowledge.delete_faq(faq).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes questions and answers in from a file or from text. What is there already is left out;
/// further questions for an answer that is there become its phrasings.
#[utoipa::path(post, path = "/api/faqs/import", tag = "faqs", operation_id = "importFaqs",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace"),
           ImportParams),
    request_body(content = ImportForm, content_type = "multipart/form-data"),
    responses((status = 200, body = FaqImport), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn import(
    place: Place,
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
    let source: String = name.chars().take(LONGEST_NAME).collect();
    let file = place.app.knowledge.read_faqs(bytes, name).await;
    let file = file.map_err(|error| match error {
        KnowledgeError::Faq(reason) => Problem::invalid("file", reason),
        other => other.into(),
    })?;
    let how = ImportFaqs {
        state: if params.approved {
            FaqState::Approved
        } else {
            FaqState::Draft
        },
        owner: String::new(),
        source,
    };
    let report = place.app.knowledge.import_faqs(place.id(), file, how);
    Ok(axum::Json(report.await?))
}

async fn find(place: &Place, id: &str) -> Result<Scoped<Faq>, Problem> {
    let (workspace, id) = (place.id(), place::id::<FaqId>(id, "question")?);
    let found = place
        .app
        .store
        .read(move |conn| faqs::get(conn, workspace, id));
    Ok(found.await?)
}

async fn view(place: &Place, faq: Scoped<Faq>) -> Result<axum::Json<FaqView>, Problem> {
    let workspace = place.id();
    let answered = place
        .app
        .store
        .read(move |conn| faqs::answered(conn, workspace))
        .await?;
    let count = answered.get(&faq.id).copied().unwrap_or(0);
    Ok(axum::Json(FaqView::new(faq.into_inner(), count)))
}

fn new(request: FaqRequest, source: &str) -> Result<(NewFaq, Vec<ReceiptId>), Problem> {
    let state = match request.state.as_deref() {
        None => FaqState::Draft,
        Some(state) => FaqState::parse(state)
            .ok_or_else(|| Problem::invalid("state", "state must be `draft` or `approved`"))?,
    };
    let owner = request.owner.unwrap_or_default().trim().to_owned();
    if owner.chars().count() > LONGEST_NAME {
        return Err(Problem::invalid("owner", "owner may have 200 characters"));
    }
    let gaps = request.gaps.iter().map(|id| id.parse());
    let gaps = gaps
        .collect::<Result<_, _>>()
        .map_err(|_| Problem::invalid("gaps", "gaps must be ids of receipts"))?;
    let new = NewFaq {
        answer: request.answer,
        state,
        owner,
        language: request.language,
        source: source.to_owned(),
        expires_at: request.expires_at,
        phrasings: request.questions,
    };
    Ok((new, gaps))
}
