//! The audit log: who changed what, and who read what visitors said.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use url::form_urlencoded::Serializer;

use super::Failure;
use super::format::{Moment, moment};
use super::guard::SignedIn;
use super::view::{self, Section, Shell, filters};
use crate::app::App;
use crate::app::members::audit::{self, AuditError};
use crate::http::api::audit::audit_file;
use crate::http::audit::{LEFT, find_by_words, in_words};
use crate::store::audit::{Actor, Entry, Filter, Kind, Seal, Sort};

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
    /// Who is in the log.
    people: Vec<Choice>,
    sorts: Vec<Choice>,
    /// Whether less than the whole log is shown.
    filtered: bool,
    /// The filter as it stands in an address, with an `&` at its end.
    query: String,
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

/// An option of a filter.
struct Choice {
    value: String,
    label: String,
    chosen: bool,
}

struct Row {
    at: Moment,
    name: String,
    /// What they did, in words.
    act: String,
    /// The route, if the words are not all that was noted.
    what: Option<String>,
    /// Whether nothing came of it.
    failed: bool,
    /// Whether they went away before the answer, so that nobody knows what came of it.
    left: bool,
    subject: String,
    address: String,
    outcome: u16,
}

#[derive(Default, Deserialize)]
pub(super) struct Shown {
    #[serde(default)]
    q: String,
    /// Id of a person or key, or a kind without ids; empty for everybody.
    #[serde(default)]
    who: String,
    /// A kind of act; empty or unknown for all.
    #[serde(default)]
    sort: String,
    before: Option<i64>,
    all: Option<String>,
}

impl Shown {
    fn filter(&self) -> Filter {
        Filter {
            before: self.before,
            who: (!self.who.is_empty()).then(|| self.who.clone()),
            sort: Sort::parse(&self.sort),
            ..find_by_words(&self.q)
        }
    }

    /// The filter as it stands in an address, with an `&` at its end; empty without one.
    fn query(&self) -> String {
        let mut query = Serializer::new(String::new());
        for (name, value) in [
            ("q", self.q.trim()),
            ("who", self.who.as_str()),
            ("sort", self.sort.as_str()),
        ] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        if self.all.is_some() {
            query.append_pair("all", "1");
        }
        let mut query = query.finish();
        if !query.is_empty() {
            query.push('&');
        }
        query
    }
}

/// `GET /audit?q=&who=&sort=&before=&all=`
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
    let actors = audit::actors(&app.store, person.member(), all).await?;
    let is_full = found.rows.len() == SHOWN as usize;
    let query = shown.query();
    let filter = shown.filter();
    let page = AuditPage {
        shell: person.shell(Section::Status, "Audit log"),
        next: found.rows.last().map(|row| row.seq).filter(|_| is_full),
        rows: found.rows.into_iter().map(row).collect(),
        people: people(actors, &shown.who),
        sorts: sorts(filter.sort),
        filtered: filter.words.is_some() || filter.who.is_some() || filter.sort.is_some(),
        query,
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

fn people(actors: Vec<Actor>, chosen: &str) -> Vec<Choice> {
    let choice = |actor: Actor| {
        let value = match actor.who.is_empty() {
            true => actor.kind.as_str().to_owned(),
            false => actor.who,
        };
        Choice {
            chosen: value == chosen,
            label: match actor.kind {
                Kind::Key => format!("{} (API key)", actor.name),
                _ => actor.name,
            },
            value,
        }
    };
    actors.into_iter().map(choice).collect()
}

fn sorts(chosen: Option<Sort>) -> Vec<Choice> {
    let choice = |sort: &Sort| Choice {
        value: sort.as_str().to_owned(),
        label: match sort {
            Sort::Read => "Reads of what visitors said",
            Sort::Change => "Changes",
            Sort::SignIn => "Sign-ins",
        }
        .to_owned(),
        chosen: chosen == Some(*sort),
    };
    Sort::ALL.iter().map(choice).collect()
}

fn row(entry: Entry) -> Row {
    let act = in_words(&entry.what).to_owned();
    Row {
        at: moment(entry.at),
        name: entry.name,
        // Words that were noted tell it themselves.
        failed: entry.outcome >= 400 && entry.outcome != LEFT && act != entry.what,
        left: entry.outcome == LEFT,
        what: (act != entry.what).then_some(entry.what),
        act,
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

/// `GET /audit/export`: what the filter finds as CSV, by default all of it.
pub(super) async fn export(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Query(shown): Query<Shown>,
) -> Result<Response, Failure> {
    let all = shown.all.is_some() && person.owns();
    Ok(audit_file(&app, person.member(), all, shown.filter())?)
}
