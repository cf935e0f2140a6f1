//! What the business and its assistant are called.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::place::ApiPlace;
use crate::app::naming::{self, Names};
use crate::http::body::Json;
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};

/// What visitors read: the name of the business and of its assistant.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NamesBody {
    /// At most 80 characters.
    business: String,
    /// At most 60 characters; visitors see it above the chat.
    assistant: String,
}

impl From<Names> for NamesBody {
    fn from(names: Names) -> Self {
        Self {
            business: names.business,
            assistant: names.assistant,
        }
    }
}

/// What the business and its assistant are called.
#[utoipa::path(get, path = "/api/v1/names", tag = "admin", operation_id = "getNames",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace; the caller's own when absent")),
    responses((status = 200, body = NamesBody)))]
pub(super) async fn get(place: ApiPlace) -> Result<axum::Json<NamesBody>, Problem> {
    let names = naming::get(&place.app.store, &place.member).await?;
    Ok(axum::Json(names.into()))
}

/// Changes both names, from the next answer on.
#[utoipa::path(put, path = "/api/v1/names", tag = "admin", operation_id = "setNames",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace; the caller's own when absent")),
    request_body = NamesBody,
    responses((status = 200, body = NamesBody), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn set(
    place: ApiPlace,
    Json(request): Json<NamesBody>,
) -> Result<axum::Json<NamesBody>, Problem> {
    let (store, by) = (&place.app.store, &place.member);
    let names = Names {
        business: request.business,
        assistant: request.assistant,
    };
    naming::set(store, by, &names, now_ms()).await?;
    Ok(axum::Json(naming::get(store, by).await?.into()))
}
