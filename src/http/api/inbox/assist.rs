//! The assistant's help for staff: a draft, a summary, a translation, an approved answer.

use axum::extract::Path;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ApiPlace, parse_conversation, place};
use crate::agent::Citation;
use crate::app::assist::{self, Wanted};
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

/// What to translate: a message of the conversation, or words that you are about to send.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct TranslateRequest {
    /// Id of a message.
    message: Option<String>,
    /// Words that you are about to send.
    text: Option<String>,
    /// Language by ISO 639-1; the visitor's when absent.
    to: Option<String>,
}

/// A translation by a machine. Nothing of it is kept or sent.
#[derive(Debug, Serialize, ToSchema)]
pub struct TranslationView {
    text: String,
    /// Language of the original by ISO 639-1, as far as it was recognised.
    from: &'static str,
    to: &'static str,
    /// In the language of the translation: that a machine wrote it, and that the original follows. Send the visitor both.
    note: &'static str,
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

/// Translates a message, or what you are about to send, by the language model if it is quick enough.
#[utoipa::path(post, path = "/api/v1/inbox/{id}/translate", tag = "inbox", operation_id = "translateMessage",
    request_body = TranslateRequest,
    params(("id" = String, Path, description = "Id of the conversation"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = TranslationView), (status = 400, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>), (status = 409, body = ProblemView<'_>),
              (status = 503, body = ProblemView<'_>)))]
pub(super) async fn translate(
    place: ApiPlace,
    Path(id): Path<String>,
    Json(request): Json<TranslateRequest>,
) -> Result<axum::Json<TranslationView>, Problem> {
    let id = parse_conversation(&id)?;
    let wanted = match (request.message, request.text) {
        (Some(message), None) => Wanted::Message(place::parse_id(&message, "message")?),
        (None, Some(text)) => Wanted::Text(text),
        _ => {
            let detail = "name a message, or give a text, and not both";
            return Err(Problem::invalid("text", detail));
        }
    };
    let (by, to) = (&place.member, request.to.as_deref());
    let done = assist::translate(&place.app, by, id, wanted, to, claim(&place)).await?;
    Ok(axum::Json(TranslationView {
        text: done.text,
        from: done.from.code(),
        to: done.to.code(),
        note: done.note,
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
