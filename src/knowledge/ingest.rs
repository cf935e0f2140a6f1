//! From an uploaded file to searched passages, as a job that survives a restart.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::chunk::{ChunkOptions, chunk};
use super::extract::Extracted;
use super::layout::Layout;
use super::reader::ExtractFailure;
use super::{Knowledge, KnowledgeError, Progress, Stage};
use crate::store::chunks::NewChunk;
use crate::store::documents::{DocumentState, NewDocument};
use crate::store::jobs::NewJob;
use crate::store::{self, DocumentId, UnixMs, VersionId, WorkspaceId};

/// Name of the job in the store.
pub(super) const KIND: &str = "ingest_document";
/// Version of the reader; a higher one reads documents again.
pub(super) const EXTRACTOR: u32 = 1;

#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Payload {
    pub(super) document: DocumentId,
    pub(super) version: VersionId,
}

/// What became of an upload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Submitted {
    /// The document.
    pub document: DocumentId,
    /// Number of its newest version, from 1.
    pub version: u32,
    /// The newest version has the same bytes; there is nothing to do.
    pub unchanged: bool,
}

pub(super) fn now() -> UnixMs {
    jiff::Timestamp::now().as_millisecond()
}

/// A title for people from a file name: "price-list_2026.pdf" → "price list 2026".
fn title_of(name: &str) -> String {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let title = stem.replace(['_', '-'], " ");
    if title.trim().is_empty() {
        name.to_owned()
    } else {
        title.trim().to_owned()
    }
}

impl Knowledge {
    /// Stores a file durably, as a new document or as a new version of the one with that name, and
    /// queues it. Returns after the commit.
    ///
    /// # Errors
    /// When the name is empty or the store cannot take it.
    pub async fn submit(
        &self,
        workspace: WorkspaceId,
        name: String,
        bytes: Bytes,
    ) -> Result<Submitted, KnowledgeError> {
        let name = file_name(&name).ok_or(KnowledgeError::NoName)?;
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
                let inserted = store::documents::insert(tx, workspace, &new, now())?;
                let document = store::documents::get(tx, workspace, inserted.document())?;
                let unchanged = matches!(inserted, store::documents::Inserted::Unchanged(..))
                    && document.state != DocumentState::Failed;
                if !unchanged {
                    let payload = Payload {
                        document: inserted.document(),
                        version: inserted.version(),
                    };
                    enqueue(tx, workspace, payload)?;
                }
                let version = store::versions::latest(tx, &document)?.number;
                Ok(Submitted {
                    document: document.id,
                    version,
                    unchanged,
                })
            })
            .await?;
        if !submitted.unchanged {
            self.report(workspace, submitted.document, &shown, Stage::Queued);
            self.inner.wake.notify_one();
        }
        Ok(submitted)
    }

    /// Reads a document's newest version again.
    ///
    /// # Errors
    /// When the store cannot take the job.
    pub async fn reindex(
        &self,
        document: store::Scoped<store::documents::Document>,
    ) -> Result<(), KnowledgeError> {
        let (workspace, id, name) = (document.workspace(), document.id, document.name.clone());
        self.inner
            .store
            .write(move |tx| {
                let version = store::versions::latest(tx, &document)?.id;
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
        let extracted = self
            .inner
            .extractor
            .extract(Bytes::from(original), name.clone())
            .await
            .map_err(|e| match e {
                ExtractFailure::Document(reason) => KnowledgeError::Document(reason),
                ExtractFailure::Machine(reason) => KnowledgeError::Machine(reason),
            })?;
        let notes = extracted.notes.clone();
        let (layout, new) = cut(&extracted);
        let pages = extracted.pages;
        let title = own_title(&extracted);
        let id = document.id;
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
                    extractor: EXTRACTOR,
                };
                store::versions::set_extracted(tx, &version, &text, now())?;
                if let Some(title) = &title {
                    store::documents::set_title(tx, &document, title)?;
                }
                match store::chunks::replace(tx, &version, &new, now()) {
                    Ok(_) => {}
                    // A newer version is searched already: this one is only kept.
                    Err(store::StoreError::Conflict(_)) => return Ok(None),
                    Err(other) => return Err(other),
                }
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
        self.inner
            .index
            .replace(id, &rows, &self.inner.embedder.name())?;
        // A document that was deleted while it was being read must not be found.
        let gone = self
            .inner
            .store
            .read(move |c| store::documents::get(c, workspace, id))
            .await;
        if gone.is_err() {
            return self.inner.index.remove(id);
        }
        let mut notes = notes;
        if let Err(reason) = self.embed(workspace, id, &name, &rows).await {
            tracing::warn!(document = %name, "{reason}");
            notes.push(format!(
                "found by its words only, not by meaning, until then: {reason}"
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
        // Nobody has to listen.
        let _ = self.inner.progress.send(progress);
    }
}

fn enqueue(
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

/// The title that a document gives itself, if it can stand in a list.
fn own_title(extracted: &Extracted) -> Option<String> {
    let title = extracted
        .title
        .as_deref()?
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    (3..=120).contains(&title.chars().count()).then_some(title)
}

fn cut(extracted: &Extracted) -> (Layout, Vec<NewChunk>) {
    let layout = Layout::of(&extracted.blocks);
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
            }
        })
        .collect();
    (layout, chunks)
}

/// The last part of whatever path a browser sends, without control characters.
fn file_name(sent: &str) -> Option<String> {
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
