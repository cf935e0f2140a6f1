//! What the language model may add to quotations.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::place::ApiPlace;
use crate::agent::Switch;
use crate::app::additions::{self, Additions};
use crate::http::body::Json;
use crate::http::problem::{Problem, ProblemView};

/// Whether the language model adds to an answer that is already shown. What it adds is checked against the quotation first.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdditionsBody {
    /// A friendly sentence after a quotation.
    friendly: SwitchBody,
    /// A translation after a quotation that is not in the visitor's language.
    translate: SwitchBody,
}

/// `auto`: where the answer is streamed as text, and only if the model's first word comes within two seconds. `on`: also in
/// answers that are sent whole, however long it takes. Never where answers are spoken.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SwitchBody {
    Auto,
    On,
    Off,
}

impl From<SwitchBody> for Switch {
    fn from(body: SwitchBody) -> Self {
        match body {
            SwitchBody::Auto => Self::Auto,
            SwitchBody::On => Self::On,
            SwitchBody::Off => Self::Off,
        }
    }
}

impl From<Switch> for SwitchBody {
    fn from(switch: Switch) -> Self {
        match switch {
            Switch::Auto => Self::Auto,
            Switch::On => Self::On,
            Switch::Off => Self::Off,
        }
    }
}

/// What the model may add in a workspace.
#[utoipa::path(get, path = "/api/v1/additions", tag = "quality", operation_id = "getAdditions",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace; the caller's own when absent")),
    responses((status = 200, body = AdditionsBody)))]
pub(super) async fn get(place: ApiPlace) -> Result<axum::Json<AdditionsBody>, Problem> {
    let own = additions::get(&place.app.store, &place.member).await?;
    Ok(axum::Json(AdditionsBody {
        friendly: own.friendly.into(),
        translate: own.translate.into(),
    }))
}

/// Sets what the model may add. Takes effect with the next answer.
#[utoipa::path(put, path = "/api/v1/additions", tag = "quality", operation_id = "setAdditions",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace; the caller's own when absent")),
    request_body = AdditionsBody,
    responses((status = 200, body = AdditionsBody), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn set(
    place: ApiPlace,
    Json(request): Json<AdditionsBody>,
) -> Result<axum::Json<AdditionsBody>, Problem> {
    let new = Additions {
        friendly: request.friendly.into(),
        translate: request.translate.into(),
    };
    additions::set(&place.app.store, &place.member, new).await?;
    Ok(axum::Json(request))
}
