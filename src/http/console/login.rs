//! Signing in and out.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use serde::Deserialize;

use super::guard::{Visitor, local_path, next_query};
use super::view::{self, filters};
use super::{Failure, pages, session};
use crate::app::App;
use crate::app::members::audit;
use crate::app::second_factor::{self, FactorError, Proof, SIGN_IN_MS};
use crate::http::address::address_of;
use crate::http::attempts::{Attempts, Of};
use crate::http::hashing::off_thread;
use crate::http::now_ms;
use crate::http::second_factor::WAIT;
use crate::store::sessions::Via;
use crate::store::token::{Token, TokenHash, TokenKind};
use crate::store::users::{self, User};
use crate::store::{members, password, second_factors, sessions, sign_ins, sign_on, workspaces};

/// The second step of sign-in, after the password.
#[derive(Template)]
#[template(path = "login_code.html")]
struct LoginCode {
    business: Option<String>,
    next: String,
    error: Option<String>,
}

/// One message for every mistake, so that it does not reveal which accounts exist.
const WRONG: &str = "The e-mail address or the password is not right.";
/// Told after the right password only.
const STRAY: &str = "Your account belongs to no workspace any more. Ask whoever invited you.";

#[derive(Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
pub(super) struct LoginForm {
    email: String,
    password: String,
    #[serde(default)]
    next: String,
}

/// `GET /login`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Query(Next { next }): Query<Next>,
    visitor: Visitor,
) -> Result<Response, Failure> {
    Ok(match visitor {
        Visitor::SignedIn(_) => Redirect::to(local_path(&next)).into_response(),
        Visitor::NotSetUp => Redirect::to("/setup").into_response(),
        Visitor::Unknown => {
            let page = pages::Login {
                business: business(&app).await?,
                email: String::new(),
                next,
                ways: ways(&app).await?,
                error: None,
            };
            view::page(StatusCode::OK, &page)
        }
    })
}

/// `POST /login`
pub(super) async fn submit(
    State(app): State<Arc<App>>,
    Extension(attempts): Extension<Attempts>,
    parts: Parts,
    Form(form): Form<LoginForm>,
) -> Result<Response, Failure> {
    let now = now_ms();
    let network = Of::network(address_of(&parts));
    let headers = &parts.headers;
    let typed = Of::email(&form.email);
    // Count both, even if the first already refuses. Attempts for one address from many networks wait too, but not from where
    // its person was signed in before: else strangers could lock them out.
    let (of_network, of_typed) = (attempts.begin(network, now), attempts.begin(typed, now));
    let may = of_network && (of_typed || knows(&app, &parts, &form.email).await?);
    let (status, error) = if may {
        match open(&app, &parts, &form, now).await? {
            Opened::Session(token) => {
                // Only this attempt: else whoever has one account could guess at all others for ever.
                attempts.forgive(network);
                attempts.forget(typed);
                note(&app, &parts, &form.email, "signed in", StatusCode::OK).await;
                let next = local_path(&form.next);
                return Ok(session::signed_in(headers, &token, next));
            }
            // A right password alone does not reset the counter of attempts: the code must be right too.
            Opened::Waiting(token) => {
                let query = next_query(local_path(&form.next)).unwrap_or_default();
                let to = format!("/login/code?{query}");
                return Ok(session::asked_for_code(headers, &token, &to));
            }
            Opened::Stray => (StatusCode::FORBIDDEN, STRAY),
            Opened::Refused => (StatusCode::UNAUTHORIZED, WRONG),
        }
    } else {
        (StatusCode::TOO_MANY_REQUESTS, WAIT)
    };
    // What waits is not noted: else strangers could fill the disk.
    if may {
        note(&app, &parts, &form.email, "failed to sign in", status).await;
    }
    password_page(&app, status, form.email, form.next, error).await
}

