//! `GET /api/v1/visit/look`: what the widget has to know before anybody opens it. It costs a visitor nothing: no visit
//! begins, and nothing is kept.

use axum::extract::{Query, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::colours::Colours;
use super::options::{Greeting, Position, Theme};
use super::origin::{self, Site};
use super::settings::WidgetSettings;
use super::visit::refuse_unknown_site;
use super::{Which, logo};
use crate::http::Http;
use crate::http::auth::origin::is_this_machine;
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::store::{Connection, StoreError, WorkspaceId};

/// A page asks again after this.
const CACHE: &str = "private, max-age=300";

/// The widget's look, and when it speaks by itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct LookView {
    theme: Theme,
    position: Position,
    colours: Colours,
    /// Path of the logo.
    #[serde(skip_serializing_if = "Option::is_none")]
    logo: Option<String>,
    /// Empty for a front desk that is closed to visitors.
    greetings: Vec<Greeting>,
}

impl LookView {
    pub(super) fn load(
        conn: &Connection,
        workspace: WorkspaceId,
        site_key: &str,
        settings: &WidgetSettings,
    ) -> Result<Self, StoreError> {
        let options = &settings.options;
        let greetings = if settings.enabled {
            options.greetings.clone()
        } else {
            Vec::new()
        };
        Ok(Self {
            theme: options.theme,
            position: options.position,
            colours: Colours::of(&settings.colour),
            logo: logo::path(conn, workspace, site_key)?,
            greetings,
        })
    }
}

/// The look of the widget of a site.
#[utoipa::path(get, path = "/api/v1/visit/look", tag = "visitors", operation_id = "readLook", security(()),
    params(("s" = Option<String>, Query, description = "Site key of the front desk")),
    responses((status = 200, body = LookView), (status = 403, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>)))]
pub(in crate::http) async fn show(
    State(http): State<Http>,
    Query(which): Query<Which>,
    parts: Parts,
) -> Result<Response, Problem> {
    let site = Site::of(&parts.headers, &parts.uri);
    let at_machine = is_this_machine(&parts);
    let found = http.app.store.read(move |conn| {
        let Some((workspace, settings)) = which.find(conn, now_ms(), at_machine)? else {
            return Ok(None);
        };
        let look = LookView::load(conn, workspace.id, &workspace.site_key, &settings)?;
        Ok(Some((look, settings)))
    });
    let (look, settings) = found.await?.ok_or_else(refuse_unknown_site)?;
    if !site.may(&settings) {
        return Err(origin::refusal(&site));
    }
    Ok(([(header::CACHE_CONTROL, CACHE)], axum::Json(look)).into_response())
}
