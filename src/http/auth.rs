//! Who calls, and what they may do.
//!
//! There is one [`Principal`], built again for every request from the database, so that a revoked key
//! or a suspended person is out with the next request. What the caller may do depends on who they
//! are: a key counts only as `Authorization: Bearer`, a browser only by its cookie, a command of the
//! installation by its connection, and every other place a credential could hide in is ignored.

pub(super) mod cookies;
pub(super) mod installation;
pub(super) mod origin;
pub(super) mod realtime;
mod standing;

use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};

use super::now_ms;
use super::problem::Problem;
use super::route::Policy;
use crate::app::App;
use crate::config::SecondFactor;
use crate::knowledge::Audience;
use crate::store::api_keys;
use crate::store::sessions;
use crate::store::token::TokenHash;
use crate::store::users::{Role, User};
use crate::store::workspaces::{self, Workspace};
use crate::store::{ApiKeyId, WorkspaceId, closures, second_factors};
pub(super) use standing::{Credential, cut_at, until_not};
use standing::{note_key_use, note_session_use};

/// Name of the session cookie over plain HTTP, which only loopback uses.
pub const SESSION_COOKIE: &str = "frontdesk_session";
/// Name of the session cookie over TLS: the browser accepts it only with `Secure`, for this host.
pub const SECURE_SESSION_COOKIE: &str = "__Host-frontdesk_session";
/// A session that was not used for this long, in ms, is over.
pub const SESSION_IDLE_MS: i64 = 30 * 60 * 1000;
/// The workspace that is meant when none is named.
pub const DEFAULT_WORKSPACE: &str = "default";

/// What a key may be allowed to do. None includes another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Ask, converse, embed; of conversations only those that the key began.
    Chat,
    /// Transcribe.
    Audio,
    /// Upload, list and delete documents.
    Documents,
    /// Keys, status, metrics.
    Admin,
    /// Read receipts for measurements of quality.
    Evaluate,
    /// Read and go on with every conversation, those of visitors too.
    Conversations,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Scope; 6] = [
        Scope::Chat,
        Scope::Audio,
        Scope::Documents,
        Scope::Admin,
        Scope::Evaluate,
        Scope::Conversations,
    ];

    /// The name in the API and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Chat => "chat",
            Scope::Audio => "audio",
            Scope::Documents => "documents",
            Scope::Admin => "admin",
            Scope::Evaluate => "evaluate",
            Scope::Conversations => "conversations",
        }
    }

    /// The scope of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == name)
    }
}

/// Who calls.
#[derive(Debug, Clone)]
pub enum Caller {
    /// A program, by the id of its key.
    Key(ApiKeyId),
    /// A person who signed in.
    User(User),
    /// A browser that holds a client secret.
    Secret,
    /// A command of this installation.
    Installation,
}

/// Who calls, what they may do, and the workspace they are bound to.
#[derive(Debug, Clone)]
pub struct Principal {
    caller: Caller,
    scopes: Vec<Scope>,
    bound_to: Option<WorkspaceId>,
    credential: Credential,
    lacks_factor: bool,
}

impl Principal {
    /// Whether they must turn their second factor on before they may do anything else.
    pub(super) fn lacks_factor(&self) -> bool {
        self.lacks_factor
    }

    /// What they came with.
    pub(super) fn credential(&self) -> Credential {
        self.credential
    }

    /// Who calls.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Whether they may do what `scope` stands for.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// The only conversations that they may see: those that this key began. `None` if they may see all.
    pub fn own_conversations(&self) -> Option<ApiKeyId> {
        match self.caller {
            Caller::Key(id) if !self.may(Scope::Conversations) => Some(id),
            _ => None,
        }
    }

    /// Whom answers are for: who may read the documents is answered from all of them.
    pub fn audience(&self) -> Audience {
        match self.may(Scope::Documents) {
            true => Audience::Staff,
            false => Audience::Visitors,
        }
    }

    /// The only workspace they may touch; `None` when they may touch all.
    pub fn bound_to(&self) -> Option<WorkspaceId> {
        self.bound_to
    }

    /// That they may touch the whole installation.
    ///
    /// # Errors
    /// 403 for a caller that belongs to one workspace.
    pub fn unbound(&self) -> Result<(), Problem> {
        match self.bound_to {
            None => Ok(()),
            Some(_) => Err(Problem::new(
                StatusCode::FORBIDDEN,
                "bound",
                "this key belongs to one workspace; what is of the whole installation needs one that does not",
            )),
        }
    }

    /// The workspace of this short name, or without a name the caller's own. One that the caller may
    /// not touch is as absent as one that does not exist.
    ///
    /// # Errors
    /// 404.
    pub async fn workspace(&self, app: &App, name: Option<&str>) -> Result<Workspace, Problem> {
        let bound_to = self.bound_to;
        let name = name.map(str::to_owned);
        let found = app
            .store
            .read(move |conn| match (bound_to, name) {
                (Some(id), None) => workspaces::get(conn, id).map(Some),
                (bound, name) => {
                    let name = name.as_deref().unwrap_or(DEFAULT_WORKSPACE);
                    let found = workspaces::find_by_name(conn, name)?;
                    Ok(found.filter(|workspace| bound.is_none_or(|id| id == workspace.id)))
                }
            })
            .await?;
        let found = found.ok_or_else(|| Problem::not_found("workspace").with_param("workspace"))?;
        let of_program = matches!(self.caller, Caller::Key(_) | Caller::Secret);
        if of_program && found.closing.is_some() {
            return Err(closed());
        }
        Ok(found)
    }

