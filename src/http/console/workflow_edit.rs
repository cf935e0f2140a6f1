//! The page of a workflow: its form, and going back to an earlier version. All of it works without scripts.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::guard::SignedIn;
use super::view::{self, Section};
use super::workflow_form::{Draft, Pressed, ToolArguments, has_comments, heading};
use super::workflow_pages::{WorkflowPage, version_rows};
use super::workflows::row_of;
use super::{Failure, sentence};
use crate::app::App;
use crate::app::workflows::{self as acts, WorkflowError};
use crate::http::now_ms;
use crate::tools::{Schema, Tool};
use crate::workflows::Definition;

/// Versions on the page.
const SHOWN: usize = 20;

type Fields = Vec<(String, String)>;

/// The page as it is kept.
pub(super) async fn page(
    app: &App,
    person: &SignedIn,
    name: String,
) -> Result<WorkflowPage, Failure> {
    let (workflow, _) = acts::get(&app.store, person.member(), name.clone()).await?;
    let versions = acts::history(&app.store, person.member(), name, SHOWN).await?;
    let read = Definition::parse(&workflow.text).ok();
    let tools = tools(app, person).await?;
    let row = row_of(&workflow);
    Ok(WorkflowPage {
        shell: person.shell(Section::Documents, &row.title),
        row,
        form: read.map(|read| Draft::of(&read, workflow.active).view(&tools)),
        has_comments: has_comments(&workflow.text),
        text: workflow.text,
        versions: version_rows(&versions, workflow.version),
        error: None,
        tried: None,
    })
}

async fn tools(app: &App, person: &SignedIn) -> Result<Vec<ToolArguments>, Failure> {
    let listed = app.tools.list(person.member()).await?;
    Ok(listed.into_iter().map(arguments_of).collect())
}

fn arguments_of(tool: Tool) -> ToolArguments {
    let schema = Schema::read(&tool.arguments).ok();
    let arguments = schema.iter().flat_map(|schema| {
        let names = schema.names();
        names.map(move |name| (name.to_owned(), schema.requires(name)))
    });
    ToolArguments {
        arguments: arguments.collect(),
        name: tool.name,
        title: tool.title,
    }
}

/// `POST /workflows/{name}/form`: saves the form as the next version, or does what another of its buttons says and keeps nothing.
pub(super) async fn save(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(name): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Response, Failure> {
    let mut page = page(&app, &person, name.clone()).await?;
    let mut draft = Draft::read(&name, &fields);
    let pressed = Pressed::of(&fields);
    let mut status = StatusCode::OK;
    if pressed.saves() {
        if let Some(text) = draft.text(&heading(&page.text)) {
            let (store, by) = (&app.store, person.member());
            let kept = acts::put(store, by, name.clone(), Some(text), draft.active, now_ms());
            match kept.await {
                Ok(_) => return Ok(Redirect::to(&format!("/workflows/{name}")).into_response()),
                Err(wrong @ WorkflowError::Wrong(_)) => {
                    page.error = Some(sentence(&wrong.to_string()));
                }
                Err(other) => return Err(other.into()),
            }
        }
        status = StatusCode::UNPROCESSABLE_ENTITY;
    } else {
        draft.press(&pressed);
    }
    page.form = Some(draft.view(&tools(&app, &person).await?));
    Ok(view::page(status, &page))
}

#[derive(Deserialize)]
pub(super) struct Earlier {
    version: u32,
}

/// `POST /workflows/{name}/back`: makes the text of an earlier version the newest one.
pub(super) async fn go_back(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(name): Path<String>,
    Form(earlier): Form<Earlier>,
) -> Result<Response, Failure> {
    let (store, by) = (&app.store, person.member());
    let text = acts::text_of(store, by, name.clone(), earlier.version).await?;
    let (workflow, _) = acts::get(store, by, name.clone()).await?;
    acts::put(
        store,
        by,
        name.clone(),
        Some(text),
        workflow.active,
        now_ms(),
    )
    .await?;
    Ok(Redirect::to(&format!("/workflows/{name}")).into_response())
}
