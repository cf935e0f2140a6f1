//! Sorting conversations: whose they are, tags, until when they rest, which belong together.

use axum::extract::Path;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::view::RowView;
use super::{ApiPlace, parse_conversation, row};
use crate::http::body::Json;
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::inbox::staff::assign::{self as assigning, Assignee};
use crate::inbox::staff::{marks, merge as merging, tags as tagging};
use crate::store::{TeamId, UserId};

/// Who looks after a conversation: a person, a team, or with neither nobody.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct AssignRequest {
    /// Id of a person.
    #[schema(value_type = Option<String>)]
    pub(super) user: Option<UserId>,
    /// Id of a team.
    #[schema(value_type = Option<String>)]
    pub(super) team: Option<TeamId>,
}

impl AssignRequest {
    pub(super) fn assignee(&self) -> Result<Assignee, Problem> {
        match (self.user, self.team) {
            (Some(_), Some(_)) => Err(Problem::invalid(
                "team",
                "name a person or a team, not both",
            )),
            (Some(user), None) => Ok(Assignee::User(user)),
            (None, Some(team)) => Ok(Assignee::Team(team)),
            (None, None) => Ok(Assignee::Nobody),
        }
    }
}

/// Until when a conversation rests.
#[derive(Debug, Deserialize, ToSchema)]
pub struct SnoozeRequest {
    /// Unix milliseconds; `null` takes it back.
    #[serde(deserialize_with = "present")]
    until: Option<i64>,
}

/// A field that may be `null`, but not absent.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
    Option::deserialize(from)
}

/// The tags of a conversation.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TagsRequest {
    /// All of them: at most 20, of letters, digits, spaces and - _ . / & +.
    tags: Vec<String>,
}

/// What a conversation belongs to.
#[derive(Debug, Deserialize, ToSchema)]
pub struct MergeRequest {
    /// Id of the other conversation.
    into: String,
}

/// Gives a conversation to a person or a team, or to nobody.
#[utoipa::path(post, path = "/api/v1/inbox/{id}/assign", tag = "inbox", operation_id = "assignConversation",
    request_body = AssignRequest,
    params(("id" = String, Path, description = "Id of the conversation"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = RowView), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn assign(
    place: ApiPlace,
    Path(id): Path<String>,
    Json(request): Json<AssignRequest>,
) -> Result<axum::Json<RowView>, Problem> {
    let (id, to) = (parse_conversation(&id)?, request.assignee()?);
    assigning::assign(&place.app.store, &place.member, id, to, now_ms()).await?;
    row(&place, id).await
}

/// Puts a conversation aside until a time. It comes back earlier if the visitor writes.
#[utoipa::path(post, path = "/api/v1/inbox/{id}/snooze", tag = "inbox", operation_id = "snoozeConversation",
    request_body = SnoozeRequest,
    params(("id" = String, Path, description = "Id of the conversation"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = RowView), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn snooze(
    place: ApiPlace,
    Path(id): Path<String>,
    Json(request): Json<SnoozeRequest>,
) -> Result<axum::Json<RowView>, Problem> {
    let id = parse_conversation(&id)?;
    marks::snooze(&place.app.store, &place.member, id, request.until, now_ms()).await?;
    row(&place, id).await
}

/// Replaces the tags of a conversation.
#[utoipa::path(put, path = "/api/v1/inbox/{id}/tags", tag = "inbox", operation_id = "tagConversation",
    request_body = TagsRequest,
    params(("id" = String, Path, description = "Id of the conversation"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = RowView), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn set_tags(
    place: ApiPlace,
    Path(id): Path<String>,
    Json(request): Json<TagsRequest>,
) -> Result<axum::Json<RowView>, Problem> {
    let id = parse_conversation(&id)?;
    tagging::set(&place.app.store, &place.member, id, &request.tags, now_ms()).await?;
    row(&place, id).await
}

/// Shows a conversation as part of another one from now on. Returns the row of that one.
#[utoipa::path(post, path = "/api/v1/inbox/{id}/merge", tag = "inbox", operation_id = "mergeConversation",
    request_body = MergeRequest,
    params(("id" = String, Path, description = "Id of the conversation"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = RowView), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn merge(
    place: ApiPlace,
    Path(id): Path<String>,
    Json(request): Json<MergeRequest>,
) -> Result<axum::Json<RowView>, Problem> {
    let (id, into) = (parse_conversation(&id)?, parse_conversation(&request.into)?);
    merging::merge(&place.app.store, &place.member, id, into, now_ms()).await?;
    row(&place, into).await
}
