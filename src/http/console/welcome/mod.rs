//! The walk through the first steps: `/welcome` tells how far it is, and each step has a page. A step only calls the acts
//! that the other pages call, so what was done there counts here.

mod business;
mod head;
mod knowledge;
mod machine;
mod reach;
mod trying;
mod website;

pub(super) use self::reach::Reach;

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};

use self::head::Head;
use super::guard::SignedIn;
use super::view::{self, Section, Shell, filters};
use super::{Failure, sentence};
use crate::app::App;
use crate::app::welcome::{self, Step, Walk};
use crate::http::auth::Scope;
use crate::http::problem::Problem;

#[derive(Template)]
#[template(path = "welcome.html")]
struct Overview {
    shell: Shell,
    head: Head,
}

/// The fields of a form, some of them several times.
struct Fields(Vec<(String, String)>);

impl Fields {
    /// The first field of this name, trimmed; empty if there is none.
    fn get(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(other, _)| other == name);
        found.map_or("", |(_, value)| value.trim())
    }
}

/// Who is on a page of the walk, and how far they are.
struct Place<'a> {
    app: &'a App,
    person: &'a SignedIn,
    headers: &'a HeaderMap,
    walk: Walk,
}

impl<'a> Place<'a> {
    async fn load(
        app: &'a App,
        person: &'a SignedIn,
        headers: &'a HeaderMap,
    ) -> Result<Self, Failure> {
        Ok(Self {
            app,
            person,
            headers,
            walk: load(app, person).await?,
        })
    }

    fn shell(&self, title: &str) -> Shell {
        self.person.shell(Section::Welcome, title)
    }
}

/// `GET /welcome`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    let walk = load(&app, &person).await?;
    if walk.done() == 0
        && let Some(first) = walk.next()
    {
        return Ok(to(Some(first)));
    }
    let page = Overview {
        shell: person.shell(Section::Welcome, "First steps"),
        head: Head::overview(&walk),
    };
    Ok(view::page(StatusCode::OK, &page))
}

/// `GET /welcome/{step}`
pub(super) async fn show_step(
    State(app): State<Arc<App>>,
    person: SignedIn,
    headers: HeaderMap,
    Path(step): Path<String>,
) -> Result<Response, Failure> {
    let step = parse(&step)?;
    let place = Place::load(&app, &person, &headers).await?;
    match step {
        Step::Business => business::show(&place).await,
        Step::Knowledge => knowledge::show(&place, "", None).await,
        Step::Try => trying::show(&place, None, None).await,
        Step::Website => website::show(&place, None, None).await,
        Step::Machine => machine::show(&place, &app).await,
    }
}

/// `POST /welcome/{step}/save`
pub(super) async fn save(
    State(app): State<Arc<App>>,
    person: SignedIn,
    headers: HeaderMap,
    Path(step): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> Result<Response, Failure> {
    let (step, fields) = (parse(&step)?, Fields(fields));
    let place = Place::load(&app, &person, &headers).await?;
    let shown = match step {
        Step::Business => business::save(&place, fields).await?,
        Step::Knowledge => knowledge::add_site(&place, &fields).await?,
        Step::Try => Some(trying::ask(&place, &fields).await?),
        Step::Website => website::save(&place, &fields).await?,
        Step::Machine => {
            welcome::look(&app.store, person.member()).await?;
            None
        }
    };
    match (shown, step) {
        (Some(page), _) => Ok(page),
        // Reading takes a while, and the line has yet to be pasted: the page tells how it goes.
        (None, Step::Knowledge | Step::Website) => Ok(to(Some(step))),
        (None, _) => onward(&app, &person, step).await,
    }
}

/// `POST /welcome/knowledge/files`: for browsers without scripts. Files are bounded one by one, as they are read.
pub(super) async fn upload(
    State(app): State<Arc<App>>,
    person: SignedIn,
    headers: HeaderMap,
    Path(step): Path<String>,
    request: Request,
) -> Result<Response, Failure> {
    if parse(&step)? != Step::Knowledge {
        return Err(Problem::not_found("page").into());
    }
    let place = Place::load(&app, &person, &headers).await?;
    match knowledge::take_files(&place, request).await? {
        Some(page) => Ok(page),
        None => Ok(to(Some(Step::Knowledge))),
    }
}

/// `POST /welcome/{step}/skip`
pub(super) async fn skip(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(step): Path<String>,
) -> Result<Response, Failure> {
    let step = parse(&step)?;
    welcome::skip(&app.store, person.member(), step).await?;
    onward(&app, &person, step).await
}

/// `POST /welcome/dismiss`: no more reminders.
pub(super) async fn dismiss(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    welcome::dismiss(&app.store, person.member(), true).await?;
    Ok(Redirect::to("/documents?guide=hidden").into_response())
}

/// `POST /welcome/resume`: reminders again.
pub(super) async fn resume(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    welcome::dismiss(&app.store, person.member(), false).await?;
    Ok(Redirect::to("/documents").into_response())
}

fn parse(step: &str) -> Result<Step, Problem> {
    Step::parse(step).ok_or_else(|| Problem::not_found("page"))
}

async fn load(app: &App, person: &SignedIn) -> Result<Walk, Failure> {
    // Says it in the words for people.
    person.need(Scope::Admin)?;
    Ok(welcome::load(&app.store, person.member()).await?)
}

fn to(step: Option<Step>) -> Response {
    let path = step.map_or("/welcome".to_owned(), |step| {
        format!("/welcome/{}", step.name())
    });
    Redirect::to(&path).into_response()
}

/// To what follows a step.
async fn onward(app: &App, person: &SignedIn, step: Step) -> Result<Response, Failure> {
    let walk = load(app, person).await?;
    Ok(to(walk.after(step)))
}

/// What was wrong with a form, as a sentence for its page.
///
/// # Errors
/// The problem, if it is not a mistake in the form.
fn mistake(problem: Problem) -> Result<String, Failure> {
    match problem.status {
        StatusCode::FORBIDDEN => Err(problem.into()),
        status if status.is_client_error() => Ok(sentence(&problem.detail)),
        _ => Err(problem.into()),
    }
}
