//! Words that mean the same to this business.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::place::ApiPlace;
use crate::http::body::Json;
use crate::http::problem::{Problem, ProblemView};
use crate::knowledge::Synonyms;

/// The owner's synonyms.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SynonymGroups {
    /// Groups of words or short phrases with one meaning: `[["braces", "aligners"]]`. A question with one
    /// finds the others too.
    groups: Vec<Vec<String>>,
}

/// The synonyms of a workspace.
#[utoipa::path(get, path = "/api/v1/synonyms", tag = "documents", operation_id = "getSynonyms",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace; the caller's own when absent")),
    responses((status = 200, body = SynonymGroups)))]
pub(super) async fn get(place: ApiPlace) -> Result<axum::Json<SynonymGroups>, Problem> {
    let own = place.app.knowledge.search().synonyms(&place.member).await?;
    Ok(axum::Json(SynonymGroups { groups: own.groups }))
}

/// Replaces the synonyms of a workspace. Takes effect with the next question.
#[utoipa::path(put, path = "/api/v1/synonyms", tag = "documents", operation_id = "setSynonyms",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace; the caller's own when absent")),
    request_body = SynonymGroups,
    responses((status = 200, body = SynonymGroups), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn set(
    place: ApiPlace,
    Json(request): Json<SynonymGroups>,
) -> Result<axum::Json<SynonymGroups>, Problem> {
    let own = Synonyms {
        groups: request.groups,
    };
    let search = place.app.knowledge.search();
    let tidy = search.set_synonyms(&place.member, own).await?;
    Ok(axum::Json(SynonymGroups {
        groups: tidy.groups,
    }))
}
