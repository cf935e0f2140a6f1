//! Your own account; for owners and admins, everybody's.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::Failure;
use super::format::{Moment, moment};
use super::guard::SignedIn;
use super::session;
use super::view::{self, Section, Shell, filters};
use crate::app::App;
use crate::app::accounts::{self, Account, AccountError, Change};
use crate::app::second_factor::{self, FactorError};
use crate::http::api::accounts::hash_password;
use crate::http::auth::Scope;
use crate::http::hashing::off_thread;
use crate::http::now_ms;
use crate::http::parse_id;
use crate::http::problem::Problem;
use crate::http::second_factor::may_reset;
use crate::store::users::{Role, User};
use crate::store::{UserId, password, sessions};

#[derive(Template)]
#[template(path = "account.html")]
struct OwnPage {
    shell: Shell,
    name: String,
    email: String,
    role: &'static str,
    /// Other browsers that are signed in.
    others: u32,
    /// Whether they may see everybody's accounts.
    manages: bool,
    second_factor: bool,
    done: Option<&'static str>,
    error: Option<String>,
}

#[derive(Template)]
#[template(path = "accounts.html")]
struct AllPage {
    shell: Shell,
    rows: Vec<Row>,
    /// Whether they may make and change owners.
    is_owner: bool,
    done: Option<&'static str>,
    error: Option<String>,
}

struct Row {
    id: String,
    name: String,
    email: String,
    role: &'static str,
    suspended: bool,
    second_factor: bool,
    sessions: u32,
    seen: Option<Moment>,
    is_self: bool,
    /// Whether the person at the page may change it.
    may_change: bool,
}

#[derive(Default, Deserialize)]
pub(super) struct Shown {
    #[serde(default)]
    done: String,
}

fn describe_done(done: &str) -> Option<&'static str> {
    match done {
        "saved" => Some("Saved."),
        "password" => Some(
            "The password was changed. All browsers that were signed in with the old one are signed out.",
        ),
        "others" => Some("All other browsers were signed out."),
        "made" => Some(
            "The account was created. Tell them their password, and that they can change it under “Your account”.",
        ),
        "suspended" => Some("The account was suspended and signed out everywhere."),
        "reset" => Some(
            "The second factor was reset and the account signed out everywhere. They sign in with their password alone.",
        ),
        "reinstated" => Some("The account can sign in again."),
        _ => None,
    }
}

/// `GET /account`
pub(super) async fn own(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Query(shown): Query<Shown>,
) -> Result<Response, Failure> {
    let page = own_page(&app, &person, describe_done(&shown.done), None).await?;
    Ok(view::page(StatusCode::OK, &page))
}

async fn own_page(
    app: &App,
    person: &SignedIn,
    done: Option<&'static str>,
    error: Option<String>,
) -> Result<OwnPage, Failure> {
    let account = accounts::get(&app.store, person.user().id, now_ms()).await?;
    Ok(OwnPage {
        shell: person.shell(Section::Status, "Your account"),
        name: account.user.name,
        email: account.user.email,
        role: in_words(account.user.role),
        others: account.sessions.saturating_sub(1),
        second_factor: account.second_factor,
        manages: person.need(Scope::Admin).is_ok(),
        done,
        error,
    })
}

async fn refuse_own(app: &App, person: &SignedIn, error: String) -> Result<Response, Failure> {
    let page = own_page(app, person, None, Some(error)).await?;
    Ok(view::page(StatusCode::UNPROCESSABLE_ENTITY, &page))
}

#[derive(Deserialize)]
pub(super) struct Called {
    name: String,
    email: String,
}

/// `POST /account`: name and address.
pub(super) async fn rename(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<Called>,
) -> Result<Response, Failure> {
    let change = Change {
        name: Some(form.name),
        email: Some(form.email),
        ..Change::default()
    };
    // Everybody may correct their own name.
    match accounts::change(&app.store, None, person.user().id, change).await {
        Ok(_) => Ok(Redirect::to("/account?done=saved").into_response()),
        Err(error) => refuse_own(&app, &person, explain(error)?).await,
    }
}

#[derive(Deserialize)]
pub(super) struct NewPassword {
    present: String,
    password: String,
    again: String,
}

/// `POST /account/password`: this browser stays signed in, all others are signed out.
pub(super) async fn set_password(
    State(app): State<Arc<App>>,
    person: SignedIn,
    headers: HeaderMap,
    Form(form): Form<NewPassword>,
) -> Result<Response, Failure> {
    let stored = person.user().password_hash.clone();
    let present = form.present;
    let right = off_thread(move || Ok(password::verify(&present, stored.as_deref()))).await?;
    let wrong = if !right {
        Some("The current password is not right.")
    } else if form.password != form.again {
        Some("The two new passwords are not the same; type them again.")
    } else {
        accounts::wrong_password(&form.password)
    };
    if let Some(wrong) = wrong {
        return refuse_own(&app, &person, wrong.to_owned()).await;
    }
    let change = Change {
        password_hash: Some(hash_password(form.password).await?),
        ..Change::default()
    };
    let id = person.user().id;
    if let Err(error) = accounts::change(&app.store, None, id, change).await {
        return refuse_own(&app, &person, explain(error)?).await;
    }
    let token = session::fresh(&app.store, id, now_ms()).await?;
    Ok(session::signed_in(
        &headers,
        &token,
        "/account?done=password",
    ))
}

