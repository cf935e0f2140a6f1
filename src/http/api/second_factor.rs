//! Second factors: signed-in people manage their own; administrators reset those of others.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::place;
use crate::app::accounts::By;
use crate::app::second_factor;
use crate::http::Http;
use crate::http::address::address_of;
use crate::http::auth::cookies::SESSION;
use crate::http::auth::{Caller, Principal, Scope};
use crate::http::body::Json;
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::http::route::{Policy, Route, routes};
use crate::http::second_factor::{Own, may_reset};
use crate::store::UserId;
use crate::store::token::TokenHash;

pub(in crate::http) fn routes() -> Vec<Route> {
    const ADMIN: Policy = Policy::Scope(Scope::Admin);
    const CHAT: Policy = Policy::Scope(Scope::Chat);
    routes![
        (DELETE, "/api/v1/accounts/{id}/second-factor", ADMIN, reset),
        // Every role has the scope `chat`; the handlers check that people change only their own.
        (POST, "/api/v1/accounts/{id}/second-factor", CHAT, begin),
        (
            POST,
            "/api/v1/accounts/{id}/second-factor/confirm",
            CHAT,
            confirm
        ),
        (
            POST,
            "/api/v1/accounts/{id}/second-factor/recovery-codes",
            CHAT,
            renew
        ),
        (
            POST,
            "/api/v1/accounts/{id}/second-factor/off",
            CHAT,
            turn_off
        ),
    ]
}

/// The password of the caller.
#[derive(Deserialize, ToSchema)]
pub struct OwnPassword {
    password: String,
}

/// A code from the app.
#[derive(Deserialize, ToSchema)]
pub struct OwnCode {
    code: String,
}

/// Both of the caller.
#[derive(Deserialize, ToSchema)]
pub struct OwnPasswordAndCode {
    password: String,
    /// A code from the app, or a recovery code, which is then used up.
    code: String,
}

/// What an app needs to make codes.
#[derive(Serialize, ToSchema)]
pub struct SecretView {
    /// In base32, for typing.
    secret: String,
    /// The same with names, for a QR code.
    uri: String,
}

/// Codes that each sign in once when the phone is lost; they are shown only here.
#[derive(Serialize, ToSchema)]
pub struct RecoveryCodes {
    recovery_codes: Vec<String>,
}

/// Gives access to the caller's own second factor.
///
/// # Errors
/// 403 unless a person is signed in and the path names their own account.
fn find_own(http: Http, principal: &Principal, parts: &Parts, id: &str) -> Result<Own, Problem> {
    let id = place::parse_id::<UserId>(id, "account")?;
    let refused = || {
        let detail = "only the person themselves can set up a second factor, after signing in";
        Problem::new(StatusCode::FORBIDDEN, "forbidden", detail)
    };
    match principal.caller() {
        Caller::User(user) if user.id == id => Ok(Own {
            app: http.app,
            attempts: http.attempts,
            address: address_of(parts),
            user: user.clone(),
        }),
        _ => Err(refused()),
    }
}

