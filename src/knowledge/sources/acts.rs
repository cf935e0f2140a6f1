//! What the API and the console do with the web sources of a workspace: each act checks the member's scopes.

use super::{SourceRequest, Sources};
use crate::access::{Member, Scope};
use crate::knowledge::KnowledgeError;
use crate::store::source_pages::{self, PageSummary};
use crate::store::sources::{self, Options, Source, SourceState, SourceSummary};
use crate::store::{Scoped, SourceId, StoreError};

const MAY: &[Scope] = &[Scope::Documents];

/// Changes to a source; `None` leaves a setting as it is.
#[derive(Debug, Clone, Default)]
pub struct SourceUpdate {
    /// Time between two syncs in ms; `Some(None)`: only on request.
    pub every_ms: Option<Option<i64>>,
    /// Maximum number of links from the start.
    pub depth: Option<u32>,
    pub pages: Option<u32>,
    /// Maximum pages per second.
    pub per_second: Option<f32>,
    /// Pauses or resumes it.
    pub paused: Option<bool>,
}

impl SourceUpdate {
    fn sets_bounds(&self) -> bool {
        self.every_ms.is_some()
            || self.depth.is_some()
            || self.pages.is_some()
            || self.per_second.is_some()
    }
}

impl Sources {
    pub async fn list(&self, by: &Member) -> Result<Vec<SourceSummary>, KnowledgeError> {
        let workspace = by.need(MAY)?;
        let store = &self.inner.store;
        Ok(store
            .read(move |conn| sources::list(conn, workspace))
            .await?)
    }

    pub async fn find(&self, by: &Member, id: SourceId) -> Result<Scoped<Source>, KnowledgeError> {
        let workspace = by.need(MAY)?;
        let store = &self.inner.store;
        Ok(store
            .read(move |conn| sources::get(conn, workspace, id))
            .await?)
    }

    /// One source as in [`Self::list`].
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn find_listed(
        &self,
        by: &Member,
        id: SourceId,
    ) -> Result<SourceSummary, KnowledgeError> {
        let mut all = self.list(by).await?.into_iter();
        let found = all.find(|summary| summary.source.id == id);
        Ok(found.ok_or(StoreError::NotFound("source"))?)
    }

    /// The known pages of a source.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn pages(
        &self,
        by: &Member,
        id: SourceId,
    ) -> Result<Vec<PageSummary>, KnowledgeError> {
        let source = self.find(by, id).await?;
        let store = &self.inner.store;
        Ok(store
            .read(move |conn| source_pages::list(conn, &source))
            .await?)
    }

    /// Adds a source, which is fetched in the background.
    ///
    /// # Errors
    /// When the address is invalid, a limit is too high, or the workspace has the source already.
    pub async fn request(
        &self,
        by: &Member,
        request: SourceRequest,
    ) -> Result<SourceId, KnowledgeError> {
        Ok(self.add(by.need(MAY)?, request).await?.id)
    }

    /// Changes schedule and limits of a source, pauses it, or resumes it.
    ///
    /// # Errors
    /// `NotFound`, or when a limit is too high.
    pub async fn alter(
        &self,
        by: &Member,
        id: SourceId,
        change: SourceUpdate,
    ) -> Result<(), KnowledgeError> {
        let source = self.find(by, id).await?;
        if change.sets_bounds() {
            let options = Options {
                depth: change.depth.unwrap_or(source.options.depth),
                pages: change.pages.unwrap_or(source.options.pages),
                per_second: change.per_second.unwrap_or(source.options.per_second),
            };
            let every_ms = change.every_ms.unwrap_or(source.every_ms);
            self.change(&source, every_ms, options).await?;
        }
        match (change.paused, source.state == SourceState::Paused) {
            (Some(true), false) => self.pause(&source).await,
            (Some(false), true) => self.resume(&source).await,
            _ => Ok(()),
        }
    }

    /// Fetches a source now, unless a sync is queued or running.
    ///
    /// # Errors
    /// `NotFound`, or when it is paused.
    pub async fn fetch_now(&self, by: &Member, id: SourceId) -> Result<(), KnowledgeError> {
        let source = self.find(by, id).await?;
        self.sync(&source).await
    }

    /// Deletes a source and all its documents at once.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn remove(&self, by: &Member, id: SourceId) -> Result<(), KnowledgeError> {
        let source = self.find(by, id).await?;
        self.delete(&source).await.map(drop)
    }
}
