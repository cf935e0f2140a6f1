//! Whether and how a workspace serves visitors.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::place::ApiPlace;
use crate::app::App;
use crate::http::body::Json;
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::http::voice::identity;
use crate::http::voice::options::WidgetOptions;
use crate::http::voice::settings::WidgetSettings;
use crate::http::voice::site_key;
use crate::http::voice::work::ProofOfWork;
use crate::store::{WorkspaceId, site_keys, workspaces};

/// Look and reach of the widget.
#[derive(Debug, Serialize, ToSchema)]
pub struct WidgetView {
    /// Key that pages name the front desk by (`data-site`).
    site: String,
    /// Until when the previous key still works, Unix ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    former_site_until: Option<i64>,
    /// Since when there is a key with which the website's server vouches for its visitors, Unix ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    identity_key_since: Option<i64>,
    /// Whether visitors are served at all.
    enabled: bool,
    /// Websites that may show it, each as `https://host[:port]`. If empty, only this server's own pages and pages of
    /// the visitor's own machine may.
    origins: Vec<String>,
    /// Other hosts that links in answers may lead to.
    links: Vec<String>,
    /// Short names of the assistants that pages may name, besides the workspace's first one.
    assistants: Vec<String>,
    /// If empty, the assistant's title.
    title: String,
    /// Accent colour as `#rrggbb`.
    colour: String,
    /// Whether the microphone listens only while a button is held.
    push_to_talk: bool,
    /// When a browser has to work before a visit begins.
    proof_of_work: ProofOfWork,
    /// Its look, words and forms.
    options: WidgetOptions,
}

/// What is to change; what is absent stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct WidgetRequest {
    /// Whether visitors are served at all.
    enabled: Option<bool>,
    /// Websites that may show it.
    origins: Option<Vec<String>>,
    /// Other hosts that links in answers may lead to.
    links: Option<Vec<String>>,
    /// Short names of the assistants that pages may name, besides the workspace's first one.
    assistants: Option<Vec<String>>,
    /// Title.
    title: Option<String>,
    /// Accent colour as `#rrggbb`.
    colour: Option<String>,
    /// Whether the microphone listens only while a button is held.
    push_to_talk: Option<bool>,
    /// When a browser has to work before a visit begins: `off`, `automatic` (while unusually many visits are begun or refused) or
    /// `always`.
    proof_of_work: Option<ProofOfWork>,
    /// Its look, words and forms, all at once.
    options: Option<WidgetOptions>,
}

/// A new key.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct NewSiteKey {
    /// Days that the present key stays valid, at most 30. With 0 it stops at once, and visits that are under way end.
    old_days: u16,
}

async fn load_view(app: &App, workspace: WorkspaceId) -> Result<axum::Json<WidgetView>, Problem> {
    let found = app.store.read(move |conn| {
        let site = workspaces::get(conn, workspace)?.site_key;
        let former = site_keys::former_until(conn, workspace, now_ms())?;
        let settings = workspaces::section(conn, workspace, WidgetSettings::SECTION)?;
        let identity = identity::made_at(conn, workspace)?;
        Ok((site, former, identity, settings))
    });
    let (site, former_site_until, identity_key_since, settings) = found.await?;
    let settings: WidgetSettings = settings;
    Ok(axum::Json(WidgetView {
        site,
        former_site_until,
        identity_key_since,
        enabled: settings.enabled,
        origins: settings.origins,
        links: settings.links,
        assistants: settings.assistants,
        title: settings.title,
        colour: settings.colour,
        push_to_talk: settings.push_to_talk,
        proof_of_work: settings.proof_of_work,
        options: settings.options,
    }))
}

/// How a workspace serves visitors.
#[utoipa::path(get, path = "/api/v1/widget", tag = "visitors", operation_id = "getWidget",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = WidgetView)))]
pub(super) async fn get(place: ApiPlace) -> Result<axum::Json<WidgetView>, Problem> {
    load_view(&place.app, place.id()).await
}

/// Changes how a workspace serves visitors: opens it to them, or closes it.
#[utoipa::path(patch, path = "/api/v1/widget", tag = "visitors", operation_id = "changeWidget",
    request_body = WidgetRequest,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = WidgetView), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn change(
    place: ApiPlace,
    Json(request): Json<WidgetRequest>,
) -> Result<axum::Json<WidgetView>, Problem> {
    let (store, by) = (&place.app.store, &place.member);
    let before = WidgetSettings::load(store, by).await?;
    let changed = WidgetSettings {
        enabled: request.enabled.unwrap_or(before.enabled),
        origins: request.origins.unwrap_or(before.origins),
        links: request.links.unwrap_or(before.links),
        assistants: request.assistants.unwrap_or(before.assistants),
        title: request.title.unwrap_or(before.title),
        colour: request.colour.unwrap_or(before.colour),
        push_to_talk: request.push_to_talk.unwrap_or(before.push_to_talk),
        proof_of_work: request.proof_of_work.unwrap_or(before.proof_of_work),
        options: request.options.unwrap_or(before.options),
    };
    changed.keep(store, by).await?;
    load_view(&place.app, place.id()).await
}

/// Makes a new key for its pages.
#[utoipa::path(post, path = "/api/v1/widget/site-key", tag = "visitors", operation_id = "renewSiteKey",
    request_body = NewSiteKey,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = WidgetView), (status = 400, body = ProblemView<'_>)))]
pub(super) async fn renew_key(
    place: ApiPlace,
    Json(request): Json<NewSiteKey>,
) -> Result<axum::Json<WidgetView>, Problem> {
    site_key::renew(&place.app, place.id(), request.old_days, now_ms()).await?;
    load_view(&place.app, place.id()).await
}

/// The key of the website's server.
#[derive(Serialize, ToSchema)]
pub struct IdentityKeyView {
    /// It is shown only now.
    key: String,
}

/// Makes a new key with which the website's server vouches for its visitors. What is signed with the one before is refused from
/// now on, and visits that it vouched for end.
#[utoipa::path(post, path = "/api/v1/widget/identity-key", tag = "visitors", operation_id = "renewIdentityKey",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = IdentityKeyView)))]
pub(super) async fn renew_identity_key(
    place: ApiPlace,
) -> Result<axum::Json<IdentityKeyView>, Problem> {
    let made = identity::renew(&place.app.store, &place.member).await?;
    let key = made.reveal().to_owned();
    Ok(axum::Json(IdentityKeyView { key }))
}
