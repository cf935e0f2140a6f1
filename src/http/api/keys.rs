//! Keys of programs. The secret of a new key is shown once.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::place;
use crate::app::{App, api_keys};
use crate::http::auth::{OfPrincipal, Principal};
use crate::http::body::Json;
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::store::api_keys::ApiKey;

/// All keys.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyList {
    /// Newest first, revoked ones too.
    keys: Vec<ApiKey>,
}

/// A key to make.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewKeyRequest {
    /// What the owner calls it.
    name: String,
    /// `chat`, `audio`, `documents`, `admin`, `evaluate`, `conversations`; at least one.
    scopes: Vec<String>,
    /// Short name of the workspace to bind it to; all when absent.
    workspace: Option<String>,
}

/// A new key with its secret.
#[derive(Serialize, ToSchema)]
pub struct MadeKey {
    /// Id of the key.
    id: String,
    /// The secret; it is not shown again.
    key: String,
}

/// The keys that the caller may see: a bound caller sees those of their workspace.
#[utoipa::path(get, path = "/api/v1/keys", tag = "admin", operation_id = "listKeys",
    responses((status = 200, body = KeyList)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    principal: Principal,
) -> Result<axum::Json<KeyList>, Problem> {
    let keys = api_keys::list(&app.store, &principal).await?;
    Ok(axum::Json(KeyList { keys }))
}

/// Makes a key. Only this response shows its secret. Callers can only give away scopes that they have
/// themselves.
#[utoipa::path(post, path = "/api/v1/keys", tag = "admin", operation_id = "createKey",
    request_body = NewKeyRequest,
    responses((status = 201, body = MadeKey), (status = 400, body = ProblemView<'_>),
              (status = 403, body = ProblemView<'_>)))]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    principal: Principal,
    Json(request): Json<NewKeyRequest>,
) -> Result<(StatusCode, axum::Json<MadeKey>), Problem> {
    let workspace = match request.workspace.as_deref() {
        Some(name) => Some(principal.workspace(&app, Some(name)).await?.id),
        None => principal.bound_to(),
    };
    let (store, by) = (&app.store, &principal);
    let NewKeyRequest { name, scopes, .. } = &request;
    let made = api_keys::create(store, by, name, scopes, workspace, now_ms()).await?;
    let made = MadeKey {
        id: made.id.to_string(),
        key: made.token.reveal().to_owned(),
    };
    Ok((StatusCode::CREATED, axum::Json(made)))
}

/// Revokes a key; it stops working at once.
#[utoipa::path(delete, path = "/api/v1/keys/{id}", tag = "admin", operation_id = "revokeKey",
    params(("id" = String, Path, description = "Id of the key")),
    responses((status = 204), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = place::parse_id(&id, "API key")?;
    api_keys::revoke(&app.store, &principal, id, now_ms()).await?;
    Ok(StatusCode::NO_CONTENT)
}
