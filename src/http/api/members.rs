//! People and workspaces: invitations, who I am and where I am signed in, all workspaces at a glance; the audit log is beside.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::accounts::{PlaceView, parse_role};
use super::audit;
use super::place::{self, ApiPlace};
use super::sign_on;
use crate::app::accounts::{self, By};
use crate::app::members::invitations;
use crate::app::members::overview::{self, Glance};
use crate::app::{App, api_keys};
use crate::http::auth::cookies::SESSION;
use crate::http::auth::{Caller, Principal, Scope};
use crate::http::body::Json;
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::http::route::{Policy, Route, routes};
use crate::store::invitations::Invitation;
use crate::store::sessions::{self, Listed};
use crate::store::token::TokenHash;
use crate::store::users::User;
use crate::store::{InvitationId, UserId, members};

pub(in crate::http) fn routes() -> Vec<Route> {
    const ADMIN: Policy = Policy::Scope(Scope::Admin);
    const PERSON: Policy = Policy::Person;
    routes![
        (GET, "/api/v1/invitations", ADMIN, list),
        (POST, "/api/v1/invitations", ADMIN, invite),
        (DELETE, "/api/v1/invitations/{id}", ADMIN, revoke),
        (DELETE, "/api/v1/members/{id}", ADMIN, take_out),
        (GET, "/api/v1/audit", ADMIN, audit::log),
        (GET, "/api/v1/audit/export", ADMIN, audit::export),
        (PUT, "/api/v1/audit/settings", ADMIN, audit::keep_for),
        (GET, "/api/v1/sign-on", ADMIN, sign_on::list),
        (POST, "/api/v1/sign-on", ADMIN, sign_on::create),
        (PUT, "/api/v1/sign-on/{id}", ADMIN, sign_on::change),
        (DELETE, "/api/v1/sign-on/{id}", ADMIN, sign_on::delete),
        (GET, "/api/v1/me", PERSON, me),
        (GET, "/api/v1/me/sessions", PERSON, my_sessions),
        (DELETE, "/api/v1/me/sessions/{id}", PERSON, end_session),
        (GET, "/api/v1/overview", PERSON, glance),
    ]
}

/// Handlers for the OpenAPI document.
pub(in crate::http) mod paths {
    pub(in crate::http) use super::super::audit::{__path_export, __path_keep_for, __path_log};
    pub(in crate::http) use super::{
        __path_end_session, __path_glance, __path_invite, __path_list, __path_me,
        __path_my_sessions, __path_revoke, __path_take_out,
    };
}

/// Invitations that were neither accepted nor taken back.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitationList {
    /// The newest first.
    invitations: Vec<InvitationView>,
}

/// An invitation; its link is shown only when it is made.
#[derive(Debug, Serialize, ToSchema)]
pub struct InvitationView {
    id: String,
    email: String,
    /// `owner`, `admin`, `agent` or `viewer`.
    role: &'static str,
    /// Unix milliseconds.
    created_at: i64,
    /// Unix milliseconds.
    expires_at: i64,
}

impl From<Invitation> for InvitationView {
    fn from(invitation: Invitation) -> Self {
        Self {
            id: invitation.id.to_string(),
            email: invitation.email,
            role: invitation.role.as_str(),
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
        }
    }
}

/// Whom to invite.
#[derive(Deserialize, ToSchema)]
pub struct NewInvitation {
    email: String,
    /// `owner`, `admin`, `agent` or `viewer`.
    role: String,
}

/// An invitation that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct MadeInvitation {
    id: String,
    /// The link, which works once, for seven days; it is shown only here.
    link: String,
    /// Whether it goes out by e-mail.
    mailed: bool,
}

