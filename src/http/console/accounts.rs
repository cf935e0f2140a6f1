//! Your own account; for owners and admins, everybody's.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::Failure;
use super::format::{Moment, moment};
use super::guard::{SignedIn, in_words};
use super::session;
use super::view::{self, Section, Shell, filters};
use crate::app::App;
use crate::app::accounts::{self, Account, AccountError, By, Change};
use crate::app::second_factor::{self, FactorError};
use crate::http::api::accounts::hash_password;
use crate::http::auth::Scope;
use crate::http::hashing::off_thread;
use crate::http::now_ms;
use crate::http::parse_id;
use crate::http::problem::Problem;
use crate::http::second_factor::may_reset;
use crate::app::members::invitations;
use crate::store::invitations::Invitation;
use crate::store::passkeys::{self, Passkey};
use crate::store::sessions::{self, Listed, Via};
use crate::store::users::Role;
use crate::store::{InvitationId, UserId, password};

#[derive(Template)]
#[template(path = "account.html")]
struct OwnPage {
    shell: Shell,
    name: String,
    email: String,
    role: &'static str,
    /// Other browsers that are signed in.
    others: u32,
    /// All of them, this one first.
    sessions: Vec<SessionRow>,
    passkeys: Vec<KeyRow>,
    has_password: bool,
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
    /// Invitations that nobody accepted yet.
    invitations: Vec<InvitedRow>,
    /// The link of a new invitation, and whether it went out by e-mail; shown only once.
    link: Option<(String, bool)>,
    /// Whether they may make and change owners.
    is_owner: bool,
    done: Option<&'static str>,
    error: Option<String>,
}

struct SessionRow {
    id: String,
    is_this: bool,
    /// Such as "Firefox on Linux, by passkey".
    what: String,
    address: String,
    began: Moment,
    seen: Moment,
}

struct KeyRow {
    id: String,
    name: String,
    created: Moment,
    used: Option<Moment>,
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
    /// Whether the person at the page may change their role here.
    may_change: bool,
    /// Whether the person at the page may change the account itself.
    may_change_account: bool,
    /// Whether they own the installation.
    owns: bool,
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
        "ended" => Some("That browser was signed out."),
        "key" => Some("The passkey was removed; it signs nobody in any more."),
        "out" => Some("They were taken out of this workspace and signed out of it."),
        "revoked" => Some("The invitation was taken back; its link no longer works."),
        _ => None,
    }
}

/// `GET /account`
pub(super) async fn own(
    State(app): State<Arc<App>>,
    person: SignedIn,
    headers: HeaderMap,
    Query(shown): Query<Shown>,
) -> Result<Response, Failure> {
    let page = own_page(&app, &person, &headers, describe_done(&shown.done), None).await?;
    Ok(view::page(StatusCode::OK, &page))
}

async fn own_page(
    app: &App,
    person: &SignedIn,
    headers: &HeaderMap,
    done: Option<&'static str>,
    error: Option<String>,
) -> Result<OwnPage, Failure> {
    let (id, now) = (person.user().id, now_ms());
    let account = accounts::get(&app.store, By::Installation, id, now).await?;
    let this = session_id(app, headers).await?;
    let read = app.store.read(move |conn| {
        Ok((
            sessions::list(conn, id, now)?,
            passkeys::list(conn, id)?,
        ))
    });
    let (sessions, passkeys) = read.await?;
    Ok(OwnPage {
        sessions: sessions.into_iter().map(|one| listed(one, this.as_deref())).collect(),
        passkeys: passkeys.into_iter().map(key).collect(),
        has_password: account.user.password_hash.is_some(),
        shell: person.shell(Section::Status, "Your account"),
        name: account.user.name,
        email: account.user.email,
        role: match person.owns() {
            true => "Owner of the installation",
            false => person.role().map(in_words).unwrap_or_default(),
        },
        others: account.sessions.saturating_sub(1),
        second_factor: account.second_factor,
        manages: person.need(Scope::Admin).is_ok(),
        done,
        error,
    })
}

