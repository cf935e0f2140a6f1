//! What a visitor thinks: of one answer, and of the conversation as a whole.

use axum::extract::Path;
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::Guest;
use super::rate::Deed;
use crate::http::body::Json;
use crate::http::problem::{Problem, ProblemView};
use crate::http::{now_ms, parse_id};
use crate::inbox::turns;
use crate::store::gaps::{self, GapReason};
use crate::store::{
    MessageId, StoreError, events, messages, ratings, receipts, satisfaction, visitors,
};

/// In characters.
const LONGEST_COMMENT: usize = 1000;

/// How content a visitor was.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SatisfactionRequest {
    /// From 1 (bad) to 5 (very good).
    score: u8,
    comment: Option<String>,
}

/// Whether an answer was good.
#[derive(Debug, Deserialize, ToSchema)]
pub struct VisitRatingRequest {
    value: Thumb,
    /// What was wrong.
    reason: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Thumb {
    Up,
    Down,
}

fn check_comment(field: &str, comment: Option<String>) -> Result<String, Problem> {
    let comment = comment.unwrap_or_default().trim().to_owned();
    if comment.chars().count() > LONGEST_COMMENT {
        let detail = format!("{field} may have at most {LONGEST_COMMENT} characters");
        return Err(Problem::invalid(field, detail));
    }
    Ok(comment)
}

/// Says how content the visitor is with the conversation; a later score replaces an earlier one.
#[utoipa::path(post, path = "/api/v1/visit/rating", tag = "visitors", operation_id = "rateVisit",
    request_body = SatisfactionRequest,
    responses((status = 204, description = "Kept"), (status = 400, body = ProblemView<'_>),
              (status = 401, body = ProblemView<'_>), (status = 404, body = ProblemView<'_>),
              (status = 429, body = ProblemView<'_>)))]
pub(in crate::http) async fn rate_visit(
    guest: Guest,
    Json(request): Json<SatisfactionRequest>,
) -> Result<StatusCode, Problem> {
    if !(1..=5).contains(&request.score) {
        return Err(Problem::invalid("score", "score must be from 1 to 5"));
    }
    // Each is a write.
    guest.count(Deed::Sign)?;
    let comment = check_comment("comment", request.comment)?;
    let (visitor, score) = (guest.visitor.clone(), request.score);
    let kept = guest.app.store.write(move |tx| {
        let own = visitors::find_conversation(tx, &visitor)?
            .ok_or(StoreError::NotFound("the conversation"))?;
        satisfaction::set(tx, &own, score, &comment, now_ms())
    });
    kept.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says whether an answer was good; a later word replaces an earlier one. A bad one makes the question a gap.
#[utoipa::path(post, path = "/api/v1/visit/messages/{id}/rating", tag = "visitors", operation_id = "rateVisitAnswer",
    params(("id" = String, Path, description = "Message")), request_body = VisitRatingRequest,
    responses((status = 204, description = "Kept"), (status = 400, body = ProblemView<'_>),
              (status = 401, body = ProblemView<'_>), (status = 404, body = ProblemView<'_>),
              (status = 429, body = ProblemView<'_>)))]
pub(in crate::http) async fn rate_answer(
    guest: Guest,
    Path(id): Path<String>,
    Json(request): Json<VisitRatingRequest>,
) -> Result<StatusCode, Problem> {
    let id: MessageId = parse_id(&id, "answer")?;
    let reason = check_comment("reason", request.reason)?;
    guest.count(Deed::Sign)?;
    let (visitor, thumb) = (guest.visitor.clone(), request.value);
    let kept = guest.app.store.write(move |tx| {
        let missing = || StoreError::NotFound("the answer");
        let own = visitors::find_conversation(tx, &visitor)?.ok_or_else(missing)?;
        let workspace = own.workspace();
        let message = match messages::get(tx, workspace, id) {
            Err(StoreError::NotFound(_)) => return Err(missing()),
            found => found?,
        };
        let receipt = message.receipt.filter(|_| message.conversation == own.id);
        let receipt = receipts::get(tx, workspace, receipt.ok_or_else(missing)?)?;
        let (value, now) = (if thumb == Thumb::Up { 1 } else { -1 }, now_ms());
        ratings::set(tx, &receipt, value, &reason, now)?;
        match thumb {
            Thumb::Up => gaps::withdraw(tx, workspace, receipt.id)?,
            Thumb::Down => {
                let (question, reason) = (&receipt.question, GapReason::Rated);
                gaps::note(tx, workspace, receipt.id, question, reason, now)?;
            }
        }
        if thumb == Thumb::Down {
            turns::after_bad_rating(tx, &own, now)?;
        }
        let data = json!({ "value": value, "receipt": receipt.id });
        let subject = own.id.to_string();
        events::append(tx, workspace, "answer_rated", &subject, &data, now)?;
        Ok(())
    });
    kept.await?;
    Ok(StatusCode::NO_CONTENT)
}
