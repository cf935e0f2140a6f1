//! The setup link: the first account and the name of the business.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::guard::Visitor;
use super::pages::{Setup, SetupForm, SetupGone};
use super::{Failure, session, view};
use crate::app::{App, accounts, naming, welcome};
use crate::http::auth::DEFAULT_WORKSPACE;
use crate::http::hashing::off_thread;
use crate::http::now_ms;
use crate::http::voice::settings::WidgetSettings;
use crate::store::sessions::Via;
use crate::store::token::{Token, TokenHash, TokenKind};
use crate::store::users::{self, NewUser, Role};
use crate::store::{
    StoreError, Transaction, UnixMs, WorkspaceId, password, sessions, setup_tokens, workspaces,
};

const DONE: SetupGone = SetupGone {
    heading: "This front desk is already set up",
    reason: "The setup link was used. Sign in with the account that was created with it.",
    setup_done: true,
};
const NO_LINK: SetupGone = SetupGone {
    heading: "Set up with your link",
    reason: "This front desk has no account yet. To make sure that only you can make it, setup \
             begins with a link that works once. It was printed when Frontdesk started.",
    setup_done: false,
};
const GONE: SetupGone = SetupGone {
    heading: "This link no longer works",
    reason: "A setup link works once and for a limited time. This one was used or has expired.",
    setup_done: false,
};

#[derive(Deserialize)]
pub(super) struct Link {
    #[serde(default)]
    token: String,
}

#[derive(Deserialize)]
pub(super) struct Submitted {
    token: String,
    business: String,
    name: String,
    email: String,
    password: String,
    password_again: String,
    /// Whether the front desk opens to visitors right away.
    open: Option<String>,
}

/// `GET /setup?token=…`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Query(Link { token }): Query<Link>,
    visitor: Visitor,
) -> Result<Response, Failure> {
    Ok(match visitor {
        Visitor::SignedIn(_) => Redirect::to("/documents").into_response(),
        Visitor::Unknown => view::page(StatusCode::GONE, &DONE),
        Visitor::NotSetUp if token.is_empty() => view::page(StatusCode::OK, &NO_LINK),
        Visitor::NotSetUp => {
            // The token is checked when the form is sent: looking at the page must not use it up.
            let left = app
                .store
                .read(|conn| setup_tokens::outstanding(conn, now_ms()))
                .await?;
            if left == 0 {
                view::page(StatusCode::GONE, &GONE)
            } else {
                view::page(
                    StatusCode::OK,
                    &Setup {
                        token,
                        form: SetupForm::default(),
                        error: None,
                    },
                )
            }
        }
    })
}

/// `POST /setup`
pub(super) async fn submit(
    State(app): State<Arc<App>>,
    parts: Parts,
    Form(form): Form<Submitted>,
) -> Result<Response, Failure> {
    if let Err(error) = check(&form) {
        let Submitted {
            token,
            business,
            name,
            email,
            open,
            ..
        } = form;
        let form = SetupForm {
            business,
            name,
            email,
            open: open.is_some(),
        };
        let page = Setup {
            token,
            form,
            error: Some(error.to_owned()),
        };
        return Ok(view::page(StatusCode::UNPROCESSABLE_ENTITY, &page));
    }
    if app.store.read(users::count).await? > 0 {
        return Ok(view::page(StatusCode::GONE, &DONE));
    }
    // Checked before hashing the password, which costs too much to offer to anybody.
    let token = TokenHash::of(&form.token);
    let good = app
        .store
        .read(move |conn| setup_tokens::is_outstanding(conn, &token, now_ms()));
    if !good.await? {
        return Ok(view::page(StatusCode::GONE, &GONE));
    }
    let typed = form.password.clone();
    let hash = off_thread(move || password::hash(&typed)).await?;
    let session = Token::generate(TokenKind::Session)?;
    let (session_hash, place) = (session.hash(), session::place_of(&parts));
    let made = app.store.write(move |tx| {
        let claimed = claim(tx, &form, &hash, &session_hash, now_ms())?;
        if let Some(workspace) = claimed {
            sessions::describe(tx, &session_hash, Via::Link, &place, Some(workspace))?;
        }
        Ok(claimed)
    });
    let Some(workspace) = made.await? else {
        return Ok(view::page(StatusCode::GONE, &GONE));
    };
    let walk = app.store.read(move |conn| welcome::read(conn, workspace));
    let first = match walk.await?.invites() {
        true => "/welcome",
        false => "/documents",
    };
    Ok(session::signed_in(&parts.headers, &session, first))
}