/// Invitations of the workspace.
#[utoipa::path(get, path = "/api/v1/invitations", tag = "admin", operation_id = "listInvitations",
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = InvitationList), (status = 403, body = ProblemView<'_>)))]
pub(super) async fn list(place: ApiPlace) -> Result<axum::Json<InvitationList>, Problem> {
    let all = invitations::list(&place.app.store, &place.member).await?;
    let invitations = all.into_iter().map(InvitationView::from).collect();
    Ok(axum::Json(InvitationList { invitations }))
}

/// Invites somebody to the workspace. An earlier link for the same address stops working.
#[utoipa::path(post, path = "/api/v1/invitations", tag = "admin", operation_id = "invite",
    request_body = NewInvitation,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 201, body = MadeInvitation), (status = 400, body = ProblemView<'_>),
              (status = 403, body = ProblemView<'_>), (status = 409, body = ProblemView<'_>)))]
pub(super) async fn invite(
    place: ApiPlace,
    Json(new): Json<NewInvitation>,
) -> Result<(StatusCode, axum::Json<MadeInvitation>), Problem> {
    let role = parse_role(&new.role)?;
    let address = place.app.link_address();
    let store = &place.app.store;
    let made = invitations::invite(store, &place.member, &new.email, role, &address, now_ms());
    let made = made.await?;
    let view = MadeInvitation {
        id: made.id.to_string(),
        link: made.link,
        mailed: made.mailed,
    };
    Ok((StatusCode::CREATED, axum::Json(view)))
}

