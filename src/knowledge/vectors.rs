//! Embeds passages and keeps the vectors in the store and the index.

use super::gate::staged_key;
use super::{Documents, KnowledgeError, Stage, View, live};
use crate::llm::{EmbedAs, Priority};
use crate::store::chunks::ChunkRow;
use crate::store::{self, ChunkId, DocumentId, WorkspaceId};

/// Passages per request to the embedder; few, so that a visitor's question gets in between.
const EMBED_BATCH: usize = 16;

impl Documents {
    pub(super) async fn embed(
        &self,
        workspace: WorkspaceId,
        document: DocumentId,
        name: &str,
        rows: &[ChunkRow],
        view: View,
    ) -> Result<(), KnowledgeError> {
        let total = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let mut done = 0u32;
        for batch in rows.chunks(EMBED_BATCH) {
            self.report(workspace, document, name, Stage::Embedding { done, total });
            self.embed_rows(batch, view).await?;
            done += u32::try_from(batch.len()).unwrap_or(0);
        }
        Ok(())
    }

    async fn embed_rows(&self, rows: &[ChunkRow], view: View) -> Result<(), KnowledgeError> {
        // Before the vectors are stored: if it fails, the rows still lack vectors and are retried.
        self.tell_of_orders(rows).await?;
        let texts = rows.iter().map(embedded_text).collect();
        let embeddings = self
            .inner
            .embedder
            .embed(texts, EmbedAs::Passage, Priority::Background.into())
            .await?;
        let embedder = self.inner.embedder.name();
        let vectors: Vec<(ChunkId, Vec<f32>)> =
            rows.iter().map(|r| r.id).zip(embeddings.vectors).collect();
        let kept: Vec<(ChunkId, Vec<u8>)> = vectors
            .iter()
            .map(|(id, v)| (*id, live::encode(v)))
            .collect();
        self.inner
            .store
            .write(move |tx| store::chunks::set_embeddings(tx, &embedder, &kept))
            .await?;
        for (row, (id, vector)) in rows.iter().zip(vectors) {
            let (mut workspace, mut document) =
                (row.workspace.to_string(), row.document.to_string());
            if view == View::Next {
                (workspace, document) = (staged_key(&workspace), staged_key(&document));
            }
            let index = &self.inner.index;
            index.put_vector(&workspace, &document, id.0, &vector)?;
        }
        Ok(())
    }

    /// Embeds passages that have no vector yet, for example because the model was unavailable.
    pub(super) async fn embed_missing(&self) -> Result<(), KnowledgeError> {
        loop {
            let embedder = self.inner.embedder.name();
            let limit = u32::try_from(EMBED_BATCH).unwrap_or(16);
            let rows = self
                .inner
                .store
                .read(move |c| store::chunks::list_missing_embeddings(c, &embedder, limit))
                .await?;
            if rows.is_empty() {
                return Ok(());
            }
            self.embed_rows(&rows, View::Live).await?;
        }
    }
}

/// The text that is embedded: title and headings, then the passage.
fn embedded_text(row: &ChunkRow) -> String {
    format!(
        "{}\n{}\n{}",
        row.document_title,
        row.heading_path.join(" > "),
        row.text
    )
}
