//! The assistant's help for staff: a draft, a summary, an approved answer.

use axum::extract::Path;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ApiPlace, parse_conversation, place};
use crate::agent::Citation;
use crate::app::assist;
use crate::http::auth::OfCredential;
use crate::http::body::Json;
use crate::http::problem::{Problem, ProblemView};
use crate::llm::{Claim, Priority};

/// What the assistant would answer. Nothing of it is kept or sent.
#[derive(Debug, Serialize, ToSchema)]
pub struct DraftView {
    /// With `[n]` where it cites.
    text: String,
    /// The step that answered: `faq`, `fact`, `read`, `related`, `model`, `refusal` or `talk`.
    rung: &'static str,
    /// What it rests on.
    #[schema(value_type = Vec<Object>)]
    citations: Vec<Citation>,
}

/// What was said so far.
#[derive(Debug, Serialize, ToSchema)]
pub struct SummaryView {
    text: String,
    /// `model` if a language model wrote it, `extract` if it is made of parts of the messages.
    how: &'static str,
}

/// An answer of staff to be approved.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ApproveRequest {
    /// Id of the message.
    message: String,
    /// The question that it answers; the visitor's message before it when absent.
    question: Option<String>,
}

/// The approved answer that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApprovedView {
    /// Id of the question with its answer, under `/api/v1/faqs`.
    faq: String,
    /// `approved`, or `draft` if you may not approve answers: somebody who may still has to.
    state: &'static str,
}

fn claim(place: &ApiPlace) -> Claim {
    let flow = place.principal().credential().flow(place.id());
    Claim::new(Priority::Chat, flow)
}

/// Drafts an answer to the visitor's last message, with its sources.
#[utoipa::path(post, path = "/api/v1/inbox/{id}/draft", tag = "inbox", operation_id = "draftAnswer",
    params(("id" = String, Path, description = "Id of the conversation"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = DraftView), (status = 409, body = ProblemView<'_>)))]
pub(super) async fn draft(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<DraftView>, Problem> {
    let id = parse_conversation(&id)?;
    let answer = assist::draft(&place.app, &place.member, id, claim(&place)).await?;
    Ok(axum::Json(DraftView {
        text: answer.answer,
        rung: answer.rung.as_str(),
        citations: answer.citations,
    }))
}

/// Sums a conversation up, by the language model if it is quick enough.
#[utoipa::path(post, path = "/api/v1/inbox/{id}/summary", tag = "inbox", operation_id = "summariseConversation",
    params(("id" = String, Path, description = "Id of the conversation"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = SummaryView), (status = 409, body = ProblemView<'_>)))]
pub(super) async fn summary(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<axum::Json<SummaryView>, Problem> {
    let id = parse_conversation(&id)?;
    let summary = assist::summarise(&place.app, &place.member, id, claim(&place)).await?;
    Ok(axum::Json(SummaryView {
        text: summary.text,
        how: summary.how.as_str(),
    }))
}

/// Makes an answer of staff an approved answer.
#[utoipa::path(post, path = "/api/v1/inbox/{id}/approve", tag = "inbox", operation_id = "approveAnswer",
    request_body = ApproveRequest,
    params(("id" = String, Path, description = "Id of the conversation"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 201, body = ApprovedView), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn approve(
    place: ApiPlace,
    Path(id): Path<String>,
    Json(request): Json<ApproveRequest>,
) -> Result<(StatusCode, axum::Json<ApprovedView>), Problem> {
    let id = parse_conversation(&id)?;
    let message = place::parse_id(&request.message, "message")?;
    let approved = assist::approve(&place.app, &place.member, id, message, request.question);
    let (faq, state) = approved.await?;
    let view = ApprovedView {
        faq: faq.to_string(),
        state: state.as_str(),
    };
    Ok((StatusCode::CREATED, axum::Json(view)))
}
