//! The index in memory: words and vectors of every searched passage. It is made from the store at the
//! start and follows every change; nothing of it is ever written to a disk.

use std::sync::{Arc, PoisonError, RwLock};

use half::f16;
use tokio::sync::watch;

use super::KnowledgeError;
use super::index::lexical::{ChunkRef, LexicalIndex};
use super::index::vector::VectorIndex;
use crate::store::chunks::{self, ChunkRow};
use crate::store::{DocumentId, Store, WorkspaceId};

/// Both indexes, and whether they hold everything yet.
#[derive(Clone)]
pub(super) struct LiveIndex {
    lexical: Arc<LexicalIndex>,
    vectors: Arc<RwLock<VectorIndex>>,
    complete: watch::Sender<bool>,
}

impl LiveIndex {
    pub(super) fn new(dimensions: usize) -> Result<Self, KnowledgeError> {
        Ok(Self {
            lexical: Arc::new(LexicalIndex::new()?),
            vectors: Arc::new(RwLock::new(VectorIndex::new(dimensions))),
            complete: watch::Sender::new(false),
        })
    }

    /// Takes everything that is searched from the store.
    pub(super) async fn fill(&self, store: &Store, embedder: String) -> Result<(), KnowledgeError> {
        let index = self.clone();
        let outcome = store
            .read(move |conn| {
                let mut failed = None;
                chunks::for_each_indexable(conn, None, |row| {
                    if let Err(e) = index.put(&row, &embedder) {
                        failed.get_or_insert(e);
                    }
                })?;
                Ok(failed)
            })
            .await?;
        if let Some(error) = outcome {
            return Err(error);
        }
        self.lexical.commit()?;
        self.complete.send_replace(true);
        Ok(())
    }

    /// Waits until everything is in.
    pub(super) async fn complete(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self.complete.subscribe().wait_for(|c| *c).await;
    }

    pub(super) fn is_complete(&self) -> bool {
        *self.complete.borrow()
    }

    fn put(&self, row: &ChunkRow, embedder: &str) -> Result<(), KnowledgeError> {
        let (workspace, document) = (row.workspace.to_string(), row.document.to_string());
        let passage = ChunkRef {
            workspace: &workspace,
            document: &document,
            chunk: row.id.0,
        };
        self.lexical.add(
            passage,
            &row.document_title,
            &row.heading_path.join(" "),
            &row.text,
        )?;
        if row.embedder.as_deref() == Some(embedder)
            && let Some(bytes) = &row.embedding
        {
            self.put_vector(&workspace, &document, row.id.0, &decode(bytes))?;
        }
        Ok(())
    }

    fn put_vector(
        &self,
        workspace: &str,
        document: &str,
        chunk: i64,
        vector: &[f32],
    ) -> Result<(), KnowledgeError> {
        let mut vectors = self.vectors.write().unwrap_or_else(PoisonError::into_inner);
        Ok(vectors.add(workspace, document, chunk, vector)?)
    }

    /// Replaces what is searched of a document by `rows`.
    pub(super) fn replace(
        &self,
        document: DocumentId,
        rows: &[ChunkRow],
        embedder: &str,
    ) -> Result<(), KnowledgeError> {
        self.take_out(document);
        for row in rows {
            self.put(row, embedder)?;
        }
        Ok(self.lexical.commit()?)
    }

    /// Adds vectors of passages whose words are in already.
    pub(super) fn add_vectors(
        &self,
        workspace: WorkspaceId,
        document: DocumentId,
        vectors: &[(i64, Vec<f32>)],
    ) -> Result<(), KnowledgeError> {
        for (chunk, vector) in vectors {
            self.put_vector(
                &workspace.to_string(),
                &document.to_string(),
                *chunk,
                vector,
            )?;
        }
        Ok(())
    }

    /// Takes a document out at once.
    pub(super) fn remove(&self, document: DocumentId) -> Result<(), KnowledgeError> {
        self.take_out(document);
        Ok(self.lexical.commit()?)
    }

    fn take_out(&self, document: DocumentId) {
        let id = document.to_string();
        self.lexical.remove_document(&id);
        self.vectors
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove_document(&id);
    }

    /// Best passages by words, with their BM25 scores.
    pub(super) fn by_words(
        &self,
        workspace: WorkspaceId,
        query: &str,
        limit: usize,
    ) -> Result<Vec<(i64, f32)>, KnowledgeError> {
        Ok(self.lexical.search(&workspace.to_string(), query, limit)?)
    }

    /// Best passages by meaning, with their cosines.
    pub(super) fn by_meaning(
        &self,
        workspace: WorkspaceId,
        vector: &[f32],
        limit: usize,
    ) -> Result<Vec<(i64, f32)>, KnowledgeError> {
        let vectors = self.vectors.read().unwrap_or_else(PoisonError::into_inner);
        Ok(vectors.search(&workspace.to_string(), vector, limit)?)
    }
}

/// A vector as the store keeps it: IEEE 754 half precision, little endian.
pub(super) fn encode(vector: &[f32]) -> Vec<u8> {
    vector
        .iter()
        .flat_map(|v| f16::from_f32(*v).to_le_bytes())
        .collect()
}

fn decode(bytes: &[u8]) -> Vec<f32> {
    bytes
        .chunks_exact(2)
        .map(|pair| {
            f16::from_le_bytes([
                pair.first().copied().unwrap_or(0),
                pair.get(1).copied().unwrap_or(0),
            ])
            .to_f32()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_survive_the_store_nearly_unchanged() {
        let vector = [0.5f32, -0.25, 0.001, 0.0];
        for (a, b) in vector.iter().zip(decode(&encode(&vector))) {
            assert!((a - b).abs() < 1e-5, "{a} {b}");
        }
    }
}
