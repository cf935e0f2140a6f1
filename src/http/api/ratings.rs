//! Ratings: whether an answer was good, in the opinion of the person who got it.

use axum::extract::Path;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::place::{self, ApiPlace};
use crate::app::ratings;
use crate::http::body::Json;
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};

/// A rating.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct RatingView {
    /// 1 for good, -1 for bad.
    value: i8,
    /// Why, in the person's own words.
    #[serde(default)]
    comment: String,
}

/// Rates an answer, replacing an earlier rating. A bad rating makes the question a gap.
#[utoipa::path(post, path = "/api/v1/receipts/{id}/rating", tag = "answers", operation_id = "rateAnswer",
    params(("id" = String, Path, description = "Id of the receipt"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    request_body = RatingView,
    responses((status = 200, body = RatingView), (status = 400, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn set(
    place: ApiPlace,
    Path(id): Path<String>,
    Json(rating): Json<RatingView>,
) -> Result<axum::Json<RatingView>, Problem> {
    let (store, by) = (&place.app.store, &place.member);
    let id = place::parse_id(&id, "receipt")?;
    ratings::rate(store, by, id, rating.value, &rating.comment, now_ms()).await?;
    Ok(axum::Json(rating))
}

/// Takes the rating of an answer back.
#[utoipa::path(delete, path = "/api/v1/receipts/{id}/rating", tag = "answers", operation_id = "unrateAnswer",
    params(("id" = String, Path, description = "Id of the receipt"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 204, description = "It has no rating any more"),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn remove(place: ApiPlace, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let id = place::parse_id(&id, "receipt")?;
    ratings::unrate(&place.app.store, &place.member, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
