//! What somebody does with the web sources of a workspace, whichever face of the product it comes through.

use super::{SourceRequest, Sources};
use crate::access::{Member, Scope};
use crate::knowledge::KnowledgeError;
use crate::store::source_pages::{self, PageSummary};
use crate::store::sources::{self, Options, Source, SourceState, SourceSummary};
use crate::store::{Scoped, SourceId, StoreError};

/// Who changes web sources.
const MAY: &[Scope] = &[Scope::Documents];

/// What is to change of a source; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct SourceUpdate {
    /// Time between two syncs in ms; `Some(None)`: only when asked.
    pub every_ms: Option<Option<i64>>,
    /// Most links from the start.
    pub depth: Option<u32>,
    /// Most pages.
    pub pages: Option<u32>,
    /// Most pages per second.
    pub per_second: Option<f32>,
    /// Whether it is fetched no more until somebody goes on with it.
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
    /// The sources of a workspace.
    ///
    /// # Errors
    /// When they may not see them.
    pub async fn list(&self, by: &Member) -> Result<Vec<SourceSummary>, KnowledgeError> {
        let workspace = by.need(MAY)?;
        let store = &self.inner.store;
        Ok(store
            .read(move |conn| sources::list(conn, workspace))
            .await?)
    }

    /// One source.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn find(&self, by: &Member, id: SourceId) -> Result<Scoped<Source>, KnowledgeError> {
        let workspace = by.need(MAY)?;
        let store = &self.inner.store;
        Ok(store
            .read(move |conn| sources::get(conn, workspace, id))
            .await?)
    }

    /// One source as it stands in the list.
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

    /// What is known of the pages of a source.
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

    /// Adds a source and fetches it in the background.
    ///
    /// # Errors
    /// When the address is none, a bound is too high, or the workspace has the source already.
    pub async fn request(
        &self,
        by: &Member,
        request: SourceRequest,
    ) -> Result<SourceId, KnowledgeError> {
        Ok(self.add(by.need(MAY)?, request).await?.id)
    }

    /// Changes how often a source is fetched and how far it goes, pauses it, or goes on with it.
    ///
    /// # Errors
    /// `NotFound`, and when a bound is too high.
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

    /// Fetches a source now, unless that is being done already.
    ///
    /// # Errors
    /// `NotFound`, and when it is paused.
    pub async fn fetch_now(&self, by: &Member, id: SourceId) -> Result<(), KnowledgeError> {
        let source = self.find(by, id).await?;
        self.sync(&source).await
    }

    /// Deletes a source and all documents that came from it, at once.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn remove(&self, by: &Member, id: SourceId) -> Result<(), KnowledgeError> {
        let source = self.find(by, id).await?;
        self.delete(&source).await.map(drop)
    }
}
