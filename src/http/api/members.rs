//! People and workspaces: invitations, who I am and where I am signed in, the audit log, all workspaces at a glance.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::accounts::{PlaceView, parse_role};
use super::place::{self, ApiPlace};
use crate::app::App;
use crate::app::accounts::{self, By};
use crate::app::members::audit::{self, AuditError};
use crate::app::members::invitations;
use crate::app::members::overview::{self, Glance};
use crate::http::auth::cookies::SESSION;
use crate::http::auth::{Caller, Member, Principal, Scope};
use crate::http::body::Json;
use crate::http::listing::file::{download_headers, headed_table};
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::http::route::{Policy, Route, routes};
use crate::store::audit::{Entry, Filter, Seal};
use crate::store::invitations::Invitation;
use crate::store::sessions::{self, Listed};
use crate::store::token::TokenHash;
use crate::store::users::User;
use crate::store::{InvitationId, UserId, members};

pub(in crate::http) fn routes() -> Vec<Route> {
    const ADMIN: Policy = Policy::Scope(Scope::Admin);
    // Every role has the scope; the handlers check that a person asks.
    const PERSON: Policy = Policy::Scope(Scope::Conversations);
    routes![
        (GET, "/api/v1/invitations", ADMIN, list),
        (POST, "/api/v1/invitations", ADMIN, invite),
        (DELETE, "/api/v1/invitations/{id}", ADMIN, revoke),
        (DELETE, "/api/v1/members/{id}", ADMIN, take_out),
        (GET, "/api/v1/audit", ADMIN, log),
        (GET, "/api/v1/audit/export", ADMIN, export),
        (PUT, "/api/v1/audit/settings", ADMIN, keep_for),
        (GET, "/api/v1/me", PERSON, me),
        (GET, "/api/v1/me/sessions", PERSON, my_sessions),
        (DELETE, "/api/v1/me/sessions/{id}", PERSON, end_session),
        (GET, "/api/v1/overview", PERSON, glance),
    ]
}

/// Handlers for the OpenAPI document.
pub(in crate::http) mod paths {
    pub(in crate::http) use super::{
        __path_end_session, __path_export, __path_glance, __path_invite, __path_keep_for,
        __path_list, __path_log, __path_me, __path_my_sessions, __path_revoke, __path_take_out,
    };
}

impl From<AuditError> for Problem {
    fn from(error: AuditError) -> Self {
        let detail = error.to_string();
        match error {
            AuditError::Days => Self::invalid("days", detail),
            AuditError::Denied(denied) => denied.into(),
            AuditError::Store(error) => error.into(),
        }
    }
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

/// Takes somebody out of the workspace; their sessions there end. Their account and their other workspaces stay.
#[utoipa::path(delete, path = "/api/v1/members/{id}", tag = "admin", operation_id = "removeMember",
    params(("id" = String, Path, description = "Id of the account"),
           ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 204, description = "They are out"), (status = 403, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>)))]
pub(super) async fn take_out(
    place: ApiPlace,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id: UserId = place::parse_id(&id, "account")?;
    let by = By::of(place.principal())?;
    accounts::take_out(&place.app.store, by, place.id(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Which rows of the audit log.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default)]
pub struct AuditQuery {
    /// Only rows with a smaller number: the next page.
    before: Option<i64>,
    /// Part of a name, of what was done, of an id or of an address.
    q: Option<String>,
    /// Rows of all workspaces and of the installation, sign-ins among them; only for callers of the whole installation.
    #[serde(rename = "all")]
    all_places: Option<bool>,
    /// At most 200; 100 without it.
    limit: Option<u32>,
}

/// A page of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditPage {
    /// The newest first.
    entries: Vec<AuditView>,
    /// Number of the first row that does not fit the one before it, as it or a row before it was changed; `null` if all do.
    broken_at: Option<i64>,
    /// How many days rows are kept.
    days: u32,
}

/// Who did what.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditView {
    number: i64,
    /// Unix milliseconds.
    at: i64,
    /// `person`, `key`, `installation` or `nobody`.
    kind: &'static str,
    /// Id of the person or key; may be empty.
    who: String,
    name: String,
    what: String,
    /// The ids in the address.
    subject: String,
    /// Network address.
    address: String,
    /// Status of the answer.
    outcome: u16,
}

