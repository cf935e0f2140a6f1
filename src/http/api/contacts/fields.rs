//! Fields of contacts that the owner defines.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::contacts::fields::{self, Field, FieldKind, Fields};
use crate::http::api::place::ApiPlace;
use crate::http::body::Json;
use crate::http::problem::{Problem, ProblemView};

/// A field of contacts.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct FieldView {
    /// Shown to staff, unique.
    name: String,
    /// `text`, `number`, `date` or `choice`.
    kind: String,
    /// For `choice`: what can be chosen.
    #[serde(default)]
    choices: Vec<String>,
}

/// The fields of contacts that the owner defined.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct FieldsView {
    /// In the order in which they are shown.
    fields: Vec<FieldView>,
}

impl From<Fields> for FieldsView {
    fn from(fields: Fields) -> Self {
        let fields = fields.fields.into_iter().map(|field| FieldView {
            name: field.name,
            kind: field.kind.as_str().to_owned(),
            choices: field.choices,
        });
        Self {
            fields: fields.collect(),
        }
    }
}

/// The fields of contacts.
#[utoipa::path(get, path = "/api/v1/contacts/fields", tag = "contacts", operation_id = "getContactFields",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = FieldsView)))]
pub(super) async fn get(place: ApiPlace) -> Result<axum::Json<FieldsView>, Problem> {
    let known = fields::get(&place.app.store, &place.member).await?;
    Ok(axum::Json(known.into()))
}

/// Replaces the fields of contacts. Values of a field that is gone stay, unseen, and come back with it.
#[utoipa::path(put, path = "/api/v1/contacts/fields", tag = "contacts", operation_id = "setContactFields",
    request_body = FieldsView,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = FieldsView), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn set(
    place: ApiPlace,
    Json(request): Json<FieldsView>,
) -> Result<axum::Json<FieldsView>, Problem> {
    let mut wanted = Fields::default();
    for (at, field) in request.fields.into_iter().enumerate() {
        let kind = FieldKind::parse(&field.kind).ok_or_else(|| {
            let detail = "kind must be text, number, date or choice";
            Problem::invalid(format!("fields[{at}].kind"), detail)
        })?;
        wanted.fields.push(Field {
            name: field.name,
            kind,
            choices: field.choices,
        });
    }
    let kept = fields::set(&place.app.store, &place.member, wanted).await?;
    Ok(axum::Json(kept.into()))
}
