//! From an uploaded file to searchable passages, as a job that survives a restart.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::chunk::{ChunkOptions, chunk};
use super::dated::{self, Said};
use super::layout::Layout;
use super::sources::reading_name;
use super::{Documents, KnowledgeError, Progress, Stage, View};
use crate::extract::Extracted;
use crate::language::{self, Language};
use crate::store::chunks::NewChunk;
use crate::store::documents::{DocumentState, NewDocument, Origin};
use crate::store::jobs::NewJob;
use crate::store::{self, DocumentId, UnixMs, VersionId, WorkspaceId};

pub(super) const KIND: &str = "ingest_document";
/// Version of the extractor; raising it makes all documents be read again.
pub(super) const EXTRACTOR: u32 = 4;

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Payload {
    pub(super) document: DocumentId,
    pub(super) version: VersionId,
}

/// What became of an upload or a snippet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SnippetView)]
pub struct Submitted {
    /// Id of the document.
    #[schema(value_type = String)]
    pub document: DocumentId,
    /// Number of its newest version, from 1.
    pub version: u32,
    /// The newest version has the same bytes; there is nothing to do.
    pub unchanged: bool,
}

pub(super) fn now() -> UnixMs {
    jiff::Timestamp::now().as_millisecond()
}

/// A readable title from a file name: "price-list_2026.pdf" → "price list 2026".
fn title_of(name: &str) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let title = stem.replace(['_', '-'], " ");
    if title.trim().is_empty() {
        name.to_owned()
    } else {
        title.trim().to_owned()
    }
}

impl Documents {
    /// Stores a file durably, as a new document or as a new version of the one with the same name, and
    /// queues it. Returns after the commit.
    ///
    /// # Errors
    /// When the name or the file is empty, or there is no room.
    pub async fn submit(
        &self,
        workspace: WorkspaceId,
        name: String,
        bytes: Bytes,
    ) -> Result<Submitted, KnowledgeError> {
        let name = file_name(&name).ok_or(KnowledgeError::NoName)?;
        self.keep(workspace, name, bytes, Origin::Upload).await
    }

    /// Like [`Self::submit`], but keeps the name exactly as given.
    pub(super) async fn keep(
        &self,
        workspace: WorkspaceId,
        name: String,
        bytes: Bytes,
        origin: Origin,
    ) -> Result<Submitted, KnowledgeError> {
        self.inner.store.has_room()?;
        if bytes.is_empty() {
            return Err(KnowledgeError::Empty(name));
        }
        let media_type = mime_guess::from_path(&name)
            .first_or_octet_stream()
            .to_string();
        let shown = name.clone();
        let submitted = self
            .inner
            .store
            .write(move |tx| {
                let title = title_of(&name);
                let new = NewDocument {
                    name: &name,
                    title: &title,
                    media_type: &media_type,
                    original: &bytes,
                };
                keep(tx, workspace, &new, origin)
            })
            .await?;
        self.announce(workspace, &shown, submitted);
        Ok(submitted)
    }

    pub(super) fn announce(&self, workspace: WorkspaceId, name: &str, submitted: Submitted) {
        if !submitted.unchanged {
            self.report(workspace, submitted.document, name, Stage::Queued);
            self.inner.wake.notify_one();
        }
    }

    /// Reads the current version of a document again.
    pub async fn reindex(
        &self,
        document: store::Scoped<store::documents::Document>,
    ) -> Result<(), KnowledgeError> {
        let (workspace, id, name) = (document.workspace(), document.id, document.name.clone());
        self.inner
            .store
            .write(move |tx| {
                let version = store::versions::in_force(tx, &document)?.id;
                store::documents::set_state(tx, &document, DocumentState::Queued, None, now())?;
                enqueue(
                    tx,
                    workspace,
                    Payload {
                        document: document.id,
                        version,
                    },
                )
            })
            .await?;
        self.report(workspace, id, &name, Stage::Queued);
        self.inner.wake.notify_one();
        Ok(())
    }

