//! Who was told of a lead, and whether it arrived.

use axum::extract::Path;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::place::{self, ApiPlace};
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::inbox::acts::person;
use crate::inbox::notify::{self, Arrival};
use crate::inbox::staff::DAILY;
use crate::store::TaskId;

/// Somebody who was or is to be told of a lead.
#[derive(Debug, Serialize, ToSchema)]
pub struct ArrivalView {
    /// `email`, `webhook` or `browser`.
    way: &'static str,
    /// The address of an e-mail, the host of a webhook, or the name of the person whose browser it was.
    to: String,
    /// `null` while it is not known: it waits, or is tried again.
    arrived: Option<bool>,
    /// What came of the last attempt.
    detail: Option<String>,
    /// When it arrived or was given up, or else when it was queued; Unix milliseconds.
    at: i64,
}

impl From<Arrival> for ArrivalView {
    fn from(arrival: Arrival) -> Self {
        Self {
            way: arrival.way.as_str(),
            to: arrival.to,
            arrived: arrival.arrived,
            detail: arrival.detail,
            at: arrival.at,
        }
    }
}

/// Says that your browser showed the notice of a lead, so that its owner sees that it reached somebody.
#[utoipa::path(post, path = "/api/v1/tasks/{id}/shown", tag = "contacts", operation_id = "sayTaskShown",
    params(("id" = String, Path, description = "Id of the task"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 204), (status = 400, body = ProblemView<'_>), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn shown(place: ApiPlace, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let workspace = place.member.need(DAILY)?;
    let by = person(&place.member)?.id;
    let id: TaskId = place::parse_id(&id, "task")?;
    let written = place
        .app
        .store
        .write(move |tx| notify::note_shown(tx, workspace, id, by, now_ms()));
    written.await?;
    Ok(StatusCode::NO_CONTENT)
}
