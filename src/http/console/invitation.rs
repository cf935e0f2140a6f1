//! Accepting an invitation: somebody new names themselves and chooses a password; somebody who has an account signs in.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Form};
use serde::Deserialize;

use super::guard::{Visitor, in_words};
use super::view::{self, filters};
use super::{Failure, session};
use crate::app::App;
use crate::app::accounts;
use crate::app::members::audit;
use crate::app::members::invitations::{self, Asked};
use crate::http::address::address_of;
use crate::http::attempts::{Attempts, Of};
use crate::http::hashing::off_thread;
use crate::http::now_ms;
use crate::http::second_factor::WAIT;
use crate::store::password;
use crate::store::sessions::{self, Via};
use crate::store::token::{Token, TokenHash, TokenKind};

#[derive(Template)]
#[template(path = "invitation.html")]
struct InvitationPage {
    /// `None` if the link no longer works.
    asked: Option<Invited>,
    token: String,
    name: String,
    /// E-mail address of whoever is signed in here.
    signed_in: Option<String>,
    error: Option<String>,
}

struct Invited {
    workspace: String,
    email: String,
    role: &'static str,
    /// Whether the invited person is the one who is signed in.
    is_me: bool,
}

/// As the audit log of the workspace tells it.
const ACCEPTED: &str = "accepted an invitation";

#[derive(Deserialize)]
pub(super) struct Link {
    #[serde(default)]
    token: String,
}

/// `GET /invitation?token=`: looking does not use the link up.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    visitor: Visitor,
    Query(link): Query<Link>,
) -> Result<Response, Failure> {
    page(
        &app,
        &visitor,
        link.token,
        String::new(),
        StatusCode::OK,
        None,
    )
    .await
}

async fn page(
    app: &App,
    visitor: &Visitor,
    token: String,
    name: String,
    status: StatusCode,
    error: Option<String>,
) -> Result<Response, Failure> {
    let me = match visitor {
        Visitor::SignedIn(person) => Some(person.user().email.clone()),
        Visitor::Unknown | Visitor::NotSetUp => None,
    };
    let hash = TokenHash::of(&token);
    let read = app
        .store
        .read(move |conn| invitations::look(conn, &hash, now_ms()));
    let asked = read.await?;
    let status = match asked {
        Some(_) => status,
        None => StatusCode::GONE,
    };
    let invited = |asked: Asked| Invited {
        is_me: me
            .as_deref()
            .is_some_and(|me| me.eq_ignore_ascii_case(&asked.invitation.email)),
        workspace: asked.workspace,
        email: asked.invitation.email,
        role: in_words(asked.invitation.role),
    };
    let page = InvitationPage {
        asked: asked.map(invited),
        token,
        name,
        signed_in: me,
        error,
    };
    Ok(view::page(status, &page))
}

#[derive(Deserialize)]
pub(super) struct Accepted {
    token: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    again: String,
}

/// `POST /invitation`
pub(super) async fn accept(
    State(app): State<Arc<App>>,
    Extension(attempts): Extension<Attempts>,
    visitor: Visitor,
    parts: Parts,
    Form(form): Form<Accepted>,
) -> Result<Response, Failure> {
    let now = now_ms();
    let network = Of::network(address_of(&parts));
    if !attempts.begin(network, now) {
        let (status, told) = (StatusCode::TOO_MANY_REQUESTS, WAIT.to_owned());
        return page(&app, &visitor, form.token, form.name, status, Some(told)).await;
    }
    let hash = TokenHash::of(&form.token);
    let address = address_of(&parts).to_string();
    if let Visitor::SignedIn(person) = &visitor {
        let user = person.user().clone();
        let token = Token::generate(TokenKind::Session)?;
        let (fresh, former) = (token.hash(), session::token(&parts.headers));
        let joined = app.store.write(move |tx| {
            let Some(workspace) = invitations::accept_as(tx, &hash, &user, now)? else {
                return Ok(false);
            };
            audit::note_place(tx, workspace, user.id, ACCEPTED.to_owned(), &address, now)?;
            if let Some(former) = former {
                sessions::move_to(tx, &former, &fresh, workspace, now)?;
            }
            Ok(true)
        });
        if !joined.await? {
            return page(
                &app,
                &visitor,
                form.token,
                form.name,
                StatusCode::GONE,
                None,
            )
            .await;
        }
        attempts.forgive(network);
        return Ok(session::signed_in(&parts.headers, &token, "/"));
    }
    let wrong = accounts::wrong_name(&form.name)
        .or_else(|| accounts::wrong_password(&form.password))
        .or_else(|| {
            let same = form.password == form.again;
            (!same).then_some("The two passwords are not the same; type them again.")
        });
    if let Some(wrong) = wrong {
        attempts.forgive(network);
        let (status, told) = (StatusCode::UNPROCESSABLE_ENTITY, wrong.to_owned());
        return page(&app, &visitor, form.token, form.name, status, Some(told)).await;
    }
    // Looked at before the password is hashed, which costs too much to offer to anybody.
    let read = app
        .store
        .read(move |conn| invitations::look(conn, &hash, now));
    let asked = read.await?;
    if asked.as_ref().is_some_and(|asked| asked.has_account) {
        let told = "This address has an account here. Sign in with it to join.".to_owned();
        let status = StatusCode::CONFLICT;
        return page(&app, &visitor, form.token, form.name, status, Some(told)).await;
    }
    if asked.is_none() {
        return page(
            &app,
            &visitor,
            form.token,
            form.name,
            StatusCode::GONE,
            None,
        )
        .await;
    }
    let typed = form.password;
    let secret = off_thread(move || password::hash(&typed)).await?;
    let token = Token::generate(TokenKind::Session)?;
    let (session_hash, name) = (token.hash(), form.name.clone());
    let begins = session::Begins::of(&parts, Via::Link, None);
    let joined = app.store.write(move |tx| {
        let accepted = invitations::accept_as_new(tx, &hash, &name, Some(&secret), now)?;
        let Some((user, workspace)) = accepted else {
            return Ok(false);
        };
        audit::note_place(tx, workspace, user, ACCEPTED.to_owned(), &address, now)?;
        let mut begins = begins;
        begins.workspace = Some(workspace);
        session::begin(tx, user, &session_hash, &begins, now)?;
        Ok(true)
    });
    match joined.await? {
        true => {
            attempts.forgive(network);
            Ok(session::signed_in(&parts.headers, &token, "/").into_response())
        }
        false => {
            page(
                &app,
                &visitor,
                form.token,
                form.name,
                StatusCode::GONE,
                None,
            )
            .await
        }
    }
}
