//! Signing in and out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Query, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use serde::Deserialize;

use super::super::address::{address_of, network_of};
use super::super::auth::DEFAULT_WORKSPACE;
use super::super::hashing::off_thread;
use super::super::now_ms;
use super::guard::{Visitor, local_path};
use super::{Failure, pages, session, view};
use crate::app::App;
use crate::store::token::Token;
use crate::store::users::{self, User};
use crate::store::{password, sessions, workspaces};

/// One sentence for everything that can be wrong, so that it tells nobody which accounts exist.
const WRONG: &str = "The e-mail address or the password is not right.";
const WAIT: &str = "Too many wrong passwords. Wait ten minutes, then try again.";
/// So many wrong passwords from one address …
const MOST_FAILURES: u32 = 10;
/// … within this time in ms make it wait for the rest of it.
const FAILURE_WINDOW_MS: i64 = 10 * 60 * 1000;
/// Most addresses that are remembered.
const MOST_ADDRESSES: usize = 4096;

/// Wrong passwords by network address.
#[derive(Clone, Default)]
pub(super) struct Attempts(Arc<Mutex<HashMap<IpAddr, Failures>>>);

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    since: i64,
}

impl Attempts {
    /// Counts an attempt before it is looked at, so that many at once are not looked at all the same; false
    /// if the address has to wait.
    fn begin(&self, address: IpAddr, now: i64) -> bool {
        let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let over = |failures: &Failures| now - failures.since >= FAILURE_WINDOW_MS;
        if map.len() >= MOST_ADDRESSES {
            map.retain(|_, failures| !over(failures));
            // The oldest gives way, so that strangers with many addresses fill no memory.
            if map.len() >= MOST_ADDRESSES
                && let Some(oldest) = map.iter().min_by_key(|(_, f)| f.since).map(|(a, _)| *a)
            {
                map.remove(&oldest);
            }
        }
        let new = Failures {
            count: 0,
            since: now,
        };
        let failures = map.entry(network_of(address)).or_insert(new);
        if over(failures) {
            *failures = new;
        }
        failures.count = failures.count.saturating_add(1);
        failures.count <= MOST_FAILURES
    }

    fn forget(&self, address: IpAddr) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&network_of(address));
    }
}

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
    let address = address_of(&parts);
    let (status, error) = if !attempts.begin(address, now) {
        (StatusCode::TOO_MANY_REQUESTS, WAIT)
    } else if let Some(token) = open(&app, &form, now).await? {
        attempts.forget(address);
        let next = local_path(&form.next);
        return Ok(session::signed_in(&parts.headers, &token, next));
    } else {
        (StatusCode::UNAUTHORIZED, WRONG)
    };
    let page = pages::Login {
        business: business(&app).await?,
        email: form.email,
        next: form.next,
        error: Some(error.to_owned()),
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

/// A new session, if address and password are right. Takes the same time if they are not.
async fn open(app: &App, form: &LoginForm, now: i64) -> Result<Option<Token>, Failure> {
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
        return Ok(None);
    };
    Ok(Some(session::fresh(&app.store, user.id, now).await?))
}

async fn business(app: &App) -> Result<Option<String>, Failure> {
    let found = app
        .store
        .read(|conn| workspaces::find_by_name(conn, DEFAULT_WORKSPACE))
        .await?;
    Ok(found.map(|workspace| workspace.title))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_waits_after_too_many_wrong_passwords() {
        let attempts = Attempts::default();
        let (here, there) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        for at in 0..i64::from(MOST_FAILURES) {
            assert!(attempts.begin(here, at));
        }
        assert!(!attempts.begin(here, 100));
        assert!(attempts.begin(there, 100));
        assert!(attempts.begin(here, FAILURE_WINDOW_MS));
    }

    #[test]
    fn the_right_password_clears_the_slate() {
        let attempts = Attempts::default();
        let here = IpAddr::from([10, 0, 0, 1]);
        (0..MOST_FAILURES).for_each(|_| assert!(attempts.begin(here, 0)));
        attempts.forget(here);
        assert!(attempts.begin(here, 1));
    }

    #[test]
    fn a_network_counts_as_one_and_memory_is_bounded() {
        let attempts = Attempts::default();
        let of_network = |n: u128| IpAddr::from((0x2001_0db8_u128 << 96 | n).to_be_bytes());
        let allowed = (0..40)
            .filter(|n| attempts.begin(of_network(*n), 0))
            .count();
        assert_eq!(allowed, MOST_FAILURES as usize);
        for n in 0..10_000_u32 {
            attempts.begin(IpAddr::from(n.to_be_bytes()), 1);
        }
        assert!(attempts.0.lock().unwrap().len() <= MOST_ADDRESSES);
    }
}
