//! The one-time setup link, for `frontdesk admin setup-link` while the server runs.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::{App, SETUP_LINK_HOURS, setup_token};
use crate::http::auth::{OfPrincipal, Principal};
use crate::http::problem::{Problem, ProblemView};

/// A link to set up an installation that has no account yet.
#[derive(Serialize, ToSchema)]
pub struct SetupLink {
    /// The link.
    link: String,
    /// Hours that it is valid for. It works once.
    valid_hours: i64,
}

/// A new one-time setup link.
#[utoipa::path(post, path = "/api/v1/setup-link", tag = "admin", operation_id = "createSetupLink",
    responses((status = 200, body = SetupLink),
        (status = 403, body = ProblemView, description = "The key belongs to one workspace"),
        (status = 409, body = ProblemView, description = "Somebody has an account already")))]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    principal: Principal,
) -> Result<Json<SetupLink>, Problem> {
    principal.unbound()?;
    let token = setup_token(&app.store).await?.ok_or_else(|| {
        let detail = "Frontdesk is set up already; sign in with an account";
        Problem::new(StatusCode::CONFLICT, "set_up", detail)
    })?;
    let link = format!("{}/setup?token={token}", app.link_address());
    Ok(Json(SetupLink {
        link,
        valid_hours: SETUP_LINK_HOURS,
    }))
}
