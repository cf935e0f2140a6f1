//! Passkeys: adding and removing one's own, and signing in with one. The pages' script (`fd-passkey.js`) speaks with the browser.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::json;

use super::guard::{SignedIn, local_path};
use super::own_account::own_of;
use super::{Failure, session};
use crate::app::App;
use crate::app::members::audit;
use crate::app::members::passkey::{self, Answer, PasskeyError, Site};
use crate::app::members::signed::{EDDSA, ES256, PublicKey, RS256};
use crate::http::address::address_of;
use crate::http::attempts::{Attempts, Of};
use crate::http::body::Json;
use crate::http::now_ms;
use crate::http::parse_id;
use crate::http::problem::Problem;
use crate::http::second_factor::{AGAIN_AFTER, WAIT};
use crate::http::trips::{Trip, Trips};
use crate::store::passkeys::{self, NewPasskey};
use crate::store::sessions::Via;
use crate::store::token::{Token, TokenKind};
use crate::store::{PasskeyId, members, users};

/// In characters.
const LONGEST_NAME: usize = 60;
/// In the audit log.
const FAILED: &str = "failed to sign in with a passkey";

fn refused(detail: &'static str) -> Problem {
    Problem::invalid("passkey", detail)
}

fn not_right(error: PasskeyError) -> Problem {
    tracing::debug!(%error, "a passkey was refused");
    refused("this passkey does not sign anybody in here")
}

fn decode(text: &str) -> Result<Vec<u8>, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(text);
    bytes
        .map_err(|_| refused("what the browser sent cannot be read; reload the page and try again"))
}

fn site(app: &App, parts: &Parts) -> Result<Site, Problem> {
    Site::at(&session::address(app, &parts.headers))
        .ok_or_else(|| refused("the address of this server cannot be read"))
}

fn no_session() -> Problem {
    refused("sign in again first, then add the passkey")
}

#[derive(Deserialize)]
pub(super) struct Begin {
    #[serde(default)]
    password: String,
}

/// `POST /account/passkeys/begin`
pub(super) async fn begin(
    State(app): State<Arc<App>>,
    Extension(attempts): Extension<Attempts>,
    Extension(trips): Extension<Trips>,
    person: SignedIn,
    parts: Parts,
    Json(body): Json<Begin>,
) -> Result<Response, Problem> {
    let user = person.user().clone();
    let this = session::token(&parts.headers).ok_or_else(no_session)?;
    let own = own_of(&app, attempts, &person, &parts);
    own.prove_lately(body.password, Some(this)).await?;
    let site = site(&app, &parts)?;
    let challenge = trips.begin(Trip::AddPasskey(user.id), this, now_ms())?;
    let id = user.id;
    let known = app.store.read(move |conn| passkeys::list(conn, id)).await?;
    let known: Vec<String> = known
        .iter()
        .map(|one| URL_SAFE_NO_PAD.encode(&one.credential))
        .collect();
    let options = json!({
        "challenge": URL_SAFE_NO_PAD.encode(challenge.reveal()),
        "site": site.name,
        "business": person.workspace.title,
        "user": URL_SAFE_NO_PAD.encode(user.id.uuid().as_bytes()),
        "email": user.email,
        "name": user.name,
        "algorithms": [ES256, EDDSA, RS256],
        "known": known,
    });
    Ok(axum::Json(options).into_response())
}

#[derive(Deserialize)]
pub(super) struct New {
    name: String,
    client_data: String,
    authenticator_data: String,
}

