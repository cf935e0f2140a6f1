//! How long a workspace keeps what people said, and what waits to be deleted.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::place::ApiPlace;
use crate::app::retention::{self, Kept};
use crate::http::body::Json;
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};

/// How long a workspace keeps what people said.
#[derive(Debug, Serialize, ToSchema)]
pub struct RetentionView {
    /// Days after the last message that conversations are kept, with receipts, ratings and gaps.
    conversation_days: u32,
    /// Days that calls, transcripts and logs are kept; set by `/api/v1/voice`.
    record_days: u32,
    /// Days that recordings made now are kept; set by `/api/v1/voice`.
    recording_days: u32,
    /// Days from being hidden to being deleted.
    grace_days: i64,
    /// Nothing is hidden or deleted for its age before this time, in Unix milliseconds.
    respite_until: Option<i64>,
    /// What is past its retention and hidden: `conversations`, `receipts` (outside of conversations), `calls`, `recordings`,
    /// `contacts`; `first_at` and `last_at`, when the first and the last of it are deleted, in Unix milliseconds.
    #[schema(value_type = Object)]
    waiting: crate::store::due::Waiting,
}

/// How long to keep conversations.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RetentionRequest {
    /// 1 to 3650.
    conversation_days: u32,
}

impl From<Kept> for RetentionView {
    fn from(kept: Kept) -> Self {
        Self {
            conversation_days: kept.settings.conversation_days,
            record_days: kept.record_days,
            recording_days: kept.recording_days,
            grace_days: retention::GRACE_DAYS,
            respite_until: kept.settings.respite_until,
            waiting: kept.waiting,
        }
    }
}

/// How long things are kept, and what waits to be deleted.
#[utoipa::path(get, path = "/api/v1/retention", tag = "privacy", operation_id = "getRetention",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = RetentionView)))]
pub(super) async fn get(place: ApiPlace) -> Result<axum::Json<RetentionView>, Problem> {
    let kept = retention::kept(&place.app.store, &place.member).await?;
    Ok(axum::Json(kept.into()))
}

/// Changes how long conversations are kept. Hidden ones that are within the new time are shown again at once.
#[utoipa::path(put, path = "/api/v1/retention", tag = "privacy", operation_id = "setRetention",
    request_body = RetentionRequest,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = RetentionView), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn set(
    place: ApiPlace,
    Json(request): Json<RetentionRequest>,
) -> Result<axum::Json<RetentionView>, Problem> {
    let days = request.conversation_days;
    retention::keep_for(&place.app.store, &place.member, days).await?;
    get(place).await
}

/// Shows everything again that waits to be deleted, and hides nothing for its age for thirty days.
#[utoipa::path(post, path = "/api/v1/retention/take-back", tag = "privacy", operation_id = "takeBackHidden",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = RetentionView)))]
pub(super) async fn take_back(place: ApiPlace) -> Result<axum::Json<RetentionView>, Problem> {
    retention::take_back(&place.app.store, &place.member, now_ms()).await?;
    get(place).await
}
