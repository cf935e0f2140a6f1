//! `POST /v1/realtime/client_secrets`: short-lived keys for browsers.

use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::config::SessionPatch;
use super::connect::prepare;
use super::view::session_view;
use crate::app::App;
use crate::http::auth::realtime::Opens;
use crate::http::auth::{Caller, Principal, Scope};
use crate::http::body;
use crate::http::now_ms;
use crate::http::openai::{ApiError, Json};
use crate::http::problem::Problem;
use crate::store::client_secrets::{self, ClientSecret};
use crate::store::token::{Token, TokenKind};
use crate::voice::realtime::{LONGEST, fresh_id};

/// Default lifetime of a secret in seconds, and the range that `expires_after` may ask for.
const LIFETIME: i64 = 600;
const LIMITS: std::ops::RangeInclusive<i64> = 10..=7200;
/// Range of `max_sessions`.
const SESSIONS: std::ops::RangeInclusive<u16> = 1..=100;

/// A request for a client secret.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ClientSecretRequest {
    /// How long sessions can be opened with it.
    expires_after: Option<ExpiresAfter>,
    /// The session that it opens, as in `session.update`.
    #[schema(value_type = Option<Object>)]
    session: Option<Value>,
    /// How many sessions it opens, one after the other or side by side: 1 to 100; 1 when absent. An extension of OpenAI's API.
    max_sessions: Option<u16>,
}

#[derive(Debug, Deserialize, ToSchema)]
struct ExpiresAfter {
    /// Only `created_at`.
    anchor: Option<String>,
    /// 10 to 7200; 600 when absent.
    seconds: Option<i64>,
}

/// A client secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClientSecretView {
    /// The key for the browser: `ek_…`.
    value: String,
    /// When it expires, in Unix seconds.
    expires_at: i64,
    /// The session that it opens.
    #[schema(value_type = Object)]
    session: Value,
}

/// Makes a short-lived key for a browser, which opens one session unless more are asked for.
#[utoipa::path(post, path = "/v1/realtime/client_secrets", tag = "openai",
    operation_id = "createRealtimeClientSecret", request_body = ClientSecretRequest,
    responses((status = 200, body = ClientSecretView), (status = 400, body = crate::http::openai::ErrorEnvelope),
              (status = 404, body = crate::http::openai::ErrorEnvelope)))]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    principal: Principal,
    Json(request): Json<ClientSecretRequest>,
) -> Result<axum::Json<ClientSecretView>, ApiError> {
    let seconds = check_lifetime(request.expires_after)?;
    let sessions_left = request.max_sessions.unwrap_or(1);
    if !SESSIONS.contains(&sessions_left) {
        let wrong = format!(
            "max_sessions must be {} to {}",
            SESSIONS.start(),
            SESSIONS.end()
        );
        return Err(ApiError::invalid("max_sessions", wrong));
    }
    let session = request
        .session
        .unwrap_or_else(|| serde_json::json!({"type": "realtime"}));
    let patch: SessionPatch = body::parse(session.to_string().as_bytes()).map_err(|error| {
        let mut problem = Problem::from(error);
        problem.param = problem.param.map(|param| format!("session.{param}"));
        problem
    })?;
    // Fail now, in the business's server, rather than later in a visitor's browser.
    let prepared = prepare(&app, &principal, patch).await?;
    let workspace = prepared.workspace(&app).await?;
    let opens = Opens {
        session,
        scopes: Scope::ALL
            .iter()
            .filter(|scope| matches!(scope, Scope::Chat | Scope::Audio) && principal.may(**scope))
            .map(|scope| scope.as_str().to_owned())
            .collect(),
        key: match principal.caller() {
            Caller::Key(id) => Some(*id),
            _ => None,
        },
        person: match principal.caller() {
            Caller::User(user) => Some(user.id),
            _ => None,
        },
    };
    let opens = serde_json::to_value(&opens).map_err(|error| Problem::internal(&error))?;
    let token = Token::generate(TokenKind::ClientSecret)?;
    let (hash, now) = (token.hash(), now_ms());
    let expires_at = now + seconds * 1000;
    let secret = ClientSecret {
        workspace,
        session: opens,
        expires_at,
        sessions_left,
    };
    app.store
        .write(move |tx| client_secrets::create(tx, &hash, &secret, now))
        .await?;
    let longest = LONGEST.as_secs().cast_signed();
    Ok(axum::Json(ClientSecretView {
        value: token.reveal().to_owned(),
        expires_at: expires_at / 1000,
        session: session_view(&prepared.config, &fresh_id("sess"), now / 1000 + longest),
    }))
}

fn check_lifetime(asked: Option<ExpiresAfter>) -> Result<i64, ApiError> {
    let Some(asked) = asked else {
        return Ok(LIFETIME);
    };
    if asked.anchor.is_some_and(|anchor| anchor != "created_at") {
        return Err(ApiError::invalid(
            "expires_after.anchor",
            "anchor must be created_at",
        ));
    }
    let seconds = asked.seconds.unwrap_or(LIFETIME);
    if LIMITS.contains(&seconds) {
        return Ok(seconds);
    }
    Err(ApiError::invalid(
        "expires_after.seconds",
        format!("seconds must be {} to {}", LIMITS.start(), LIMITS.end()),
    ))
}
