//! The playground: ask as a customer would.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::guard::SignedIn;
use super::suggestions::suggest;
use super::view::{self, Section};
use super::{Failure, pages, status};
use crate::app::{App, default_assistant};
use crate::http::auth::Scope;
use crate::http::voice::files;
use crate::store::{Connection, StoreError, WorkspaceId, chunks, documents};

/// Documents whose headings are looked at.
const DOCUMENTS: usize = 6;

/// `GET /chat`
pub(super) async fn show(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    person.need(Scope::Chat)?;
    let (assistant, suggestions) = introduce(&app, person.workspace.id).await?;
    let page = pages::Chat {
        shell: person.shell(Section::Chat, "Chat"),
        assistant,
        suggestions,
        warning: status::warning(&app, &["llm", "embed"]),
        widget: files::widget_path(),
    };
    Ok(view::page(StatusCode::OK, &page))
}

/// What the assistant is called, and questions to try.
pub(super) async fn introduce(
    app: &App,
    workspace: WorkspaceId,
) -> Result<(String, Vec<String>), StoreError> {
    let assistant = match default_assistant(&app.store, workspace).await {
        Ok(assistant) => assistant.title,
        Err(StoreError::NotFound(_)) => "Front desk".to_owned(),
        Err(error) => return Err(error),
    };
    let topics = app.store.read(move |conn| topics(conn, workspace)).await?;
    let questions = suggest(topics.iter().map(String::as_str));
    Ok((assistant, questions))
}

/// Headings of the first documents, one of each in turn, then their titles.
fn topics(conn: &Connection, workspace: WorkspaceId) -> Result<Vec<String>, StoreError> {
    let mut by_document = Vec::new();
    let mut titles = Vec::new();
    let ready = documents::list(conn, workspace)?
        .into_iter()
        .filter(|found| found.chunks > 0);
    for found in ready.take(DOCUMENTS) {
        let mut headings: Vec<String> = Vec::new();
        chunks::for_each_of_document(conn, workspace, found.document.id, |chunk| {
            // The first level is the document's own title.
            headings.extend(
                chunk
                    .heading_path
                    .into_iter()
                    .nth(1)
                    .filter(|h| !headings.contains(h)),
            );
        })?;
        by_document.push(headings.into_iter());
        titles.push(found.document.title);
    }
    let mut topics = Vec::new();
    loop {
        let before = topics.len();
        topics.extend(by_document.iter_mut().filter_map(Iterator::next));
        if topics.len() == before {
            break;
        }
    }
    topics.extend(titles);
    Ok(topics)
}
