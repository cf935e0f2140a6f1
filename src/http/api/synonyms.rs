//! Words that mean the same to this business.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::body::Json;
use super::super::problem::{Problem, ProblemView};
use super::place::Place;
use crate::knowledge::Synonyms;
use crate::store::workspaces;

/// The owner's synonyms.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SynonymGroups {
    /// Groups of words or short phrases of one meaning: `[["braces", "aligners"]]`. Whoever asks for
    /// one finds the others too.
    groups: Vec<Vec<String>>,
}

/// The synonyms of a workspace.
#[utoipa::path(get, path = "/api/synonyms", tag = "documents", operation_id = "getSynonyms",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace; the caller's own when absent")),
    responses((status = 200, body = SynonymGroups)))]
pub(super) async fn get(place: Place) -> Result<axum::Json<SynonymGroups>, Problem> {
    let workspace = place.id();
    let read = place
        .app
        .store
        .read(move |conn| workspaces::section::<Synonyms>(conn, workspace, Synonyms::SECTION));
    Ok(axum::Json(SynonymGroups {
        groups: read.await?.groups,
    }))
}

/// Replaces the synonyms of a workspace. They hold from the next question on.
#[utoipa::path(put, path = "/api/synonyms", tag = "documents", operation_id = "setSynonyms",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace; the caller's own when absent")),
    request_body = SynonymGroups,
    responses((status = 200, body = SynonymGroups), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn set(
    place: Place,
    Json(request): Json<SynonymGroups>,
) -> Result<axum::Json<SynonymGroups>, Problem> {
    let workspace = place.id();
    let own = Synonyms {
        groups: request.groups,
    };
    let tidy = own
        .tidied()
        .map_err(|wrong| Problem::invalid("groups", wrong.to_string()))?;
    let kept = tidy.clone();
    place
        .app
        .store
        .write(move |tx| workspaces::set_section(tx, workspace, Synonyms::SECTION, &kept))
        .await?;
    Ok(axum::Json(SynonymGroups {
        groups: tidy.groups,
    }))
}