/// Takes an invitation back; its link no longer works.
#[utoipa::path(delete, path = "/api/v1/invitations/{id}", tag = "admin", operation_id = "revokeInvitation",
    params(("id" = String, Path, description = "Id of the invitation"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 204, description = "It is taken back"), (status = 404, body = ProblemView<'_>)))]
pub(super) async fn revoke(place: ApiPlace, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let id: InvitationId = place::parse_id(&id, "invitation")?;
    invitations::revoke(&place.app.store, &place.member, id, now_ms()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What else goes with somebody.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default)]
pub struct LeaveQuery {
    /// Also revokes the API keys of the workspace that they made; else these go on working, as the list of keys tells
    /// (`left_behind`).
    revoke_keys: Option<bool>,
}

/// Takes somebody out of the workspace; their sessions there end. Their account and their other workspaces stay, and so do API
/// keys that they made.
#[utoipa::path(delete, path = "/api/v1/members/{id}", tag = "admin", operation_id = "removeMember",
    params(("id" = String, Path, description = "Id of the account"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace"), LeaveQuery),
    responses((status = 204, description = "They are out"), (status = 403, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn take_out(
    place: ApiPlace,
    Path(id): Path<String>,
    Query(query): Query<LeaveQuery>,
) -> Result<StatusCode, Problem> {
    let id: UserId = place::parse_id(&id, "account")?;
    let by = By::of(place.principal())?;
    let store = &place.app.store;
    accounts::take_out(store, by, place.id(), id).await?;
    if query.revoke_keys == Some(true) {
        api_keys::revoke_of(store, place.principal(), id, Some(place.id()), now_ms()).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Who is signed in, and where they may work.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    id: String,
    name: String,
    email: String,
    /// Whether they own the installation.
    owns: bool,
    /// Their role in the workspace of this request.
    role: &'static str,
    workspaces: Vec<PlaceView>,
}

/// The person who asks.
///
/// # Errors
/// 403 for programs.
fn person(principal: &Principal) -> Result<User, Problem> {
    match principal.caller() {
        Caller::User(user) => Ok(user.clone()),
        _ => Err(Problem::new(
            StatusCode::FORBIDDEN,
            "forbidden",
            "this is for people who are signed in; a program is nobody",
        )),
    }
}

/// Who you are, and the workspaces that are open to you.
#[utoipa::path(get, path = "/api/v1/me", tag = "admin", operation_id = "me",
    responses((status = 200, body = Me), (status = 403, body = ProblemView<'_>)))]
pub(super) async fn me(
    State(app): State<Arc<App>>,
    principal: Principal,
) -> Result<axum::Json<Me>, Problem> {
    let user = person(&principal)?;
    let whom = user.clone();
    let read = app.store.read(move |conn| members::open_to(conn, &whom));
    let workspaces = read.await?.into_iter().map(PlaceView::from).collect();
    Ok(axum::Json(Me {
        id: user.id.to_string(),
        name: user.name,
        email: user.email,
        owns: user.owns,
        role: principal.role().map_or("none", |role| role.as_str()),
        workspaces,
    }))
}

/// Where you are signed in.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionList {
    /// The last used first.
    sessions: Vec<SessionView>,
}

/// A browser that is signed in.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionView {
    id: String,
    /// Whether this request came with it.
    is_this: bool,
    /// `password`, `code`, `passkey`, `sign_on` or `link`.
    via: &'static str,
    /// Such as `Firefox on Linux`.
    browser: String,
    /// Network address that it began at.
    address: String,
    /// Unix milliseconds.
    created_at: i64,
    /// Unix milliseconds.
    last_seen_at: i64,
}

/// Where you are signed in.
#[utoipa::path(get, path = "/api/v1/me/sessions", tag = "admin", operation_id = "listSessions",
    responses((status = 200, body = SessionList), (status = 403, body = ProblemView<'_>)))]
pub(super) async fn my_sessions(
    State(app): State<Arc<App>>,
    principal: Principal,
    parts: Parts,
) -> Result<axum::Json<SessionList>, Problem> {
    let user = person(&principal)?.id;
    let token = SESSION.read(&parts.headers);
    let token = token.map(|token| TokenHash::of(&token));
    let read = app.store.read(move |conn| {
        let this = match token {
            Some(token) => sessions::short_id(conn, &token)?,
            None => None,
        };
        Ok((sessions::list(conn, user, now_ms())?, this))
    });
    let (all, this) = read.await?;
    let view = |one: Listed| SessionView {
        is_this: this.as_deref() == Some(one.id.as_str()),
        id: one.id,
        via: one.via.as_str(),
        browser: one.browser,
        address: one.address,
        created_at: one.created_at,
        last_seen_at: one.last_seen_at,
    };
    let sessions = all.into_iter().map(view).collect();
    Ok(axum::Json(SessionList { sessions }))
}

/// Signs one of your browsers out.
#[utoipa::path(delete, path = "/api/v1/me/sessions/{id}", tag = "admin", operation_id = "endSession",
    params(("id" = String, Path, description = "Id of the session")),
    responses((status = 204, description = "It is over"), (status = 403, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn end_session(
    State(app): State<Arc<App>>,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let user = person(&principal)?.id;
    let ended = app
        .store
        .write(move |tx| sessions::end_listed(tx, user, &id));
    match ended.await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Problem::not_found("session")),
    }
}

/// All workspaces that are open to you.
#[derive(Debug, Serialize, ToSchema)]
pub struct GlanceList {
    /// By title.
    workspaces: Vec<GlanceView>,
}

/// A workspace at a glance.
#[derive(Debug, Serialize, ToSchema)]
pub struct GlanceView {
    name: String,
    title: String,
    /// Your role in it.
    role: &'static str,
    /// Conversations that began within 30 days.
    conversations: u64,
    /// Visitors who wait for a person now.
    waiting: u32,
    /// How much is used of what is limited, in percent: the most of all measures; `null` without a limit.
    used_percent: Option<u64>,
    /// When somebody last said something, in Unix milliseconds.
    last_at: Option<i64>,
    closed: bool,
}

/// All workspaces that are open to you, with what happens in them.
#[utoipa::path(get, path = "/api/v1/overview", tag = "admin", operation_id = "overview",
    responses((status = 200, body = GlanceList), (status = 403, body = ProblemView<'_>)))]
pub(super) async fn glance(
    State(app): State<Arc<App>>,
    principal: Principal,
) -> Result<axum::Json<GlanceList>, Problem> {
    let user = person(&principal)?;
    let all = overview::list(&app, &user, now_ms()).await?;
    let view = |one: Glance| GlanceView {
        name: one.place.name,
        title: one.place.title,
        role: one.place.role.as_str(),
        conversations: one.conversations,
        waiting: one.waiting,
        used_percent: one.used,
        last_at: one.last_at,
        closed: one.closed,
    };
    let workspaces = all.into_iter().map(view).collect();
    Ok(axum::Json(GlanceList { workspaces }))
}