async fn refuse_own(
    app: &App,
    person: &SignedIn,
    headers: &HeaderMap,
    error: String,
) -> Result<Response, Failure> {
    let page = own_page(app, person, headers, None, Some(error)).await?;
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
    headers: HeaderMap,
    Form(form): Form<Called>,
) -> Result<Response, Failure> {
    let change = Change {
        name: Some(form.name),
        email: Some(form.email),
        ..Change::default()
    };
    // Everybody may correct their own name.
    match accounts::change(&app.store, By::Installation, person.user().id, change).await {
        Ok(_) => Ok(Redirect::to("/account?done=saved").into_response()),
        Err(error) => refuse_own(&app, &person, &headers, explain(error)?).await,
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
    parts: Parts,
    Form(form): Form<NewPassword>,
) -> Result<Response, Failure> {
    let headers = parts.headers.clone();
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
        return refuse_own(&app, &person, &headers, wrong.to_owned()).await;
    }
    let change = Change {
        password_hash: Some(hash_password(form.password).await?),
        ..Change::default()
    };
    let id = person.user().id;
    if let Err(error) = accounts::change(&app.store, By::Installation, id, change).await {
        return refuse_own(&app, &person, &headers, explain(error)?).await;
    }
    let begins = session::Begins::of(&parts, Via::Password, Some(person.workspace.id));
    let token = session::fresh(&app.store, id, begins, now_ms()).await?;
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

/// `POST /account/sessions/{id}/end`: signs one browser out.
pub(super) async fn end_session(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let user = person.user().id;
    let ended = app.store.write(move |tx| sessions::end_listed(tx, user, &id));
    match ended.await? {
        true => Ok(Redirect::to("/account?done=ended").into_response()),
        false => Err(Problem::not_found("session").into()),
    }
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
    let here = here(person);
    let all = accounts::list(&app.store, here, now_ms()).await?;
    let invitations = invitations::list(&app.store, person.member()).await?;
    let rows: Vec<Row> = all.into_iter().map(|one| row(one, person)).collect();
    Ok(AllPage {
        shell: person.shell(Section::Status, "People"),
        rows,
        invitations: invitations.into_iter().map(invited).collect(),
        link: None,
        is_owner: person.role() == Some(Role::Owner),
        done,
        error,
    })
}

/// Whoever is at the page, as a manager of the workspace that they are in.
fn here(person: &SignedIn) -> By {
    By::Member {
        workspace: person.workspace.id,
        role: person.role().unwrap_or(Role::Viewer),
    }
}

struct InvitedRow {
    id: String,
    email: String,
    role: &'static str,
    until: Moment,
    /// Whether it is too late to accept it.
    over: bool,
}

fn invited(invitation: Invitation) -> InvitedRow {
    InvitedRow {
        over: !invitation.is_open(now_ms()),
        id: invitation.id.to_string(),
        email: invitation.email,
        role: in_words(invitation.role),
        until: moment(invitation.expires_at),
    }
}

fn listed(one: Listed, this: Option<&str>) -> SessionRow {
    let via = match one.via {
        Via::Password => "by password",
        Via::Code => "by password and code",
        Via::Passkey => "by passkey",
        Via::SignOn => "by single sign-on",
        Via::Link => "by a link",
    };
    let browser = match one.browser.is_empty() {
        true => "A browser",
        false => &one.browser,
    };
    SessionRow {
        is_this: this == Some(one.id.as_str()),
        what: format!("{browser}, {via}"),
        id: one.id,
        address: one.address,
        began: moment(one.created_at),
        seen: moment(one.last_seen_at),
    }
}

fn key(passkey: Passkey) -> KeyRow {
    KeyRow {
        id: passkey.id.to_string(),
        name: passkey.name,
        created: moment(passkey.created_at),
        used: passkey.last_used_at.map(moment),
    }
}

async fn session_id(app: &App, headers: &HeaderMap) -> Result<Option<String>, Failure> {
    let Some(token) = session::token(headers) else {
        return Ok(None);
    };
    Ok(app.store.read(move |conn| sessions::short_id(conn, &token)).await?)
}

fn row(account: Account, person: &SignedIn) -> Row {
    let who = person.user();
    let is_owner = person.role() == Some(Role::Owner);
    let user = account.user;
    let role = account.role.unwrap_or(Role::Viewer);
    Row {
        id: user.id.to_string(),
        is_self: user.id == who.id,
        may_change: !user.owns && (is_owner || role != Role::Owner),
        may_change_account: person.owns() || (!user.owns && (is_owner || role != Role::Owner)),
        owns: user.owns,
        name: user.name,
        email: user.email,
        role: role.as_str(),
        suspended: user.suspended_at.is_some(),
        second_factor: account.second_factor,
        sessions: account.sessions,
        seen: account.last_seen_at.map(moment),
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
            let by = here(&person);
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
        "take-out" => {
            let at = person.workspace.id;
            let done = accounts::take_out(&app.store, here(&person), at, id).await;
            return respond(&app, &person, done, "out").await;
        }
        _ => return Err(Problem::not_found("page").into()),
    };
    // A role is one here; an account is changed by whoever manages all of it.
    let by = match change.role {
        Some(_) => here(&person),
        None => By::of(person.principal())?,
    };
    let changed = accounts::change(&app.store, by, id, change).await;
    respond(&app, &person, changed.map(drop), said).await
}

#[derive(Deserialize)]
pub(super) struct Invited {
    email: String,
    role: String,
}

/// `POST /invitations`: the response is the only page that ever shows the link.
pub(super) async fn invite(
    State(app): State<Arc<App>>,
    person: SignedIn,
    headers: HeaderMap,
    Form(form): Form<Invited>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let role = Role::parse(&form.role).ok_or_else(|| Problem::not_found("role"))?;
    let address = session::address(&app, &headers);
    let by = person.member();
    match invitations::invite(&app.store, by, &form.email, role, &address, now_ms()).await {
        Ok(made) => {
            let mut page = all_page(&app, &person, None, None).await?;
            page.link = Some((made.link, made.mailed));
            Ok(view::page(StatusCode::CREATED, &page))
        }
        Err(error) => respond(&app, &person, Err(error), "").await,
    }
}

/// `POST /invitations/{id}/revoke`
pub(super) async fn revoke_invitation(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id: InvitationId = parse_id(&id, "invitation")?;
    let done = invitations::revoke(&app.store, person.member(), id, now_ms()).await;
    respond(&app, &person, done, "revoked").await
}

async fn reset_second_factor(
    app: &App,
    person: &SignedIn,
    id: UserId,
) -> Result<Response, Failure> {
    let (user, now) = (person.user(), now_ms());
    let outcome = match may_reset(user, id) {
        Ok(()) => second_factor::reset(&app.store, By::of(person.principal())?, id, now).await,
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
        AccountError::Denied(denied) => Err(denied.into()),
        AccountError::Store(crate::store::StoreError::Conflict(why)) => Ok(super::sentence(&why)),
        AccountError::Store(error) => Err(error.into()),
    }
}
