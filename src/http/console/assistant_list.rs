//! The list of assistants: new ones, files, and those that can be brought back.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::Failure;
use super::assistants::{Row, Shown, describe_done, mistake, row, to};
use super::format::{Moment, moment};
use super::guard::SignedIn;
use super::view::{self, Section, Shell, filters};
use crate::app::App;
use crate::app::assistants;
use crate::http::auth::Scope;
use crate::http::now_ms;
use crate::store::assistants::Body;

struct Gone {
    name: String,
    title: String,
    at: Moment,
}

#[derive(Template)]
#[template(path = "assistants.html")]
struct ListPage {
    shell: Shell,
    rows: Vec<Row>,
    deleted: Vec<Gone>,
    /// What was entered for a new one.
    name: String,
    title: String,
    text: String,
    error: Option<String>,
    done: Option<&'static str>,
}

/// `GET /assistants`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Query(shown): Query<Shown>,
) -> Result<Response, Failure> {
    let page = ListPage {
        done: describe_done(&shown.done),
        ..list_page(&app, &person).await?
    };
    Ok(view::page(StatusCode::OK, &page))
}

async fn list_page(app: &App, person: &SignedIn) -> Result<ListPage, Failure> {
    person.need(Scope::Admin)?;
    let (all, deleted) = assistants::list(&app.store, person.member()).await?;
    Ok(ListPage {
        shell: person.shell(Section::Assistants, "Assistants"),
        rows: all.iter().map(row).collect(),
        deleted: deleted
            .iter()
            .map(|gone| Gone {
                name: gone.short_name().to_owned(),
                title: gone.title.clone(),
                at: moment(gone.deleted_at.unwrap_or_default()),
            })
            .collect(),
        name: String::new(),
        title: String::new(),
        text: String::new(),
        error: None,
        done: None,
    })
}

#[derive(Deserialize)]
pub(super) struct NewForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    text: String,
}

/// `POST /assistants`
pub(super) async fn create(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<NewForm>,
) -> Result<Response, Failure> {
    let body = Body {
        title: match form.title.trim() {
            "" => form.name.trim().to_owned(),
            title => title.to_owned(),
        },
        greeting: "Hello! How can I help you?".to_owned(),
        ..Body::default()
    };
    let made = assistants::create(&app, person.member(), &form.name, body, now_ms()).await;
    match mistake(made)? {
        Ok(made) => Ok(to(&made.assistant.name, "about", "made")),
        Err(error) => refuse_new(&app, &person, form, error).await,
    }
}

/// `POST /assistants/import`: fields `text` and `name`.
pub(super) async fn import(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<NewForm>,
) -> Result<Response, Failure> {
    let name = Some(form.name.trim()).filter(|name| !name.is_empty());
    let taken = assistants::import(&app, person.member(), &form.text, name, now_ms()).await;
    match mistake(taken)? {
        Ok(taken) => Ok(to(&taken.assistant.name, "versions", "file")),
        Err(error) => refuse_new(&app, &person, form, error).await,
    }
}

async fn refuse_new(
    app: &App,
    person: &SignedIn,
    form: NewForm,
    error: String,
) -> Result<Response, Failure> {
    let page = ListPage {
        name: form.name,
        title: form.title,
        text: form.text,
        error: Some(error),
        ..list_page(app, person).await?
    };
    Ok(view::page(StatusCode::UNPROCESSABLE_ENTITY, &page))
}

/// The list with what is wrong.
pub(super) async fn refuse(
    app: &App,
    person: &SignedIn,
    error: String,
) -> Result<Response, Failure> {
    let page = ListPage {
        error: Some(error),
        ..list_page(app, person).await?
    };
    Ok(view::page(StatusCode::UNPROCESSABLE_ENTITY, &page))
}