/// Redeems the link: creates account and business. `None` if the link is no longer valid.
fn claim(
    tx: &Transaction<'_>,
    form: &Submitted,
    password_hash: &str,
    session: &TokenHash,
    now: UnixMs,
) -> Result<Option<WorkspaceId>, StoreError> {
    if users::count(tx)? > 0 || !setup_tokens::redeem(tx, &TokenHash::of(&form.token), now)? {
        return Ok(None);
    }
    let business = form.business.trim();
    let workspace = workspaces::get_or_create(tx, DEFAULT_WORKSPACE, business, now)?;
    workspaces::update(tx, workspace.id, business, &workspace.settings)?;
    if form.open.is_some() {
        WidgetSettings::open(tx, workspace.id)?;
    }
    welcome::begin(tx, workspace.id)?;
    let owner = NewUser {
        email: form.email.trim(),
        name: form.name.trim(),
        password_hash: Some(password_hash),
        role: Role::Owner,
    };
    let owner = users::create(tx, &owner, now)?;
    sessions::create(tx, owner, session, now, now + session::LONGEST_MS)?;
    Ok(Some(workspace.id))
}

fn check(form: &Submitted) -> Result<(), &'static str> {
    let wrong = naming::wrong_business(&form.business)
        .or_else(|| accounts::wrong_name(&form.name))
        .or_else(|| accounts::wrong_email(&form.email))
        .or_else(|| accounts::wrong_password(&form.password));
    if let Some(wrong) = wrong {
        return Err(wrong);
    }
    if form.password != form.password_again {
        return Err("The two passwords are not the same; type them again.");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    fn form(token: &Token) -> Submitted {
        Submitted {
            token: token.reveal().to_owned(),
            business: " Marlow Street Bicycles ".into(),
            name: "Ines Marlow".into(),
            email: "ines@marlowstreet.example".into(),
            password: "four plain words here".into(),
            password_again: "four plain words here".into(),
            open: None,
        }
    }

    #[test]
    fn a_link_makes_one_owner_and_no_second() {
        let store = Store::open_in_memory().unwrap();
        let (link, session) = (
            Token::generate(TokenKind::Setup).unwrap(),
            Token::generate(TokenKind::Session).unwrap(),
        );
        let form = form(&link);
        store
            .write_blocking(|tx| setup_tokens::create(tx, &link.hash(), 0, 1_000))
            .unwrap();
        let claim = || store.write_blocking(|tx| claim(tx, &form, "$hash", &session.hash(), 10));
        assert!(claim().unwrap().is_some());
        assert!(claim().unwrap().is_none());
        let (user, workspace) = store
            .read_blocking(|conn| {
                let session = sessions::find_valid(conn, &session.hash(), 20, 1_000)?;
                Ok((
                    session.unwrap().user,
                    workspaces::find_by_name(conn, DEFAULT_WORKSPACE)?.unwrap(),
                ))
            })
            .unwrap();
        assert_eq!((user.owns, user.name.as_str()), (true, "Ines Marlow"));
        assert_eq!(workspace.title, "Marlow Street Bicycles");
    }

    #[test]
    fn visitors_may_come_right_away_only_if_the_owner_says_so() {
        for open in [None, Some("1".to_owned())] {
            let store = Store::open_in_memory().unwrap();
            let link = Token::generate(TokenKind::Setup).unwrap();
            let mut form = form(&link);
            form.open = open.clone();
            let settings = store.write_blocking(|tx| {
                setup_tokens::create(tx, &link.hash(), 0, 1_000)?;
                let session = Token::generate(TokenKind::Session)?;
                assert!(claim(tx, &form, "$hash", &session.hash(), 10)?.is_some());
                let workspace = workspaces::find_by_name(tx, DEFAULT_WORKSPACE)?.unwrap();
                workspaces::section::<WidgetSettings>(tx, workspace.id, WidgetSettings::SECTION)
            });
            assert_eq!(settings.unwrap().enabled, open.is_some());
        }
    }

    #[test]
    fn an_expired_or_invented_link_makes_nothing() {
        let store = Store::open_in_memory().unwrap();
        let (link, session) = (
            Token::generate(TokenKind::Setup).unwrap(),
            Token::generate(TokenKind::Session).unwrap(),
        );
        let form = form(&link);
        let claim =
            |now| store.write_blocking(|tx| claim(tx, &form, "$hash", &session.hash(), now));
        assert!(claim(10).unwrap().is_none());
        store
            .write_blocking(|tx| setup_tokens::create(tx, &link.hash(), 0, 1_000))
            .unwrap();
        assert!(claim(1_001).unwrap().is_none());
        assert_eq!(store.read_blocking(users::count).unwrap(), 0);
    }

    #[test]
    fn the_form_says_what_is_wrong() {
        let link = Token::generate(TokenKind::Setup).unwrap();
        assert_eq!(check(&form(&link)), Ok(()));
        for (change, word) in [
            (
                (|f| f.business = "  ".into()) as fn(&mut Submitted),
                "business",
            ),
            (|f| f.name = "x".repeat(81), "name"),
            (|f| f.email = "nobody".into(), "e-mail"),
            (|f| f.email = "a b@c".into(), "e-mail"),
            (|f| f.password = "short".into(), "short"),
            (|f| f.password_again = "another password".into(), "same"),
        ] {
            let mut form = form(&link);
            change(&mut form);
            assert!(check(&form).unwrap_err().contains(word), "{word}");
        }
    }
}
