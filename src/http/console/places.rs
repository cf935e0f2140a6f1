//! Several workspaces: going from one to another, and all of them at a glance.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::Response;
use serde::Deserialize;

use super::format::{Moment, moment};
use super::guard::{SignedIn, in_words};
use super::view::{self, Section, Shell, filters};
use super::{Failure, session};
use crate::app::App;
use crate::app::members::overview::{self, Glance};
use crate::http::auth::SESSION_IDLE_MS;
use crate::http::now_ms;
use crate::http::problem::Problem;
use crate::store::sessions::{self, Via};
use crate::store::{members, workspaces};

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

/// `POST /workspace`: goes to another workspace. Their rights may differ there, so a new session begins.
pub(super) async fn go(
    State(app): State<Arc<App>>,
    person: SignedIn,
    parts: Parts,
    Form(form): Form<Where>,
) -> Result<Response, Failure> {
    let (user, now) = (person.user().clone(), now_ms());
    let former = session::token(&parts.headers);
    let read = app.store.read(move |conn| {
        let found = workspaces::find_by_name(conn, &form.name)?;
        let Some(workspace) = found else {
            return Ok(None);
        };
        if members::role_of(conn, workspace.id, &user)?.is_none() {
            return Ok(None);
        }
        let via = match former {
            Some(former) => sessions::find_valid(conn, &former, now, SESSION_IDLE_MS)?,
            None => None,
        };
        Ok(Some((
            workspace.id,
            via.map_or(Via::Password, |session| session.via),
        )))
    });
    // Whether it exists is nobody's business who may not enter it.
    let (workspace, via) = read.await?.ok_or_else(|| Problem::not_found("workspace"))?;
    let begins = session::Begins::of(&parts, via, Some(workspace));
    let token = session::fresh(&app.store, person.user().id, begins, now).await?;
    Ok(session::signed_in(&parts.headers, &token, "/"))
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
