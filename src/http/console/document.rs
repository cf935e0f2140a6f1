//! One document: its text, passages for the chat's drawer, and its versions.

use std::ops::Range;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::{Form, Json};
use serde::Deserialize;

use super::documents::{day, language};
use super::format::{bytes, moment, plural};
use super::guard::SignedIn;
use super::pages::{self, VersionRow};
use super::reading::{self, Surroundings};
use super::view::{self, Fact, Section, Shell, filters};
use super::{Failure, lines, sentence};
use crate::app::App;
use crate::http::auth::Scope;
use crate::http::now_ms;
use crate::http::parse_id;
use crate::http::problem::Problem;
use crate::knowledge::diff::{self, Change, Difference};
use crate::knowledge::layout::BlockSpan;
use crate::store::documents::{Document, DocumentState, Origin};
use crate::store::versions::{self, Hold, Version, VersionText};
use crate::store::{Scoped, StoreError, VersionId, WorkspaceId, documents};

/// The version and the words that a link points at.
#[derive(Default, Deserialize)]
pub(super) struct PassageQuery {
    version: Option<VersionId>,
    /// Byte range in the version's text, `120-180`.
    span: Option<String>,
}

impl PassageQuery {
    fn span(&self) -> Option<Range<usize>> {
        let (from, to) = self.span.as_deref()?.split_once('-')?;
        Some(from.parse().ok()?..to.parse().ok()?)
    }
}

/// A version of a document with its text.
struct Opened {
    document: Scoped<Document>,
    version: Version,
    /// Number of the version in force.
    newest: u32,
    all: Vec<Version>,
    text: Option<VersionText>,
}

/// `GET /documents/{id}?version=&span=a-b`
pub(super) async fn read(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Query(passage): Query<PassageQuery>,
) -> Result<Response, Failure> {
    show(&app, &person, &id, passage, None).await
}

/// The page of a document; `error` says why a decision on its lines did not work.
pub(super) async fn show(
    app: &App,
    person: &SignedIn,
    id: &str,
    passage: PassageQuery,
    error: Option<Problem>,
) -> Result<Response, Failure> {
    person.need(Scope::Chat)?;
    let opened = open(app, person.workspace.id, id, passage.version).await?;
    let may_change = person.need(Scope::Documents).is_ok();
    let lines = match may_change {
        true => {
            lines::part(
                app,
                person,
                opened.document.id,
                passage.version,
                error.as_ref(),
            )
            .await?
        }
        false => None,
    };
    let laid_out = opened.text.as_ref().map(|text| {
        let blocks = blocks(text);
        reading::lay_out(&text.text, blocks.as_deref(), passage.span())
    });
    let mut laid_out = laid_out.unwrap_or_default();
    let is_note = opened.document.origin == Origin::Snippet;
    if is_note {
        laid_out.drop_title(&opened.document.title);
    }
    let waits = lines.as_ref().is_some_and(|part| part.done < part.all);
    let (empty_heading, empty_reason) = why_empty(&opened, waits);
    let page = pages::Document {
        shell: person.shell(Section::Documents, &opened.document.title),
        id: opened.document.id.to_string(),
        title: opened.document.title.clone(),
        version: opened.version.number,
        superseded: opened.version.number < opened.newest,
        parts: laid_out.parts,
        cut: laid_out.cut,
        empty_heading,
        empty_reason,
        facts: facts(&opened),
        notes: opened
            .version
            .notes
            .iter()
            .map(|note| sentence(note))
            .collect(),
        lines,
        versions: (opened.all.iter())
            .map(|version| version_row(version, opened.document.current_version))
            .collect(),
        hides: opened.version.has_hidden && opened.version.number == opened.newest,
        read_hidden: opened.version.read_hidden,
        staff_only: opened.document.staff_only,
        is_note,
        may_change,
    };
    let status = error.map_or(StatusCode::OK, |problem| problem.status);
    Ok(view::page(status, &page))
}

/// `GET /documents/{id}/passage?version=&span=a-b`
pub(super) async fn passage(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Query(passage): Query<PassageQuery>,
) -> Result<Json<Surroundings>, Problem> {
    person.need(Scope::Chat)?;
    let opened = open(&app, person.workspace.id, &id, passage.version).await?;
    let found = passage.span().zip(opened.text);
    let found = found.and_then(|(span, text)| reading::surroundings(&text.text, span));
    found.map(Json).ok_or_else(|| Problem::not_found("passage"))
}

async fn open(
    app: &App,
    workspace: WorkspaceId,
    id: &str,
    version: Option<VersionId>,
) -> Result<Opened, Problem> {
    let id = parse_id(id, "document")?;
    let opened = app.store.read(move |conn| {
        let document = documents::get(conn, workspace, id)?;
        let newest = versions::in_force(conn, &document)?;
        let all = versions::list(conn, &document)?;
        let newest_number = newest.number;
        let version = match version.or(document.current_version) {
            Some(version) => versions::get(conn, workspace, version)?.into_inner(),
            None => newest,
        };
        if version.document != id {
            return Err(StoreError::NotFound("the document version"));
        }
        let text = versions::find_text(conn, workspace, version.id)?;
        Ok(Opened {
            document,
            version,
            newest: newest_number,
            all,
            text,
        })
    });
    Ok(opened.await?)
}

/// The stored blocks; `None` if an older release wrote them in a form that this one cannot read.
fn blocks(text: &VersionText) -> Option<Vec<BlockSpan>> {
    let kept = text.blocks.clone()?;
    serde_json::from_value(kept)
        .inspect_err(
            |error| tracing::debug!(%error, "the blocks of a document are of another form"),
        )
        .ok()
}

