//! `/v1/models`: the models and assistants that can be used.

use std::sync::Arc;

use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::ApiError;
use super::model_name::{ALIASES, assistant_names};
use crate::app::App;
use crate::http::auth::{Principal, Scope};

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
}

/// Lists the models and assistants that the key may use.
#[utoipa::path(get, path = "/v1/models", tag = "openai", operation_id = "listModels",
    responses((status = 200, body = ModelList), (status = 401, body = super::ErrorEnvelope)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    principal: Principal,
) -> Result<axum::Json<ModelList>, ApiError> {
    Ok(axum::Json(ModelList {
        object: "list",
        data: list_usable(&app, &principal).await?,
    }))
}

/// One model or assistant.
#[utoipa::path(get, path = "/v1/models/{id}", tag = "openai", operation_id = "getModel",
    params(("id" = String, Path, description = "Name of the model")),
    responses((status = 200, body = ModelView), (status = 404, body = super::ErrorEnvelope)))]
pub(super) async fn get(
    State(app): State<Arc<App>>,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<axum::Json<ModelView>, ApiError> {
    let models = list_usable(&app, &principal).await?;
    let wanted = if ALIASES.contains(&id.as_str()) {
        app.chat.name()
    } else {
        id.clone()
    };
    match models.iter().find(|model| model.id == wanted) {
        Some(model) => Ok(axum::Json(ModelView {
            id,
            ..model.clone()
        })),
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
    Ok(models)
}
