//! Accounts of people, for the owner and admins, and for keys that reach the whole installation.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::place;
use crate::app::App;
use crate::app::accounts::{self, Account, AccountError, Change};
use crate::http::auth::{OfPrincipal, Principal};
use crate::http::body::Json;
use crate::http::hashing::off_thread;
use crate::http::now_ms;
use crate::http::problem::{Problem, ProblemView};
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
    /// `owner`, `admin` or `agent`.
    role: &'static str,
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
}

/// An account to make.
#[derive(Deserialize, ToSchema)]
pub struct NewAccount {
    /// The person's name.
    name: String,
    /// The e-mail address to sign in with.
    email: String,
    /// `owner`, `admin` or `agent`.
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
    /// `owner`, `admin` or `agent`.
    role: Option<String>,
    /// Keeps them from signing in and ends their sessions and their second factor, or lets them in again.
    suspended: Option<bool>,
    /// A new password; all sessions end.
    password: Option<String>,
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
            role: user.role.as_str(),
            suspended_at: user.suspended_at,
            created_at: user.created_at,
            sessions: account.sessions,
            last_seen_at: account.last_seen_at,
            second_factor: account.second_factor,
        }
    }
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Wrong(wrong) => Self::invalid("account", wrong),
            AccountError::Forbidden(why) => Self::new(StatusCode::FORBIDDEN, "forbidden", why),
            AccountError::Store(error) => error.into(),
        }
    }
}

/// The role of the caller; `None` for a key or a command that reaches the whole installation.
///
/// # Errors
/// 403 for a caller that is bound to one workspace.
pub(super) fn find_caller_role(principal: &Principal) -> Result<Option<Role>, Problem> {
    principal.unbound()?;
    Ok(principal.role())
}

fn parse_role(name: &str) -> Result<Role, Problem> {
    Role::parse(name).ok_or_else(|| Problem::invalid("role", "role is owner, admin or agent"))
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
    find_caller_role(&principal)?;
    let accounts = accounts::list(&app.store, now_ms()).await?;
    let accounts = accounts.into_iter().map(AccountView::from).collect();
    Ok(axum::Json(AccountList { accounts }))
}

/// Makes an account.
#[utoipa::path(post, path = "/api/v1/accounts", tag = "admin", operation_id = "createAccount",
    request_body = NewAccount,
    responses((status = 201, body = MadeAccount), (status = 400, body = ProblemView<'_>),
              (status = 403, body = ProblemView<'_>), (status = 409, body = ProblemView<'_>)))]
pub(super) async fn create(
    State(app): State<Arc<App>>,
    principal: Principal,
    Json(new): Json<NewAccount>,
) -> Result<(StatusCode, axum::Json<MadeAccount>), Problem> {
    let (by, role) = (find_caller_role(&principal)?, parse_role(&new.role)?);
    let hash = hash_password(new.password).await?;
    let id = accounts::create(&app.store, by, new.name, new.email, role, hash).await?;
    let made = MadeAccount { id: id.to_string() };
    Ok((StatusCode::CREATED, axum::Json(made)))
}

/// Changes an account: name, address, role, password; suspends it or lets it in again.
#[utoipa::path(patch, path = "/api/v1/accounts/{id}", tag = "admin", operation_id = "changeAccount",
    request_body = AccountChange, params(("id" = String, Path, description = "Id of the account")),
    responses((status = 200, body = AccountView), (status = 400, body = ProblemView<'_>),
              (status = 403, body = ProblemView<'_>), (status = 404, body = ProblemView<'_>),
              (status = 409, body = ProblemView<'_>)))]
pub(super) async fn change(
    State(app): State<Arc<App>>,
    principal: Principal,
    Path(id): Path<String>,
    Json(wanted): Json<AccountChange>,
) -> Result<axum::Json<AccountView>, Problem> {
    let (by, id) = (
        find_caller_role(&principal)?,
        place::parse_id::<UserId>(&id, "account")?,
    );
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
    };
    accounts::change(&app.store, by, id, change).await?;
    let account = accounts::get(&app.store, id, now_ms()).await?;
    Ok(axum::Json(account.into()))
}
