//! Teams.

use axum::extract::Path;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ApiPlace, place};
use crate::http::body::Json;
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::inbox::staff::teams;
use crate::store::inbox::teams::Team;
use crate::store::{TeamId, UserId};

/// People who look after the same conversations.
#[derive(Debug, Serialize, ToSchema)]
pub struct TeamView {
    id: String,
    name: String,
    /// Ids of people.
    members: Vec<String>,
    /// Unix milliseconds.
    created_at: i64,
}

/// The teams of a workspace.
#[derive(Debug, Serialize, ToSchema)]
pub struct TeamList {
    /// In the order of their names.
    teams: Vec<TeamView>,
}

/// A team as it shall be.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TeamRequest {
    /// Unique in the workspace; at most 60 characters.
    name: String,
    /// Ids of people.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    members: Vec<UserId>,
}

impl From<Team> for TeamView {
    fn from(team: Team) -> Self {
        Self {
            id: team.id.to_string(),
            name: team.name,
            members: team.members.iter().map(ToString::to_string).collect(),
            created_at: team.created_at,
        }
    }
}

/// The teams of a workspace.
#[utoipa::path(get, path = "/api/v1/teams", tag = "inbox", operation_id = "listTeams",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = TeamList)))]
pub(super) async fn list(place: ApiPlace) -> Result<axum::Json<TeamList>, Problem> {
    let found = teams::list(&place.app.store, &place.member).await?;
    let teams = found.into_iter().map(TeamView::from).collect();
    Ok(axum::Json(TeamList { teams }))
}

/// Makes a team.
#[utoipa::path(post, path = "/api/v1/teams", tag = "inbox", operation_id = "createTeam",
    request_body = TeamRequest,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 201, body = TeamView), (status = 409, body = ProblemView<'_>)))]
pub(super) async fn create(
    place: ApiPlace,
    Json(request): Json<TeamRequest>,
) -> Result<(StatusCode, axum::Json<TeamView>), Problem> {
    let team = save(&place, None, request).await?;
    Ok((StatusCode::CREATED, team))
}

/// Replaces name and members of a team.
#[utoipa::path(put, path = "/api/v1/teams/{id}", tag = "inbox", operation_id = "replaceTeam",
    request_body = TeamRequest,
    params(("id" = String, Path, description = "Id of the team"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = TeamView), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn replace(
    place: ApiPlace,
    Path(id): Path<String>,
    Json(request): Json<TeamRequest>,
) -> Result<axum::Json<TeamView>, Problem> {
    save(&place, Some(place::parse_id(&id, "team")?), request).await
}

async fn save(
    place: &ApiPlace,
    replaces: Option<TeamId>,
    request: TeamRequest,
) -> Result<axum::Json<TeamView>, Problem> {
    let (store, by, now) = (&place.app.store, &place.member, now_ms());
    let saved = teams::save(store, by, replaces, &request.name, request.members, now).await?;
    Ok(axum::Json(saved.into()))
}

/// Removes a team; its conversations are of no team from then on.
#[utoipa::path(delete, path = "/api/v1/teams/{id}", tag = "inbox", operation_id = "deleteTeam",
    params(("id" = String, Path, description = "Id of the team"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 204), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn remove(place: ApiPlace, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let id = place::parse_id(&id, "team")?;
    teams::remove(&place.app.store, &place.member, id, now_ms()).await?;
    Ok(StatusCode::NO_CONTENT)
}
