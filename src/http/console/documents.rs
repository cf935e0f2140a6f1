//! Documents: the list, one to read, and a passage for the chat's drawer.

use std::ops::Range;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::super::auth::Scope;
use super::super::problem::Problem;
use super::format::{bytes, limit, moment, plural};
use super::guard::SignedIn;
use super::pages::{self, DocumentRow};
use super::reading::{self, Surroundings};
use super::view::{self, Fact, Section};
use super::{Failure, sentence, status};
use crate::app::App;
use crate::knowledge::layout::BlockSpan;
use crate::store::documents::{self, Document, DocumentState, DocumentSummary};
use crate::store::versions::{self, Version, VersionText};
use crate::store::{Connection, DocumentId, Scoped, StoreError, VersionId, WorkspaceId};

/// What the file picker offers; the server looks at the content, not at the name.
const ACCEPT: &str = ".pdf,.docx,.html,.htm,.md,.mdx,.markdown,.csv,.tsv,.eml,.txt,.text";

/// What a link to a document points at.
#[derive(Deserialize)]
pub(super) struct Place {
    version: Option<VersionId>,
    /// Byte range in the version's text, `120-180`.
    span: Option<String>,
}

impl Place {
    fn span(&self) -> Option<Range<usize>> {
        let (from, to) = self.span.as_deref()?.split_once('-')?;
        Some(from.parse().ok()?..to.parse().ok()?)
    }
}

/// A version of a document with its text.
struct Opened {
    document: Scoped<Document>,
    version: Version,
    newest: u32,
    text: Option<VersionText>,
}

/// `GET /documents`
pub(super) async fn list(
    State(app): State<Arc<App>>,
    person: SignedIn,
) -> Result<Response, Failure> {
    person.need(Scope::Documents)?;
    let workspace = person.workspace.id;
    let rows = app.store.read(move |conn| {
        let found = documents::list(conn, workspace)?;
        found
            .into_iter()
            .map(|summary| row(conn, workspace, summary))
            .collect()
    });
    let rows: Vec<DocumentRow> = rows.await?;
    let max_bytes = app.config.upload_max_bytes;
    let page = pages::Documents {
        shell: person.shell(Section::Documents, "Documents"),
        ready: rows.iter().filter(|row| row.state == "ready").count(),
        rows,
        max_bytes,
        max_size: limit(max_bytes),
        accept: ACCEPT,
        warning: status::warning(&app, &["extract", "embed"]),
    };
    Ok(view::page(StatusCode::OK, &page))
}

/// `GET /documents/{id}?version=&span=a-b`
pub(super) async fn read(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Query(place): Query<Place>,
) -> Result<Response, Failure> {
    person.need(Scope::Chat)?;
    let opened = open(&app, person.workspace.id, &id, place.version).await?;
    let laid_out = opened.text.as_ref().map(|text| {
        let blocks = blocks(text);
        reading::lay_out(&text.text, blocks.as_deref(), place.span())
    });
    let laid_out = laid_out.unwrap_or_default();
    let (empty_heading, empty_reason) = why_empty(&opened);
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
    };
    Ok(view::page(StatusCode::OK, &page))
}

/// `GET /documents/{id}/passage?version=&span=a-b`
pub(super) async fn passage(
    State(app): State<Arc<App>>,
    person: SignedIn,
    Path(id): Path<String>,
    Query(place): Query<Place>,
) -> Result<Json<Surroundings>, Problem> {
    person.need(Scope::Chat)?;
    let opened = open(&app, person.workspace.id, &id, place.version).await?;
    let found = place.span().zip(opened.text);
    let found = found.and_then(|(span, text)| reading::surroundings(&text.text, span));
    found.map(Json).ok_or_else(|| Problem::not_found("passage"))
}

async fn open(
    app: &App,
    workspace: WorkspaceId,
    id: &str,
    version: Option<VersionId>,
) -> Result<Opened, Problem> {
    let id: DocumentId = id.parse().map_err(|_| Problem::not_found("document"))?;
    let opened = app.store.read(move |conn| {
        let document = documents::get(conn, workspace, id)?;
        let newest = versions::latest(conn, &document)?;
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
            text,
        })
    });
    Ok(opened.await?)
}

/// The blocks, if this version of the reader understands what an older one kept.
fn blocks(text: &VersionText) -> Option<Vec<BlockSpan>> {
    let kept = text.blocks.clone()?;
    serde_json::from_value(kept)
        .inspect_err(
            |error| tracing::debug!(%error, "the blocks of a document are of another form"),
        )
        .ok()
}

fn row(
    conn: &Connection,
    workspace: WorkspaceId,
    summary: DocumentSummary,
) -> Result<DocumentRow, StoreError> {
    let notes = match summary.document.state {
        DocumentState::Ready => {
            versions::get(conn, workspace, summary.latest_version)?
                .into_inner()
                .notes
        }
        DocumentState::Failed => summary.document.error.iter().cloned().collect(),
        DocumentState::Queued | DocumentState::Indexing => Vec::new(),
    };
    let notes = notes.iter().map(|note| sentence(note)).collect();
    let chunks = u64::try_from(summary.chunks).unwrap_or_default();
    let document = summary.document;
    Ok(DocumentRow {
        id: document.id.to_string(),
        kind: kind(&document.name),
        name: document.name,
        state: document.state.as_str().to_owned(),
        size: bytes(u64::try_from(summary.bytes).unwrap_or_default()),
        pages: summary
            .pages
            .map(|pages| plural(pages.into(), "page", "pages")),
        passages: (chunks > 0).then(|| plural(chunks, "passage", "passages")),
        version: summary.version_number,
        updated: moment(document.updated_at),
        notes,
    })
}

/// The file's extension, as a label.
fn kind(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((_, extension)) if (1..=5).contains(&extension.len()) => extension.to_owned(),
        _ => "file".to_owned(),
    }
}

fn facts(opened: &Opened) -> Vec<Fact> {
    let version = &opened.version;
    let size = u64::try_from(version.bytes).unwrap_or_default();
    let mut facts = vec![
        Fact::new("File", &opened.document.name),
        Fact::new(
            "Version",
            format!("{} of {}", version.number, opened.newest),
        ),
        Fact::new("Size", bytes(size)),
    ];
    facts.extend(
        version
            .pages
            .map(|pages| Fact::new("Pages", pages.to_string())),
    );
    facts.push(Fact::new("Uploaded", moment(version.created_at).shown));
    facts.extend(
        version
            .extracted_at
            .map(|at| Fact::new("Read", moment(at).shown)),
    );
    facts
}

fn why_empty(opened: &Opened) -> (&'static str, String) {
    match opened.document.state {
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
            Place {
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

    #[test]
    fn the_kind_is_a_short_label() {
        assert_eq!(kind("Price list.PDF"), "PDF");
        assert_eq!(kind("README"), "file");
        assert_eq!(kind("notes.from the meeting"), "file");
    }
}
