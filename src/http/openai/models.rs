//! `/v1/models`: the models and assistants that can be used.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::ApiError;
use super::model_name::{ALIASES, assistant_names};
use crate::app::App;
use crate::http::auth::{Principal, Scope};

/// Clients of Anthropic's API send it, and read lists in its shape.
const ANTHROPIC: &str = "anthropic-version";

/// All models.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelList {
    /// Always `list`.
    object: &'static str,
    /// The models.
    data: Vec<ModelView>,
}

/// One model or assistant.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ModelView {
    /// What to send as `model`.
    id: String,
    /// Always `model`.
    object: &'static str,
    /// When it was added, in Unix seconds.
    created: i64,
    /// Who runs it.
    owned_by: &'static str,
}

impl ModelView {
    fn new(id: String, created_ms: i64) -> Self {
        Self {
            id,
            object: "model",
            created: created_ms / 1000,
            owned_by: "frontdesk",
        }
    }

    /// The same in Anthropic's shape.
    fn for_anthropic(&self) -> Value {
        let created = jiff::Timestamp::from_second(self.created).unwrap_or_default();
        json!({
            "id": self.id, "type": "model", "display_name": self.id, "created_at": created.to_string(),
            "lifecycle": "active",
        })
    }
}

/// Lists the models and assistants that the key may use.
#[utoipa::path(get, path = "/v1/models", tag = "openai", operation_id = "listModels",
    responses((status = 200, body = ModelList), (status = 401, body = super::ErrorEnvelope)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    principal: Principal,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let data = list_usable(&app, &principal).await?;
    if headers.contains_key(ANTHROPIC) {
        let data: Vec<_> = data.iter().map(ModelView::for_anthropic).collect();
        let id = |one: Option<&Value>| one.map(|model| model["id"].clone());
        let list = json!({
            "first_id": id(data.first()), "last_id": id(data.last()), "has_more": false, "data": data,
        });
        return Ok(axum::Json(list).into_response());
    }
    let object = "list";
    Ok(axum::Json(ModelList { object, data }).into_response())
}

/// One model or assistant.
#[utoipa::path(get, path = "/v1/models/{id}", tag = "openai", operation_id = "getModel",
    params(("id" = String, Path, description = "Name of the model")),
    responses((status = 200, body = ModelView), (status = 404, body = super::ErrorEnvelope)))]
pub(super) async fn get(
    State(app): State<Arc<App>>,
    principal: Principal,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let models = list_usable(&app, &principal).await?;
    let wanted = match app.config.openai_aliases.resolve(&id) {
        name if ALIASES.contains(&name) => app.chat.name(),
        name => name.to_owned(),
    };
    match models.iter().find(|model| model.id == wanted) {
        Some(model) => {
            let model = ModelView {
                id,
                ..model.clone()
            };
            Ok(match headers.contains_key(ANTHROPIC) {
                true => axum::Json(model.for_anthropic()).into_response(),
                false => axum::Json(model).into_response(),
            })
        }
        None => {
            let known: Vec<_> = models.into_iter().map(|model| model.id).collect();
            Err(ApiError::no_such_model(&id, &known))
        }
    }
}

async fn list_usable(app: &App, principal: &Principal) -> Result<Vec<ModelView>, ApiError> {
    let mut models = Vec::new();
    if principal.may(Scope::Chat) {
        models.push(ModelView::new(app.chat.name(), app.started_at_ms));
        models.push(ModelView::new(app.embedder.name(), app.started_at_ms));
        let assistants = assistant_names(app, principal).await?;
        models.extend(
            assistants
                .into_iter()
                .map(|(name, at)| ModelView::new(name, at)),
        );
    }
    if principal.may(Scope::Audio) {
        let mut speech = app.transcriber.models();
        speech.extend(app.synthesizer.voices().into_iter().map(|voice| voice.name));
        models.extend(
            speech
                .into_iter()
                .map(|name| ModelView::new(name, app.started_at_ms)),
        );
    }
    let of_owner: Vec<_> = app
        .config
        .openai_aliases
        .exact()
        .filter(|(_, target)| {
            ALIASES.contains(target) && principal.may(Scope::Chat)
                || models.iter().any(|model| model.id == *target)
        })
        .map(|(name, _)| ModelView::new(name.to_owned(), app.started_at_ms))
        .collect();
    models.extend(of_owner);
    Ok(models)
}
