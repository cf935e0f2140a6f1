//! Keys of programs. The secret of a new key is shown once.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::auth::{Principal, Scope};
use super::super::body::Json;
use super::super::now_ms;
use super::super::problem::{Problem, ProblemView};
use super::place;
use crate::app::App;
use crate::store::api_keys::{self, ApiKey, NewApiKey};
use crate::store::token::{Token, TokenKind};
use crate::store::{ApiKeyId, WorkspaceId};

/// Longest name of a key in characters.
const LONGEST_NAME: usize = 100;

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
#[utoipa::path(get, path = "/api/keys", tag = "admin", operation_id = "listKeys",
    responses((status = 200, body = KeyList)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    principal: Principal,
) -> Result<axum::Json<KeyList>, Problem> {
    let keys = visible(&app, principal.bound_to()).await?;
    Ok(axum::Json(KeyList { keys }))
}

/// Makes a key. The response is the only place where its secret is shown. A caller can only hand
/// out what they may do themselves.
#[utoipa::path(post, path = "/api/keys", tag = "admin", operation_id = "createKey",
    request_body = NewKeyRequest,
    responses((status = 201, body = MadeKey), (status = 400, body = ProblemView<'_>),
              (status = 403, body = ProblemView<'_>)))]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    principal: Principal,
    Json(request): Json<NewKeyRequest>,
) -> Result<(StatusCode, axum::Json<MadeKey>), Problem> {
    let name = request.name.trim().to_owned();
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        return Err(Problem::invalid(
            "name",
            "name must have 1 to 100 characters",
        ));
    }
    let scopes = grantable(&principal, &request.scopes)?;
    let workspace = match request.workspace.as_deref() {
        Some(name) => Some(principal.workspace(&app, Some(name)).await?.id),
        None => principal.bound_to(),
    };
    let token = Token::generate(TokenKind::ApiKey)?;
    let (hash, prefix) = (token.hash(), token.display_prefix());
    let made = app.store.write(move |tx| {
        let new = NewApiKey {
            name: &name,
            token: hash,
            prefix: &prefix,
            scopes: &scopes,
            workspace,
        };
        api_keys::create(tx, &new, now_ms())
    });
    let id = made.await?.to_string();
    Ok((
        StatusCode::CREATED,
        axum::Json(MadeKey {
            id,
            key: token.reveal().to_owned(),
        }),
    ))
}

/// Revokes a key; it stops working at once.
#[utoipa::path(delete, path = "/api/keys/{id}", tag = "admin", operation_id = "revokeKey",
    params(("id" = String, Path, description = "Id of the key")),
    responses((status = 204), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn revoke(
    State(app): State<Arc<App>>,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id = place::id::<ApiKeyId>(&id, "API key")?;
    let keys = visible(&app, principal.bound_to()).await?;
    if !keys.iter().any(|key| key.id == id) {
        return Err(Problem::not_found("API key"));
    }
    app.store
        .write(move |tx| api_keys::revoke(tx, id, now_ms()))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn visible(app: &App, bound_to: Option<WorkspaceId>) -> Result<Vec<ApiKey>, Problem> {
    let mut keys = app.store.read(api_keys::list).await?;
    keys.retain(|key| bound_to.is_none() || key.workspace == bound_to);
    Ok(keys)
}

/// The scopes that were asked for, if the caller has them all.
fn grantable(principal: &Principal, asked: &[String]) -> Result<Vec<String>, Problem> {
    let mut scopes = Vec::with_capacity(asked.len());
    for (at, name) in asked.iter().enumerate() {
        let param = format!("scopes[{at}]");
        let scope = Scope::parse(name).ok_or_else(|| {
            let known = Scope::ALL.map(Scope::as_str).join(", ");
            Problem::invalid(&param, format!("{name:?} is no scope; there are {known}"))
        })?;
        if !principal.may(scope) {
            let detail = format!("you may not hand out {name}, because you do not have it");
            return Err(
                Problem::new(StatusCode::FORBIDDEN, "missing_scope", detail).with_param(param)
            );
        }
        if !scopes.contains(name) {
            scopes.push(name.clone());
        }
    }
    if scopes.is_empty() {
        return Err(Problem::invalid("scopes", "a key needs at least one scope"));
    }
    Ok(scopes)
}
