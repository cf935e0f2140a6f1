//! The owner's logo in the widget: a small picture, kept in a section of the workspace's settings.

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::Which;
use super::origin::{self, Site};
use crate::http::Http;
use crate::http::auth::origin::is_this_machine;
use crate::http::auth::{Member, Scope};
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::store::{Connection, Store, StoreError, WorkspaceId, workspaces};

const SECTION: &str = "widget_logo";
/// Larger ones would slow the visitor's page down.
pub(in crate::http) const MOST_BYTES: usize = 100 * 1024;
/// The address changes with the picture.
const CACHE: &str = "private, max-age=86400";

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Logo {
    media_type: String,
    base64: String,
    /// Counts changes, for the address.
    version: u32,
}

/// The path for a site's pages; `None` without a logo.
pub(in crate::http) fn path(
    conn: &Connection,
    workspace: WorkspaceId,
    site_key: &str,
) -> Result<Option<String>, StoreError> {
    let logo: Logo = workspaces::section(conn, workspace, SECTION)?;
    let there = !logo.base64.is_empty();
    Ok(there.then(|| format!("/api/v1/visit/logo?s={site_key}&v={}", logo.version)))
}

/// How often the logo was changed; `None` without one.
pub(in crate::http) fn version(
    conn: &Connection,
    workspace: WorkspaceId,
) -> Result<Option<u32>, StoreError> {
    let logo: Logo = workspaces::section(conn, workspace, SECTION)?;
    Ok((!logo.base64.is_empty()).then_some(logo.version))
}

/// The logo for staff of the workspace.
///
/// # Errors
/// 404 without one.
pub(in crate::http) async fn for_staff(
    store: &Store,
    workspace: WorkspaceId,
) -> Result<Response, Problem> {
    let read = store.read(move |conn| workspaces::section::<Logo>(conn, workspace, SECTION));
    let logo = read.await?;
    let picture = STANDARD.decode(&logo.base64).unwrap_or_default();
    if picture.is_empty() {
        return Err(Problem::not_found("logo"));
    }
    let headers = [
        (header::CONTENT_TYPE, logo.media_type),
        (header::CACHE_CONTROL, CACHE.to_owned()),
    ];
    Ok((headers, picture).into_response())
}

/// Keeps a picture, or removes it if it is empty.
///
/// # Errors
/// 400 for what is no PNG, JPEG or WebP, 403 for a caller who may not change it, 413 for a large one.
pub(in crate::http) async fn keep(
    store: &Store,
    by: &Member,
    picture: Bytes,
) -> Result<(), Problem> {
    let workspace = by.need(&[Scope::Admin])?;
    if picture.len() > MOST_BYTES {
        return Err(crate::http::multipart::too_large(MOST_BYTES as u64));
    }
    let media_type = match picture.as_ref() {
        [] => "",
        [0x89, b'P', b'N', b'G', ..] => "image/png",
        [0xff, 0xd8, 0xff, ..] => "image/jpeg",
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'W',
            b'E',
            b'B',
            b'P',
            ..,
        ] => "image/webp",
        _ => {
            let wrong = "the logo must be a PNG, JPEG or WebP picture";
            return Err(Problem::invalid("logo", wrong));
        }
    };
    let write = store.write(move |tx| {
        let before: Logo = workspaces::section(tx, workspace, SECTION)?;
        let logo = Logo {
            media_type: media_type.to_owned(),
            base64: STANDARD.encode(&picture),
            version: before.version.wrapping_add(1),
        };
        workspaces::set_section(tx, workspace, SECTION, &logo)
    });
    Ok(write.await?)
}

/// The logo of a site's widget.
#[utoipa::path(get, path = "/api/v1/visit/logo", tag = "visitors", operation_id = "readLogo", security(()),
    params(("s" = Option<String>, Query, description = "Site key of the front desk")),
    responses((status = 200, description = "The picture", body = Vec<u8>, content_type = "image/png"),
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
        let logo: Logo = workspaces::section(conn, workspace.id, SECTION)?;
        Ok(Some((logo, settings)))
    });
    let (logo, settings) = found.await?.ok_or_else(|| Problem::not_found("logo"))?;
    if !site.may(&settings) {
        return Err(origin::refusal(&site));
    }
    let picture = STANDARD.decode(&logo.base64).unwrap_or_default();
    if picture.is_empty() {
        return Err(Problem::not_found("logo"));
    }
    let headers = [
        (header::CONTENT_TYPE, logo.media_type),
        (header::CACHE_CONTROL, CACHE.to_owned()),
    ];
    Ok((headers, picture).into_response())
}