impl From<Entry> for AuditView {
    fn from(entry: Entry) -> Self {
        Self {
            number: entry.seq,
            at: entry.at,
            kind: entry.kind.as_str(),
            who: entry.who,
            name: entry.name,
            what: entry.what,
            subject: entry.subject,
            address: entry.address,
            outcome: entry.outcome,
        }
    }
}

/// Who changed what, and who read what visitors said.
#[utoipa::path(get, path = "/api/v1/audit", tag = "admin", operation_id = "readAudit",
    params(AuditQuery, ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = AuditPage), (status = 403, body = ProblemView<'_>)))]
pub(super) async fn log(
    place: ApiPlace,
    Query(query): Query<AuditQuery>,
) -> Result<axum::Json<AuditPage>, Problem> {
    let filter = Filter {
        workspace: None,
        before: query.before,
        words: query.q.filter(|words| !words.is_empty()),
    };
    let (all, limit) = (query.all_places == Some(true), query.limit.unwrap_or(100));
    let found = audit::read(&place.app.store, &place.member, all, filter, limit).await?;
    Ok(axum::Json(AuditPage {
        entries: found.rows.into_iter().map(AuditView::from).collect(),
        broken_at: match found.seal {
            Seal::Whole => None,
            Seal::Broken(seq) => Some(seq),
        },
        days: found.days,
    }))
}

/// The whole audit log as CSV.
#[utoipa::path(get, path = "/api/v1/audit/export", tag = "admin", operation_id = "exportAudit",
    params(AuditQuery, ("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 200, body = String, content_type = "text/csv"), (status = 403, body = ProblemView<'_>)))]
pub(super) async fn export(
    place: ApiPlace,
    Query(query): Query<AuditQuery>,
) -> Result<Response, Problem> {
    let all = query.all_places == Some(true);
    audit_file(&place.app, &place.member, all).await
}

/// The audit log as a file.
pub(in crate::http) async fn audit_file(
    app: &App,
    by: &Member,
    all: bool,
) -> Result<Response, Problem> {
    let heads = [
        "number", "at", "kind", "who", "name", "what", "subject", "address", "outcome",
    ];
    let mut lines: Vec<Vec<String>> = Vec::new();
    let mut before = None;
    loop {
        let filter = Filter {
            before,
            ..Filter::default()
        };
        let rows = audit::rows(&app.store, by, all, filter).await?;
        before = rows.last().map(|row| row.seq);
        lines.extend(rows.into_iter().map(cells));
        if before.is_none() {
            break;
        }
    }
    let table = headed_table(&heads, lines);
    let headers = download_headers("text/csv; charset=utf-8", "audit.csv");
    Ok((headers, table).into_response())
}

fn cells(entry: Entry) -> Vec<String> {
    let at = jiff::Timestamp::from_millisecond(entry.at);
    vec![
        entry.seq.to_string(),
        at.map_or_else(|_| entry.at.to_string(), |at| at.to_string()),
        entry.kind.to_string(),
        entry.who,
        entry.name,
        entry.what,
        entry.subject,
        entry.address,
        entry.outcome.to_string(),
    ]
}

/// How long the audit log is kept.
#[derive(Deserialize, ToSchema)]
pub struct AuditDays {
    /// 30 to 3650.
    days: u32,
}

/// Sets how long the audit log of the workspace is kept.
#[utoipa::path(put, path = "/api/v1/audit/settings", tag = "admin", operation_id = "setAuditSettings",
    request_body = AuditDays,
    params(("workspace" = Option<String>, Query, description = "Short name of the workspace")),
    responses((status = 204, description = "It is set"), (status = 400, body = ProblemView<'_>),
              (status = 403, body = ProblemView<'_>)))]
pub(super) async fn keep_for(
    place: ApiPlace,
    Json(body): Json<AuditDays>,
) -> Result<StatusCode, Problem> {
    audit::keep_for(&place.app.store, &place.member, body.days).await?;
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
