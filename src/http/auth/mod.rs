//! Who calls, and what they may do.
//!
//! Every request builds its [`Principal`] from the database, so that a revoked key or a suspended person
//! is out with the next request. A key counts only as `Authorization: Bearer` (under `/v1` also as `x-api-key`), a browser only by its
//! cookie, a command of the installation by its connection. A credential anywhere else is ignored.
//!
//! A person is in one workspace per request, as a key is: the one that the browser is in, or that the request names. Only owners of the
//! installation stand above. So a workspace of others is not found, and with other rights begins another session.

pub(super) mod cookies;
pub(super) mod installation;
pub(super) mod origin;
pub(super) mod realtime;
mod standing;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, header};

use super::Http;
use super::now_ms;
use super::problem::Problem;
use super::route::Policy;
pub(super) use crate::access::Credential;
pub use crate::access::{Caller, Member, Principal, Scope};
use crate::app::App;
use crate::app::workspaces::WorkspaceError;
use crate::config::SecondFactor;
use crate::knowledge::Audience;
use crate::store::token::TokenHash;
use crate::store::users::Role;
use crate::store::workspaces::{self, Workspace};
use crate::store::{api_keys, closures, members, second_factors, sessions};
pub(super) use standing::{OfCredential, cut_at, outlived, until_not};
use standing::{note_key_use, note_session_use};

/// Header of the key, from clients of Anthropic's API.
const API_KEY: &str = "x-api-key";
/// Over plain HTTP, which only loopback uses.
pub const SESSION_COOKIE: &str = "frontdesk_session";
/// Over TLS: browsers accept the `__Host-` prefix only with `Secure`, from this very host.
pub const SECURE_SESSION_COOKIE: &str = "__Host-frontdesk_session";
/// An idle session ends after this time, in ms.
pub const SESSION_IDLE_MS: i64 = sessions::IDLE_MS;
/// For requests that name no workspace.
pub const DEFAULT_WORKSPACE: &str = "default";
/// Where people change what is their own: their account, and the workspace that they are in.
const OWN: &[&str] = &["/account", "/workspace", "/invitation", "/api/v1/me"];

/// What a request asks of its principal.
pub(super) trait OfPrincipal {
    /// Callers who may read the documents get answers from all of them, others only from those for visitors.
    fn audience(&self) -> Audience;

    /// Whether the caller may ask an assistant that is for staff. A key that may not read the documents often stands in a page
    /// or a program for visitors.
    fn is_staff(&self) -> bool;

    /// Checks that the caller may touch the whole installation.
    ///
    /// # Errors
    /// 403 for a caller that belongs to one workspace.
    fn unbound(&self) -> Result<(), Problem>;

    /// The workspace of this short name, or the caller's own when there is no name.
    ///
    /// # Errors
    /// 404 for a workspace that does not exist, and for one that the caller may not touch; 403 for a program
    /// when the workspace is closed.
    async fn workspace(&self, app: &App, name: Option<&str>) -> Result<Workspace, Problem>;

    /// [`OfPrincipal::workspace`], with the caller as a member of it.
    async fn enter(&self, app: &App, name: Option<&str>) -> Result<(Workspace, Member), Problem>;
}

impl OfPrincipal for Principal {
    fn audience(&self) -> Audience {
        match self.may(Scope::Documents) {
            true => Audience::Staff,
            false => Audience::Visitors,
        }
    }

    fn is_staff(&self) -> bool {
        let of_program = matches!(self.caller(), Caller::Key(_) | Caller::Secret);
        !of_program || self.audience() == Audience::Staff
    }

    fn unbound(&self) -> Result<(), Problem> {
        match self.bound_to() {
            None => Ok(()),
            Some(_) => Err(WorkspaceError::Bound.into()),
        }
    }

    async fn workspace(&self, app: &App, name: Option<&str>) -> Result<Workspace, Problem> {
        let (bound, at) = (self.bound_to(), self.at());
        let name = name.map(str::to_owned);
        let found = app
            .store
            .read(move |conn| match (at, name) {
                (Some(id), None) => workspaces::get(conn, id).map(Some),
                (_, name) => {
                    let name = name.as_deref().unwrap_or(DEFAULT_WORKSPACE);
                    let found = workspaces::find_by_name(conn, name)?;
                    Ok(found.filter(|workspace| bound.is_none_or(|id| id == workspace.id)))
                }
            })
            .await?;
        let found = found.ok_or_else(|| Problem::not_found("workspace").with_param("workspace"))?;
        let of_program = matches!(self.caller(), Caller::Key(_) | Caller::Secret);
        if of_program && found.closing.is_some() {
            return Err(refuse_closed_workspace());
        }
        Ok(found)
    }

