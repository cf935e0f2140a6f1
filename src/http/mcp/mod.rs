//! The Model Context Protocol at `/mcp`: search, answers and conversations of a workspace as tools for assistants elsewhere.
//!
//! `rmcp`, the official SDK, speaks the protocol, that of 2026-07-28 and those before. It runs within a request, without
//! sessions: every message brings its key, so there is no session that could be guessed, taken over or forgotten, and a
//! revoked key is out with the next message. Whoever asks for a stream (`GET`) or ends a session (`DELETE`) gets a 405, as the
//! protocol has it for servers without them.
//!
//! Reading order: [`answer`], [`message`] (what is refused before the SDK reads it), [`desk`] (what the SDK calls), [`tools`].

mod desk;
mod message;
mod tools;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};

use self::desk::Desk;
use super::address::address_of;
use super::auth::{Principal, Scope};
use super::body::{self, JSON_LIMIT};
use super::openai::cors;
use super::problem::{Problem, ProblemView};
use super::route::{Policy, Route, routes};
use crate::app::App;

/// A key with any of these has a tool.
const SCOPES: &[Scope] = &[Scope::Chat, Scope::Documents, Scope::Conversations];

pub(super) fn routes() -> Vec<Route> {
    routes![(POST, "/mcp", Policy::Program(SCOPES), answer)]
}

/// One message of the Model Context Protocol (streamable HTTP), for its clients rather than for those of this document.
#[utoipa::path(post, path = "/mcp", tag = "mcp", operation_id = "sendMcpMessage",
    request_body(content = serde_json::Value, description = "A JSON-RPC message"),
    responses((status = 200, description = "The JSON-RPC answer", body = serde_json::Value),
              (status = 202, description = "A notification was taken"),
              (status = 400, description = "Not a message of the protocol: a JSON-RPC error, or a problem",
               body = serde_json::Value),
              (status = 401, body = ProblemView<'_>), (status = 403, body = ProblemView<'_>)))]
pub(super) async fn answer(
    State(app): State<Arc<App>>,
    by: Principal,
    request: Request,
) -> Result<Response, Problem> {
    check_origin(&app, request.headers())?;
    let (parts, sent) = request.into_parts();
    let mut bare = Request::new(sent);
    *bare.headers_mut() = parts.headers.clone();
    let bytes = body::read_bytes(bare, JSON_LIMIT).await?;
    if let Some(refused) = message::refuse(&bytes) {
        return Ok(refused.into_response());
    }
    let address = address_of(&parts).to_string();
    let desk = Desk { app, by, address };
    // Every host: a page that was led here by DNS rebinding names its own origin, and has no key.
    let mut config = StreamableHttpServerConfig::default().disable_allowed_hosts();
    config.legacy_session_mode = false;
    config.json_response = true;
    config.max_request_body_bytes = JSON_LIMIT;
    let service = StreamableHttpService::new(
        move || Ok(desk.clone()),
        Arc::new(NeverSessionManager::default()),
        config,
    );
    let request = Request::from_parts(parts, Body::from(bytes));
    // Where it refuses with bare text, the route table puts that into an envelope.
    Ok(service.handle(request).await.map(Body::new))
}

/// Refuses a browser's request from a page that may not call: a website could have led its own name to this machine.
fn check_origin(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return Ok(());
    };
    let origin = origin.to_str().unwrap_or_default();
    let own = app.public_address();
    let is_own = own.is_some_and(|address| address.eq_ignore_ascii_case(origin));
    if is_own || cors::may_call(origin, &app.config.http_origins) {
        return Ok(());
    }
    let detail = "pages of this website may not call this address; its owner can name the website in the setting \
                  http.origins";
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "origin_not_allowed",
        detail,
    ))
}