/// `GET /login/code`
pub(super) async fn show_code(
    State(app): State<Arc<App>>,
    Query(Next { next }): Query<Next>,
    headers: HeaderMap,
    visitor: Visitor,
) -> Result<Response, Failure> {
    if matches!(visitor, Visitor::SignedIn(_)) {
        return Ok(Redirect::to(local_path(&next)).into_response());
    }
    if who_waits(&app, &headers, now_ms()).await?.is_none() {
        return Ok(Redirect::to("/login").into_response());
    }
    code_page(&app, StatusCode::OK, next, None).await
}

#[derive(Deserialize)]
pub(super) struct CodeForm {
    code: String,
    #[serde(default)]
    next: String,
}

/// `POST /login/code`
pub(super) async fn submit_code(
    State(app): State<Arc<App>>,
    Extension(attempts): Extension<Attempts>,
    parts: Parts,
    Form(form): Form<CodeForm>,
) -> Result<Response, Failure> {
    let now = now_ms();
    let Some((waits, user)) = who_waits(&app, &parts.headers, now).await? else {
        return over(&app, form.next).await;
    };
    let (network, account) = (Of::network(address_of(&parts)), Of::Account(user.id));
    // Count both, even if the first already refuses.
    if [network, account].map(|of| attempts.begin(of, now)) != [true, true] {
        return code_page(&app, StatusCode::TOO_MANY_REQUESTS, form.next, Some(WAIT)).await;
    }
    let token = Token::generate(TokenKind::Session)?;
    let (ends, place) = (now + session::LONGEST_MS, session::place_of(&parts));
    let hash = token.hash();
    let done = second_factor::sign_in(&app.store, waits, form.code, hash, place, now, ends).await;
    let (what, status) = match &done {
        Ok(_) => ("signed in with a code", StatusCode::OK),
        Err(_) => ("failed to sign in with a code", StatusCode::UNAUTHORIZED),
    };
    note(&app, &parts, &user.email, what, status).await;
    match done {
        Ok(proof) => {
            if let Some(former) = session::token(&parts.headers) {
                let end = app.store.write(move |tx| sessions::revoke(tx, &former));
                end.await?;
            }
            // This attempt, and that of the password before it.
            attempts.forgive(network);
            attempts.forgive(network);
            attempts.forget(Of::email(&user.email));
            attempts.forget(account);
            let to = match proof {
                Proof::App => local_path(&form.next),
                Proof::Recovery => "/account/second-factor?done=recovery",
            };
            Ok(session::signed_in_with_code(&parts.headers, &token, to))
        }
        Err(error @ (FactorError::Wrong | FactorError::Used)) => {
            let said = error.to_string();
            code_page(&app, StatusCode::UNAUTHORIZED, form.next, Some(&said)).await
        }
        Err(FactorError::SignInOver) => over(&app, form.next).await,
        Err(error) => Err(error.into()),
    }
}

/// The pending sign-in of this browser and its user.
async fn who_waits(
    app: &App,
    headers: &HeaderMap,
    now: i64,
) -> Result<Option<(TokenHash, User)>, Failure> {
    let Some(token) = session::waiting(headers) else {
        return Ok(None);
    };
    let found = app
        .store
        .read(move |conn| sign_ins::find_valid(conn, &token, now));
    Ok(found.await?.map(|user| (token, user)))
}

async fn over(app: &App, next: String) -> Result<Response, Failure> {
    let error = FactorError::SignInOver.to_string();
    password_page(app, StatusCode::UNAUTHORIZED, String::new(), next, &error).await
}

/// The sign-in page with why another way in did not work.
pub(super) async fn refuse(
    app: &App,
    status: StatusCode,
    error: &str,
) -> Result<Response, Failure> {
    password_page(app, status, String::new(), String::new(), error).await
}

/// The sign-in servers that are on, for their buttons.
async fn ways(app: &App) -> Result<Vec<(String, String)>, Failure> {
    let all = app.store.read(sign_on::list).await?.into_iter();
    let active = all.filter(|one| one.active);
    Ok(active.map(|one| (one.id.to_string(), one.name)).collect())
}

