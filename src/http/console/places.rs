//! Several workspaces: going from one to another, and all of them at a glance.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;

use super::format::{Moment, moment};
use super::guard::{SignedIn, in_words};
use super::view::{self, Section, Shell, filters};
use super::{Failure, session};
use crate::app::App;
use crate::app::members::overview::{self, Glance};
use crate::http::now_ms;
use crate::http::problem::Problem;
use crate::store::token::{Token, TokenKind};
use crate::store::{members, sessions, workspaces};

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    shell: Shell,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    title: String,
    role: &'static str,
    conversations: u64,
    waiting: u32,
    used: Option<u64>,
    last: Option<Moment>,
    closed: bool,
    current: bool,
}

#[derive(Deserialize)]
pub(super) struct Where {
    name: String,
}

/// Whether a workspace exists is nobody's business who may not enter it.
fn nowhere() -> Problem {
    Problem::not_found("workspace")
}

/// `POST /workspace`: goes to another workspace. Their rights may differ there, so the session gets another token.
pub(super) async fn go(
    State(app): State<Arc<App>>,
    person: SignedIn,
    headers: HeaderMap,
    Form(form): Form<Where>,
) -> Result<Response, Failure> {
    let (user, now) = (person.user().clone(), now_ms());
    let former = session::token(&headers).ok_or_else(nowhere)?;
    let token = Token::generate(TokenKind::Session)?;
    let hash = token.hash();
    let moved = app.store.write(move |tx| {
        let Some(workspace) = workspaces::find_by_name(tx, &form.name)? else {
            return Ok(false);
        };
        if members::role_of(tx, workspace.id, &user)?.is_none() {
            return Ok(false);
        }
        sessions::move_to(tx, &former, &hash, workspace.id, now)?;
        Ok(true)
    });
    if !moved.await? {
        return Err(nowhere().into());
    }
    Ok(session::signed_in(&headers, &token, "/"))
}

/// `GET /overview`
pub(super) async fn overview(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    let current = person.workspace.id;
    let all = overview::list(&app, person.user(), now_ms()).await?;
    let row = |one: Glance| Row {
        current: one.place.workspace == current,
        name: one.place.name,
        title: one.place.title,
        role: in_words(one.place.role),
        conversations: one.conversations,
        waiting: one.waiting,
        used: one.used,
        last: one.last_at.map(moment),
        closed: one.closed,
    };
    let page = OverviewPage {
        shell: person.shell(Section::Status, "All workspaces"),
        rows: all.into_iter().map(row).collect(),
    };
    Ok(view::page(StatusCode::OK, &page))
}
