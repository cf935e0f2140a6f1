//! Following a document through its reading, and deleting it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::broadcast;

use super::{Inner, KnowledgeError, Progress, Stage};
use crate::store::documents::{self, Document, DocumentState};
use crate::store::{self, DocumentId, Scoped, StoreError};

/// The documents of all workspaces: what is uploaded or written, its versions, and how far each is.
#[derive(Clone)]
pub struct Documents {
    pub(super) inner: Arc<Inner>,
}

impl Documents {
    /// Tells every step of every document.
    pub fn progress(&self) -> broadcast::Receiver<Progress> {
        self.inner.progress.subscribe()
    }

    /// Resolves when the document is searched, or cannot be.
    ///
    /// # Errors
    /// When the document is gone or the store fails.
    pub async fn wait(&self, document: DocumentId) -> Result<Progress, KnowledgeError> {
        let id = document.to_string();
        let mut steps = self.progress();
        loop {
            if let Some(ended) = self.ended(document).await? {
                return Ok(ended);
            }
            // A step that is missed is found in the store by the next round.
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

    async fn ended(&self, document: DocumentId) -> Result<Option<Progress>, KnowledgeError> {
        let found = self
            .inner
            .store
            .read(move |conn| {
                for workspace in store::workspaces::list(conn)? {
                    match documents::get(conn, workspace.id, document) {
                        Ok(document) => {
                            let mut chunks = 0u32;
                            let mut bare = false;
                            store::chunks::for_each_of_document(
                                conn,
                                workspace.id,
                                document.id,
                                |row| {
                                    chunks += 1;
                                    bare |= row.embedding.is_none();
                                },
                            )?;
                            return Ok(Some((document, chunks, bare)));
                        }
                        Err(StoreError::NotFound(_)) => {}
                        Err(other) => return Err(other),
                    }
                }
                Ok(None)
            })
            .await?;
        let Some((document, chunks, bare)) = found else {
            return Err(StoreError::NotFound("the document").into());
        };
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

    /// Deletes a document: from this moment nothing of it is found.
    ///
    /// # Errors
    /// When the store or the index fails.
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
        self.inner.index.remove(id)?;
        self.report(workspace, id, &name, Stage::Deleted);
        Ok(())
    }
}