    /// Finds out who sent a request.
    ///
    /// # Errors
    /// 401 without a valid credential; 403 for a browser's request from another site or at the wrong door, and for a
    /// person who lacks the second factor that is required of them.
    pub async fn authenticate(app: &App, parts: &Parts) -> Result<Self, Problem> {
        let principal = Self::known(app, parts).await?;
        if principal.lacks_factor {
            let detail = "turn on your second factor first, at /account/second-factor";
            let code = "second_factor_required";
            return Err(Problem::new(StatusCode::FORBIDDEN, code, detail));
        }
        Ok(principal)
    }

    /// [`Principal::authenticate`], also for a person who has to turn the second factor on yet.
    ///
    /// # Errors
    /// 401 without a valid credential, 403 for a browser's request from another site or at the wrong door.
    pub(super) async fn known(app: &App, parts: &Parts) -> Result<Self, Problem> {
        if installation::sent(parts) {
            return installation::principal(&parts.headers);
        }
        if parts.headers.contains_key(header::AUTHORIZATION) {
            return Self::of_key(app, &parts.headers).await;
        }
        let Some(token) = cookies::SESSION.read(&parts.headers) else {
            return Err(unauthorized(
                "send an API key as \"Authorization: Bearer fd_live_…\"",
            ));
        };
        let principal = Self::of_session(app, TokenHash::of(&token)).await?;
        origin::check(parts)?;
        Ok(principal)
    }

    async fn of_key(app: &App, headers: &HeaderMap) -> Result<Self, Problem> {
        let token = bearer(headers).ok_or_else(|| {
            unauthorized("the Authorization header must be \"Bearer\" and an API key")
        })?;
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
            return Err(closed());
        }
        note_key_use(app, &key);
        let scopes = key
            .scopes
            .iter()
            .filter_map(|name| Scope::parse(name))
            .collect();
        Ok(Self {
            caller: Caller::Key(key.id),
            scopes,
            bound_to: key.workspace,
            credential: Credential::Key(key.id),
            lacks_factor: false,
        })
    }

    async fn of_session(app: &App, hash: TokenHash) -> Result<Self, Problem> {
        let now = now_ms();
        let required = app.config.accounts_second_factor == SecondFactor::Required;
        let found = app.store.read(move |conn| {
            let Some(session) = sessions::find_valid(conn, &hash, now, SESSION_IDLE_MS)? else {
                return Ok(None);
            };
            let of_them = required && session.user.role != Role::Agent;
            let lacks = of_them && !second_factors::is_on(conn, session.user.id)?;
            Ok(Some((session, lacks)))
        });
        let over = || unauthorized("the session is over; sign in again");
        let (session, lacks_factor) = found.await?.ok_or_else(over)?;
        note_session_use(app, hash, &session);
        let scopes = match session.user.role {
            Role::Owner | Role::Admin => Scope::ALL.to_vec(),
            Role::Agent => vec![Scope::Chat, Scope::Conversations],
        };
        Ok(Self {
            caller: Caller::User(session.user),
            scopes,
            bound_to: None,
            credential: Credential::Session(hash),
            lacks_factor,
        })
    }
}

impl<S> FromRequestParts<S> for Principal
where
    S: Send + Sync,
    Arc<App>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match parts.extensions.get::<Self>() {
            Some(principal) => Ok(principal.clone()),
            None => Self::authenticate(&Arc::<App>::from_ref(state), parts).await,
        }
    }
}

/// Checks a route's policy; the principal becomes an extension of the request.
pub(super) async fn authorize(app: &App, policy: Policy, parts: &mut Parts) -> Result<(), Problem> {
    let wanted: &[Scope] = match &policy {
        Policy::Public | Policy::Visitor => return Ok(()),
        Policy::Realtime => return realtime::authorize(app, parts).await,
        Policy::LoopbackOr(_) if origin::is_this_machine(parts) => return Ok(()),
        Policy::LoopbackOr(scope) | Policy::Scope(scope) => std::slice::from_ref(scope),
        Policy::AnyOf(scopes) => scopes,
    };
    let principal = Principal::authenticate(app, parts).await?;
    if !wanted.iter().any(|scope| principal.may(*scope)) {
        let names: Vec<_> = wanted.iter().map(|scope| scope.as_str()).collect();
        return Err(Problem::new(
            StatusCode::FORBIDDEN,
            "missing_scope",
            format!(
                "this needs the scope {}; ask the owner for a key with it",
                names.join(" or ")
            ),
        ));
    }
    parts.extensions.insert(principal);
    Ok(())
}

/// The answer to a program that comes to a closed workspace.
fn closed() -> Problem {
    let detail =
        "this workspace is closed and will be erased; its staff can keep it on the page Workspaces";
    Problem::new(StatusCode::FORBIDDEN, "workspace_closed", detail)
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
    fn scope_names_are_read_back() {
        for scope in Scope::ALL {
            assert_eq!(Scope::parse(scope.as_str()), Some(scope));
        }
        assert_eq!(Scope::parse("everything"), None);
    }

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
