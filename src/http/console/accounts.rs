//! The people of a workspace, for its owners and admins.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::format::{Moment, moment};
use super::guard::{SignedIn, in_words};
use super::keys::row as key_row;
use super::pages::KeyRow;
use super::view::{self, Section, Shell, filters};
use super::{Failure, session};
use crate::app::accounts::{self, Account, AccountError, By, Change};
use crate::app::members::{erase, invitations};
use crate::app::second_factor::{self, FactorError};
use crate::app::{App, api_keys};
use crate::http::api::accounts::hash_password;
use crate::http::auth::Scope;
use crate::http::now_ms;
use crate::http::parse_id;
use crate::http::problem::Problem;
use crate::http::second_factor::may_reset;
use crate::store::invitations::Invitation;
use crate::store::users::Role;
use crate::store::{InvitationId, UserId};

#[derive(Template)]
#[template(path = "accounts.html")]
struct AllPage {
    shell: Shell,
    rows: Vec<Row>,
    /// Keys that still work although their makers could no longer make them.
    left_behind: Vec<KeyRow>,
    /// Invitations that nobody accepted yet.
    invitations: Vec<InvitedRow>,
    /// The link of a new invitation, and whether it went out by e-mail; shown only once.
    link: Option<(String, bool)>,
    /// Whether they may make and change owners.
    is_owner: bool,
    /// Whether they may erase accounts.
    may_erase: bool,
    /// Whether they may make accounts with a password.
    may_add: bool,
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
    pub(super) done: String,
}

pub(super) fn describe_done(done: &str) -> Option<&'static str> {
    match done {
        "saved" => Some("Saved."),
        "address" => Some(
            "Saved. You sign in with the new address from now on, and are signed out everywhere else.",
        ),
        "password" => Some(
            "The password was changed. All browsers that were signed in with the old one are signed out.",
        ),
        "others" => Some("All other browsers were signed out."),
        "made" => Some(
            "The account was created. Tell them their password, and that they can change it under “Your account”.",
        ),
        "erased" => Some(
            "The account was erased, and API keys that they made were revoked. What they wrote to visitors stays, as of a former colleague.",
        ),
        "suspended" => Some("The account was suspended and signed out everywhere."),
        "reset" => Some(
            "The second factor was reset and the account signed out everywhere. They sign in with their password alone.",
        ),
        "reinstated" => Some("The account can sign in again."),
        "ended" => Some("That browser was signed out."),
        "key" => Some("The passkey was removed; it signs nobody in any more."),
        "out" => Some(
            "They were taken out of this workspace and signed out of it. API keys that they made go on working.",
        ),
        "revoked" => Some("The invitation was taken back; its link no longer works."),
        _ => None,
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
    let workspace = person.workspace.id;
    let keys = api_keys::list(&app.store, person.principal()).await?;
    // A page shows nothing of other workspaces.
    let keys = keys
        .into_iter()
        .filter(|key| key.left_behind && key.workspace.is_none_or(|of| of == workspace));
    let rows: Vec<Row> = all.into_iter().map(|one| row(one, person)).collect();
    Ok(AllPage {
        shell: person.shell(Section::Status, "People"),
        rows,
        left_behind: keys.map(key_row).collect(),
        invitations: invitations.into_iter().map(invited).collect(),
        link: None,
        is_owner: person.role() == Some(Role::Owner),
        may_erase: person.owns(),
        may_add: accounts::may_add(&app.store, person.principal())
            .await
            .is_ok(),
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
    let allowed = accounts::may_add(&app.store, person.principal()).await;
    let made = match (allowed, accounts::wrong_password(&form.password)) {
        (Err(refused), _) => Err(refused),
        (Ok(()), Some(wrong)) => Err(AccountError::Wrong(wrong)),
        (Ok(()), None) => {
            let hash = hash_password(form.password).await?;
            let by = here(&person);
            accounts::create(&app.store, by, form.name, form.email, role, hash).await
        }
    };
    respond(&app, &person, made.map(drop), "made").await
}

/// `POST /accounts/{id}/{verb}`: `role`, `password`, `suspend`, `reinstate`, `take-out`, `erase`, `second-factor`, which resets it.
pub(super) async fn change(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path((id, verb)): Path<(String, String)>,
    Form(form): Form<Changed>,
) -> Result<Response, Failure> {
    person.need(Scope::Admin)?;
    let id: UserId = parse_id(&id, "account")?;
    if verb == "password" && id == person.user().id {
        let why = "Change your own password under “Your account”, with the present one.";
        return respond(&app, &person, Err(AccountError::Forbidden(why)), "").await;
    }
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
        "erase" => return erase_other(&app, &person, id).await,
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

async fn erase_other(app: &App, person: &SignedIn, id: UserId) -> Result<Response, Failure> {
    let refused = match person.owns() {
        false => Some("Only an owner of the installation may erase an account."),
        true if id == person.user().id => Some("Erase your own account under “Your account”."),
        true => None,
    };
    let outcome = match refused {
        Some(why) => Err(AccountError::Forbidden(why)),
        None => erase::erase(&app.store, id, now_ms()).await,
    };
    respond(app, person, outcome, "erased").await
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
pub(super) fn explain(error: AccountError) -> Result<String, Failure> {
    match error {
        AccountError::Wrong(why) | AccountError::Forbidden(why) => Ok(why.to_owned()),
        AccountError::Denied(denied) => Err(denied.into()),
        AccountError::Store(crate::store::StoreError::Conflict(why)) => Ok(super::sentence(&why)),
        AccountError::Store(error) => Err(error.into()),
    }
}
