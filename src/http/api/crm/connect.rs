//! Integrations, and connecting accounts through them.

use axum::extract::Path;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::view::{CrmAccountView, CrmList};
use crate::egress::Secret;
use crate::http::api::place::ApiPlace;
use crate::http::body::Json;
use crate::http::problem::{Problem, ProblemView};

/// A private integration, as it stands in Kommo under "Keys and scopes".
#[derive(Deserialize, ToSchema)]
pub struct NewIntegration {
    client_id: String,
    #[schema(value_type = String)]
    client_secret: Secret,
}

/// How an account is to be connected.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ConnectRequest {
    /// Id of an integration; absent for one that Kommo makes by its button.
    #[serde(default)]
    client_id: Option<String>,
}

/// A round trip that began. It counts once and for 20 minutes.
#[derive(Serialize, ToSchema)]
pub struct ConnectBegun {
    /// Address to open in a browser; absent if Kommo makes the integration.
    url: Option<String>,
    /// The `state` of Kommo's button.
    state: String,
}

/// An account by its long-lived token.
#[derive(Deserialize, ToSchema)]
pub struct TokenRequest {
    /// Host of the account, such as `shop.kommo.com`.
    host: String,
    #[schema(value_type = String)]
    token: Secret,
}

/// The integrations and accounts.
#[utoipa::path(get, path = "/api/v1/crm", tag = "crm", operation_id = "listCrms",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = CrmList), (status = 403, body = ProblemView<'_>)))]
pub(super) async fn list(place: ApiPlace) -> Result<axum::Json<CrmList>, Problem> {
    let app = &place.app;
    let accounts = app.casework.accounts(&place.member).await?;
    Ok(axum::Json(CrmList {
        integrations: app.integrations(&place.member).await?,
        redirect_uri: app.kommo_return_address().ok(),
        accounts: accounts.into_iter().map(CrmAccountView::from).collect(),
    }))
}

/// Keeps id and secret of a private integration; the secret is shown nowhere.
#[utoipa::path(post, path = "/api/v1/crm/integrations", tag = "crm", operation_id = "keepCrmIntegration",
    request_body = NewIntegration,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 204), (status = 400, body = ProblemView<'_>), (status = 409, body = ProblemView<'_>)))]
pub(super) async fn keep_integration(
    place: ApiPlace,
    Json(new): Json<NewIntegration>,
) -> Result<StatusCode, Problem> {
    let secret = new.client_secret.reveal();
    place
        .app
        .keep_integration(&place.member, &new.client_id, secret)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forgets an integration. Accounts that were connected through it can no longer renew their tokens.
#[utoipa::path(delete, path = "/api/v1/crm/integrations/{client_id}", tag = "crm",
    operation_id = "forgetCrmIntegration",
    params(("client_id" = String, Path, description = "Id of the integration"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 204), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn forget_integration(
    place: ApiPlace,
    Path(client_id): Path<String>,
) -> Result<StatusCode, Problem> {
    let gone = place.app.forget_integration(&place.member, &client_id);
    match gone.await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found("integration")),
    }
}

/// Begins to connect an account.
#[utoipa::path(post, path = "/api/v1/crm/connect", tag = "crm", operation_id = "connectCrm",
    request_body = ConnectRequest,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = ConnectBegun), (status = 404, body = ProblemView<'_>),
              (status = 409, body = ProblemView<'_>)))]
pub(super) async fn begin(
    place: ApiPlace,
    Json(request): Json<ConnectRequest>,
) -> Result<axum::Json<ConnectBegun>, Problem> {
    let client_id = request.client_id.as_deref();
    let begun = place.app.begin_kommo(&place.member, client_id).await?;
    Ok(axum::Json(ConnectBegun {
        url: begun.url,
        state: begun.state,
    }))
}

/// Connects an account by a token that lives for long.
#[utoipa::path(post, path = "/api/v1/crm/token", tag = "crm", operation_id = "connectCrmByToken",
    request_body = TokenRequest,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 201, body = CrmAccountView), (status = 400, body = ProblemView<'_>),
              (status = 409, body = ProblemView<'_>), (status = 502, body = ProblemView<'_>)))]
pub(super) async fn token(
    place: ApiPlace,
    Json(request): Json<TokenRequest>,
) -> Result<(StatusCode, axum::Json<CrmAccountView>), Problem> {
    let (host, token) = (&request.host, request.token.reveal());
    let connected = place
        .app
        .connect_kommo_by_token(&place.member, host, token)
        .await?;
    let view = place.app.casework.account(&place.member, connected.id);
    Ok((StatusCode::CREATED, axum::Json(view.await?.into())))
}
