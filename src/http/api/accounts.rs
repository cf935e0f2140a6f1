//! Accounts of people, for owners and admins: of their workspace, or of the whole installation.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::place;
use crate::app::accounts::{self, Account, AccountError, By, Change};
use crate::app::members::erase;
use crate::app::{App, api_keys};
use crate::http::Http;
use crate::http::address::address_of;
use crate::http::auth::cookies::SESSION;
use crate::http::auth::{Caller, OfPrincipal, Principal};
use crate::http::body::Json;
use crate::http::hashing::off_thread;
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
use crate::http::second_factor::Own;
use crate::store::api_keys::ApiKey;
use crate::store::members::Membership;
use crate::store::token::TokenHash;
use crate::store::users::Role;
use crate::store::{UserId, password};

/// Every account.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountList {
    /// By e-mail address.
    accounts: Vec<AccountView>,
}

/// An account.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountView {
    id: String,
    name: String,
    email: String,
    /// `owner`, `admin`, `agent` or `viewer`: in the caller's workspace; of the whole installation, the highest. `none` for
    /// somebody who works nowhere.
    role: &'static str,
    /// Whether they own the installation.
    owns: bool,
    /// Where they work, as far as the caller manages it. Owners of the installation work everywhere.
    workspaces: Vec<PlaceView>,
    /// When they were suspended, in Unix milliseconds; `null` if they may sign in.
    suspended_at: Option<i64>,
    /// Unix milliseconds.
    created_at: i64,
    /// Number of browsers that are signed in.
    sessions: u32,
    /// When one of these was last used, in Unix milliseconds.
    last_seen_at: Option<i64>,
    /// Whether they sign in with a second factor.
    second_factor: bool,
    /// Number of passkeys.
    passkeys: usize,
    /// API keys that they made and that still work, as far as the caller manages them. They outlive a change of the account, but not
    /// its erasure; `left_behind` tells which of them their maker could no longer make.
    keys: Vec<ApiKey>,
}

/// A workspace that somebody works in.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlaceView {
    /// Short name.
    name: String,
    title: String,
    /// `owner`, `admin`, `agent` or `viewer`.
    role: &'static str,
}

impl From<Membership> for PlaceView {
    fn from(place: Membership) -> Self {
        Self {
            name: place.name,
            title: place.title,
            role: place.role.as_str(),
        }
    }
}

/// An account to make.
#[derive(Deserialize, ToSchema)]
pub struct NewAccount {
    /// The person's name.
    name: String,
    /// The e-mail address to sign in with.
    email: String,
    /// `owner`, `admin`, `agent` or `viewer`. Made by a caller of the whole installation, an owner owns it, and others get
    /// their role in every workspace that is there.
    role: String,
    /// At least 10 characters.
    password: String,
}

/// What is to change; what is absent stays.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct AccountChange {
    name: Option<String>,
    email: Option<String>,
    /// `owner`, `admin`, `agent` or `viewer`, as for a new account.
    role: Option<String>,
    /// Keeps them from signing in and ends their sessions and their second factor, or lets them in again.
    suspended: Option<bool>,
    /// A new password; all sessions end.
    password: Option<String>,
    /// Somebody's present password: a signed-in person who changes the address or the password of their own account gives it.
    present_password: Option<String>,
    /// Also revokes the API keys that they made, as far as the caller manages them. Their programs stop at once.
    revoke_keys: Option<bool>,
}

/// An account that was made.
#[derive(Debug, Serialize, ToSchema)]
pub struct MadeAccount {
    id: String,
}

impl From<Account> for AccountView {
    fn from(account: Account) -> Self {
        let user = account.user;
        Self {
            id: user.id.to_string(),
            name: user.name,
            email: user.email,
            role: account.role.map_or("none", Role::as_str),
            owns: user.owns,
            workspaces: account.places.into_iter().map(PlaceView::from).collect(),
            suspended_at: user.suspended_at,
            created_at: user.created_at,
            sessions: account.sessions,
            last_seen_at: account.last_seen_at,
            second_factor: account.second_factor,
            passkeys: account.passkeys,
            keys: account.keys,
        }
    }
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Wrong(wrong) => Self::invalid("account", wrong),
            AccountError::Forbidden(why) => Self::new(StatusCode::FORBIDDEN, "forbidden", why),
            AccountError::Denied(denied) => denied.into(),
            AccountError::Store(error) => error.into(),
        }
    }
}

pub(super) fn parse_role(name: &str) -> Result<Role, Problem> {
    let told = "role is owner, admin, agent or viewer";
    Role::parse(name).ok_or_else(|| Problem::invalid("role", told))
}

/// Hashes a new password.
///
/// # Errors
/// 400 for a password that is too short or too long, 429 when too many wait to be hashed.
pub(in crate::http) async fn hash_password(password: String) -> Result<String, Problem> {
    if let Some(wrong) = accounts::wrong_password(&password) {
        return Err(Problem::invalid("password", wrong));
    }
    off_thread(move || password::hash(&password)).await
}