    async fn enter(&self, app: &App, name: Option<&str>) -> Result<(Workspace, Member), Problem> {
        let workspace = self.workspace(app, name).await?;
        let member = self.in_workspace(workspace.id);
        let member = member.ok_or_else(|| Problem::not_found("workspace"))?;
        Ok((workspace, member))
    }
}

/// Finds out who sent a request, and refuses those who still lack a required second factor.
///
/// # Errors
/// 401 without a valid credential; 403 for a browser's request from another site or over the socket for
/// commands, and for a person who lacks a required second factor.
pub(super) async fn authenticate(app: &App, parts: &Parts) -> Result<Principal, Problem> {
    let principal = identify(app, parts).await?;
    if principal.lacks_factor() {
        let detail = "turn on your second factor first, at /account/second-factor";
        let code = "second_factor_required";
        return Err(Problem::new(StatusCode::FORBIDDEN, code, detail));
    }
    Ok(principal)
}

/// Finds out who sent a request, even a person who still has to turn on a second factor.
///
/// # Errors
/// 401 without a valid credential; 403 for a browser's request from another site or over the socket for commands.
pub(super) async fn identify(app: &App, parts: &Parts) -> Result<Principal, Problem> {
    if installation::sent(parts) {
        return installation::principal(&parts.headers);
    }
    if parts.headers.contains_key(header::AUTHORIZATION) {
        let token = bearer(&parts.headers).ok_or_else(|| {
            unauthorized("the Authorization header must be \"Bearer\" and an API key")
        })?;
        return identify_by_key(app, token).await;
    }
    // As Anthropic's clients send it, to the paths of such APIs.
    if let Some(token) = parts.headers.get(API_KEY)
        && parts.uri.path().starts_with("/v1/")
    {
        return identify_by_key(app, token.to_str().unwrap_or_default()).await;
    }
    let Some(token) = cookies::SESSION.read(&parts.headers) else {
        return Err(unauthorized(
            "send an API key as \"Authorization: Bearer fd_live_…\"",
        ));
    };
    let principal = identify_by_session(app, parts, TokenHash::of(&token)).await?;
    origin::check(parts)?;
    refuse_change(&principal, parts)?;
    Ok(principal)
}

/// Refuses a change by somebody who may only look, but of their own account.
fn refuse_change(principal: &Principal, parts: &Parts) -> Result<(), Problem> {
    let safe = [Method::GET, Method::HEAD, Method::OPTIONS].contains(&parts.method);
    let path = parts.uri.path();
    let is_own = OWN.iter().any(|own| {
        path.strip_prefix(own)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }) || (path.starts_with("/api/") && path.contains("/second-factor"));
    if !principal.only_looks() || safe || is_own {
        return Ok(());
    }
    let detail =
        "your role here may look on and change nothing; ask an owner or admin of the workspace";
    Err(Problem::new(StatusCode::FORBIDDEN, "only_looks", detail))
}

async fn identify_by_key(app: &App, token: &str) -> Result<Principal, Problem> {
    let hash = TokenHash::of(token);
    let found = app.store.read(move |conn| {
        let key = api_keys::find_active_by_hash(conn, &hash)?;
        let workspace = key.as_ref().and_then(|key| key.workspace);
        let closed = workspace.map(|id| closures::is_closed(conn, id));
        Ok((key, closed.transpose()?.unwrap_or(false)))
    });
    let (key, is_closed) = found.await?;
    let key = key.ok_or_else(|| {
        unauthorized("this API key is not known or was revoked; make one in the console")
    })?;
    if is_closed {
        return Err(refuse_closed_workspace());
    }
    note_key_use(app, &key);
    let scopes = key
        .scopes
        .iter()
        .filter_map(|name| Scope::parse(name))
        .collect();
    let (caller, credential) = (Caller::Key(key.id), Credential::Key(key.id));
    Ok(Principal::new(caller, credential, scopes, key.workspace))
}