fn version_row(version: &Version, current: Option<VersionId>) -> VersionRow {
    let mut facts = vec![bytes(u64::try_from(version.bytes).unwrap_or_default())];
    facts.extend(version.pages.map(|n| plural(n.into(), "page", "pages")));
    VersionRow {
        id: version.id.to_string(),
        number: version.number,
        created: moment(version.created_at),
        facts: facts.join(" · "),
        current: current == Some(version.id),
        taken_back: version.hold == Some(Hold::RolledBack),
        is_read: version.extracted_at.is_some(),
        notes: version.notes.iter().map(|note| sentence(note)).collect(),
    }
}

#[derive(Deserialize)]
pub(super) struct GoBack {
    version: VersionId,
}

/// `POST /documents/{id}/rollback`
pub(super) async fn roll_back(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(form): Form<GoBack>,
) -> Result<Response, Failure> {
    let (by, of) = (person.member(), parse_id(&id, "document")?);
    app.knowledge
        .documents()
        .go_back(by, of, form.version)
        .await?;
    Ok(Redirect::to(&format!("/documents/{id}")).into_response())
}

/// Whether hidden sheets, notes and comments are read.
#[derive(Deserialize)]
pub(super) struct ReadHidden {
    read: bool,
}

/// `POST /documents/{id}/hidden`
pub(super) async fn read_hidden(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(form): Form<ReadHidden>,
) -> Result<Response, Failure> {
    let (by, of) = (person.member(), parse_id(&id, "document")?);
    app.knowledge
        .documents()
        .read_with_hidden(by, of, form.read)
        .await?;
    Ok(Redirect::to("/documents").into_response())
}

#[derive(Deserialize)]
pub(super) struct ForStaff {
    only: bool,
}

/// `POST /documents/{id}/staff`
pub(super) async fn keep_for_staff(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(form): Form<ForStaff>,
) -> Result<Response, Failure> {
    let (by, of) = (person.member(), parse_id(&id, "document")?);
    let kept = app
        .knowledge
        .documents()
        .keep_for_staff(by, of, form.only, now_ms());
    kept.await?;
    Ok(Redirect::to(&format!("/documents/{id}")).into_response())
}

#[derive(Template)]
#[template(path = "changes.html")]
struct Changes {
    shell: Shell,
    id: String,
    title: String,
    from: u32,
    to: u32,
    difference: Difference,
}

/// `GET /documents/{id}/changes?version=`: compares a version with the one before it.
pub(super) async fn changes(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Query(passage): Query<PassageQuery>,
) -> Result<Response, Failure> {
    person.need(Scope::Documents)?;
    let opened = open(&app, person.workspace.id, &id, passage.version).await?;
    let number = opened.version.number;
    let before = opened.all.into_iter().find(|v| v.number < number);
    let before =
        before.ok_or_else(|| Problem::nothing("there is no version before the first one"))?;
    let older = open(&app, person.workspace.id, &id, Some(before.id)).await?;
    let text = |text: Option<VersionText>| text.map(|t| t.text).unwrap_or_default();
    let (old, new) = (text(older.text), text(opened.text));
    let difference = tokio::task::spawn_blocking(move || diff::compare(&old, &new))
        .await
        .map_err(|error| Problem::internal(&error))?;
    let title = format!("Changes of {}", opened.document.title);
    let page = Changes {
        shell: person.shell(Section::Documents, &title),
        id,
        title: opened.document.title.clone(),
        from: before.number,
        to: number,
        difference,
    };
    Ok(view::page(StatusCode::OK, &page))
}

fn facts(opened: &Opened) -> Vec<Fact> {
    let version = &opened.version;
    let size = u64::try_from(version.bytes).unwrap_or_default();
    let mut facts = vec![
        Fact::new("File", &opened.document.name),
        Fact::new(
            "Version",
            format!("{} of {}", version.number, opened.all.len()),
        ),
        Fact::new("Size", bytes(size)),
    ];
    facts.extend(
        version
            .pages
            .map(|pages| Fact::new("Pages", pages.to_string())),
    );
    facts.extend(
        (version.language.as_deref().and_then(language)).map(|name| Fact::new("Language", name)),
    );
    facts.extend(
        (opened.document.dated_at)
            .filter(|_| opened.document.current_version == Some(version.id))
            .map(|at| Fact::new("Date in the document", day(at))),
    );
    facts.push(Fact::new("Uploaded", moment(version.created_at).shown));
    facts.extend(
        version
            .extracted_at
            .map(|at| Fact::new("Read", moment(at).shown)),
    );
    facts
}

fn why_empty(opened: &Opened, waits: bool) -> (&'static str, String) {
    match opened.document.state {
        DocumentState::Ready if waits => (
            "Nothing in this document is used yet",
            "What was recognised in its pictures waits above to be checked.".to_owned(),
        ),
        DocumentState::Failed => {
            let reason = opened
                .document
                .error
                .as_deref()
                .unwrap_or("it could not be read");
            ("This document could not be read", sentence(reason))
        }
        DocumentState::Ready => (
            "There is no text in this document",
            "It may be a scan: save it with text recognition and upload it again.".to_owned(),
        ),
        DocumentState::Queued | DocumentState::Indexing => (
            "This document is being read",
            "Its text appears here in a moment; load the page again.".to_owned(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_two_numbers() {
        let span = |text: &str| {
            PassageQuery {
                version: None,
                span: Some(text.to_owned()),
            }
            .span()
        };
        assert_eq!(span("3-17"), Some(3..17));
        for bad in ["", "3", "3-", "-3", "a-b", "3-17-20", "-1-4"] {
            assert_eq!(span(bad), None, "{bad}");
        }
    }
}