async fn password_page(
    app: &App,
    status: StatusCode,
    email: String,
    next: String,
    error: &str,
) -> Result<Response, Failure> {
    let page = pages::Login {
        business: business(app).await?,
        email,
        next,
        ways: ways(app).await?,
        error: Some(error.to_owned()),
    };
    Ok(view::page(status, &page))
}

async fn code_page(
    app: &App,
    status: StatusCode,
    next: String,
    error: Option<&str>,
) -> Result<Response, Failure> {
    let page = LoginCode {
        business: business(app).await?,
        next,
        error: error.map(str::to_owned),
    };
    Ok(view::page(status, &page))
}

/// `POST /logout`
pub(super) async fn leave(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    if let Some(token) = session::token(&headers) {
        app.store
            .write(move |tx| sessions::revoke(tx, &token))
            .await?;
    }
    Ok(session::signed_out(&headers, "/login"))
}

/// Whether the person with this address was signed in from here before.
async fn knows(app: &App, parts: &Parts, email: &str) -> Result<bool, Failure> {
    let (email, address) = (email.trim().to_owned(), address_of(parts).to_string());
    let read = app.store.read(move |conn| {
        let Some(user) = users::find_by_email(conn, &email)? else {
            return Ok(false);
        };
        sessions::is_known_address(conn, user.id, &address)
    });
    Ok(read.await?)
}

/// Notes an attempt to sign in in the audit log. Whoever typed an address that has no account stays unnamed.
async fn note(app: &App, parts: &Parts, email: &str, what: &'static str, outcome: StatusCode) {
    let address = address_of(parts).to_string();
    audit::note_sign_in(&app.store, email, what, address, outcome.as_u16()).await;
}

/// Outcome of address and password.
enum Opened {
    /// One of them is wrong.
    Refused,
    Session(Token),
    /// They are right, but the code is still missing.
    Waiting(Token),
    /// They are right, but there is no workspace to enter.
    Stray,
}

/// Checks address and password, in the same time whether they are right or wrong.
async fn open(app: &App, parts: &Parts, form: &LoginForm, now: i64) -> Result<Opened, Failure> {
    let begins = session::Begins::of(parts, Via::Password, None);
    let email = form.email.trim().to_owned();
    let typed = form.password.clone();
    let user = app
        .store
        .read(move |conn| users::find_by_email(conn, &email))
        .await?;
    let (user, right) = off_thread(move || {
        let stored = user.as_ref().and_then(|user| user.password_hash.as_deref());
        let right = password::verify(&typed, stored);
        Ok((user, right))
    })
    .await?;
    let allowed = |user: &User| right && user.suspended_at.is_none();
    let Some(user) = user.filter(allowed) else {
        return Ok(Opened::Refused);
    };
    let tokens = (
        Token::generate(TokenKind::Session)?,
        Token::generate(TokenKind::SignIn)?,
    );
    let (session, waits) = (tokens.0.hash(), tokens.1.hash());
    let opened = app.store.write(move |tx| {
        // Checked in the transaction that begins the session, so that a second factor turned on meanwhile counts.
        if members::place(tx, &user, None, None)?.is_none() {
            return Ok(None);
        }
        let asked = second_factors::is_on(tx, user.id)?;
        if asked {
            sign_ins::create(tx, user.id, &waits, now, now + SIGN_IN_MS)?;
        } else {
            session::begin(tx, user.id, &session, &begins, now)?;
        }
        Ok(Some(asked))
    });
    Ok(match opened.await? {
        None => Opened::Stray,
        Some(true) => Opened::Waiting(tokens.1),
        Some(false) => Opened::Session(tokens.0),
    })
}

/// The business of an installation that has one; of several, a stranger learns none, and none counts more than the others.
async fn business(app: &App) -> Result<Option<String>, Failure> {
    let found = app.store.read(workspaces::only).await?;
    Ok(found.map(|workspace| workspace.title))
}
