//! Workflows: write and try them. All of it works without scripts.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::guard::SignedIn;
use super::view::{self, Section};
use super::workflow_pages::{Said, TriedStep, WorkflowPage, WorkflowRow, WorkflowsPage};
use super::{Failure, sentence, workflow_edit};
use crate::app::App;
use crate::app::workflows::{self as acts, Trial, WorkflowError};
use crate::http::now_ms;
use crate::language::Language;
use crate::store::workflows::Workflow;
use crate::workflows::{Definition, templates};

/// `GET /workflows`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    let listed = acts::list(&app.store, person.member()).await?;
    let is_there = |name: &str| listed.iter().any(|known| known.name == name);
    let page = WorkflowsPage {
        shell: person.shell(Section::Documents, "Workflows"),
        templates: templates::ALL
            .into_iter()
            .filter(|one| !is_there(one.0))
            .map(|(name, text)| row(name, text, true, 0))
            .collect(),
        rows: listed.iter().map(row_of).collect(),
    };
    Ok(view::page(StatusCode::OK, &page))
}

pub(super) fn row_of(workflow: &Workflow) -> WorkflowRow {
    row(
        &workflow.name,
        &workflow.text,
        workflow.active,
        workflow.version,
    )
}

fn row(name: &str, text: &str, active: bool, version: u32) -> WorkflowRow {
    let read = Definition::parse(text).ok();
    let title = read
        .as_ref()
        .map(|read| read.title.of(Language::En).to_owned());
    let slots = read.map_or(0, |read| read.slots.len());
    WorkflowRow {
        name: name.to_owned(),
        title: title.unwrap_or_else(|| name.to_owned()),
        active,
        version,
        slots,
    }
}

/// `POST /workflows/{name}/add`: takes a template.
pub(super) async fn add(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    acts::put(
        &app.store,
        person.member(),
        name.clone(),
        None,
        true,
        now_ms(),
    )
    .await?;
    Ok(Redirect::to(&format!("/workflows/{name}")).into_response())
}

/// `GET /workflows/{name}`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    let page = workflow_edit::page(&app, &person, name).await?;
    Ok(view::page(StatusCode::OK, &page))
}

#[derive(Deserialize)]
pub(super) struct Written {
    text: String,
    /// Of a check box.
    active: Option<String>,
}

/// `POST /workflows/{name}`: keeps the text as the next version.
pub(super) async fn save(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(name): Path<String>,
    Form(form): Form<Written>,
) -> Result<Response, Failure> {
    // Browsers send line breaks of two characters.
    let text = form.text.replace("\r\n", "\n");
    let active = form.active.is_some();
    let kept = acts::put(
        &app.store,
        person.member(),
        name.clone(),
        Some(text.clone()),
        active,
        now_ms(),
    );
    match kept.await {
        Ok(_) => Ok(Redirect::to(&format!("/workflows/{name}")).into_response()),
        Err(
            wrong @ (WorkflowError::Wrong(_) | WorkflowError::OtherName(_) | WorkflowError::Most),
        ) => {
            let mut page = match workflow_edit::page(&app, &person, name.clone()).await {
                Ok(page) => page,
                // Nothing of this name is kept yet.
                Err(_) => {
                    let row = row(&name, &text, active, 0);
                    WorkflowPage {
                        shell: person.shell(Section::Documents, &row.title),
                        row,
                        text: String::new(),
                        form: None,
                        has_comments: false,
                        versions: Vec::new(),
                        error: None,
                        tried: None,
                    }
                }
            };
            page.text = text;
            page.error = Some(sentence(&wrong.to_string()));
            Ok(view::page(StatusCode::UNPROCESSABLE_ENTITY, &page))
        }
        Err(other) => Err(other.into()),
    }
}

#[derive(Deserialize)]
pub(super) struct Message {
    said: String,
    language: String,
    /// The run so far, as JSON; empty to begin.
    run: String,
    /// What was said so far, a line each.
    log: String,
}

/// `POST /workflows/{name}/try`: goes one step without doing anything.
pub(super) async fn try_out(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(name): Path<String>,
    Form(form): Form<Message>,
) -> Result<Response, Failure> {
    let mut page = workflow_edit::page(&app, &person, name).await?;
    let trial = Trial {
        text: page.text.clone(),
        run: serde_json::from_str(&form.run).ok(),
        said: form.said.clone(),
        language: Language::of_code(&form.language),
    };
    let stepped = acts::try_out(&app.store, person.member(), trial).await?;
    let mut said: Vec<Said> = serde_json::from_str(&form.log).unwrap_or_default();
    said.push(Said::new("Visitor", form.said));
    if let Some(question) = stepped.aside {
        said.push(Said::new("Frontdesk", format!("(answers: {question})")));
    }
    said.push(Said::new("Frontdesk", stepped.says.join("\n")));
    for act in &stepped.acts {
        let with: Vec<String> = act
            .deed
            .with
            .iter()
            .map(|(k, v)| format!("{k}: {v}"))
            .collect();
        said.push(Said::new(
            "Would be done",
            format!("{} ({})", act.deed.act, with.join(", ")),
        ));
    }
    page.tried = Some(TriedStep {
        log: serde_json::to_string(&said).unwrap_or_default(),
        said,
        has_ended: stepped.run.has_ended(),
        run: serde_json::to_string(&stepped.run).unwrap_or_default(),
        language: form.language,
    });
    Ok(view::page(StatusCode::OK, &page))
}

/// `POST /workflows/{name}/delete`
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(name): Path<String>,
) -> Result<Response, Failure> {
    acts::delete(&app.store, person.member(), name).await?;
    Ok(Redirect::to("/workflows").into_response())
}