/// `POST /account/sign-out-others`
pub(super) async fn sign_out_others(
    State(app): State<Arc<App>>,
    person: SignedIn,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let id = person.user().id;
    if let Some(this) = session::token(&headers) {
        app.store
            .write(move |tx| sessions::revoke_others(tx, id, &this))
            .await?;
    }
    Ok(Redirect::to("/account?done=others").into_response())
}

/// `GET /accounts`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Query(shown): Query<Shown>,
) -> Result<Response, Failure> {
    let page = all_page(&app, &person, describe_done(&shown.done), None).await?;
    Ok(view::page(StatusCode::OK, &page))
}

async fn all_page(
    app: &App,
    person: &SignedIn,
    done: Option<&'static str>,
    error: Option<String>,
) -> Result<AllPage, Failure> {
    person.need(Scope::Admin)?;
    let all = accounts::list(&app.store, now_ms()).await?;
    Ok(AllPage {
        shell: person.shell(Section::Status, "People"),
        rows: all.into_iter().map(|one| row(one, person.user())).collect(),
        is_owner: person.user().role == Role::Owner,
        done,
        error,
    })
}

fn row(account: Account, who: &User) -> Row {
    let user = account.user;
    Row {
        id: user.id.to_string(),
        is_self: user.id == who.id,
        may_change: who.role == Role::Owner || user.role != Role::Owner,
        name: user.name,
        email: user.email,
        role: user.role.as_str(),
        suspended: user.suspended_at.is_some(),
        second_factor: account.second_factor,
        sessions: account.sessions,
        seen: account.last_seen_at.map(moment),
    }
}

fn in_words(role: Role) -> &'static str {
    match role {
        Role::Owner => "Owner",
        Role::Admin => "Admin",
        Role::Agent => "Agent",
    }
}

#[derive(Deserialize)]
pub(super) struct NewAccount {
    name: String,
    email: String,
    role: String,
    password: String,
}

/// `POST /accounts`
pub(super) async fn create(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<NewAccount>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let role = Role::parse(&form.role).ok_or_else(|| Problem::not_found("role"))?;
    let made = match accounts::wrong_password(&form.password) {
        Some(wrong) => Err(AccountError::Wrong(wrong)),
        None => {
            let hash = hash_password(form.password).await?;
            let by = Some(person.user().role);
            accounts::create(&app.store, by, form.name, form.email, role, hash).await
        }
    };
    respond(&app, &person, made.map(drop), "made").await
}

/// `POST /accounts/{id}/{verb}`: `role`, `password`, `suspend`, `reinstate`, `second-factor`, which resets it.
pub(super) async fn change(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path((id, verb)): Path<(String, String)>,
    Form(form): Form<Changed>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let id: UserId = parse_id(&id, "account")?;
    if verb == "second-factor" {
        return reset_second_factor(&app, &person, id).await;
    }
    let mut change = Change::default();
    let said = match verb.as_str() {
        "role" => {
            let role = Role::parse(&form.role).ok_or_else(|| Problem::not_found("role"))?;
            change.role = Some(role);
            "saved"
        }
        "password" => {
            if let Some(wrong) = accounts::wrong_password(&form.password) {
                return respond(&app, &person, Err(AccountError::Wrong(wrong)), "").await;
            }
            change.password_hash = Some(hash_password(form.password).await?);
            "password"
        }
        "suspend" => {
            change.suspended = Some(true);
            "suspended"
        }
        "reinstate" => {
            change.suspended = Some(false);
            "reinstated"
        }
        _ => return Err(Problem::not_found("page").into()),
    };
    let by = Some(person.user().role);
    let changed = accounts::change(&app.store, by, id, change).await;
    respond(&app, &person, changed.map(drop), said).await
}

async fn reset_second_factor(
    app: &App,
    person: &SignedIn,
    id: UserId,
) -> Result<Response, Failure> {
    let (user, now) = (person.user(), now_ms());
    let outcome = match may_reset(user, id) {
        Ok(()) => second_factor::reset(&app.store, Some(user.role), id, now).await,
        Err(refused) => Err(refused),
    };
    let outcome = match outcome {
        Err(FactorError::Forbidden(why)) => Err(AccountError::Forbidden(why)),
        Err(FactorError::Store(error)) => Err(error.into()),
        // There is no second factor left to reset.
        Ok(()) | Err(FactorError::Off) => Ok(()),
        Err(other) => return Err(other.into()),
    };
    respond(app, person, outcome, "reset").await
}

#[derive(Deserialize)]
pub(super) struct Changed {
    #[serde(default)]
    role: String,
    #[serde(default)]
    password: String,
}

async fn respond(
    app: &App,
    person: &SignedIn,
    outcome: Result<(), AccountError>,
    said: &str,
) -> Result<Response, Failure> {
    match outcome {
        Ok(()) => Ok(Redirect::to(&format!("/accounts?done={said}")).into_response()),
        Err(error) => {
            let page = all_page(app, person, None, Some(explain(error)?)).await?;
            Ok(view::page(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
    }
}

/// The reason to show on the page; failures of the store become an error page.
fn explain(error: AccountError) -> Result<String, Failure> {
    match error {
        AccountError::Wrong(why) | AccountError::Forbidden(why) => Ok(why.to_owned()),
        AccountError::Store(crate::store::StoreError::Conflict(why)) => Ok(super::sentence(&why)),
        AccountError::Store(error) => Err(error.into()),
    }
}
