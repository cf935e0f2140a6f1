//! Notes: short texts written in the console instead of uploaded.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::guard::SignedIn;
use super::view::{self, Section, Shell, filters};
use super::{Failure, sentence};
use crate::app::App;
use crate::http::auth::Scope;
use crate::http::parse_id;
use crate::http::problem::Problem;
use crate::knowledge::{KnowledgeError, snippets};
use crate::store::documents::{Document, Origin};
use crate::store::{DocumentId, Scoped, versions};

#[derive(Template)]
#[template(path = "note.html")]
struct Page {
    shell: Shell,
    /// `None` for a new note.
    id: Option<String>,
    form: NoteForm,
    error: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct NoteForm {
    title: String,
    text: String,
}

/// `GET /documents/new`
pub(super) async fn new(person: SignedIn) -> Result<Response, Failure> {
    person.need(Scope::Documents)?;
    Ok(show(&person, None, NoteForm::default(), None))
}

/// `POST /documents/new`
pub(super) async fn create(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Form(form): Form<NoteForm>,
) -> Result<Response, Failure> {
    save(&app, &person, None, form).await
}

/// `GET /documents/{id}/edit`
pub(super) async fn edit(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    person.need(Scope::Documents)?;
    let note = find(&app, &person, &id).await?;
    let workspace = person.workspace.id;
    let kept = app.store.read(move |conn| {
        let version = versions::in_force(conn, &note)?;
        versions::original(conn, workspace, version.id)
    });
    let kept = String::from_utf8_lossy(&kept.await?).into_owned();
    let (title, text) = snippets::parts(&kept);
    let form = NoteForm {
        title: title.to_owned(),
        text: text.to_owned(),
    };
    Ok(show(&person, Some(id), form, None))
}

/// `POST /documents/{id}/edit`
pub(super) async fn change(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(form): Form<NoteForm>,
) -> Result<Response, Failure> {
    let note = find(&app, &person, &id).await?;
    save(&app, &person, Some(note.id), form).await
}

/// `POST /documents/{id}/delete`
pub(super) async fn delete(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id = parse_id(&id, "document")?;
    app.knowledge
        .documents()
        .remove(person.member(), id)
        .await?;
    Ok(Redirect::to("/documents").into_response())
}

async fn find(app: &App, person: &SignedIn, id: &str) -> Result<Scoped<Document>, Problem> {
    let (by, id) = (person.member(), parse_id(id, "document")?);
    let document = app.knowledge.documents().find(by, id).await?;
    match document.origin {
        Origin::Snippet => Ok(document),
        _ => Err(Problem::not_found("note")),
    }
}

async fn save(
    app: &App,
    person: &SignedIn,
    note: Option<DocumentId>,
    form: NoteForm,
) -> Result<Response, Failure> {
    let id = note.map(|id| id.to_string());
    let (by, title, text) = (person.member(), &form.title, &form.text);
    match app
        .knowledge
        .documents()
        .write_snippet(by, note, title, text)
        .await
    {
        Ok(written) => {
            Ok(Redirect::to(&format!("/documents#document-{}", written.document)).into_response())
        }
        Err(KnowledgeError::Document(reason)) => {
            Ok(show(person, id, form, Some(sentence(&reason))))
        }
        Err(other) => Err(other.into()),
    }
}

fn show(person: &SignedIn, id: Option<String>, form: NoteForm, error: Option<String>) -> Response {
    let status = match error {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let title = if id.is_some() {
        "Change a note"
    } else {
        "Write a note"
    };
    let page = Page {
        shell: person.shell(Section::Documents, title),
        id,
        form,
        error,
    };
    view::page(status, &page)
}
