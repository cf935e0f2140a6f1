//! Sign-in servers (OpenID Connect), for whoever manages the whole installation.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::place;
use crate::app::App;
use crate::app::members::sign_on;
use crate::http::auth::{OfPrincipal, Principal};
use crate::http::body::Json;
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::store::SignOnId;
use crate::store::sign_on::{self as providers, NewProvider, Provider, Rule};

/// Sign-in servers.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignOnList {
    /// By name.
    servers: Vec<SignOnView>,
}

/// A sign-in server; its secret is not shown.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignOnView {
    id: String,
    name: String,
    issuer: String,
    client_id: String,
    domains: Vec<String>,
    rules: Vec<SignOnRule>,
    active: bool,
    /// Path of the address that it sends people back to.
    back: String,
}

/// Who gets which role in which workspace.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct SignOnRule {
    /// A group of the sign-in server; empty for everybody whom it vouches for.
    #[serde(default)]
    group: String,
    /// Short name of the workspace.
    workspace: String,
    /// `owner`, `admin`, `agent` or `viewer`.
    role: String,
}

/// A sign-in server to add, or what one becomes.
#[derive(Deserialize, ToSchema)]
pub struct NewSignOn {
    /// On the button.
    name: String,
    /// Its address, exactly as it names itself.
    issuer: String,
    client_id: String,
    /// Without it, the one that is there stays.
    secret: Option<String>,
    /// Domains of e-mail addresses that it may vouch for.
    domains: Vec<String>,
    #[serde(default)]
    rules: Vec<SignOnRule>,
    #[serde(default)]
    active: bool,
}

/// A sign-in server that was added.
#[derive(Debug, Serialize, ToSchema)]
pub struct MadeSignOn {
    id: String,
}

impl From<Provider> for SignOnView {
    fn from(provider: Provider) -> Self {
        let rule = |rule: Rule| SignOnRule {
            group: rule.group,
            workspace: rule.workspace,
            role: rule.role,
        };
        Self {
            back: format!("/login/sign-on/{}/back", provider.id),
            id: provider.id.to_string(),
            name: provider.name,
            issuer: provider.issuer,
            client_id: provider.client_id,
            domains: provider.domains,
            rules: provider.rules.into_iter().map(rule).collect(),
            active: provider.active,
        }
    }
}

impl NewSignOn {
    fn check(self) -> Result<NewProvider, Problem> {
        let rule = |rule: SignOnRule| Rule {
            group: rule.group,
            workspace: rule.workspace,
            role: rule.role,
        };
        let new = NewProvider {
            name: self.name,
            issuer: self.issuer,
            client_id: self.client_id,
            secret: self.secret.filter(|secret| !secret.is_empty()),
            domains: self.domains,
            rules: self.rules.into_iter().map(rule).collect(),
            active: self.active,
        };
        match sign_on::check_provider(&new) {
            Some(wrong) => Err(Problem::invalid("sign_on", wrong)),
            None => Ok(new),
        }
    }
}

/// Sign-in servers.
#[utoipa::path(get, path = "/api/v1/sign-on", tag = "admin", operation_id = "listSignOn",
    responses((status = 200, body = SignOnList), (status = 403, body = ProblemView<'_>)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    principal: Principal,
) -> Result<axum::Json<SignOnList>, Problem> {
    principal.unbound()?;
    let all = app.store.read(providers::list).await?;
    let servers = all.into_iter().map(SignOnView::from).collect();
    Ok(axum::Json(SignOnList { servers }))
}

/// Adds a sign-in server.
#[utoipa::path(post, path = "/api/v1/sign-on", tag = "admin", operation_id = "createSignOn",
    request_body = NewSignOn,
    responses((status = 201, body = MadeSignOn), (status = 400, body = ProblemView<'_>),
              (status = 403, body = ProblemView<'_>), (status = 409, body = ProblemView<'_>)))]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    principal: Principal,
    Json(new): Json<NewSignOn>,
) -> Result<(StatusCode, axum::Json<MadeSignOn>), Problem> {
    principal.unbound()?;
    let new = new.check()?;
    let made = app
        .store
        .write(move |tx| providers::create(tx, &new, now_ms()));
    let id = made.await?.to_string();
    Ok((StatusCode::CREATED, axum::Json(MadeSignOn { id })))
}

/// Changes a sign-in server. With another issuer, everybody has to be found there again.
#[utoipa::path(put, path = "/api/v1/sign-on/{id}", tag = "admin", operation_id = "changeSignOn",
    request_body = NewSignOn, params(("id" = String, Path, description = "Id of the sign-in server")),
    responses((status = 204, description = "It is changed"), (status = 400, body = ProblemView<'_>),
              (status = 403, body = ProblemView<'_>), (status = 404, body = ProblemView<'_>),
              (status = 409, body = ProblemView<'_>)))]
pub(super) async fn change(
    State(app): State<Arc<App>>,
    principal: Principal,
    Path(id): Path<String>,
    Json(new): Json<NewSignOn>,
) -> Result<StatusCode, Problem> {
    principal.unbound()?;
    let id: SignOnId = place::parse_id(&id, "sign-in server")?;
    let new = new.check()?;
    let changed = app
        .store
        .write(move |tx| providers::change(tx, id, &new, now_ms()));
    changed.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Deletes a sign-in server: nobody signs in through it any more. Accounts and roles stay.
#[utoipa::path(delete, path = "/api/v1/sign-on/{id}", tag = "admin", operation_id = "deleteSignOn",
    params(("id" = String, Path, description = "Id of the sign-in server")),
    responses((status = 204, description = "It is deleted"), (status = 403, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    principal.unbound()?;
    let id: SignOnId = place::parse_id(&id, "sign-in server")?;
    app.store.write(move |tx| providers::delete(tx, id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
