//! Single sign-on: going to a company's sign-in server and back, and the owner's page of such servers.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Extension, Form};
use serde::Deserialize;

use super::guard::{SignedIn, local_path};
use super::view::{self, Section, Shell, filters};
use super::{Failure, login, sentence, session};
use crate::app::App;
use crate::app::members::audit;
use crate::app::members::sign_on::{self, Callback, SignOnError};
use crate::http::address::address_of;
use crate::http::attempts::{Attempts, Of};
use crate::http::now_ms;
use crate::http::parse_id;
use crate::http::problem::Problem;
use crate::http::second_factor::WAIT;
use crate::http::trips::{Trip, Trips};
use crate::store::sessions::Via;
use crate::store::sign_on::{self as providers, NewProvider, Provider, Rule};
use crate::store::token::{Token, TokenKind};
use crate::store::{SignOnId, StoreError, users};

#[derive(Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    next: String,
}

fn came_back_to(app: &App, parts: &Parts, id: SignOnId) -> String {
    let address = session::address(app, &parts.headers);
    format!("{address}/login/sign-on/{id}/back")
}

/// An active provider; one that is off does not exist.
async fn active(app: &App, id: &str) -> Result<Provider, Failure> {
    let id: SignOnId = parse_id(id, "page")?;
    let found = app.store.read(move |conn| providers::get(conn, id)).await?;
    match found.active {
        true => Ok(found),
        false => Err(Problem::not_found("page").into()),
    }
}

/// `GET /login/sign-on/{id}`: sends the browser to the sign-in server. No form, as the pages' policy lets forms lead nowhere else.
pub(super) async fn go(
    State(app): State<Arc<App>>,
    Extension(attempts): Extension<Attempts>,
    Extension(trips): Extension<Trips>,
    Path(id): Path<String>,
    Query(Next { next }): Query<Next>,
    parts: Parts,
) -> Result<Response, Failure> {
    let now = now_ms();
    let network = Of::network(address_of(&parts));
    if !attempts.begin(network, now) {
        return login::refuse(&app, StatusCode::TOO_MANY_REQUESTS, WAIT).await;
    }
    let provider = active(&app, &id).await?;
    let back = came_back_to(&app, &parts, provider.id);
    let going = sign_on::begin(provider.id, back, local_path(&next).to_owned())?;
    let browser = Token::generate(TokenKind::SignIn)?;
    let trip = Trip::SignOn(Box::new(going.clone()));
    let state = trips.begin(trip, browser.hash(), now)?;
    let to = sign_on::address(&app.gateway, &provider, &going, state.reveal()).await;
    match to {
        Ok(url) => Ok(session::sent_away(&parts.headers, &browser, url.as_str())),
        Err(error) => {
            tracing::warn!(%error, "a sign-in server could not be used");
            let told = "The sign-in server cannot be reached right now. Try again, or sign in with your password.";
            login::refuse(&app, StatusCode::BAD_GATEWAY, told).await
        }
    }
}

/// `GET /login/sign-on/{id}/back`: the browser comes back. Only the one that was sent, once, and from the server it was sent to.
pub(super) async fn back(
    State(app): State<Arc<App>>,
    Extension(attempts): Extension<Attempts>,
    Extension(trips): Extension<Trips>,
    Path(id): Path<String>,
    Query(callback): Query<Callback>,
    parts: Parts,
) -> Result<Response, Failure> {
    let now = now_ms();
    let provider = active(&app, &id).await?;
    let state = callback.state.clone().unwrap_or_default();
    let browser = session::sent_with(&parts.headers);
    let going = match trips.take(&state, browser, now) {
        Some(Trip::SignOn(going)) if going.provider == provider.id => going,
        _ => {
            let told =
                "This sign-in was not begun here, took too long, or was used already. Begin again.";
            return login::refuse(&app, StatusCode::UNAUTHORIZED, told).await;
        }
    };
    let found = sign_on::finish(&app.gateway, &provider, &going, &callback, now).await;
    // Whom a refusal is told of in the audit log; nobody, if the server may not say who it is.
    let known = found.as_ref().ok();
    let known = known.and_then(|claims| sign_on::vouched_address(&provider, claims));
    let known = known.unwrap_or_default().to_owned();
    let token = Token::generate(TokenKind::Session)?;
    let (hash, begins) = (token.hash(), session::Begins::of(&parts, Via::SignOn, None));
    let admitted = match found {
        Ok(claims) => {
            let write = app.store.write(move |tx| {
                let user = match sign_on::admit(tx, &provider, &claims, now)? {
                    Ok(user) => user,
                    Err(refused) => return Ok(Err(refused)),
                };
                session::begin(tx, user, &hash, &begins, now)?;
                Ok(Ok(users::get(tx, user)?.email))
            });
            write.await?
        }
        Err(error) => Err(error),
    };
    let address = address_of(&parts).to_string();
    match admitted {
        Ok(email) => {
            attempts.forgive(Of::network(address_of(&parts)));
            audit::note_sign_in(
                &app.store,
                &email,
                "signed in by single sign-on",
                address,
                200,
            )
            .await;
            Ok(session::signed_in(
                &parts.headers,
                &token,
                local_path(&going.next),
            ))
        }
        Err(SignOnError::Store(error)) => Err(error.into()),
        Err(error) => {
            tracing::info!(%error, "a single sign-on was refused");
            let what = "failed to sign in by single sign-on";
            audit::note_sign_in(&app.store, &known, what, address, 401).await;
            let told = match error {
                SignOnError::Refused(told) => told,
                _ => {
                    "The sign-in server's answer does not count here. Try again, or sign in with your password."
                }
            };
            login::refuse(&app, StatusCode::UNAUTHORIZED, told).await
        }
    }
}

