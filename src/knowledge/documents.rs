//! The progress of a document while it is read, and its deletion.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast;

use super::{Inner, KnowledgeError, Progress, Stage};
use crate::store::documents::{self, Document, DocumentState};
use crate::store::{self, DocumentId, Scoped, WorkspaceId};

/// The documents of all workspaces: what is uploaded or written, its versions, and how far each is.
#[derive(Clone)]
pub struct Documents {
    pub(super) inner: Arc<Inner>,
}

impl Documents {
    /// Every step of every document from now on.
    pub fn progress(&self) -> broadcast::Receiver<Progress> {
        self.inner.progress.subscribe()
    }

    /// Waits until the document can be searched, or has failed or been deleted.
    ///
    /// # Errors
    /// `NotFound` when the document is gone.
    pub async fn wait(
        &self,
        workspace: WorkspaceId,
        document: DocumentId,
    ) -> Result<Progress, KnowledgeError> {
        let id = document.to_string();
        let mut steps = self.progress();
        loop {
            if let Some(ended) = self.find_end(workspace, document).await? {
                return Ok(ended);
            }
            // The channel may drop a step; the next round then finds the outcome in the store.
            let patience = tokio::time::sleep(Duration::from_secs(2));
            tokio::select! {
                step = steps.recv() => {
                    if let Ok(step) = step {
                        let last = matches!(step.stage, Stage::Ready { .. } | Stage::Failed { .. } | Stage::Deleted);
                        if step.document == id && last {
                            return Ok(step);
                        }
                    }
                }
                () = patience => {}
            }
        }
    }

    async fn find_end(
        &self,
        workspace: WorkspaceId,
        document: DocumentId,
    ) -> Result<Option<Progress>, KnowledgeError> {
        let read = self.inner.store.read(move |conn| {
            let document = documents::get(conn, workspace, document)?;
            let (mut chunks, mut bare) = (0u32, false);
            store::chunks::for_each_of_document(conn, workspace, document.id, |row| {
                chunks += 1;
                bare |= row.embedding.is_none();
            })?;
            Ok((document, chunks, bare))
        });
        let (document, chunks, bare) = read.await?;
        let stage = match document.state {
            DocumentState::Ready if !bare => Stage::Ready {
                chunks,
                notes: Vec::new(),
            },
            DocumentState::Failed => Stage::Failed {
                reason: document.error.clone().unwrap_or_default(),
            },
            _ => return Ok(None),
        };
        Ok(Some(Progress {
            workspace: document.workspace().to_string(),
            document: document.id.to_string(),
            name: document.name.clone(),
            stage,
        }))
    }

    /// Deletes a document; no search finds it from then on.
    pub(super) async fn delete(&self, document: Scoped<Document>) -> Result<(), KnowledgeError> {
        let (id, workspace, name) = (document.id, document.workspace(), document.name.clone());
        let now = jiff::Timestamp::now().as_millisecond();
        self.inner
            .store
            .write(move |tx| {
                documents::delete(tx, &document, now)?;
                let data = serde_json::json!({"name": document.name});
                let subject = document.id.to_string();
                store::events::append(
                    tx,
                    document.workspace(),
                    "document_deleted",
                    &subject,
                    &data,
                    now,
                )?;
                documents::purge_deleted(tx, now)
            })
            .await?;
        self.inner.pictures.forget(id);
        self.inner.index.remove(id)?;
        self.report(workspace, id, &name, Stage::Deleted);
        Ok(())
    }
}
