//! The index in memory: words and vectors of every searchable passage. It is built from the store at
//! startup and follows every change; none of it is ever written to disk.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use half::f16;
use tokio::sync::watch;

use super::KnowledgeError;
use super::gate::staged_key;
use super::index::lexical::{ChunkRef, LexicalIndex, Text};
use super::index::vector::VectorIndex;
use super::index::vocabulary::Terms;
use super::query::Sought;
use crate::language::{self, Language};
use crate::store::chunks::{self, ChunkRow};
use crate::store::{DocumentId, Store, WorkspaceId, gate};

/// Both indexes, and whether they hold everything yet.
#[derive(Clone)]
pub(super) struct LiveIndex {
    lexical: Arc<LexicalIndex>,
    vectors: Arc<RwLock<VectorIndex>>,
    /// The last document indexed, and its language.
    language: Arc<Mutex<Option<(DocumentId, Language)>>>,
    complete: watch::Sender<bool>,
}

impl LiveIndex {
    pub(super) fn new(dimensions: usize) -> Result<Self, KnowledgeError> {
        Ok(Self {
            lexical: Arc::new(LexicalIndex::new()?),
            vectors: Arc::new(RwLock::new(VectorIndex::new(dimensions))),
            language: Arc::default(),
            complete: watch::Sender::new(false),
        })
    }

    /// Loads every searchable and every held passage from the store.
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
                gate::for_each_staged(conn, None, |row| {
                    if let Err(e) = index.put_staged(&row, &embedder) {
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

    /// Waits until [`Self::fill`] is done.
    pub(super) async fn complete(&self) {
        // The sender lives in `self`, so waiting cannot fail.
        let _ = self.complete.subscribe().wait_for(|c| *c).await;
    }

    pub(super) fn is_complete(&self) -> bool {
        *self.complete.borrow()
    }

    fn put(&self, row: &ChunkRow, embedder: &str) -> Result<(), KnowledgeError> {
        let (workspace, document) = (row.workspace.to_string(), row.document.to_string());
        self.put_as(row, embedder, workspace, document)
    }

    fn put_staged(&self, row: &ChunkRow, embedder: &str) -> Result<(), KnowledgeError> {
        let workspace = staged_key(&row.workspace.to_string());
        let document = staged_key(&row.document.to_string());
        self.put_as(row, embedder, workspace, document)
    }

    fn put_as(
        &self,
        row: &ChunkRow,
        embedder: &str,
        workspace: String,
        document: String,
    ) -> Result<(), KnowledgeError> {
        let passage = ChunkRef {
            workspace: &workspace,
            document: &document,
            chunk: row.id.0,
        };
        let text = Text {
            language: self.language_of(row),
            title: &row.document_title,
            heading: &row.heading_path.join(" "),
            text: &row.text,
        };
        self.lexical.add(passage, text)?;
        if row.embedder.as_deref() == Some(embedder)
            && let Some(bytes) = &row.embedding
        {
            self.put_vector(&workspace, &document, row.id.0, &decode(bytes))?;
        }
        Ok(())
    }

    /// The language of a passage: that of the first passage of its document that is long enough to tell.
    fn language_of(&self, row: &ChunkRow) -> Language {
        let mut last = self.language.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((document, language)) = &*last
            && *document == row.document
        {
            return *language;
        }
        match language::of_document(&row.text) {
            Some(language) => {
                *last = Some((row.document, language));
                language
            }
            None => Language::En,
        }
    }

    /// Adds the vector of a passage whose words are indexed already.
    pub(super) fn put_vector(
        &self,
        workspace: &str,
        document: &str,
        chunk: i64,
        vector: &[f32],
    ) -> Result<(), KnowledgeError> {
        let mut vectors = self.vectors.write().unwrap_or_else(PoisonError::into_inner);
        Ok(vectors.add(workspace, document, chunk, vector)?)
    }

    /// Replaces the live passages of a document by `rows`.
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

    /// Removes a document, including its held passages.
    pub(super) fn remove(&self, document: DocumentId) -> Result<(), KnowledgeError> {
        self.take_out(document);
        self.unstage(document)
    }

    /// Replaces the held passages of a document.
    pub(super) fn stage(
        &self,
        document: DocumentId,
        rows: &[ChunkRow],
        embedder: &str,
    ) -> Result<(), KnowledgeError> {
        self.forget(&staged_key(&document.to_string()));
        for row in rows {
            self.put_staged(row, embedder)?;
        }
        Ok(self.lexical.commit()?)
    }

    /// Removes the held passages of a document.
    pub(super) fn unstage(&self, document: DocumentId) -> Result<(), KnowledgeError> {
        self.forget(&staged_key(&document.to_string()));
        Ok(self.lexical.commit()?)
    }

    pub(super) fn remove_all(&self, documents: &[DocumentId]) -> Result<(), KnowledgeError> {
        for document in documents {
            self.take_out(*document);
        }
        Ok(self.lexical.commit()?)
    }

    fn take_out(&self, document: DocumentId) {
        self.forget(&document.to_string());
    }

    fn forget(&self, id: &str) {
        self.lexical.remove_document(id);
        self.vectors
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .remove_document(id);
    }

    /// Best passages by words, with their BM25 scores.
    pub(super) fn by_words(
        &self,
        workspace: &str,
        sought: &[Sought],
        limit: usize,
    ) -> Result<Vec<(i64, f32)>, KnowledgeError> {
        Ok(self.lexical.search(workspace, sought, limit)?)
    }

    /// Passes the words of a workspace's passages to `read`; `None` if it has no passages.
    pub(super) fn with_terms<T>(
        &self,
        workspace: WorkspaceId,
        read: impl FnOnce(Option<&Terms>) -> T,
    ) -> T {
        self.lexical.with_terms(&workspace.to_string(), read)
    }

    /// The best passages by meaning, with their cosines. Passages in `also` are included however far they
    /// are, if they have a vector.
    pub(super) fn by_meaning(
        &self,
        workspace: &str,
        vector: &[f32],
        limit: usize,
        also: &HashSet<i64>,
    ) -> Result<Vec<(i64, f32)>, KnowledgeError> {
        let vectors = self.vectors.read().unwrap_or_else(PoisonError::into_inner);
        Ok(vectors.search(workspace, vector, limit, also)?)
    }
}

/// The stored form of a vector: IEEE 754 half precision, little endian.
pub(super) fn encode(vector: &[f32]) -> Vec<u8> {
    vector
        .iter()
        .flat_map(|v| f16::from_f32(*v).to_le_bytes())
        .collect()
}

pub(super) fn decode(bytes: &[u8]) -> Vec<f32> {
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