async fn identify_by_session(
    app: &App,
    parts: &Parts,
    hash: TokenHash,
) -> Result<Principal, Problem> {
    let now = now_ms();
    let required = app.config.accounts_second_factor == SecondFactor::Required;
    let named = named_workspace(parts);
    let is_named = named.is_some();
    let found = app.store.read(move |conn| {
        let Some(session) = sessions::find_valid(conn, &hash, now, SESSION_IDLE_MS)? else {
            return Ok(None);
        };
        let (user, current) = (&session.user, session.workspace);
        let Some((at, role)) = members::place(conn, user, current, named.as_deref())? else {
            return Ok(Some((session, None)));
        };
        let of_them =
            required && matches!(role, Role::Owner | Role::Admin) && !session.via.is_strong();
        let lacks = of_them && !second_factors::is_on(conn, user.id)?;
        Ok(Some((session, Some((at, role, lacks)))))
    });
    let over = || unauthorized("the session is over; sign in again");
    let (session, place) = found.await?.ok_or_else(over)?;
    let (at, role, lacks_factor) = match place {
        Some(place) => place,
        // Whoever was taken out of every workspace has nowhere to go.
        None if !is_named => return Err(over()),
        None => return Err(Problem::not_found("workspace").with_param("workspace")),
    };
    note_session_use(app, hash, &session);
    let principal = Principal::person(session.user, Credential::Session(hash), role, at);
    Ok(principal.lacking_factor(lacks_factor))
}

/// The workspace that a request to an API names; pages show the one that the browser is in.
pub(super) fn named_workspace(parts: &Parts) -> Option<String> {
    let path = parts.uri.path();
    let is_api = path.starts_with("/api/") || path.starts_with("/v1/");
    let query = parts.uri.query().filter(|_| is_api)?;
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let (_, name) = pairs.find(|(name, _)| name == "workspace")?;
    Some(name.into_owned())
}

impl FromRequestParts<Http> for Principal {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, http: &Http) -> Result<Self, Problem> {
        match parts.extensions.get::<Self>() {
            Some(principal) => Ok(principal.clone()),
            None => authenticate(&http.app, parts).await,
        }
    }
}

/// Checks a route's policy and puts the principal into the request's extensions.
pub(super) async fn authorize(app: &App, policy: Policy, parts: &mut Parts) -> Result<(), Problem> {
    let wanted: &[Scope] = match &policy {
        Policy::Public | Policy::Visitor => return Ok(()),
        Policy::Realtime => return realtime::authorize(app, parts).await,
        Policy::LoopbackOr(_) if origin::is_this_machine(parts) => return Ok(()),
        Policy::LoopbackOr(scope) | Policy::Scope(scope) => std::slice::from_ref(scope),
        Policy::AnyOf(scopes) | Policy::Program(scopes) => scopes,
        Policy::Person => &[],
    };
    let principal = authenticate(app, parts).await?;
    let is_person = matches!(principal.caller(), Caller::User(_));
    if is_person && matches!(policy, Policy::Program(_)) {
        return Err(unauthorized(
            "this is for programs; send an API key as \"Authorization: Bearer fd_live_…\"",
        ));
    }
    if policy == Policy::Person {
        refuse_program(is_person)?;
    } else {
        principal.need(wanted)?;
    }
    parts.extensions.insert(principal);
    Ok(())
}

/// For programs only: staff may still enter, to keep the workspace after all.
fn refuse_closed_workspace() -> Problem {
    let detail =
        "this workspace is closed and will be erased; its staff can keep it on the page Workspaces";
    Problem::new(StatusCode::FORBIDDEN, "workspace_closed", detail)
}

fn refuse_program(is_person: bool) -> Result<(), Problem> {
    let detail = "this is for people who are signed in; a program is nobody";
    match is_person {
        true => Ok(()),
        false => Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", detail)),
    }
}

fn unauthorized(detail: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "invalid_api_key", detail)
}

/// The token of an `Authorization: Bearer` header. The scheme's case does not matter (RFC 9110).
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bearer_token_counts() {
        let with = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(with("Bearer abc").as_deref(), Some("abc"));
        assert_eq!(with("bearer  abc").as_deref(), Some("abc"));
        assert_eq!(with("Basic abc"), None);
        assert_eq!(with("Bearer "), None);
        assert_eq!(with("abc"), None);
    }
}