/// Accounts of people.
#[utoipa::path(get, path = "/api/v1/accounts", tag = "admin", operation_id = "listAccounts",
    responses((status = 200, body = AccountList), (status = 403, body = ProblemView<'_>)))]
pub(super) async fn list(
    State(app): State<Arc<App>>,
    principal: Principal,
) -> Result<axum::Json<AccountList>, Problem> {
    let by = By::of(&principal)?;
    let accounts = accounts::list(&app.store, by, now_ms()).await?;
    let accounts = accounts.into_iter().map(AccountView::from).collect();
    Ok(axum::Json(AccountList { accounts }))
}

/// Makes an account. Callers of one workspace among several invite people instead (`POST /api/v1/invitations`).
#[utoipa::path(post, path = "/api/v1/accounts", tag = "admin", operation_id = "createAccount",
    request_body = NewAccount,
    responses((status = 201, body = MadeAccount), (status = 400, body = ProblemView<'_>),
              (status = 403, body = ProblemView<'_>), (status = 409, body = ProblemView<'_>)))]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    principal: Principal,
    Json(new): Json<NewAccount>,
) -> Result<(StatusCode, axum::Json<MadeAccount>), Problem> {
    let (by, role) = (By::of(&principal)?, parse_role(&new.role)?);
    accounts::may_add(&app.store, &principal).await?;
    let hash = hash_password(new.password).await?;
    let id = accounts::create(&app.store, by, new.name, new.email, role, hash).await?;
    let made = MadeAccount { id: id.to_string() };
    Ok((StatusCode::CREATED, axum::Json(made)))
}

/// Changes an account: name, address, role, password; suspends it or lets it in again. Another address ends the sessions, and
/// the former one is told by e-mail if the workspace sends any.
#[utoipa::path(patch, path = "/api/v1/accounts/{id}", tag = "admin", operation_id = "changeAccount",
    request_body = AccountChange, params(("id" = String, Path, description = "Id of the account")),
    responses((status = 200, body = AccountView), (status = 400, body = ProblemView<'_>),
              (status = 403, body = ProblemView<'_>), (status = 404, body = ProblemView<'_>),
              (status = 409, body = ProblemView<'_>), (status = 429, body = ProblemView<'_>)))]
pub(super) async fn change(
    State(http): State<Http>,
    principal: Principal,
    Path(id): Path<String>,
    parts: Parts,
    Json(wanted): Json<AccountChange>,
) -> Result<axum::Json<AccountView>, Problem> {
    let (by, id) = (
        By::of(&principal)?,
        place::parse_id::<UserId>(&id, "account")?,
    );
    let app = Arc::clone(&http.app);
    let this = SESSION
        .read(&parts.headers)
        .map(|token| TokenHash::of(&token));
    let own = match principal.caller() {
        Caller::User(user) if user.id == id => Some(user.clone()),
        _ => None,
    };
    let is_own = own.is_some();
    if let Some(user) = own {
        let email = wanted.email.as_deref();
        let moves = email.is_some_and(|email| accounts::is_other_address(&user, email));
        if moves || wanted.password.is_some() {
            let own = Own {
                app: http.app,
                attempts: http.attempts,
                address: address_of(&parts),
                user,
            };
            let present = wanted.present_password.unwrap_or_default();
            own.prove_lately(present, this).await?;
        }
    }
    let password_hash = match wanted.password {
        Some(password) => Some(hash_password(password).await?),
        None => None,
    };
    let change = Change {
        name: wanted.name,
        email: wanted.email,
        role: wanted.role.as_deref().map(parse_role).transpose()?,
        suspended: wanted.suspended,
        password_hash,
        keep: this.filter(|_| is_own),
    };
    accounts::change(&app.store, by, id, change).await?;
    if wanted.revoke_keys == Some(true) {
        api_keys::revoke_of(&app.store, &principal, id, None, now_ms()).await?;
    }
    let account = accounts::get(&app.store, by, id, now_ms()).await?;
    Ok(axum::Json(account.into()))
}

/// Erases somebody's account for good, with memberships, sessions, passkeys and open invitations, and revokes the API keys that they
/// made: their programs stop at once. What they wrote to customers stays, as of a former colleague. People erase their own on the
/// page "Your account".
#[utoipa::path(delete, path = "/api/v1/accounts/{id}", tag = "admin", operation_id = "eraseAccount",
    params(("id" = String, Path, description = "Id of the account")),
    responses((status = 204, description = "It is erased"), (status = 403, body = ProblemView<'_>),
              (status = 404, body = ProblemView<'_>), (status = 409, body = ProblemView<'_>)))]
pub(super) async fn erase(
    State(app): State<Arc<App>>,
    principal: Principal,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    By::of(&principal)?;
    principal.unbound()?;
    let id = place::parse_id::<UserId>(&id, "account")?;
    if matches!(principal.caller(), Caller::User(user) if user.id == id) {
        let told = "erase your own account on the page “Your account”, with your password";
        return Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", told));
    }
    erase::erase(&app.store, id, now_ms()).await?;
    Ok(StatusCode::NO_CONTENT)
}
