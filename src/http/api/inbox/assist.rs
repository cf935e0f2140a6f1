//! The assistant's help for staff: a draft, a summary, a translation, an approved answer.

use axum::extract::Path;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ApiPlace, parse_conversation, place};
use crate::agent::Citation;
use crate::app::assist::{self, KeepAs, Kept, Wanted};
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
    /// `answer` (when absent): given word for word to this question. `document`: a text in which answers are found, with the
    /// question as its title.
    #[serde(rename = "as")]
    keep_as: Option<String>,
}

/// The approved answer that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApprovedView {
    /// Id of the question with its answer, under `/api/v1/faqs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    faq: Option<String>,
    /// Id of the document, under `/api/v1/documents`.
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<String>,
    /// `approved`, or `draft` if you may not approve answers: somebody who may still has to. `kept` for a document.
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

/// Makes an answer of staff an approved answer, or a document.
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
    let keep_as = match request.keep_as.as_deref() {
        None | Some("answer") => KeepAs::Answer,
        Some("document") => KeepAs::Document,
        Some(_) => return Err(Problem::invalid("as", "as is answer or document")),
    };
    let (app, by) = (&place.app, &place.member);
    let made = assist::approve(app, by, id, message, request.question, keep_as);
    let view = match made.await? {
        Kept::Answer(faq, state) => ApprovedView {
            faq: Some(faq.to_string()),
            document: None,
            state: state.as_str(),
        },
        Kept::Document(document) => ApprovedView {
            faq: None,
            document: Some(document.to_string()),
            state: "kept",
        },
    };
    Ok((StatusCode::CREATED, axum::Json(view)))
}
