//! The audit log: who changed what, and who read what visitors said.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::Failure;
use super::format::{Moment, moment};
use super::guard::SignedIn;
use super::view::{self, Section, Shell, filters};
use crate::app::App;
use crate::app::members::audit::{self, AuditError};
use crate::http::api::audit::audit_file;
use crate::store::audit::{Entry, Filter, Seal};

/// Rows on a page.
const SHOWN: u32 = 100;

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    shell: Shell,
    rows: Vec<Row>,
    /// The number where the next page begins.
    next: Option<i64>,
    words: String,
    /// Whether rows of all workspaces and of the installation are shown.
    all: bool,
    /// Whether they may see those.
    whole: bool,
    /// The number of the first row that was changed, as the last check found it.
    broken: Option<i64>,
    /// When the log was last checked, and by whom.
    checked: Option<(Moment, String)>,
    days: u32,
    error: Option<String>,
}

struct Row {
    at: Moment,
    name: String,
    what: String,
    subject: String,
    address: String,
    outcome: u16,
}

#[derive(Default, Deserialize)]
pub(super) struct Shown {
    #[serde(default)]
    q: String,
    before: Option<i64>,
    all: Option<String>,
}

impl Shown {
    fn filter(&self) -> Filter {
        let words = self.q.trim();
        Filter {
            workspace: None,
            before: self.before,
            words: (!words.is_empty()).then(|| words.to_owned()),
        }
    }
}

/// `GET /audit?q=&before=&all=`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Query(shown): Query<Shown>,
) -> Result<Response, Failure> {
    render(&app, &person, shown, None).await
}

async fn render(
    app: &App,
    person: &SignedIn,
    shown: Shown,
    error: Option<String>,
) -> Result<Response, Failure> {
    let all = shown.all.is_some() && person.owns();
    let found = audit::read(&app.store, person.member(), all, shown.filter(), SHOWN).await?;
    let is_full = found.rows.len() == SHOWN as usize;
    let page = AuditPage {
        shell: person.shell(Section::Status, "Audit log"),
        next: found.rows.last().map(|row| row.seq).filter(|_| is_full),
        rows: found.rows.into_iter().map(row).collect(),
        words: shown.q,
        all,
        whole: person.owns(),
        broken: match found.checked.as_ref().map(|checked| checked.seal) {
            Some(Seal::Broken(seq)) => Some(seq),
            Some(Seal::Whole) | None => None,
        },
        checked: found
            .checked
            .map(|checked| (moment(checked.at), checked.by)),
        days: found.days,
        error,
    };
    let status = match page.error {
        None => StatusCode::OK,
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Ok(view::page(status, &page))
}

fn row(entry: Entry) -> Row {
    Row {
        at: moment(entry.at),
        name: entry.name,
        what: entry.what,
        subject: entry.subject,
        address: entry.address,
        outcome: entry.outcome,
    }
}

#[derive(Deserialize)]
pub(super) struct Days {
    days: String,
}

/// `POST /audit`: how long it is kept.
pub(super) async fn keep_for(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<Days>,
) -> Result<Response, Failure> {
    let days = form.days.trim().parse().unwrap_or(0);
    match audit::keep_for(&app.store, person.member(), days).await {
        Ok(()) => Ok(Redirect::to("/audit").into_response()),
        Err(error @ AuditError::Days) => {
            let told = super::sentence(&error.to_string());
            render(&app, &person, Shown::default(), Some(told)).await
        }
        Err(error) => Err(error.into()),
    }
}

#[derive(Deserialize)]
pub(super) struct Check {
    all: Option<String>,
}

/// `POST /audit/check`: whether rows were changed.
pub(super) async fn check(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<Check>,
) -> Result<Response, Failure> {
    let all = form.all.is_some() && person.owns();
    audit::check(&app.store, person.member(), all).await?;
    let to = if all { "/audit?all=1" } else { "/audit" };
    Ok(Redirect::to(to).into_response())
}

/// `GET /audit/export`: the log as CSV.
pub(super) async fn export(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Query(shown): Query<Shown>,
) -> Result<Response, Failure> {
    let all = shown.all.is_some() && person.owns();
    Ok(audit_file(&app, person.member(), all)?)
}
