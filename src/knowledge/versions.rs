//! Switches a document to another version, and reads a file with or without what it hides.

use super::ingest::{self, Submitted, cut, now};
use super::layout::BlockSpan;
use super::{Documents, Gate, KnowledgeError, Stage};
use crate::extract::{Block, Extracted, Format};
use crate::store::documents::{self, Document, DocumentState};
use crate::store::versions::{self, Version, VersionText};
use crate::store::{self, Scoped, StoreError, VersionId};

impl Documents {
    /// Makes a version current at once: its text was kept when it was read before. Newer versions stay and
    /// can be switched to in the same way. Returns its number.
    ///
    /// # Errors
    /// When the version is current already, belongs to another document, or was never read.
    pub(super) async fn roll_back(
        &self,
        document: Scoped<Document>,
        to: VersionId,
    ) -> Result<u32, KnowledgeError> {
        let (workspace, id, name) = (document.workspace(), document.id, document.name.clone());
        let _turn = self.inner.changing.take(id).await;
        let outcome = self
            .inner
            .store
            .write(move |tx| {
                let version = versions::get(tx, workspace, to)?;
                if version.document != id {
                    return Err(StoreError::NotFound("the document version"));
                }
                let before = versions::in_force(tx, &document)?;
                if document.current_version == Some(to) && before.id == to {
                    return Err(StoreError::Conflict(
                        format!("version {} is in use already", version.number).into(),
                    ));
                }
                let Some(kept) = versions::find_text(tx, workspace, to)? else {
                    return Err(StoreError::Conflict(
                        format!(
                            "version {} was never read; download it and upload it again",
                            version.number
                        )
                        .into(),
                    ));
                };
                let extracted = rebuild(&kept, &version);
                let (_, chunks, about) = cut(&extracted);
                versions::roll_back_to(tx, &version)?;
                // `replace` refuses while a newer version is current.
                documents::set_current(tx, &document, to)?;
                store::chunks::replace(tx, &version, &chunks, now())?;
                documents::set_dated_at(tx, &document, about.said.at())?;
                let data = serde_json::json!({"from": before.number, "to": version.number});
                store::events::append(
                    tx,
                    workspace,
                    "document_rolled_back",
                    &id.to_string(),
                    &data,
                    now(),
                )?;
                let mut rows = Vec::new();
                store::chunks::for_each_of_document(tx, workspace, id, |row| rows.push(row))?;
                Ok((version.number, rows))
            })
            .await?;
        let (number, rows) = outcome;
        let embedder = self.inner.embedder.name();
        self.inner.index.replace(id, &rows, &embedder)?;
        self.propose_again(workspace, id).await;
        // Words find it from now on; this has its vectors made.
        self.inner.bare.notify_one();
        let chunks = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let notes = Vec::new();
        self.report(workspace, id, &name, Stage::Ready { chunks, notes });
        Ok(number)
    }

    /// Reads the file with or without what it hides (sheets, columns, comments), as a new version: the text
    /// of a version never changes.
    ///
    /// # Errors
    /// When it was read in this way already.
    pub(super) async fn read_hidden(
        &self,
        document: Scoped<Document>,
        read: bool,
    ) -> Result<Submitted, KnowledgeError> {
        let (workspace, name) = (document.workspace(), document.name.clone());
        let write = move |tx: &store::Transaction<'_>| {
            let before = versions::in_force(tx, &document)?;
            if before.read_hidden == read {
                return Err(StoreError::Conflict(
                    "the document is read in this way already".into(),
                ));
            }
            let version = versions::append_reading_hidden(tx, &document, &before, read, now())?;
            documents::set_state(tx, &document, DocumentState::Queued, None, now())?;
            let number = queue(tx, &document, version)?;
            let data = serde_json::json!({"version": number, "read": read});
            let subject = document.id.to_string();
            store::events::append(tx, workspace, "hidden_parts_chosen", &subject, &data, now())?;
            Ok(Submitted {
                document: document.id,
                version: number,
                unchanged: false,
            })
        };
        let submitted = self.inner.store.write(write).await?;
        self.announce(workspace, &name, submitted);
        Ok(submitted)
    }
}

/// Queues the newest version of a document, and holds it if the gate is on. Returns its number.
pub(super) fn queue(
    tx: &store::Transaction<'_>,
    document: &Scoped<Document>,
    version: VersionId,
) -> Result<u32, StoreError> {
    let workspace = document.workspace();
    if Gate::of(tx, workspace)?.on {
        store::gate::hold(tx, workspace, version)?;
    }
    let payload = ingest::Payload {
        document: document.id,
        version,
    };
    ingest::enqueue(tx, workspace, payload)?;
    Ok(versions::latest(tx, document)?.number)
}

/// Rebuilds the extractor's output from the stored text.
fn rebuild(kept: &VersionText, version: &Version) -> Extracted {
    let spans: Option<Vec<BlockSpan>> = kept
        .blocks
        .clone()
        .and_then(|blocks| serde_json::from_value(blocks).ok());
    let whole = || {
        vec![BlockSpan {
            kind: crate::extract::BlockKind::Paragraph,
            start: 0,
            end: kept.text.len(),
            page: None,
        }]
    };
    let blocks = spans
        .unwrap_or_else(whole)
        .into_iter()
        .filter_map(|span| {
            Some(Block {
                kind: span.kind,
                text: kept.text.get(span.start..span.end)?.to_owned(),
                page: span.page,
            })
        })
        .collect();
    Extracted {
        title: None,
        kind: Format::Text,
        pages: version.pages,
        blocks,
        notes: Vec::new(),
        hidden: version.has_hidden,
        written_at: None,
        scans: Vec::new(),
        kept_back: 0,
        web: None,
    }
}
