//! Pauses, resumes, changes and deletes sources.

use super::{Sources, SyncStage, check, queue};
use crate::knowledge::KnowledgeError;
use crate::knowledge::ingest::now;
use crate::store::jobs::{self, SYNC};
use crate::store::sources::{self, Options, Source, SourceState};
use crate::store::{Scoped, events};

impl Sources {
    /// Stops a running sync, and starts none until [`Sources::resume`]. The documents stay.
    ///
    /// # Errors
    /// When the source is gone.
    pub async fn pause(&self, source: &Scoped<Source>) -> Result<(), KnowledgeError> {
        let paused = source.clone();
        self.inner
            .store
            .write(move |tx| {
                jobs::withdraw(tx, SYNC, &paused.id.to_string())?;
                sources::set_state(tx, &paused, SourceState::Paused, None)
            })
            .await?;
        self.stop(source.id);
        self.tell(source, SyncStage::Paused);
        Ok(())
    }

    /// Resumes a paused source, which is fetched at once.
    ///
    /// # Errors
    /// When the source is gone.
    pub async fn resume(&self, source: &Scoped<Source>) -> Result<(), KnowledgeError> {
        let resumed = source.clone();
        self.inner
            .store
            .write(move |tx| {
                sources::set_state(tx, &resumed, SourceState::Ready, None)?;
                queue(tx, &resumed)
            })
            .await?;
        self.tell(source, SyncStage::Queued);
        self.inner.wake.notify_one();
        Ok(())
    }

    /// Sets how often a source is fetched (`None`: only on request), and its limits.
    ///
    /// # Errors
    /// When a limit is too high or the source is gone.
    pub async fn change(
        &self,
        source: &Scoped<Source>,
        every_ms: Option<i64>,
        options: Options,
    ) -> Result<(), KnowledgeError> {
        check(&options)?;
        let source = source.clone();
        let since = source.synced_at.unwrap_or_else(now);
        let next = every_ms.map(|every| since.saturating_add(every));
        self.inner
            .store
            .write(move |tx| {
                sources::set_options(tx, &source, options)?;
                sources::set_schedule(tx, &source, every_ms, next)
            })
            .await?;
        Ok(())
    }

    /// Deletes a source and all its documents; no search finds them from then on. Returns the number of
    /// documents.
    pub async fn delete(&self, source: &Scoped<Source>) -> Result<u32, KnowledgeError> {
        // First, or the running sync would add documents while they are being deleted.
        self.stop(source.id);
        let gone = source.clone();
        let documents = self
            .inner
            .store
            .write(move |tx| {
                let documents = sources::documents(tx, &gone)?;
                jobs::withdraw(tx, SYNC, &gone.id.to_string())?;
                sources::purge(tx, &gone)?;
                let data = serde_json::json!({"url": gone.url, "documents": documents.len()});
                let (workspace, subject) = (gone.workspace(), gone.id.to_string());
                events::append(tx, workspace, "source_deleted", &subject, &data, now())?;
                Ok(documents)
            })
            .await?;
        self.forget(source, &documents)?;
        self.tell(source, SyncStage::Deleted);
        Ok(u32::try_from(documents.len()).unwrap_or(u32::MAX))
    }
}
