//! Your own account: name, password, passkeys, the browsers that are signed in, and its end.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use serde::Deserialize;

use super::accounts::{Shown, describe_done, explain};
use super::format::{Moment, moment};
use super::guard::{SignedIn, in_words};
use super::view::{self, Section, Shell, filters};
use super::{Failure, sentence, session};
use crate::app::App;
use crate::app::accounts::{self, By, Change};
use crate::app::members::erase;
use crate::http::address::address_of;
use crate::http::api::accounts::hash_password;
use crate::http::attempts::Attempts;
use crate::http::auth::Scope;
use crate::http::now_ms;
use crate::http::problem::Problem;
use crate::http::second_factor::Own;
use crate::store::passkeys::{self, Passkey};
use crate::store::sessions::{self, Listed, Via};

#[derive(Template)]
#[template(path = "account.html")]
struct OwnPage {
    shell: Shell,
    /// As they stand in the form: after a refusal what was typed.
    name: String,
    email: String,
    /// The address that signs in.
    signs_in_with: String,
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
    let read = app
        .store
        .read(move |conn| Ok((sessions::list(conn, id, now)?, passkeys::list(conn, id)?)));
    let (sessions, passkeys) = read.await?;
    Ok(OwnPage {
        sessions: sessions
            .into_iter()
            .map(|one| listed(one, this.as_deref()))
            .collect(),
        passkeys: passkeys.into_iter().map(key).collect(),
        has_password: account.user.password_hash.is_some(),
        shell: person.shell(Section::Status, "Your account"),
        name: account.user.name,
        signs_in_with: account.user.email.clone(),
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
    refuse_with(
        app,
        person,
        headers,
        StatusCode::UNPROCESSABLE_ENTITY,
        error,
    )
    .await
}

async fn refuse_with(
    app: &App,
    person: &SignedIn,
    headers: &HeaderMap,
    status: StatusCode,
    error: String,
) -> Result<Response, Failure> {
    let page = own_page(app, person, headers, None, Some(error)).await?;
    Ok(view::page(status, &page))
}

#[derive(Deserialize)]
pub(super) struct Called {
    name: String,
    email: String,
    /// The present password; only another address asks for it.
    #[serde(default)]
    present: String,
}

/// `POST /account`: name and address. Another address takes the password, as whoever has it can have the account.
pub(super) async fn rename(
    State(app): State<Arc<App>>,
    Extension(attempts): Extension<Attempts>,
    person: SignedIn,
    parts: Parts,
    Form(form): Form<Called>,
) -> Result<Response, Failure> {
    let headers = &parts.headers;
    let this = session::token(headers);
    let moves = accounts::is_other_address(person.user(), &form.email);
    let refused = match moves {
        true => {
            let own = own_of(&app, attempts, &person, &parts);
            match own.prove_lately(form.present, this).await {
                Ok(()) => None,
                Err(problem) if problem.status.is_client_error() => {
                    Some((form_status(&problem), sentence(problem.detail())))
                }
                Err(problem) => return Err(problem.into()),
            }
        }
        false => None,
    };
    let change = Change {
        name: Some(form.name.clone()),
        email: Some(form.email.clone()),
        keep: this,
        ..Change::default()
    };
    let refused = match refused {
        Some(refused) => Some(refused),
        // Everybody may correct their own name.
        None => {
            match accounts::change(&app.store, By::Installation, person.user().id, change).await {
                Ok(_) => None,
                Err(error) => Some((StatusCode::UNPROCESSABLE_ENTITY, explain(error)?)),
            }
        }
    };
    let Some((status, why)) = refused else {
        let done = if moves { "address" } else { "saved" };
        return Ok(Redirect::to(&format!("/account?done={done}")).into_response());
    };
    let mut page = own_page(&app, &person, headers, None, Some(why)).await?;
    (page.name, page.email) = (form.name, form.email);
    Ok(view::page(status, &page))
}

/// A form that was refused: too many attempts stay what they are.
fn form_status(problem: &Problem) -> StatusCode {
    match problem.status {
        StatusCode::TOO_MANY_REQUESTS => problem.status,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// Whoever is at the page, to prove again who they are.
pub(super) fn own_of(app: &Arc<App>, attempts: Attempts, person: &SignedIn, parts: &Parts) -> Own {
    Own {
        app: Arc::clone(app),
        attempts,
        address: address_of(parts),
        user: person.user().clone(),
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
    Extension(attempts): Extension<Attempts>,
    person: SignedIn,
    parts: Parts,
    Form(form): Form<NewPassword>,
) -> Result<Response, Failure> {
    let headers = parts.headers.clone();
    let own = own_of(&app, attempts, &person, &parts);
    let proven = match own.prove(form.present).await {
        Err(problem) if problem.status == StatusCode::TOO_MANY_REQUESTS => {
            let why = sentence(problem.detail());
            return refuse_with(&app, &person, &headers, problem.status, why).await;
        }
        Err(problem) if !problem.status.is_client_error() => return Err(problem.into()),
        proven => proven.is_ok(),
    };
    let wrong = if !proven {
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

#[derive(Deserialize)]
pub(super) struct Erased {
    /// Their e-mail address, typed.
    confirm: String,
    #[serde(default)]
    present: String,
}

/// `POST /account/erase`: the own account, for good.
pub(super) async fn erase(
    State(app): State<Arc<App>>,
    Extension(attempts): Extension<Attempts>,
    person: SignedIn,
    parts: Parts,
    Form(form): Form<Erased>,
) -> Result<Response, Failure> {
    let headers = &parts.headers;
    if accounts::is_other_address(person.user(), &form.confirm) {
        let why = "Nothing was erased: type your e-mail address to confirm.".to_owned();
        return refuse_own(&app, &person, headers, why).await;
    }
    let own = own_of(&app, attempts, &person, &parts);
    match own
        .prove_lately(form.present, session::token(headers))
        .await
    {
        Ok(()) => {}
        Err(problem) if problem.status.is_client_error() => {
            let (status, why) = (form_status(&problem), sentence(problem.detail()));
            return refuse_with(&app, &person, headers, status, why).await;
        }
        Err(problem) => return Err(problem.into()),
    }
    match erase::erase(&app.store, person.user().id, now_ms()).await {
        Ok(()) => Ok(session::signed_out(headers, "/login")),
        Err(error) => refuse_own(&app, &person, headers, explain(error)?).await,
    }
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
    let ended = app
        .store
        .write(move |tx| sessions::end_listed(tx, user, &id));
    match ended.await? {
        true => Ok(Redirect::to("/account?done=ended").into_response()),
        false => Err(Problem::not_found("session").into()),
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
    Ok(app
        .store
        .read(move |conn| sessions::short_id(conn, &token))
        .await?)
}