/// Begins to turn on your own second factor: returns the secret for an app. It takes effect once you confirm a code.
#[utoipa::path(post, path = "/api/v1/accounts/{id}/second-factor", tag = "admin",
    operation_id = "beginSecondFactor", request_body = OwnPassword,
    params(("id" = String, Path, description = "Id of your own account")),
    responses((status = 200, body = SecretView), (status = 400, body = ProblemView<'_>),
              (status = 403, body = ProblemView<'_>), (status = 409, body = ProblemView<'_>),
              (status = 429, body = ProblemView<'_>)))]
pub(super) async fn begin(
    State(http): State<Http>,
    principal: Principal,
    Path(id): Path<String>,
    parts: Parts,
    Json(body): Json<OwnPassword>,
) -> Result<axum::Json<SecretView>, Problem> {
    let own = find_own(http, &principal, &parts, &id)?;
    let set_up = own.begin(body.password).await?;
    Ok(axum::Json(SecretView {
        secret: set_up.secret.to_string(),
        uri: set_up.uri.to_string(),
    }))
}

/// Turns your own second factor on with a first code; all your other sessions end.
#[utoipa::path(post, path = "/api/v1/accounts/{id}/second-factor/confirm", tag = "admin",
    operation_id = "confirmSecondFactor", request_body = OwnCode,
    params(("id" = String, Path, description = "Id of your own account")),
    responses((status = 200, body = RecoveryCodes), (status = 400, body = ProblemView<'_>),
              (status = 403, body = ProblemView<'_>), (status = 409, body = ProblemView<'_>),
              (status = 429, body = ProblemView<'_>)))]
pub(super) async fn confirm(
    State(http): State<Http>,
    principal: Principal,
    Path(id): Path<String>,
    parts: Parts,
    Json(body): Json<OwnCode>,
) -> Result<axum::Json<RecoveryCodes>, Problem> {
    let own = find_own(http, &principal, &parts, &id)?;
    let keep = SESSION.read(&parts.headers);
    let keep = keep.map(|token| TokenHash::of(&token));
    let recovery_codes = own.confirm(body.code, keep).await?;
    Ok(axum::Json(RecoveryCodes { recovery_codes }))
}

/// Replaces your own recovery codes; the old ones stop working.
#[utoipa::path(post, path = "/api/v1/accounts/{id}/second-factor/recovery-codes", tag = "admin",
    operation_id = "renewRecoveryCodes", request_body = OwnPasswordAndCode,
    params(("id" = String, Path, description = "Id of your own account")),
    responses((status = 200, body = RecoveryCodes), (status = 400, body = ProblemView<'_>),
              (status = 403, body = ProblemView<'_>), (status = 409, body = ProblemView<'_>),
              (status = 429, body = ProblemView<'_>)))]
pub(super) async fn renew(
    State(http): State<Http>,
    principal: Principal,
    Path(id): Path<String>,
    parts: Parts,
    Json(body): Json<OwnPasswordAndCode>,
) -> Result<axum::Json<RecoveryCodes>, Problem> {
    let own = find_own(http, &principal, &parts, &id)?;
    let recovery_codes = own.renew(body.password, body.code).await?;
    Ok(axum::Json(RecoveryCodes { recovery_codes }))
}

/// Turns your own second factor off.
#[utoipa::path(post, path = "/api/v1/accounts/{id}/second-factor/off", tag = "admin",
    operation_id = "turnSecondFactorOff", request_body = OwnPasswordAndCode,
    params(("id" = String, Path, description = "Id of your own account")),
    responses((status = 204, description = "It is off"), (status = 400, body = ProblemView<'_>),
              (status = 403, body = ProblemView<'_>), (status = 409, body = ProblemView<'_>),
              (status = 429, body = ProblemView<'_>)))]
pub(super) async fn turn_off(
    State(http): State<Http>,
    principal: Principal,
    Path(id): Path<String>,
    parts: Parts,
    Json(body): Json<OwnPasswordAndCode>,
) -> Result<StatusCode, Problem> {
    let own = find_own(http, &principal, &parts, &id)?;
    own.turn_off(body.password, body.code).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Turns off the second factor of somebody who lost their phone and recovery codes, and signs them out everywhere.
#[utoipa::path(delete, path = "/api/v1/accounts/{id}/second-factor", tag = "admin",
    operation_id = "resetSecondFactor",
    params(("id" = String, Path, description = "Id of the account")),
    responses((status = 204, description = "It is off"), (status = 403, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>), (status = 409, body = ProblemView<'_>)))]
pub(super) async fn reset(
    State(http): State<Http>,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let (by, id) = (
        By::of(&principal)?,
        place::parse_id::<UserId>(&id, "account")?,
    );
    if let Caller::User(user) = principal.caller() {
        may_reset(user, id)?;
    }
    second_factor::reset(&http.app.store, by, id, now_ms()).await?;
    Ok(StatusCode::NO_CONTENT)
}