#[derive(Template)]
#[template(path = "sign_on.html")]
struct SignOnPage {
    shell: Shell,
    rows: Vec<Row>,
    error: Option<String>,
}

struct Row {
    id: String,
    name: String,
    issuer: String,
    client_id: String,
    domains: String,
    rules: String,
    active: bool,
    /// What to enter at the sign-in server.
    back: String,
}

/// `GET /sign-on`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    person: SignedIn,
    parts: Parts,
) -> Result<Response, Failure> {
    render(&app, &person, &parts, None).await
}

async fn render(
    app: &App,
    person: &SignedIn,
    parts: &Parts,
    error: Option<String>,
) -> Result<Response, Failure> {
    person.need_installation()?;
    let row = |one: Provider| Row {
        back: came_back_to(app, parts, one.id),
        id: one.id.to_string(),
        name: one.name,
        issuer: one.issuer,
        client_id: one.client_id,
        domains: one.domains.join("\n"),
        rules: one.rules.iter().map(line).collect::<Vec<_>>().join("\n"),
        active: one.active,
    };
    let all = app.store.read(providers::list).await?;
    let status = match error {
        None => StatusCode::OK,
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let page = SignOnPage {
        shell: person.shell(Section::Status, "Single sign-on"),
        rows: all.into_iter().map(row).collect(),
        error,
    };
    Ok(view::page(status, &page))
}

/// A rule as a line: the group, the workspace and the role, or only the latter two.
fn line(rule: &Rule) -> String {
    match rule.group.is_empty() {
        true => format!("{}, {}", rule.workspace, rule.role),
        false => format!("{}, {}, {}", rule.group, rule.workspace, rule.role),
    }
}

fn parse_rule(line: &str) -> Rule {
    let parts: Vec<&str> = line.split(',').map(str::trim).collect();
    let (group, workspace, role) = match parts[..] {
        [workspace, role] => ("", workspace, role),
        [group, workspace, role] => (group, workspace, role),
        // Without a role it is refused with what a rule needs.
        _ => ("", line, ""),
    };
    Rule {
        group: group.to_owned(),
        workspace: workspace.to_owned(),
        role: role.to_owned(),
    }
}

#[derive(Deserialize)]
pub(super) struct Entered {
    name: String,
    issuer: String,
    client_id: String,
    #[serde(default)]
    secret: String,
    #[serde(default)]
    domains: String,
    #[serde(default)]
    rules: String,
    active: Option<String>,
}

impl Entered {
    fn read(self) -> NewProvider {
        let lines = |text: &str| -> Vec<String> {
            let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
            lines.map(str::to_owned).collect()
        };
        let secret = self.secret.trim();
        NewProvider {
            name: self.name.trim().to_owned(),
            issuer: self.issuer.trim().to_owned(),
            client_id: self.client_id.trim().to_owned(),
            secret: (!secret.is_empty()).then(|| secret.to_owned()),
            domains: lines(&self.domains),
            rules: lines(&self.rules)
                .iter()
                .map(|line| parse_rule(line))
                .collect(),
            active: self.active.is_some(),
        }
    }
}

/// `POST /sign-on`
pub(super) async fn create(
    State(app): State<Arc<App>>,
    person: SignedIn,
    parts: Parts,
    Form(form): Form<Entered>,
) -> Result<Response, Failure> {
    person.need_installation()?;
    let new = form.read();
    if let Some(wrong) = sign_on::check_provider(&new) {
        return render(&app, &person, &parts, Some(wrong.to_owned())).await;
    }
    let write = app
        .store
        .write(move |tx| providers::create(tx, &new, now_ms()));
    write.await?;
    Ok(Redirect::to("/sign-on").into_response())
}

/// `POST /sign-on/{id}`
pub(super) async fn change(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    parts: Parts,
    Form(form): Form<Entered>,
) -> Result<Response, Failure> {
    person.need_installation()?;
    let id: SignOnId = parse_id(&id, "sign-in server")?;
    let new = form.read();
    if let Some(wrong) = sign_on::check_provider(&new) {
        return render(&app, &person, &parts, Some(wrong.to_owned())).await;
    }
    let write = app
        .store
        .write(move |tx| providers::change(tx, id, &new, now_ms()));
    match write.await {
        Ok(()) => Ok(Redirect::to("/sign-on").into_response()),
        // Such as the secret that another issuer needs.
        Err(StoreError::Conflict(why)) => render(&app, &person, &parts, Some(sentence(&why))).await,
        Err(error) => Err(error.into()),
    }
}

/// `POST /sign-on/{id}/delete`
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    person.need_installation()?;
    let id: SignOnId = parse_id(&id, "sign-in server")?;
    app.store.write(move |tx| providers::delete(tx, id)).await?;
    Ok(Redirect::to("/sign-on").into_response())
}
