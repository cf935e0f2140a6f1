//! Calls: list, one call with its log, recording, export; pronunciations and voice settings.
//!
//! A call holds what a caller said, so everything here needs the scope `admin`. Owners and administrators
//! have it when they sign in; keys have it only if the owner gave it to them. A key that may chat may not
//! read what others said.

mod export;
mod one;
mod pronunciations;
mod query;
mod sound;
mod view;
mod voice;

pub use export::CallFormat;
pub use query::CallQuery;
pub use view::{CallInFull, CallView, TurnView, in_full};

pub(in crate::http) use sound::waveform_of;

pub(super) mod paths {
    pub(in crate::http) use super::__path_list;
    pub(in crate::http) use super::export::{__path_download, __path_download_all};
    pub(in crate::http) use super::one::{__path_delete, __path_get};
    pub(in crate::http) use super::pronunciations::{
        __path_list as __path_pronunciations, __path_remove as __path_forget_pronunciation,
        __path_set as __path_set_pronunciation,
    };
    pub(in crate::http) use super::sound::{
        __path_delete_recording, __path_recording, __path_waveform,
    };
    pub(in crate::http) use super::voice::{__path_preview, __path_settings, __path_show};
}

use axum::extract::Query;
use serde::Serialize;
use utoipa::ToSchema;

use super::place::ApiPlace;
use crate::http::auth::Scope;
use crate::http::listing::{self, ListQuery};
use crate::http::problem::{Problem, ProblemView};
use crate::http::route::{Policy, Route, routes};
use crate::store::calls::CallFilter;
use crate::store::listing::Page;

/// Also `/api/v1/voice` and `/api/v1/pronunciations`.
pub(in crate::http) fn routes() -> Vec<Route> {
    const ADMIN: Policy = Policy::Scope(Scope::Admin);
    routes![
        (GET, "/api/v1/calls", ADMIN, list),
        (GET, "/api/v1/calls/export", ADMIN, export::download_all),
        (GET, "/api/v1/calls/{id}", ADMIN, one::get),
        (DELETE, "/api/v1/calls/{id}", ADMIN, one::delete),
        (GET, "/api/v1/calls/{id}/export", ADMIN, export::download),
        (GET, "/api/v1/calls/{id}/recording", ADMIN, sound::recording),
        (
            DELETE,
            "/api/v1/calls/{id}/recording",
            ADMIN,
            sound::delete_recording
        ),
        (GET, "/api/v1/calls/{id}/waveform", ADMIN, sound::waveform),
        (GET, "/api/v1/voice", ADMIN, voice::show),
        (PUT, "/api/v1/voice", ADMIN, voice::settings),
        (POST, "/api/v1/voice/preview", ADMIN, voice::preview),
        (GET, "/api/v1/pronunciations", ADMIN, pronunciations::list),
        (PUT, "/api/v1/pronunciations", ADMIN, pronunciations::set),
        (
            DELETE,
            "/api/v1/pronunciations",
            ADMIN,
            pronunciations::remove
        ),
    ]
}

/// A page of calls, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct CallsView {
    /// The calls.
    pub calls: Vec<CallView>,
    /// `before` of the next page; absent at the end.
    pub next: Option<String>,
}

impl From<Page<CallFilter>> for CallsView {
    fn from(page: Page<CallFilter>) -> Self {
        Self {
            next: page.next.as_ref().and_then(CallQuery::cursor_of),
            calls: page.rows.into_iter().map(CallView::from).collect(),
        }
    }
}

/// Calls, newest first.
#[utoipa::path(get, path = "/api/v1/calls", tag = "voice", operation_id = "listCalls",
    params(CallQuery, ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = CallsView), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn list(
    place: ApiPlace,
    Query(query): Query<CallQuery>,
) -> Result<axum::Json<CallsView>, Problem> {
    let page = listing::page(&place.app.store, &place.member, &query).await?;
    Ok(axum::Json(page.into()))
}