/// `POST /account/passkeys`
pub(super) async fn create(
    State(app): State<Arc<App>>,
    Extension(trips): Extension<Trips>,
    person: SignedIn,
    parts: Parts,
    Json(new): Json<New>,
) -> Result<StatusCode, Problem> {
    let (user, now) = (person.user().id, now_ms());
    let name = new.name.trim().to_owned();
    if !(1..=LONGEST_NAME).contains(&name.chars().count()) {
        return Err(refused("give the passkey a name of at most 60 characters"));
    }
    let (client, data) = (decode(&new.client_data)?, decode(&new.authenticator_data)?);
    let challenge = passkey::challenge_of(&client).map_err(not_right)?;
    let this = session::token(&parts.headers);
    if trips.take(&challenge, this, now) != Some(Trip::AddPasskey(user)) {
        return Err(refused("this took too long; begin again"));
    }
    let site = site(&app, &parts)?;
    let made = passkey::check_new(&client, &data, &challenge, &site).map_err(not_right)?;
    let write = app.store.write(move |tx| {
        let key = made.key.to_bytes();
        let new = NewPasskey {
            name: &name,
            credential: &made.credential,
            algorithm: made.algorithm,
            public_key: &key,
            counter: made.counter,
        };
        passkeys::create(tx, user, &new, now)
    });
    write.await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /account/passkeys/{id}/remove`
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id: PasskeyId = parse_id(&id, "passkey")?;
    let user = person.user().id;
    let removed = app.store.write(move |tx| passkeys::remove(tx, user, id));
    match removed.await? {
        true => Ok(Redirect::to("/account?done=key").into_response()),
        false => Err(Problem::not_found("passkey").into()),
    }
}

/// `POST /login/passkey/begin`
pub(super) async fn begin_sign_in(
    State(app): State<Arc<App>>,
    Extension(trips): Extension<Trips>,
    parts: Parts,
) -> Result<Response, Problem> {
    let site = site(&app, &parts)?;
    let browser = Token::generate(TokenKind::SignIn)?;
    let challenge = trips.begin(Trip::Passkey, browser.hash(), now_ms())?;
    let options = json!({
        "challenge": URL_SAFE_NO_PAD.encode(challenge.reveal()),
        "site": site.name,
    });
    let page = axum::Json(options).into_response();
    Ok(session::asked_for_passkey(page, &parts.headers, &browser))
}

#[derive(Deserialize)]
pub(super) struct SignIn {
    credential: String,
    client_data: String,
    authenticator_data: String,
    signature: String,
    #[serde(default)]
    next: String,
}

/// `POST /login/passkey`: an authenticator that checked who uses it is both factors at once.
pub(super) async fn sign_in(
    State(app): State<Arc<App>>,
    Extension(attempts): Extension<Attempts>,
    Extension(trips): Extension<Trips>,
    parts: Parts,
    Json(form): Json<SignIn>,
) -> Result<Response, Problem> {
    let now = now_ms();
    let network = Of::network(address_of(&parts));
    if !attempts.begin(network, now) {
        let status = StatusCode::TOO_MANY_REQUESTS;
        return Err(Problem::new(status, "too_many_requests", WAIT).retry_after(AGAIN_AFTER));
    }
    let client = decode(&form.client_data)?;
    let (data, signature) = (decode(&form.authenticator_data)?, decode(&form.signature)?);
    let challenge = passkey::challenge_of(&client).map_err(not_right)?;
    let browser = session::asked_with(&parts.headers);
    if trips.take(&challenge, browser, now) != Some(Trip::Passkey) {
        return Err(refused("this took too long; try again"));
    }
    let credential = decode(&form.credential)?;
    let read = app.store.read(move |conn| {
        let Some(found) = passkeys::find(conn, &credential)? else {
            return Ok(None);
        };
        let user = users::get(conn, found.user)?;
        let place = members::place(conn, &user, None, None)?;
        Ok(Some((found, user, place.is_some())))
    });
    let unknown = || refused("this passkey does not sign anybody in here");
    let (found, user, has_place) = read.await?.ok_or_else(unknown)?;
    let key = PublicKey::from_bytes(found.algorithm, &found.public_key).ok_or_else(unknown)?;
    let answer = Answer {
        client_data: &client,
        authenticator_data: &data,
        signature: &signature,
    };
    let site = site(&app, &parts)?;
    let checked = passkey::check_answer(answer, &challenge, &site, &key, found.counter);
    let address = address_of(&parts).to_string();
    let counter = match checked {
        Ok(counter) if user.suspended_at.is_none() && has_place => counter,
        refused => {
            audit::note_sign_in(&app.store, &user.email, FAILED, address, 401).await;
            return Err(refused.err().map_or_else(unknown, not_right));
        }
    };
    let token = Token::generate(TokenKind::Session)?;
    let (hash, begins) = (
        token.hash(),
        session::Begins::of(&parts, Via::Passkey, None),
    );
    let write = app.store.write(move |tx| {
        // Again, as the passkey may have been removed and the person suspended while the answer was checked.
        if !passkeys::note_use(tx, found.id, found.counter, counter, now)? {
            return Ok(false);
        }
        let user = users::get(tx, found.user)?;
        if user.suspended_at.is_some() || members::place(tx, &user, None, None)?.is_none() {
            return Ok(false);
        }
        session::begin(tx, found.user, &hash, &begins, now)?;
        Ok(true)
    });
    if !write.await? {
        audit::note_sign_in(&app.store, &user.email, FAILED, address, 401).await;
        return Err(unknown());
    }
    attempts.forgive(network);
    let what = "signed in with a passkey";
    audit::note_sign_in(&app.store, &user.email, what, address, 200).await;
    let body = axum::Json(json!({ "to": local_path(&form.next) })).into_response();
    Ok(session::with_session(body, &parts.headers, &token))
}
