//! Ratings: whether an answer was good, as whoever got it says.

use axum::extract::Path;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::body::Json;
use super::super::now_ms;
use super::super::problem::{Problem, ProblemView};
use super::place::{self, Place};
use super::receipts::only_own;
use crate::app::App;
use crate::store::gaps::{self, GapReason};
use crate::store::{ReceiptId, StoreError, WorkspaceId, ratings, receipts};

/// Longest comment in characters.
const LONGEST_COMMENT: usize = 2000;

/// A rating.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RatingView {
    /// 1 for good, -1 for bad.
    value: i8,
    /// Why, in the person's own words.
    #[serde(default)]
    comment: String,
}

/// Rates an answer; a later rating of the same answer takes the place of the earlier. A bad one makes
/// the question a gap.
#[utoipa::path(post, path = "/api/receipts/{id}/rating", tag = "answers", operation_id = "rateAnswer",
    params(("id" = String, Path, description = "Id of the receipt"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    request_body = RatingView,
    responses((status = 200, body = RatingView), (status = 400, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn set(
    place: Place,
    Path(id): Path<String>,
    Json(rating): Json<RatingView>,
) -> Result<axum::Json<RatingView>, Problem> {
    let id = place::id::<ReceiptId>(&id, "receipt")?;
    only_own(&place, id).await?;
    rate(&place.app, place.id(), id, rating.value, &rating.comment).await?;
    Ok(axum::Json(rating))
}

/// Takes the rating of an answer back.
#[utoipa::path(delete, path = "/api/receipts/{id}/rating", tag = "answers", operation_id = "unrateAnswer",
    params(("id" = String, Path, description = "Id of the receipt"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 204, description = "It has no rating any more"),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn remove(place: Place, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let id = place::id::<ReceiptId>(&id, "receipt")?;
    only_own(&place, id).await?;
    unrate(&place.app, place.id(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Keeps a rating, and notes or forgets the gap that goes with it, in one transaction.
pub(in crate::http) async fn rate(
    app: &App,
    workspace: WorkspaceId,
    id: ReceiptId,
    value: i8,
    comment: &str,
) -> Result<(), Problem> {
    if ![1, -1].contains(&value) {
        return Err(Problem::invalid("value", "value must be 1 or -1"));
    }
    if comment.chars().count() > LONGEST_COMMENT {
        let detail = format!("comment may have at most {LONGEST_COMMENT} characters");
        return Err(Problem::invalid("comment", detail));
    }
    let comment = comment.trim().to_owned();
    let rated = app.store.write(move |tx| {
        let receipt = receipts::get(tx, workspace, id)?;
        ratings::set(tx, &receipt, value, &comment, now_ms())?;
        if value > 0 {
            return gaps::withdraw(tx, workspace, id);
        }
        if receipt.of_evaluation() {
            return Ok(());
        }
        let (question, reason) = (&receipt.question, GapReason::Rated);
        gaps::note(tx, workspace, id, question, reason, now_ms())
    });
    Ok(rated.await?)
}

/// Takes a rating back, and the gap that it made.
pub(in crate::http) async fn unrate(
    app: &App,
    workspace: WorkspaceId,
    id: ReceiptId,
) -> Result<(), StoreError> {
    let removed = app.store.write(move |tx| {
        let receipt = receipts::get(tx, workspace, id)?;
        ratings::remove(tx, &receipt)?;
        gaps::withdraw(tx, workspace, id)
    });
    removed.await
}