    pub(super) async fn ingest(
        &self,
        workspace: WorkspaceId,
        job: Payload,
    ) -> Result<(), KnowledgeError> {
        let loaded = self
            .inner
            .store
            .read(move |conn| {
                let document = store::documents::get(conn, workspace, job.document)?;
                let version = store::versions::get(conn, workspace, job.version)?;
                let original = store::versions::original(conn, workspace, job.version)?;
                Ok((document, version, original))
            })
            .await;
        let (document, version, original) = match loaded {
            Ok(parts) => parts,
            // Deleted, or replaced by a newer version: nothing to do.
            Err(store::StoreError::NotFound(_)) => return Ok(()),
            Err(other) => return Err(other.into()),
        };
        let name = document.name.clone();
        self.report(workspace, document.id, &name, Stage::Reading);
        let original = Bytes::from(original);
        let read = self
            .inner
            .extractor
            .extract_pictures(
                original.clone(),
                reading_name(&name, &version.media_type),
                version.read_hidden,
                &|page, done, total| {
                    let stage = Stage::Looking { page, done, total };
                    self.report(workspace, document.id, &name, stage);
                },
            )
            .await?;
        // Until the index has what is stored, nobody else changes the text.
        let turn = self.inner.changing.take(document.id).await;
        let (mut extracted, known) = self.recall(&document, &version, original, read).await?;
        let waiting = known.waiting();
        let (layout, new, about) = cut(&extracted);
        let dated_at = about.said.at().or(extracted.written_at);
        extracted.notes.extend(about.said.warning(today()));
        let notes = extracted.notes.clone();
        let pages = extracted.pages;
        let title = own_title(&extracted);
        let id = document.id;
        let held = version.hold == Some(store::versions::Hold::Held);
        let written = self
            .inner
            .store
            .write(move |tx| {
                let blocks = serde_json::to_value(&layout.blocks).unwrap_or_default();
                let text = store::versions::Extracted {
                    text: &layout.text,
                    blocks: Some(&blocks),
                    pages,
                    notes: &extracted.notes,
                    has_hidden: extracted.hidden,
                    extractor: EXTRACTOR,
                };
                store::versions::set_extracted(tx, &version, &text, now())?;
                store::versions::set_language(tx, &version, about.language)?;
                store::seen::replace(tx, &version, &known.stored_pages(), &known.lines)?;
                if held {
                    store::gate::stage(tx, &version, &new, now())?;
                    let mut rows = Vec::new();
                    store::gate::for_each_staged(tx, Some(version.document), |row| {
                        rows.push(row);
                    })?;
                    return Ok(Some(rows));
                }
                match store::chunks::replace(tx, &version, &new, now()) {
                    Ok(_) => {}
                    // A newer version is live already, or this one was withdrawn: keep its text, index nothing.
                    Err(store::StoreError::Conflict(_)) => return Ok(None),
                    Err(other) => return Err(other),
                }
                if let Some(title) = &title {
                    store::documents::set_title(tx, &document, title)?;
                }
                store::documents::set_dated_at(tx, &document, dated_at)?;
                let mut rows = Vec::new();
                let document = version.document;
                store::chunks::for_each_of_document(tx, workspace, document, |row| rows.push(row))?;
                let data = serde_json::json!({"version": version.number, "chunks": rows.len()});
                let subject = document.to_string();
                store::events::append(tx, workspace, "document_ready", &subject, &data, now())?;
                Ok(Some(rows))
            })
            .await?;
        let Some(rows) = written else { return Ok(()) };
        // Words first: the document can be found by them while its vectors are still being made.
        let (index, embedder) = (&self.inner.index, self.inner.embedder.name());
        let view = if held { View::Next } else { View::Live };
        match view {
            View::Next => index.stage(id, &rows, &embedder)?,
            View::Live => index.replace(id, &rows, &embedder)?,
        }
        // The document may have been deleted while it was being read; then it must not be found.
        let gone = self
            .inner
            .store
            .read(move |c| store::documents::get(c, workspace, id))
            .await;
        if gone.is_err() {
            return self.inner.index.remove(id);
        }
        self.inner.pictures.forget(id);
        self.propose_again(workspace, id).await;
        drop(turn);
        let mut notes = notes;
        notes.extend(waiting);
        if held {
            notes.push("waits at the gate: publish it under Quality, Tests and gate".into());
        }
        if let Err(reason) = self.embed(workspace, id, &name, &rows, view).await {
            tracing::warn!(document = %name, "{reason}");
            notes.push(format!(
                "found by its words only, not by meaning, for now: {reason}"
            ));
        }
        let chunks = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        self.report(workspace, id, &name, Stage::Ready { chunks, notes });
        Ok(())
    }

    pub(super) fn report(
        &self,
        workspace: WorkspaceId,
        document: DocumentId,
        name: &str,
        stage: Stage,
    ) {
        let progress = Progress {
            workspace: workspace.to_string(),
            document: document.to_string(),
            name: name.to_owned(),
            stage,
        };
        // It is fine if nobody listens.
        let _ = self.inner.progress.send(progress);
    }
}

/// Stores a file and queues its job, unless the newest version has the same bytes.
pub(super) fn keep(
    tx: &store::Transaction<'_>,
    workspace: WorkspaceId,
    new: &NewDocument<'_>,
    origin: Origin,
) -> Result<Submitted, store::StoreError> {
    let inserted = store::documents::insert(tx, workspace, new, now())?;
    let document = store::documents::get(tx, workspace, inserted.document())?;
    store::documents::set_origin(tx, &document, origin)?;
    let unchanged = matches!(inserted, store::documents::Inserted::Unchanged(..))
        && document.state != DocumentState::Failed;
    let version = if unchanged {
        store::versions::latest(tx, &document)?.number
    } else {
        // An error here rolls back what this transaction has written.
        store::storage::has_room(tx, workspace, now())?;
        store::billing::must_work(tx, workspace, now())?;
        super::versions::queue(tx, &document, inserted.version())?
    };
    Ok(Submitted {
        document: document.id,
        version,
        unchanged,
    })
}

pub(super) fn enqueue(
    tx: &store::Transaction<'_>,
    workspace: WorkspaceId,
    payload: Payload,
) -> Result<(), store::StoreError> {
    let payload = serde_json::to_value(payload).unwrap_or_default();
    let job = NewJob {
        workspace: Some(workspace),
        kind: KIND,
        payload: &payload,
        run_at: now(),
    };
    store::jobs::enqueue(tx, &job, now()).map(drop)
}

/// The title that a document gives itself, if its length suits a list.
pub(super) fn own_title(extracted: &Extracted) -> Option<String> {
    let title = extracted
        .title
        .as_deref()?
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    (3..=120).contains(&title.chars().count()).then_some(title)
}

/// What a text says about itself.
pub(super) struct About {
    pub(super) language: Option<&'static str>,
    pub(super) said: Said,
}

pub(super) fn about(text: &str) -> About {
    let language = language::of_document(text);
    About {
        language: language
            .filter(|l| *l != Language::Other)
            .map(Language::code),
        said: dated::said(text, language.unwrap_or(Language::En)),
    }
}

pub(super) fn today() -> jiff::civil::Date {
    jiff::Zoned::now().date()
}

pub(super) fn cut(extracted: &Extracted) -> (Layout, Vec<NewChunk>, About) {
    let layout = Layout::of(&extracted.blocks);
    let about = about(&layout.text);
    let chunks = chunk(extracted, &ChunkOptions::default())
        .into_iter()
        .map(|piece| {
            let span = layout.span(&piece);
            NewChunk {
                heading_path: piece.heading_path,
                page: piece.page,
                start_byte: i64::try_from(span.start).unwrap_or(0),
                end_byte: i64::try_from(span.end).unwrap_or(0),
                text: piece.text,
                embedding: None,
                language: about.language.map(str::to_owned),
            }
        })
        .collect();
    (layout, chunks, about)
}

/// The last part of whatever path a browser sent, without control characters.
pub(super) fn file_name(sent: &str) -> Option<String> {
    let last = sent.rsplit(['/', '\\']).next()?;
    let clean: String = last.chars().filter(|c| !c.is_control()).take(200).collect();
    let clean = clean.trim();
    (!clean.is_empty() && clean != "." && clean != "..").then(|| clean.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_from_a_browser_becomes_a_plain_name() {
        assert_eq!(file_name("C:\\docs\\a.pdf").as_deref(), Some("a.pdf"));
        assert_eq!(file_name("../../etc/passwd").as_deref(), Some("passwd"));
        assert_eq!(file_name("a\u{0}b.txt").as_deref(), Some("ab.txt"));
        assert_eq!(file_name(".."), None);
        assert_eq!(file_name(" "), None);
    }

    #[test]
    fn a_title_reads_like_one() {
        assert_eq!(title_of("price-list_2026.pdf"), "price list 2026");
        assert_eq!(title_of("README"), "README");
    }
}
